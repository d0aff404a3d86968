"""Does an option keep what the rule asks of it: yes, no, or unclear from so many items?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from course.evaluate import Estimate
from course.upgrade.items import to_settle_mean, to_settle_share
from course.upgrade.paired import mean_interval
from course.upgrade.rule import Rule
from course.upgrade.table import Answers

YES, NO, UNCLEAR = "yes", "no", "unclear"
P95 = 0.95


@dataclass(frozen=True, slots=True)
class Check:
    """One demand of the rule held against one option.

    `limit` is the rule's key; `estimate` what was measured, in the unit of `bound`; `answer` is
    YES or NO where the whole interval is on one side of the bound, else UNCLEAR; `estimated` is
    what the estimate alone says; `items_needed` what it takes to settle an unclear one with 80 %
    power at the estimate (None: no number does).
    """

    option: str
    limit: str
    bound: float
    estimate: Estimate
    answer: str
    items_needed: int | None = None

    @property
    def estimated(self) -> str:
        """YES or NO by the estimate alone."""
        if self.limit == "min_accuracy":
            return YES if self.estimate.value >= self.bound else NO
        return YES if self.estimate.value <= self.bound else NO


def checks(answers: Answers, rule: Rule, clusters: np.ndarray | None = None) -> tuple[Check, ...]:
    """A Check for each limit in the rule: accuracy (Wilson), p95 (order statistics), budget (t).

    Latencies must be known where the rule has max_p95_s.
    """
    return tuple(_checks(answers, rule, clusters))


def meets(found: tuple[Check, ...]) -> str:
    """NO where any limit is surely missed, YES where all are surely kept, else UNCLEAR."""
    answers = {check.answer for check in found}
    return NO if NO in answers else UNCLEAR if UNCLEAR in answers else YES


def accuracy_of(answers: Answers, clusters: np.ndarray | None, confidence: float) -> Estimate:
    """The share of right answers, with Wilson's interval (wider where items come in clusters)."""
    from course.evaluate.shares import share

    return share(answers.correct, clusters, confidence=confidence)


def p95_of(answers: Answers, confidence: float) -> Estimate:
    """The seconds that 95 of 100 answers keep within; the upper end is open below 72 items."""
    from course.throughput.percentiles import percentile

    found = percentile(answers.latency_s, P95, confidence=confidence)
    return Estimate(
        found.value, found.low, found.high, len(answers), "order statistics", confidence=confidence
    )


def _checks(answers: Answers, rule: Rule, clusters: np.ndarray | None) -> Iterator[Check]:
    sure, name, n = rule.confidence, answers.name, len(answers)
    if (least := rule.min_accuracy) is not None:
        right = accuracy_of(answers, clusters, sure)
        kept = YES if right.low >= least else NO if right.high < least else UNCLEAR
        needed = to_settle_share(right.value, least, n, sure)
        yield _check(name, "min_accuracy", least, right, kept, needed)
    if (most := rule.max_p95_s) is not None:
        p95 = p95_of(answers, sure)
        late = float(np.mean(answers.latency_s > most))
        needed = to_settle_share(late, 1 - P95, n, sure)
        yield _check(name, "max_p95_s", most, p95, _below(p95, most), needed)
    if rule.monthly_budget_usd is not None:
        budget = float(rule.monthly_budget_usd)
        each = mean_interval(answers.cost_usd, clusters, confidence=sure)
        month = times(each, rule.monthly_items)
        needed = to_settle_mean(month, budget)
        yield _check(name, "monthly_budget_usd", budget, month, _below(month, budget), needed)


def times(each: Estimate, items: int) -> Estimate:
    """The same dollars for so many items."""
    ends = (each.value * items, each.low * items, each.high * items)
    return Estimate(*ends, each.n, each.method, unit="USD", confidence=each.confidence)


def _below(estimate: Estimate, bound: float) -> str:
    return YES if estimate.high <= bound else NO if estimate.low > bound else UNCLEAR


def _check(
    option: str, limit: str, bound: float, estimate: Estimate, answer: str, needed: int | None
) -> Check:
    return Check(option, limit, bound, estimate, answer, needed if answer == UNCLEAR else None)
