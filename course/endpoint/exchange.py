"""One HTTP request and its answer, in ASGI's terms."""

import asyncio
from collections.abc import Awaitable, Callable

from course.endpoint.wire import WireError

JSON = (b"content-type", b"application/json")
HTML = (b"content-type", b"text/html; charset=utf-8")
EVENTS = (b"content-type", b"text/event-stream; charset=utf-8")
TEXT = (b"content-type", b"text/plain; charset=utf-8")
FRESH = (b"cache-control", b"no-store")


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
        return next((value for key, value in self.scope["headers"] if key == name), b"")

    async def body(self, limit: int) -> bytes:
        """The request's body; raises WireError 413 above `limit` bytes, and ClientGone."""
        too_large = WireError(
            413, f"The request body is larger than {limit} bytes.", code="request_too_large"
        )
        announced = self.header(b"content-length")
        if announced.isdigit() and int(announced) > limit:
            raise too_large
        parts, size, more = [], 0, True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > limit:
                raise too_large
            more = message.get("more_body", False)
        return b"".join(parts)

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
