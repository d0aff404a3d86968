"""`Pacer`: no request is sent before the service's rate limits have room for it.

    client = connect(asynchronous=True, pacer=Pacer())

The lessons build this bucket, so it is ours. Of libraries, aiolimiter 1.3 was looked at: one
bucket with a rate that is known beforehand, for one event loop, and who asks for least goes
first. Here there are several buckets with limits that are learnt while they are used, the tasks
and threads of several clients, and who came first goes first.
"""

import asyncio
import math
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from functools import lru_cache

from course import facts
from course.errors import CourseError
from course.throughput.account import Account, Turn
from course.throughput.told import DAY_S, MINUTE_S

_family = lru_cache(maxsize=1024)(facts.family)
_sent: ContextVar[float | None] = ContextVar("sent", default=None)


class Pacer:
    """Lets requests wait for their turn: for `connect(pacer=…)`, also of several clients.

    Each model has buckets of its own (a snapshot shares those of its family). Their sizes come
    from x-ratelimit-… headers, and so does what is left in them, in case others use the same key;
    a refusal stops everybody for as long as it asks, and where it was not foreseen what comes
    back is counted on a little less for some time. The first request of a model goes alone.
    Services that send no such headers are known by their refusals only, unless the limits are
    given here.

    `requests_per_minute`, `tokens_per_minute` and `requests_per_day` are limits that you know
    of, kept beside those that the service tells (tier 1's headers tell of requests per day, and
    only refusals of those per minute). `share` is the part of all limits, up to 1, that may be
    used: 0.5 leaves half of them to others. One Pacer is for one key. CourseError for a limit
    that is no number above 0. `refused` counts the replies with status 429, `waited_s` adds up
    the seconds that requests have waited here.

    What a token bucket is: RFC 2215, TOKEN_BUCKET_TSPEC.
    """

    def __init__(
        self,
        *,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        requests_per_day: float | None = None,
        share: float = 1.0,
        now: Callable[[], float] = time.monotonic,
    ):
        _check("requests_per_minute", requests_per_minute)
        _check("tokens_per_minute", tokens_per_minute)
        _check("requests_per_day", requests_per_day)
        _check("share", share, most=1)
        given = (
            ("requests", requests_per_minute, MINUTE_S),
            ("tokens", tokens_per_minute, MINUTE_S),
            ("requests", requests_per_day, DAY_S),
        )
        self._given = [row for row in given if row[1] is not None]
        self._share, self._now, self._lock = share, now, threading.Lock()
        self._accounts: dict[str, Account] = {}
        self.refused, self.waited_s = 0, 0.0

    async def before(self, tokens: int, model: str) -> None:
        """Wait until a request that counts so many tokens may be sent.

        Who waits can be cancelled: nothing is taken then, and the next in line moves up.
        """
        loop, bell = asyncio.get_running_loop(), asyncio.Event()

        def ring() -> None:
            with suppress(RuntimeError):  # the loop of who waited has ended
                loop.call_soon_threadsafe(bell.set)

        start = self._now()
        account, turn = self._join(tokens, model, ring)
        try:
            while wait_s := self._take(account, turn, start):
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if wait_s == math.inf else wait_s):
                        await bell.wait()
                bell.clear()
        except BaseException:
            self._leave(account, turn)
            raise

    def before_sync(self, tokens: int, model: str) -> None:
        """The same for a thread without an event loop."""
        bell, start = threading.Event(), self._now()
        account, turn = self._join(tokens, model, bell.set)
        try:
            while wait_s := self._take(account, turn, start):
                bell.wait(None if wait_s == math.inf else wait_s)
                bell.clear()
        except BaseException:
            self._leave(account, turn)
            raise

    def after(self, status: int, headers: Mapping[str, str], tokens: int, model: str) -> None:
        """Learn from the reply to the request that this task or thread was let through with."""
        now = self._now()
        sent = _sent.get()
        with self._lock:
            self.refused += status == 429
            account = self._account(model, now)
            account.settle(status, headers, tokens, sent=now if sent is None else sent, now=now)
            account.call()

    def state(self) -> list[dict]:
        """What is known of the limits, ready for a DataFrame: a row for each.

        `model`; `of` requests or tokens; the `limit`, which comes back in `period_s` real
        seconds; how much is `left`; the `pace` at which it is counted on to come back; and how it
        is `known`: given, told by headers, told by a refusal ("refused"), or guessed.
        """
        with self._lock:
            now = self._now()
            accounts = self._accounts.items()
            return [{"model": name} | row for name, each in accounts for row in each.state(now)]

    def _join(self, tokens: int, model: str, ring: Callable[[], None]) -> tuple[Account, Turn]:
        with self._lock:
            account = self._account(model, self._now())
            return account, account.join(tokens, ring)

    def _take(self, account: Account, turn: Turn, start: float) -> float:
        with self._lock:
            now = self._now()
            wait_s = account.take(turn, now)
            if not wait_s:
                self.waited_s += now - start
        if not wait_s:
            _sent.set(now)
        return wait_s

    def _leave(self, account: Account, turn: Turn) -> None:
        with self._lock:
            account.leave(turn)

    def _account(self, model: str, now: float) -> Account:
        name = _family(model)
        if name not in self._accounts:
            self._accounts[name] = Account(self._given, share=self._share, now=now)
        return self._accounts[name]


def _check(name: str, value: object, *, most: float = math.inf) -> None:
    if value is None and most == math.inf:
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not 0 < value <= most:
        bound = "above 0" if most == math.inf else f"above 0, up to {most:g}"
        raise CourseError(f"{name} is {value!r}; use a number {bound}.")
