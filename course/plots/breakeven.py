"""The plot of net benefit against the worth of an avoided error, and where the verdict turns."""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from course.errors import CourseError
from course.plots.given import amount, dollars, frame, listed, number
from course.plots.labels import PAPER, in_dollars
from course.plots.picture import COLOURS, Picture, picture

if TYPE_CHECKING:
    from pandas import DataFrame

_REGIONS = {
    "stay": ("S", "#BFD9EC", ""),
    "measure more": ("M", "#F2F2F2", "..."),
    "upgrade": ("U", "#F7D7BF", "//"),
}


def plot_breakeven(
    curve: "DataFrame", *, error_worth_usd: object, source: str, unit: str = "item"
) -> Picture:
    """Net benefit of the candidate over the baseline against the worth of an avoided error.

    `curve`: columns worth_usd (US dollars for an avoided error), net_benefit_usd, low_usd,
    high_usd (US dollars per item, with the interval). Where the interval lies below 0 the region
    is S (stay), above 0 U (upgrade), else M (measure more); the borders lie where low_usd or
    high_usd crosses 0, straight lines between the rows. The rule's worth must be on the curve.
    """
    what = "plot_breakeven"
    points = _curve(frame(curve, _CURVE_COLUMNS, what), what)
    mine = amount(error_worth_usd, f"{what}: error_worth_usd")
    start, end = points["worth_usd"].iloc[[0, -1]]
    if not start <= mine <= end:
        raise CourseError(
            f"{what}: error_worth_usd {dollars(mine)} is not between the curve's ends "
            f"{dollars(start)} and {dollars(end)}; give a curve that reaches it."
        )
    axes = picture(source=source)
    regions = _regions(points)
    _shade(axes, regions)
    worths, per_thousand = points["worth_usd"], 1000 * points[_CURVE_COLUMNS[1:]]
    axes.plot(worths, per_thousand["net_benefit_usd"], color=COLOURS[0], linewidth=2)
    for column in ("low_usd", "high_usd"):
        axes.plot(worths, per_thousand[column], "--", color=COLOURS[0], linewidth=1)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_xlim(start, end)
    _mark_the_rule(axes, mine, [1000 * np.interp(mine, worths, points[one]) for one in _BANDED])
    axes.set_xlabel("worth of an avoided error (US dollars)")
    axes.set_ylabel(f"net benefit per 1,000 {unit}s\n(US dollars; dashed: interval)")
    axes.xaxis.set_major_formatter(in_dollars)
    axes.yaxis.set_major_formatter(lambda dollar, _: _signed(dollar))
    verdict = next(name for name, low, high in regions if low <= mine <= high)
    finding = f"At {dollars(mine)} an error: {verdict} ({_in_order(regions)})"
    return axes.tell(finding, _curve_in_words(points, mine, unit))


_CURVE_COLUMNS = ["worth_usd", "net_benefit_usd", "low_usd", "high_usd"]


def _curve(table: "DataFrame", what: str) -> "DataFrame":
    for at, row in table.iterrows():
        value, low, high = (number(row[one], f"{what}: {one} of row {at}") for one in _BANDED)
        number(row["worth_usd"], f"{what}: worth_usd of row {at}")
        if not low <= value <= high:
            raise CourseError(f"{what}: row {at} has its net benefit outside its own interval.")
    points = table[_CURVE_COLUMNS].astype(float).sort_values("worth_usd")
    if points["worth_usd"].nunique() < 2:
        raise CourseError(f"{what} needs a curve of at least two different worths.")
    return points


_BANDED = _CURVE_COLUMNS[1:]


def _regions(points: "DataFrame") -> list[tuple[str, float, float]]:
    """The verdicts from the smallest worth to the largest, each with its two borders."""
    worths = points["worth_usd"].to_numpy()
    low, high = (points[one].to_numpy() for one in ("low_usd", "high_usd"))
    borders = sorted({worths[0], worths[-1], *_crossings(worths, low), *_crossings(worths, high)})
    regions = []
    for left, right in pairwise(borders):
        middle = (left + right) / 2
        sure = np.interp(middle, worths, low) > 0, np.interp(middle, worths, high) < 0
        verdict = {(True, False): "upgrade", (False, True): "stay"}.get(sure, "measure more")
        if regions and regions[-1][0] == verdict:
            left = regions.pop()[1]
        regions.append((verdict, left, right))
    return regions


def _crossings(worths: np.ndarray, values: np.ndarray) -> list[float]:
    at = np.flatnonzero(values[:-1] * values[1:] < 0)
    step = -values[at] / (values[at + 1] - values[at])
    return [*(worths[at] + step * (worths[at + 1] - worths[at])), *worths[values == 0]]


def _shade(axes: Picture, regions: list) -> None:
    start, end = regions[0][1], regions[-1][2]
    for verdict, left, right in regions:
        letter, tint, hatch = _REGIONS[verdict]
        look = {"facecolor": tint, "hatch": hatch, "edgecolor": "#D0D0D0", "linewidth": 0}
        axes.axvspan(left, right, zorder=0, **look)
        wide = right - left > 0.018 * len(verdict) * (end - start)
        axes.text(
            (left + right) / 2,
            0.97,
            f"{letter}\n{verdict}" if wide else letter,
            transform=axes.get_xaxis_transform(),
            horizontalalignment="center",
            verticalalignment="top",
            fontweight="bold",
            bbox=PAPER,
        )


def _mark_the_rule(axes: Picture, mine: float, lines: list[float]) -> None:
    """A line at the rule's worth; its label keeps away from where the other lines cross it."""
    axes.axvline(mine, color=COLOURS[1], linewidth=2, linestyle="-.")
    bottom, top = axes.get_ylim()
    heights = [(line - bottom) / (top - bottom) for line in lines]
    free = max(_HEIGHTS, key=lambda height: min(abs(height - other) for other in heights))
    left = mine > sum(axes.get_xlim()) / 2
    axes.annotate(
        f"the rule: {dollars(mine)}",
        (mine, free),
        (-8 if left else 8, 0),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        horizontalalignment="right" if left else "left",
        bbox=PAPER,
    )


_HEIGHTS = (0.03, 0.2, 0.4, 0.55, 0.7)


def _in_order(regions: list) -> str:
    if len(regions) == 1:
        return f"everywhere from {dollars(regions[0][1])} to {dollars(regions[0][2])}"
    told = [f"{verdict} up to {dollars(right)}" for verdict, _, right in regions[:-1]]
    return f"{', '.join(told)}, then {regions[-1][0]}"


def _signed(dollar: float) -> str:
    return f"-{in_dollars(-dollar)}" if dollar < 0 else in_dollars(dollar)


def _curve_in_words(points: "DataFrame", mine: float, unit: str) -> str:
    worths = points["worth_usd"].to_numpy()
    value, low, high = (1000 * np.interp(mine, worths, points[one]) for one in _BANDED)
    zeros = _crossings(worths, points["net_benefit_usd"].to_numpy())
    even = f"break-even at {listed(map(dollars, zeros))}" if zeros else "no break-even on it"
    return (
        f"Line of net benefit with its interval, {even}. At the rule's worth it is "
        f"{dollars(value)} per 1,000 {unit}s, interval {dollars(low)} to {dollars(high)}."
    )
