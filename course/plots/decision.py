"""Plots for a decision between models: cost, accuracy, and what an avoided error is worth.

All of them show the figures they are given; none of them estimates or decides anything.
"""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from course.errors import CourseError
from course.plots.given import (
    Interval,
    amount,
    dollars,
    frame,
    interval,
    number,
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
    table: "DataFrame", *, error_worth_usd: object, source: str, unit: str = "item"
) -> Picture:
    """Cost per item against accuracy: a point with both intervals for each option.

    `table`: indexed by the options' names, with the columns accuracy, accuracy_low,
    accuracy_high (shares), cost_usd, cost_low_usd, cost_high_usd (US dollars per item). A curve
    through each point joins all that is worth as much as it: its net benefit, error_worth_usd ×
    accuracy − cost, is the same all along. Higher curves are better. The cost has a log axis,
    unless something costs nothing.
    """
    what = "plot_cost_accuracy"
    options = _options(frame(table, _ACCURACY_COLUMNS + _COST_COLUMNS, what), what)
    each = amount(error_worth_usd, f"{what}: error_worth_usd")
    axes = picture(source=source, height=4.6)
    _axes_of_options(axes, options, unit)
    worths = {name: each * right.value - cost.value for name, (right, cost) in options.items()}
    _draw_curves(axes, options, worths, each)
    for (right, cost), colour, marker in zip(options.values(), COLOURS, MARKERS, strict=False):
        look = {"fmt": marker, "color": colour, "capsize": 4, "markersize": 8, "zorder": 3}
        axes.errorbar(cost.value, right.value, xerr=cost.arms, yerr=right.arms, **look)
    texts = [
        f"{short(name)}\n{percent(right.value)}, {dollars(cost.value)}"
        for name, (right, cost) in options.items()
    ]
    name_points(axes, [(cost.value, right.value) for right, cost in options.values()], texts)
    note = f"a curve joins points of equal net benefit at {dollars(each)} an error; solid: the best"
    axes.set_xlabel(f"{axes.get_xlabel()}\n{note}", parse_math=False)
    finding = _best_in_words(worths, each, unit)
    return axes.tell(finding, _options_in_words(options, worths, each, unit))


def _draw_curves(axes: Picture, options: dict, worths: dict[str, float], each: float) -> None:
    """Through each point what is worth as much, error worth × accuracy − cost; solid: the best."""
    best = max(worths, key=worths.get)
    space = np.geomspace if axes.get_xscale() == "log" else np.linspace
    costs = space(*axes.get_xlim(), 200)
    for (name, (_, cost)), colour in zip(options.items(), COLOURS, strict=False):
        look = {"linestyle": "-" if name == best else "--", "color": colour, "linewidth": 1}
        if each:
            axes.plot(costs, (worths[name] + costs) / each, zorder=1, **look)
        else:  # where an error costs nothing, only the price counts
            axes.axvline(cost.value, zorder=1, **look)


_ACCURACY_COLUMNS = ["accuracy", "accuracy_low", "accuracy_high"]
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
            for columns in (_ACCURACY_COLUMNS, _COST_COLUMNS)
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


def _options_in_words(options: dict, worths: dict, each: float, unit: str) -> str:
    told = (
        f"{name} {percent(right.value)} right ({percent(right.low)} to {percent(right.high)}) at "
        f"{dollars(cost.value)} per {unit} ({dollars(cost.low)} to {dollars(cost.high)}), "
        f"net benefit {dollars(1000 * worths[name])} per 1,000"
        for name, (right, cost) in options.items()
    )
    return f"Accuracy against cost per {unit}, a point each: {'; '.join(told)}."


def plot_cascade(
    table: "DataFrame",
    *,
    chosen: object,
    source: str,
    unit: str = "item",
    reported: object = None,
) -> Picture:
    """Accuracy (above) and cost (below) of a cascade against its threshold of confidence.

    `table`: columns threshold, accuracy, accuracy_low, accuracy_high (shares), cost_usd (US
    dollars per item), asked (the share of items that go on to the bigger model). `chosen` is the
    threshold that was picked on these items; `reported`, (accuracy, low, high, cost_usd), is what
    it gave on the other half, drawn hollow: only that half can judge the choice.
    """
    what = "plot_cascade"
    steps = _steps(frame(table, _CASCADE_COLUMNS, what), what)
    picked = _nearest(steps, number(chosen, f"{what}: chosen"), what)
    axes, below = _two_panels(source, unit)
    for column, panel in (("accuracy", axes), ("cost_usd", below)):
        look = {"color": COLOURS[0], "marker": MARKERS[0], "markersize": 4}
        panel.plot(steps["threshold"], steps[column], **look)
        panel.axvline(picked["threshold"], color=GREY, linestyle=":")
    bounds = steps["accuracy_low"], steps["accuracy_high"]
    axes.fill_between(steps["threshold"], *bounds, color=COLOURS[0], alpha=0.2, linewidth=0)
    look = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "va": "top"}
    axes.annotate(f" chosen: {picked['threshold']:g}", (picked["threshold"], 1), (0, -3), **look)
    below.set_ylim(0, None)
    at, figures = f"{picked['threshold']:g}", _figures(picked["accuracy"], picked["cost_usd"], unit)
    finding = f"A threshold of {at} gives {figures} where it was chosen"
    if reported is not None:
        seen = _draw_other_half(axes, below, picked["threshold"], reported, what)
        finding = f"A threshold of {at}, chosen on one half, gives {seen} on the other"
    asked = f"{percent(picked['asked'], 0)} go on to the bigger model at {at}"
    return axes.tell(finding, f"{asked}, {figures}. {_steps_in_words(steps, unit)}")


_CASCADE_COLUMNS = ["threshold", *_ACCURACY_COLUMNS, "cost_usd", "asked"]


def _steps(table: "DataFrame", what: str) -> "DataFrame":
    """The thresholds in order, each with figures that can be drawn."""
    for at, row in table.iterrows():
        number(row["threshold"], f"{what}: threshold of row {at}")
        share(row["asked"], f"{what}: asked of row {at}")
        number(row["cost_usd"], f"{what}: cost_usd of row {at}")
        right = tuple(row[column] for column in _ACCURACY_COLUMNS)
        interval(right, f"{what}: accuracy of row {at}", check=share)
    return table[_CASCADE_COLUMNS].astype(float).sort_values("threshold")


def _nearest(steps: "DataFrame", chosen: float, what: str) -> dict[str, float]:
    away = (steps["threshold"] - chosen).abs()
    if away.min() > 1e-9:
        raise CourseError(f"{what}: the chosen threshold {chosen:g} is not in the table.")
    return steps.loc[away.idxmin()].to_dict()


def _two_panels(source: str, unit: str) -> tuple[Picture, Axes]:
    """Empty panels one above the other, accuracy and cost, over one axis of thresholds."""
    axes = picture(source=source, height=5.2)
    grid = axes.figure.add_gridspec(2, 1)
    axes.set_subplotspec(grid[0])
    below = axes.figure.add_subplot(grid[1], sharex=axes)
    below.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelbottom=False)
    axes.set_ylabel("accuracy\n(percent right)")
    axes.yaxis.set_major_formatter(lambda part, _: f"{100 * part:.4g}")
    below.set_ylabel(f"cost per 1,000 {unit}s\n(US dollars)")
    below.yaxis.set_major_formatter(lambda cost, _: in_dollars(1000 * cost))
    below.set_xlabel("threshold: below this confidence the bigger model is asked")
    return axes, below


def _draw_other_half(axes: Picture, below: Axes, at: float, reported: object, what: str) -> str:
    """Draw what the threshold gave on the items it was not chosen on; return it in words."""
    if not isinstance(reported, tuple | list) or len(reported) != 4:
        raise CourseError(f"{what}: reported needs (accuracy, low, high, cost_usd).")
    right = interval(tuple(reported[:3]), f"{what}: reported", check=share)
    cost = number(reported[3], f"{what}: reported cost_usd")
    hollow = {"color": COLOURS[1], "marker": MARKERS[1], "markerfacecolor": "white"}
    axes.errorbar(at, right.value, yerr=right.arms, capsize=4, label="other half", **hollow)
    below.plot(at, cost, linestyle="", **hollow)
    axes.legend(frameon=False, loc="lower right")
    low, high = percent(right.low), percent(right.high)
    return f"{percent(right.value)} right ({low} to {high}) for {dollars(1000 * cost)} per 1,000"


def _steps_in_words(steps: "DataFrame", unit: str) -> str:
    ends = (
        f"at {step['threshold']:g} {_figures(step['accuracy'], step['cost_usd'], unit)}"
        for _, step in steps.iloc[[0, -1]].iterrows()
    )
    return f"The first and the last of {len(steps)} thresholds: {'; '.join(ends)}."


def _figures(accuracy: float, cost: float, unit: str) -> str:
    return f"{percent(accuracy)} right for {dollars(1000 * cost)} per 1,000 {unit}s"
