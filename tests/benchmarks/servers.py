"""What the benchmarks share: servers on a core of their own, their CPU time, and the machine."""

import contextlib
import http.client
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
HELLO = {
    "model": "gpt-4o-mini",
    "messages": [
        {"role": "system", "content": "You are a helpful assistant."},
        {"role": "user", "content": "Question 1: which of these words is the longest?"},
    ],
    "max_tokens": 100,
}
START_S = 30.0


@dataclass(frozen=True)
class Server:
    """A server that runs: its name in the report, its port, its process."""

    name: str
    port: int
    pid: int

    def cpu_s(self) -> float:
        """The CPU time it has used so far, its own and the kernel's for it (proc(5))."""
        after_name = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")

    def ask(self, method: str, path: str, body: object = None, *, key: str = "benchmark") -> bytes:
        """The body of an answer; raises RuntimeError where it is no 200."""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, 20)) as wire:
            wire.request(method, path, body and json.dumps(body), headers)
            answer = wire.getresponse()
            data = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{self.name}: {method} {path} was answered {answer.status}")
        return data

    def chat(self) -> dict:
        """A chat completion; raises RuntimeError where it is none."""
        told = json.loads(self.ask("POST", "/v1/chat/completions", HELLO))
        if not told["choices"][0]["message"]["content"]:
            raise RuntimeError(f"{self.name}: the completion is empty")
        return told


@contextlib.contextmanager
def running(
    name: str, command: Sequence[str], *, core: int, env: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Start a server on one core; {port} in its command becomes a free port. It is ended after."""
    port = free_port()
    line = ["taskset", "-c", str(core), *(part.replace("{port}", str(port)) for part in command)]
    with tempfile.TemporaryFile() as said, tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            line, stdout=said, stderr=said, cwd=folder, env=environment() | (env or {})
        )
        server = Server(name, port, process.pid)
        try:
            _wait_for(server, process, said)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(server: Server, process: subprocess.Popen, said) -> None:
    end = time.monotonic() + START_S
    while True:
        try:
            server.chat()
            return
        except (OSError, http.client.HTTPException) as error:
            if process.poll() is None and time.monotonic() < end:
                time.sleep(0.05)
                continue
            said.seek(0)
            told = said.read().decode(errors="replace").strip()[-500:]
            raise SystemExit(f"{server.name} does not start ({error}): {told}") from None


def endpoint(arguments: Sequence[str]) -> list[str]:
    """The command that starts the course's endpoint."""
    return [sys.executable, "-m", "course.endpoint", "--port", "{port}", *arguments]


def environment() -> dict[str, str]:
    """This environment with the project on the path, byte code on, no proxies and no keys."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy")
        and not name.startswith("OPENAI_")
        and name != "PYTHONDONTWRITEBYTECODE"
    }
    return kept | {"PYTHONPATH": str(PROJECT)}


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def needs(*programs: str) -> None:
    """End with one sentence where a program is missing, or a second core."""
    packages = {"taskset": "util-linux"}
    for program in programs:
        if shutil.which(program) is None:
            package = packages.get(program, program)
            raise SystemExit(f"{program} is not installed; apt-get install {package} brings it.")
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("Two cores are needed, one for the server and one for who measures it.")


@cache  # for a process that has gone to its core sees no other
def cores() -> tuple[int, int]:
    """The core for servers and the core for who measures."""
    first, second, *_ = sorted(os.sched_getaffinity(0))
    return first, second


def busy_s(core: int) -> float:
    """The time for which a core was taken so far: by any program here, or by another machine."""
    lines = Path("/proc/stat").read_text().splitlines()
    ticks = next(line.split()[1:9] for line in lines if line.startswith(f"cpu{core} "))
    user, nice, system, _, _, interrupt, soft, stolen = map(int, ticks)
    return (user + nice + system + interrupt + soft + stolen) / os.sysconf("SC_CLK_TCK")


def machine() -> str:
    """One line on what it was measured on."""
    model = platform.processor()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    load = os.getloadavg()[0]
    return (
        f"{model}, {os.cpu_count()} cores, load {load:.1f} at the start; "
        f"Linux {platform.release()}, Python {platform.python_version()}"
    )
