"""Two ways to answer the same items: how their accuracy and their cost differ."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from course.evaluate import Estimate, paired_interval
from course.evaluate.intervals import z_value
from course.upgrade.breakeven import Balance
from course.upgrade.table import Answers

MCNEMAR, SIGN_FLIP = "McNemar's exact", "exact sign-flip"


@dataclass(frozen=True, slots=True)
class Paired:
    """What going over from one to another changes on n items, with 1 right by chance or not.

    `gained` items are right with the second only, `lost` with the first only; `p_value` is that
    of `test`: McNemar's exact test, over clusters an exact sign-flip test, which turns whole
    clusters over.
    """

    balance: Balance
    gained: int
    lost: int
    p_value: float
    test: str = MCNEMAR

    @property
    def n(self) -> int:
        return self.balance.accuracy.n

    def planned(self, worth_usd: float) -> Estimate:
        """The net benefit with an interval that shrinks as 1/√n, to plan how many items it takes.

        A score interval of few discordant items shrinks faster. In its place: the normal one
        with half an item added to each of the four counts (Agresti and Min, 2005).
        """
        gain = self.balance.accuracy
        if gain.clusters is not None or not gain.method.startswith("Tango"):
            return self.balance.net_benefit(worth_usd)
        gained, lost, n = self.gained + 0.5, self.lost + 0.5, gain.n + 2
        error = math.sqrt((gained + lost - (gained - lost) ** 2 / n) / n / gain.n)
        wide = z_value(gain.confidence) * error
        accuracy = replace(gain, low=gain.value - wide, high=gain.value + wide)
        return replace(self.balance, accuracy=accuracy).net_benefit(worth_usd)


def pair(
    first: Answers, second: Answers, clusters: np.ndarray | None = None, *, confidence: float
) -> Paired:
    """Compare two answers to the same items, item by item; `clusters` are numbers from 0."""
    from course.evaluate.shares import difference
    from course.evaluate.signs import mcnemar_p, sign_flip_p

    changes = second.correct.astype(int) - first.correct.astype(int)
    dearer = second.cost_usd - first.cost_usd
    gained, lost = int((changes > 0).sum()), int((changes < 0).sum())
    if clusters is None:
        gain = paired_interval(gained, lost, len(changes), confidence=confidence)
        p_value = mcnemar_p(gained, lost)
    else:
        gain = difference(changes, clusters, confidence=confidence)
        p_value = sign_flip_p(changes, clusters)
    cost = mean_interval(dearer, clusters, confidence=confidence)
    return Paired(
        balance=Balance(gain, cost, _correlation(changes, dearer, clusters)),
        gained=gained,
        lost=lost,
        p_value=float(p_value),
        test=MCNEMAR if clusters is None else SIGN_FLIP,
    )


def mean_interval(
    values: np.ndarray, clusters: np.ndarray | None = None, *, confidence: float
) -> Estimate:
    """The mean of dollars an item with Student's t interval; open at both ends for one alone."""
    from course.evaluate.shares import reach

    sums = _residual_sums(values, clusters)
    many, n, value = len(sums), len(values), float(np.mean(values))
    wide = math.inf
    if many > 1:
        error = math.sqrt(many / (many - 1) * float(np.sum(sums**2))) / n
        wide = reach(many, confidence) * error
    return Estimate(
        value,
        value - wide,
        value + wide,
        n=n,
        method="Student's t",
        unit="USD",
        confidence=confidence,
        clusters=None if clusters is None else many,
    )


def _residual_sums(values: Sequence[float], clusters: np.ndarray | None) -> np.ndarray:
    """How far each cluster's values (each value, where there are none) are from the mean."""
    away = np.asarray(values, dtype=float) - np.mean(values)
    # Equal amounts have a mean that is off by a last digit: that is no spread.
    if np.ptp(np.asarray(values, dtype=float)) == 0:
        away = np.zeros(len(away))
    return away if clusters is None else np.bincount(clusters, weights=away)


def _correlation(one: np.ndarray, other: np.ndarray, clusters: np.ndarray | None) -> float:
    """Pearson's correlation of the two means; 0 where either does not vary."""
    one, other = _residual_sums(one, clusters), _residual_sums(other, clusters)
    size = math.sqrt(float(np.sum(one**2)) * float(np.sum(other**2)))
    return max(-1.0, min(1.0, float(np.sum(one * other)) / size)) if size > 0 else 0.0
