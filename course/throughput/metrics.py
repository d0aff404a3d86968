"""What a run under load amounts to, in the standard metrics of serving language models.

The tools agree on the ideas, not on the names. Here, with n output tokens after the first event
(reasoning tokens, which come before it, not among them):

- TTFT, time to first token: from sending the request to the first event with content, as aiperf
  (NVIDIA's successor of genai-perf), vLLM's `vllm bench serve` and LLMPerf have it.
- ITL, inter-token latency: each gap between two successive events with content, as in vLLM.
  aiperf calls these gaps inter-chunk latency. An event may carry several tokens; the note says so.
- TPOT, time per output token: (latency - TTFT) / (n - 1) of a call, as in vLLM. aiperf calls this
  figure inter-token latency. LLMPerf's divides the whole latency by n, TTFT and all.
- latency: from sending the request to its last byte (aiperf's request latency, vLLM's E2EL).
- total: from when the call was due to its return, waits and retries included (aiperf's effective
  latency). In an open loop it also counts what a late start cost: no coordinated omission.
- output tokens per second: all output tokens, reasoning too, of the calls that worked, divided by
  the window; per stream: 1 / TPOT of a call (aiperf's output token throughput per user).
- goodput: calls that worked and kept every bound of the objective, as a share and per second.

The window runs from the first measured request to the last measured reply, as in aiperf.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from course.errors import CourseError
from course.throughput.flow import in_flight, per_second
from course.throughput.percentiles import (
    NOTHING,
    Figure,
    checked_confidence,
    percentile,
    percentile_of_gaps,
)
from course.throughput.rows import measured, read_rows

if TYPE_CHECKING:
    import pandas as pd

BOUNDS = ("ttft_s", "tpot_s", "latency_s", "total_s")
"""What an objective may bound, in seconds a call."""

PERCENTILES = (50, 95, 99)


def summary(
    run_or_frame, *, objective: Mapping[str, float] | None = None, confidence: float = 0.95
) -> "pd.DataFrame":
    """The metrics of a Run, or of a table such as its `.calls`, one a row, by standard name.

    Columns: `value`, `low` and `high` (the interval with this confidence), `unit`, `n` (how many
    calls, or gaps, it rests on) and `note`. Rows: requests_per_second, output_tokens_per_second,
    output_tokens_per_second_per_stream (the median call); ttft_s, itl_s, tpot_s, latency_s and
    total_s, each with _p50, _p95 and _p99; with an `objective` such as {"ttft_s": 1, "total_s": 5}
    (seconds a call has to keep; a call without that figure does not) goodput_share and
    goodput_per_second; error_share, retry_share; concurrency_reached (calls in flight, averaged
    over time) and littles_law (arrivals a second times mean seconds in flight: Little, Operations
    Research 9 (1961) 383-387).

    Calls of the warm-up are left out (only in flight they count, where they reach into the
    window). Calls that failed have no latency, but count in the shares, in flight, and not in
    the rates. Percentiles: `percentiles.percentile`; rates: `flow.per_second`; shares: Wilson's
    interval, by scipy. Concurrency is counted, not estimated, so it has no interval. A figure that
    does not exist is NaN with n = 0; an upper end that is not known is infinite.

    CourseError for a table without measured calls, or an objective that names no metric.
    """
    import pandas as pd

    confidence = checked_confidence(confidence)
    rows = read_rows(run_or_frame)
    calls = measured(rows)
    bounds = read_objective(objective)
    for name in sorted(bounds.keys() & {"ttft_s", "tpot_s"}):
        if calls["first_token_s"].isna().all():
            raise CourseError(f"The objective bounds {name}, but no call was streamed.")
    figures = {
        **_rates(calls, confidence),
        **_times(calls, confidence),
        **_goodput(calls, bounds, confidence),
        "error_share": (share(calls["failed"], confidence=confidence), "share"),
        "retry_share": (share(calls["retries"] > 0, confidence=confidence), "share"),
        **_concurrency(rows, calls),
    }
    figure, unit = figures["requests_per_second"]
    note = "; ".join(filter(None, (figure.note, _running_dry(run_or_frame, figure.value))))
    figures["requests_per_second"] = figure._replace(note=note), unit
    if seen := _how_seen(calls):
        for name in (
            "requests_per_second",
            *(f"latency_s_p{hundredth}" for hundredth in PERCENTILES),
        ):
            figure, unit = figures[name]
            figures[name] = figure._replace(note="; ".join(filter(None, (seen, figure.note)))), unit
    table = [(*figure[:3], unit, figure.n, figure.note) for figure, unit in figures.values()]
    index = pd.Index(figures, name="metric")
    return pd.DataFrame(table, index, columns=["value", "low", "high", "unit", "n", "note"])


def share(flags, *, confidence: float = 0.95) -> Figure:
    """The share of calls (0 to 1) of which something is so, with Wilson's interval."""
    from scipy.stats import binomtest

    if not len(flags):
        return NOTHING
    found, calls = int(np.count_nonzero(flags)), len(flags)
    ends = binomtest(found, calls).proportion_ci(confidence, method="wilson")
    return Figure(found / calls, float(ends.low), float(ends.high), calls)


def span(calls: "pd.DataFrame") -> tuple[float, float]:
    """The window in seconds: from the first request of these calls to the last reply."""
    starts, ends = edges(calls)
    return (float(starts.min()), float(ends.max())) if starts.size else (0.0, 0.0)


def edges(rows: "pd.DataFrame") -> tuple[np.ndarray, np.ndarray]:
    """When each call began and ended, in seconds of the run; calls without an end left out."""
    known = rows[rows["start_s"].notna() & rows["in_flight_s"].notna()]
    starts = known["start_s"].to_numpy()
    return starts, starts + known["in_flight_s"].to_numpy()


def _rates(calls: "pd.DataFrame", confidence: float) -> dict[str, tuple[Figure, str]]:
    good = calls[~calls["failed"]]
    requests = _rate(calls, good, 1.0, confidence)
    known = good[good["completion_tokens"].notna()]
    tokens = _rate(calls, known, known["completion_tokens"].to_numpy(), confidence)
    if known.empty:
        tokens = NOTHING._replace(note="no call that worked told its tokens")
    a_stream = percentile(1 / good["tpot_s"].replace(0, np.nan), 0.5, confidence=confidence)
    return {
        "requests_per_second": (requests, "requests/s"),
        "output_tokens_per_second": (tokens, "tokens/s"),
        "output_tokens_per_second_per_stream": (_if_streamed(a_stream), "tokens/s"),
    }


def _rate(calls: "pd.DataFrame", some: "pd.DataFrame", amounts, confidence: float) -> Figure:
    if some.empty:
        return Figure(0.0, 0.0, np.inf, 0, "no such call, so its interval is unknown")
    return per_second(*edges(some), [span(calls)], amounts=amounts, confidence=confidence)


def _times(calls: "pd.DataFrame", confidence: float) -> dict[str, tuple[Figure, str]]:
    good = calls[~calls["failed"]]
    gaps = [np.diff(times) for times in good.get("token_times", [])]
    chunky = _tokens_an_event(good)
    figures = {}
    for name in ("ttft_s", "itl_s", "tpot_s", "latency_s", "total_s"):
        for hundredth in PERCENTILES:
            p = hundredth / 100
            if name == "itl_s":
                figure = percentile_of_gaps(gaps, p, confidence=confidence)
                figure = figure._replace(note="; ".join(filter(None, (figure.note, chunky))))
            else:
                figure = percentile(good[name], p, confidence=confidence)
            if name.startswith(("ttft", "itl", "tpot")):
                figure = _if_streamed(figure)
            elif not figure.n:
                figure = figure._replace(note="no call worked")
            figures[f"{name}_p{hundredth}"] = (figure, "s")
    return figures


def _running_dry(run_or_frame, value: float) -> str:
    """Why an open loop answers less a second than it was asked for, else ""."""
    rate = (getattr(run_or_frame, "asked", None) or {}).get("rate")
    if not rate or not 0 < value < 0.95 * rate:
        return ""
    return f"of {rate:g} asked for; the window runs on to the last reply, when no more calls begin"


def _how_seen(calls: "pd.DataFrame") -> str:
    """What a reader has to know when some times are not those of a request, else ""."""
    counts = calls["start_is"].value_counts()
    told = {"cache": "from the cache, nothing sent", "called": "timed around the function"}
    parts = (f"{counts[name]} {words}" for name, words in told.items() if name in counts)
    seen = ", ".join(parts)
    return f"{seen} (of {len(calls)} calls)" if seen else ""


def _if_streamed(figure: Figure) -> Figure:
    return (
        figure
        if figure.n
        else figure._replace(note="no call that worked was streamed: see streamed()")
    )


def _tokens_an_event(good: "pd.DataFrame") -> str:
    """A note when events carried more than one token each: a gap is then not that of a token."""
    if "token_times" not in good:
        return ""
    events = good["token_times"].map(len)
    tokens = good["good_tokens"].where(events > 0).sum()
    if not events.sum() or tokens / events.sum() < 1.05:
        return ""
    return f"an event carried {tokens / events.sum():.1f} tokens on average: see tpot_s"


def read_objective(objective: Mapping[str, float] | None) -> dict[str, float]:
    """The bounds in seconds by metric, {} for None; CourseError for what cannot be bounded."""
    bounds = dict(objective or {})
    for name, bound in bounds.items():
        if name not in BOUNDS:
            raise CourseError(
                f"An objective cannot bound {name!r}; it bounds {', '.join(BOUNDS)}, in seconds."
            )
        if isinstance(bound, bool) or not isinstance(bound, int | float) or not bound > 0:
            raise CourseError(f"The objective's {name} is seconds above 0, not {bound!r}.")
    return bounds


def _goodput(
    calls: "pd.DataFrame", bounds: Mapping[str, float], confidence: float
) -> dict[str, tuple[Figure, str]]:
    if not bounds:
        return {}
    kept = ~calls["failed"]
    for name, bound in bounds.items():
        # A reply of one token has no time per token, so none that is too long (as vLLM has it).
        single = (calls["good_tokens"] <= 1) if name == "tpot_s" else False
        kept &= (calls[name] <= bound) | single
    objective = ", ".join(f"{name} within {bound:g} s" for name, bound in bounds.items())
    among = share(kept, confidence=confidence)._replace(note=objective)
    a_second = _rate(calls, calls[kept], 1.0, confidence)
    return {"goodput_share": (among, "share"), "goodput_per_second": (a_second, "requests/s")}


def _concurrency(rows: "pd.DataFrame", calls: "pd.DataFrame") -> dict[str, tuple[Figure, str]]:
    """Calls in flight, counted, and by Little's law, both within the window of the measured."""
    window = span(calls)
    seconds = window[1] - window[0]
    average, most = in_flight(*edges(rows), window)
    starts, ends = edges(calls)
    if seconds <= 0:
        nothing = NOTHING._replace(note="no call has an end, or none took any time")
        return dict.fromkeys(("concurrency_reached", "littles_law"), (nothing, "calls"))
    arrivals, stay = starts.size / seconds, float(np.mean(ends - starts))
    among = f"averaged over {seconds:.3g} s; at most {most}"
    counted = Figure(average, np.nan, np.nan, starts.size, among)
    told = f"{arrivals:.4g} a second, each {stay:.4g} s in flight"
    if average - arrivals * stay > 0.01 * average:
        told += "; the warm-up reaches into the window, so that more are in flight"
    law = Figure(arrivals * stay, np.nan, np.nan, starts.size, told)
    return {"concurrency_reached": (counted, "calls"), "littles_law": (law, "calls")}
