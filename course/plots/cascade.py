"""The plot of a cascade: accuracy and cost against the threshold of confidence."""

from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from course.errors import CourseError
from course.plots.decision import ACCURACY_COLUMNS
from course.plots.given import dollars, frame, interval, number, percent, share
from course.plots.labels import in_dollars
from course.plots.picture import COLOURS, GREY, MARKERS, Picture, picture

if TYPE_CHECKING:
    from pandas import DataFrame


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


_CASCADE_COLUMNS = ["threshold", *ACCURACY_COLUMNS, "cost_usd", "asked"]


def _steps(table: "DataFrame", what: str) -> "DataFrame":
    """The thresholds in order, each with figures that can be drawn."""
    for at, row in table.iterrows():
        number(row["threshold"], f"{what}: threshold of row {at}")
        share(row["asked"], f"{what}: asked of row {at}")
        number(row["cost_usd"], f"{what}: cost_usd of row {at}")
        right = tuple(row[column] for column in ACCURACY_COLUMNS)
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
