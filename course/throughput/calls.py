"""The record of one call of a run: when it happened, what it used, how it ended."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING

from course.timing import Timing

if TYPE_CHECKING:
    import pandas as pd

    from course.ledger import CallRecord

UNREAD = "the reply was not read to its end"


@dataclass(frozen=True, slots=True)
class OneCall:
    """A row of Run.calls. Of a call that sent several requests, the times are the last one's.

    `input`: its position, from 0. `due_s` and `start_s`: seconds after the run's start (below 0
    in the warm-up); due is when an open loop wanted it to start, of a closed one its start.
    `start_is` says what the start is: "written" (the request's bytes went to the connection),
    "sent" (given to an http client that does not tell more), "cache" (nothing was sent), "called"
    (no request of a client from connect() was seen: when your function was called).

    `first_token_s` and `token_times`: seconds from the start to the events of a stream that have
    content (NaN and () without a stream). `arrival_is` says what these are: "kernel" (when the
    bytes came, by the operating system), "read" (when they were read from the socket), "passed"
    (when they were handed on). `end_s`: seconds from the start to the reply's last byte (NaN
    where it was not read to its end); `total_s`: from the call of your function to its return.

    Tokens and `cost_usd` (None if unknown) are those of all its requests; `status` is 0 where no
    reply came; `error` the exception's type and first line, "" for none; `retries` counts the
    requests that followed a failed one; `source` is "" where none of them was answered.
    """

    input: int
    due_s: float
    start_s: float
    start_is: str
    first_token_s: float
    token_times: tuple[float, ...]
    arrival_is: str
    end_s: float
    total_s: float
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cost_usd: Decimal | None
    status: int
    error: str
    retries: int
    model: str
    source: str
    request_id: str
    warm_up: bool


@dataclass(frozen=True, slots=True)
class Span:
    """When your function was called and when it was done, and when that was due.

    In seconds of time.perf_counter; `due` is None in a closed loop.
    """

    called: float
    done: float
    due: float | None = None


def one_call(
    position: int,
    span: Span,
    timings: Sequence[Timing],
    *,
    error: BaseException | str | None = None,
    warm_up: bool = False,
) -> OneCall:
    """The record of a call; its due_s and start_s are told from the zero of time.perf_counter."""
    last = _last(timings)
    start, start_is = _start(last, span)
    if last and last.record is None and error is None:
        error = UNREAD
    arrived = tuple(came - start for came in last.arrived) if last else ()
    return OneCall(
        input=position,
        due_s=start if span.due is None else span.due,
        start_s=start,
        start_is=start_is,
        first_token_s=arrived[0] if arrived else math.nan,
        token_times=arrived,
        arrival_is=last.arrival_is if arrived else "",
        end_s=_end(last, span) - start,
        total_s=span.done - span.called,
        status=_status(last, error),
        error=_told(error),
        retries=sum(_failed(before) for before in timings[:-1]),
        request_id=last.request_id if last else "",
        warm_up=warm_up,
        **_used(timings),
    )


def _last(timings: Sequence[Timing]) -> Timing | None:
    gone = [timing for timing in timings if timing.sent is not None or timing.record]
    return gone[-1] if gone else None


def _start(last: Timing | None, span: Span) -> tuple[float, str]:
    if last is None:
        return span.called, "called"
    if last.written is not None:
        return last.written, "written"
    return (span.called, "cache") if last.sent is None else (last.sent, "sent")


def _end(last: Timing | None, span: Span) -> float:
    if last is None:
        return span.done
    return math.nan if last.record is None or last.ended is None else last.ended


def _failed(timing: Timing) -> bool:
    return not 200 <= timing.status < 300


def _status(last: Timing | None, error: BaseException | str | None) -> int:
    if last is not None:
        return last.status
    told = getattr(error, "status_code", 0)
    return told if isinstance(told, int) else 0


def _told(error: BaseException | str | None) -> str:
    if error is None or isinstance(error, str):
        return error or ""
    told, cause = _first_line(error), error.__cause__
    if type(error).__module__.startswith("openai") and cause is not None:
        # openai tells a hang-up as "Request timed out."; what lies below knows better.
        while cause.__cause__ is not None:
            cause = cause.__cause__
        told += f" ({_first_line(cause)})"
    return told


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _used(timings: Sequence[Timing]) -> dict:
    """Tokens and cost of all requests, the model of the last, the source of the last answer."""
    records = [timing.record for timing in timings if timing.record]
    costs = [record.cost_usd for record in records]
    known = costs and len(records) == len(timings) and None not in costs
    return {
        "prompt_tokens": sum(record.prompt_tokens for record in records),
        "cached_tokens": sum(record.cached_tokens for record in records),
        "completion_tokens": sum(record.completion_tokens for record in records),
        "reasoning_tokens": sum(record.reasoning_tokens for record in records),
        "cost_usd": sum(costs, Decimal(0)) if known else None,
        "model": records[-1].model if records else "",
        "source": next((one.source for one in reversed(records) if _tells_source(one)), ""),
    }


def _tells_source(record: "CallRecord") -> bool:
    # Behind the address of a gateway may be a simulator: its answers say so, its errors do not.
    return record.source == "simulated" or not record.failed


_KINDS = {int: "int64", float: "float64", bool: "bool", str: "str"}


def table(calls: Iterable[OneCall], *, since: float = 0.0) -> "pd.DataFrame":
    """A row for each call in order of start, with due_s and start_s told from `since`."""
    import pandas as pd

    calls = sorted(calls, key=lambda call: (not call.warm_up, call.start_s, call.input))
    columns = {}
    for field in fields(OneCall):
        values = [getattr(call, field.name) for call in calls]
        columns[field.name] = pd.Series(values, dtype=_KINDS.get(field.type, "object"))
    columns["due_s"] -= since
    columns["start_s"] -= since
    return pd.DataFrame(columns)
