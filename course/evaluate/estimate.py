"""A figure that was estimated from a sample: never shown without its interval and its n."""

import math
from dataclasses import dataclass
from numbers import Integral, Real

from course.errors import CourseError

_FEW = 20
UNITS = ("share", "points", "USD", "")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, the interval [low, high] around it, and the n items it was estimated from.

    `unit` says how it is shown: "share" (0 to 1, shown in percent), "points" (a difference of
    shares, shown in percentage points), "USD", or "" for a plain number. `method` names how the
    interval was found, `confidence` how much it holds. `clusters`: in how many documents the
    items came, None when each stood alone. A value that does not exist is NaN, an open end
    ±infinity; `note` then says why.

    >>> Estimate(0.75, 0.55, 0.88, n=24, method="Wilson", unit="share")
    75.0 % (95 % interval 55.0 to 88.0, n = 24; Wilson)
    """

    value: float
    low: float
    high: float
    n: int
    method: str
    unit: str = ""
    confidence: float = 0.95
    clusters: int | None = None
    note: str = ""

    @property
    def half_width(self) -> float:
        """Half of the interval's width, in the unit of the value."""
        return (self.high - self.low) / 2

    def __str__(self) -> str:
        """Short, for a cell of a table: 94.2 % (92.8 to 95.3)."""
        value, low, high = self._numbers()
        return f"{value} ({low} to {high})"

    def __repr__(self) -> str:
        value, low, high = self._numbers()
        items = f"n = {self.n:,}"
        if self.clusters is not None:
            items += f" in {self.clusters:,} cluster{'' if self.clusters == 1 else 's'}"
        told = f"{percent(self.confidence)} interval {low} to {high}, {items}; {self.method}"
        return f"{value} ({told})" + (f": {self.note}" if self.note else "")

    def _numbers(self) -> tuple[str, str, str]:
        """Value, low and high as text, with two figures of the interval's half width."""
        factor = 100 if self.unit in ("share", "points") else 1
        value, low, high = (factor * number for number in (self.value, self.low, self.high))
        digits = _decimals(value, low, high)
        if factor == 100 and self.n > _FEW:
            digits = max(1, digits)  # so that a difference shown is that of the shares shown
        shown = [_shown(number, self.unit, digits) for number in (value, low, high)]
        after = {"share": " %", "points": " points"}.get(self.unit, "")
        return shown[0] + (after if math.isfinite(value) else ""), shown[1], shown[2]


def percent(share: float) -> str:
    """A share in percent without needless zeros: 0.95 is "95 %"."""
    return f"{100 * share:.6g} %"


def _decimals(value: float, low: float, high: float) -> int:
    """So many that the longer arm of the interval shows two figures."""
    arms = [abs(end - value) for end in (low, high)]
    finite = [abs(number) for number in (value, low, high) if math.isfinite(number)]
    size = max((arm for arm in arms if math.isfinite(arm)), default=0.0) or max(finite, default=0.0)
    return min(12, max(0, 1 - math.floor(math.log10(size)))) if size else 2


def _shown(number: float, unit: str, digits: int) -> str:
    if math.isnan(number):
        return "undefined"
    if math.isinf(number):
        return "infinite" if number > 0 else "-infinite"
    if unit == "USD":
        return f"{'-' if number < 0 else ''}${abs(number):,.{digits}f}"
    text = f"{number:+,.{digits}f}" if unit == "points" else f"{number:,.{digits}f}"
    return text if float(text.replace(",", "")) else f"{0:.{digits}f}"


def checked_confidence(confidence: float) -> float:
    """The confidence as a float between 0 and 1; a CourseError says what is wrong with others."""
    if isinstance(confidence, bool) or not isinstance(confidence, Real) or not 0 < confidence < 1:
        raise CourseError(f"confidence is a share between 0 and 1, such as 0.95; got {confidence}.")
    return float(confidence)


def checked_count(count: int, what: str) -> int:
    """A whole number from 0 up; `what` names it in the CourseError about anything else."""
    whole = isinstance(count, Integral) or (isinstance(count, Real) and float(count).is_integer())
    if isinstance(count, bool) or not whole or count < 0:
        raise CourseError(f"{what} is a whole number from 0 up; got {count!r}.")
    return int(count)
