"""What scoring says of a response."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

State = Literal["right", "partly", "wrong", "unanswered", "invalid", "by-hand"]


@dataclass(frozen=True)
class Verdict:
    """Points from 0 to `possible` (finite), the state, and a reason that tells no key."""

    points: float
    possible: float
    state: State
    reason: str


def verdict(
    possible: float, state: State, reason: str, *, share: Fraction = Fraction(0)
) -> Verdict:
    """A verdict of a share (0 to 1) of the possible points, worked out without rounding."""
    points = float(share * Fraction(possible))
    return Verdict(points, float(possible), state, reason)


def shared(possible: float, share: Fraction, reason: str, *, scoring: str) -> Verdict:
    """Right for the whole, wrong for nothing, and partly between them where parts count."""
    if share >= 1:
        return verdict(possible, "right", reason, share=Fraction(1))
    if share <= 0 or scoring == "all-or-nothing":
        return verdict(possible, "wrong", reason)
    return verdict(possible, "partly", reason, share=share)
