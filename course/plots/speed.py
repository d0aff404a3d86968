"""Plots of how long calls take: the spread of latencies, and seconds against tokens."""

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from course.errors import CourseError
from course.plots.given import frame
from course.plots.picture import COLOURS, MARKERS, Picture, picture

if TYPE_CHECKING:
    import pandas as pd

_MARKS = {"p50": (0.5, "-"), "p95": (0.95, "--"), "p99": (0.99, ":")}
_WORDS = {
    "latency_s": "seconds from sending to the last byte",
    "total_s": "seconds from the call to its return, retries and waits included",
    "end_s": "seconds from sending to the last byte",
    "first_token_s": "seconds from sending to the first token",
    "ttft_s": "seconds from sending to the first token",
    "seconds": "seconds a call",
}


def worked(calls: "pd.DataFrame") -> "pd.DataFrame":
    """The calls that count and got an answer: no warm-up, no error, no status from 400 up."""
    kept = ~column(calls, "warm_up", False).astype(bool)
    kept &= column(calls, "error", "").fillna("").astype(str) == ""
    kept &= column(calls, "status", 200).fillna(0).astype(int) < 400
    return calls[kept]


def plot_latencies(
    calls,
    *,
    source: str,
    column: str = "end_s",
    kind: str = "histogram",
    confidence: float = 0.95,
) -> Picture:
    """How the times of calls are spread, with the mean and p50, p95 and p99 marked.

    `calls` is a run's table (the column `column`, of the calls that worked) or plain seconds.
    `kind` is "histogram" (calls by time) or "ecdf" (percent of the calls done within a time). The
    bars beside the marks are the percentiles' intervals by order statistics; an arrow stands for
    an upper end that so few calls cannot show. Percentiles are interpolated linearly.
    """
    seconds = _seconds_of(calls, column)
    axes = picture(source=source)
    if kind == "ecdf":
        axes.ecdf(seconds, color=COLOURS[5], linewidth=1.5)
        axes.set(ylabel="share of calls done (percent)", ylim=(0, 1.45))
        axes.set_yticks(np.arange(0, 1.01, 0.2))
        axes.yaxis.set_major_formatter(lambda part, _: f"{100 * part:.0f}")
    elif kind == "histogram":
        counts, _, _ = axes.hist(seconds, bins="auto", color="#d9d9d9", edgecolor="#808080")
        axes.set(ylabel="calls", ylim=(0, 1.45 * max(counts)))
        axes.yaxis.get_major_locator().set_params(integer=True)
    else:
        raise CourseError(f'plot_latencies draws a "histogram" or an "ecdf", not {kind!r}.')
    words = [_mark_mean(axes, seconds)]
    words += [_mark(axes, seconds, name, confidence=confidence) for name in _MARKS]
    axes.legend(loc="upper left", ncols=2, frameon=False, fontsize=9)
    unit = _WORDS.get(column if hasattr(calls, "columns") else "seconds", f"{column} (seconds)")
    axes.set_xlabel(unit)
    half, most = np.quantile(seconds, [0.5, 0.95])
    finding = f"Half of the calls took at most {three_figures(half)} s"
    finding += f", 19 in 20 at most {three_figures(most)} s"
    axes.set_title(finding, loc="left", fontsize=10)
    what = "Histogram" if kind == "histogram" else "Cumulative curve"
    axes.alt = f"{finding}. {what} of {seconds.size} calls, {unit}: {'; '.join(words)}. "
    axes.alt += f"Source: {source}."
    return axes


def _seconds_of(calls, column: str) -> np.ndarray:
    values = calls
    if hasattr(calls, "columns"):
        values = worked(frame(calls, (column,), "plot_latencies"))[column]
    try:
        seconds = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise CourseError("Seconds have to be numbers, NaN where unknown.") from None
    seconds = seconds[np.isfinite(seconds)]
    if seconds.size < 2:
        raise CourseError(f"A spread takes at least 2 calls that worked; here are {seconds.size}.")
    return seconds


def _mark_mean(axes: Axes, seconds: np.ndarray) -> str:
    words = f"mean {three_figures(seconds.mean())} s"
    axes.axvline(seconds.mean(), ymax=0.69, color=COLOURS[1], linestyle="-.", label=words)
    return words


def _mark(axes: Axes, seconds: np.ndarray, name: str, *, confidence: float) -> str:
    """A line at a percentile, its interval as a bar above the data, and the words for it."""
    from scipy.stats import quantile_test

    p, style = _MARKS[name]
    place = list(_MARKS).index(name)
    colour, marker = (COLOURS[0], COLOURS[2], COLOURS[3])[place], MARKERS[place]
    value = float(np.quantile(seconds, p))
    ends = quantile_test(seconds, p=p).confidence_interval(confidence)
    height = axes.get_ylim()[1] * (0.72 + 0.045 * place)
    low, high = min(value, float(np.nan_to_num(ends.low))), float(ends.high)
    words = f"{name} {three_figures(value)} s ({three_figures(low)} to {three_figures(high)})"
    look = {"color": colour, "linestyle": style}
    axes.plot([value, value], [0, height], **look)
    axes.errorbar(
        value, height, xerr=[[value - low], [0]], capsize=3, marker=marker, label=words, **look
    )
    if math.isnan(high):
        ahead = 0.08 * (axes.get_xlim()[1] - axes.get_xlim()[0])
        axes.errorbar(value, height, xerr=[[0], [ahead]], xlolims=True, color=colour)
    else:
        axes.errorbar(value, height, xerr=[[0], [high - value]], capsize=3, color=colour)
    return words


def plot_seconds_by_tokens(
    calls: "pd.DataFrame", *, source: str, confidence: float = 0.95
) -> Picture:
    """Seconds of each call against its output tokens, with the line of least squares.

    The slope is the seconds that one token more takes, where the line starts what comes before
    the first; the band holds the line. Intervals by the HC3 covariance, which does not suppose
    that short and long calls scatter alike (statsmodels). `calls` has the columns
    completion_tokens and end_s. CourseError below 3 calls, or when all have the same tokens.
    """
    tokens, seconds = _pairs(calls)
    line, grid, band = _line(tokens, seconds, confidence)
    (low, high), (begin, slope) = line
    axes = picture(source=source)
    axes.plot(tokens, seconds, ".", color="#808080", markersize=5, label="a call")
    share = f"{100 * confidence:g} %"
    axes.fill_between(
        grid, *band, color=COLOURS[0], alpha=0.25, hatch="///", label=f"{share} band of the line"
    )
    axes.plot(grid, begin + slope * grid, color=COLOURS[0], label="line of least squares")
    axes.set(xlabel="output tokens of a call", ylabel=_WORDS["end_s"], ylim=(0, None))
    axes.set_xlim(0, None)
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    interval = f"({share} interval {three_figures(1000 * low)} to {three_figures(1000 * high)})"
    finding = f"A token more takes {three_figures(1000 * slope)} ms {interval}"
    if low <= 0 <= high:
        finding = (
            f"Longer answers are not shown to take longer: {three_figures(1000 * slope)} ms a token"
        )
        finding += f" {interval}"
    axes.set_title(finding, loc="left", fontsize=10)
    shortest, longest = three_figures(seconds.min()), three_figures(seconds.max())
    axes.alt = (
        f"{finding}. Scatter of {tokens.size} calls of {tokens.min():.0f} to {tokens.max():.0f} "
        f"output tokens and {shortest} to {longest} seconds, with the line of least squares "
        f"from {three_figures(begin)} seconds at no token. Source: {source}."
    )
    return axes


def _pairs(calls: "pd.DataFrame") -> tuple[np.ndarray, np.ndarray]:
    names = ["completion_tokens", "end_s"]
    pairs = worked(frame(calls, names, "plot_seconds_by_tokens"))[names].astype(float)
    pairs = pairs[np.isfinite(pairs).all(axis=1)].to_numpy()
    if len(pairs) < 3 or len(set(pairs[:, 0])) < 2:
        raise CourseError(
            f"A line takes at least 3 calls of different lengths; here are {len(pairs)} calls "
            f"with {len(set(pairs[:, 0]))} different numbers of tokens."
        )
    return pairs[:, 0], pairs[:, 1]


def _line(tokens: np.ndarray, seconds: np.ndarray, confidence: float):
    """((slope's low, high), (start, slope)), a grid of tokens, and the band's two edges on it."""
    import statsmodels.api as sm

    fit = sm.OLS(seconds, sm.add_constant(tokens)).fit(cov_type="HC3", use_t=True)
    grid = np.linspace(tokens.min(), tokens.max(), 60)
    band = fit.get_prediction(sm.add_constant(grid)).conf_int(alpha=1 - confidence).T
    return (fit.conf_int(alpha=1 - confidence)[1], fit.params), grid, band


def column(table: "pd.DataFrame", name: str, usual: object) -> "pd.Series":
    """A column of the table, or a column of `usual` where it has none of that name."""
    return table[name] if name in table else table.assign(**{name: usual})[name]


def three_figures(number: float) -> str:
    """A number with three figures and no exponent; an unknown end is a question mark."""
    if not math.isfinite(number):
        return "?"
    digits = max(0, 2 - math.floor(math.log10(abs(number)))) if number else 0
    return f"{number:,.{min(digits, 6)}f}"
