"""Every threshold of confidence there is to choose from, and what a cascade does at each."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from course.evaluate.intervals import z_value
from course.upgrade.limits import P95
from course.upgrade.rule import Rule
from course.upgrade.table import Answers

if TYPE_CHECKING:
    from pandas import DataFrame

_ROWS = 100
_MARGIN = 1.6
"""So many half-widths of its interval a limit should be kept by where a threshold is chosen: then
about four times in five the other half, too, shows that it is kept: 1 + 0.84 · √2 / 1.96."""


@dataclass(frozen=True, slots=True, eq=False)
class Thresholds:
    """Arrays with an entry a threshold, from passing nothing on to passing all on.

    `at`: thresholds, the last infinite; `passed`: how many of `n` answers are below it; `right`
    and `late`: how many answers then are right, or over the rule's max_p95_s; `cost_usd` and
    `squares`: the sums of all costs and of their squares.
    """

    n: int
    at: np.ndarray
    passed: np.ndarray
    right: np.ndarray
    late: np.ndarray
    cost_usd: np.ndarray
    squares: np.ndarray

    def best(self, rule: Rule) -> int:
        """The place of the one with most net benefit of those that keep the rule.

        Kept with a margin, if any does so, else kept by the mere estimate, else any at all. Of
        equals the first, which passes least on.
        """
        benefit = float(rule.error_worth_usd) * self.right - self.cost_usd
        for margin in (_MARGIN, 0.0):
            kept = self._keeping(rule, margin * z_value(rule.confidence))
            if kept.any():
                return int(np.argmax(np.where(kept, benefit, -np.inf)))
        return int(np.argmax(benefit))

    def _keeping(self, rule: Rule, errors: float) -> np.ndarray:
        """Which keep all limits by so many standard errors or more."""
        kept = np.ones(len(self.at), dtype=bool)
        if rule.min_accuracy is not None:
            right = self.right / self.n
            kept &= right - errors * self._error(right * (1 - right)) >= rule.min_accuracy
        if rule.max_p95_s is not None:
            late = self.late / self.n
            kept &= late + errors * self._error(late * (1 - late)) <= 1 - P95
        if rule.monthly_budget_usd is not None:
            cost = self.cost_usd / self.n
            most = cost + errors * self._error(self.squares / self.n - cost**2)
            kept &= most * rule.monthly_items <= float(rule.monthly_budget_usd)
        return kept

    def _error(self, variance: np.ndarray) -> np.ndarray:
        return np.sqrt(np.maximum(variance, 0) / self.n)

    def table(self, chosen: float, *, confidence: float) -> "DataFrame":
        """A row a threshold: threshold, accuracy with its interval, cost_usd an item, asked.

        `asked` is the share that is passed on. The infinite threshold is left out, and of very
        many some, but not the chosen one.
        """
        import pandas as pd

        from course.evaluate import wilson

        spread = np.linspace(0, len(self.at) - 2, _ROWS).astype(int)
        rows = np.union1d(spread, np.flatnonzero(self.at == chosen))
        rights = [wilson(int(self.right[row]), self.n, confidence=confidence) for row in rows]
        return pd.DataFrame(
            {
                "threshold": self.at[rows],
                "accuracy": [right.value for right in rights],
                "accuracy_low": [right.low for right in rights],
                "accuracy_high": [right.high for right in rights],
                "cost_usd": self.cost_usd[rows] / self.n,
                "asked": self.passed[rows] / self.n,
            }
        )


def thresholds(first: Answers, second: Answers, rule: Rule) -> Thresholds:
    """What passing the first's least confident answers on to the second does, at each threshold."""
    order = np.argsort(first.confidence, kind="stable")
    first, second = first.only(order), second.only(order)
    at = _between(np.unique(first.confidence))
    passed = np.searchsorted(first.confidence, at)

    def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """The sum over all items, those passed on as they are after it."""
        steps = np.cumsum(after.astype(float) - before)
        return before.sum() + np.concatenate([[0], steps])[passed]

    late = np.zeros(len(at))
    if (most := rule.max_p95_s) is not None:
        late = changed(first.latency_s > most, first.latency_s + second.latency_s > most)
    both = first.cost_usd + second.cost_usd
    return Thresholds(
        n=len(first),
        at=at,
        passed=passed,
        right=changed(first.correct, second.correct),
        late=late,
        cost_usd=changed(first.cost_usd, both),
        squares=changed(first.cost_usd**2, both**2),
    )


def _between(levels: np.ndarray) -> np.ndarray:
    """The lowest level (nothing is below it), a short number between each two, and infinity."""
    inner = [_short(low, high) for low, high in pairwise(levels.tolist())]
    return np.array([levels[0], *inner, np.inf])


def _short(low: float, high: float) -> float:
    """The number with fewest digits that is above `low` and at most `high`, near the middle."""
    middle = (low + high) / 2
    for digits in range(17):
        if low < (near := round(middle, digits)) <= high:
            return near
    return high
