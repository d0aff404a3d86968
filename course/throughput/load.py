"""`measure`: many calls at once, and when everything happened to each of them."""

import asyncio
import gc
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from course.errors import CourseError
from course.throughput.asked import MOST_IN_FLIGHT, Asked, checked, checked_inputs
from course.throughput.awaiting import awaited, let_through
from course.throughput.calls import OneCall, Span, one_call, table
from course.throughput.loops import closed_loop, open_loop
from course.throughput.progress import bar
from course.timing import follow

if TYPE_CHECKING:
    import pandas as pd

LATE_S = 0.025
"""A Run notes it when every twentieth timer of this process was late by so much, or more."""
TIMER_S = 0.05


@dataclass(frozen=True, repr=False)
class Run:
    """What `measure` saw. `calls` has a row for each call in order of start (see OneCall).

    `results` is what the calls returned, by input, None where one failed or never ended;
    `seconds` the time from the first measured call's start to the last one's end; `asked` what
    `measure` was asked for; `source` "simulated", "live" or, of both, "mixed" ("" if no request
    was seen). `notes` says what a reader of the figures must know; `stopped` that the run was
    interrupted, and only what was done by then is here.
    """

    calls: "pd.DataFrame"
    results: list
    seconds: float
    asked: dict
    source: str
    notes: tuple[str, ...] = ()
    stopped: bool = False

    def summary(self, *, objective: Mapping[str, float] | None = None, confidence: float = 0.95):
        """The metrics of this run as a DataFrame, see course.throughput.summary."""
        from course.throughput.metrics import summary

        objective = self.asked.get("objective") if objective is None else objective
        return summary(self, objective=objective, confidence=confidence)

    def __repr__(self) -> str:
        measured = self.calls[~self.calls["warm_up"]]
        parts = {
            "failed": int((measured["error"] != "").sum()),
            "with retries": int((measured["retries"] > 0).sum()),
            "of warm-up besides": len(self.calls) - len(measured),
        }
        odd = ", ".join(f"{count:,} {what}" for what, count in parts.items() if count)
        if len(measured) and parts["failed"] == len(measured):
            odd += f"; the first with {measured['error'].iloc[0]}"
        by = next(f"{name} {self.asked[name]:g}" for name in _LOADS if name in self.asked)
        about = [f"{len(measured):,} calls" + (f" ({odd})" if odd else ""), by]
        about += [f"{self.seconds:.2f} s", self.source or "no request seen", *self.notes]
        return "Run: " + " · ".join(about)


_LOADS = ("concurrency", "rate")


async def measure(
    call: Callable[[object], Awaitable],
    inputs: Iterable,
    *,
    concurrency: int | None = None,
    rate: float | None = None,
    arrivals: str = "poisson",
    warm_up: int = 0,
    objective: Mapping[str, float] | None = None,
    stagger_s: float | None = None,
    timeout_s: float | None = None,
    most_in_flight: int = MOST_IN_FLIGHT,
    seed: int | None = 0,
    progress: bool | None = None,
) -> Run:
    """Call `await call(one)` for each input, and keep when everything happened: a Run.

    With `concurrency` it is a closed loop: so many calls are in flight, and the next begins when
    one is done; the first ones are spread over `stagger_s` seconds (4 ms each, 1 s at most).
    With `rate` it is an open loop: so many begin a second, whether earlier ones are done or not,
    at random (`arrivals` "poisson", by `seed`) or evenly ("constant"), as people come who know
    nothing of each other. A slow service then meets a queue; a closed loop would spare it. Only
    when `most_in_flight` calls are under way does the next one wait, and the Run says so.

    `call` is your own async function, which uses a client from connect(asynchronous=True); what
    it returns is kept. A call that raises is a row with its error, never the end of the run; so
    is one that takes longer than `timeout_s` in all. The first `warm_up` inputs are called like
    all others, but marked, and no metric counts them. `objective` is kept for `summary`.
    Ctrl-C, the kernel's interrupt and a cancellation stop the run: calls under way are cut off,
    and the Run holds what was done. `progress` None shows a bar where somebody watches stderr.

    CourseError for what cannot be measured, such as both or neither of concurrency and rate.

    A whole example (in a notebook: await instead of asyncio.run):

        client = connect(asynchronous=True)

        async def ask(question):
            messages = [{"role": "user", "content": question}]
            return await streamed(client, model="gpt-4o-mini", messages=messages)

        work = measure(ask, ["Why is the sky blue?"] * 50, concurrency=8)
        print(asyncio.run(work).summary())
    """
    if not callable(call):
        raise CourseError(f"call is {call!r}; give measure a function, `async def call(one): …`.")
    asked = checked(
        concurrency=concurrency,
        rate=rate,
        arrivals=arrivals,
        warm_up=warm_up,
        objective=objective,
        stagger_s=stagger_s,
        timeout_s=timeout_s,
        most_in_flight=most_in_flight,
        seed=seed,
    )
    inputs, total = checked_inputs(inputs, warm_up=asked.warm_up)
    with bar(total, shown=progress) as moving:
        work = _Work(call, asked, moving.update)
        await work.through(inputs, total)
    return work.run(total)


@dataclass
class _Work:
    """One run on its way."""

    call: Callable
    asked: Asked
    moved: Callable
    rows: list[OneCall] = field(default_factory=list)
    results: dict[int, object] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    taken: int = 0
    zero: float | None = None
    last: float = 0.0
    lags: list[float] = field(default_factory=list)
    stopped: bool = False

    async def through(self, inputs: Iterable, total: int | None) -> None:
        """All inputs, until they end or somebody stops it."""
        gc.freeze()  # what is here need not be looked through in the midst of it, which takes long
        watch = asyncio.create_task(self._watch())
        try:
            if self.asked.rate is None:
                await closed_loop(self.one, self._numbered(inputs), self.asked)
            elif late := await open_loop(self.one, self._numbered(inputs), self.asked):
                self.notes.append(
                    f"{late:,} calls began late: {self.asked.most_in_flight:,} were in flight"
                )
        except (asyncio.CancelledError, KeyboardInterrupt):
            self._stop(f"stopped after {len(self.rows):,} of {total or self.taken:,} calls")
            asyncio.current_task().uncancel()
        finally:
            watch.cancel()
            gc.unfreeze()

    async def _watch(self) -> None:
        """How late this process is: its loop, and with it all that is not told by the kernel."""
        while True:
            due = time.perf_counter() + TIMER_S
            await asyncio.sleep(TIMER_S)
            self.lags.append(time.perf_counter() - due)

    def _numbered(self, inputs: Iterable) -> Iterator[tuple[int, object]]:
        try:
            for position, given in enumerate(inputs):
                self.taken = position + 1
                yield position, given
        except Exception as error:
            self._stop(f"inputs ended with {type(error).__name__}: {error}")

    def _stop(self, why: str) -> None:
        self.stopped = True
        self.notes.append(why)
        print(why[0].upper() + why[1:] + ".", file=sys.stderr)

    async def one(self, position: int, given: object, due: float | None) -> None:
        """One call, its record and its result."""
        result = error = None
        warm_up = position < self.asked.warm_up
        with follow() as timings:
            called = time.perf_counter()
            if position == self.asked.warm_up:
                self.zero = due or called
            try:
                async with asyncio.timeout(self.asked.timeout_s) as limit:
                    result = await awaited(self.call(given))
            except (asyncio.CancelledError, Exception) as problem:
                let_through(problem)
                late = limit.expired() and isinstance(problem, TimeoutError)
                error = (
                    TimeoutError(f"not done after {self.asked.timeout_s:g} s") if late else problem
                )
            done = time.perf_counter()
        let_through(None)
        if error is None:
            self.results[position] = result
        span = Span(called, done, due)
        self.rows.append(one_call(position, span, timings, error=error, warm_up=warm_up))
        self.last = done if not warm_up else self.last
        self.moved()

    def _blocking(self, seconds: float) -> str:
        """What else may make timers late, where far fewer calls were in flight than asked for."""
        lasting = [row.total_s for row in self.rows if not row.warm_up]
        reached = sum(lasting) / seconds if seconds else 0.0
        wanted = min(self.asked.concurrency or 2, len(lasting))
        if wanted < 2 or reached > 0.6 * wanted:
            return ""
        return (
            f"; or the function blocks, as only {reached:.1f} calls were in flight: "
            "use connect(asynchronous=True) and await"
        )

    def run(self, total: int | None) -> Run:
        """What is done by now."""
        zero = self.rows[0].start_s if self.zero is None and self.rows else self.zero or 0.0
        seconds = max(self.last - zero, 0.0)
        late = sorted(self.lags)[int(0.95 * len(self.lags))] if self.lags else 0.0
        if late > LATE_S:
            busy = f"this computer was too busy: timers {1000 * late:.0f} ms late (p95)"
            self.notes.append(busy + self._blocking(seconds))
        sources = {row.source for row in self.rows if row.source}
        return Run(
            calls=table(self.rows, since=zero),
            results=[self.results.get(position) for position in range(total or self.taken)],
            seconds=seconds,
            asked=self.asked.told(),
            source="mixed" if len(sources) > 1 else "".join(sources),
            notes=tuple(self.notes),
            stopped=self.stopped,
        )
