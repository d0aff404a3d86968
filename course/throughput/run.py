"""`run`: many inputs answered, each once, however often the program is stopped.

    table = await run(classify, emails, to="answers.jsonl", concurrency=20)

Killed half-way and started again it goes on where it was: what has an answer in the file is not
asked again, and only what was in flight is. The lesson needs every line of it, so it is ours;
workflow engines that promise the same (Prefect, Dask) bring a server or a scheduler along.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from course.errors import CourseError
from course.throughput.answers import Answers
from course.throughput.progress import bar
from course.throughput.retrying import awaited

if TYPE_CHECKING:
    import os

    import pandas as pd

    from course.throughput.pacing import Pacer

IN_A_ROW = 50
"""So many calls that fail one after the other end the run: the next 10,000 would fail as well."""


async def run(
    call: Callable[[object], Awaitable],
    inputs: Iterable,
    *,
    to: "str | os.PathLike | None",
    concurrency: int = 8,
    pacer: "Pacer | None" = None,
    deadline_s: float | None = None,
    progress: bool | None = None,
) -> "pd.DataFrame":
    """Call `call(one_input)` for each input, at most `concurrency` at once; a row for each input.

    The columns are `input`, `answer` (None if there is none), `error` ("" if there is none, "not
    asked" for what was not reached), `attempts` (in all runs) and `seconds` (that the last call
    took), in the order of the inputs. `call` is an async function; its answers are kept in the
    file `to`, a line of JSON each, the moment they come. None keeps them for this run alone.

    An input is known by its position and its content: the same inputs in the same order go on,
    more may follow at the end, others in their place are a CourseError. What failed is kept with
    its error and tried again by the next run; within a run, `retrying` does that. No new call is
    begun after `deadline_s` seconds. Ctrl-C loses what is in flight and nothing else.

    A CourseError in `call`, such as a budget that is met, an answer that JSON can't hold, and 50
    failures in a row end the run: what is in flight is still kept, then the error is raised.

    `pacer` is for calls by other clients than those of connect(pacer=…), which need no second:
    each call counts as a request against the limits that it was given.

    A whole example (in a notebook: await instead of asyncio.run):

        client = connect(asynchronous=True)

        async def ask(question):
            messages = [{"role": "user", "content": question}]
            reply = await client.chat.completions.create(model="gpt-4o-mini", messages=messages)
            return reply.choices[0].message.content

        table = asyncio.run(run(ask, ["Why is the sky blue?", "What is ice?"], to="answers.jsonl"))
    """
    inputs = _checked(inputs, concurrency, deadline_s)
    with Answers(None if to is None else Path(to).absolute(), inputs) as answers:
        todo = answers.missing()
        work = _Work(call, inputs, answers, pacer)
        work.end_at = None if deadline_s is None else time.monotonic() + deadline_s
        with bar(len(inputs), what="input", shown=progress) as shown:
            shown.update(len(inputs) - len(todo))
            await work.through(todo, concurrency, shown.update)
    if work.problem:
        raise work.problem
    return _table(inputs, answers)


class _Work:
    """One run: workers that take position after position until there is none, or a problem."""

    def __init__(self, call, inputs: list, answers: Answers, pacer: "Pacer | None"):
        self._call, self._inputs, self._answers, self._pacer = call, inputs, answers, pacer
        self._failed = 0
        self.problem: CourseError | None = None
        self.end_at: float | None = None

    async def through(self, todo: list[int], concurrency: int, done: Callable[[], object]) -> None:
        left = iter(todo)

        async def worker() -> None:
            while not self._over() and (position := next(left, None)) is not None:
                await self._one(position)
                done()

        async with asyncio.TaskGroup() as group:
            for _ in range(min(concurrency, len(todo))):
                group.create_task(worker())

    def _over(self) -> bool:
        late = self.end_at is not None and time.monotonic() >= self.end_at
        return late or self.problem is not None

    async def _one(self, position: int) -> None:
        start = time.monotonic()
        try:
            answer = await self._ask(self._inputs[position])
            seconds = time.monotonic() - start
            self._answers.add(position, answer=answer, seconds=seconds)
            self._failed = 0
        except CourseError as problem:
            self.problem = self.problem or problem
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and asyncio.current_task().cancelling():
                raise  # it is this run that is stopped, and not something within the call
            self._keep_error(position, error, time.monotonic() - start)

    async def _ask(self, one: object) -> object:
        if self._pacer is None:
            return await awaited(self._call(one))
        await self._pacer.before(0, "")
        status = 0
        try:
            answer = await awaited(self._call(one))
            status = 200
        finally:
            self._pacer.after(status, {}, 0, "")
        return answer

    def _keep_error(self, position: int, error: BaseException, seconds: float) -> None:
        told = _told(error)
        try:
            self._answers.add(position, error=told, seconds=seconds)
        except CourseError as problem:
            self.problem = self.problem or problem
        self._failed += 1
        if self._failed >= IN_A_ROW:
            self.problem = self.problem or CourseError(
                f"{IN_A_ROW} calls in a row failed, the last with {told}; mend that and run again: "
                "what has an answer is kept."
            )


def _told(error: BaseException) -> str:
    """The error's type and the first line of what it says, like OSError: No space left."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _checked(inputs: Iterable, concurrency: object, deadline_s: object) -> list:
    if not isinstance(concurrency, int) or isinstance(concurrency, bool) or concurrency < 1:
        raise CourseError(f"concurrency is {concurrency!r}; use a whole number from 1.")
    number = isinstance(deadline_s, int | float) and not isinstance(deadline_s, bool)
    if deadline_s is not None and not (number and deadline_s > 0):
        raise CourseError(f"deadline_s is {deadline_s!r}; use a number of seconds above 0.")
    single = isinstance(inputs, str | bytes | Mapping) or hasattr(inputs, "columns")
    if single or not isinstance(inputs, Iterable):
        raise CourseError(
            f"inputs is {type(inputs).__name__}; give a list, such as a table's column."
        )
    return list(inputs)


def _table(inputs: list, answers: Answers) -> "pd.DataFrame":
    import pandas as pd

    rows = [answers.rows.get(position) for position in range(len(inputs))]
    columns = {
        "input": pd.Series(inputs, dtype=object),
        "answer": pd.Series([row and row.answer for row in rows], dtype=object),
        "error": pd.Series([row.error if row else "not asked" for row in rows], dtype="str"),
        "attempts": pd.Series([row.attempts if row else 0 for row in rows], dtype="int64"),
        "seconds": pd.Series([row.seconds if row else None for row in rows], dtype="float64"),
    }
    return pd.DataFrame(columns)
