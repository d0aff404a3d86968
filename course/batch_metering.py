"""Batches under the meter and the budget: the file of requests, the batch, and its end.

A batch is paid long after it was asked for. So its worst case is worked out when its file is
uploaded, held back when it is created, and settled when a reply tells that it is over.
"""

import contextlib
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from email.message import Message

import httpx2

from course import prices
from course.budget import Budget, BudgetExceeded, Reservation
from course.errors import CourseError
from course.ledger import OpenCall
from course.metering import Terms, never_sent
from course.passing import Watcher
from course.reply import Reply
from course.worst_case import api_of, worst_case

_OVER = ("completed", "failed", "expired", "cancelled")
_ABOUT_BATCHES = re.compile(r"/batches(/[^/]+(/cancel)?)?$")
_ADVICE = "put fewer requests into its file"

# What this process knows of files and batches, by service and id. Entries are made and taken by
# single operations of a dict, for a reply may be read while garbage is collected.
_worst_cases: dict[tuple[str, str], Decimal | str] = {}
_reserved: dict[tuple[str, str], Reservation] = {}
_ours: dict[tuple[str, str], bool] = {}
_recorded: dict[tuple[str, str], object] = {}


def is_upload(request: httpx2.Request) -> bool:
    """Whether the request uploads a file in one piece."""
    kind = request.headers.get("content-type", "")
    is_form = kind.startswith("multipart/form-data")
    return request.method == "POST" and request.url.path.endswith("/files") and is_form


def is_batch(request: httpx2.Request) -> bool:
    """Whether the reply to the request tells of batches."""
    return _ABOUT_BATCHES.search(request.url.path) is not None


class Upload(Watcher):
    """A file on its way up. Of one for a batch, the worst case is remembered under its id."""

    def __init__(self, request: httpx2.Request, terms: Terms):
        self._service = terms.service
        form = _read_form(request)
        self._worst = _worst_of(form.get("file", b"")) if form.get("purpose") == b"batch" else None

    def end(self, whole: bytes | None = None) -> None:
        told = _json(whole)
        if self._worst is not None and isinstance(told.get("id"), str):
            _worst_cases[self._service, told["id"]] = self._worst


class BatchLook(Watcher):
    """A request about batches: a reply that tells of one that is over settles and records it.

    For one that asks for a batch, the worst case of its file is reserved; BudgetExceeded if that
    is not known, or more than is left.
    """

    def __init__(self, request: httpx2.Request, terms: Terms):
        self._terms = terms
        self._creates = request.method == "POST" and request.url.path.endswith("/batches")
        self._held = _reserve(request, terms) if self._creates and terms.budget else None
        self._status = 0

    def fail(self, error: BaseException) -> None:
        if self._held:
            self._held.settle(Decimal(0) if never_sent(error) else None)

    def watch(self, response: httpx2.Response, *, whole: bool) -> None:
        self._status = response.status_code
        super().watch(response, whole=whole)

    def end(self, whole: bytes | None = None) -> None:
        told = _json(whole)
        if self._creates:
            self._take_created(told)
        if told.get("object") == "batch":
            self._look(told, asked_for=True)
        batches = told.get("data")
        for batch in batches if isinstance(batches, list) else ():
            if isinstance(batch, dict) and batch.get("object") == "batch":
                self._look(batch, asked_for=False)

    def _take_created(self, told: dict) -> None:
        created = isinstance(told.get("id"), str) and 200 <= self._status < 300
        if created:
            _ours[self._terms.service, told["id"]] = True
        if not self._held:
            return
        if created:
            _reserved.setdefault((self._terms.service, told["id"]), self._held)
        else:
            self._held.settle(Decimal(0) if self._status >= 400 else None)
        self._held = None

    def _look(self, batch: dict, *, asked_for: bool) -> None:
        name = self._terms.service, str(batch.get("id"))
        # A list of all batches tells of old ones that nobody asks about now.
        if batch.get("status") not in _OVER or not (asked_for or name in _ours):
            return
        usage, cost = _usage(batch), _cost(batch)
        if held := _reserved.pop(name, None):
            held.settle(cost)
        used = usage is not None and (usage.prompt_tokens or usage.completion_tokens)
        if used and _recorded.setdefault(name, self) is self:
            self._record(batch, usage, cost)

    def _record(self, batch: dict, usage: prices.Usage, cost: Decimal | None) -> None:
        reply = Reply()
        reply.take(json.dumps(batch).encode())
        simulated = self._terms.simulated or reply.simulated
        OpenCall(asked_for=self._terms.asked_for).finish(
            model=str(batch.get("model") or "unknown"),
            source="simulated" if simulated else "live",
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=usage.cached_tokens,
            completion_tokens=usage.completion_tokens,
            reasoning_tokens=reply.reasoning_tokens,
            cost_usd=cost,
            status=self._status,
            streamed=False,
            estimated=False,
            api="batch",
        )


def _reserve(request: httpx2.Request, terms: Terms) -> Reservation:
    asked = _json(request.content)
    worst = _worst_cases.get((terms.service, str(asked.get("input_file_id"))))
    if worst is None:
        raise BudgetExceeded(
            "Not sent: what this batch can cost is unknown, for its file was not uploaded from "
            "here with a budget; upload it with this client first (client.files.create)."
        )
    if isinstance(worst, str):
        raise BudgetExceeded(f"Not sent: what this batch can cost is unknown. {worst}")
    budget: Budget = terms.budget
    return budget.reserve(worst, what="batch", instead=_ADVICE)


def _worst_of(content: bytes) -> Decimal | str:
    """What the requests in a batch's file cost at worst; a sentence where that is unknown."""
    total = Decimal(0)
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        try:
            asked = json.loads(line)
            total += worst_case(asked["body"], api_of(asked["url"]), batch=True)
        except CourseError as error:
            return f"Line {number} of its file: {error}"
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return f"Line {number} of its file is not a request; see the guide to batches."
    return total


def _cost(batch: dict) -> Decimal | None:
    usage, model = _usage(batch), batch.get("model")
    if usage is None or not (usage.prompt_tokens or usage.completion_tokens):
        counts = batch.get("request_counts")
        done = counts.get("completed") if isinstance(counts, dict) else None
        # One that failed as a whole was never begun; any other may have cost what it does not say.
        return Decimal(0) if batch["status"] == "failed" or done == 0 or usage else None
    with contextlib.suppress(CourseError):
        return prices.cost(usage, str(model), batch=True)
    return None


def _usage(batch: dict) -> prices.Usage | None:
    with contextlib.suppress(CourseError, TypeError):
        return prices.read_usage(batch.get("usage"))
    return None


def _read_form(request: httpx2.Request) -> dict[str, bytes]:
    """The fields of a form that is uploaded, by name."""
    boundary = _header(request.headers["content-type"]).get_param("boundary", "")
    return dict(_fields(request.content, b"--" + str(boundary).encode()))


def _fields(content: bytes, mark: bytes) -> Iterator[tuple[str, bytes]]:
    for part in (b"\r\n" + content).split(b"\r\n" + mark)[1:-1]:
        head, _, value = part.partition(b"\r\n\r\n")
        for line in head.decode("utf-8", errors="replace").splitlines():
            if line.lower().startswith("content-disposition:"):
                name = _header(line.partition(":")[2].strip()).get_param("name")
                yield str(name), value


def _header(value: str) -> Message:
    # The header with parameters that the standard library can read.
    header = Message()
    header["content-type"] = value
    return header


def _json(content: bytes | None) -> dict:
    with contextlib.suppress(ValueError, TypeError, RecursionError):
        told = json.loads(content or b"")
        return told if isinstance(told, dict) else {}
    return {}
