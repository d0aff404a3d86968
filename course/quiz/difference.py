"""The first difference between a value that was expected and the one that came back.

Both are JSON values. A whole number and a float are the same where the expected value is a
float or a tolerance is given; True is never 1, and NaN equals nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_MOST_SHOWN = 120
_NOISE = Decimal("1e-9")
"""What floats may be off by, relative to the expected one, where no tolerance is given."""

_BITS = 4000
_NAMES = {
    "bool": "True or False",
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "list": "a list",
    "dict": "a dictionary",
    "NoneType": "None",
}


def difference(
    expected: Any, got: Any, *, tolerance: Mapping[str, float] | None = None, at: str = ""
) -> str | None:
    """The first difference as a sentence without its point, or None when there is none.

    `tolerance` has absolute and relative sizes, for every number inside; `at` is where in the
    value this is, as Python would write it: `[2]['cost']`.
    """
    if _is_number(expected) and _is_number(got):
        return _numbers(expected, got, tolerance, at)
    if type(expected) is not type(got):
        return f"{_where(at)}{kind(got)} came back, {kind(expected)} was expected"
    if isinstance(expected, str):
        return _texts(expected, got, at)
    if isinstance(expected, list):
        return _lists(expected, got, tolerance, at)
    if isinstance(expected, dict):
        return _tables(expected, got, tolerance, at)
    if expected != got:
        return f"{_where(at)}{shown(got)} instead of {shown(expected)}"
    return None


def kind(value: Any) -> str:
    """The type of a JSON value in words: `a list`."""
    return _NAMES.get(type(value).__name__, f"something of type {type(value).__name__}")


def shown(value: Any) -> str:
    """A value as Python writes it, cut where it is long; never an exception."""
    try:
        text = repr(value) if not isinstance(value, Decimal) else f"{value:f}"
    except (ValueError, RecursionError):  # a number of too many digits, lists without end
        text = f"({kind(value)} too big to show)"
    text = "".join(sign if sign.isprintable() else "?" for sign in text[: _MOST_SHOWN + 1])
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


def _numbers(
    expected: float, got: float, tolerance: Mapping[str, float] | None, at: str
) -> str | None:
    if isinstance(expected, int) and tolerance is None:
        if isinstance(got, float):
            return f"{_where(at)}the float {shown(got)} instead of a whole number"
        return None if got == expected else _apart(expected, got, at)
    if not _is_usable(got) or not _is_usable(expected):
        return _apart(expected, got, at)
    one, other = _exact(expected), _exact(got)
    sizes = tolerance or {"relative": _NOISE}
    allowed = max(_exact(sizes.get("absolute", 0)), _exact(sizes.get("relative", 0)) * abs(one))
    return None if abs(one - other) <= allowed else _apart(expected, got, at)


def _apart(expected: float, got: float, at: str) -> str:
    if got != got:
        return f"{_where(at)}nan, which is not a number, instead of {shown(expected)}"
    size = "too large" if got > expected else "too small"
    return f"{_where(at)}{shown(got)} is {size}, {shown(expected)} was expected"


def _texts(expected: str, got: str, at: str) -> str | None:
    if expected == got:
        return None
    place = next(
        (n for n, (one, other) in enumerate(zip(expected, got, strict=False)) if one != other),
        min(len(expected), len(got)),
    )
    if place == len(got):
        return f"{_where(at)}the text ends before {shown(expected[place:])}"
    if place == len(expected):
        return f"{_where(at)}the text goes on with {shown(got[place:])}"
    return (
        f"{_where(at)}character {place + 1} is {shown(got[place])} "
        f"instead of {shown(expected[place])}"
    )


def _lists(expected: list, got: list, tolerance: Mapping[str, float] | None, at: str) -> str | None:
    for number, (one, other) in enumerate(zip(expected, got, strict=False)):
        if found := difference(one, other, tolerance=tolerance, at=f"{at}[{number}]"):
            return found
    if len(expected) == len(got):
        return None
    return f"{_where(at)}the list has {len(got)} elements instead of {len(expected)}"


def _tables(
    expected: dict, got: dict, tolerance: Mapping[str, float] | None, at: str
) -> str | None:
    for name, value in expected.items():
        if name not in got:
            return f"{_where(at)}the key {shown(name)} is missing"
        if found := difference(value, got[name], tolerance=tolerance, at=f"{at}[{shown(name)}]"):
            return found
    more = [name for name in got if name not in expected]
    return f"{_where(at)}the key {shown(more[0])} is too much" if more else None


def _where(at: str) -> str:
    return f"at {at}, " if at else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_usable(value: float) -> bool:
    return value.bit_length() < _BITS if isinstance(value, int) else math.isfinite(value)


def _exact(value: float | Decimal) -> Decimal:
    """0.09 as 0.09, so that a value on the edge of its tolerance is inside."""
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
