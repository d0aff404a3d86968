"""One endpoint per machine user and installation: found, or started, and kept while it is needed.

    address = ensure()
    with lease(address):
        ...  # an OpenAI client with base_url=address.url

A file in a folder of the user's says where the endpoint is; it is believed only when the endpoint
there answers as the right one. The endpoint ends some seconds after the last lease on it.
"""

import contextlib
import hashlib
import json
import math
import os
import platform
import socket
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from filelock import FileLock, Timeout

from course.endpoint import options
from course.endpoint.folder import state_folder
from course.endpoint.version import HERE, fingerprint
from course.errors import CourseError

HOST = "127.0.0.1"
LOOK_S = 5.0
START_S = 30.0
KEPT_FROM_IT = ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY")
"""Environment variables that the endpoint has no business knowing."""


@dataclass(frozen=True)
class Address:
    """Where the endpoint is: `url` is the base_url for a client, such as http://127.0.0.1:8123/v1.

    `started` says whether this call has started it.
    """

    url: str
    host: str
    port: int
    started: bool


class Lease:
    """Keeps the endpoint alive until it is closed, thrown away, or this process ends anyhow."""

    def __init__(self, connection: socket.socket):
        self._connection = connection
        self._end = weakref.finalize(self, connection.close)

    @property
    def alive(self) -> bool:
        """Whether the endpoint still holds it; False once either side has ended."""
        if not self._end.alive:
            return False
        try:
            return self._connection.recv(4096) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def close(self) -> None:
        self._end()

    def __enter__(self) -> "Lease":
        return self

    def __exit__(self, *_) -> None:
        self.close()


def ensure(
    wanted: Mapping[str, object] = MappingProxyType({}), *, port: int | None = None
) -> Address:
    """The address of this user's endpoint, which is started if there is none.

    A new one takes `port` if that is free, else another. `wanted` are options of course.endpoint
    by name, such as {"tier": 1}; COURSE_SPEED in the environment says how fast it is where they
    do not (1 by default, 0 never waits). Other options or a changed course are another endpoint. It
    ends by itself unless a `lease` is taken within seconds. Raises CourseError, with what to do,
    where none can be started.
    """
    line = options.arguments({"speed": _speed()} | dict(wanted))
    state = state_folder() / f"endpoint-{_installation(line)}.json"
    noted = _read(state)
    if _is_running(noted, line):
        return _address(noted, started=False)
    try:
        with FileLock(state.with_suffix(".lock"), timeout=START_S):
            # Somebody else may have started one while we waited.
            if (now := _read(state)) != noted and _is_running(now, line):
                return _address(now, started=False)
            return _address(_start(state, line, port=port), started=True)
    except Timeout:
        raise CourseError(
            f"Another program has been starting the simulator for {START_S:.0f} seconds; "
            f"end that one, or delete {state.with_suffix('.lock')}, and try again."
        ) from None


def lease(address: Address) -> Lease:
    """Keep the endpoint at that address alive. Raises CourseError if it is not there (any more)."""
    connection = None
    try:
        connection = _ask(address.port, "/lease")
        answer = b""
        while b"held\n" not in answer:
            if not (more := connection.recv(4096)):
                raise OSError("it closed the connection")
            answer += more
        connection.setblocking(False)
    except OSError as error:
        if connection is not None:
            connection.close()
        raise CourseError(
            f"The simulator at {address.url} does not answer ({error}); run the cell again."
        ) from None
    return Lease(connection)


def _speed() -> float:
    text = os.environ.get("COURSE_SPEED", "").strip() or "1"
    with contextlib.suppress(ValueError):
        if math.isfinite(speed := float(text)) and speed >= 0:
            return speed
    raise CourseError(f"COURSE_SPEED is {text!r}; set it to 0 (no waiting), 1, 2 …, or unset it.")


def _installation(line: Sequence[str]) -> str:
    # The machine's name, for home folders that several machines share.
    told = f"{platform.node()}\n{HERE}\n{sys.prefix}\n{line}"
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def _address(found: dict, *, started: bool) -> Address:
    port = found["port"]
    return Address(url=f"http://{HOST}:{port}/v1", host=HOST, port=port, started=started)


def _read(state: Path) -> dict:
    """What the state file says; empty if it says nothing of use."""
    try:
        noted = json.loads(state.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) and isinstance(noted.get("port"), int) else {}


def _is_running(noted: dict, line: Sequence[str]) -> bool:
    """Whether the endpoint that was noted is there, and is the one that we want."""
    if not noted:
        return False
    try:
        told = _health(noted["port"])
    except (OSError, ValueError, OverflowError):
        return False
    ours = {"instance": noted.get("instance"), "fingerprint": fingerprint()}
    ours["options"] = options.read(line).told()
    return isinstance(told, dict) and all(told.get(name) == ours[name] for name in ours)


def _health(port: int) -> object:
    """What GET /health tells at a port of this computer; OSError or ValueError if nothing good."""
    answer, end = b"", time.monotonic() + LOOK_S
    with _ask(port, "/health") as connection:
        while (more := connection.recv(4096)) and len(answer) < 65_536:
            answer += more
            connection.settimeout(max(end - time.monotonic(), 0.001))
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0]:
        raise ValueError("not healthy")
    return json.loads(body)


def _ask(port: int, path: str) -> socket.socket:
    """A connection to our endpoint with a request sent. Never by way of a proxy."""
    connection = socket.create_connection((HOST, port), timeout=LOOK_S)
    try:
        request = f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
    except OSError:
        connection.close()
        raise
    return connection


def _start(state: Path, line: Sequence[str], *, port: int | None) -> dict:
    """Start an endpoint and wait until it answers. The caller holds the lock."""
    with contextlib.suppress(OSError):
        state.unlink()
    log = state.with_suffix(".log")
    command = [sys.executable, "-P", "-m", "course.endpoint", "--until-unused"]
    command += ["--port", str(_free(port)), "--state", str(state), *line]
    with log.open("wb") as errors:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=_environment(),
            **_detached(),
        )
    # Takes the exit code when it ends: otherwise it would stay in the list of processes.
    threading.Thread(target=child.wait, daemon=True, name="endpoint-exit-code").start()
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        ended = child.returncode is not None
        if _is_running(noted := _read(state), line):
            return noted
        if ended:
            raise CourseError(_why(log, child.returncode))
        time.sleep(0.005)
    child.kill()
    raise CourseError(f"The simulator did not start within {START_S:.0f} seconds; see {log}.")


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in KEPT_FROM_IT}
    # Looking through all installed packages for plugins of pydantic's would take its time.
    return kept | {"PYDANTIC_DISABLE_PLUGINS": "__all__"}


def _free(port: int | None) -> int:
    """The port if it can be had, else 0, which means any."""
    if not port:
        return 0
    with socket.socket() as trial:
        if os.name == "posix":
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except (OSError, OverflowError):
            return 0
    return port


def _detached() -> dict:
    """Ctrl-C in the notebook's terminal, and its end, must not reach the endpoint."""
    if os.name == "posix":
        return {"start_new_session": True}
    return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}


def _why(log: Path, code: int) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    said = lines[-1] if lines else f"it ended with exit code {code}"
    return f"The simulator could not start: {said} (more in {log})"
