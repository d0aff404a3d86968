"""One call of somebody else's function: what of it ends the run, and what is only a failed call."""

import asyncio
import inspect

from course.errors import CourseError


class NotAsync(CourseError):
    """The function that was given is no async one: no call of it can be measured."""


async def awaited(begun: object) -> object:
    """What a call comes to; NotAsync where there is nothing to await."""
    if not inspect.isawaitable(begun):
        raise NotAsync(
            f"call returned {type(begun).__name__}, nothing to await; write it as "
            "`async def call(one): …`, with a client from connect(asynchronous=True)."
        )
    return await begun


def let_through(problem: BaseException | None) -> None:
    """Raise what ends the run: a misuse, or that it is to stop, even if the call kept it quiet."""
    if isinstance(problem, NotAsync):
        raise problem
    if asyncio.current_task().cancelling():
        raise problem if isinstance(problem, asyncio.CancelledError) else asyncio.CancelledError
