"""openai's transport on aiohttp, told to say when it writes a request and whence replies come."""

from functools import cache, partial
from typing import TYPE_CHECKING

from course import timing
from course.stamps import StampedSocket, open_socket

if TYPE_CHECKING:
    import aiohttp


def telling(transport):
    """The transport of openai.DefaultAioHttpClient, whose session does so once it is needed."""
    transport.client = partial(_session, transport)
    return transport


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
