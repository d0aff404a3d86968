"""The service's side of a batch: upload, submit once, look, and fetch what came back.

One way of writing for both of openai's clients: with the synchronous one nothing here ever
waits for an event loop, so that `finish` can run it to its end at once.
"""

import asyncio
import inspect
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

import openai

from course.errors import CourseError
from course.throughput.batch_folder import ENDED, Folder, Part

MARK = "course_batch"
"""The name in a batch's metadata by which it is found again."""
_UNSURE = (openai.APIConnectionError, openai.InternalServerError)
"""After these, a request may have been heard all the same."""
_PATIENCE = 8
"""So often a look in vain, or a refusal for now, is followed by another try."""


def finish(work: Coroutine) -> object:
    """The result of work that never waits for an event loop."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("a synchronous client waited for an event loop")


class Service:
    """What is asked of a client, synchronous or not."""

    def __init__(self, client: openai.OpenAI | openai.AsyncOpenAI):
        self._client = client
        # A request to start a batch that goes unheard is never simply sent again.
        self._once = client.with_options(max_retries=0)
        self._asynchronous = isinstance(client, openai.AsyncOpenAI)
        self._failures = 0

    async def _ask(self, call: Callable, *given, **named) -> object:
        told = call(*given, **named)
        return await told if inspect.isawaitable(told) else told

    async def pause(self, seconds: float) -> None:
        if self._asynchronous:
            await asyncio.sleep(seconds)
        else:
            time.sleep(seconds)

    async def submit(self, part: Part, folder: Folder) -> bool:
        """Start the part's batch, unless it was started before; False if it is to be tried later.

        Before it is sent, the state says so; who finds that word later looks for the batch first.
        """
        known = await self._find(part) if part.status == "submitting" else None
        if known is None:
            part.status = "submitting"
            folder.save()
            known = await self._create(part, folder.file(part))
        if known is not None:
            self._note(part, known)
            folder.save()
        return known is not None

    async def _create(self, part: Part, path: Path) -> object | None:
        try:
            file = await self._ask(self._client.files.create, file=path, purpose="batch")
            started = await self._ask(
                self._once.batches.create,
                input_file_id=file.id,
                endpoint=part.endpoint,
                completion_window="24h",
                metadata={MARK: part.mark},
            )
        except (openai.RateLimitError, *_UNSURE) as error:
            return self._later(error)
        self._failures = 0
        return started

    async def _find(self, part: Part) -> object | None:
        """The batch with the part's mark, if there is one."""
        page = await self._ask(self._client.batches.list, limit=100)
        while True:
            for batch in page.data:
                if (batch.metadata or {}).get(MARK) == part.mark:
                    return batch
            if not page.has_next_page():
                return None
            page = await self._ask(page.get_next_page)

    async def look(self, part: Part, folder: Folder) -> None:
        """See how far the part's batch is; if it is over, put what came back into the folder."""
        try:
            batch = await self._ask(self._client.batches.retrieve, part.batch_id)
        except (openai.RateLimitError, *_UNSURE) as error:
            self._later(error)
            return
        except openai.NotFoundError:
            raise CourseError(
                f"The service knows no batch {part.batch_id}, which {part.name}.jsonl was sent as; "
                "use a client of the account that it was sent with, or name another folder."
            ) from None
        self._failures = 0
        self._note(part, batch)
        if part.status in ENDED:
            await self._fetch(part, folder, batch)

    def _later(self, error: openai.APIError) -> None:
        self._failures += 1
        if self._failures > _PATIENCE:
            told = str(error).partition("\n")[0][:200]
            raise CourseError(
                f"The service can't be asked about the batch ({type(error).__name__}: {told}); "
                "call batch again later: it goes on from here."
            ) from error

    def _note(self, part: Part, batch: object) -> None:
        counts = batch.request_counts
        part.batch_id, part.status = batch.id, batch.status
        part.done = counts.completed + counts.failed if counts else 0
        if getattr(batch, "source", None) == "simulated":
            part.source = "simulated"
        findings = batch.errors.data if batch.errors and batch.errors.data else []
        if findings:
            first = findings[0]
            where = f"line {first.line}: " if first.line else ""
            more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
            part.why = f"{where}{first.code}: {first.message}{more}"

    async def _fetch(self, part: Part, folder: Folder, batch: object) -> None:
        for kind in ("output", "error"):
            if file_id := getattr(batch, f"{kind}_file_id"):
                folder.keep(part, kind, await self._read(file_id, part))
        part.fetched = True
        folder.save()

    async def _read(self, file_id: str, part: Part) -> bytes:
        try:
            told = await self._ask(self._client.files.content, file_id)
        except openai.NotFoundError:
            raise CourseError(
                f"What came back of {part.name}.jsonl is gone from the service ({file_id}); files "
                "are kept for 30 days: name another folder to ask again."
            ) from None
        return told.content
