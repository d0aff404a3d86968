"""Sandbox: starts the warm process, and has it make a room for each submission."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from pathlib import Path, PurePosixPath

from course.errors import CourseError
from course.grading.sandbox import walls
from course.grading.sandbox.limits import Limits
from course.grading.sandbox.run import Run
from course.project import PACKAGE

_START_S = 120.0
_GONE_S = 10.0
_KEPT = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "COURSE_DATE", "COURSE_SMALL_MODEL", "COURSE_SPEED")
_PART = re.compile(r"[^/\0]{1,200}")
_PATHS = re.compile(r"/[\w./-]+")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_MAIN = (
    "import sys; sys.path.append(sys.argv[1]); from course.grading.sandbox.warm import main; main()"
)
_TRIAL = ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
_OUTSIDE = ["--unshare-user", "--uid", "0", "--gid", "0", "--unshare-pid", "--cap-add", "ALL"]
_OUTSIDE += ["--dev-bind", "/", "/", "--proc", "/proc", "--die-with-parent", "--"]
_INSIDE = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]


class Sandbox:
    """Runs student code, each submission apart; a context manager that serves many.

    `contained=False` leaves out the walls, for code of people one trusts. Raises CourseError
    where there can be no sandbox. A fork of the grader may use it as well; it is closed by the
    process that opened it. The warm process is started again if it is gone.
    """

    def __init__(self, limits: Limits | None = None, contained: bool = True):
        self.limits, self.contained = limits or Limits(), contained
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._warm: subprocess.Popen | None = None
        self._owner = 0

    def __enter__(self) -> Sandbox:
        with self._lock:
            if self._folder is None:
                self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the warm process, and with it whatever it has started."""
        with self._lock:
            if self._warm and self._owner == os.getpid():
                self._warm.stdin.close()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._warm.wait(5)
                self._warm.kill()
                self._warm.wait()
                shutil.rmtree(self._folder, ignore_errors=True)
            self._warm = self._folder = None

    @contextmanager
    def submission(
        self, files: Mapping[str, bytes], quiz: str, endpoint: Path | None = None
    ) -> Iterator[Run]:
        """A fresh process in quizzes/`quiz` of a student's folder, with `files` lying there.

        `endpoint` is the Unix socket of a simulator that the code may call, alone in its folder,
        or None. When this is left, nothing that the code has started is left.
        """
        if not _NAME.fullmatch(quiz):
            raise CourseError(f"{quiz!r} names no quiz.")
        control, talk, home = self._room(str(endpoint.absolute()) if endpoint else "")
        try:
            run = Run(talk, control, self.limits)
            run.begin(*_first(files, quiz, home, self._socket_inside(endpoint)))
            yield run
        finally:
            talk.close()
            _end(control, wait=endpoint is not None or not self.contained)

    def _socket_inside(self, endpoint: Path | None) -> str:
        if endpoint is None:
            return ""
        return f"{walls.ENDPOINT}/{endpoint.name}" if self.contained else str(endpoint.absolute())

    def _room(self, endpoint: str) -> tuple[socket.socket, socket.socket, str]:
        """The connections to the warm process and to the student's, and the home there."""
        self.__enter__()
        for attempt in (1, 2):
            control = socket.socket(socket.AF_UNIX)
            try:
                control.settimeout(_START_S)
                control.connect(str(self._folder / "s"))
                control.sendall(json.dumps({"endpoint": endpoint}).encode())
                said, fds, _, _ = socket.recv_fds(control, 4096, 1)
                if said:
                    told = json.loads(said)
                    if "failed" in told:
                        raise CourseError(f"The sandbox could not be made: {told['failed']}.")
                    return control, socket.socket(fileno=fds[0]), told["home"]
            except OSError:
                pass
            except CourseError:
                control.close()
                raise
            control.close()
            if attempt == 1:
                self._restart()
        raise CourseError(f"The sandbox could not be started on this computer: {self._said()}.")

    def _restart(self) -> None:
        with self._lock:
            if self._warm and self._owner == os.getpid() and self._warm.poll() is not None:
                self._warm.stdin.close()
                shutil.rmtree(self._folder, ignore_errors=True)
            self._start()

    def _start(self) -> None:
        if not hasattr(os, "fork") or not hasattr(socket, "send_fds"):
            raise CourseError("Student code can only be run on Linux or macOS: use one of those.")
        if self.contained and (why := available()):
            raise CourseError(why)
        self._folder = Path(tempfile.mkdtemp(prefix="sandbox-"))
        self._owner = os.getpid()
        walls.write_settings(self._folder)
        as_root = _way() == "root"
        around = [] if as_root or not self.contained else [walls.program(), *_OUTSIDE]
        with socket.socket(socket.AF_UNIX) as listener, self._log().open("wb") as log:
            listener.bind(str(self._folder / "s"))
            listener.listen(64)
            self._warm = subprocess.Popen(
                [*around, sys.executable, "-I", "-c", _MAIN, str(PACKAGE.parent)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=[listener.fileno()],
                env=self._environment(),
                cwd=self._folder,
                bufsize=0,
                start_new_session=True,
            )
            told = {
                "limits": asdict(self.limits),
                "settings": str(self._folder),
                "contained": self.contained,
                "as_root": as_root and self.contained,
                "listener": listener.fileno(),
            }
            with contextlib.suppress(OSError):
                self._warm.stdin.write(json.dumps(told).encode() + b"\n")

    def _environment(self) -> dict[str, str]:
        found = walls.environment(str(self._folder), "") | _kept()
        return found | {"IPYTHONDIR": str(self._folder), "MPLCONFIGDIR": str(self._folder)}

    def _log(self) -> Path:
        return self._folder / "log"

    def _said(self) -> str:
        with contextlib.suppress(OSError):
            lines = self._log().read_text(encoding="utf-8", errors="replace").splitlines()
            return _PATHS.sub("…", lines[-1])[:300] if lines else "it said nothing"
        return "it left no word"


def _first(
    files: Mapping[str, bytes], quiz: str, home: str, endpoint: str
) -> tuple[dict[str, object], bytes]:
    """The request to lay out a student's folder, and the files themselves."""
    kept = {name: data for name, data in files.items() if _is_plain(name)}
    request = {
        "folder": f"{home}/quizzes/{quiz}",
        "environment": walls.environment(home, endpoint) | _kept(),
        "files": [[name, len(data)] for name, data in kept.items()],
    }
    return request, b"".join(kept.values())


def _is_plain(name: str) -> bool:
    path = PurePosixPath(name)
    plain = all(_PART.fullmatch(part) and part != ".." for part in path.parts)
    return plain and bool(path.parts) and not path.is_absolute() and len(name) < 1_000


def _kept() -> dict[str, str]:
    return {name: os.environ[name] for name in _KEPT if name in os.environ}


def _end(control: socket.socket, *, wait: bool) -> None:
    """Have the room cleared; with `wait` until nothing is left of it."""
    with control, contextlib.suppress(OSError):
        control.sendall(b"k")
        control.settimeout(_GONE_S)
        while wait and control.recv(4096):
            continue


def available() -> str:
    """ "" where code can be contained on this computer, or one sentence why it can't."""
    return _available(walls.program())


@cache
def _available(program: str | None) -> str:
    if sys.platform != "linux":
        return "Student code can only be contained on Linux: grade in a Linux container, for one."
    if program is None:
        return "Student code can't be contained here: bubblewrap (the program bwrap) is missing."
    return (
        ""
        if _way()
        else (
            "Student code can't be contained here: bubblewrap is not permitted to make namespaces."
        )
    )


@cache
def _way() -> str:
    """How walls can be built: "root", "user" (in a user namespace), or "" for not at all."""
    program = walls.program()
    if program is None:
        return ""
    inside = [program, *_INSIDE, *_TRIAL, "true"]
    if os.geteuid() == 0 and _succeeds(inside):
        return "root"
    return "user" if _succeeds([program, *_OUTSIDE, *inside]) else ""


def _succeeds(command: list[str]) -> bool:
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        return subprocess.run(command, capture_output=True, timeout=20).returncode == 0
    return False
