"""A simulator that one submission has to itself, and what its log says of the calls made there.

The log is written by the simulator's own process; nothing a student's code says is counted.
"""

import atexit
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from course.endpoint.local import KEPT_FROM_IT
from course.errors import CourseError

START_S = 30.0
_SETTLE_S = 3.0
_NOT_STARTED = "The simulator that counts calls could not be started on this computer."


class Counted:
    """The simulator at the Unix socket `path`; `used` adds up what it has logged."""

    def __init__(self, path: Path, log: Path):
        self.path, self._log = path, log

    def ended(self) -> int:
        """How many calls have ended; those still in work are waited for, for a moment."""
        end = time.monotonic() + _SETTLE_S
        while self._active() and time.monotonic() < end:
            time.sleep(0.02)
        return len(self._rows())

    def used(self, since: int) -> dict[str, Any]:
        """What the calls after the first `since` came to, as bounds name it.

        `cost_usd` at list price; `at_once` the most calls in work together; `seconds` from the
        first request to the last answer.
        """
        self.ended()
        return _added_up(self._rows()[since:])

    def _active(self) -> int:
        with suppress(OSError, ValueError, KeyError):
            return int(_health(self.path)["active"])
        return 0

    def _rows(self) -> list[dict[str, Any]]:
        lines = self._log.read_text(encoding="utf-8").splitlines() if self._log.exists() else []
        return [json.loads(line) for line in lines]


def sum_up(parts: list[Mapping[str, Any]]) -> dict[str, Any]:
    """What several calls of a function used together; `at_once` is the highest of them."""
    total = {name: sum(part[name] for part in parts) for name in parts[0]}
    return total | {"at_once": max(part["at_once"] for part in parts)}


@contextmanager
def counted(*, speed: float = 0.0) -> Iterator[Counted]:
    """A fresh simulator for as long as it is needed; CourseError where none can be started.

    Its socket lies alone in a folder, the same one each time, that a sandbox can be shown.
    """
    if not hasattr(socket, "AF_UNIX") or not hasattr(os, "fork"):
        raise CourseError("Calls can only be counted on a computer with Unix sockets: use Linux.")
    source = _Source.here()
    log = source.folder / "log"
    where = Counted(source.folder / "socket" / "s", log)
    asked = {"uds": str(where.path), "log": str(log), "speed": speed}
    log.unlink(missing_ok=True)
    where.path.unlink(missing_ok=True)
    pid = source.ask(asked)
    try:
        _wait(where.path)
        where.path.chmod(
            0o666
        )  # for the user that student code runs as; the folder keeps others out
        yield where
    finally:
        with suppress(CourseError):
            source.ask({"end": pid})


class _Source:
    """The process that forks simulators, one for each grading process; see `counter`."""

    _made: "_Source | None" = None

    def __init__(self, environment: Mapping[str, str]):
        self.owner, self.environment = os.getpid(), environment
        self.folder = Path(tempfile.mkdtemp(prefix="counted-"))
        (self.folder / "socket").mkdir(mode=0o755)
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "course.grading.counter", str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )

    @classmethod
    def here(cls) -> "_Source":
        """This process's own; a new one where the environment is another, or it has ended."""
        kept = {name: value for name, value in os.environ.items() if name not in KEPT_FROM_IT}
        made = cls._made
        if made and (made.owner != os.getpid() or made.environment != kept or made.ended):
            made.close()
            made = None
        cls._made = made or cls(kept)
        return cls._made

    @property
    def ended(self) -> bool:
        return self._child.poll() is not None

    def ask(self, what: Mapping[str, Any]) -> int:
        """The pid that it answers with; CourseError where it does not."""
        with suppress(OSError, ValueError):
            self._child.stdin.write(json.dumps(what) + "\n")
            self._child.stdin.flush()
            return int(self._child.stdout.readline())
        raise CourseError(_NOT_STARTED)

    def close(self) -> None:
        if self.owner != os.getpid():  # a fork's copy: it is its parent's to end
            return
        for pipe in (self._child.stdin, self._child.stdout):
            with suppress(OSError):
                pipe.close()
        try:
            self._child.wait(5)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def close() -> None:
    """End what is kept for the next submission."""
    made, _Source._made = _Source._made, None
    if made:
        made.close()


atexit.register(close)


def _wait(path: Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        with suppress(OSError, ValueError):
            _health(path)
            return
        time.sleep(0.003)
    raise CourseError(_NOT_STARTED)


def _health(path: Path) -> dict[str, Any]:
    """What the simulator tells of itself; OSError or ValueError where it does not."""
    answer = b""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(path))
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        while more := connection.recv(4096):
            answer += more
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def _added_up(rows: list[Mapping[str, Any]]) -> dict[str, Any]:
    begins = [row["arrived"] for row in rows]
    ends = [row["arrived"] + (row["sent_last_s"] or 0) for row in rows]
    return {
        "calls": len(rows),
        "tokens": sum(row["prompt_tokens"] + row["completion_tokens"] for row in rows),
        "cost_usd": sum((Decimal(row["cost_usd"] or 0) for row in rows), Decimal(0)),
        "at_once": max((row["at_once"] for row in rows), default=0),
        "seconds": max(ends) - min(begins) if rows else 0.0,
    }
