"""`retrying`: a call that is tried again when that may help, and not for longer than agreed.

    classify = retrying(classify_once, deadline_s=60)
    await classify(email)

The lesson builds this loop, so it is ours. tenacity 9.2 has the parts (`wait_random_exponential`
is full jitter too), but not the reading of a service's Retry-After, nor a deadline that also ends
the try that is under way. openai's own client tries again twice, with a jitter of a quarter:
connect(max_retries=0) leaves it to this.
"""

import asyncio
import functools
import inspect
import math
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import openai

from course.errors import CourseError
from course.throughput.told import retry_after_s

AGAIN = frozenset({408, 409, 429})
"""The statuses below 500 that the next try may not meet: too slow, in conflict, too many."""


def worth_retrying(error: BaseException) -> bool:
    """Whether the same call, made again, may well succeed.

    Yes for 408, 409, 429 and from 500 on, and where no connection or no reply came; no for what
    is wrong with the request or the key (400, 401, 404 …), for a budget that is used up, and for
    errors of another kind. Where the service says so itself (x-should-retry), that holds.
    """
    status = getattr(error, "status_code", None)
    if not isinstance(status, int):
        return isinstance(error, openai.APIConnectionError | TimeoutError | ConnectionError)
    said = _headers(error).get("x-should-retry")
    if said in ("true", "false"):
        return said == "true"
    if "insufficient_quota" in (getattr(error, "code", None), getattr(error, "type", None)):
        return False
    return status in AGAIN or status >= 500


def retrying(
    call: Callable[..., Awaitable],
    *,
    tries: int = 6,
    deadline_s: float | None = 120.0,
    first_wait_s: float = 0.5,
    longest_wait_s: float = 30.0,
    retry_on: Callable[[Exception], bool] = worth_retrying,
    seed: int | None = None,
) -> Callable[..., Awaitable]:
    """An async function like `call` that tries at most so often, within `deadline_s` in all.

    The time that a Pacer makes it wait counts as well: None is no deadline.

    Between tries it waits by *full jitter*: a random time up to first_wait_s, then up to twice,
    four times … as much, never over longest_wait_s (Marc Brooker, Exponential Backoff and Jitter,
    AWS Architecture Blog, 2015-03-04), so that many callers that failed together don't come back
    together. What the service asks to wait (retry-after-ms, Retry-After) comes before that.

    What `call` raises in the end is raised, with a note that says how often and for how long it
    was tried; TimeoutError where the deadline ended the first try. `retry_on` says which errors
    are tried again; `seed` makes the waits the same each time. CourseError for a `call` that
    isn't async, and for numbers that can't be.
    """
    rules = _Rules(tries, deadline_s, first_wait_s, longest_wait_s, retry_on, random.Random(seed))

    @functools.wraps(call, updated=())
    async def tried(*given, **named):
        now = asyncio.get_running_loop().time
        start, number, last = now(), 0, None
        end = None if deadline_s is None else start + deadline_s
        while True:
            number += 1
            try:
                async with asyncio.timeout_at(end) as deadline:
                    return await awaited(call(*given, **named))
            except Exception as error:
                if deadline.expired():
                    last = last or TimeoutError(f"There was no answer within {deadline_s:g} s.")
                    told = f"the deadline of {deadline_s:g} s ended the last try"
                    raise noted(last, number, now() - start, told) from last.__cause__
                wait_s, told = rules.next(number, error, now() - start)
                if told:
                    noted(error, number, now() - start, told)
                    raise
                last = error
            await asyncio.sleep(wait_s)

    return tried


@dataclass(frozen=True, slots=True)
class _Rules:
    tries: int
    deadline_s: float | None
    first_wait_s: float
    longest_wait_s: float
    retry_on: Callable[[Exception], bool]
    draw: random.Random

    def __post_init__(self):
        whole = isinstance(self.tries, int) and not isinstance(self.tries, bool)
        if not whole or self.tries < 1:
            raise CourseError(f"tries is {self.tries!r}; use a whole number from 1.")
        for name in ("deadline_s", "first_wait_s", "longest_wait_s"):
            value = getattr(self, name)
            if value is None and name == "deadline_s":
                continue
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not number or not math.isfinite(value) or value <= 0:
                raise CourseError(f"{name} is {value!r}; use a number of seconds above 0.")

    def next(self, number: int, error: Exception, spent_s: float) -> tuple[float, str]:
        """The seconds to wait after the try of that number, from 1; or why there is no other."""
        if not self.retry_on(error):
            return 0, "this error would come again"
        if number >= self.tries:
            return 0, "no more tries were allowed"
        # Powers from 2 ** 1024 on are no floats, and no wait is as long.
        most_s = min(self.longest_wait_s, self.first_wait_s * 2.0 ** min(number - 1, 1000))
        wait_s = (retry_after_s(_headers(error)) or 0.0) + self.draw.uniform(0, most_s)
        if self.deadline_s is None or spent_s + wait_s < self.deadline_s:
            return wait_s, ""
        return 0, f"the next, in {wait_s:.1f} s, would miss the deadline of {self.deadline_s:g} s"


def awaited(answer: object) -> Awaitable:
    """What an async function gave; CourseError for a function that isn't async."""
    if inspect.isawaitable(answer):
        return answer
    raise CourseError(
        f"call gave {type(answer).__name__} at once; pass an async function (async def …), "
        "which uses a client from connect(asynchronous=True)."
    )


def noted(error: Exception, number: int, spent_s: float, told: str) -> Exception:
    """The error with the one note; none where the first try told all there is to know."""
    if number > 1 or "deadline" in told:
        times = "once" if number == 1 else f"{number} times"
        error.add_note(f"Tried {times} in {spent_s:.1f} s: {told}.")
    return error


def _headers(error: BaseException) -> Mapping[str, str]:
    return getattr(getattr(error, "response", None), "headers", None) or {}
