"""Many requests at half the price, within a day: the Batch API, from a list to a table.

    table = batch(client, [{"model": …, "messages": […]}, …], to="mail-batch")

A folder keeps what was sent and what came back. So a call that was killed, even at the worst
moment, goes on when it is made again; nothing is sent twice, and nothing is paid twice.
"""

import collections
import os
import sys
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import openai

from course.errors import CourseError
from course.throughput.batch_folder import Folder, Part
from course.throughput.batch_lines import Line, lines_of, split
from course.throughput.batch_rows import read_rows, table
from course.throughput.batch_service import Service, finish
from course.throughput.progress import bar as progress_bar

if TYPE_CHECKING:
    from pandas import DataFrame
    from tqdm import tqdm

LEAST_PAUSE_S, SHARE = 0.2, 0.1
"""The pause between looks is a tenth of the time waited so far."""


def batch(
    client: openai.OpenAI | openai.AsyncOpenAI,
    requests: Iterable[Mapping] | Mapping[str, Mapping],
    *,
    to: str | os.PathLike,
    endpoint: str = "/v1/chat/completions",
    queue_tokens: int | None = None,
    again: bool = False,
    wait: bool = True,
    longest_pause_s: float = 60.0,
    progress: bool | None = None,
) -> "DataFrame":
    """Send requests as batches, follow them to their end, and read what came back.

    `requests` are bodies such as {"model": …, "messages": […]} for `endpoint`, in a list (then
    they are named request-0, request-1 …) or by name. `to` is a folder for this job alone: made
    again with the same folder, the call goes on where the last one ended, adds what is new, and
    reads what is done without asking anybody. With an asynchronous client, await it.

    Requests are split into batches by model, and at 50,000 lines or 200 MB. With `queue_tokens`,
    your limit of tokens that may wait in batches, no more are sent at once; the rest follow.
    `again` sends once more what has no answer when all is over; only that may be changed.
    Without `wait` it returns after one look. Progress is shown on stderr, by default only where
    somebody watches; with False, what has no answer isn't told there either.

    A row for each request, in their order: custom_id, answer (a text, or the first embedding;
    None for none), error ("" if none; else why, beginning with the status of the request or its
    batch), status (of the request; 0: it was never tried), model, prompt_tokens, cached_tokens,
    completion_tokens, reasoning_tokens, cost_usd (Decimal, list price of the Batch API; None if
    unknown), source ("live" or "simulated"), batch_id, reply (the whole body).

    A whole example, one request for each text or, at less cost, one for each pack of texts:

        client = connect()
        packs = pack(emails, 20, labels=["billing", "technical"])
        ask = "Sort these e-mails."
        table = batch(
            client,
            [
                {
                    "model": "gpt-4o-mini",
                    "messages": one.prompt(ask),
                    "response_format": one.schema(),
                }
                for one in packs
            ],
            to="mail-batch",
        )
        entries = [
            entry
            for one, answer in zip(packs, table["answer"], strict=True)
            for entry in one.parse(answer)
        ]
    """
    if not isinstance(client, openai.OpenAI | openai.AsyncOpenAI):
        raise CourseError(
            f"client is {type(client).__name__}; give the one that connect() returns."
        )
    whole = isinstance(queue_tokens, int) and not isinstance(queue_tokens, bool)
    if queue_tokens is not None and not (whole and queue_tokens > 0):
        raise CourseError(f"queue_tokens is {queue_tokens!r}; give a whole number above 0.")
    job = _Job(client, lines_of(requests, endpoint), endpoint, queue_tokens, longest_pause_s)
    work = job.run(to, again=again, wait=wait, progress=progress)
    return work if isinstance(client, openai.AsyncOpenAI) else finish(work)


class _Job:
    """One call of `batch`."""

    def __init__(
        self,
        client: Any,
        lines: dict[str, Line],
        endpoint: str,
        queue_tokens: int | None,
        longest_pause_s: float,
    ):
        self._service, self._lines, self._endpoint = Service(client), lines, endpoint
        self._queue_tokens, self._longest_pause_s = queue_tokens, longest_pause_s

    async def run(
        self, to: str | os.PathLike, *, again: bool, wait: bool, progress: bool | None
    ) -> "DataFrame":
        with Folder(to) as folder:
            known = self._known(folder)
            self._plan(folder, [line for name, line in self._lines.items() if name not in known])
            with progress_bar(None, what=" request", shown=progress) as bar:
                await self._follow(folder, bar, wait=wait)
                rows = read_rows(folder, self._lines)
                left = [name for name, row in rows.items() if row["error"]]
                if again and left and all(part.over for part in folder.parts):
                    self._plan(folder, [self._lines[name] for name in left])
                    await self._follow(folder, bar, wait=wait)
                    rows = read_rows(folder, self._lines)
            _tell(rows, folder, hidden=progress is False)
            return table(rows.values())

    def _known(self, folder: Folder) -> set[str]:
        """The names of what is in the folder; CourseError if another request had such a name."""
        known = {}
        for part in folder.parts:
            known |= dict(folder.sent(part))
        other = {n: one for n, one in self._lines.items() if known.get(n, one.data) != one.data}
        for name, row in read_rows(folder, other).items():
            if not row["error"] or not all(part.over for part in folder.parts):
                raise CourseError(
                    f"Request {name!r} differs from the one that was sent as {name!r} from "
                    f"{folder.path}; name another folder, or give the request another name."
                )
        return set(known)

    def _plan(self, folder: Folder, lines: Iterable[Line]) -> None:
        parts = split(lines, self._queue_tokens)
        for part in parts:
            tokens = sum(line.tokens() for line in part) if self._queue_tokens else 0
            folder.add(part, self._endpoint, tokens=tokens)
        if parts:
            folder.save()

    async def _follow(self, folder: Folder, bar: "tqdm", *, wait: bool) -> None:
        """Send what is to be sent, and look until all is over; once only, without `wait`."""
        began = time.monotonic()
        while True:
            for part in folder.parts:
                if part.waits and self._has_room(folder, part):
                    await self._service.submit(part, folder)
            for part in folder.parts:
                if not (part.waits or part.over):
                    await self._service.look(part, folder)
            _show(bar, folder)
            if not wait or all(part.over for part in folder.parts):
                return
            pause = max(LEAST_PAUSE_S, SHARE * (time.monotonic() - began))
            await self._service.pause(min(pause, self._longest_pause_s))

    def _has_room(self, folder: Folder, part: Part) -> bool:
        """Whether the part fits into the queue beside what is in it; alone it always may go."""
        queued = [one.tokens for one in folder.parts if not (one.waits or one.over)]
        return (
            not self._queue_tokens or not queued or sum(queued) + part.tokens <= self._queue_tokens
        )


def _show(bar: "tqdm", folder: Folder) -> None:
    """How many requests are done, and how many batches are in which state."""
    bar.total = sum(part.lines for part in folder.parts)
    states = collections.Counter(part.status for part in folder.parts)
    bar.set_postfix_str(", ".join(f"{n} {state}" for state, n in states.items()), False)
    bar.update(sum(part.done for part in folder.parts) - bar.n)


def _tell(rows: Mapping[str, Mapping], folder: Folder, *, hidden: bool) -> None:
    """Say on stderr how many requests have no answer, why, and what to do."""
    errors = collections.Counter(row["error"] for row in rows.values() if row["error"])
    if not errors or hidden:
        return
    (first, times), *others = errors.most_common()
    more = f", and {len(others)} other reasons" if others else ""
    over = all(part.over for part in folder.parts)
    advice = "batch(…, again=True) sends these once more" if over else "call batch again later"
    print(
        f"batch: {errors.total():,} of {len(rows):,} requests have no answer "
        f"({times:,}: {first[:200]}{more}); {advice}.",
        file=sys.stderr,
    )
