"""One answer as a line of a journal: written as JSON, and read back with suspicion."""

import json
import math
from dataclasses import dataclass, fields
from typing import Any

from course.errors import CourseError

VERSION = 1
MOST_LINE_BYTES = 20_000
_LONGEST_NAME = 200
_OPTIONAL = {"variant": int, "student": str, "confidence": str, "attempt": int, "digest": str}


class JournalError(CourseError):
    """The journal can't be written or may not be read: nothing was saved."""


@dataclass(frozen=True)
class Event:
    """An answer as it was given; `seq` is its line, `at` UTC (ISO 8601), `bank` a digest.

    Only on lines where they mean something: `variant` the number of the variant that was shown
    and `student` the name it was drawn for, `confidence` "sure" or "guess", `attempt` which
    answer to the item this is (from 1), `digest` the item's own.
    """

    v: int
    assignment: str
    item: str
    response: object
    seq: int
    at: str
    bank: str
    variant: int | None = None
    student: str | None = None
    confidence: str | None = None
    attempt: int | None = None
    digest: str | None = None

    def record(self) -> dict[str, Any]:
        """The fields of its line."""
        all_fields = vars(self).items()
        return {
            name: value for name, value in all_fields if name not in _OPTIONAL or value is not None
        }


_REQUIRED = {field.name for field in fields(Event)} - set(_OPTIONAL)


def parse(line: bytes, assignment: str) -> Event:
    """The event in one line, else ValueError saying in words what is wrong with the line."""
    try:
        text = line.decode("utf-8-sig")
        record = json.loads(text, parse_float=_finite, parse_constant=_refuse_constant)
        encoded(record)
    except (ValueError, RecursionError, JournalError):
        raise ValueError("it is not a whole line of JSON") from None
    if not isinstance(record, dict) or not record.keys() >= _REQUIRED:
        raise ValueError("it lacks a field of an answer")
    event = Event(**{name: record.get(name) for name in (*_REQUIRED, *_OPTIONAL)})
    if type(event.v) is not int or event.v != VERSION:
        raise ValueError("another version of the course wrote it")
    if not all(isinstance(word, str) for word in (event.item, event.at, event.bank)):
        raise ValueError("a field has the wrong type")
    if not all(_is_fit(name, getattr(event, name)) for name in _OPTIONAL):
        raise ValueError("a field has the wrong type")
    if type(event.seq) is not int or event.seq < 1:
        raise ValueError("its number in the sequence is no counting number")
    if event.assignment != assignment:
        raise ValueError("it belongs to another assignment")
    return event


def encoded(value: object) -> bytes:
    """The value as one line of JSON, else JournalError."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        line = text.encode()
    except (TypeError, ValueError, RecursionError):
        raise JournalError("The answer holds something that can't be saved as JSON.") from None
    if len(line) > MOST_LINE_BYTES:
        raise JournalError(f"The answer is too long to save ({len(line):,} bytes); shorten it.")
    return line


def _is_fit(name: str, value: object) -> bool:
    if value is None:
        return True
    if type(value) is not _OPTIONAL[name]:
        return False
    return len(value) <= _LONGEST_NAME if isinstance(value, str) else value >= 0


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are no JSON
