"""Bootstrap intervals of a class's figures, and a test of whether variants differ. Pure.

The bootstrap draws whole students with replacement, `RESAMPLES` times from a fixed seed, so that
the same answers give the same interval. Intervals are bias-corrected and accelerated (BCa;
Efron, 1987); they hold 95 % and say how far chance in who took the quiz can carry a figure.
"""

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np

RESAMPLES = 2_000
DRAWS = 10_000
SEED = 20_260_301
_LEVEL = 0.95
_MOST_UNDEFINED = 0.05
_NORMAL = NormalDist()

Statistic = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From weights (a row a resample: how often each student is in it) and data (a row a student) to
a number a resample; NaN where the resample has none."""


def means(weights: np.ndarray, data: np.ndarray) -> np.ndarray:
    """The mean of the first column."""
    return weights @ data[:, 0] / weights.sum(axis=1)


def correlations(weights: np.ndarray, data: np.ndarray) -> np.ndarray:
    """Pearson's correlation of two columns."""
    x, y = (data - data.mean(axis=0)).T  # near 0, so that little is lost to rounding
    size = weights.sum(axis=1)
    mean_x, mean_y = weights @ x / size, weights @ y / size
    covariance = weights @ (x * y) / size - mean_x * mean_y
    variance_x = weights @ (x * x) / size - mean_x**2
    variance_y = weights @ (y * y) / size - mean_y**2
    return _divided(covariance, np.sqrt(_no_noise(variance_x) * _no_noise(variance_y)))


def alphas(weights: np.ndarray, data: np.ndarray) -> np.ndarray:
    """Cronbach's alpha, k/(k−1) · (1 − Σ variance of item / variance of the sum); an item a column.

    On items worth 0 or their points it is KR-20.
    """
    data = data - data.mean(axis=0)
    items, total = _variances(weights, data), _variances(weights, data.sum(axis=1)[:, None])[:, 0]
    count = data.shape[1]
    return count / (count - 1) * (1 - _divided(items.sum(axis=1), _no_noise(total)))


def _variances(weights: np.ndarray, data: np.ndarray) -> np.ndarray:
    size = weights.sum(axis=1)[:, None]
    return weights @ data**2 / size - (weights @ data / size) ** 2


def _no_noise(variance: np.ndarray) -> np.ndarray:
    """A variance that is only rounding counts as none."""
    return np.where(variance > 1e-12, variance, 0.0)


def _divided(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    return np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)


def bca(statistic: Statistic, data: np.ndarray) -> tuple[float | None, float | None]:
    """The ends of the 95 % interval; (None, None) where too many resamples have no figure."""
    students = len(data)
    estimate = statistic(np.ones((1, students)), data)[0]
    drawn = statistic(_resamples(students), data)
    kept = drawn[np.isfinite(drawn)]
    if not math.isfinite(estimate) or len(kept) < (1 - _MOST_UNDEFINED) * len(drawn):
        return None, None
    left_out = statistic(np.ones((students, students)) - np.eye(students), data)
    low, high = _levels(estimate, kept, left_out[np.isfinite(left_out)])
    ends = sorted(np.quantile(kept, [low, high]).tolist())
    return ends[0], ends[1]


@lru_cache(maxsize=4)
def _resamples(students: int) -> np.ndarray:
    generator = np.random.default_rng(SEED)
    drawn = generator.multinomial(students, np.full(students, 1 / students), size=RESAMPLES)
    return drawn.astype(float)


def _levels(estimate: float, drawn: np.ndarray, left_out: np.ndarray) -> tuple[float, float]:
    """Which quantiles of the resamples to take: Efron and Tibshirani, 1993, section 14.3."""
    below = (np.sum(drawn < estimate) + np.sum(drawn <= estimate)) / (2 * len(drawn))
    tail = (1 - _LEVEL) / 2
    if not 0 < below < 1:
        return tail, 1 - tail
    bias, acceleration = _NORMAL.inv_cdf(float(below)), _acceleration(left_out)

    def level(part: float) -> float:
        reach = bias + _NORMAL.inv_cdf(part)
        return _NORMAL.cdf(bias + reach / (1 - acceleration * reach))

    return level(tail), level(1 - tail)


def _acceleration(left_out: np.ndarray) -> float:
    away = left_out.mean() - left_out
    spread = float(np.sum(away**2))
    return float(np.sum(away**3)) / (6 * spread**1.5) if spread > 0 else 0.0


def differ_by_chance(right: Sequence[int], n: Sequence[int]) -> float | None:
    """How likely groups of these sizes differ by χ² at least so much if none is harder.

    The chance is drawn (`DRAWS` times, seeded), with the sizes and the sum of right answers kept:
    a table of χ² would need five expected answers in each cell. None where all or none are right.
    """
    sizes, total = np.array(n), sum(right)
    if not 0 < total < sizes.sum():
        return None
    generator = np.random.default_rng(SEED)
    drawn = generator.multivariate_hypergeometric(sizes, total, size=DRAWS)
    expected = sizes * total / sizes.sum()
    seen = _chi_squared(np.array([right]), expected, sizes)[0]
    as_far = np.sum(_chi_squared(drawn, expected, sizes) >= seen - 1e-9)
    return float((1 + as_far) / (1 + DRAWS))


def _chi_squared(right: np.ndarray, expected: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    apart = (right - expected) ** 2
    return np.sum(apart / expected + apart / (sizes - expected), axis=1)
