"""What an answer has earned: the marks of one submission."""

import math
from dataclasses import dataclass

NOT_RUN = "not-run"
"""The state of a function that the teacher's computer has not called yet."""
WAITS = ("by-hand", NOT_RUN)
"""States that have no points until a person has done something."""
_LABELS = {"by-hand": "waits for your teacher", NOT_RUN: "waits for your teacher"}


def label(state: str) -> str:
    """A state as students read it."""
    return _LABELS.get(state, state)


@dataclass(frozen=True)
class Mark:
    """One item's points: finite, from 0 to `possible`."""

    item: str
    points: float
    possible: float
    state: str
    reason: str
    response: object
    question: dict
    """The item (of several variants the student's own) as a student sees it."""
    feedback: tuple[str, ...] = ()
    """What the bank says to this response, in its Markdown; nothing of other answers."""
    cases: tuple[str, ...] = ()
    """What came of each call of the student's function; of hidden ones only whether it is right."""
    confidence: str | None = None

    @property
    def waits(self) -> bool:
        """Whether a person has still to see to it."""
        return self.state in WAITS


@dataclass(frozen=True)
class Marks:
    """A submission's marks by item, and what should be said about its answers."""

    by_item: dict[str, Mark]
    remarks: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        return math.fsum(mark.points for mark in self.by_item.values())

    @property
    def possible(self) -> float:
        return math.fsum(mark.possible for mark in self.by_item.values())

    @property
    def answered(self) -> int:
        return sum(mark.state != "unanswered" for mark in self.by_item.values())

    @property
    def waiting(self) -> tuple[str, ...]:
        """The items that a person has still to see to."""
        return tuple(mark.item for mark in self.by_item.values() if mark.waits)


def clamp(points: float, possible: float) -> float:
    """A finite number from 0 to `possible`; nbgrader gives full points to anything else."""
    value = float(points)
    return min(max(value, 0.0), possible) if math.isfinite(value) else 0.0
