"""One question to a model: the learner's function is called, and what it cost and took is kept."""

import asyncio
import contextlib
import contextvars
import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, InvalidOperation
from typing import Self

from course import prices, timing
from course.errors import CourseError
from course.evaluate.purse import Purse
from course.ledger import CallRecord

_FIELDS = {"answer", "confidence", "cost_usd", "source"}


class Asker:
    """Calls `ask(model, row)`, be it async or not, and tells what came of it as a plain dict.

    For a `with` block. `failed` has what is known of calls that raised an error, by item and
    repeat.
    """

    def __init__(self, ask: Callable, purse: Purse, *, threads: int):
        if not callable(ask):
            raise CourseError(f"ask is a function of model and row; got {type(ask).__name__}.")
        self._ask, self.purse = ask, purse
        self._threads = ThreadPoolExecutor(max_workers=threads)
        self.failed: dict[tuple, dict] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, given: Mapping) -> dict:
        """Ask about one input, {"model": …, "row": …}; errors of `ask` pass through."""
        await self.purse.take()
        begin, row, about = time.perf_counter(), dict(given["row"]), {}
        with timing.follow() as timings:
            try:
                said = await self._answer(given["model"], dict(row))
                about = _joined(said, _told(timings, begin))
            finally:
                if not about:
                    about = self.failed[row["item"], row["repeat"]] = _told(timings, begin)
                await self.purse.pay(Decimal(0) if _cached(timings) else about["cost_usd"])
        _refuse_oddities(timings, row)
        return {**about, "cost_usd": None if about["cost_usd"] is None else str(about["cost_usd"])}

    async def _answer(self, model: str, row: dict):
        if inspect.iscoroutinefunction(self._ask):
            return await self._ask(model, row)
        run = contextvars.copy_context().run
        loop = asyncio.get_running_loop()
        said = await loop.run_in_executor(self._threads, run, self._ask, model, row)
        return await said if inspect.isawaitable(said) else said


def _told(timings: Sequence[timing.Timing], begin: float) -> dict:
    """Cost, seconds and source of the calls that were made; seconds without waiting for turns."""
    records = [one.record for one in timings if one.record is not None]
    costs = [_cost(record) for record in records]
    known = bool(records) and None not in costs and len(records) == len(timings)
    spans = [one.ended - one.sent for one in timings if one.ended and one.sent]
    sources = {record.source for record in records}
    return {
        "cost_usd": sum(costs, Decimal(0)) if known else None,
        "latency_s": sum(spans) if spans else time.perf_counter() - begin,
        "source": sources.pop() if sources else None,
        "calls": len(timings),
    }


def _cost(record: CallRecord) -> Decimal | None:
    """What a call cost; for one answered from the cache, what it cost when it was sent."""
    if not record.from_cache:
        return record.cost_usd
    used = prices.Usage(record.prompt_tokens, record.cached_tokens, record.completion_tokens)
    try:
        return prices.cost(used, record.model)
    except CourseError:
        return None


def _cached(timings: Sequence[timing.Timing]) -> bool:
    return bool(timings) and all(one.record and one.record.from_cache for one in timings)


def _refuse_oddities(timings: Sequence[timing.Timing], row: Mapping) -> None:
    records = [one.record for one in timings if one.record is not None]
    if len({record.source for record in records}) > 1:
        raise CourseError("One answer came of live and of simulated calls; use one service.")
    if row["repeat"] and _cached(timings):
        raise CourseError(
            "A repeat was answered from the client's cache, so it says nothing new; "
            "connect without cache=… for repeats."
        )


def _joined(said, about: dict) -> dict:
    """The answer with what it cost; a dict with the key "answer" may say more itself."""
    if not (isinstance(said, Mapping) and "answer" in said):
        return {**about, "answer": said}
    if more := set(said) - _FIELDS:
        raise CourseError(
            f"ask returned {', '.join(sorted(map(str, more)))} beside the answer; it may "
            f"return {', '.join(sorted(_FIELDS))}."
        )
    about = {**about, **said}
    if about["cost_usd"] is not None:
        about["cost_usd"] = _dollars(about["cost_usd"])
    return about


def _dollars(cost) -> Decimal:
    with contextlib.suppress(InvalidOperation):
        amount = Decimal(str(cost))
        if amount.is_finite() and amount >= 0:
            return amount
    raise CourseError(f"ask returned a cost_usd of {cost!r}; it is a number of US dollars.")
