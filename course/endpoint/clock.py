"""The endpoint's one clock, which may run fast or slow, and buckets that fill as it runs."""

import math
import time
from collections.abc import Callable
from functools import lru_cache

from course.errors import CourseError

ROUNDING_MS = 1e-6
"""So much is the rounding of floats, not waiting time."""


class Clock:
    """Simulated seconds since it was made; they pass `speed` times as fast as `now`'s.

    >>> clock = Clock(60)
    >>> clock.real(120)  # two simulated minutes are two real seconds
    2.0

    `now` is any clock that tells seconds and never goes back. CourseError for a speed that is
    no number above 0.
    """

    __slots__ = ("_now", "_start", "rate")

    def __init__(self, speed: float = 1.0, now: Callable[[], float] = time.perf_counter):
        if not (math.isfinite(speed) and speed > 0):
            raise CourseError(
                f"The clock's speed is {speed}; use a number above 0: 1 for real time, 60 for a "
                "minute in each second."
            )
        self.rate = float(speed)
        self._now, self._start = now, now()

    def __call__(self) -> float:
        """Simulated seconds since this clock was made."""
        return (self._now() - self._start) * self.rate

    def real(self, seconds: float) -> float:
        """How many real seconds so many simulated ones take."""
        return seconds / self.rate

    def real_ms(self, microseconds: int) -> int:
        """So many simulated µs in real ms, rounded up: who waits as long has waited enough."""
        if self.rate == 1:
            return -(-microseconds // 1000)
        return math.ceil(self.real(microseconds / 1000) - ROUNDING_MS)


class Bucket:
    """`limit` requests or tokens that come back evenly over `period` µs.

    Its debt is what was taken and is not back yet, in units times µs: whole numbers, so nothing
    is lost or won by rounding.
    """

    __slots__ = (
        *("limit", "name", "period", "told"),
        *("_at", "_capacity", "_debt", "_punished_at", "_spare"),
    )

    def __init__(self, name: str, limit: int, period: int, now: int):
        self.name, self.limit, self.period = name, limit, period
        self.told = b"%d" % limit
        self._capacity, self._debt, self._at = limit * period, 0, now
        self._spare, self._punished_at = 2 * period, now

    def take(self, units: int) -> None:
        """Take them, whether they are there or not: `wait` says."""
        self._debt += units * self.period

    def wait(self, units: int, now: int) -> int:
        """Let come back what is due at `now`; µs from then until so many units are there."""
        if now > self._at:
            debt = self._debt - self.limit * (now - self._at)
            self._debt = debt if debt > 0 else 0
            self._at = now
        over = self._debt + units * self.period - self._capacity
        return -(-over // self.limit) if over > 0 else 0

    def punish(self) -> None:
        """A refused request takes what is back of the next one, so that the wait starts again.

        That fits every refusal for requests that was found: each told exactly the time of one
        request (20s at 3 a minute, 7m12s at 200 a day), never a part of it. But, ASSUMPTION,
        refusals take at most half of what comes back (and once a whole request): who resends
        without pause gets half of the limit, many clients with one key are slowed and never
        locked out, and who alone waits as told gets through.
        """
        # Twice what may be taken, so that half of what comes back is a whole number.
        spare = self._spare + self.limit * (self._at - self._punished_at)
        spare = min(2 * self.period, spare)
        taken = min(self._capacity - self._debt, spare // 2)
        self._debt += taken
        self._spare, self._punished_at = spare - 2 * taken, self._at

    def standing(self) -> tuple[int, int]:
        """How many units are there, and the µs until it is full."""
        return (self._capacity - self._debt) // self.period, -(-self._debt // self.limit)


@lru_cache(maxsize=4096)
def told(milliseconds: int) -> str:
    """A duration as OpenAI's headers and messages write it: 120ms, 8.64s, 6m0s, 1h0m0s."""
    if 0 < milliseconds < 1000:
        return f"{milliseconds}ms"
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{milliseconds / 1000:.3f}".rstrip("0").removesuffix(".")
    if hours:
        return f"{hours}h{minutes}m{seconds}s"
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
