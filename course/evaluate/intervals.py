"""Intervals for a share of right answers, and for the difference of two on the same items."""

import math
from statistics import NormalDist

from course.errors import CourseError
from course.evaluate.estimate import Estimate, checked_confidence, checked_count

WALD_FROM = 25
"""From this many discordant items on a paired difference gets Wald's interval, else Tango's."""

_OTHERS_FROM = 10


def z_value(confidence: float) -> float:
    """How many standard errors a normal interval of this confidence reaches: 0.95 gives 1.96."""
    return NormalDist().inv_cdf((1 + checked_confidence(confidence)) / 2)


def wilson(correct: int, n: int, *, confidence: float = 0.95) -> Estimate:
    """The share of `correct` among n items, with Wilson's score interval (Wilson, 1927).

    It stays within 0 and 1 and has a width even when all or none are right. It takes items as
    drawn one by one; `clusters.clustered_share` is for several items of one document.

    >>> wilson(7, 10)
    70 % (95 % interval 40 to 89, n = 10; Wilson)
    """
    from statsmodels.stats.proportion import proportion_confint

    correct, n = checked_count(correct, "correct"), checked_count(n, "n")
    confidence = checked_confidence(confidence)
    if not n:
        raise CourseError("A share of no items does not exist; give at least one item.")
    if correct > n:
        raise CourseError(f"{correct} right answers among {n} items cannot be; check both counts.")
    value = correct / n
    low, high = proportion_confint(correct, n, alpha=1 - confidence, method="wilson")
    return Estimate(
        value,
        max(0.0, min(float(low), value)),
        min(1.0, max(float(high), value)),
        n,
        "Wilson",
        unit="share",
        confidence=confidence,
    )


def paired_interval(gained: int, lost: int, n: int, *, confidence: float = 0.95) -> Estimate:
    """The difference of two shares of right answers on the same n items: (gained − lost) / n.

    `gained` items are right with the second only, `lost` with the first only. From 25 of them on
    the interval is Wald's, difference ± z · √(gained + lost − (gained − lost)²/n) / n; below that,
    or where all but a few items are gained (or lost), the score interval of Tango (Statistics in
    Medicine 17, 1998, 891–908), which has a width even when no item differs.

    >>> paired_interval(40, 14, 1319)
    +2.0 points (95 % interval +0.9 to +3.1, n = 1,319; Wald, paired)
    """
    gained, lost = checked_count(gained, "gained"), checked_count(lost, "lost")
    n, confidence = checked_count(n, "n"), checked_confidence(confidence)
    if not n:
        raise CourseError("A difference on no items does not exist; give at least one item.")
    if gained + lost > n:
        raise CourseError(f"{gained} gained and {lost} lost are more than the {n} items.")
    value, z = (gained - lost) / n, z_value(confidence)
    low, high, method = paired_ends(gained, lost, n, z)
    return Estimate(value, low, high, n, f"{method}, paired", unit="points", confidence=confidence)


def paired_ends(gained: float, lost: float, n: float, z: float) -> tuple[float, float, str]:
    """The interval's ends and the method's name; the counts may be fractions."""
    if gained + lost < WALD_FROM or n - abs(gained - lost) < _OTHERS_FROM:
        return *score_ends(gained, lost, n, z), "Tango's score"
    value, reach = (gained - lost) / n, z * paired_error(gained, lost, n)
    return max(-1.0, value - reach), min(1.0, value + reach), "Wald"


def paired_error(gained: float, lost: float, n: float) -> float:
    """The standard error of (gained − lost) / n, from the sample's own proportions."""
    return math.sqrt(max(0.0, gained + lost - (gained - lost) ** 2 / n)) / n


def score_ends(gained: float, lost: float, n: float, z: float) -> tuple[float, float]:
    """All differences that a score test on the discordant items does not reject."""
    from scipy.optimize import brentq

    if not gained + lost:  # the root in closed form, where the equation below is 0 at 0 too
        return -(z**2) / (n + z**2), z**2 / (n + z**2)

    def beyond(difference: float) -> float:
        away = gained - lost - n * difference
        return away**2 - z**2 * _score_variance(gained, lost, n, difference)

    value = (gained - lost) / n
    low = brentq(beyond, -1, value, xtol=1e-14, rtol=1e-14) if value > -1 else -1.0
    high = brentq(beyond, value, 1, xtol=1e-14, rtol=1e-14) if value < 1 else 1.0
    if abs(value) == 1:  # all items alike: the open end's equation is 0 at the value too
        other = value * (n - z**2) / (n + z**2)
        low, high = (other, 1.0) if value > 0 else (-1.0, other)
    return low, high


def _score_variance(gained: float, lost: float, n: float, difference: float) -> float:
    """n · (2q + d(1−d)): q is the likeliest share of lost items if d were the true difference."""
    b = -gained - lost + (2 * n - gained + lost) * difference
    c = -lost * difference * (1 - difference)
    q = (math.sqrt(max(0.0, b**2 - 8 * n * c)) - b) / (4 * n)
    return n * (2 * q + difference * (1 - difference))
