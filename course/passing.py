"""Replies on their way to the learner: their bytes are looked at as they pass, never altered."""

import weakref

import httpx2


class Watcher:
    """Looks at one reply. A subclass says what `fail`, `take` and `end` do with it."""

    async def turn(self) -> None:
        """Wait until the request may be sent: that is now."""

    def turn_sync(self) -> None:
        """The same in a thread."""

    def fail(self, error: BaseException) -> None:
        """No reply came."""

    def take(self, piece: bytes) -> None:
        """The next piece of a stream of events."""

    def end(self, whole: bytes | None = None) -> None:
        """The reply is complete, or will not be read any further. `whole`: what was not taken."""

    def watch(self, response: httpx2.Response, *, whole: bool) -> None:
        """Look at the reply: at once if it is `whole`, else as its bytes pass."""
        if whole or response.is_stream_consumed:
            self.end(response.content)
        elif isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _AsyncTap(response.stream, self, is_events(response))
        else:
            response.stream = _Tap(response.stream, self, is_events(response))


def is_events(response: httpx2.Response) -> bool:
    return response.headers.get("content-type", "").startswith("text/event-stream")


class _Passing:
    """Shows passing bytes to the watcher, and ends it when the learner drops the stream."""

    def __init__(self, stream, watcher: Watcher, events: bool):
        self._stream, self._watcher = stream, watcher
        self._pieces: list[bytes] | None = None if events else []
        self._end = weakref.finalize(self, watcher.end)
        self._end.atexit = False

    def _show(self, piece: bytes) -> None:
        if self._pieces is None:
            self._watcher.take(piece)
        else:
            self._pieces.append(piece)

    def _ended(self) -> None:
        # A stream ends when it is read to its end, and again when it is closed.
        if self._end.detach():
            self._watcher.end(None if self._pieces is None else b"".join(self._pieces))


class _Tap(_Passing, httpx2.SyncByteStream):
    def __iter__(self):
        for piece in self._stream:
            self._show(piece)
            yield piece
        self._ended()

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            self._ended()


class _AsyncTap(_Passing, httpx2.AsyncByteStream):
    async def __aiter__(self):
        async for piece in self._stream:
            self._show(piece)
            yield piece
        self._ended()

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._ended()
