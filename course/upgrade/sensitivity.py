"""What would flip a verdict: another worth of an error, another price, another limit."""

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from course.upgrade.breakeven import Span
from course.upgrade.choosing import verdict
from course.upgrade.limits import NO, YES, Check

if TYPE_CHECKING:
    from course.upgrade.decide import Decision


def by_worth(decision: "Decision") -> tuple[Span, ...]:
    """The verdict at every worth of an error from 0 dollars up, all else as it is.

    A cascade keeps the threshold that was chosen for the rule's own worth.
    """
    edges = {span.low for balance in _balances(decision) for span in balance.spans()}
    spans: list[Span] = []
    for low, high in _neighbours(sorted(edges)):
        says = verdict(decision.facts_at((low + high) / 2 if high < math.inf else 2 * low or 1.0))
        if spans and spans[-1].says == says:
            low = spans.pop().low
        spans.append(Span(low, high, says))
    return tuple(spans)


def _neighbours(edges: list[float]) -> list[tuple[float, float]]:
    return list(zip(edges, [*edges[1:], math.inf], strict=True))


def _balances(decision: "Decision") -> list:
    found = [decision.paired.balance]
    if decision.cascade:
        found += [decision.cascade.over_baseline.balance, decision.cascade.over_candidate.balance]
    return found


def break_even_cost(decision: "Decision") -> float | None:
    """What an item may cost with the candidate for the two to be worth the same; None if < 0."""
    gain = decision.paired.balance.accuracy.value
    cost = decision.baseline.cost.value + decision.worth_usd * gain
    return cost if cost >= 0 else None


def break_even_gain(decision: "Decision") -> float | None:
    """How much more often the candidate would have to be right; None where errors cost nothing."""
    if decision.worth_usd == 0:
        return None
    return decision.paired.balance.cost.value / decision.worth_usd


def flips(decision: "Decision") -> tuple[tuple[Check, str], ...]:
    """The checks that alone would change the verdict if they came out otherwise, and to what."""
    found = []
    for place, checks in decision.facts.checks.items():
        for check in checks:
            for answer in {YES, NO} - {check.answer}:
                other = _verdict_if(decision, place, check, answer)
                if other != decision.verdict:
                    found.append((replace(check, answer=answer), other))
    return tuple(found)


def _verdict_if(decision: "Decision", place: str, check: Check, answer: str) -> str:
    changed = tuple(
        replace(each, answer=answer) if each is check else each
        for each in decision.facts.checks[place]
    )
    return verdict(replace(decision.facts, checks={**decision.facts.checks, place: changed}))


def as_dict(decision: "Decision") -> dict[str, object]:
    """For JSON: the verdict by worth of an error, the break-even points, the checks that flip."""
    return {
        "worth_usd": [
            {"from": span.low, "to": span.high, "verdict": span.says} for span in by_worth(decision)
        ],
        "break_even_candidate_cost_usd": break_even_cost(decision),
        "break_even_delta_accuracy": break_even_gain(decision),
        "limits": [
            {
                "option": check.option,
                "limit": check.limit,
                "bound": check.bound,
                "value": check.estimate.value,
                "interval": [check.estimate.low, check.estimate.high],
                "answer": check.answer,
            }
            for checks in decision.facts.checks.values()
            for check in checks
        ],
        "flips": [
            {"option": check.option, "limit": check.limit, "if": check.answer, "verdict": other}
            for check, other in flips(decision)
        ],
    }
