"""The sentences that decide: what the limits leave, what weighs more, what a cascade does."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from course.upgrade.cascade import NAME
from course.upgrade.choosing import BASELINE, CANDIDATE, CASCADE, MEASURE_MORE, STAY
from course.upgrade.limits import NO, UNCLEAR, YES, Check
from course.upgrade.unsettled import BATCH, needed
from course.upgrade.weighing import weighed
from course.upgrade.words import between, interval, money, percent, seconds, sure

if TYPE_CHECKING:
    from course.upgrade.decide import Decision

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
        open_still = kept == [NO, NO] and d.verdict == MEASURE_MORE
        first = [*needed(d), *of_the_cascade(d)] if open_still else []
        yield from [_only(d, kept), *first, *limits]
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
    if kept == [NO, NO] and d.verdict == MEASURE_MORE:
        return "Neither model alone keeps the rule, and whether a cascade of the two does is open."
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
        ends = "misses the rule, or may" if missed else "is not surely better"
        yield f"A cascade ({how_it_goes(d)}) {ends}."
        yield from [*missed, *cascade_figures(d)]


def how_it_goes(d: "Decision") -> str:
    """What the cascade is: who answers, and from which confidence on who answers again."""
    first, second = d.rule.baseline, d.rule.candidate
    return (
        f"{first} answers, {second} answers again what {first} is less than "
        f"{d.cascade.threshold:.10g} confident of"
    )


def cascade_figures(d: "Decision") -> Iterator[str]:
    """What the cascade does and what it nets over each model alone, and on which items."""
    made, option = d.cascade, d.options[2]
    right = option.accuracy
    yield (
        f"Passing on the {percent(made.passed_on)} of answers with a confidence below "
        f"{made.threshold:.10g} makes {percent(right.value)} right ({interval(right, percent)}) "
        f"for {money(option.cost.value)} an item (threshold chosen on {made.tried.n:,} items, "
        f"figures from the other {len(made.answers):,}). On those same {len(made.answers):,} "
        f"{d.rule.baseline} alone is right on {percent(made.alone[BASELINE])}, "
        f"{d.rule.candidate} on {percent(made.alone[CANDIDATE])}."
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
