"""Plots of how sure an accuracy is: resampled, and against the number of items."""

import math
from collections.abc import Sequence

import numpy as np

from course.errors import CourseError
from course.plots.given import interval, number, percent, share
from course.plots.labels import PAPER
from course.plots.picture import COLOURS, GREY, HATCHES, MARKERS, Picture, picture

MOST_BARS = 60


def plot_resampling(
    accuracies: Sequence[float],
    *,
    source: str,
    confidence: float = 0.95,
    formula: object = None,
) -> Picture:
    """How often each accuracy came out of resampling, and the middle 95 % of them.

    `accuracies`: shares from 0 to 1, one for each resample of the same items; a bar for each value
    there is, or for 60 equal steps where there are more. The interval runs from the share of them
    that (1 − confidence) / 2 lie below to the one that as many lie above. `formula`, (value, low,
    high), is drawn above the bars, to be held against it.
    """
    what = "plot_resampling"
    drawn = np.array([share(one, f"{what}: an accuracy") for one in _listed(accuracies, what)])
    middle = _confidence(confidence, what)
    ends = np.quantile(drawn, [(1 - middle) / 2, (1 + middle) / 2])
    axes = picture(source=source)
    top = 1.12 * _draw_bars(axes, drawn, ends, f"the middle {percent(middle, 0)} of the resamples")
    _draw_ends(axes, ends, top)
    words = ""
    if formula is not None:
        found = interval(formula, f"{what}: formula", check=share)
        look = {"fmt": MARKERS[1], "color": COLOURS[1], "capsize": 5, "label": "by the formula"}
        top *= 1.1
        axes.errorbar(found.value, top, xerr=found.arms, **look)
        words = f" By the formula: {percent(found.low)} to {percent(found.high)}."
    axes.set_ylim(0, 1.08 * top)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(0, -0.17), ncols=3, fontsize=9)
    axes.set(xlabel="accuracy of a resample (percent right)", ylabel="resamples (count)")
    axes.xaxis.set_major_formatter(lambda part, _: f"{100 * part:.4g}")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    spread = f"from {percent(drawn.min())} to {percent(drawn.max())}, mean {percent(drawn.mean())}"
    finding = _resampling_finding(middle, len(drawn), ends)
    return axes.tell(finding, f"Histogram of the accuracies {spread}.{words}")


def _draw_bars(axes: Picture, drawn: np.ndarray, ends: np.ndarray, label: str) -> float:
    """Bars, those between the ends in another colour and without a hatch; returns the highest."""
    places, counts, width = _bars(drawn)
    inside = (places >= ends[0] - 1e-8) & (places <= ends[1] + 1e-8)
    kinds = ((inside, COLOURS[0], "", label), (~inside, COLOURS[4], HATCHES[1], "the rest"))
    for chosen, colour, hatch, told in kinds:
        look = {"color": colour, "hatch": hatch, "edgecolor": "white", "label": told}
        if chosen.any():
            axes.bar(places[chosen], counts[chosen], width, linewidth=0.4, **look)
    return float(counts.max())


def _draw_ends(axes: Picture, ends: np.ndarray, top: float) -> None:
    for end in ends:
        axes.axvline(end, color="black", linestyle="--", linewidth=1)
    look = {"ha": "center", "va": "center", "bbox": PAPER}
    axes.annotate(f"{percent(ends[0])} to {percent(ends[1])}", (ends.mean(), top), **look)


def _resampling_finding(middle: float, count: int, ends: np.ndarray) -> str:
    low, high = map(percent, ends)
    if ends[0] == ends[1]:
        return (
            f"All but at most a few of {count:,} resamples give {low}: "
            "there are too few mistakes to resample"
        )
    return f"{percent(middle, 0)} of {count:,} resamples lie between {low} and {high}"


def _confidence(given: float, what: str) -> float:
    middle = share(given, f"{what}: confidence")
    if middle in (0, 1):
        raise CourseError(f"{what} needs a confidence between 0 and 1, such as 0.95.")
    return middle


def _listed(accuracies: Sequence[float], what: str) -> list[float]:
    try:
        found = list(accuracies)
    except TypeError:
        raise CourseError(f"{what} needs the accuracies of many resamples.") from None
    if len(found) < _LEAST_RESAMPLES:
        raise CourseError(
            f"{what} has {len(found)} accuracies; take {_LEAST_RESAMPLES} resamples or more, "
            "so that there is a middle to speak of."
        )
    return found


_LEAST_RESAMPLES = 40


def _bars(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Middles, counts and width of the bars: one a value, since shares of n items are steps."""
    values, counts = np.unique(drawn.round(9), return_counts=True)
    if len(values) == 1:
        return values, counts, 0.01
    if len(values) <= MOST_BARS:
        return values, counts, float(np.diff(values).min())
    counts, edges = np.histogram(drawn, bins=MOST_BARS)
    return (edges[:-1] + edges[1:]) / 2, counts, float(edges[1] - edges[0])


def plot_interval_width(
    accuracy: float, n: int, *, source: str, confidence: float = 0.95
) -> Picture:
    """Half the width of Wilson's interval against the number of items, log axis; yours is marked.

    `accuracy` is a share from 0 to 1, `n` the number of your items. The dashed line is for an
    accuracy of 50 %, the widest there is: good for planning before anything is known. Half width
    (Wilson, 1927): z / (1 + z²/n) · √(p(1 − p)/n + z²/(4n²)).
    """
    what = "plot_interval_width"
    right, mine = share(accuracy, f"{what}: accuracy"), number(n, f"{what}: n")
    middle = _confidence(confidence, what)
    if mine < 1 or not mine.is_integer():
        raise CourseError(f"{what} needs n as a whole number of at least 1 item.")
    half = _half_width(right, mine, middle)
    needed = _items_for(half / 2, right, middle)
    ends = 10 ** math.floor(math.log10(max(mine / 3, 1))), 10 ** math.ceil(math.log10(2 * needed))
    axes = picture(source=source)
    for part, style, colour in [(right, "-", COLOURS[0])] + [(0.5, "--", GREY)] * (right != 0.5):
        items = np.geomspace(*ends, 200)
        widths = 100 * _half_width(part, items, middle)
        axes.plot(items, widths, style, color=colour, label=f"accuracy {percent(part)}")
    _mark(axes, mine, half, f"your {mine:,.0f} items: ±{100 * half:.1f} points")
    _mark(axes, needed, half / 2, f"half of it: {needed:,} items")
    axes.set(xscale="log", xlim=ends, xlabel="items in the gold set")
    axes.set_ylim(0, None)
    axes.set_ylabel("half the interval's width\n(percentage points)")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.legend(frameon=False)
    told = f"{mine:,.0f} items tell the accuracy to ±{100 * half:.1f} points"
    widths = ", ".join(
        f"{count:,} items ±{100 * _half_width(right, count, middle):.1f}"
        for count in (10, 100, 1000, 10_000)
    )
    words = f"At an accuracy of {percent(right)}, in points: {widths}."
    return axes.tell(f"{told}; half of that takes {needed:,}", words)


def _mark(axes: Picture, items: float, half: float, told: str) -> None:
    axes.plot(items, 100 * half, MARKERS[1], color=COLOURS[1], markersize=8)
    look = {"textcoords": "offset points", "bbox": PAPER}
    axes.annotate(told, (items, 100 * half), (8, 8), **look)


def _half_width(right: float, items: object, confidence: float) -> object:
    from statistics import NormalDist

    z = NormalDist().inv_cdf((1 + confidence) / 2)
    spread = np.sqrt(right * (1 - right) / items + z**2 / (4 * items**2))
    return z / (1 + z**2 / items) * spread


def _items_for(half: float, right: float, confidence: float) -> int:
    """The fewest items whose interval is no wider: found by halving, since the width only falls."""
    low, high = 1, 1
    while _half_width(right, high, confidence) > half:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (
            (middle, high) if _half_width(right, middle, confidence) > half else (low, middle)
        )
    return high
