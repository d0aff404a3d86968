"""A simulator that one submission has to itself, and what its log says of the calls made there.

The log is written by the simulator's own process; nothing a student's code says is counted.
"""

import json
import os
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
    """A fresh simulator for as long as it is needed; CourseError where none can be started."""
    if not hasattr(socket, "AF_UNIX"):
        raise CourseError("Calls can only be counted on a computer with Unix sockets: use Linux.")
    with tempfile.TemporaryDirectory(prefix="counted-") as folder:
        where = Counted(Path(folder, "s"), Path(folder, "log"))
        command = [sys.executable, "-P", "-m", "course.endpoint", "--uds", str(where.path)]
        command += ["--log", str(Path(folder, "log")), "--speed", str(speed)]
        kept = {name: value for name, value in os.environ.items() if name not in KEPT_FROM_IT}
        quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        child = subprocess.Popen(command, env=kept, **quiet)
        try:
            _wait(where.path, child)
            yield where
        finally:
            child.terminate()
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _wait(path: Path, child: subprocess.Popen) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and child.poll() is None:
        with suppress(OSError, ValueError):
            _health(path)
            return
        time.sleep(0.02)
    raise CourseError("The simulator that counts calls could not be started on this computer.")


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
