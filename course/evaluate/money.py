"""What an item costs, and what a right answer costs, with intervals."""

import math
from collections.abc import Sequence

import numpy as np

from course.errors import CourseError
from course.evaluate.estimate import Estimate, checked_confidence
from course.evaluate.shares import cluster_codes, reach, robust_variance, share


def cost_per_item(
    costs: Sequence[float], clusters: Sequence | None = None, *, confidence: float = 0.95
) -> Estimate:
    """The mean of `costs` (US dollars) with Student's interval, cluster-robust where items cluster.

    Where a cost is unknown (NaN), or there is one item only, the interval is open and says so.
    """
    costs, codes = _numbers(costs), cluster_codes(clusters, len(costs))
    codes = np.arange(len(costs)) if codes is None else codes
    many = int(codes.max()) + 1
    about = {"unit": "USD", "confidence": checked_confidence(confidence)}
    about["clusters"] = many if many < len(costs) else None
    if unknown := int(np.isnan(costs).sum()):
        note = f"the cost of {unknown:,} of {len(costs):,} answers is unknown"
        return Estimate(math.nan, 0.0, math.inf, len(costs), "none", note=note, **about)
    value = float(costs.mean())
    if many == 1:
        note = "one item says nothing about others"
        return Estimate(value, 0.0, math.inf, len(costs), "none", note=note, **about)
    wide = reach(many, confidence) * math.sqrt(robust_variance(costs - value, codes))
    low = max(0.0, value - wide)
    return Estimate(value, low, value + wide, len(costs), "Student's t", **about)


def cost_per_correct(
    costs: Sequence[float],
    right: Sequence[bool],
    clusters: Sequence | None = None,
    *,
    confidence: float = 0.95,
) -> Estimate:
    """All costs over the number of right answers, in US dollars for a right answer.

    The interval puts together those of the cost of an item and of the share that is right, with
    their correlation (MOVER: Donner and Zou, Statistical Methods in Medical Research 21, 2012).
    Infinite when no answer is right; then only the low end of the interval is a number.
    """
    costs, right = _numbers(costs), np.asarray(right, dtype=float)
    if len(costs) != len(right):
        raise CourseError(f"There are {len(costs)} costs for {len(right)} answers.")
    each = cost_per_item(costs, clusters, confidence=confidence)
    rate = share(right, clusters, confidence=confidence)
    about = {"unit": "USD", "confidence": confidence, "clusters": each.clusters, "note": each.note}
    if math.isnan(each.value):
        return Estimate(math.nan, 0.0, math.inf, len(costs), "none", **about)
    if not rate.value:
        about["note"] = f"none of the {len(right):,} answers is right"
        return Estimate(math.inf, each.low / rate.high, math.inf, len(costs), "MOVER", **about)
    if each.high == math.inf:
        return Estimate(each.value / rate.value, 0.0, math.inf, len(costs), "none", **about)
    low, high = ratio_ends(each, rate, correlation=_correlation(costs, right))
    return Estimate(each.value / rate.value, low, high, len(costs), "MOVER, ratio", **about)


def ratio_ends(above: Estimate, below: Estimate, *, correlation: float) -> tuple[float, float]:
    """The ends of the interval of above / below, both from 0 up; the upper may be infinite."""
    x, y = above.value, below.value
    product = x * y
    shared = correlation * (x - above.low) * (below.high - y)
    low = _root(product - shared, above.low, below.high, x, y, -1)
    shared = correlation * (above.high - x) * (y - below.low)
    high = _root(product - shared, above.high, below.low, x, y, +1) if below.low > 0 else math.inf
    return max(0.0, min(low, x / y)), max(high, x / y)


def _root(product: float, end: float, other: float, x: float, y: float, sign: int) -> float:
    """An end of the ratio's interval, from the ends of the two that carry it there."""
    first, second = end * (2 * x - end), other * (2 * y - other)
    within = math.sqrt(max(0.0, product**2 - first * second))
    if sign > 0:
        return (product + within) / second if second > 0 else math.inf
    return first / (product + within) if product + within > 0 else 0.0


def _correlation(costs: np.ndarray, right: np.ndarray) -> float:
    if not (np.ptp(costs) and np.ptp(right)):
        return 0.0
    return float(np.corrcoef(costs, right)[0, 1])


def _numbers(costs: Sequence[float]) -> np.ndarray:
    try:
        read = np.asarray([math.nan if cost is None else float(cost) for cost in costs])
    except (TypeError, ValueError):
        raise CourseError("Costs are numbers of US dollars, None where unknown.") from None
    if not len(read):
        raise CourseError("The cost of no items does not exist; give at least one item.")
    if (read < 0).any() or np.isinf(read).any():
        raise CourseError("Costs are finite numbers of US dollars from 0 up.")
    return read
