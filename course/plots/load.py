"""Plots of a service under load: throughput, calls in flight over time, calls refused."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from course.errors import CourseError
from course.plots.given import frame
from course.plots.picture import COLOURS, HATCHES, MARKERS, Picture, picture
from course.plots.speed import column, three_figures, worked

if TYPE_CHECKING:
    import pandas as pd

OUTCOMES = ("answered", "answered after a retry", "refused (429)", "failed")


def plot_throughput(table: "pd.DataFrame", *, source: str, knee=None) -> Picture:
    """Throughput, above, and p95 latency, below, against the load, with their intervals.

    `table` is that of a Sweep: `concurrency` or `rate`, and throughput and latency_s_p95 with
    their `_low` and `_high`. `knee` is a Sweep's knee (`at`, `low`, `high`, `why`); where it was
    reached a line marks it, and its sentence is the title. An arrow is an unknown upper end.
    """
    by = "rate" if "rate" in getattr(table, "columns", ()) else "concurrency"
    table = frame(table, (by, "throughput", "latency_s_p95"), "plot_throughput")
    axes = picture(source=source, height=5.4)
    grid = axes.figure.add_gridspec(2, 1)
    axes.set_subplotspec(grid[0])
    below = axes.figure.add_subplot(grid[1], sharex=axes)
    below.spines[["top", "right"]].set_visible(False)
    _steps(axes, table, by, name="throughput", look=0)
    _steps(below, table, by, name="latency_s_p95", look=1)
    axes.set_ylabel("answers a second")
    below.set_ylabel("p95 latency (seconds)")
    below.set_xlabel(_unit(by))
    _load_axis(axes, table[by])
    if knee is not None and knee.at is not None:
        for panel in (axes, below):
            panel.axvline(knee.at, color=COLOURS[2], linestyle="--", label="knee")
            panel.axvspan(knee.low, knee.high, color=COLOURS[2], alpha=0.12)
        axes.legend(loc="lower right", frameon=False)
    finding = _most(table, by) if knee is None else knee.why.rstrip(".")
    axes.set_title(finding, loc="left", fontsize=10, wrap=True)
    axes.alt = f"{finding}. {_throughput_in_words(table, by)} Source: {source}."
    return axes


def _unit(by: str) -> str:
    return "calls in flight" if by == "concurrency" else "calls sent a second"


def _steps(axes: Axes, table: "pd.DataFrame", by: str, *, name: str, look: int) -> None:
    values = table[name].to_numpy(dtype=float)
    low = column(table, f"{name}_low", np.nan).to_numpy(dtype=float)
    high = column(table, f"{name}_high", np.nan).to_numpy(dtype=float)
    axes.plot(table[by], values, color=COLOURS[look], marker=MARKERS[look], markersize=4)
    for at, value, least, most in zip(table[by], values, low, high, strict=True):
        if math.isfinite(value) and not math.isnan(most):
            open_end = not math.isfinite(most)
            up = 0.25 * np.nanmax(values) if open_end else max(0.0, most - value)
            arms = {"color": COLOURS[look], "capsize": 3}
            axes.errorbar(at, value, yerr=[[max(0.0, value - least)], [0.0]], **arms)
            axes.errorbar(at, value, yerr=[[0.0], [up]], lolims=open_end, **arms)
    axes.set_ylim(0, None)


def _load_axis(axes: Axes, steps: Sequence[float]) -> None:
    """A tick at each step; a logarithmic axis where they reach far."""
    if max(steps) > 8 * min(steps):
        axes.set_xscale("log")
    axes.set_xticks(list(steps), [f"{step:g}" for step in steps])
    axes.minorticks_off()
    axes.tick_params(axis="x", labelbottom=False)


def _most(table: "pd.DataFrame", by: str) -> str:
    if table["throughput"].isna().all():
        return "No step has a throughput"
    best = table.loc[table["throughput"].idxmax()]
    most = three_figures(best["throughput"])
    return f"At most {most} answers a second, at {best[by]:g} {_unit(by)}"


def _throughput_in_words(table: "pd.DataFrame", by: str) -> str:
    points = zip(table[by], table["throughput"], table["latency_s_p95"], strict=True)
    told = (
        f"at {at:g}: {three_figures(answers)} a second, {three_figures(p95)} s"
        for at, answers, p95 in points
    )
    return f"Two curves by {_unit(by)}, answers a second and p95 latency: {'; '.join(told)}."


def plot_timeline(calls: "pd.DataFrame", *, source: str) -> Picture:
    """Each call as a bar from its start to its end, those at the same time one above the other.

    `calls` is a run's table with start_s and end_s; with first_token_s the bar is light (and, of
    at most 60 calls, hatched) until the first token. A call takes the lowest row that is free. The
    thin line before a bar is the wait, if there is one to see, until its last attempt was sent (it
    was due earlier, or was tried before). A cross ends a call that was refused (status 429), a
    triangle one that failed otherwise; the warm-up is pale.
    """
    rows = _timed(calls, "plot_timeline")
    usual = float((rows["end"] - rows["start_s"]).median())
    unseen = min(0.005 * (rows["end"].max() - rows["begin"].min()), 0.02 * usual)
    shown = rows["begin"].where(rows["start_s"] - rows["begin"] > unseen, rows["start_s"])
    rows = rows.assign(begin=shown).sort_values(["begin", "end"], kind="stable")
    rows = rows.assign(lane=_lanes(rows["begin"], rows["end"], slack=unseen))
    lanes = int(rows["lane"].max())
    axes = picture(source=source, height=min(7.0, 2.6 + 0.12 * lanes))
    axes.hlines(rows["lane"], rows["begin"], rows["start_s"], color="#808080", linewidth=0.8)
    hatch = HATCHES[1] if len(rows) <= 60 else ""
    if rows["first"].gt(rows["start_s"]).any():
        _bars(axes, rows, ("start_s", "first"), look=("until the first token", "#F5D491", hatch))
        _bars(axes, rows, ("first", "end"), look=("from the first token on", COLOURS[0], ""))
    else:
        _bars(axes, rows, ("first", "end"), look=("in flight", COLOURS[0], ""))
    for name, marker, colour in ((OUTCOMES[2], "x", COLOURS[1]), (OUTCOMES[3], "^", COLOURS[5])):
        at = rows["outcome"] == name
        if at.any():
            axes.plot(rows["end"][at], rows["lane"][at], marker, color=colour, label=name)
    axes.set(xlabel="seconds of the run", ylabel="calls at the same time", ylim=(0.4, lanes + 0.6))
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=5, frameon=False, fontsize=8)
    finding = _flight_in_words(rows)
    axes.set_title(finding, loc="left", fontsize=10, pad=26)
    last = three_figures(rows["end"].max())
    axes.alt = f"{finding}. A bar for each of {len(rows)} calls over {last} seconds, those at the "
    axes.alt += f"same time one above the other. Source: {source}."
    return axes


def _lanes(begins: "pd.Series", ends: "pd.Series", *, slack: float) -> list[int]:
    """For each call, in the order of beginning, the lowest row in which none is running.

    Calls that overlap by at most `slack` seconds share a row: nobody would see it.
    """
    free_from, lanes = [], []
    for begin, end in zip(begins, ends, strict=True):
        free_rows = (at for at, free in enumerate(free_from) if free <= begin + slack)
        lane = next(free_rows, len(free_from))
        free_from[lane : lane + 1] = [end]
        lanes.append(lane + 1)
    return lanes


def _bars(axes: Axes, rows: "pd.DataFrame", ends: tuple[str, str], *, look: tuple) -> None:
    """Bars between two moments of each call; the warm-up's are pale, and named for themselves."""
    label, colour, hatch = look
    for warm_up, part in rows.groupby(rows["warm_up"].astype(bool)):
        left, right, lane = (part[name].to_numpy() for name in (*ends, "lane"))
        across = np.stack([left, right, right, left], axis=1)
        up = lane[:, None] + np.array([-0.4, -0.4, 0.4, 0.4])
        # One drawing for all: thousands of single bars take half a minute.
        bars = PolyCollection(
            np.stack([across, up], axis=2), facecolor=colour, hatch=hatch, edgecolor="white",
            linewidth=0.3, alpha=0.4 if warm_up else 1,
            label="_" if warm_up and ends[1] == "first" else "warm-up" if warm_up else label,
        )  # fmt: skip
        axes.add_collection(bars)


def _flight_in_words(rows: "pd.DataFrame") -> str:
    times = np.concatenate([rows["start_s"], rows["end"]])
    steps = np.repeat([1, -1], len(rows))
    most = int(np.cumsum(steps[np.lexsort((steps, times))]).max(initial=1))
    seconds = times.max() - times.min()
    finding = f"At most {most} calls in flight"
    if seconds > 0:
        average = (rows["end"] - rows["start_s"]).sum() / seconds
        finding += f", {three_figures(average)} on average"
    refused = int((rows["outcome"] == OUTCOMES[2]).sum())
    return finding + (f"; {refused} of {len(rows)} refused" if refused else "")


def plot_refusals(calls: "pd.DataFrame", *, source: str, bins: int = 20) -> Picture:
    """How many calls ended in each stretch of time, by what became of them: refused ones, too.

    `calls` is a run's table with start_s, end_s and status. A call is answered, answered after
    a retry, refused (its last status was 429, too many requests) or failed otherwise; the warm-up
    is among them. `bins` is the number of stretches.
    """
    if isinstance(bins, bool) or not isinstance(bins, int) or bins < 1:
        raise CourseError(f"bins is a whole number of stretches of time from 1 up, not {bins!r}.")
    rows = _timed(calls, "plot_refusals")
    axes = picture(source=source)
    begin = float(rows["begin"].min())
    edges = np.linspace(begin, max(rows["end"].max(), begin + 1e-9), bins + 1)
    floor = np.zeros(bins)
    looks = zip(OUTCOMES, (0, 2, 1, 5), ("", "///", "xxx", "..."), strict=True)
    for name, colour, hatch in looks:
        counts, _ = np.histogram(rows["end"][rows["outcome"] == name], edges)
        look = {"color": COLOURS[colour], "hatch": hatch, "edgecolor": "white"}
        if counts.any():
            label = f"{name}: {counts.sum()}"
            axes.bar(edges[:-1], counts, np.diff(edges), floor, align="edge", label=label, **look)
        floor += counts
    axes.set_xlabel("seconds of the run")
    axes.set_ylabel(f"calls that ended in {three_figures(edges[1] - edges[0])} s")
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False, fontsize=9)
    finding, words = _refusals_in_words(rows)
    axes.set_title(finding, loc="left", fontsize=10, pad=26)
    axes.alt = f"{finding}. {words} Source: {source}."
    return axes


def _refusals_in_words(rows: "pd.DataFrame") -> tuple[str, str]:
    found = rows["outcome"].value_counts()
    refused, again = found.get(OUTCOMES[2], 0), found.get(OUTCOMES[1], 0)
    finding = f"None of {len(rows)} calls was refused for good"
    if refused:
        first = three_figures(rows["end"][rows["outcome"] == OUTCOMES[2]].min())
        share = f"{refused} of {len(rows)} calls ({100 * refused / len(rows):.0f} %)"
        finding = f"{share} were refused, the first after {first} s"
    finding += f"; {again} answered after a retry" if again else ""
    each = ", ".join(f"{count} {name}" for name, count in found.items())
    return finding, f"Stacked bars over {three_figures(rows['end'].max())} seconds: {each}."


def _timed(calls: "pd.DataFrame", what: str) -> "pd.DataFrame":
    """The calls that have a start and an end, with the moments of each in the run."""
    calls = frame(calls, ("start_s", "end_s"), what)
    lasted = calls["end_s"].fillna(column(calls, "total_s", np.nan)).astype(float)
    rows = calls.assign(end=calls["start_s"] + lasted, warm_up=column(calls, "warm_up", False))
    due = np.fmin(column(rows, "due_s", np.nan), rows["end"] - column(rows, "total_s", np.nan))
    first = (rows["start_s"] + column(rows, "first_token_s", np.nan)).fillna(rows["start_s"])
    refused = column(rows, "status", 200).fillna(0).astype(int) == 429
    again = column(rows, "retries", 0).fillna(0).astype(int) > 0
    good = worked(rows.assign(warm_up=False, order=range(len(rows))))["order"]
    good = np.isin(range(len(rows)), good)
    kinds = [good & ~again, good & again, refused]
    rows = rows.assign(
        begin=np.fmin(due, rows["start_s"]),
        first=np.minimum(first, rows["end"]),
        outcome=np.select(kinds, OUTCOMES[:3], OUTCOMES[3]),
    )
    rows = rows[np.isfinite(rows["start_s"]) & np.isfinite(rows["end"])]
    if rows.empty:
        raise CourseError("None of the calls has a start and an end, so there is nothing to draw.")
    return rows
