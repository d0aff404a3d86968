"""openai's transport on aiohttp, told to say when it writes a request and whence replies come."""

import asyncio
import contextlib
import copy
from collections.abc import AsyncIterator
from functools import cache, partial
from typing import TYPE_CHECKING

import httpx2

from course import timing
from course.stamps import StampedSocket, open_socket

if TYPE_CHECKING:
    import aiohttp


class TellingTransport(httpx2.AsyncBaseTransport):
    """The transport of openai.DefaultAioHttpClient, whose sessions do so once one is needed.

    Connections belong to the event loop they were opened in, so each loop has its own: a client
    may be used in one asyncio.run after the other.
    """

    def __init__(self, usual):
        self._usual = usual
        self._in_loop = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        loop = asyncio.get_running_loop()
        if loop not in self._in_loop:
            await self._open(loop)
        return await self._in_loop[loop][0].handle_async_request(request)

    async def aclose(self) -> None:
        for transport, _ in list(self._in_loop.values()):
            await transport.aclose()

    async def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        for other in list(self._in_loop):
            if other.is_closed() and (old := self._in_loop.pop(other, None)):
                _let_go(old[0])
        transport = copy.copy(self._usual)
        transport.client = partial(_session, transport)
        closing = _closed_with_its_loop(transport)
        self._in_loop[loop] = transport, closing
        await anext(closing)


async def _closed_with_its_loop(transport) -> AsyncIterator[None]:
    # asyncio.run ends what such a generator has begun before it closes its loop.
    try:
        yield
    finally:
        await transport.aclose()


def _let_go(transport) -> None:
    """Close what is left of a loop that is closed, so that nobody complains of it later."""
    closing = transport.aclose()
    with contextlib.suppress(Exception):
        closing.send(None)
    closing.close()


def _session(transport) -> "aiohttp.ClientSession":
    import aiohttp

    if transport.uds:
        transport.client = None
        session = transport.get_client()
    else:
        limits, local = transport.limits, transport.local_address
        connector = aiohttp.TCPConnector(
            limit=limits.max_connections or 0,
            keepalive_timeout=limits.keepalive_expiry,
            ssl=transport.ssl_context,
            local_addr=(local, 0) if local else None,
            socket_factory=lambda address: StampedSocket(*address[:3]),
        )
        session = aiohttp.ClientSession(connector=connector)
    session.trace_configs.append(_trace())
    return session


@cache
def _trace() -> "aiohttp.TraceConfig":
    import aiohttp

    async def wrote(*_) -> None:
        timing.wrote()

    async def answered(_session, _context, about: aiohttp.TraceRequestEndParams) -> None:
        connection = about.response.connection
        if connection is not None and connection.transport is not None:
            timing.answered(open_socket(connection.transport))

    trace = aiohttp.TraceConfig()
    trace.on_request_chunk_sent.append(wrote)
    trace.on_request_end.append(answered)
    trace.freeze()
    return trace
