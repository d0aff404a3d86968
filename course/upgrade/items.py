"""How many items it takes to settle what is unclear: 80 % power, if the estimates are the truth."""

import math
from statistics import NormalDist

from course.evaluate import Estimate

POWER = 0.8
FEWEST = 30
"""Fewer items than this are never advised: an estimate from a handful plans nothing."""
FEW = 200
"""From fewer items than this, a plan that needs very many is not believed."""
MOST = 100_000
"""ASSUMPTION: nobody labels more items than this to choose between two models."""


def to_settle_mean(estimate: Estimate, bound: float = 0.0) -> int | None:
    """Items in all until the interval of a mean is likely to leave out `bound`; None if never.

    An interval shrinks as 1/√n, and for 80 % power the estimate has to be (z₉₇.₅ + z₈₀) standard
    errors away from the bound, so n · ((1 + z₈₀/z₉₇.₅) · reach / distance)², where the reach is
    that of today's interval on the side of the bound.
    """
    away = estimate.value - bound
    reach = estimate.value - estimate.low if away > 0 else estimate.high - estimate.value
    if away == 0 or not math.isfinite(reach):
        return None
    sure, power = _z((1 + estimate.confidence) / 2), _z(POWER)
    return _whole(estimate.n * ((1 + power / sure) * reach / away) ** 2, estimate.n)


def to_settle_share(share: float, bound: float, n: int, confidence: float) -> int | None:
    """Items in all until a share's interval is likely to leave out `bound`; None if never.

    The sample size of a test of one proportion: the standard error under the bound for the test,
    that under the share for the power (Fleiss, Levin and Paik, 2003, section 2.4).
    """
    if share == bound or not 0 < bound < 1:
        return None
    sure, power = _z((1 + confidence) / 2), _z(POWER)
    spread = sure * math.sqrt(bound * (1 - bound)) + power * math.sqrt(share * (1 - share))
    return _whole((spread / (share - bound)) ** 2, n)


def _z(part: float) -> float:
    return NormalDist().inv_cdf(part)


def _whole(items: float, n: int) -> int | None:
    """Rounded up; at least twice those there are, with which the question is still open.

    Where normal intervals hold, the formula alone gives 2.04 times as many or more.
    """
    return max(math.ceil(items), FEWEST, 2 * n) if math.isfinite(items) else None
