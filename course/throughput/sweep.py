"""The same calls under a growing load: how throughput and latency change, and where the knee is."""

import asyncio
import itertools
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from course.errors import CourseError
from course.throughput.flow import in_flight, mean_of_batches, per_second
from course.throughput.knee import Knee, find_knee, power
from course.throughput.metrics import edges, read_objective, summary
from course.throughput.percentiles import checked_confidence
from course.throughput.rows import measured, one_source, read_rows

if TYPE_CHECKING:
    import pandas as pd

_SUMMED = ("latency_s_p50", "latency_s_p95", "total_s_p95", "ttft_s_p95")
_SHARES = ("error_share", "retry_share", "goodput_share")


@dataclass(frozen=True, repr=False)
class Sweep:
    """What a sweep measured. `.table` has a row a step, by rising load.

    Its columns: `concurrency` or `rate` (calls a second); `calls` measured; `throughput`, `_low`,
    `_high`: answers a second *while the load was on*, from the first measured start to the last
    (requests_per_second of `summary` also counts the running dry at the end); latency_s_p50 and
    _p95, total_s_p95, ttft_s_p95, each with `_low` and `_high`; error_share, retry_share,
    concurrency_reached and, with an objective, goodput_share; `seconds`, the mean from due to
    return; `power`, `_low`, `_high` (see knee.py). `.runs` are the pairs of step and Run in the
    order in which they ran, `.knee` is where more load stops paying, `.notes` what the runs told.
    """

    by: str
    runs: tuple
    table: "pd.DataFrame"
    knee: Knee
    source: str
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        steps = ", ".join(f"{step:g}" for step in self.table[self.by])
        runs = f"{len(self.runs)} runs of {int(self.table['calls'].sum()):,} calls"
        about = [f"{self.by} {steps}", runs, self.source or "no request seen", repr(self.knee)]
        return "Sweep: " + " · ".join([*about, *self.notes])

    def plot(self):
        """Throughput and p95 latency against the load, the knee marked: see `plot_throughput`."""
        from course.plots.load import plot_throughput

        return plot_throughput(self.table, source=self.source or "not stated", knee=self.knee)


async def sweep(
    call: Callable,
    inputs: Sequence,
    *,
    concurrency: Sequence[int] | None = None,
    rate: Sequence[float] | None = None,
    per_step: int | None = None,
    rounds: int = 2,
    rest_s: float = 1.0,
    arrivals: str = "poisson",
    objective: Mapping[str, float] | None = None,
    confidence: float = 0.95,
    timeout_s: float | None = None,
    seed: int = 0,
    progress: bool | None = None,
) -> Sweep:
    """Measure `call` at each concurrency (closed loop) or each rate (open loop), see `measure`.

    A step has `per_step` measured calls (None: 10 times the concurrency or 20 seconds of the rate,
    at least 30) and a warm-up before each run: as many calls as are in flight, or a tenth. They
    are spread over `rounds`, which go through the steps up, then down, and so on, so that a
    service that gets slower while one measures does not look like one that slows under load.
    Between runs there are `rest_s` seconds for queues to drain; against limits a minute take 60.
    Each call takes the next input of an order shuffled by `seed`, from the start again when they
    are used up: no step gets easier inputs, and few are sent twice (a cached prefix is faster).
    Ctrl-C ends the sweep with the runs that were done by then.

    CourseError for both or neither of concurrency and rate, or steps that are not above 0.

    A whole example (in a notebook: await instead of asyncio.run):

        client = connect(asynchronous=True)

        async def ask(question):
            messages = [{"role": "user", "content": question}]
            return await streamed(client, model="gpt-4o-mini", messages=messages)

        found = asyncio.run(sweep(ask, ["Why is the sky blue?"], concurrency=[1, 2, 4, 8]))
        print(found.table)
    """
    from course.throughput.load import measure

    by, steps = _read_steps(concurrency, rate)
    rounds, objective = _whole(rounds, "rounds"), read_objective(objective)
    per_step = None if per_step is None else _whole(per_step, "per_step")
    confidence = checked_confidence(confidence)
    supply, runs = _endless(inputs, seed), []
    for turn, step in _turns(steps, rounds):
        if runs and not await _rested(rest_s):
            break
        warm_up, calls = _sizes(by, step, per_step, rounds=rounds)
        load = {
            by: step,
            "warm_up": warm_up,
            "objective": objective or None,
            "timeout_s": timeout_s,
        }
        load |= {"arrivals": arrivals} if by == "rate" else {}
        batch = list(itertools.islice(supply, warm_up + calls))
        run = await measure(call, batch, seed=seed + turn, progress=progress, **load)
        if getattr(run, "stopped", False):
            break
        runs.append((step, run))
    if not runs:
        raise CourseError("The sweep was stopped before its first run was done.")
    return read_sweep(runs, by=by, objective=objective, confidence=confidence)


def read_sweep(
    runs: Sequence[tuple],
    *,
    by: str,
    objective: Mapping[str, float] | None = None,
    confidence: float = 0.95,
) -> Sweep:
    """The Sweep of pairs of step and Run (or table of calls) that were measured somehow.

    `by` is "concurrency" or "rate". Runs of one step are taken together.
    """
    import pandas as pd

    rows = []
    for step in sorted({step for step, _ in runs}):
        tables = [read_rows(run) for at, run in runs if at == step]
        rows.append({by: step, **_step(tables, objective, confidence)})
    table = pd.DataFrame(rows)
    every = pd.concat([read_rows(run)[["source"]] for _, run in runs])
    notes = [f"{by} {step:g}: {note}" for step, run in runs for note in getattr(run, "notes", ())]
    return Sweep(by, tuple(runs), table, find_knee(table, by), one_source(every), tuple(notes))


def _step(tables: list["pd.DataFrame"], objective, confidence: float) -> dict[str, float]:
    """The row of one step: its runs laid one after the other on one clock."""
    import pandas as pd

    laid, windows, clock = [], [], 0.0
    for table in tables:
        moved = table.assign(start_s=table["start_s"] + clock, due_s=table["due_s"] + clock)
        starts = measured(moved)["start_s"].dropna()
        windows.append((float(starts.min()), float(starts.max())) if len(starts) else (0.0, 0.0))
        laid.append(moved)
        clock = float(np.max(edges(moved)[1], initial=clock)) + 1.0
    rows = pd.concat(laid, ignore_index=True)
    figures = summary(rows, objective=objective, confidence=confidence)
    good = rows[~rows["failed"]]
    through = per_second(*edges(good), windows, confidence=confidence)
    worked = good[~good["warm_up"].astype(bool)]
    seconds = mean_of_batches(worked["total_s"].dropna().to_numpy(), confidence=confidence)
    answered = 1 - figures["value"]["error_share"]
    return {
        "calls": len(measured(rows)),
        **_three("throughput", through),
        **{
            key: value for name in _SUMMED for key, value in _three(name, figures.loc[name]).items()
        },
        **{name: figures["value"][name] for name in _SHARES if name in figures.index},
        "concurrency_reached": _in_flight(rows, windows),
        "seconds": seconds.value,
        "power": power(through.value, seconds.value, answered),
        # The worst of both: in a closed loop the two err together.
        "power_low": power(through.low, seconds.high, answered),
        "power_high": power(through.high, seconds.low, answered),
    }


def _in_flight(rows: "pd.DataFrame", windows: list[tuple[float, float]]) -> float:
    """The time average over all the windows; NaN where they have no length."""
    lengths = [last - first for first, last in windows]
    if not sum(lengths) > 0:
        return math.nan
    averages = [in_flight(*edges(rows), window)[0] for window in windows]
    known = [(average, length) for average, length in zip(averages, lengths, strict=True) if length]
    return sum(average * length for average, length in known) / sum(lengths)


def _three(name: str, figure) -> dict[str, float]:
    value, low, high = figure[:3]
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def _read_steps(concurrency, rate) -> tuple[str, list]:
    if (concurrency is None) == (rate is None):
        raise CourseError("A sweep goes over concurrency=[…] or over rate=[…]: name one of them.")
    by, wanted = ("rate", rate) if concurrency is None else ("concurrency", concurrency)
    if isinstance(wanted, str | int | float) or not len(list(wanted)):
        raise CourseError(f"{by} of a sweep is a list of steps, such as [1, 2, 4, 8].")
    if by == "concurrency":
        return by, sorted({_whole(step, by) for step in wanted})
    if not all(isinstance(step, int | float) and 0 < step < float("inf") for step in wanted):
        raise CourseError("A rate is a number of calls a second, above 0.")
    return by, sorted(set(wanted))


def _whole(number: int, what: str) -> int:
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
        raise CourseError(f"{what} is a whole number from 1 up, not {number!r}.")
    return int(number)


def _turns(steps: Sequence, rounds: int) -> Iterator[tuple[int, float]]:
    """(number, step): up through the steps, then down, and so on."""
    order = (step for turn in range(rounds) for step in (steps[::-1] if turn % 2 else steps))
    return enumerate(order)


def _sizes(by: str, step: float, per_step: int | None, *, rounds: int) -> tuple[int, int]:
    """How many calls of warm-up and how many measured ones a run of this step has."""
    calls = -(-(per_step or max(30, round((10 if by == "concurrency" else 20) * step))) // rounds)
    return (int(step) if by == "concurrency" else max(1, calls // 10)), calls


async def _rested(seconds: float) -> bool:
    """Wait; False when somebody stopped the sweep meanwhile, which then ends with what it has."""
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        asyncio.current_task().uncancel()
        return False
    return True


def _endless(inputs: Sequence, seed: int) -> Iterator:
    shuffled = list(inputs)
    if not shuffled:
        raise CourseError("A sweep needs at least one input to send.")
    random.Random(seed).shuffle(shuffled)
    return itertools.cycle(shuffled)
