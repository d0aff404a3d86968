"""What `course lab` starts and stops: the embedded endpoint and JupyterLab, on loopback only."""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from course.endpoint import local
from course.errors import CourseError
from course.facts import expired
from course.project import PACKAGE, find_root

FIRST_PAGE = "lab/tree/lessons/00_start_here.ipynb"
STUDENT_CONFIG = PACKAGE / "jupyter" / "student"
"""Jupyter settings that switch nbgrader's extensions off; instructors run without them."""
COMMON_CONFIG = PACKAGE / "jupyter" / "both"
"""Jupyter settings for everybody: no question about news over the first lesson, no waiting of
small packets for each other."""
DATA = PACKAGE / "jupyter" / "data"
"""An extension of JupyterLab that shows a stored question where no kernel runs."""
START_S = 60.0
TRIES = 3
STOP_S = 10.0


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its address (with the token that opens it) and its process."""

    url: str
    token: str
    process: subprocess.Popen


def run(*, port: int | None, browser: bool, instructor: bool) -> None:
    """Start the endpoint and Lab, print both addresses, stay until Ctrl-C, stop both."""
    root = find_root("lessons")
    with _told_to_stop(), endpoint() as address, lab(root, port, instructor=instructor) as server:
        opened = f"{server.url}{FIRST_PAGE}?token={server.token}"
        print(f"JupyterLab:          {opened}")
        print(f"Simulated endpoint:  {address.url}")
        print(_what_is_simulated())
        print("Stop both with Ctrl-C.", flush=True)
        if browser:
            webbrowser.open(opened)
        code = server.process.wait()
        raise CourseError(f"JupyterLab ended by itself with exit code {code}; start it again.")


def check(*, port: int | None = None) -> None:
    """Start both, see that Lab answers and that a chat completion comes back, stop both."""
    root = find_root("lessons")
    with endpoint() as address, lab(root, port, instructor=False) as server:
        version = json.loads(_get(f"{server.url}api", server.token))["version"]
        _get(f"{server.url}{FIRST_PAGE}", server.token)
        print(f"JupyterLab answers at {server.url} (server {version})")
        reply, tokens = _one_completion(address.url)
        print(f"A chat completion came back from {address.url} ({tokens} tokens, {reply})")
    others = "" if address.started else " (where nobody else uses it: it was there before)"
    print(f"JupyterLab is stopped, and so is the endpoint{others}; all is well.")


@contextlib.contextmanager
def endpoint() -> Iterator[local.Address]:
    """This machine user's embedded endpoint, kept alive as long as the context lasts."""
    address = local.ensure()
    with contextlib.closing(local.lease(address)):
        yield address


@contextlib.contextmanager
def lab(root: Path, port: int | None, *, instructor: bool) -> Iterator[Lab]:
    """JupyterLab over `root` on a loopback port, ended with the context."""
    with tempfile.TemporaryFile() as log:
        server = _start(root, port, log, instructor=instructor)
        try:
            yield server
        finally:
            _stop(server.process)


def _start(root: Path, wanted: int | None, log: IO[bytes], *, instructor: bool) -> Lab:
    for tries_left in reversed(range(TRIES)):
        port, token = _free_port(wanted), secrets.token_urlsafe(24)
        process = subprocess.Popen(
            _command(root, port),
            cwd=root,
            env=_environment(token, instructor=instructor),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=os.name == "posix",
        )
        server = Lab(f"http://127.0.0.1:{port}/", token, process)
        try:
            _wait_until_up(server, log)
            break
        except BaseException as error:
            _stop(process)
            # the port was free a moment ago: another Lab that starts now may have taken it
            if wanted or not tries_left or not isinstance(error, CourseError):
                raise
    return server


def _command(root: Path, port: int) -> list[str]:
    return [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={root}",
        "--Application.log_level=ERROR",
        # as root (a container, say) Jupyter would refuse to start at all
        *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    ]


def _environment(token: str, *, instructor: bool) -> dict[str, str]:
    ours = [COMMON_CONFIG] if instructor else [STUDENT_CONFIG, COMMON_CONFIG]
    paths = [*map(str, ours), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    data = [str(DATA), os.environ.get("JUPYTER_PATH", "")]
    own = {
        "JUPYTER_TOKEN": token,
        "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths)),
        "JUPYTER_PATH": os.pathsep.join(filter(None, data)),
    }
    return os.environ | own


def _free_port(wanted: int | None) -> int:
    for port in [wanted] if wanted is not None else [*range(8888, 8908), 0]:
        with socket.socket() as probe:
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                continue
            return probe.getsockname()[1]
    raise CourseError(f"Port {wanted} can't be used here; choose another with --port, or none.")


def _get(url: str, token: str) -> bytes:
    request = urllib.request.Request(url, headers={"Authorization": f"token {token}"})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=20) as response:
        return response.read()


def _wait_until_up(server: Lab, log: IO[bytes]) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if (code := server.process.poll()) is not None:
            log.seek(0)
            said = log.read().decode(errors="replace").strip() or "nothing"
            raise CourseError(
                f"JupyterLab ended while starting (exit code {code}); it said: {said[-2000:]}"
            )
        with contextlib.suppress(OSError, urllib.error.URLError):
            _get(f"{server.url}api/status", server.token)
            return
        time.sleep(0.1)
    raise CourseError(f"JupyterLab did not answer within {START_S:.0f} seconds; try again.")


def _stop(process: subprocess.Popen) -> None:
    """Ask Lab to end (it then ends its kernels), and make it end if it does not."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def _told_to_stop() -> Iterator[None]:
    """Ctrl-C and a polite kill both end the context quietly."""

    def stop(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        print("\nJupyterLab is stopped; the endpoint ends with its last user, seconds from now.")
    finally:
        signal.signal(signal.SIGTERM, before)


def _one_completion(url: str) -> tuple[str, int]:
    """One call, by the stock client, of the embedded endpoint (whatever key is set)."""
    import openai

    from course.facts import fact

    with openai.OpenAI(
        base_url=url, api_key="course-check", http_client=openai.DefaultHttpxClient(trust_env=False)
    ) as client:
        reply = client.chat.completions.create(
            model=fact("course.small_model"), messages=[{"role": "user", "content": "Hello!"}]
        )
    return reply.system_fingerprint, reply.usage.total_tokens


def _what_is_simulated() -> str:
    said = (
        "Without OPENAI_API_KEY the lessons call the simulated endpoint: its replies are written\n"
        "or computed by the course, not by a language model; tokens and prices follow the\n"
        "published rules; nothing is charged."
    )
    if os.environ.get("OPENAI_API_KEY", "").strip():
        said = (
            "OPENAI_API_KEY is set: the lessons will call the real service, and calls cost money."
        )
    if old := expired():
        said += (
            f"\n{len(old)} of this edition's facts (prices, dates) are past their check-by date: "
            "see `course doctor --facts`."
        )
    return said
