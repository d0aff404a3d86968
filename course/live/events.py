"""What happened in a meeting, one record after the other: all that is ever kept of it. Pure.

A kind and its body:

    joined    who, name          a student came for the first time
    renamed   who, name          by the instructor
    removed   who                by the instructor; `readmitted` undoes it
    locked                       nobody new may join; `unlocked` undoes it
    chose     item               the item that is on
    opened    round, item, vote, closes_at (null: no timer)
    timed     round, closes_at   the timer was set anew
    answered  round, item, who, key, response, confidence
    closed    round, by          "instructor" or "timer"
    showed    round              everyone may see how many chose what; `hid` undoes it
    revealed  item               everyone may see the key and what is said to the answers
    ended
"""

import json
from typing import Any, NamedTuple

from course.errors import CourseError

KINDS = ("joined", "renamed", "removed", "readmitted", "locked", "unlocked", "chose", "opened",
         "timed", "answered", "closed", "showed", "hid", "revealed", "ended")  # fmt: skip

_ENCODER = json.JSONEncoder(separators=(",", ":"))


class Event(NamedTuple):
    """Number `seq` of a meeting's events (from 1), at `at` (seconds since 1970, UTC)."""

    seq: int
    at: float
    kind: str
    body: dict[str, Any]

    def text(self) -> str:
        """The body as JSON."""
        return _ENCODER.encode(self.body)


def read(seq: int, at: float, kind: str, text: str) -> Event:
    """An event as it is stored, or CourseError for what is none."""
    try:
        body = json.loads(text)
        if kind not in KINDS or not isinstance(body, dict):
            raise ValueError
    except (ValueError, RecursionError):
        raise CourseError(
            f"Event {seq} of this meeting can't be read (kind {kind[:20]!r}); the database was "
            "changed by another program or by a newer version of the course."
        ) from None
    return Event(seq, at, kind, body)
