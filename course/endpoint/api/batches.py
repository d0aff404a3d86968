"""The Batch API: a file of requests goes in, and within a day a file of answers comes out.

A batch's times are Unix seconds of the real clock; how long it takes, and when its 24 hours are
over, goes by the endpoint's own clock, which may run faster.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from course.endpoint.api.batch_desk import FASTEST, BatchPace, Desk
from course.endpoint.api.batch_job import Job
from course.endpoint.api.batch_lines import ENDPOINTS
from course.endpoint.api.files import BATCH_FILE_S, Files
from course.endpoint.api.metadata import check_metadata
from course.endpoint.api.queries import expiry, page
from course.endpoint.clock import Clock
from course.endpoint.limits import Limits, Tier
from course.endpoint.refusals import field, not_one_of, object_of, optional
from course.endpoint.wire import WireError

__all__ = ["FASTEST", "BatchPace", "Batches"]

MOST_AT_ONCE = 20
"""Batches in work per key (ASSUMPTION: OpenAI bounds only their tokens)."""
MOST_KEPT = 1000
"""Batches per key that can be looked up; of more, the oldest that have ended are forgotten."""


class Batches:
    """The batches of all keys; `close` ends them. A key sees nobody's but its own.

    - `answer(path, body, key)` answers one request as its route would, but without limits per
      minute and waits: status, body and request id.
    - `weigh(path, body)` gives the tokens a request takes of the batch queue; WireError for a
      model that batches can't have.
    - `limits.hold(batch_id, key, model, tokens, tier=…)` queues them or raises a WireError,
      `limits.release(batch_id)` gives back what is held, if anything; `tier(key, model)` names
      the tier.
    - `clock()` gives simulated seconds, `clock.real(seconds)` makes them real ones; `now` gives
      Unix seconds. `pace` is how fast batches go.

    Whatever is refused at once is a WireError; what is wrong with a file makes its batch fail.
    """

    def __init__(
        self,
        files: Files,
        answer: Callable[[str, dict, str], Awaitable[tuple[int, dict, str]]],
        *,
        weigh: Callable[[str, dict], int],
        limits: Limits,
        tier: Callable[[str, str], Tier],
        clock: Clock,
        pace: BatchPace | None = None,
        now: Callable[[], float] = time.time,
    ):
        self._desk = Desk(
            files=files,
            answer=answer,
            weigh=weigh,
            limits=limits,
            tier=tier,
            clock=clock,
            now=now,
            pace=pace or BatchPace(),
        )
        self._jobs: dict[str, dict[str, Job]] = {}
        self._tasks: set[asyncio.Task] = set()

    def create(self, key: str, body: object) -> dict:
        """Start the batch that the body of POST /v1/batches asks for; the batch object.

        Call it in a running event loop.
        """
        wanted, output_seconds = read_wanted(body)
        jobs = self._jobs.setdefault(key, {})
        if sum(not job.ended for job in jobs.values()) >= MOST_AT_ONCE:
            told = f"You have {MOST_AT_ONCE} batches in progress. Wait until one has ended."
            raise WireError(429, told, code="rate_limit_exceeded", kind="requests")
        job = Job(key, wanted, output_seconds=output_seconds, desk=self._desk)
        jobs[job.about["id"]] = job
        self._forget_old(jobs)
        task = asyncio.create_task(job.run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return dict(job.about)

    def list(self, key: str, query: Mapping[str, str]) -> dict:
        """A page of the key's batches, newest first; `query` is that of GET /v1/batches."""
        rows = [job.about for job in self._jobs.get(key, {}).values()][::-1]
        return page(rows, query, most=100, usual=20, missing=_no_such_batch)

    def get(self, key: str, batch_id: str) -> dict:
        """The batch object as it stands; WireError 404 if this key has no such batch."""
        return dict(self._find(key, batch_id).about)

    def cancel(self, key: str, batch_id: str) -> dict:
        """Cancel what is not yet done; WireError 409 if the batch has ended otherwise."""
        job = self._find(key, batch_id)
        job.cancel()
        return dict(job.about)

    async def close(self) -> None:
        """Stop every batch where it is. Close the files after it."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _find(self, key: str, batch_id: str) -> Job:
        job = self._jobs.get(key, {}).get(batch_id)
        if job is None:
            raise _no_such_batch(batch_id)
        return job

    def _forget_old(self, jobs: dict[str, Job]) -> None:
        ended = [batch_id for batch_id, job in jobs.items() if job.ended]
        for batch_id in ended[: max(0, len(jobs) - MOST_KEPT)]:
            del jobs[batch_id]


def read_wanted(body: object) -> tuple[dict, int]:
    """The fields of a request for a batch, and after how many seconds its files expire.

    WireError 400 that names the field at fault.
    """
    body = object_of(body)
    names = ("input_file_id", "endpoint", "completion_window")
    wanted = {name: field(body, name, "", str) for name in names}
    if body["endpoint"] not in ENDPOINTS:
        raise not_one_of("endpoint", body["endpoint"], ENDPOINTS)
    if body["completion_window"] != "24h":
        raise not_one_of("completion_window", body["completion_window"], ("24h",))
    return wanted | {"metadata": check_metadata(body.get("metadata"))}, _seconds(body)


def _seconds(body: Mapping) -> int:
    terms = optional(body, "output_expires_after", "", dict)
    if terms is None:
        return BATCH_FILE_S
    return expiry(terms.get("anchor"), terms.get("seconds"), param="output_expires_after")


def _no_such_batch(batch_id: str) -> WireError:
    return WireError(404, f"No batch found with id '{batch_id:.100}'.")
