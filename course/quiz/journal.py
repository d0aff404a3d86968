"""A learner's answers: one event a line in answers.jsonl, only ever appended.

Reading takes the last valid event of each item, so neither a torn line nor garbage loses more
than itself. The journal is its own lock: no second file lies about for nbgrader or git.
"""

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from course.errors import CourseError
from course.quiz.event import VERSION, Event, JournalError, encoded, parse

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

FILE = "answers.jsonl"
MOST_BYTES = 5_000_000
MOST_LINES = 50_000
"""More than answers could fill: what is over it is garbage, and costs a grader time."""
MOST_PROBLEMS = 20
PATIENCE_S = 3.0
"""How long an append waits for another program that holds the journal."""

_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LOCKS_HERE = {errno.ENOLCK, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP}


class NoAttemptLeft(CourseError):
    """The item has been answered as often as its quiz counts."""


class Journal:
    """The answers to one assignment, in the file at `path` (made by the first answer)."""

    def __init__(self, path: Path, assignment: str):
        self.path = Path(path).absolute()
        self.assignment = assignment
        self.problems: list[str] = []

    def append(
        self, item: str, response: object, *, bank: str, attempts: int | None = None, **more: Any
    ) -> Event:
        """Write one event and return it when it is on the disk, else raise JournalError.

        `more` are the optional fields of Event. With `attempts`, the event is numbered, and
        refused where the item has that many answers already, also when two programs write.
        """
        encoded(response)  # before the file is made
        with _opened(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as file, _locked(file):
            written = _contents(file, self.path)
            if attempts is not None:
                more["attempt"] = self._next_attempt(item, written, attempts)
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            torn = bool(written) and not written.endswith(b"\n")
            seq = written.count(b"\n") + torn + 1
            event = Event(VERSION, self.assignment, item, response, seq, now, bank, **more)
            line = b"\n" * torn + encoded(event.record()) + b"\n"
            if len(written) + len(line) > MOST_BYTES:
                raise JournalError(_too_big(self.path))
            _write(file, line, self.path, size=len(written))
            if not written:
                _sync_folder(self.path.parent)
        return event

    def read(self) -> dict[str, Event]:
        """The last valid event of each item; what was passed over is told in `problems`.

        Raises JournalError for what is no plain file of a sensible size, never for its content.
        """
        return {event.item: event for event in self.events()}

    def events(self) -> list[Event]:
        """All valid events in their order; problems and errors as in `read`."""
        events, self.problems = parse_events(self.written(), self.assignment)
        return events

    def written(self) -> bytes:
        """The bytes of the file, none where there is none; JournalError as in `read`."""
        try:
            with _opened(self.path, os.O_RDONLY) as file:
                return _contents(file, self.path)
        except FileNotFoundError:
            return b""

    def _next_attempt(self, item: str, written: bytes, most: int) -> int:
        before = sum(event.item == item for event in parse_events(written, self.assignment)[0])
        if before >= most:
            raise NoAttemptLeft(
                f"{item} is answered {before} time{'s' * (before > 1)}, and no more are counted: "
                "your last answer stays as it is."
            )
        return before + 1


def parse_events(written: bytes, assignment: str) -> tuple[list[Event], list[str]]:
    """The valid events of a journal's bytes, and what is to be said of its other lines."""
    rows = list(enumerate(written.split(b"\n"), start=1))
    problems = []
    if len(rows) > MOST_LINES:
        problems.append(f"Only the last {MOST_LINES:,} lines of {FILE} were read.")
    events = []
    for number, line in rows[-MOST_LINES:]:
        try:
            events.append(parse(line, assignment))
        except ValueError as problem:
            if line.strip():
                problems.append(f"Line {number} of {FILE} was passed over: {problem}.")
    if len(problems) > MOST_PROBLEMS:
        more = len(problems) - MOST_PROBLEMS
        problems[MOST_PROBLEMS:] = [f"So were {more} more lines."]
    return events, problems


@contextmanager
def _opened(path: Path, mode: int) -> Iterator[int]:
    """The descriptor of a regular file; a link, folder, pipe or device is a JournalError."""
    try:
        if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
            raise JournalError(f"{path} is a link or no plain file; rename it, then try again.")
        file = os.open(path, mode | _FLAGS, 0o666)
    except OSError as error:
        if isinstance(error, FileNotFoundError) and not mode & os.O_CREAT:
            raise
        raise JournalError(_cannot(path, mode, error)) from error
    try:
        yield file
    finally:
        os.close(file)


def _contents(file: int, path: Path) -> bytes:
    os.lseek(file, 0, os.SEEK_SET)
    with os.fdopen(file, "rb", closefd=False) as stream:
        written = stream.read(MOST_BYTES + 1)
    if len(written) > MOST_BYTES:
        raise JournalError(_too_big(path))
    return written


def _write(file: int, line: bytes, path: Path, *, size: int) -> None:
    """One write, then to the disk; half a line is taken back."""
    try:
        if os.write(file, line) != len(line):
            os.ftruncate(file, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file)
    except OSError as error:
        raise JournalError(_cannot(path, os.O_APPEND, error)) from error


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # no such thing there
        return
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


@contextmanager
def _locked(file: int) -> Iterator[None]:
    """Other processes and threads wait; where a file system knows no locks, nobody does."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            _lock(file)
            break
        except OSError as error:
            if error.errno in _NO_LOCKS_HERE:
                break
            if time.monotonic() > end:
                raise JournalError(
                    f"Another program has held {FILE} for {PATIENCE_S:.0f} seconds; close the "
                    "other notebook that answers this quiz, then try again."
                ) from error
            time.sleep(0.002)
    yield  # closing the file gives the lock back


def _lock(file: int) -> None:
    if fcntl:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    elif os.name == "nt":
        import msvcrt

        os.lseek(file, MOST_BYTES * 2, os.SEEK_SET)  # a byte that no reader ever reads
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)


def _too_big(path: Path) -> str:
    return f"{path} has over {MOST_BYTES // 1_000_000} MB: keep it under another name, try again."


def _cannot(path: Path, mode: int, error: OSError) -> str:
    reason = error.strerror or type(error).__name__
    if mode & os.O_APPEND:
        return (
            f"{path.name} in {path.parent} can't be written ({reason}); make the folder writable, "
            "or copy it to a place of your own and open the notebook there."
        )
    return f"{path} can't be read ({reason}); make it readable, then run this again."
