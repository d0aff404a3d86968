"""A learner's answers: one event a line in answers.jsonl, only ever appended.

Reading takes the last valid event of each item, so neither a torn line nor garbage loses more
than itself. The journal is its own lock: no second file lies about for nbgrader or git.
"""

import errno
import json
import math
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

from course.errors import CourseError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

FILE = "answers.jsonl"
VERSION = 1
MOST_BYTES = 5_000_000
MOST_LINE_BYTES = 20_000
MOST_LINES = 50_000
"""More than answers could fill: what is over it is garbage, and costs a grader time."""
MOST_PROBLEMS = 20
PATIENCE_S = 3.0
"""How long an append waits for another program that holds the journal."""

_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_NO_LOCKS_HERE = {errno.ENOLCK, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP}


class JournalError(CourseError):
    """The journal can't be written or may not be read: nothing was saved."""


@dataclass(frozen=True)
class Event:
    """An answer as it was given; `seq` is its line, `at` UTC (ISO 8601), `bank` a digest."""

    v: int
    assignment: str
    item: str
    response: object
    seq: int
    at: str
    bank: str


_FIELDS = {field.name for field in fields(Event)}


class Journal:
    """The answers to one assignment, in the file at `path` (made by the first answer)."""

    def __init__(self, path: Path, assignment: str):
        self.path = Path(path).absolute()
        self.assignment = assignment
        self.problems: list[str] = []

    def append(self, item: str, response: object, *, bank: str) -> Event:
        """Write one event and return it when it is on the disk, else raise JournalError."""
        _encoded(response)  # before the file is made
        with _opened(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as file, _locked(file):
            written = _contents(file, self.path)
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            torn = bool(written) and not written.endswith(b"\n")
            seq = written.count(b"\n") + torn + 1
            event = Event(VERSION, self.assignment, item, response, seq, now, bank)
            line = b"\n" * torn + _encoded(vars(event)) + b"\n"
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
        self.problems = []
        try:
            with _opened(self.path, os.O_RDONLY) as file:
                written = _contents(file, self.path)
        except FileNotFoundError:
            return {}
        rows = list(enumerate(written.split(b"\n"), start=1))
        if len(rows) > MOST_LINES:
            self.problems.append(f"Only the last {MOST_LINES:,} lines of {FILE} were read.")
        events = {}
        for number, line in rows[-MOST_LINES:]:
            try:
                event = _event(line, self.assignment)
                events[event.item] = event
            except ValueError as problem:
                if line.strip():
                    self.problems.append(f"Line {number} of {FILE} was passed over: {problem}.")
        if len(self.problems) > MOST_PROBLEMS:
            more = len(self.problems) - MOST_PROBLEMS
            self.problems[MOST_PROBLEMS:] = [f"So were {more} more lines."]
        return events


def _event(line: bytes, assignment: str) -> Event:
    """The event in one line, else ValueError saying in words what is wrong with the line."""
    try:
        text = line.decode("utf-8-sig")
        record = json.loads(text, parse_float=_finite, parse_constant=_refuse_constant)
        _encoded(record)
    except (ValueError, RecursionError, JournalError):
        raise ValueError("it is not a whole line of JSON") from None
    if not isinstance(record, dict) or not record.keys() >= _FIELDS:
        raise ValueError("it lacks a field of an answer")
    event = Event(**{name: record[name] for name in _FIELDS})
    if type(event.v) is not int or event.v != VERSION:
        raise ValueError("another version of the course wrote it")
    if not all(isinstance(word, str) for word in (event.item, event.at, event.bank)):
        raise ValueError("a field has the wrong type")
    if type(event.seq) is not int or event.seq < 1:
        raise ValueError("its number in the sequence is no counting number")
    if event.assignment != assignment:
        raise ValueError("it belongs to another assignment")
    return event


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are no JSON


def _encoded(value: object) -> bytes:
    """The value as one line of JSON, else JournalError."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        line = text.encode()
    except (TypeError, ValueError, RecursionError):
        raise JournalError("The answer holds something that can't be saved as JSON.") from None
    if len(line) > MOST_LINE_BYTES:
        raise JournalError(f"The answer is too long to save ({len(line):,} bytes); shorten it.")
    return line


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
