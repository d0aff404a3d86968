"""How likely chance alone makes the items that differ so uneven: McNemar's test and its kin."""

import math
from collections.abc import Sequence

import numpy as np

from course.evaluate.estimate import checked_count
from course.evaluate.shares import cluster_codes

_MOST_PARTS = 60


def mcnemar_p(gained: int, lost: int) -> float:
    """The p-value of McNemar's exact two-sided test: as for `gained` heads in that many tosses.

    >>> mcnemar_p(8, 0)  # 2 in 2^8
    0.0078125
    """
    from statsmodels.stats.contingency_tables import mcnemar

    gained, lost = checked_count(gained, "gained"), checked_count(lost, "lost")
    if not gained + lost:
        return 1.0
    return min(1.0, float(mcnemar([[0, lost], [gained, 0]], exact=True).pvalue))


def sign_flip_p(changes: Sequence[float], clusters: Sequence | None = None) -> float:
    """How often the sum of changes is as far from 0, or farther, when each sign is tossed.

    Items of one cluster are tossed together. It is exact: all ways to toss are counted. With
    single items of −1, 0 and 1 it is McNemar's exact test.
    """
    changes = _whole(np.asarray(changes, dtype=float))
    codes = cluster_codes(clusters, len(changes))
    sums = changes if codes is None else np.bincount(codes, weights=changes)
    sizes, counts = np.unique(np.abs(sums[sums != 0]).round().astype(int), return_counts=True)
    if not len(sizes):
        return 1.0
    unit = int(np.gcd.reduce(sizes))
    chances, seen = _chances(sizes // unit, counts), abs(round(changes.sum() / unit))
    middle = len(chances) // 2
    return min(1.0, 2 * float(chances[middle + seen :].sum())) if seen else 1.0


def p_text(p_value: float) -> str:
    """For reading: "= 0.031", or "< 0.0001"."""
    return "< 0.0001" if p_value < 0.0001 else f"= {p_value:.2g}"


def _whole(changes: np.ndarray) -> np.ndarray:
    """The changes in the largest part of which all are whole multiples, such as thirds."""
    for parts in range(1, _MOST_PARTS + 1):
        if np.allclose(changes * parts, np.round(changes * parts), atol=1e-9):
            return np.round(changes * parts)
    return np.round(changes * 1000)


def _chances(sizes: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The chance of each sum, from the smallest to the largest, of so many ± of each size."""
    from scipy.stats import binom

    chances = np.ones(1)
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        steps = np.zeros(2 * size * count + 1)
        steps[:: 2 * size] = binom.pmf(np.arange(count + 1), count, 0.5)
        chances = np.convolve(chances, steps)
    assert math.isclose(chances.sum(), 1, abs_tol=1e-6)
    return chances
