"""A verdict in words: the headline, the reasons, and what would flip it."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from course.upgrade import sensitivity
from course.upgrade.cascade import NAME
from course.upgrade.choosing import CASCADE, MEASURE_MORE, UPGRADE
from course.upgrade.deciding import LIMITS, deciding, of_the_cascade
from course.upgrade.items import FEW, MOST
from course.upgrade.limits import NO, YES
from course.upgrade.unsettled import BATCH, needed, what_is_open
from course.upgrade.values import counted
from course.upgrade.words import (
    between,
    interval,
    money,
    more,
    more_or_less,
    percent,
    points,
    spoken,
    sure,
)

if TYPE_CHECKING:
    from course.upgrade.decide import Decision


def headline(d: "Decision") -> str:
    """The verdict as one sentence that stands alone."""
    first, second = d.rule.baseline, d.rule.candidate
    if d.verdict == CASCADE:
        return (
            f"Cascade: {first} answers, and {second} answers again what {first} is less than "
            f"{d.cascade.threshold:.10g} confident of."
        )
    if d.verdict == MEASURE_MORE:
        known = what_is_open(d)
        far = d.n >= FEW and (d.items_needed is None or d.items_needed > MOST)
        if far and d.baseline.meets_rule == YES:
            return f"Measure more, or leave it with {first}: {known}."
        return f"Measure more: {known}."
    if d.verdict == UPGRADE:
        cheaper = d.paired.balance.cost.value < 0
        return f"{'Go over' if cheaper else 'Upgrade'} from {first} to {second}."
    return f"Stay with {first}."


def reasons(d: "Decision") -> tuple[str, ...]:
    """Short sentences, the deciding ones first; figures with units and intervals."""
    found = [*deciding(d), *needed(d), *_benefit(d), _accuracy(d), _cost(d), *of_the_cascade(d)]
    if d.source == "simulated":
        found.append("The results are simulated: they tell nothing about the real models.")
    return tuple(dict.fromkeys(found))  # an open cascade is told among what decides


def _accuracy(d: "Decision") -> str:
    first, second, paired = d.rule.baseline, d.rule.candidate, d.paired
    items = "the one item" if d.n == 1 else f"the same {d.n:,} items"
    gain = paired.balance.accuracy
    return (
        f"On {items}, {second} is right on {percent(d.candidate.accuracy.value)} and {first} on "
        f"{percent(d.baseline.accuracy.value)}: {points(gain.value)} ({interval(gain, points)}; "
        f"{paired.gained:,} right with {second} only, {paired.lost:,} with {first} only; "
        f"{_test(d)})."
    )


def _test(d: "Decision") -> str:
    p_value = "< 0.0001" if d.p_value < 0.0001 else f"= {d.p_value:.2g}"
    if d.clusters is None:
        return f"{d.test} p {p_value}"
    return f"{d.test} test over {counted(d.clusters, 'cluster')}: p {p_value}"


def _cost(d: "Decision") -> str:
    first, second, cost = d.baseline, d.candidate, d.paired.balance.cost
    return (
        f"An item costs {money(second.cost.value)} with {second.name} and "
        f"{money(first.cost.value)} with {first.name}: {more_or_less(cost)}."
    )


def _benefit(d: "Decision") -> Iterator[str]:
    """What going over brings after its cost: in a month, where the rule says how much that is."""
    many, what = BATCH, "With 1,000 items"
    if d.rule.monthly_items:
        many, what = d.rule.monthly_items, f"In a month of {d.rule.monthly_items:,} items"
    balance, how = d.paired.balance, "going over"
    if d.verdict == CASCADE:
        balance, how = d.cascade.over_baseline.balance, f"the cascade instead of {d.rule.baseline}"
    net = balance.net_benefit(d.worth_usd)
    if math.isfinite(net.low):
        ends = between(net.low * many, net.high * many)
        yield (
            f"{what}, {how} would mean {_errors(balance.accuracy.value * many)} and "
            f"{more(balance.cost.value * many)} to pay: at {money(d.worth_usd)} an error, a net "
            f"benefit of {money(net.value * many)} ({sure(net.confidence)} interval {ends})."
        )


def _errors(fewer: float) -> str:
    if fewer == 0:
        return "as many errors"
    return f"about {_count(abs(fewer))} errors {'fewer' if fewer > 0 else 'more'}"


def _count(number: float) -> str:
    return f"{number:,.0f}" if number >= 10 else f"{number:.1f}".removesuffix(".0")


def flips(d: "Decision") -> tuple[str, ...]:
    """What would change the verdict: the worth of an error, the price, the accuracy, a limit."""
    return *_by_worth(d), *_by_price(d), *_by_limit(d)


def _by_worth(d: "Decision") -> Iterator[str]:
    spans = sensitivity.by_worth(d)
    if len(spans) == 1:
        yield f"No other worth of an error would: the verdict is {spoken(d.verdict)} at any."
    elif UPGRADE not in {span.says for span in spans}:
        yield "No worth of an error makes it an upgrade on these items."
    for span in spans:
        if span.says != d.verdict:
            low, high = money(span.low), money(span.high)
            where = f"from {low} to {high}"
            if span.low == 0:
                where = f"below {high}"
            elif math.isinf(span.high):
                where = f"above {low}"
            yield f"An error worth {where}: {spoken(span.says)}."


def _by_price(d: "Decision") -> Iterator[str]:
    """Where the two are worth the same by the estimates, if it is the weighing that decides."""
    if NO in (d.baseline.meets_rule, d.candidate.meets_rule) or d.verdict == CASCADE:
        return
    name, ways = d.rule.candidate, []
    if (cost := sensitivity.break_even_cost(d)) is not None:
        ways.append(f"breaks even at {money(cost)} an item (now {money(d.candidate.cost.value)})")
    gain = sensitivity.break_even_gain(d)
    if gain is not None and abs(gain) <= 1:
        ways.append(_gain_needed(d, gain, first=not ways))
    if ways:
        yield f"At {money(d.worth_usd)} an error, {name} {', or '.join(ways)}."


def _gain_needed(d: "Decision", gain: float, *, first: bool) -> str:
    """The change of accuracy at which the two are worth the same; a cheaper one may lose some."""
    now = f"(now {points(d.delta_accuracy)})"
    if gain >= 0:
        return f"{'breaks even ' * first}with {points(gain)} of accuracy {now}"
    even = "even " if d.delta_accuracy > gain else ""
    return f"could {even}lose {points(-gain).removeprefix('+')} of accuracy {now}"


def _by_limit(d: "Decision") -> Iterator[str]:
    """Those limits that would change it if they came out otherwise, by what they would make it."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for check, other in sensitivity.flips(d):
        turned = "kept" if check.answer == YES else "missed"
        found.setdefault((check.option, turned, other), []).append(check.limit)
    for (option, turned, other), limits in found.items():
        name = "the cascade" if option == NAME else option
        which = " or ".join(LIMITS[limit] for limit in limits)
        yield f"If {name} {turned} the {which}: {spoken(other)}."
