"""The answers to many inputs in a file that only grows: a line of JSON each, one write a line.

    {"position": 17, "input": "5d41402abc4b2a76", "answer": "billing", "error": "", "seconds": 0.8}

A line is there or it isn't: after kill -9 at any moment nothing that was written is lost, and of a
line that a failing disk left half-written only the half is cut off. Loss of power can take the
last second's lines.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from course.errors import CourseError

START = b'{"position": '
SYNC_S = 1.0
"""So often, at most, the disk is waited for."""
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of an input: its answer, or None and the error; the times it was asked."""

    answer: object
    error: str
    seconds: float
    attempts: int

    @property
    def answered(self) -> bool:
        return not self.error


class Answers:
    """The answers to `inputs` in the file at `path`; None keeps them in memory only.

    For a `with` block, which holds the file for this process alone. `rows` has what is kept, by
    position. CourseError for a file that can't be read or written, that another process holds,
    that is no such file, or that belongs to other inputs.
    """

    def __init__(self, path: Path | None, inputs: Sequence):
        self.path, self.rows = path, {}
        self._digests = [digest(one, position) for position, one in enumerate(inputs)]
        self._file, self._size, self._synced = None, 0, 0.0
        self._lock = path and FileLock(path.with_name(path.name + ".lock"), timeout=0)

    def __enter__(self) -> Self:
        if self.path is not None:
            self._hold()
            try:
                self._open()
            except BaseException:
                self.__exit__()
                raise
        return self

    def __exit__(self, *_) -> None:
        if self._file is not None:
            try:
                os.fsync(self._file)
            finally:
                os.close(self._file)
                self._file = None
        if self._lock:
            self._lock.release()

    def missing(self) -> list[int]:
        """The positions that have no answer, in order."""
        kept = {position for position, row in self.rows.items() if row.answered}
        return [position for position in range(len(self._digests)) if position not in kept]

    def add(self, position: int, *, answer: object = None, error: str = "", seconds: float) -> None:
        """Keep what became of an input; it is in the file when this returns.

        CourseError for an answer that JSON can't hold, and where the file can't be written.
        """
        about = {"position": position, "input": self._digests[position]}
        about |= {"answer": answer, "error": error, "seconds": round(seconds, 6)}
        try:
            line = json.dumps(about, allow_nan=False, default=_plain).encode() + b"\n"
        except (TypeError, ValueError, RecursionError) as problem:
            raise CourseError(
                f"The answer to input {position} can't be kept ({problem}); return what JSON "
                "holds, such as reply.choices[0].message.content."
            ) from None
        if self._file is not None:
            self._write(line)
        self._note(line)

    def _hold(self) -> None:
        if not self.path.parent.is_dir():
            raise CourseError(f"{self.path.parent} is no folder; make it first, or mend to=….")
        try:
            self._lock.acquire()
        except Timeout:
            raise CourseError(
                f"Another run is writing {self.path}; wait for it, or name another file with to=…."
            ) from None
        except OSError as error:
            raise self._cannot("written", error) from None

    def _open(self) -> None:
        try:
            self._file = os.open(self.path, _FLAGS, 0o666)
            with os.fdopen(self._file, "rb", closefd=False) as stream:
                self._read(stream)
        except OSError as error:
            raise self._cannot("read and written", error) from None

    def _read(self, lines: Iterator[bytes]) -> None:
        for number, line in enumerate(lines, 1):
            if line.endswith(b"\n"):
                self._size += len(line)
                if line.strip():
                    self._known(line, number)
            elif line.startswith(START[: len(line)]) or not line.strip(b"\0"):
                os.ftruncate(self._file, self._size)  # half of a line
            else:
                raise self._strange(number)

    def _known(self, line: bytes, number: int) -> None:
        try:
            position, key = self._note(line)
        except (ValueError, KeyError, TypeError, RecursionError):
            raise self._strange(number) from None
        if position < len(self._digests) and key != self._digests[position]:
            raise CourseError(
                f"Input {position} is not the one that {self.path} has an answer for; give the "
                "inputs of the run before in their order, or name another file with to=…."
            )

    def _note(self, line: bytes) -> tuple[int, str]:
        """Take a line over into `rows`; an answer stays, whatever follows."""
        about = json.loads(line)
        position, key = about["position"], about["input"]
        new = about["answer"], str(about["error"]), float(about["seconds"])
        if type(position) is not int or position < 0 or not isinstance(key, str):
            raise ValueError
        before = self.rows.get(position)
        attempts = before.attempts + 1 if before else 1
        if before and before.answered:
            new = before.answer, before.error, before.seconds
        self.rows[position] = Kept(*new, attempts)
        return position, key

    def _write(self, line: bytes) -> None:
        try:
            if os.write(self._file, line) < len(line):
                raise OSError(0, "there is no more room")
            self._size += len(line)
            if time.monotonic() > self._synced + SYNC_S:
                os.fsync(self._file)
                self._synced = time.monotonic()
        except OSError as error:
            os.ftruncate(self._file, self._size)
            raise self._cannot("written", error) from None

    def _cannot(self, what: str, error: OSError) -> CourseError:
        why = error.strerror or type(error).__name__
        return CourseError(
            f"{self.path} can't be {what} ({why}); mend that, or name another file with to=…; "
            "what is in it stays."
        )

    def _strange(self, number: int) -> CourseError:
        return CourseError(
            f"Line {number} of {self.path} is no answer of a run; name another file with to=…, or "
            "delete that line, if the rest is right."
        )


def digest(one: object, position: int) -> str:
    """A short name for an input by its content; CourseError for one that has none in JSON."""
    try:
        text = json.dumps(one, sort_keys=True, default=_described)
    except (TypeError, ValueError, RecursionError) as problem:
        raise CourseError(
            f"Input {position} can't be told from others by its content ({problem}); inputs are "
            "texts, numbers, or lists, dictionaries and dataclasses of them."
        ) from None
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _described(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, date | Decimal | Path):
        return str(value)
    return _plain(value)


def _plain(value: object) -> object:
    """A numpy number as a plain one."""
    item: Callable | None = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", None) == 0:
        return item()
    raise TypeError(f"it has a {type(value).__name__} in it")
