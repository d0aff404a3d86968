"""A cascade: the baseline answers first, the candidate answers again what the baseline doubts.

The threshold is chosen on one half of the items and what it brings is reported on the other, so
that the figures are not those of a threshold that fits its own items by luck.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from course.upgrade.choosing import BASELINE, CANDIDATE
from course.upgrade.limits import Check, checks
from course.upgrade.paired import Paired, pair
from course.upgrade.rule import Rule
from course.upgrade.table import Answers, Table
from course.upgrade.thresholds import Thresholds, thresholds

NAME = "cascade"
FEWEST = 10
"""Smaller halves than this choose and report nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Cascade:
    """What a cascade does on the half of the items that did not choose its threshold.

    Answers with a confidence below `threshold` are passed on, a share `passed_on` of them;
    `answers` is what comes out. `over_baseline` and `over_candidate` compare it with each model
    alone on the same half, `checks` hold it against the rule. `tried` are all thresholds on the
    half that chose.
    """

    threshold: float
    passed_on: float
    answers: Answers
    over_baseline: Paired
    over_candidate: Paired
    checks: tuple[Check, ...]
    tried: Thresholds
    clusters: np.ndarray | None = None

    @property
    def alone(self) -> dict[str, float]:
        """By role, the share of right answers of each model alone on the half that reports."""
        mine = float(np.mean(self.answers.correct))
        over = {BASELINE: self.over_baseline, CANDIDATE: self.over_candidate}
        return {role: mine - one.balance.accuracy.value for role, one in over.items()}

    def beaten(self, worth_usd: float) -> frozenset[str]:
        """The options whose net benefit is surely lower at this worth of an error."""
        over = {BASELINE: self.over_baseline, CANDIDATE: self.over_candidate}
        return frozenset(
            name for name, one in over.items() if one.balance.net_benefit(worth_usd).low > 0
        )


def cascade_of(table: Table, rule: Rule) -> Cascade | str:
    """The cascade at the best threshold for this rule, or why there is none ("" if not asked for).

    It is asked for by a confidence of the baseline's answers in the table.
    """
    if table.baseline.confidence is None:
        return ""
    chooses = first_half(table.items if table.clusters is None else table.clusters)
    if min(chooses.sum(), (~chooses).sum()) < FEWEST:
        if table.clusters is not None:
            return f"A cascade needs two halves of {FEWEST} items or more that share no cluster."
        return f"A cascade needs {2 * FEWEST} items or more, to choose on some, report on others."
    tried = thresholds(table.baseline.only(chooses), table.candidate.only(chooses), rule)
    threshold = float(tried.at[tried.best(rule)])
    passed = table.baseline.confidence[~chooses] < threshold
    if not passed.any() or passed.all():
        which = "every" if passed.all() else "no"
        return f"No cascade is worked out: the best threshold would pass {which} answer on."
    return _reported(table, rule, ~chooses, passed, threshold, tried)


def first_half(names: Iterable[object]) -> np.ndarray:
    """True for the half of the items that chooses, by a digest of their names, in any order.

    Equal names (those of items of one document) are on the same side.
    """
    digests = [hashlib.sha256(str(name).encode()).digest()[:8] for name in names]
    numbers = np.array([int.from_bytes(digest) for digest in digests], dtype=np.uint64)
    return numbers < np.sort(numbers)[len(numbers) // 2]


def cascaded(first: Answers, second: Answers, passed: np.ndarray) -> Answers:
    """The second's answers where passed on, at the cost and in the time of both."""
    latency = None
    if first.latency_s is not None and second.latency_s is not None:
        latency = first.latency_s + np.where(passed, second.latency_s, 0.0)
    return Answers(
        NAME,
        np.where(passed, second.correct, first.correct),
        first.cost_usd + np.where(passed, second.cost_usd, 0.0),
        latency,
    )


def _reported(
    table: Table,
    rule: Rule,
    half: np.ndarray,
    passed: np.ndarray,
    threshold: float,
    tried: Thresholds,
) -> Cascade:
    first, second = table.baseline.only(half), table.candidate.only(half)
    answers = cascaded(first, second, passed)
    clusters = None if table.clusters is None else _renumbered(table.clusters[half])
    return Cascade(
        threshold=threshold,
        passed_on=float(passed.mean()),
        answers=answers,
        over_baseline=pair(first, answers, clusters, confidence=rule.confidence),
        over_candidate=pair(second, answers, clusters, confidence=rule.confidence),
        checks=tuple(_on_all_items(check) for check in checks(answers, rule, clusters)),
        tried=tried,
        clusters=clusters,
    )


def _renumbered(clusters: np.ndarray) -> np.ndarray | None:
    _, codes = np.unique(clusters, return_inverse=True)
    return codes if codes.max() + 1 < len(codes) else None


def _on_all_items(check: Check) -> Check:
    """Half of the items report, so that it takes twice as many in all."""
    needed = check.items_needed
    return replace(check, items_needed=None if needed is None else 2 * needed)
