"""The sentences that decide: what the rule's limits leave, what weighs more, what is missing."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from course.upgrade.cascade import NAME
from course.upgrade.choosing import CASCADE, MEASURE_MORE, STAY
from course.upgrade.items import FEW, FEWEST, MOST
from course.upgrade.limits import NO, UNCLEAR, YES, Check
from course.upgrade.values import counted
from course.upgrade.weighing import weighed
from course.upgrade.words import between, interval, money, percent, seconds, sure

if TYPE_CHECKING:
    from course.upgrade.decide import Decision

BATCH = 1000
"""Where the rule has no monthly_items, money is told for so many items."""

LIMITS = {
    "min_accuracy": "accuracy limit",
    "max_p95_s": "latency limit",
    "monthly_budget_usd": "monthly budget",
}

_WRITTEN = {"min_accuracy": percent, "max_p95_s": seconds, "monthly_budget_usd": money}


def deciding(d: "Decision") -> Iterator[str]:
    """Why this verdict and no other; limits that are missed or unclear are named with figures."""
    kept = [d.baseline.meets_rule, d.candidate.meets_rule]
    limits = [told(check) for one in d.options[:2] for check in one.checks if check.answer != YES]
    weighs = weighed(d.paired.balance, d.worth_usd, d.rule)
    if d.verdict == CASCADE:
        yield from [_cascade_wins(d, kept), *cascade_figures(d), *limits]
    elif NO in kept:
        yield from [_only(d, kept), *limits]
    elif UNCLEAR in kept:
        yield from [*limits, weighs] if d.verdict == MEASURE_MORE else [weighs, *limits]
    else:
        yield weighs
        if d.baseline.checks:
            asked = " and ".join(LIMITS[check.limit] for check in d.baseline.checks)
            yield f"Both models keep the rule's {asked}."


def _only(d: "Decision", kept: list[str]) -> str:
    """What follows where at least one of the models surely misses the rule."""
    names = [d.rule.baseline, d.rule.candidate]
    if kept == [NO, NO]:
        return (
            "Neither model keeps the rule, so going over would not mend it: "
            "change the task, the models or the rule."
        )
    missed, other = names if kept[0] == NO else reversed(names)
    if UNCLEAR not in kept:
        return f"Only {other} keeps the rule."
    doubt = f"{missed} misses the rule, and whether {other} keeps it is unclear"
    return f"{doubt}: there is nothing better to go over to." if d.verdict == STAY else f"{doubt}."


def told(check: Check) -> str:
    """How an option stands to one limit, in a sentence with the interval."""
    write = _WRITTEN[check.limit]
    name = "the cascade" if check.option == NAME else check.option
    what = {
        "min_accuracy": f"{_start(name)} is right on {write(check.estimate.value)} of items",
        "max_p95_s": f"95 of 100 answers of {name} come in {write(check.estimate.value)}",
        "monthly_budget_usd": f"A month costs {write(check.estimate.value)} with {name}",
    }[check.limit]
    asked = {
        "min_accuracy": f"asks for at least {sure(check.bound)}",
        "max_p95_s": f"allows {seconds(check.bound)}",
        "monthly_budget_usd": f"allows {money(check.bound)}",
    }[check.limit]
    ends = {YES: "kept", NO: "missed", UNCLEAR: "unclear"}
    return f"{what} ({interval(check.estimate, write)}); the rule {asked}: {ends[check.answer]}."


def _start(name: str) -> str:
    """A name at the start of a sentence; that of a model stays as it is written."""
    return "The cascade" if name == "the cascade" else name


def needed(d: "Decision") -> Iterator[str]:
    """How many items would settle it, or what is at stake where no sensible number does."""
    if d.verdict != MEASURE_MORE:
        return
    if d.items_needed is None:
        yield f"From these figures no number of items follows that would settle it.{_stake(d)}"
    elif d.items_needed > MOST:
        yield (
            f"If the estimates are right, it takes about {rounded(d.items_needed)} items to settle "
            f"it: the two are so near that it hardly matters which.{_stake(d)}"
        )
    else:
        extra = f" ({rounded(d.items_needed - d.n)} more)"
        yield (
            f"About {rounded(d.items_needed)} items in all{extra} settle it with 80 % power, "
            "if the estimates are right."
        )
        if d.n < FEWEST:
            yield f"That plan rests on {counted(d.n, 'item')} only: it can be far off."
        return
    if d.n < FEW:
        yield f"{counted(d.n, 'item')} cannot plan that well: measure {FEW}, then ask again."


def rounded(count: int) -> str:
    """A planned number of items with two figures, rounded up: 4,871 is 4,900."""
    step = 10 ** max(0, len(str(count)) - 2)
    return f"{math.ceil(count / step) * step:,}"


def _stake(d: "Decision") -> str:
    """The most that the wrong choice costs, by the ends of the interval of the net benefit."""
    most = max(abs(d.net_benefit.low), abs(d.net_benefit.high))
    if not math.isfinite(most):
        return ""
    if d.rule.monthly_items:
        return f" At most {money(most * d.rule.monthly_items)} a month is at stake."
    return f" At most {money(most * BATCH)} per 1,000 items is at stake."


def _cascade_wins(d: "Decision", kept: list[str]) -> str:
    if kept == [NO, NO]:
        return "Only the cascade keeps the rule."
    others = [one.name for one in d.options[:2] if one.meets_rule != NO]
    return f"The cascade is surely worth more than {' or '.join(others)} alone."


def of_the_cascade(d: "Decision") -> Iterator[str]:
    """What a cascade would give where it is not the verdict, and why it is not; or why none is."""
    if d.cascade is None:
        yield from [d.why_no_cascade] if d.why_no_cascade else []
    elif d.verdict != CASCADE:
        missed = [told(check) for check in d.cascade.checks if check.answer != YES]
        yield "A cascade misses the rule, or may." if missed else "A cascade is not surely better."
        yield from [*missed, *cascade_figures(d)]


def cascade_figures(d: "Decision") -> Iterator[str]:
    """What the cascade does and what it nets over each model alone, and on which items."""
    made, option = d.cascade, d.options[2]
    yield (
        f"Passing on the {percent(made.passed_on)} of answers with a confidence below "
        f"{made.threshold:.10g} makes {percent(option.accuracy.value)} right for "
        f"{money(option.cost.value)} an item (threshold chosen on {made.tried.n:,} items, figures "
        f"from the other {len(made.answers):,})."
    )
    alone = {d.rule.baseline: made.over_baseline, d.rule.candidate: made.over_candidate}
    nets = []
    for name, paired in alone.items():
        net = paired.balance.net_benefit(d.worth_usd)
        ends = between(net.low * BATCH, net.high * BATCH)
        nets.append(f"{money(net.value * BATCH)} over {name} ({ends})")
    confidence = sure(d.rule.confidence)
    yield (
        f"Net benefit of the cascade per 1,000 items, with {confidence} intervals: "
        f"{' and '.join(nets)}."
    )
