"""The two ways to put load on a service: so many calls in flight, or so many begun a second."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator

from course.throughput.arrivals import due_times
from course.throughput.asked import Asked

GRACE_S = 3.0
"""So long a call that is to stop may take for it; then the run ends without it."""

One = Callable[[int, object, float | None], Awaitable[None]]


async def closed_loop(one: One, inputs: Iterator[tuple[int, object]], asked: Asked) -> None:
    """Keep `asked.concurrency` calls in flight: the next begins when one is done.

    The first ones begin one after another within stagger_s, so that they do not run in step.
    """
    gap_s = asked.stagger_s / asked.concurrency

    async def slot(number: int) -> None:
        await asyncio.sleep(number * gap_s)
        for position, given in inputs:
            await one(position, given, None)
            await asyncio.sleep(0)  # also a call that never waits lets others in

    tasks = [asyncio.create_task(slot(number)) for number in range(asked.concurrency)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        await _end(tasks)


async def open_loop(one: One, inputs: Iterator[tuple[int, object]], asked: Asked) -> int:
    """Begin a call whenever one is due, whether earlier ones are done or not.

    Returns how many began late because `asked.most_in_flight` calls were under way; they keep the
    time at which they were due, so that it is seen.
    """
    running: set[asyncio.Task] = set()
    problems: list[BaseException] = []
    late, free = 0, 0.0

    def done(task: asyncio.Task) -> None:
        running.discard(task)
        if not task.cancelled() and task.exception():
            problems.append(task.exception())

    began = time.perf_counter()
    dues = due_times(asked.rate, asked.arrivals, seed=asked.seed)
    try:
        for (position, given), due in zip(inputs, dues, strict=False):
            await asyncio.sleep(max(0.0, began + due - time.perf_counter()))
            if len(running) >= asked.most_in_flight:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                free = time.perf_counter()
            late += began + due < free
            if problems:
                break
            task = asyncio.create_task(one(position, given, began + due))
            running.add(task)
            task.add_done_callback(done)
        while running and not problems:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _end(running)
    if problems:
        raise problems[0]
    return late


async def _end(tasks: Iterable[asyncio.Task]) -> None:
    """Cancel what still runs, and let it clean up."""
    left = [task for task in tasks if not task.done()]
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=GRACE_S)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()  # or asyncio complains that nobody has looked
