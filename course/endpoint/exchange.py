"""One HTTP request and its answer, in ASGI's terms."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import parse_qsl

from course.endpoint.wire import WireError

JSON = (b"content-type", b"application/json")
HTML = (b"content-type", b"text/html; charset=utf-8")
EVENTS = (b"content-type", b"text/event-stream; charset=utf-8")
BYTES = (b"content-type", b"application/octet-stream")
TEXT = (b"content-type", b"text/plain; charset=utf-8")
FRESH = (b"cache-control", b"no-store")


BODY_S = 60.0
"""Seconds within which each further piece of a body must come."""


class ClientGone(Exception):
    """The client has closed the connection: there is nobody left to answer."""


class Exchange:
    """Reads a request and sends its answer. `answering` says whether the answer has begun."""

    def __init__(self, scope: dict, receive: Callable[[], Awaitable], send: Callable):
        self.scope, self._receive, self._send = scope, receive, send
        self.answering = False

    @property
    def method(self) -> str:
        return "GET" if self.scope["method"] == "HEAD" else self.scope["method"]

    @property
    def path(self) -> str:
        return self.scope["path"]

    def header(self, name: bytes) -> bytes:
        """The value of a header (its name in lower case), empty if it was not sent."""
        for key, value in self.scope["headers"]:
            if key == name:
                return value
        return b""

    @property
    def query(self) -> dict[str, str]:
        """The parameters behind the question mark; of one that is given twice, the last."""
        sent = self.scope["query_string"].decode("latin-1")
        return dict(parse_qsl(sent, keep_blank_values=True, errors="replace"))

    async def body(self, limit: int) -> bytes:
        """The request's body; raises WireError 413 above `limit` bytes, and ClientGone."""
        announced = self.header(b"content-length")
        if announced.isdigit() and int(announced) > limit:
            raise _too_large(limit)
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            if len(whole := message.get("body", b"")) > limit:
                raise _too_large(limit)
            return whole  # what nearly every body is: all there at once
        parts, size = [], 0
        async for piece in self.pieces(message):
            parts.append(piece)
            size += len(piece)
            if size > limit:
                raise _too_large(limit)
        return b"".join(parts)

    async def pieces(self, message: dict | None = None) -> AsyncIterator[bytes]:
        """The body piece by piece; raises ClientGone, and WireError 408 for one that stops."""
        while True:
            if message is None:
                message = await self._next_piece()
            if message["type"] == "http.disconnect":
                raise ClientGone
            yield message.get("body", b"")
            if not message.get("more_body", False):
                return
            message = None

    async def _next_piece(self) -> dict:
        try:
            return await asyncio.wait_for(self._receive(), BODY_S)
        except TimeoutError:
            told = f"The request's body stopped coming for {BODY_S:.0f} seconds."
            raise WireError(408, told, code="request_timeout") from None

    async def answer(self, body: bytes, *headers: tuple, status: int = 200) -> None:
        """The whole answer at once."""
        length = (b"content-length", b"%d" % len(body))
        await self.begin(*headers, length, status=status)
        await self.write(body, more=False)

    async def begin(self, *headers: tuple, status: int = 200) -> None:
        self.answering = True
        start = {"type": "http.response.start", "status": status, "headers": headers}
        await self._send(start)

    async def write(self, data: bytes, *, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": more})

    def leaving(self) -> asyncio.Task:
        """A task that is done when the client has gone. Call it after the body was read."""
        return asyncio.create_task(self._until_gone())

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _too_large(limit: int) -> WireError:
    told = f"The request body is larger than {limit} bytes."
    return WireError(413, told, code="request_too_large")
