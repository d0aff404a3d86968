"""One connection: what is to be sent waits in order, so that a slow listener delays nobody."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

from course.live.limits import Bucket
from course.live.messages import TOO_MUCH

MOST_WAITING = 256 * 1024
"""Characters that may wait for one listener; a state that comes back later holds all of it."""
RATE, BURST = 20.0, 60.0
"""Messages a second that a client may send, and at once (what it sends again after a break)."""

Send = Callable[[dict], Awaitable[None]]


class Line:
    """A connection to one client, with its role once that has said hello."""

    def __init__(self, send: Send, *, address: str, now: Callable[[str], bool] | None = None):
        self._send, self.address = send, address
        self._now = now or (lambda text: False)  # sends at once, or says that it can't
        self.role = self.who = ""
        self.too_fast = 0
        self._waiting: deque[str] = deque()
        self._size, self._news, self._sending = 0, asyncio.Event(), False
        self._over: tuple[int, str] | None = None
        self._bucket = Bucket(RATE, BURST, at=time.monotonic())

    @property
    def is_over(self) -> bool:
        return self._over is not None

    def may_speak(self) -> bool:
        """Whether one more message from it is listened to; `too_fast` counts those that are not."""
        may = self._bucket.take(time.monotonic())
        self.too_fast += not may
        return may

    def say(self, text: str) -> None:
        """Send a message after those before it; whoever listens too slowly is cut off."""
        if self._over:
            return
        if not self._waiting and not self._sending and self._now(text):
            return
        if self._size + len(text) > MOST_WAITING:
            self._waiting.clear()
            self.end(TOO_MUCH, "This connection is too slow; come back.")
            return
        self._waiting.append(text)
        self._size += len(text)
        self._news.set()

    def end(self, code: int, reason: str) -> None:
        """Close it, after what waits."""
        self._over = self._over or (code, reason)
        self._news.set()

    async def run(self) -> None:
        """Send what comes, until the end; what the connection raises ends it too."""
        while True:
            self._sending = True
            while self._waiting:
                text = self._waiting.popleft()
                self._size -= len(text)
                await self._send({"type": "websocket.send", "text": text})
            self._sending = False
            if self._over:
                code, reason = self._over
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
                return
            self._news.clear()
            await self._news.wait()
