"""One batch at work: its lines are checked, answered one by one, and written down."""

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import BinaryIO

from pydantic_core import from_json

from course.endpoint.api.batch_desk import Desk
from course.endpoint.api.batch_lines import (
    CANCELLED,
    EXPIRED,
    Checker,
    Sheet,
    add_usage,
    answered,
    finding,
    no_usage,
    read_lines,
    unanswered,
)
from course.endpoint.limits import ORGANIZATION
from course.endpoint.wire import WireError, new_id

WINDOW_S = 24 * 3600
TICK_S = 0.01
"""Real seconds: a shorter wait is none, so that a fast clock isn't held up by timers."""

BIG_LINE = 128 * 1024
"""Bytes: a larger line is checked in a thread, so that nobody else waits for it."""
ENDS = ("completed", "failed", "expired", "cancelled")
LATER = ("in_progress", "finalizing", "cancelling", *ENDS)

log = logging.getLogger("course.endpoint")


class Job:
    """A batch: `about` is the object that the API tells of, `run` does the work.

    `wanted` are the fields of the request for it, with `output_seconds`, after which its files
    expire.
    """

    def __init__(self, key: str, wanted: dict, *, output_seconds: int, desk: Desk):
        created = int(desk.now())
        self.about = {
            "id": new_id("batch_"),
            "object": "batch",
            **wanted,
            "model": None,
            "errors": None,
            "status": "validating",
            "source": "simulated",
            "output_file_id": None,
            "error_file_id": None,
            "created_at": created,
            "expires_at": created + WINDOW_S,
            **{f"{status}_at": None for status in LATER},
            "request_counts": {"total": 0, "completed": 0, "failed": 0},
            "usage": no_usage(),
        }
        self._key, self._desk, self._output_seconds = key, desk, output_seconds
        self._ends = desk.clock() + WINDOW_S
        self._stop = asyncio.Event()
        self._output, self._errors = Sheet(desk.files.fresh()), Sheet(desk.files.fresh())

    @property
    def ended(self) -> bool:
        return self.about["status"] in ENDS

    def cancel(self) -> None:
        """End after the line in work; WireError 409 if it is too late. Twice is once."""
        status = self.about["status"]
        if status in ("validating", "in_progress"):
            self._enter("cancelling")
            self._stop.set()
        elif status not in ("cancelling", "cancelled"):
            raise WireError(409, f"Cannot cancel a batch with status '{status}'.")

    async def run(self) -> None:
        """From validating to one of the four ends; raises nothing."""
        try:
            path = self._input()
            with path.open("rb") as source:
                await self._work(source)
        except WireError as error:
            self._fail([finding(error.code, error.message, param=error.param)])
        except Exception:
            log.exception("batch %s failed", self.about["id"])
            told = "The simulator made a mistake; its log says which."
            self._fail([finding("server_error", told)])
        finally:
            self._desk.limits.release(self.about["id"])
            self._output.discard()
            self._errors.discard()

    def _input(self) -> Path:
        """Where the input is; a WireError in the words that OpenAI's batch fails with."""
        file_id, files = self.about["input_file_id"], self._desk.files
        try:
            purpose = files.get(self._key, file_id)["purpose"]
        except WireError:
            told = f"Cannot find file {file_id:.100}, or organization {ORGANIZATION} does not have"
            told = f"{told} access to it."
        else:
            if purpose == "batch":
                return files.content(self._key, file_id)
            told = f"File {file_id} has the purpose '{purpose}'; it must be 'batch'."
        raise WireError(400, told, code="invalid_request", param="file_id")

    async def _work(self, source: BinaryIO) -> None:
        checker = await self._check(source)
        if checker.findings and not self._stop.is_set():
            self._fail(checker.findings)
        elif not self._stop.is_set():
            about, desk = self.about, self._desk
            about["model"] = checker.model
            tier = desk.tier(self._key, checker.model)
            desk.limits.hold(about["id"], self._key, checker.model, checker.tokens, tier=tier)
            about["request_counts"]["total"] = checker.total
            self._enter("in_progress")
            await self._answer_all(source)
        if not self.ended:
            await self._end()

    async def _check(self, source: BinaryIO) -> Checker:
        started = self._desk.clock()
        checker = Checker(self.about["endpoint"], self._desk.weigh)
        for line in read_lines(source):
            if self._stop.is_set() or checker.full:
                break
            await self._desk.turn()
            if len(line) > BIG_LINE:
                await asyncio.to_thread(checker.take, line)
            else:
                checker.take(line)
        checker.end()
        await self._wait(started + self._desk.pace.validating_s)
        return checker

    async def _answer_all(self, source: BinaryIO) -> None:
        source.seek(0)
        started, total = self._desk.clock(), self.about["request_counts"]["total"]
        seconds = max(self._desk.pace.least_s, total / self._desk.pace.lines_per_s)
        number = 0
        for line in read_lines(source):
            blank = not line.strip()
            number += not blank
            if self._why_not() is None:
                await self._wait(min(started + seconds * number / total, self._ends))
            await self._desk.turn()
            if not blank:
                await self._take(from_json(line), self._why_not())

    def _why_not(self) -> dict | None:
        """Why no further line is answered, if so."""
        if self._stop.is_set():
            return CANCELLED
        return EXPIRED if self._desk.clock() >= self._ends else None

    async def _take(self, request: dict, why_not: dict | None) -> None:
        custom_id, counts = request["custom_id"], self.about["request_counts"]
        if why_not is not None:
            # As with OpenAI, a line that was never tried is in the error file, but not counted.
            self._errors.write(unanswered(custom_id, why_not))
            return
        status, body, request_id = await self._desk.answer(
            self.about["endpoint"], request["body"], self._key
        )
        line = answered(custom_id, status=status, body=body, request_id=request_id)
        if status < 400:
            self._output.write(line)
            counts["completed"] += 1
            add_usage(self.about["usage"], body.get("usage") or {})
        else:
            self._errors.write(line)
            counts["failed"] += 1

    async def _end(self) -> None:
        counts = self.about["request_counts"]
        if self._stop.is_set():
            status = "cancelled"
        elif counts["completed"] + counts["failed"] < counts["total"]:
            status = "expired"
        else:
            status = "completed"
            self._enter("finalizing")
            await self._wait(self._desk.clock() + self._desk.pace.finalizing_s)
        for name, sheet in (("output", self._output), ("error", self._errors)):
            if (path := sheet.done()) is not None:
                self.about[f"{name}_file_id"] = self._put_away(path, name)
        self._enter(status)

    def _put_away(self, path: Path, name: str) -> str:
        filename = f"{self.about['id']}_{name}.jsonl"
        terms = {"purpose": "batch_output", "seconds": self._output_seconds}
        return self._desk.files.keep(self._key, path, filename=filename, **terms)["id"]

    def _fail(self, findings: list[dict]) -> None:
        self.about["errors"] = {"object": "list", "data": findings}
        self._enter("failed")

    def _enter(self, status: str) -> None:
        self.about["status"] = status
        self.about[f"{status}_at"] = int(self._desk.now())

    async def _wait(self, until_s: float) -> None:
        """Until a time of the simulated clock, or until the batch is told to stop."""
        real_s = self._desk.clock.real(until_s - self._desk.clock())
        if real_s > TICK_S:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), real_s)
