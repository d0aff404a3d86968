"""Faults on purpose, to try programs against: refusals, silence, connections that break.

Outages come first, then the script, then shares of all other requests, drawn from a seed: request
by request the same, however fast they come. A request in an outage uses up neither script nor
draw.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import accumulate
from threading import Lock

from course.endpoint.wire import WireError
from course.errors import CourseError

FINE = "200"
KINDS = ("429", "500", "503", "stall", "cut")
SECONDS = {"429": 1.0, "stall": 30.0}
"""What a third part may set, and is without one. ASSUMPTION: there are no published figures."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one request.

    "429", "500" and "503" are refusals (`error()`), "stall" is `stall_s` simulated seconds of
    silence before the answer, and "cut" a connection that breaks off in the middle of it.
    `retry_s`, told with a 429, is in the caller's real seconds.
    """

    kind: str
    stall_s: float = 0.0
    retry_s: float = 0.0

    def error(self) -> WireError | None:
        """The refusal, in OpenAI's words of 2026 (error-codes guide); None where there is none."""
        if self.kind == "429":
            seconds = max(1, math.ceil(self.retry_s))
            text = f"Rate limit reached for requests. Please slow down; try again in {seconds}s."
            headers = ((b"retry-after", b"%d" % seconds),)
            code = "rate_limit_exceeded"
            return WireError(429, text, code=code, kind="requests", headers=headers)
        if self.kind == "500":
            text = "The server had an error while processing your request. Sorry about that!"
            return WireError(500, text, code="server_error")
        if self.kind == "503":
            text = "The engine is currently overloaded, please try again later"
            kind, code = "service_unavailable_error", "server_is_overloaded"
            return WireError(503, text, code=code, kind=kind)
        return None


class Faults:
    """Says of each request in turn what goes wrong with it; may be asked from any thread."""

    def __init__(
        self,
        faults: dict[str, Fault],
        *,
        shares: dict[str, Decimal],
        script: Sequence[str],
        outage: tuple[float, float],
        seed: int,
    ):
        self._faults, self._outage = faults, outage
        ends = map(float, accumulate(shares.values()))
        self._shares = list(zip(ends, shares, strict=True))
        self._script: Iterator[str] = iter(tuple(script))
        # Its own sequence: other parts of the endpoint draw from the same seed.
        self._draw = random.Random(f"faults {seed}").random
        self._lock = Lock()

    @classmethod
    def read(
        cls, shares: Sequence[str], *, script: str = "", outage: str = "", seed: int = 0
    ) -> "Faults":
        """From the options' texts; CourseError for one that is malformed.

        Shares like "500:0.02" (of 1), "stall:0.01:30" or "429:0.1:5" with seconds; the script
        like "429,429,200" for the first requests; the outage like "30:60" in simulated seconds:
        from the first on, until before the second, all requests get 503.
        """
        parts, seconds = {}, dict(SECONDS)
        for text in shares:
            kind, share, lasts = _read_share(text)
            if kind in parts:
                raise CourseError(f"The fault {kind} is given twice; give it one share.")
            parts[kind] = share
            seconds |= {} if lasts is None else {kind: lasts}
        if (total := sum(parts.values())) > 1:
            raise CourseError(f"The faults' shares add up to {total}; together they may be 1.")
        faults = {kind: Fault(kind) for kind in KINDS}
        faults["429"] = Fault("429", retry_s=seconds["429"])
        faults["stall"] = Fault("stall", stall_s=seconds["stall"])
        words, span = _read_script(script), _read_outage(outage)
        return cls(faults, shares=parts, script=words, outage=span, seed=seed)

    def next(self, now_s: float) -> Fault | None:
        """The fault of the next request, which comes at so many simulated seconds; or None."""
        start, end = self._outage
        if start <= now_s < end:
            return self._faults["503"]
        with self._lock:
            word = next(self._script, None)
            if word is not None:
                return self._faults.get(word)
            if not self._shares:
                return None
            drawn = self._draw()
        return next((self._faults[kind] for end, kind in self._shares if drawn < end), None)


def _read_share(text: str) -> tuple[str, Decimal, float | None]:
    kind, *rest = text.strip().split(":")
    if kind not in KINDS:
        raise CourseError(
            f"There is no fault {kind!r} (in {text!r}); choose one of {', '.join(KINDS)}."
        )
    if len(rest) not in (1, 2):
        raise CourseError(f"The fault {text!r} needs a share after a colon, like {kind}:0.1.")
    share = _number(rest[0])
    if share is None or share > 1:
        raise CourseError(
            f"The fault {text!r} has the share {rest[0]!r}; use a number from 0 to 1 like 0.1."
        )
    if len(rest) == 1:
        return kind, share, None
    if kind not in SECONDS:
        told = " and ".join(SECONDS)
        raise CourseError(f"The fault {text!r} has a third part; only {told} have seconds there.")
    lasts = _number(rest[1])
    if lasts is None:
        raise CourseError(f"The fault {text!r} has {rest[1]!r} for seconds; use a number like 30.")
    return kind, share, float(lasts)


def _read_script(text: str) -> list[str]:
    words = [word.strip() for word in text.split(",")] if text.strip() else []
    for word in words:
        if word != FINE and word not in KINDS:
            known = ", ".join((FINE, *KINDS))
            raise CourseError(f"The script {text!r} has {word!r}; use {known}, with commas.")
    return words


def _read_outage(text: str) -> tuple[float, float]:
    if not text.strip():
        return 0.0, 0.0
    ends = [_number(part) for part in text.split(":")]
    if len(ends) != 2 or None in ends:
        raise CourseError(f"The outage {text!r} is no span of seconds; write it like 30:60.")
    start, end = float(ends[0]), float(ends[1])
    if end <= start:
        raise CourseError(f"The outage {text!r} ends before it starts; write it like 30:60.")
    return start, end


def _number(text: str) -> Decimal | None:
    """A number from 0 to a million; None for any other text."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number <= 1_000_000 else None
