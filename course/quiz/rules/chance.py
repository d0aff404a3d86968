"""How likely a count is by chance alone: exact sums, no tables and no package."""

import math
from collections.abc import Iterable, Sequence


def hit(options: int, keys: int, top: int) -> float:
    """The chance that at least one of `keys` keys, put at random, falls on `top` options.

    >>> hit(4, 1, 1)
    0.25
    """
    return 1 - math.comb(options - top, keys) / math.comb(options, keys)


def at_least(hits: int, odds: Iterable[float]) -> float:
    """The chance of `hits` or more in trials with these odds (binomial, if they are all alike).

    >>> round(at_least(8, [0.25] * 15), 4)
    0.0173
    """
    spread = [1.0]
    for odd in odds:
        missed = [share * (1 - odd) for share in spread] + [0.0]
        spread = [
            one + two for one, two in zip(missed, [0.0] + [s * odd for s in spread], strict=True)
        ]
    return math.fsum(spread[hits:])


def even(counts: Sequence[float], expected: Sequence[float]) -> float:
    """The p of Pearson's χ² test that counts differ from what is expected by chance alone."""
    statistic = sum(
        (count - mean) ** 2 / mean for count, mean in zip(counts, expected, strict=True) if mean
    )
    return chi_squared(statistic, freedom=len(counts) - 1)


def chi_squared(statistic: float, *, freedom: int) -> float:
    """The chance that χ² with so many degrees of freedom is at least the statistic.

    By the recurrence of the incomplete gamma function (Abramowitz and Stegun 26.4.4, 26.4.5).

    >>> round(chi_squared(7.815, freedom=3), 3)
    0.05
    """
    if freedom < 1:
        return 1.0
    half = statistic / 2
    chance = math.exp(-half) if freedom % 2 == 0 else math.erfc(math.sqrt(half))
    for degrees in range(2 - freedom % 2, freedom, 2):
        chance += half ** (degrees / 2) * math.exp(-half) / math.gamma(degrees / 2 + 1)
    return chance
