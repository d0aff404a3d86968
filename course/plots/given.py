"""What a plot is given, checked before anything is drawn, and its numbers in words."""

import math
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course.errors import CourseError

if TYPE_CHECKING:
    from pandas import DataFrame

NAME_WIDTH = 26
"""Letters in a line beside a plot; a longer name goes on in a second line, and then ends in …"""


@dataclass(frozen=True, slots=True)
class Interval:
    """A value between `low` and `high`; `n` items behind it, None when that was not told."""

    value: float
    low: float
    high: float
    n: int | None = None

    @property
    def arms(self) -> tuple[list[float], list[float]]:
        """How far the interval reaches below and above the value, as error bars want it."""
        return [self.value - self.low], [self.high - self.value]


def number(given: object, what: str) -> float:
    """A finite number as a float; `what` names it in the CourseError about anything else."""
    try:
        value = float(given)
    except (TypeError, ValueError, OverflowError):
        raise CourseError(f"{what} is {given!r:.60}, but must be a number.") from None
    if isinstance(given, bool | str) or not math.isfinite(value):
        raise CourseError(f"{what} is {given!r:.60}, but must be a finite number.")
    return value


def share(given: object, what: str) -> float:
    """A number from 0 to 1; percent are refused with a word on how to write them."""
    value = number(given, what)
    if not 0 <= value <= 1:
        raise CourseError(f"{what} is {value:g}, but a share runs from 0 to 1: write 94 % as 0.94.")
    return value


def amount(given: object, what: str) -> float:
    """US dollars from 0 up, as a float."""
    value = number(given, what)
    if value < 0:
        raise CourseError(f"{what} is {value:g}, but must be at least 0 US dollars.")
    return value


def interval(given: object, what: str, *, check=number) -> Interval:
    """Value, low, high from such a triple, a mapping, or an object with these names.

    A bare number is refused: without its interval it would look surer than it is.
    """
    names = ("value", "low", "high")
    if isinstance(given, Mapping):
        parts = [given.get(name) for name in names]
        n = given.get("n")
    elif all(hasattr(given, name) for name in names):
        parts, n = [getattr(given, name) for name in names], getattr(given, "n", None)
    elif isinstance(given, tuple | list) and len(given) == 3:
        parts, n = list(given), None
    else:
        raise CourseError(f"{what} needs a value with its interval: (value, low, high).")
    checked = [check(part, f"{what}, {name},") for part, name in zip(parts, names, strict=True)]
    value, low, high = checked
    if not low <= value <= high:
        raise CourseError(f"{what} is {value:g}, outside its own interval {low:g} to {high:g}.")
    return Interval(value, low, high, None if n is None or n != n else int(n))


def named(given: object, what: str) -> dict[str, object]:
    """A mapping (or a Series) as a dict of texts, not empty."""
    if not hasattr(given, "items"):
        raise CourseError(f"{what} needs a mapping from names to figures, not {given!r:.40}.")
    found = {str(name): figure for name, figure in given.items()}
    if not found:
        raise CourseError(f"{what} was given nothing to draw.")
    return found


def frame(given: object, columns: Iterable[str], what: str) -> "DataFrame":
    """The given DataFrame (or a list of rows) with at least a row and all of the columns."""
    import pandas as pd

    try:
        table = given if isinstance(given, pd.DataFrame) else pd.DataFrame(given)
    except (TypeError, ValueError):
        raise CourseError(f"{what} needs a table, not {given!r:.40}.") from None
    missing = [column for column in columns if column not in table.columns]
    if missing and len(table.columns):
        there = ", ".join(map(str, table.columns))
        raise CourseError(f"{what} finds no column {', '.join(missing)}; there are {there}.")
    if table.empty:
        raise CourseError(f"{what} was given nothing to draw.")
    return table


def short(name: object, width: int = NAME_WIDTH, *, lines: int = 2) -> str:
    """A name in at most so many lines of `width` letters; what does not fit ends in …"""
    whole = " ".join(str(name).split())
    return "\n".join(textwrap.wrap(whole, width, max_lines=lines, placeholder="…")) or "(no name)"


def percent(value: float, digits: int = 1) -> str:
    """A share in percent: 0.9416 is "94.2 %"."""
    return f"{100 * value:.{digits}f} %"


def dollars(amount: object) -> str:
    """An amount to read, three figures below a dollar: $1,234.50, $0.0886, $0.000032."""
    value = float(amount)
    sign, value = ("-" if value < 0 else ""), abs(value)
    if value >= 1 or value == 0:
        return f"{sign}${value:,.2f}"
    places = max(2, 2 - math.floor(math.log10(value)))
    text = f"{value:.{places}f}".rstrip("0")
    return f"{sign}${text.ljust(text.index('.') + 3, '0')}"


def listed(words: Iterable[str]) -> str:
    """Words as a list to read: a, b and c."""
    *before, last = words
    return f"{', '.join(before)} and {last}" if before else last
