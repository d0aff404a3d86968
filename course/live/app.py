"""The live class as an ASGI application: pages, a table of the answers, and the WebSocket."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from course.live import export, messages, names, pages
from course.live.line import Line
from course.live.messages import NONSENSE, TOO_MUCH, Nonsense
from course.live.room import Room, about, refused

log = logging.getLogger("course.live")

HELLO_S = 10.0
"""Seconds in which a new connection has to say hello."""
SPARE = 500
"""Connections beyond one for each student: coming back, instructors, screens."""
MOST_TOO_FAST = 20
"""Messages of one connection that are refused as too fast before it is closed."""
SERVICE = "gpt-4o-mini-course live"
TEXT, JSON = b"text/plain; charset=utf-8", b"application/json"

Receive = Callable[[], Awaitable[dict]]
Send = Callable[[dict], Awaitable[None]]


class App:
    """The ASGI application of one room. `origins` are other sites whose pages may connect."""

    def __init__(self, room: Room, *, origins: tuple[str, ...] = (), folder: Path = pages.PAGES):
        self.room, self.origins = room, {origin.rstrip("/").lower() for origin in origins}
        self.files = pages.load(folder)
        self.connected = 0

    async def __call__(self, scope: Mapping, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._page(scope, send)
        elif scope["type"] == "websocket":
            await self._connect(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self.room.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.room.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _page(self, scope: Mapping, send: Send) -> None:
        path = scope["path"]
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, b"Only GET is answered here.\n", TEXT)
        elif path in self.files:
            file = self.files[path]
            await _answer(send, 200, file.content, file.kind)
        elif path == "/health":
            told = messages.write(SERVICE, quiz=self.room.about.quiz, connected=self.connected)
            await _answer(send, 200, told.encode(), JSON)
        elif path == "/answers.csv":
            await self._table(scope, send)
        else:
            await _answer(send, 404, b"There is no such page; the class is at /.\n", TEXT)

    async def _table(self, scope: Mapping, send: Send) -> None:
        """For whoever has the secret: Authorization: Bearer SECRET."""
        given = _header(scope, b"authorization").removeprefix("Bearer ")
        if not names.same(given, self.room.about.secret):
            await _answer(send, 401, b"This needs the instructor's secret.\n", TEXT)
            return
        table = export.table(self.room.about, self.room.meeting, self.room.tellings)
        name = f'attachment; filename="{self.room.about.code}.csv"'.encode()
        more = (b"content-disposition", name)
        await _answer(send, 200, b"\xef\xbb\xbf" + table.encode(), b"text/csv; charset=utf-8", more)

    # the WebSocket

    async def _connect(self, scope: Mapping, receive: Receive, send: Send) -> None:
        await receive()
        full = self.connected >= self.room.most + SPARE
        if scope["path"] != "/live" or full or not self.is_welcome(scope):
            await send({"type": "websocket.close", "code": 1008})  # told as 403: never accepted
            return
        await send({"type": "websocket.accept"})
        direct = scope.get("extensions", {}).get("course.direct", {})
        address = (scope.get("client") or ("", 0))[0]
        line = Line(send, address=address, now=direct.get("say"))
        self.connected += 1
        sending = asyncio.create_task(line.run())
        late = asyncio.get_running_loop().call_later(HELLO_S, _end_silent, line)
        try:
            if direct:
                direct["listen"](partial(self._hear, line))
            while (event := await receive())["type"] == "websocket.receive":
                self._hear(line, event.get("text"))
        finally:
            self.connected -= 1
            late.cancel()
            self.room.leave(line)
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await sending

    def _hear(self, line: Line, text: str | None) -> None:
        if line.is_over or not self._may_speak(line):
            return
        try:
            message = messages.read(text)
        except Nonsense as error:
            line.say(refused("nonsense", str(error), **error.about))
            line.end(NONSENSE, "This message makes no sense.")
            return
        try:
            self.room.hear(line, message)
        except Exception:
            log.exception("A message could not be dealt with.")
            told = "The server made a mistake; its log says which. Your answer was NOT saved."
            line.say(refused("mistake", told, **about(message)))

    def _may_speak(self, line: Line) -> bool:
        if line.may_speak():
            return True
        line.say(refused("fast", "You send too much; wait a second.", again=True))
        if line.too_fast > MOST_TOO_FAST:
            line.end(TOO_MUCH, "You send too much.")
        return False

    def is_welcome(self, scope: Mapping) -> bool:
        """Whether the page that connects is ours: a browser always says where it is from.

        Programs (a notebook's kernel, the load script) say nothing, and can't be made to act in
        a browser user's name.
        """
        origin = _header(scope, b"origin").rstrip("/").lower()
        if not origin or origin in self.origins:
            return True
        return urlsplit(origin).netloc == _header(scope, b"host").lower()


def _end_silent(line: Line) -> None:
    if not line.role:
        line.end(TOO_MUCH, "Nobody said hello.")


def _header(scope: Mapping, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


async def _answer(
    send: Send, status: int, body: bytes, kind: bytes, *more: tuple[bytes, bytes]
) -> None:
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *pages.SAFE, *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
