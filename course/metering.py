"""What happens to a request that costs: cache, budget, sending, reading its usage, record.

Neither the request nor the reply is altered; the reply's bytes are read as they pass.
"""

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import httpx2

from course import prices, timing, turns
from course.budget import SMALLER, Budget
from course.cache import Cache, Kept
from course.errors import CourseError
from course.ledger import OpenCall
from course.passing import Watcher, is_events
from course.reply import Reply
from course.worst_case import prompt_tokens, remember, worst_case

_NEVER_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
    CourseError,  # the simulator could not be started again
)
_OUT_OF_SHAPE = (CourseError, TypeError, AttributeError, ValueError, RecursionError)
_ADVICE = {
    "responses": SMALLER.replace("max_completion_tokens", "max_output_tokens"),
    "embeddings": "shorten the input",
}


@dataclass(frozen=True)
class Terms:
    """What a client's calls go by. `service` is "simulated", or the address it is connected to."""

    service: str = "simulated"
    budget: Budget | None = None
    cache: Cache | None = None
    pacer: turns.Pacer | None = None

    @property
    def simulated(self) -> bool:
        return self.service.startswith("simulated")

    @property
    def asked_for(self) -> bool:
        """Whether the simulator was asked for, with options of its own."""
        return self.service.startswith("simulated ")


def never_sent(error: BaseException) -> bool:
    """Whether the request surely did not reach the service, and so cost nothing."""
    cause = error.__cause__
    if type(cause).__module__.startswith("aiohttp"):
        # openai's transport tells a hang-up after sending as a failure to connect.
        import aiohttp

        unsent = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
        return isinstance(cause, unsent)
    return isinstance(error, _NEVER_SENT)


class Call(Watcher):
    """One request to a model on its way, from the look into the cache to the record of its cost.

    `kept` is the reply from the cache, if there is one: then nothing is to be sent. `place` is
    where the reply is stored, unless it repeats the `secret` key. BudgetExceeded when it might
    cost more than the budget has.
    """

    def __init__(
        self,
        body: dict,
        api: str,
        terms: Terms,
        *,
        place: Path | None = None,
        secret: bytes = b"",
    ):
        self._body, self._model, self._api, self._terms = body, body["model"], api, terms
        self._streamed = body.get("stream") is True
        self._place, self._secret = place, secret
        self.kept = terms.cache.find(place) if place else None
        self._reserved = None
        if terms.budget and self.kept is None:
            worst = worst_case(body, api)
            self._reserved = terms.budget.reserve(worst, instead=_ADVICE.get(api, SMALLER))
        self._open = OpenCall(asked_for=terms.asked_for)
        self._reply, self._status = Reply(), 0
        self._timing = timing.begin()
        self._tokens = self._counted() if terms.pacer and self.kept is None else 0
        self._pieces: list[bytes] = []
        self._ended = self._waits = False

    async def turn(self) -> None:
        if self._terms.pacer:
            self._waits = True
            await self._terms.pacer.before(self._tokens, self._model)
        self._begin()

    def turn_sync(self) -> None:
        if self._terms.pacer:
            self._waits = True
            self._terms.pacer.before_sync(self._tokens, self._model)
        self._begin()

    def _begin(self) -> None:
        self._waits = False
        self._open.begin()
        timing.send(self._timing)

    def _tell_pacer(self, status: int, headers: Mapping[str, str]) -> None:
        if self._terms.pacer and not self._waits:
            self._terms.pacer.after(status, headers, self._tokens, self._model)

    def replay(self, request: httpx2.Request) -> httpx2.Response:
        """The reply from the cache, recorded as such."""
        kept, self._status = self.kept, 200
        self._timing.status = 200
        self._content_type = kept.content_type
        if kept.content_type.startswith("text/event-stream"):
            self._reply.take_bytes(kept.content)
            self.end()
        else:
            self.end(kept.content)
        headers = {"content-type": kept.content_type}
        reply = httpx2.Response(200, headers=headers, content=kept.content, request=request)
        reply.elapsed = timedelta(0)
        return reply

    def fail(self, error: BaseException) -> None:
        """No reply came. Unless it surely was not sent, the call may cost: nobody knows what."""
        self._timing.ended = time.perf_counter()
        self._tell_pacer(0, {})
        if self._waits or never_sent(error):
            self._record(prices.Usage(0), Decimal(0), estimated=False)
        else:
            self._record(prices.Usage(self._prompt()), None, estimated=True)

    def watch(self, response: httpx2.Response, *, whole: bool) -> None:
        self._status = response.status_code
        self._timing.status = self._status
        self._timing.request_id = response.headers.get("x-request-id", "")
        self._tell_pacer(response.status_code, response.headers)
        self._content_type = response.headers.get("content-type", "")
        packed = response.headers.get("content-encoding", "identity") != "identity"
        if response.status_code != 200 or (is_events(response) and packed):
            self._place = None
        super().watch(response, whole=whole)

    def take(self, piece: bytes) -> None:
        if self._place and not self._ended:
            self._pieces.append(piece)
        self._timing.take(self._reply.take_bytes(piece))
        if self._reply.ended:
            self.end()

    def end(self, whole: bytes | None = None) -> None:
        """Only the first time counts."""
        if self._ended:
            return
        self._ended = True
        if self._timing.ended is None:
            self._timing.ended = time.perf_counter()
        complete = self._reply.ended
        if whole is not None:
            complete = self._reply.take(whole) and not self._reply.waiting
        if not 200 <= self._status < 300:
            self._record(prices.Usage(0), Decimal(0), estimated=False)
            return
        self._record_reply()
        if complete and not self._reply.broken:
            self._keep(_last_line_ended(b"".join(self._pieces)) if whole is None else whole)

    def _record_reply(self) -> None:
        try:
            usage, estimated = prices.read_usage(self._reply.usage), False
        except (CourseError, TypeError):
            usage, estimated = self._estimate(), True
        if isinstance(self._reply.output, list) and isinstance(self._reply.id, str):
            with contextlib.suppress(*_OUT_OF_SHAPE):
                remember(self._reply.id, usage, self._reply.output, model=self._model)
        self._record(usage, self._cost(usage), estimated=estimated)

    def _keep(self, content: bytes) -> None:
        repeats_key = self._secret and self._secret in content
        if self._place and self.kept is None and not repeats_key:
            self._terms.cache.keep(self._place, Kept(self._content_type, content))

    def _prompt(self) -> int:
        # An estimate never stands in the way of a call: what is out of shape counts nothing.
        with contextlib.suppress(*_OUT_OF_SHAPE):
            return prompt_tokens(self._body, self._api)
        return 0

    def _counted(self) -> int:
        with contextlib.suppress(*_OUT_OF_SHAPE):
            return turns.counted(self._body, self._api)
        return 0

    def _estimate(self) -> prices.Usage:
        return prices.Usage(self._prompt(), 0, self._reply.count_completion(self._model))

    def _cost(self, usage: prices.Usage) -> Decimal | None:
        if self.kept or self._api == "moderations":
            return Decimal(0)
        if self._reply.waiting:
            return None  # it will be written, and billed, later
        tier = self._reply.tier
        with contextlib.suppress(CourseError):
            # Other tiers have prices of their own; an unknown one is told by an error.
            return prices.cost(usage, self._model, tier=None if tier in _STANDARD else tier)
        return None

    def _record(self, usage: prices.Usage, cost: Decimal | None, *, estimated: bool) -> None:
        simulated = self._terms.simulated or self._reply.simulated
        self._timing.record = self._open.finish(
            model=self._model,
            source="simulated" if simulated else "live",
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=usage.cached_tokens,
            completion_tokens=usage.completion_tokens,
            reasoning_tokens=self._reply.reasoning_tokens,
            cost_usd=cost,
            status=self._status,
            streamed=self._streamed,
            estimated=estimated,
            api=self._api,
            from_cache=self.kept is not None,
        )
        if self._reserved:
            self._reserved.settle(cost)


_STANDARD = (None, "auto", "default")


def _last_line_ended(content: bytes) -> bytes:
    # The learner's client stops reading at the last event, maybe before the blank line after it.
    return content if content.endswith(b"\n\n") or not content else content + b"\n"
