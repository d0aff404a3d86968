"""Percentiles with intervals that assume no shape of the times, only that they were drawn alike.

p95 is the time that 95 of 100 calls keep within. Here it is found by linear interpolation
between the two nearest of the sorted times (numpy's "linear", the default of pandas, R's type 7);
the *nearest rank*, easier by hand, takes the next time above instead: of ten times its p95 is the
longest. The two differ by at most the gap between two neighbouring times.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from course.errors import CourseError


class Figure(NamedTuple):
    """A figure with the ends of its interval, in how many values it rests on, and what to know.

    `value` is NaN where there is none; `low` and `high` are NaN where no end is known, and
    `high` is infinite where the values are too few to bound it.
    """

    value: float
    low: float
    high: float
    n: int
    note: str = ""


NOTHING = Figure(math.nan, math.nan, math.nan, 0)


def checked_confidence(confidence: float) -> float:
    """The confidence as a float between 0 and 1, or a CourseError."""
    if not isinstance(confidence, int | float) or not 0 < confidence < 1:
        raise CourseError(f"confidence is a share between 0 and 1, such as 0.95; not {confidence}.")
    return float(confidence)


def finite(values: Sequence[float]) -> np.ndarray:
    """The values as an array of floats, those that are NaN or infinite left out."""
    numbers = np.asarray(values, dtype=float).ravel()
    return numbers[np.isfinite(numbers)]


def needed(p: float, *, confidence: float = 0.95) -> int:
    """How many values it takes until the `p` quantile (0 < p < 1) has both ends of its interval.

    With n values the upper end is open while the chance p**n that all lie below the quantile is
    above half of what `confidence` leaves over.

    >>> needed(0.5), needed(0.95), needed(0.99)
    (6, 72, 368)
    """
    return math.ceil(math.log((1 - confidence) / 2) / math.log(max(p, 1 - p)))


def percentile(values: Sequence[float], p: float, *, confidence: float = 0.95) -> Figure:
    """The `p` quantile (0 < p < 1) of durations, and its interval from two of the sorted values.

    Which two is decided by the binomial distribution (order statistics; Conover, Practical
    Nonparametric Statistics, 3rd edition, section 3.2, as scipy.stats.quantile_test does it), so
    nothing is assumed of the shape. It does assume that the values are independent of each other;
    the calls of one run share a server, and where slow ones come in bunches the interval is
    too narrow: run again at another hour to see. Too few values: `high` is infinite, `low` 0.

    >>> percentile([1, 2, 3, 4, 5, 6], 0.5)[:4]
    (3.5, 1.0, 6.0, 6)
    """
    known = finite(values)
    if not known.size:
        return NOTHING
    from scipy.stats import quantile_test

    # An interval for a quantile does not depend on the hypothesis that the test is for.
    ends = quantile_test(known, q=0.0, p=p).confidence_interval(confidence)
    value = float(np.quantile(known, p))
    # The greater of two values bounds p99 from below, but what is interpolated is lower still.
    low, high = float(np.minimum(ends.low, value)), float(np.maximum(ends.high, value))
    return _with_open_ends(value, low, high, known.size, p, confidence)


def percentile_of_gaps(
    groups: Sequence[Sequence[float]], p: float, *, confidence: float = 0.95
) -> Figure:
    """The `p` quantile of all gaps, whose interval knows that those of one call are alike.

    `groups` holds the gaps of each call. The gaps of a stream are no independent draws: a call on
    a busy server has many long ones. So the interval is that of the share of gaps below the value,
    with the calls as clusters, turned back into seconds (Woodruff, JASA 47 (1952) 635-646; the
    variance of a ratio over clusters as in Cochran, Sampling Techniques, 3rd edition, chapter 6).
    With fewer than two calls both ends are open.
    """
    kept = [group for group in map(finite, groups) if group.size]
    if not kept:
        return NOTHING
    gaps = np.concatenate(kept)
    value = float(np.quantile(gaps, p))
    low = high = math.nan
    if len(kept) > 1:
        half = _half_width_of_share(kept, value, p, confidence=confidence)
        low = float(np.quantile(gaps, p - half)) if p > half else math.nan
        high = float(np.quantile(gaps, p + half)) if p + half < 1 else math.nan
    figure = _with_open_ends(value, low, high, gaps.size, p, confidence, of="gaps")
    return figure._replace(note=f"{figure.note}; calls: {len(kept)}".lstrip("; "))


def _half_width_of_share(
    groups: Sequence[np.ndarray], value: float, p: float, *, confidence: float
) -> float:
    """Half the interval's width of the share of gaps up to `value`, each group drawn as a whole."""
    from scipy.stats import t

    sizes = np.array([group.size for group in groups])
    below = np.array([np.count_nonzero(group <= value) for group in groups])
    off = below - p * sizes
    calls = len(groups)
    error = math.sqrt(calls / (calls - 1) * np.sum((off - off.mean()) ** 2)) / sizes.sum()
    # Never surer than of as many independent gaps: that equal calls were seen is partly luck.
    error = max(error, math.sqrt(p * (1 - p) / sizes.sum()))
    return float(t.ppf((1 + confidence) / 2, calls - 1) * error)


def _with_open_ends(
    value: float, low: float, high: float, n: int, p: float, confidence: float, of: str = "calls"
) -> Figure:
    """The figure with 0 and infinity for ends that are not known, and a note that says so."""
    if not math.isnan(high):
        return Figure(value, 0.0 if math.isnan(low) else low, high, n)
    least = needed(p, confidence=confidence)
    note = f"too few {of} for an upper end"
    note += f": it takes {least}" if n < least else ""
    return Figure(value, 0.0 if math.isnan(low) else low, math.inf, n, note)
