"""Stay, upgrade, cascade or measure more: results held against a rule that was written before."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from course.evaluate import Estimate
from course.upgrade import choosing
from course.upgrade.cascade import Cascade, cascade_of
from course.upgrade.choosing import BASELINE, CANDIDATE, CASCADE, MEASURE_MORE, Facts
from course.upgrade.option import Option, option
from course.upgrade.paired import Paired, pair
from course.upgrade.rule import Rule, read_rule
from course.upgrade.table import Table, read_table

if TYPE_CHECKING:
    from pandas import DataFrame

    from course.plots import Picture


def decide(results: "DataFrame | str | Path", rule: "Rule | Mapping | str | Path") -> "Decision":
    """The verdict of a rule on results, with its reasons.

    `results`: a DataFrame or CSV file with a row for each item and model and the columns item,
    model, correct (1 or 0) and cost_usd; optional latency_s, confidence (of the baseline's
    answers, for a cascade), source (live, published or simulated) and cluster (the document an
    item is from). `rule`: a TOML file, a dict with its keys, or a Rule.

    What keeps the two models from being compared item by item is a CourseError.
    """
    rule = read_rule(rule)
    table = read_table(results, rule)
    made = cascade_of(table, rule)
    return Decision(
        rule=rule,
        table=table,
        paired=pair(table.baseline, table.candidate, table.clusters, confidence=rule.confidence),
        baseline=option(table.baseline, rule, table.clusters),
        candidate=option(table.candidate, rule, table.clusters),
        cascade=None if isinstance(made, str) else made,
        why_no_cascade=made if isinstance(made, str) else "",
    )


@dataclass(frozen=True, repr=False, eq=False)
class Decision:
    """A verdict and all it rests on; printed, it says what to do and why.

    `baseline` and `candidate` hold what each model does alone, `paired` what going over changes,
    `cascade` what both together do, None where the table has no confidence to go by, or where
    `why_no_cascade` says why not.
    """

    rule: Rule
    table: Table
    paired: Paired
    baseline: Option
    candidate: Option
    cascade: Cascade | None
    why_no_cascade: str = ""

    @cached_property
    def facts(self) -> Facts:
        """What the verdict rests on, at the rule's worth of an error."""
        return self.facts_at(self.worth_usd)

    def facts_at(self, worth_usd: float) -> Facts:
        """The same, were an avoided error worth so many US dollars."""
        checks = {BASELINE: self.baseline.checks, CANDIDATE: self.candidate.checks}
        beaten = frozenset()
        if self.cascade:
            checks[CASCADE] = self.cascade.checks
            beaten = self.cascade.beaten(worth_usd)
        return Facts(self.paired.balance.says(worth_usd), checks, beaten)

    @cached_property
    def verdict(self) -> str:
        """stay, upgrade, cascade or measure-more."""
        return choosing.verdict(self.facts)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, in short sentences, the deciding one first."""
        from course.upgrade.reasons import reasons

        return reasons(self)

    @property
    def flips(self) -> tuple[str, ...]:
        """What would change the verdict, in short sentences."""
        from course.upgrade.reasons import flips

        return flips(self)

    @property
    def headline(self) -> str:
        """The verdict as a sentence."""
        from course.upgrade.reasons import headline

        return headline(self)

    @property
    def notes(self) -> tuple[str, ...]:
        """What in the data one should know before believing the verdict."""
        return self.table.notes

    @property
    def n(self) -> int:
        """How many items both models answered."""
        return self.paired.n

    @property
    def source(self) -> str:
        """live, published or simulated as the table says it, or "not stated"."""
        return self.table.source

    @property
    def worth_usd(self) -> float:
        """What an avoided error is worth by the rule, in US dollars."""
        return float(self.rule.error_worth_usd)

    @property
    def delta_accuracy(self) -> float:
        """How much larger the candidate's share of right answers is than the baseline's."""
        return self.paired.balance.accuracy.value

    @property
    def interval(self) -> tuple[float, float]:
        """The interval of `delta_accuracy`."""
        return self.paired.balance.accuracy.low, self.paired.balance.accuracy.high

    @property
    def p_value(self) -> float:
        """How often items that differ by the toss of a coin would be so uneven, or more, by `test`.

        McNemar's exact test; where items come in clusters an exact sign-flip test over these.
        """
        return self.paired.p_value

    @property
    def test(self) -> str:
        """Whose `p_value` it is: McNemar's exact, or exact sign-flip over clusters."""
        return self.paired.test

    @property
    def clusters(self) -> int | None:
        """How many clusters (documents) the items come in, None where each stands alone."""
        held = self.table.clusters
        return None if held is None else int(held.max()) + 1

    @property
    def lambda_usd(self) -> float | None:
        """The break-even worth of an error, Δcost / Δaccuracy; None where nothing balances."""
        return self.paired.balance.break_even_usd

    @property
    def lambda_interval_usd(self) -> tuple[float, float] | None:
        """The worths of an error at which the items can't tell, from low to high (or infinity).

        None where there are none, or not all in one piece; `sensitivity` then has them.
        """
        return self.paired.balance.band

    @property
    def net_benefit(self) -> Estimate:
        """Of going from baseline to candidate, US dollars an item, at the rule's worth."""
        return self.paired.balance.net_benefit(self.worth_usd)

    @cached_property
    def items_needed(self) -> int | None:
        """How many items in all would likely settle it; None if settled, or if no number would."""
        if self.verdict != MEASURE_MORE:
            return None
        return choosing.items_needed(self.facts, self.paired.planned(self.worth_usd))

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """Baseline, candidate and, where there is one, the cascade, on its half of the items."""
        found = (self.baseline, self.candidate)
        if not self.cascade:
            return found
        made = self.cascade
        return (*found, option(made.answers, self.rule, made.clusters, checked=made.checks))

    def as_dict(self) -> dict[str, object]:
        """All of it for programs: strict JSON values, None for what is infinite or undefined."""
        from course.upgrade.machine import as_dict

        return as_dict(self)

    def as_json(self) -> str:
        """`as_dict` as indented JSON."""
        return json.dumps(self.as_dict(), indent=1, ensure_ascii=False, allow_nan=False)

    def memo(self, kind: str = "md") -> str:
        """A page for somebody who has to sign it, as "md" (Markdown) or "html"."""
        from course.upgrade.memo import memo

        return memo(self, kind)

    def plot(self, kind: str = "cost") -> "Picture":
        """A Picture: "cost" against accuracy, net benefit by "worth", or the "cascade"."""
        from course.upgrade.drawing import draw

        return draw(self, kind)

    def __repr__(self) -> str:
        from course.upgrade.report import report

        return report(self)
