"""The life of one call to a model: key, body, limits, faults, answer, waits, truth."""

import asyncio
from collections.abc import Iterator
from typing import Protocol

from pydantic_core import from_json

from course.endpoint import exchange as http
from course.endpoint.admission import Admission
from course.endpoint.clock import Clock
from course.endpoint.exchange import ClientGone, Exchange
from course.endpoint.faults import Fault, Faults
from course.endpoint.limits import needed
from course.endpoint.simulation.ask import Usage
from course.endpoint.truth import Record, Truth
from course.endpoint.wire import WireError, new_id

BIG_BODY = 128 * 1024
"""Bytes: a larger body is read and answered in a thread, so that nobody else waits for it."""
FLUSH = 16 * 1024


class Writing(Protocol):
    """An answer as it is sent: whole, after `end_s` seconds, or as events with their due times.

    `first_s` is when its first token is due; the events before it only announce it.
    """

    usage: Usage
    first_s: float
    end_s: float
    right: bool | None

    def body(self) -> bytes: ...

    def events(self) -> Iterator[tuple[float, bytes]]: ...


class Reading(Protocol):
    """A request that was understood; making one raises WireError for a request that can't be.

    `cap` is the most tokens that all its answers together may have, None if it says nothing;
    `heavy` says that answering takes so long that nobody else should wait for it.
    """

    model: str
    prompt: int
    cap: int | None
    stream: bool
    heavy: bool

    def answer(self, owner: str, at_once: int) -> Writing: ...


class Calls:
    """Answers calls to models. `active` counts those in work."""

    def __init__(self, admission: Admission, faults: Faults, truth: Truth, *, clock: Clock):
        self.admission, self.faults, self.truth = admission, faults, truth
        self._clock = clock
        self.active = 0

    async def serve(self, exchange: Exchange, read: type[Reading], *, max_body: int) -> None:
        """Answer one request, which `read` understands."""
        record = Record("", exchange.path)
        self.active += 1
        record.at_once = self.active
        try:
            await self._serve(exchange, read, record, max_body)
        except WireError as error:
            record.status, record.code = error.status, error.code
            raise
        except ClientGone:
            record.code = "client_gone"
            raise
        finally:
            self.active -= 1
            self.admission.spend(record)
            self.truth.add(record)

    async def line(self, read: type[Reading], data: bytes, key: str) -> tuple[int, dict, str]:
        """The answer to one line of a batch: status, body, request id. No limits per minute."""
        record = Record(key, "/v1/batches")
        record.batch, record.request_id = True, new_id("req_")
        try:
            reading = read(data, key)
            record.model, record.prompt_tokens = reading.model, reading.prompt
            writing = reading.answer(key, 1)
            body = writing.body()
            _note(record, writing)
            record.status = 200
        except WireError as error:
            record.status, record.code, body = error.status, error.code, error.json()
        finally:
            self.admission.spend(record)
            self.truth.add(record)
        return record.status, from_json(body), record.request_id

    async def _serve(
        self, exchange: Exchange, read: type[Reading], record: Record, max_body: int
    ) -> None:
        record.key = key = self.admission.key(exchange.header(b"authorization"))
        data = await exchange.body(max_body)
        big = len(data) > BIG_BODY
        reading = await asyncio.to_thread(read, data, key) if big else read(data, key)
        record.model, record.prompt_tokens = reading.model, reading.prompt
        record.streamed, record.request_id = reading.stream, new_id("req_")
        headers = self.admission.take(record, tokens=needed(reading.prompt, reading.cap))
        headers += ((b"x-request-id", record.request_id.encode()),)
        fault = self.faults.next(self._clock())
        if fault is not None:
            record.fault = fault.kind
            if error := fault.error():
                error.headers = (*headers, *error.headers)
                raise error
        if big or reading.heavy:
            writing = await asyncio.to_thread(reading.answer, key, record.at_once)
        else:
            writing = reading.answer(key, record.at_once)
        _note(record, writing)
        record.status = 200
        await (_stream if reading.stream else _whole)(exchange, writing, record, headers, fault)


def _note(record: Record, writing: Writing) -> None:
    used = writing.usage
    record.cached_tokens, record.right = used.cached, writing.right
    record.first_s = writing.first_s
    record.completion_tokens, record.reasoning_tokens = used.completion, used.reasoning


async def _whole(
    exchange: Exchange, writing: Writing, record: Record, headers: tuple, fault: Fault | None
) -> None:
    due_s = writing.end_s + (fault.stall_s if fault else 0.0)
    if (wait_s := due_s - record.age_s()) > 0:
        gone = exchange.leaving()
        await asyncio.wait({gone}, timeout=wait_s)
        if gone.done():
            raise ClientGone
        gone.cancel()
    body = writing.body()
    timing = (b"openai-processing-ms", b"%d" % (record.age_s() * 1000))
    if fault is not None and fault.kind == "cut":
        length = (b"content-length", b"%d" % len(body))
        await exchange.begin(http.JSON, timing, length, *headers)
        await exchange.write(body[: len(body) // 2])
        return  # the server closes a connection whose answer ends too early
    await exchange.answer(body, http.JSON, timing, *headers)
    record.wrote(due_s, due_s)


async def _stream(
    exchange: Exchange, writing: Writing, record: Record, headers: tuple, fault: Fault | None
) -> None:
    gone = exchange.leaving()
    ready, waiting, late_s = bytearray(), [], 0.0
    try:
        for number, (due_s, event) in enumerate(writing.events()):
            if number == 1 and fault is not None:
                if fault.kind == "cut":
                    await exchange.write(bytes(ready) + event[: len(event) // 2])
                    return
                late_s = fault.stall_s
            wait_s = due_s + late_s - record.age_s()
            if wait_s > 0 or len(ready) > FLUSH:
                if ready:
                    await exchange.write(bytes(ready))
                    record.wrote(*waiting)
                    ready.clear()
                    waiting.clear()
                await asyncio.sleep(max(wait_s, 0))
            if gone.done():
                raise ClientGone
            if not exchange.answering:
                await exchange.begin(http.EVENTS, http.FRESH, *headers)
            ready += event
            waiting = [waiting[0] if waiting else due_s + late_s, due_s + late_s]
        await exchange.write(bytes(ready), more=False)
        record.wrote(*waiting)
    finally:
        gone.cancel()
