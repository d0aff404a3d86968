"""Many texts answered with few requests: packs, asked again in smaller ones where it failed."""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from course.errors import CourseError
from course.throughput.leftovers import Leftovers
from course.throughput.packs import Entry, Pack, pack
from course.throughput.retrying import awaited
from course.throughput.run import run
from course.throughput.unpacking import NOT_JSON

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Entry", "Pack", "Unanswered", "pack", "run_packed"]

_TOO_MUCH = (400, 413, 422)
"""A request that is refused with one of these may get through in parts."""


_ENOUGH = 3
"""So many replies without any JSON, and none with, end a run: all others would be like them."""


class Unanswered(Exception):
    """No text of a pack was answered, not even alone."""


async def run_packed(
    ask: Callable[[Pack], Awaitable[object]],
    inputs: Iterable[str],
    n: int,
    *,
    to: str | os.PathLike | None,
    labels: Iterable[str] | None = None,
    max_tokens: int | None = None,
    tries: int = 2,
    concurrency: int = 8,
    **options,
) -> "DataFrame":
    """Ask about all inputs in packs of `n`; each gets one answer, or the reason why it has none.

    `ask` (async) sends a Pack and returns the reply, or its text. What is wrong with a reply hits
    only the entries concerned: these are asked again in packs of half the size, down to one
    alone, which is asked at most `tries` times. So are those of a pack that is refused as a
    whole (400, 413, 422). `labels` and `max_tokens` are those of `pack`.

    `run` does the work: `to`, `concurrency` (packs in flight) and further options go there.
    Called again it goes on: nothing that has an answer is asked again, and what has none is.

    A row for each input, in their order: input (the text), answer (None for none), error (""
    if there is none, else why), requests (how many it was in, in this call; 0: it was answered
    before). CourseError once 3 replies had no JSON in them and none had: `ask` then does not send
    what the pack says. A whole example (in a notebook: await instead of asyncio.run):

        client = connect(asynchronous=True)

        async def ask(pack):
            return await client.chat.completions.create(
                model="gpt-4o-mini",
                messages=pack.prompt("Sort these e-mails."),
                response_format=pack.schema(),
            )

        work = run_packed(ask, emails, 20, labels=["billing", "technical"], to="answers.jsonl")
        table = asyncio.run(work)
    """
    packs = pack(inputs, n, labels=labels, max_tokens=max_tokens)
    if isinstance(tries, bool) or not isinstance(tries, int) or tries < 1:
        raise CourseError(f"tries is {tries!r}; use a whole number from 1.")
    options["concurrency"] = concurrency
    left = Leftovers(to, packs[0].labels)
    asker = _Asker(ask, tries, left, concurrency=concurrency, proven=_has_answers(to))
    try:
        done = await run(asker.answer, packs, to=to, **options)
    except CourseError as error:
        if "is not the one that" not in str(error):
            raise
        told = f"{error} Its inputs are packs: n, labels and max_tokens must be as before, too."
        raise CourseError(told) from None
    asker.take(packs, done)
    # What was given up in an earlier call; `run` itself only asks again where nothing was told.
    late = [each for each in asker.open_entries(packs) if not asker.requests[each.position]]
    if late:
        size = max(1, n // 2)
        parts = [packs[0].part(late[at : at + size]) for at in range(0, len(late), size)]
        await run(asker.answer_late, parts, to=None, **options)
    return asker.table(packs)


class _Asker:
    """Gets the texts of packs answered, and remembers why one has no answer."""

    def __init__(
        self, ask: Callable, tries: int, left: Leftovers, *, concurrency: int, proven: bool
    ):
        self._ask, self._tries, self._left = ask, tries, left
        self._concurrency = concurrency
        self.requests: Counter[int] = Counter()
        self._known: dict[int, str] = {}
        self._whys: dict[int, str] = {}
        self._prose, self._any_json = 0, proven

    @cached_property
    def _room(self) -> asyncio.Semaphore:
        # Made only once `run` has checked the number.
        return asyncio.Semaphore(self._concurrency)

    async def answer(self, whole: Pack) -> dict:
        """The answers of a pack in its order, None for none, and why; Unanswered if all are."""
        problem = await self._complete(whole, self._tries)
        answers = [self._known.get(position) for position in whole.positions]
        if not any(answer is not None for answer in answers):
            why = self._whys[whole.positions[0]]
            raise problem or Unanswered(f"none of its {len(whole)} texts has an answer; {why}")
        whys = [self._whys.get(position, "") for position in whole.positions]
        return {"answers": answers, "errors": whys} if any(whys) else {"answers": answers}

    async def answer_late(self, whole: Pack) -> None:
        """The same for texts that were given up before; their answers go to a file beside."""
        problem = await self._complete(whole, self._tries)
        each = zip(whole.positions, whole.texts, strict=True)
        self._left.keep((at, text, self._known[at]) for at, text in each if at in self._known)
        if problem:
            raise problem

    async def _complete(self, one: Pack, tries: int) -> Exception | None:
        """Ask, and again what failed, in packs of half the size; a problem with the asking."""
        try:
            entries = await self._once(one)
        except CourseError:
            raise
        except Exception as problem:
            told = f"{type(problem).__name__}: {_first_line(problem)}"
            self._whys |= dict.fromkeys(one.positions, told)
            return problem
        failed = [entry for entry in entries if entry.why]
        self._whys |= {entry.position: entry.why for entry in failed}
        for entry in entries:
            if not entry.why:
                self._known[entry.position] = entry.answer
                self._whys.pop(entry.position, None)
        size, tries = max(1, len(one) // 2), tries - (len(one) == 1)
        if not failed or not tries:
            return None
        parts = [one.part(failed[at : at + size]) for at in range(0, len(failed), size)]
        problems = await asyncio.gather(*(self._complete(part, tries) for part in parts))
        return next((problem for problem in problems if problem), None)

    async def _once(self, one: Pack) -> list[Entry]:
        async with self._room:
            self.requests.update(one.positions)
            try:
                reply = await awaited(self._ask(one))
            except Exception as error:
                if isinstance(error, TypeError) and "type Pack is not JSON" in str(error):
                    raise _not_a_text("A request can't hold a Pack") from None
                if getattr(error, "status_code", None) not in _TOO_MUCH:
                    raise
                return one.failed(f"refused: {_first_line(error)}")
        entries = one.parse(reply)
        self._look(entries)
        return entries

    def _look(self, entries: Sequence[Entry]) -> None:
        """CourseError where no reply has any JSON in it: `ask` does not ask about packs."""
        prose = all(entry.why.startswith(NOT_JSON) for entry in entries)
        self._prose += prose
        self._any_json = self._any_json or not prose
        if self._prose >= _ENOUGH and not self._any_json:
            said = entries[0].why.removeprefix(NOT_JSON)
            raise _not_a_text(f"None of the first {self._prose} replies is JSON (the last:{said})")

    def take(self, packs: Sequence[Pack], done: "DataFrame") -> None:
        """Take over what the run's file has of each pack."""
        for one, told, error in zip(packs, done.answer, done.error, strict=True):
            answers = told["answers"] if told else [None] * len(one)
            whys = told.get("errors") if told else [error] * len(one)
            for place, (position, text) in enumerate(zip(one.positions, one.texts, strict=True)):
                answer = answers[place]
                if answer is None:
                    answer = self._left.answer(position, text)
                if answer is not None:
                    self._known[position] = answer
                else:
                    self._whys.setdefault(position, whys[place])

    def open_entries(self, packs: Sequence[Pack]) -> Iterator[Entry]:
        """The texts without an answer."""
        for one in packs:
            for position, text in zip(one.positions, one.texts, strict=True):
                if position not in self._known:
                    yield Entry(0, position, text, None, self._whys[position])

    def table(self, packs: Sequence[Pack]) -> "DataFrame":
        """A row for each text."""
        import pandas as pd

        texts = [text for one in packs for text in one.texts]
        places = range(len(texts))
        whys = ["" if at in self._known else self._whys[at] for at in places]
        columns = {
            "input": pd.Series(texts, dtype="object"),
            "answer": pd.Series([self._known.get(at) for at in places], dtype="object"),
            "error": pd.Series(whys, dtype="str"),
            "requests": pd.Series([self.requests[at] for at in places], dtype="int64"),
        }
        return pd.DataFrame(columns)


def _has_answers(to: str | os.PathLike | None) -> bool:
    """Whether a run before has answered anything."""
    try:
        return to is not None and b'"answers"' in Path(to).read_bytes()
    except OSError:
        return False


def _not_a_text(what: str) -> CourseError:
    return CourseError(
        f'{what}; ask is given a Pack and not a text, so send messages=pack.prompt("…") and '
        "response_format=pack.schema()."
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200]
