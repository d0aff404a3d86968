"""How many items it takes: for a share to a given precision, for a difference to be seen."""

import math

import numpy as np

from course.errors import CourseError
from course.evaluate.estimate import checked_confidence, checked_count
from course.evaluate.intervals import z_value

_MOST = 10_000_000


def items_for_half_width(half_width: float, *, share: float = 0.5, confidence: float = 0.95) -> int:
    """How many items so that Wilson's interval reaches at most `half_width` to each side.

    `share` is the share of right answers that is expected; one half needs the most items.

    >>> items_for_half_width(0.05)  # 1.96² / (4 · 0.05²) − 1.96² = 380.3
    381
    """
    _between(half_width, "half_width", 0, 0.5)
    if not 0 <= share <= 1:
        raise CourseError(f"share is a number from 0 to 1; got {share}.")
    z = z_value(confidence)

    def wide(n: int) -> float:
        return z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)

    return _smallest(lambda n: wide(n) <= half_width, what="half_width")


def sample_size(
    difference: float, discordant: float, *, power: float = 0.8, confidence: float = 0.95
) -> int:
    """How many items, asked of both models, so that `compare` sees a difference this large.

    `difference`: how much more often one is right, such as 0.02; `discordant`: the share of items
    that just one of them gets right, at least the difference (a small trial tells it). `power` is
    the chance that McNemar's exact test then finds p ≤ 1 − confidence. About Connor's number
    (`connor_size`), and somewhat above it, since the exact test is more careful.

    >>> sample_size(0.02, 0.04)
    843
    """
    _checked_shares(difference, discordant)
    _between(power, "power", 0, 1)
    start = connor_size(difference, discordant, power=power, confidence=confidence)
    wanted = {"difference": difference, "discordant": discordant, "confidence": confidence}
    return _smallest(lambda n: _power(n=n, **wanted) >= power, what="difference", at=start)


def power(difference: float, discordant: float, *, n: int, confidence: float = 0.95) -> float:
    """The power of McNemar's exact two-sided test on n items: the chance that it finds p ≤ α.

    Worked out over all numbers of items that may differ (binomial), not approximated.
    """
    _checked_shares(difference, discordant)
    if not checked_count(n, "n"):
        raise CourseError("No items see nothing; n is at least 1.")
    checked_confidence(confidence)
    return _power(difference, discordant, n=int(n), confidence=confidence)


def _power(difference: float, discordant: float, *, n: int, confidence: float) -> float:
    from scipy.stats import binom

    alpha = 1 - confidence
    spread = 12 * math.sqrt(n * discordant * (1 - discordant)) + 12
    least, most = max(0, int(n * discordant - spread)), min(n, int(n * discordant + spread))
    differ = np.arange(least, most + 1)
    few = binom.ppf(alpha / 2, differ, 0.5)  # the most that the rarer side may have
    few = np.where(2 * binom.cdf(few, differ, 0.5) <= alpha, few, few - 1)
    better = min(1.0, (discordant + abs(difference)) / (2 * discordant))
    seen = binom.cdf(few, differ, better) + binom.cdf(few, differ, 1 - better)
    return float(np.sum(binom.pmf(differ, n, discordant) * seen))


def connor_size(
    difference: float, discordant: float, *, power: float = 0.8, confidence: float = 0.95
) -> int:
    """Connor's approximate number of items for McNemar's test (Biometrics 43, 1987, 207–211).

    n = (z_α · √p + z_β · √(p − d²))² / d² with p discordant and d the difference.
    """
    _checked_shares(difference, discordant)
    _between(power, "power", 0, 1)
    z, z_power = z_value(confidence), z_value(abs(2 * power - 1)) if power != 0.5 else 0.0
    z_power = math.copysign(z_power, power - 0.5)
    root = z * math.sqrt(discordant) + z_power * math.sqrt(discordant - difference**2)
    return max(1, math.ceil((root / difference) ** 2 - 1e-9))


def _smallest(enough, *, what: str, at: int = 1) -> int:
    """The smallest number from which on it is enough, looking near `at` first."""
    high = max(1, at)
    while high <= _MOST and not enough(high):
        high *= 2
    if high > _MOST:
        raise CourseError(f"More than {_MOST:,} items are needed for this {what}.")
    low = 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _checked_shares(difference: float, discordant: float) -> None:
    if not 0 < discordant <= 1:
        raise CourseError(f"discordant is a share of items from 0 to 1; got {discordant}.")
    if not 0 < abs(difference) <= discordant + 1e-12:
        raise CourseError(
            f"difference is not 0 and at most the share of discordant items, {discordant:g}; "
            f"got {difference}."
        )


def _between(number: float, what: str, low: float, high: float) -> None:
    if not low < number < high:
        raise CourseError(f"{what} lies between {low} and {high}; got {number}.")
