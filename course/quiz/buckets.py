"""Buckets for numbers: all values of an interval have few names, and none tells the interval.

A number falls into the bucket of its exact value (tolerance 0), or one on a linear scale (absolute
tolerance), or a logarithmic one with a sign (relative). Widths are powers of ten or two, so that
they tell neither key nor tolerance.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any

from course.quiz.units import EXACT

if TYPE_CHECKING:
    from course.quiz.fields import Tolerance


def grid(value: Decimal, tolerance: Tolerance) -> list[Any]:
    """How values are put into buckets: ["exact", 0], ["linear", n] of width 10^n, or ["log", n]
    of width 2^-n in the logarithm. The width is at least half an interval: few buckets do."""
    relative = EXACT.multiply(tolerance.relative, abs(value))
    if max(tolerance.absolute, relative) == 0:
        return ["exact", 0]
    if tolerance.absolute >= relative:
        return ["linear", tolerance.absolute.adjusted() + 1]
    halvings = 0
    while Decimal(2) ** -(halvings + 1) >= tolerance.relative:
        halvings += 1
    return ["log", halvings]


def _bucket(scale: list[Any], value: Decimal) -> int:
    """The number of the bucket of a value; never falls as |value| (log) or value (linear) grows."""
    kind, size = scale
    if kind == "linear":
        place = EXACT.scaleb(value, -size)
    else:
        place = EXACT.multiply(EXACT.ln(abs(value)), Decimal(2) ** size)
    return int(place.to_integral_value(ROUND_FLOOR))


def name(scale: list[Any], value: Decimal) -> str:
    """The bucket that a value falls into."""
    if scale[0] == "exact" or (scale[0] == "log" and not value):
        return f"exact {EXACT.normalize(value) if value else 0:f}"
    sign = "-" if scale[0] == "log" and value < 0 else "+"
    return f"{scale[0]} {scale[1]} {sign} {_bucket(scale, value)}"


def names(scale: list[Any], low: Decimal, high: Decimal) -> list[str]:
    """The buckets that the values from `low` to `high` fall into."""
    if scale[0] == "exact":
        return [name(scale, low)]
    first, last = sorted([_bucket(scale, low), _bucket(scale, high)])
    sign = "-" if scale[0] == "log" and high < 0 else "+"
    return [f"{scale[0]} {scale[1]} {sign} {number}" for number in range(first, last + 1)]
