"""One way to answer, as a decision shows it: how often right, for how much, how fast."""

from dataclasses import dataclass

import numpy as np

from course.evaluate import Estimate
from course.upgrade.limits import Check, accuracy_of, checks, meets, p95_of, times
from course.upgrade.paired import mean_interval
from course.upgrade.rule import Rule
from course.upgrade.table import Answers


@dataclass(frozen=True, slots=True)
class Option:
    """`accuracy` a share, `cost` US dollars an item, `p95` seconds or None, `month` US dollars a
    month or None where the rule has no monthly_items; each with its interval. `checks` hold it
    against the rule.
    """

    name: str
    accuracy: Estimate
    cost: Estimate
    p95: Estimate | None
    month: Estimate | None
    checks: tuple[Check, ...]

    @property
    def meets_rule(self) -> str:
        """yes, no or unclear: does it keep every limit of the rule?"""
        return meets(self.checks)

    def as_dict(self) -> dict[str, object]:
        """For JSON: values with their intervals, None where there is none."""
        told: dict[str, object] = {"name": self.name, "n": self.accuracy.n}
        for name, unit in (("accuracy", ""), ("cost", "_usd"), ("p95", "_s"), ("month", "_usd")):
            found: Estimate | None = getattr(self, name)
            told[name + unit] = found and found.value
            told[f"{name}_interval{unit}"] = found and [found.low, found.high]
        return told | {"meets_rule": self.meets_rule}


def option(
    answers: Answers,
    rule: Rule,
    clusters: np.ndarray | None = None,
    *,
    checked: tuple[Check, ...] | None = None,
) -> Option:
    """The figures of one way to answer; `checked` if it was held against the rule already."""
    cost = mean_interval(answers.cost_usd, clusters, confidence=rule.confidence)
    return Option(
        name=answers.name,
        accuracy=accuracy_of(answers, clusters, rule.confidence),
        cost=cost,
        p95=None if answers.latency_s is None else p95_of(answers, rule.confidence),
        month=times(cost, rule.monthly_items) if rule.monthly_items else None,
        checks=checks(answers, rule, clusters) if checked is None else checked,
    )
