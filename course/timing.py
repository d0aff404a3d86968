"""When things happened to a request, for who follows the calls of a context.

    with follow() as timings:
        await client.chat.completions.create(…)
    timings[0].written, timings[0].arrived, timings[0].ended

All times are seconds of time.perf_counter. Requests are followed through tasks that the context
starts and through asyncio.to_thread, which take its context along.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course.ledger import CallRecord
    from course.stamps import StampedSocket


@dataclass(slots=True)
class Timing:
    """One request: when it was sent and written, when events with content came, when it ended.

    `sent` is when it was given to the http client, None while it waits for its turn (and for one
    that is answered from a cache); `written` when the client gave it to its connection, None
    where it does not tell. `arrived` has a time for each event of a stream with content in it.
    `status` is 0 where no reply came; `ended` and `record` come with the end of the reply, as far
    as that is read. `connection` is the socket that it came over, where that notes
    readings; `arrival_is` who tells the times in `arrived`: the "kernel", the reading of the socket
    ("read"), or only the passing of the bytes ("passed").
    """

    sent: float | None = None
    written: float | None = None
    arrived: list[float] = field(default_factory=list)
    ended: float | None = None
    status: int = 0
    request_id: str = ""
    record: "CallRecord | None" = None
    connection: "StampedSocket | None" = None
    arrival_is: str = ""

    def take(self, ended: list[bool]) -> None:
        """Events of the reply have just been read; for each, whether there was content in it."""
        now = time.perf_counter()
        times, by = [now] * len(ended), "passed"
        if self.connection is not None:
            times, by = self.connection.take(len(ended), now)
        if by == "passed" or not self.arrival_is:
            self.arrival_is = by
        self.arrived += [came for came, content in zip(times, ended, strict=True) if content]
        self.ended = times[-1] if times else now


_following: ContextVar[list[Timing] | None] = ContextVar("following", default=None)
_on_its_way: ContextVar[Timing | None] = ContextVar("on_its_way", default=None)


@contextmanager
def follow() -> Iterator[list[Timing]]:
    """A list that gets a Timing for each request that starts in this context, in that order."""
    timings: list[Timing] = []
    token = _following.set(timings)
    try:
        yield timings
    finally:
        _following.reset(token)


def begin() -> Timing:
    """The Timing of a request that is about to be sent, in the list of who follows it."""
    timing = Timing()
    if (timings := _following.get()) is not None:
        timings.append(timing)
    return timing


def send(timing: Timing | None) -> None:
    """The request goes to the http client now; what that writes in this context is it."""
    if timing is not None:
        timing.sent = time.perf_counter()
    _on_its_way.set(timing)


def wrote() -> None:
    """The http client gives a request, or a part of one, to its connection now."""
    timing = _on_its_way.get()
    if timing is not None:
        timing.written = time.perf_counter()


def answered(connection: "StampedSocket | None") -> None:
    """A reply to the request has begun on this connection, which notes when it was read."""
    timing = _on_its_way.get()
    if timing is not None and connection is not None and timing.written is not None:
        connection.forget(timing.written)
        timing.connection = connection
