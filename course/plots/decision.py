"""The plot of a decision between models: cost against accuracy, and what is worth as much.

It shows the figures it is given; it estimates and decides nothing.
"""

from typing import TYPE_CHECKING

import numpy as np

from course.errors import CourseError
from course.plots.given import (
    Interval,
    amount,
    dollars,
    frame,
    interval,
    percent,
    share,
    short,
)
from course.plots.labels import dollar_axis, in_dollars, name_points
from course.plots.picture import COLOURS, GREY, MARKERS, Picture, picture

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_OPTIONS = 6
"""Points that one picture can tell apart by colour and marker."""


def plot_cost_accuracy(
    table: "DataFrame",
    *,
    error_worth_usd: object,
    source: str,
    unit: str = "item",
    min_accuracy: float | None = None,
) -> Picture:
    """Cost per item against accuracy: a point with both intervals for each option.

    `table`: indexed by the options' names, with the columns accuracy, accuracy_low,
    accuracy_high (shares), cost_usd, cost_low_usd, cost_high_usd (US dollars per item). A curve
    through each point joins all that is worth as much as it: its net benefit, error_worth_usd ×
    accuracy − cost, is the same all along. Higher curves are better. The cost has a log axis,
    unless something costs nothing. A column `misses` says which limit of a rule an option misses,
    such as "2 s" (empty: none); `min_accuracy` is a rule's limit, drawn as a line.
    """
    what = "plot_cost_accuracy"
    options = _options(frame(table, ACCURACY_COLUMNS + _COST_COLUMNS, what), what)
    each = amount(error_worth_usd, f"{what}: error_worth_usd")
    missed = _missed(table)
    axes = picture(source=source, height=4.6)
    _axes_of_options(axes, options, unit)
    if min_accuracy is not None:
        least = share(min_accuracy, f"{what}: min_accuracy")
        _draw_least(axes, least, [(cost.value, right.value) for right, cost in options.values()])
    worths = {name: each * right.value - cost.value for name, (right, cost) in options.items()}
    best = _best(worths, missed)
    _draw_curves(axes, options, worths, each, best)
    for (right, cost), colour, marker in zip(options.values(), COLOURS, MARKERS, strict=False):
        look = {"fmt": marker, "color": colour, "capsize": 4, "markersize": 8, "zorder": 3}
        axes.errorbar(cost.value, right.value, xerr=cost.arms, yerr=right.arms, **look)
    texts = [
        f"{short(name)}{missed.get(name, '')}\n{percent(right.value)}, {dollars(cost.value)}"
        for name, (right, cost) in options.items()
    ]
    name_points(axes, [(cost.value, right.value) for right, cost in options.values()], texts)
    note = f"a curve joins points of equal net benefit at {dollars(each)} an error; solid: the best"
    note += " not ruled out" if len(missed) in range(1, len(options)) else ""
    axes.set_xlabel(f"{axes.get_xlabel()}\n{note}", parse_math=False)
    finding = _best_in_words(worths, each, unit)
    return axes.tell(finding, _options_in_words(options, worths, missed, unit))


def _missed(table: "DataFrame") -> dict[str, str]:
    """ ": misses 2 s" by the name of each option that misses a limit."""
    told = table["misses"] if "misses" in table.columns else {}
    return {str(name): f": misses {limit}" for name, limit in told.items() if limit}


def _best(worths: dict[str, float], missed: dict[str, str]) -> str:
    """The option with most net benefit of those that keep the rule, or of all if none does."""
    kept = [name for name in worths if name not in missed]
    return max(kept or worths, key=worths.get)


def _draw_least(axes: Picture, least: float, points: list[tuple[float, float]]) -> None:
    """A line at the rule's accuracy; its label is at the end that is farther from a point."""
    bottom, top = axes.get_ylim()
    room = 0.06 * (top - bottom)
    axes.set_ylim(max(0, min(bottom, least - room)), max(top, least + room))
    axes.axhline(least, color=GREY, linestyle=":", zorder=1)
    cheapest, dearest = (abs(end(points)[1] - least) for end in (min, max))
    left = cheapest > dearest
    axes.annotate(
        f"the rule: at least {100 * least:.6g} %",
        (0 if left else 1, least),
        (4 if left else -4, 3),
        xycoords=axes.get_yaxis_transform(),
        textcoords="offset points",
        horizontalalignment="left" if left else "right",
        color=GREY,
        zorder=1,
    )


def _draw_curves(
    axes: Picture, options: dict, worths: dict[str, float], each: float, best: str
) -> None:
    """Through each point what is worth as much, error worth × accuracy − cost; solid: the best."""
    space = np.geomspace if axes.get_xscale() == "log" else np.linspace
    costs = space(*axes.get_xlim(), 200)
    for (name, (_, cost)), colour in zip(options.items(), COLOURS, strict=False):
        look = {"linestyle": "-" if name == best else "--", "color": colour, "linewidth": 1}
        if each:
            axes.plot(costs, (worths[name] + costs) / each, zorder=1, **look)
        else:  # where an error costs nothing, only the price counts
            axes.axvline(cost.value, zorder=1, **look)


ACCURACY_COLUMNS = ["accuracy", "accuracy_low", "accuracy_high"]
_COST_COLUMNS = ["cost_usd", "cost_low_usd", "cost_high_usd"]


def _options(table: "DataFrame", what: str) -> dict[str, tuple[Interval, Interval]]:
    """Accuracy and cost by the name of the option, in the order given."""
    if len(table) > MOST_OPTIONS:
        raise CourseError(f"{what} shows at most {MOST_OPTIONS} options, not {len(table)}.")
    if not table.index.is_unique:
        raise CourseError(f"{what} needs a different name for each option in the table's index.")
    found = {}
    for name, row in table.iterrows():
        right, cost = (
            tuple(row[column] for column in columns)
            for columns in (ACCURACY_COLUMNS, _COST_COLUMNS)
        )
        amount(cost[0], f"{what}: cost_usd of {name}")
        found[str(name)] = (
            interval(right, f"{what}: accuracy of {name}", check=share),
            interval(cost, f"{what}: cost_usd of {name}"),
        )
    return found


def _axes_of_options(axes: Picture, options: dict, unit: str) -> None:
    rights, costs = zip(*options.values(), strict=True)
    low, high = min(cost.value for cost in costs), max(cost.high for cost in costs)
    if low:
        # An interval may reach 0, which a log axis has no place for: its arm ends at the edge.
        low = min([low, *(cost.low for cost in costs if cost.low > low / 10)])
        axes.set(xscale="log", xlim=(low / 2, high * 3))
        dollar_axis(axes)
    else:
        axes.set(xlim=(-0.06 * high, 1.4 * high or 1))
        axes.xaxis.set_major_formatter(in_dollars)
    axes.set_xlabel(f"cost per {unit} (US dollars)")
    bottom, top = min(right.low for right in rights), max(right.high for right in rights)
    room = max(0.15 * (top - bottom), 0.01)
    axes.set(ylim=(max(0, bottom - room), min(1.0, top + room) + 0.3 * room))
    axes.set_ylabel("accuracy (percent right)")
    axes.yaxis.set_major_formatter(lambda part, _: f"{100 * part:.4g}")


def _best_in_words(worths: dict[str, float], each: float, unit: str) -> str:
    ranked = sorted(worths, key=worths.get, reverse=True)
    best, start = ranked[0], f"At {dollars(each)} an error"
    if len(ranked) == 1:
        benefit = dollars(1000 * worths[best])
        return f"{start}, the net benefit of {best} is {benefit} per 1,000 {unit}s"
    ahead = dollars(1000 * (worths[best] - worths[ranked[1]]))
    return f"{start}, {best} is estimated best, by {ahead} per 1,000 {unit}s over {ranked[1]}"


def _options_in_words(options: dict, worths: dict, missed: dict[str, str], unit: str) -> str:
    told = (
        f"{name} {percent(right.value)} right ({percent(right.low)} to {percent(right.high)}) at "
        f"{dollars(cost.value)} per {unit} ({dollars(cost.low)} to {dollars(cost.high)}), "
        f"net benefit {dollars(1000 * worths[name])} per 1,000"
        + missed.get(name, "").replace(":", ",")
        for name, (right, cost) in options.items()
    )
    return f"Accuracy against cost per {unit}, a point each: {'; '.join(told)}."
