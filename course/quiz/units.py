"""The units of numeric answers, and what can be turned into what.

A unit belongs to one dimension. 2 requests are not 2 tokens, so tokens, requests and
messages are dimensions of their own, and a rate is what its two halves say: `tokens/s` can
be turned into `tokens/min`, never into `requests/min`. `cents`, `¢`, `$`, `second`, `1M tokens`
and `USD per 1M tokens` are understood as other spellings.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction

from course.errors import CourseError

# More digits than any answer has, so that a sum on the edge of a tolerance is not rounded over it.
EXACT = Context(prec=60, Emax=9999, Emin=-9999)

_TABLE = {
    "money": {"USD": "1", "cent": "0.01"},
    "time": {"s": "1", "ms": "0.001", "min": "60", "h": "3600", "day": "86400"},
    "tokens": {"tokens": "1", "thousand tokens": "1000", "million tokens": "1000000"},
    "requests": {"requests": "1", "thousand requests": "1000", "million requests": "1000000"},
    "messages": {"messages": "1", "thousand messages": "1000", "million messages": "1000000"},
    "words": {"words": "1"},
    "characters": {"characters": "1"},
    "answers": {"answers": "1"},
    "questions": {"questions": "1"},
    "students": {"students": "1"},
    "bytes": {"bytes": "1", "kB": "1000", "MB": "1000000"},
    "share": {"share": "1", "%": "0.01"},
    "difference of shares": {"percentage points": "1"},
    "factor": {"times": "1"},
}
_ALIASES = {
    "$": "USD", "dollar": "USD", "dollars": "USD", "US dollars": "USD", "$ USD": "USD",
    "cents": "cent", "¢": "cent",
    "second": "s", "seconds": "s", "sec": "s", "millisecond": "ms", "milliseconds": "ms",
    "minute": "min", "minutes": "min", "hour": "h", "hours": "h", "days": "day",
    "token": "tokens", "request": "requests", "call": "requests", "calls": "requests",
    "message": "messages", "word": "words", "character": "characters", "byte": "bytes",
    "answer": "answers", "question": "questions", "student": "students",
    "percent": "%", "percentage point": "percentage points", "x": "times", "×": "times",
}  # fmt: skip
_AMOUNTS = {"1k": "thousand", "1,000": "thousand", "1000": "thousand", "1m": "million"}


@dataclass(frozen=True)
class Unit:
    """A unit: its plain name, its dimension in words, and how many base units it is."""

    name: str
    dimension: str
    factor: Fraction


class WrongDimension(CourseError):
    """The unit given measures another thing than the unit asked for."""


_SIMPLE = {
    name.casefold(): Unit(name, dimension, Fraction(factor))
    for dimension, names in _TABLE.items()
    for name, factor in names.items()
}
_SIMPLE |= {alias.casefold(): _SIMPLE[name.casefold()] for alias, name in _ALIASES.items()}


def unit(name: str, accepted: Sequence[str] = ()) -> Unit:
    """The unit of that name (`USD`, `ms`, `tokens/s`, `USD per 1M tokens`), or CourseError.

    The error offers the `accepted` units; without any, all there are.
    """
    halves = re.split(r"/|\bper\b", name) if len(name) <= 60 else []
    found = [_simple(half) for half in halves]
    if not 1 <= len(found) <= 2 or None in found:
        every = f"one of {', '.join(known())}, or two of them with a slash, such as tokens/s"
        use = " or ".join(accepted) or every
        raise CourseError(f"{name[:40]!r} is not a unit this course knows; use {use}.")
    if len(found) == 1:
        return found[0]
    above, below = found
    name, dimension = f"{above.name}/{below.name}", f"{above.dimension} per {below.dimension}"
    return Unit(name, dimension, above.factor / below.factor)


def known() -> list[str]:
    """The plain names of all simple units, dimension by dimension."""
    return [name for names in _TABLE.values() for name in names]


def convert(value: Decimal, name: str, to: str) -> Decimal:
    """`value` of the unit `name`, in the unit `to`; WrongDimension explains why it cannot be."""
    given, wanted = unit(name), unit(to)
    if given.name == wanted.name:
        return value
    if given.dimension != wanted.dimension:
        raise WrongDimension(
            f"{name} is a unit of {given.dimension}, but the answer asked for is in a unit of "
            f"{wanted.dimension}: give it in {to}."
        )
    ratio = given.factor / wanted.factor
    return EXACT.divide(EXACT.multiply(value, ratio.numerator), ratio.denominator)


def _simple(name: str) -> Unit | None:
    words = name.casefold().split()
    if words and words[0] in _AMOUNTS:
        words[0] = _AMOUNTS[words[0]]
    return _SIMPLE.get(" ".join(words))
