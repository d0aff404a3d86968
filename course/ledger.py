"""What each call used, cost and took: the meter.

    with meter() as m:
        client.chat.completions.create(…)
    m            # 1 call · 19 prompt tokens (0 cached) + 9 completion tokens · $0.000008 …

In a notebook, a cell that starts with the line %%meter prints the same line when it is done.
"""

import itertools
import sys
import threading
import time
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal

from course.budget import dollars
from course.errors import CourseError


@dataclass(frozen=True)
class CallRecord:
    """One request and what came of it.

    `model` is what was asked for; `status` the HTTP status, 0 when no reply came; `cost_usd`
    the list price, None when unknown; `seconds` from sending to the reply's last byte;
    `estimated`: the reply told no usage, so the tokens were counted on this side. `api` is
    "chat", "responses", "embeddings" or "batch", else the last word of the path. A batch is one
    record, at the price of the Batch API, for the look that found it done. `from_cache`: nothing
    was sent, and cost_usd is 0; the tokens are those of the call when it was sent.
    """

    started: datetime
    model: str
    source: str
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cost_usd: Decimal | None
    seconds: float
    status: int
    streamed: bool
    estimated: bool
    api: str = "chat"
    from_cache: bool = False

    @property
    def failed(self) -> bool:
        return not 200 <= self.status < 300


_lock = threading.RLock()
_running_meters: list["Meter"] = []
_numbers = itertools.count()


class OpenCall:
    """A call that has been sent: the meters that were running then get its record, once.

    `asked_for`: the client asked for the simulator, with simulate=…, whether there is a key or not.
    """

    def __init__(self, *, asked_for: bool = False):
        self.started = datetime.now(UTC)
        self._clock = time.perf_counter()
        self._number = next(_numbers)
        self._done = False
        with _lock:
            self._meters = tuple(one for one in _running_meters if one.counts(asked_for))
            for metered in self._meters:
                metered._open.add(self._number)

    def begin(self) -> None:
        """It is sent now, and not when it was made: it had to wait for its turn."""
        self.started, self._clock = datetime.now(UTC), time.perf_counter()

    def finish(self, **about) -> CallRecord | None:
        """Record the call with the fields of CallRecord not known here; None if it was already."""
        with _lock:
            if self._done:
                return None
            self._done = True
            seconds = time.perf_counter() - self._clock
            record = CallRecord(started=self.started, seconds=seconds, **about)
            for metered in self._meters:
                metered._open.discard(self._number)
                metered._finished[self._number] = record
            return record


class Meter:
    """Counts the calls of this process, from all threads and tasks, that start inside its block.

    A stream that is still running at the end of the block is counted when it ends. With
    asked_for=False calls of clients from connect(simulate=…) are left out: they are simulated
    even where there is a key.
    """

    def __init__(self, *, asked_for: bool = True):
        self._asked_for = asked_for
        self._finished: dict[int, CallRecord] = {}
        self._open: set[int] = set()
        self._start = self._stop = None

    def __enter__(self) -> "Meter":
        with _lock:
            if self._start is not None:
                raise CourseError("A meter measures one block; begin another one with meter().")
            self._start = time.perf_counter()
            _running_meters.append(self)
        return self

    def __exit__(self, *_) -> None:
        with _lock:
            self._stop = time.perf_counter()
            _running_meters.remove(self)

    def counts(self, asked_for: bool) -> bool:
        """Whether a call of a client that did, or did not, ask for the simulator is counted."""
        return self._asked_for or not asked_for

    @property
    def records(self) -> list[CallRecord]:
        """A CallRecord for each finished call, in the order in which they started."""
        return [self._finished[number] for number in sorted(self._finished)]

    @property
    def calls(self) -> int:
        """How many calls have finished, failed ones and retries among them."""
        return len(self._finished)

    @property
    def prompt_tokens(self) -> int:
        return sum(record.prompt_tokens for record in self.records)

    @property
    def cached_tokens(self) -> int:
        return sum(record.cached_tokens for record in self.records)

    @property
    def completion_tokens(self) -> int:
        return sum(record.completion_tokens for record in self.records)

    @property
    def cost_usd(self) -> Decimal | None:
        """The list price of all calls in US dollars; None when that of any is unknown."""
        costs = [record.cost_usd for record in self.records]
        return None if None in costs else sum(costs, Decimal(0))

    @property
    def seconds(self) -> float:
        """Wall-clock seconds that the block took, or has taken so far."""
        if self._start is None:
            return 0.0
        return (self._stop or time.perf_counter()) - self._start

    def table(self):
        """A DataFrame with a row for each call, in the order in which they started.

        The columns are the fields of CallRecord; cost_usd holds Decimals (None if unknown).
        """
        import pandas as pd

        kinds = {"int": "int64", "float": "float64", "bool": "bool", "str": "str"}
        columns = {}
        for field in fields(CallRecord):
            values = [getattr(record, field.name) for record in self.records]
            kind = kinds.get(field.type.__name__) if isinstance(field.type, type) else None
            kind = "datetime64[us, UTC]" if field.type is datetime else kind or "object"
            columns[field.name] = pd.Series(values, dtype=kind)
        return pd.DataFrame(columns)

    def __repr__(self) -> str:
        calls = _number(self.calls, "call")
        odd = {
            "failed": sum(record.failed for record in self.records),
            "estimated": sum(record.estimated for record in self.records),
            "from cache": sum(record.from_cache for record in self.records),
            "in a batch": sum(record.api == "batch" for record in self.records),
            "still running": len(self._open),
        }
        if notes := ", ".join(f"{count} {what}" for what, count in odd.items() if count):
            calls += f" ({notes})"
        used = (
            f"{_number(self.prompt_tokens, 'prompt token')} ({self.cached_tokens:,} cached)"
            f" + {_number(self.completion_tokens, 'completion token')}"
        )
        return f"{calls} · {used} · {self._price()} · {self.seconds:.2f} s"

    def _price(self) -> str:
        price = "price unknown"
        if self.cost_usd is not None:
            price = f"{dollars(self.cost_usd)} at list price"
        sources = {record.source for record in self.records}
        if sources == {"simulated"}:
            return f"{price}, nothing charged (simulated)"
        return f"{price} (partly simulated)" if len(sources) > 1 else price


def meter() -> Meter:
    """A meter for a `with` block: calls, tokens, US dollars and seconds of what happens in it."""
    return Meter()


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


# The cell magic. The line %%meter is replaced by a call of `meter_cell`, so the cell stays an
# ordinary one (errors, await and line numbers as always), and the end of the cell prints.

_cell_meters: list[Meter] = []


def meter_cell(rest: str = "") -> None:
    """Begin to meter the cell that is running; `rest` is what stood behind %%meter."""
    if rest:
        raise CourseError(f"%%meter stands alone on its line; take {rest!r} away.")
    _cell_meters.append(Meter().__enter__())


def _take_magic_line(lines: list[str]) -> list[str]:
    magic, _, rest = lines[0].partition("#")[0].strip().partition(" ") if lines else ("", "", "")
    if magic != "%%meter":
        return lines
    return [f"__import__('course.ledger').ledger.meter_cell({rest.strip()!r})\n", *lines[1:]]


def _end_cell(result) -> None:
    if _cell_meters and (result.info.raw_cell or "").lstrip().startswith("%%meter"):
        metered = _cell_meters.pop()
        metered.__exit__()
        print(metered)


def add_magic(shell) -> None:
    """Teach an IPython shell the line %%meter; the one this is imported in knows it already."""
    shell.input_transformers_cleanup.append(_take_magic_line)
    shell.events.register("post_run_cell", _end_cell)


if "IPython" in sys.modules and (shell := sys.modules["IPython"].get_ipython()) is not None:
    add_magic(shell)
