"""The truth log: what the endpoint knows of each call, for lessons, tests and graders to read.

Times are told twice: `at` in Unix seconds, and the rest in seconds of the computer's monotonic
clock (time.perf_counter), which programs on one computer share, from the moment at which the
request's headers were read.
"""

import hashlib
import json
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from operator import attrgetter
from pathlib import Path
from threading import Lock

from course import prices
from course.errors import CourseError

LONG_PROMPT = 128_000
"""Tokens: a longer prompt can have another price per token."""
BOUND = 50_000
"""So many calls are remembered; the oldest are forgotten first. A --log file keeps all."""


class Record:
    """One call. Times are None where the thing never happened.

    `scheduled_first_s` and `scheduled_last_s` are when the first and the last token were due,
    `sent_first_s` and `sent_last_s` when they were handed to the operating system, all in seconds
    after `arrived`; `latest_s` is how late the latest write was. `at_once` counts the calls in
    work when this one came, itself among them; `limits` are the headers that told what was left.
    """

    number = status = at_once = 0
    model = code = fault = request_id = right = None
    prompt_tokens = cached_tokens = completion_tokens = reasoning_tokens = 0
    streamed = batch = False
    scheduled_first_s = scheduled_last_s = sent_first_s = sent_last_s = None
    first_s = latest_s = 0.0
    limits: tuple = ()

    def __init__(self, key: str, path: str):
        self.arrived, self.at = time.perf_counter(), time.time()
        self.key, self.path = key, path

    def age_s(self) -> float:
        """Seconds since the arrival."""
        return time.perf_counter() - self.arrived

    def wrote(self, first_s: float, last_s: float) -> None:
        """What was due from `first_s` to `last_s` after the arrival has just been sent."""
        now_s = self.age_s()
        if self.sent_first_s is None and last_s >= self.first_s:
            self.scheduled_first_s, self.sent_first_s = max(first_s, self.first_s), now_s
        self.scheduled_last_s, self.sent_last_s = last_s, now_s
        self.latest_s = max(self.latest_s, now_s - first_s)

    def cost(self) -> Decimal | None:
        """The list price in US dollars; None where none is known. A failed call costs nothing."""
        if self.model is None or not 200 <= self.status < 300:
            return Decimal(0)
        used = self.prompt_tokens, self.cached_tokens, self.completion_tokens
        return _price(prices.Usage(*used), self.model, self.batch)

    def kept(self) -> tuple:
        """All fields as one tuple of plain values, which the garbage collector need not visit."""
        return _fields_of(self)

    @classmethod
    def of(cls, kept: tuple) -> "Record":
        """The record that was kept so."""
        made = cls.__new__(cls)
        vars(made).update(zip(FIELDS, kept, strict=True))
        return made

    def as_dict(self) -> dict:
        """All fields, ready for JSON; the key only as its hash; `cost_usd` as a text."""
        cost = self.cost()
        left = {name.decode(): int(value) for name, value in self.limits if b"-remaining-" in name}
        told = {name: getattr(self, name) for name in FIELDS if name not in ("first_s", "limits")}
        return told | {
            "key": hide(self.key),
            "cost_usd": None if cost is None else f"{cost:f}",
            "remaining_requests": left.get("x-ratelimit-remaining-requests"),
            "remaining_tokens": left.get("x-ratelimit-remaining-tokens"),
        }


FIELDS = (
    *("number", "arrived", "at", "key", "path", "request_id", "model", "streamed", "batch"),
    *("status", "code", "fault", "prompt_tokens", "cached_tokens", "completion_tokens"),
    *("reasoning_tokens", "right", "at_once", "scheduled_first_s", "sent_first_s"),
    *("scheduled_last_s", "sent_last_s", "latest_s", "first_s", "limits"),
)
_fields_of = attrgetter(*FIELDS)


def hide(key: str) -> str:
    """A short name for a key that does not tell it."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]


def _price(used: prices.Usage, model: str, batch: bool) -> Decimal | None:
    with suppress(CourseError):
        return prices.cost(used, model, batch=batch)
    return None


@lru_cache(maxsize=256)
def _rates(model: str, batch: bool) -> tuple[Decimal, Decimal, Decimal]:
    """US dollars for a fresh, a cached and a completion token in calls of usual length."""
    kinds = prices.Usage(1000), prices.Usage(1000, 1000), prices.Usage(0, 0, 1000)
    return tuple((_price(kind, model, batch) or Decimal(0)) / 1000 for kind in kinds)


@dataclass
class Totals:
    """What all calls of an endpoint come to; the cost in US dollars at list price."""

    calls: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: Decimal = Decimal(0)


class Truth:
    """The calls of one endpoint, newest last; `path` is a file that gets each as a JSON line."""

    def __init__(self, path: Path | None = None, *, bound: int = BOUND):
        self._records: deque[tuple] = deque(maxlen=bound)
        self._lock, self._count = Lock(), 0
        self._calls = self._failed = 0
        self._long_usd = Decimal(0)
        self._used: dict[tuple, list[int]] = {}
        self._file = None
        if path is not None:
            try:
                self._file = path.open("a", encoding="utf-8", buffering=1)
            except OSError as error:
                raise CourseError(
                    f"The log {path} can't be written ({error.strerror}); name another with --log."
                ) from None

    def add(self, record: Record) -> None:
        """Keep the record of a call that has ended."""
        with self._lock:
            self._count += 1
            record.number = self._count
            self._records.append(record.kept())
            self._add_up(record)
            if self._file is not None:
                self._file.write(json.dumps(record.as_dict()) + "\n")

    def _add_up(self, record: Record) -> None:
        self._calls += 1
        if record.model is None or not 200 <= record.status < 300:
            self._failed += 1
            return
        if record.prompt_tokens > LONG_PROMPT:
            self._long_usd += record.cost() or 0
        # All others are priced when somebody looks.
        kind = record.model, record.batch, record.prompt_tokens > LONG_PROMPT
        sums = self._used.setdefault(kind, [0, 0, 0])
        sums[0] += record.prompt_tokens
        sums[1] += record.cached_tokens
        sums[2] += record.completion_tokens

    @property
    def totals(self) -> Totals:
        """What all calls so far come to."""
        with self._lock:
            used = {kind: tuple(sums) for kind, sums in self._used.items()}
            total = Totals(self._calls, self._failed, cost_usd=self._long_usd)
        for (model, batch, long), (prompt, cached, completion) in used.items():
            total.prompt_tokens += prompt
            total.completion_tokens += completion
            if long:
                continue
            fresh_usd, cached_usd, written_usd = _rates(model, batch)
            total.cost_usd += (prompt - cached) * fresh_usd + cached * cached_usd
            total.cost_usd += completion * written_usd
        return total

    def since(self, number: int, *, key: str | None = None) -> list[dict]:
        """The calls (of one key) that ended after the call of that number, oldest first."""
        with self._lock:
            late = list(islice(reversed(self._records), max(self._count - number, 0)))
        records = map(Record.of, reversed(late))
        return [record.as_dict() for record in records if key in (None, record.key)]

    def recent(self, most: int) -> list[dict]:
        """The newest calls, newest first."""
        with self._lock:
            newest = list(islice(reversed(self._records), most))
        return [Record.of(kept).as_dict() for kept in newest]

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
