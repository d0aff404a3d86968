"""What flows through in a stretch of time: calls in flight, and how many are done a second.

A call is given by its start and its end in seconds, both arrays of one length.
"""

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from course.throughput.percentiles import NOTHING, Figure

SLICES = 10
"""Into how many equal slices a window is cut to see how steady a rate is; between 10 and 30 do
(Schmeiser, Operations Research 30 (1982) 556-568)."""


def in_flight(
    starts: np.ndarray, ends: np.ndarray, window: tuple[float, float]
) -> tuple[float, int]:
    """The time average and the largest number of calls in flight within the window.

    The average is the area under the number in flight divided by the window's seconds; a call
    that reaches over an edge counts with the part inside. NaN where the window has no length.
    """
    length = window[1] - window[0]
    if length <= 0:
        return math.nan, 0
    inside = _overlap(starts, ends, *window)
    times = np.concatenate([starts, ends])
    steps = np.concatenate([np.ones(starts.size), -np.ones(ends.size)])
    order = np.lexsort((steps, times))
    running = np.cumsum(steps[order])
    # What began before the window is still in flight in it; what begins after it is not.
    during = running[(times[order] < window[1]) & (times[order] >= window[0])]
    before = np.count_nonzero((starts < window[0]) & (ends > window[0]))
    return float(inside.sum() / length), int(max(during.max(initial=0), before))


def per_second(
    starts: np.ndarray,
    ends: np.ndarray,
    windows: list[tuple[float, float]],
    *,
    amounts: np.ndarray | float = 1.0,
    confidence: float = 0.95,
) -> Figure:
    """How much is done a second within the windows, with the interval of *batch means*.

    `amounts` is what each call brings (1: count the calls; its tokens: count those), spread
    evenly over its time in flight. The windows are cut into 10 slices in all, fewer where a slice
    would be shorter than a mean call, 2 at least; the interval is that of the mean of their rates
    by Student's t, which holds although neighbouring calls are alike (Law, Simulation Modeling and
    Analysis, 5th edition, section 9.5.3). Below 20 calls there is too little in a slice: then it
    is the exact interval of a Poisson count (Garwood, Biometrika 28 (1936) 437-442), which is
    wide. NaN where the windows have no length.
    """
    seconds = sum(max(0.0, last - first) for first, last in windows)
    if seconds <= 0:
        return NOTHING._replace(note="all at one moment: no stretch of time to count in")
    amounts = np.broadcast_to(np.asarray(amounts, dtype=float), starts.shape)
    lasting = np.maximum(ends - starts, 1e-9)
    usual = float(lasting.mean()) if starts.size else seconds
    lengths, calls, done = [], 0.0, []
    for begin, end in _slices(windows, most=SLICES, shortest=usual):
        inside = _overlap(starts, starts + lasting, begin, end) / lasting
        lengths.append(end - begin)
        calls += float(np.sum(inside))
        done.append(float(np.sum(amounts * inside)))
    value = sum(done) / seconds
    if calls < 2 * SLICES:
        return _poisson(value, calls, seconds, amounts, confidence)
    return _batch_means(value, np.array(done) / np.array(lengths), calls, confidence)


def _slices(
    windows: list[tuple[float, float]], *, most: int, shortest: float
) -> Iterator[tuple[float, float]]:
    """The windows cut into `most` equal slices in all, none shorter than `shortest` if it can be.

    Each window gives at least one, and all together at least two.
    """
    least = 2 if len(windows) == 1 else 1
    for first, last in windows:
        pieces = min(math.ceil(most / len(windows)), int((last - first) / shortest))
        yield from pairwise(np.linspace(first, last, max(least, pieces) + 1))


def mean_of_batches(values: np.ndarray, *, confidence: float = 0.95) -> Figure:
    """The mean of values in the order in which they came, with an interval by batch means.

    From 20 values on they are cut into 10 batches of neighbours; fewer stand each for itself.
    A single value has an interval from 0 to infinity.
    """
    if not values.size:
        return NOTHING
    value = float(values.mean())
    if values.size == 1:
        return Figure(value, 0.0, math.inf, 1, "one call: nothing to see how it varies")
    parts = np.array_split(values, SLICES) if values.size >= 2 * SLICES else values
    return _batch_means(value, np.array([np.mean(part) for part in parts]), values.size, confidence)


def _overlap(starts: np.ndarray, ends: np.ndarray, first: float, last: float) -> np.ndarray:
    return np.clip(np.minimum(ends, last) - np.maximum(starts, first), 0.0, None)


def _batch_means(value: float, means: np.ndarray, n: float, confidence: float) -> Figure:
    from scipy.stats import t

    error = means.std(ddof=1) / math.sqrt(means.size)
    half = float(t.ppf((1 + confidence) / 2, means.size - 1) * error)
    return Figure(value, max(0.0, value - half), value + half, round(n))


def _poisson(
    value: float, calls: float, seconds: float, amounts: np.ndarray, confidence: float
) -> Figure:
    from scipy.stats import chi2

    each = value * seconds / calls if calls else float(amounts.mean()) if amounts.size else 1.0
    tail = (1 - confidence) / 2
    low = chi2.ppf(tail, 2 * calls) / 2 if calls else 0.0
    high = chi2.ppf(1 - tail, 2 * calls + 2) / 2
    note = "fewer than 20 calls: the interval of a Poisson count"
    return Figure(
        value, float(low * each / seconds), float(high * each / seconds), round(calls), note
    )
