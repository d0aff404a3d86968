"""Puts events on the disk in groups: while one commit is under way, the next group gathers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from course.live.events import Event
from course.live.store import Store, StoreError

log = logging.getLogger("course.live")

MOST_AT_ONCE = 2000
GATHER_S = 0.002
"""So long a group waits for more: under load that saves most of the commits."""
Then = Callable[[], Any]


class Writer:
    """Adds events to a meeting's log, in order; `then` runs once its event is on the disk.

    When a commit fails, what was on its way is dropped and `failed` is awaited: the log on the
    disk says what is true.
    """

    def __init__(self, store: Store, code: str, *, failed: Callable[[], Awaitable[None]]):
        self.store, self.code, self._failed = store, code, failed
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="live-log")
        self._queue: list[tuple[Event | None, Then]] = []
        self._news, self._idle = asyncio.Event(), asyncio.Event()
        self._idle.set()

    def put(self, event: Event | None, then: Then) -> None:
        """Write an event after those before it; without one, `then` only waits for those."""
        self._queue.append((event, then))
        self._idle.clear()
        self._news.set()

    async def run(self) -> None:
        """Write what comes, for ever."""
        while True:
            await self._news.wait()
            await asyncio.sleep(GATHER_S)
            group, self._queue = self._queue[:MOST_AT_ONCE], self._queue[MOST_AT_ONCE:]
            if not group:
                self._news.clear()
                self._idle.set()
            elif await self._is_written([event for event, _ in group if event]):
                for _, then in group:
                    _call(then)
            else:
                self._queue.clear()
                await self._failed()

    async def _is_written(self, events: list[Event]) -> bool:
        try:
            if events:
                await self.call(self.store.append, self.code, events)
        except StoreError as error:
            log.error("%s", error)
            return False
        except Exception:
            log.exception("The log of %s could not be written.", self.code)
            return False
        return True

    async def call(self, work: Callable, *told: Any) -> Any:
        """Do something with the store, in the thread that has it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *told)

    async def empty(self) -> None:
        """Wait until everything is written."""
        await self._idle.wait()

    def close(self) -> None:
        """End the thread; nothing can be written after it."""
        self._thread.shutdown(wait=True)


def _call(then: Then) -> None:
    try:
        then()
    except Exception:  # one client's bad luck must not end the log for all
        log.exception("What follows an event failed.")
