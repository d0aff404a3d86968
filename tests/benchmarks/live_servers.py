"""The servers of the load script: the class, started as an instructor does, and the bare echo."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import servers

from course.live import store

QUIZ = "load"
ITEM = "load-01"
BANK = """
quiz = "load"
title = "Under load"
objectives = ["load"]
policy = "instant"

[[items]]
id = "load-{number:02}"
type = "single"
stem = "Which part of a reply says how many tokens were billed? (question {number})"
key = "B"
options = [
    { id = "A", text = "`choices`", feedback = "That holds the text." },
    { id = "B", text = "`usage`", feedback = "It counts the tokens of both sides." },
    { id = "C", text = "`model`", feedback = "That is the model's name." },
    { id = "D", text = "`id`", feedback = "That names the reply." },
]
"""
_START = "import sys; from course.cli_live import app; app(sys.argv[1:])"
ITEMS = 90


def course(folder: Path) -> Path:
    """A course whose one quiz has many questions alike."""
    head, item = BANK.split("[[items]]")
    items = ("[[items]]" + item.replace("{number:02}", f"{n:02}") for n in range(1, ITEMS + 1))
    rows = (text.replace("{number}", str(n)) for n, text in enumerate(items, start=1))
    path = folder / "solutions" / QUIZ / "bank.toml"
    path.parent.mkdir(parents=True)
    path.write_text(head + "\n".join(rows), encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Place:
    """A course's folder, and the database of its meetings: a file or a URL."""

    root: Path
    db: str


@dataclass
class Live:
    """A running class."""

    process: subprocess.Popen
    host: str
    port: int
    code: str
    secret: str

    def cpu_s(self) -> float:
        """CPU time so far, its own and the kernel's for it."""
        return servers.Server("live", self.port, self.process.pid).cpu_s()

    def memory_mb(self) -> float:
        """Resident memory (VmRSS of proc(5)), in 1,000,000 bytes."""
        told = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", told)[1]) * 1024 / 1e6

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def live(
    place: Place, *, core: int, port: int = 0, host: str = "127.0.0.1", again: bool = False
) -> Iterator[Live]:
    """`course live` on one core, until the end of the block: a new meeting, or the last `again`."""
    words = ["--quiz", QUIZ, "--host", host, "--port", str(port), "--most", "10000"]
    words += ["--db", place.db]
    words += [] if again else ["--new"]
    with _process([sys.executable, "-c", _START, *words], place.root, core) as process:
        told = _until(process, "Stop with")
        code = re.search(r"Code: +([A-Z]{6})", told)[1]
        found, secret = re.search(r"http://\S+:(\d+)/instructor#(\S+)", told).groups()
        yield Live(process, host, int(found), code, secret)


@contextlib.contextmanager
def echo(*, core: int, root: Path) -> Iterator[int]:
    """The bare echo on one core; its port."""
    port = servers.free_port()
    command = [sys.executable, str(servers.HERE / "live_echo.py"), str(port)]
    with _process(command, root, core) as process:
        _until(process, "ready")
        yield port


@contextlib.contextmanager
def _process(command: list[str], root: Path, core: int) -> Iterator[subprocess.Popen]:
    process = subprocess.Popen(
        ["taskset", "-c", str(core), *command],
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
        env=servers.environment() | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()
        process.stdout.close()


def _until(process: subprocess.Popen, start: str) -> str:
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith(start):
            return said
    raise SystemExit(f"The server did not start: {said}")


def kept(place: Place, code: str) -> list[tuple[int, str]]:
    """(round, key) of every answer in the log of a meeting, read by a process of its own."""
    with store.opened(place.db) as log:
        events = [event for event in log.events(code) if event.kind == "answered"]
    return [(event.body["round"], event.body["key"]) for event in events]


def wait_for(port: int, host: str = "127.0.0.1") -> None:
    """Until the server answers."""
    for _ in range(200):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{host}:{port}/health"):
            return
        time.sleep(0.05)
    raise SystemExit("The server does not answer.")


def set_core(core: int) -> None:
    """This process on one core, from now on."""
    os.sched_setaffinity(0, {core})
