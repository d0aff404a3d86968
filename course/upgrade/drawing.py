"""A decision as a picture: the plots of the course, given the figures of the decision."""

from typing import TYPE_CHECKING

import numpy as np

from course.errors import CourseError
from course.upgrade import sensitivity
from course.upgrade.limits import NO, Check
from course.upgrade.values import counted
from course.upgrade.words import money, seconds, spoken, sure

if TYPE_CHECKING:
    from pandas import DataFrame

    from course.plots import Picture
    from course.upgrade.decide import Decision

_POINTS = 400


def draw(d: "Decision", kind: str = "cost") -> "Picture":
    """The Picture of a decision, whose last line says its source.

    "cost": cost against accuracy with intervals, a point an option. "worth": net benefit against
    the worth of an error. "cascade": accuracy and cost against the threshold.
    """
    drawn = {"cost": _cost, "worth": _worth, "cascade": _cascade}
    if kind not in drawn:
        raise CourseError(f"There is no plot {kind!r} of a decision; {', '.join(drawn)} are there.")
    return drawn[kind](d)


def options_table(d: "Decision") -> "DataFrame":
    """Indexed by the options' names: accuracy, cost_usd, their ends, and limits that are missed."""
    import pandas as pd

    rows = {
        option.name: {
            "accuracy": option.accuracy.value,
            "accuracy_low": option.accuracy.low,
            "accuracy_high": option.accuracy.high,
            "cost_usd": option.cost.value,
            "cost_low_usd": max(0.0, option.cost.low),
            "cost_high_usd": option.cost.high,
            "misses": " and ".join(_limit(check) for check in option.checks if check.answer == NO),
        }
        for option in d.options
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def worth_table(d: "Decision") -> "DataFrame":
    """Net benefit of going over and its ends, US dollars an item, by worth_usd from 0 up.

    It reaches beyond all worths at which the verdict turns, and beyond the rule's own.
    """
    import pandas as pd

    turns = [span.low for span in d.paired.balance.spans()]
    top = 1.5 * max([*turns, d.worth_usd]) or 1.0
    worths = np.unique([*np.linspace(0, top, _POINTS), *turns, d.worth_usd])
    nets = [d.paired.balance.net_benefit(float(worth)) for worth in worths]
    return pd.DataFrame(
        {
            "worth_usd": worths,
            "net_benefit_usd": [net.value for net in nets],
            "low_usd": [net.low for net in nets],
            "high_usd": [net.high for net in nets],
        }
    )


def _cost(d: "Decision") -> "Picture":
    from course.plots import plot_cost_accuracy

    _needs_two_items(d)
    drawn = plot_cost_accuracy(
        options_table(d),
        error_worth_usd=d.worth_usd,
        source=_source(d),
        min_accuracy=d.rule.min_accuracy,
    )
    # The points alone would name the better estimate; what was found is the verdict.
    return drawn.retell(d.headline.removesuffix("."))


def _worth(d: "Decision") -> "Picture":
    from course.plots import plot_breakeven

    _needs_two_items(d)
    drawn = plot_breakeven(worth_table(d), error_worth_usd=d.worth_usd, source=_source(d))
    alone = d.paired.balance.spans()
    if sensitivity.by_worth(d) == alone:
        return drawn
    # The curve weighs errors against cost only, which limits or a cascade can overrule.
    left_out = ["the rule's limits"] * bool(d.baseline.checks) + ["the cascade"] * bool(d.cascade)
    finding = drawn.finding[0].lower() + drawn.finding[1:]
    return drawn.retell(
        f"Costs and errors alone, without {' and '.join(left_out)}: {finding}. "
        f"The decision: {spoken(d.verdict)}"
    )


def _cascade(d: "Decision") -> "Picture":
    from course.plots import plot_cascade

    if d.cascade is None:
        raise CourseError(f"There is no cascade to draw. {d.why_no_cascade}".strip())
    option = d.options[2]
    right = option.accuracy
    return plot_cascade(
        d.cascade.tried.table(d.cascade.threshold, confidence=d.rule.confidence),
        chosen=d.cascade.threshold,
        source=_source(d),
        reported=(right.value, right.low, right.high, option.cost.value),
    )


def _limit(check: Check) -> str:
    """A limit in a word or two: 90 %, 2 s, $100.00 a month."""
    bound = check.bound
    if check.limit == "min_accuracy":
        return sure(bound)
    return seconds(bound) if check.limit == "max_p95_s" else f"{money(bound)} a month"


def _source(d: "Decision") -> str:
    return f"{d.source}, {counted(d.n, 'item')}"


def _needs_two_items(d: "Decision") -> None:
    if 1 in (d.n, d.clusters):
        one = "item" if d.n == 1 else "cluster"
        raise CourseError(f"One {one} has no interval of costs that could be drawn; measure more.")
