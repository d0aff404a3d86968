"""What happens to a request that names a model: budget, sending, reading its usage, record.

Neither the request nor the reply is altered; the reply's bytes are read as they pass.
"""

import contextlib
import json
import weakref
from decimal import Decimal

import httpx2

from course import prices, tokens
from course.budget import Budget, BudgetExceeded
from course.errors import CourseError
from course.ledger import OpenCall

SIMULATED = "fp_simulated"
_NEVER_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
    httpx2.LocalProtocolError,
    CourseError,  # the simulator could not be started again
)


class Reply:
    """What a reply, read whole or in pieces, says about its own use of tokens."""

    def __init__(self):
        self.usage: dict | None = None
        self.fingerprint = self.tier = None
        self.ended = False
        self._texts: dict[int, list[str]] = {}
        self._rest = b""

    def take_bytes(self, piece: bytes) -> None:
        """Read on in a stream of server-sent events."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                self._take_event(line[5:].strip())

    def _take_event(self, data: bytes) -> None:
        if data == b"[DONE]":
            self.ended = True
        else:
            self.take(data)

    def take(self, text: bytes) -> None:
        """Read a whole reply, or one event of a stream; what is not in its shape is passed over."""
        with contextlib.suppress(ValueError, TypeError, AttributeError):
            self._take(json.loads(text))

    def _take(self, data: dict) -> None:
        if isinstance(data.get("response"), dict):  # how the responses API wraps its last event
            data = data["response"]
        if isinstance(data.get("usage"), dict):
            self.usage = data["usage"]
        self.fingerprint = data.get("system_fingerprint") or self.fingerprint
        self.tier = data.get("service_tier") or self.tier
        for choice in data.get("choices") or ():
            self._take_choice(choice)

    def _take_choice(self, choice: dict) -> None:
        said = choice.get("delta") or choice.get("message") or {}
        texts = self._texts.setdefault(choice.get("index") or 0, [])
        texts += [said[key] for key in ("content", "refusal") if isinstance(said.get(key), str)]
        for tool_call in said.get("tool_calls") or ():
            function = tool_call.get("function") or {}
            texts += [function.get("name") or "", function.get("arguments") or ""]

    def count_completion(self, model: str) -> int:
        """Our own count of what was written, for replies that do not tell."""
        return sum(tokens.count("".join(texts), model) for texts in self._texts.values())


class Call:
    """One request on its way, from the check of the budget to the record of its cost."""

    def __init__(self, body: dict, path: str, *, budget: Budget | None, simulated: bool):
        self._body, self._model = body, body["model"]
        self._simulated, self._streamed = simulated, body.get("stream") is True
        self._reserved = None
        if budget:
            only_chat(path)
            self._reserved = budget.reserve(prices.worst_case(body))
        self._open, self._reply, self._status = OpenCall(), Reply(), 0
        self._ended = False

    def fail(self, error: BaseException) -> None:
        """No reply came. Unless it surely was not sent, the call may cost: nobody knows what."""
        if isinstance(error, _NEVER_SENT):
            self._record(prices.Usage(0), Decimal(0), estimated=False)
        else:
            self._record(prices.Usage(tokens.count_request(self._body)), None, estimated=True)

    def watch(self, response: httpx2.Response, *, whole: bool) -> None:
        """Read the usage in the reply: at once if it is `whole`, else as its bytes pass."""
        self._status = response.status_code
        if whole or response.is_stream_consumed:
            self.end(response.content)
        elif isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _AsyncTap(response.stream, self, _is_events(response))
        else:
            response.stream = _Tap(response.stream, self, _is_events(response))

    def take(self, piece: bytes) -> None:
        self._reply.take_bytes(piece)
        if self._reply.ended:
            self.end()

    def end(self, whole: bytes | None = None) -> None:
        """The reply is complete, or will not be read any further. Only the first time counts."""
        if self._ended:
            return
        self._ended = True
        if whole is not None:
            self._reply.take(whole)
        if not 200 <= self._status < 300:
            self._record(prices.Usage(0), Decimal(0), estimated=False)
            return
        try:
            usage, estimated = prices.read_usage(self._reply.usage), False
        except (CourseError, TypeError):
            usage, estimated = self._estimate(), True
        self._record(usage, self._cost(usage), estimated=estimated)

    def _estimate(self) -> prices.Usage:
        prompt = tokens.count_request(self._body)
        return prices.Usage(prompt, 0, self._reply.count_completion(self._model))

    def _cost(self, usage: prices.Usage) -> Decimal | None:
        if self._reply.tier not in (None, "auto", "default"):
            return None  # flex and priority have prices of their own
        with contextlib.suppress(CourseError):
            return prices.cost(usage, self._model)
        return None

    def _record(self, usage: prices.Usage, cost: Decimal | None, *, estimated: bool) -> None:
        simulated = self._simulated or self._reply.fingerprint == SIMULATED
        self._open.finish(
            model=self._model,
            source="simulated" if simulated else "live",
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=usage.cached_tokens,
            completion_tokens=usage.completion_tokens,
            reasoning_tokens=_reasoning(self._reply.usage),
            cost_usd=cost,
            status=self._status,
            streamed=self._streamed,
            estimated=estimated,
        )
        if self._reserved:
            self._reserved.settle(cost)


def only_chat(path: str) -> None:
    """BudgetExceeded for a request whose worst case is not known: whatever is no chat."""
    if not path.endswith("/chat/completions"):
        raise BudgetExceeded(
            f"Not sent: a budget can only guard chat completions, not {path}; "
            "use a client from connect() without budget_usd for it."
        )


def _reasoning(usage: dict | None) -> int:
    for name in ("completion_tokens_details", "output_tokens_details"):
        details = (usage or {}).get(name)
        if isinstance(details, dict) and isinstance(details.get("reasoning_tokens"), int):
            return details["reasoning_tokens"]
    return 0


def _is_events(response: httpx2.Response) -> bool:
    return response.headers.get("content-type", "").startswith("text/event-stream")


class _Passing:
    """Shows passing bytes to the call, and ends it when the learner drops the stream."""

    def __init__(self, stream, call: Call, events: bool):
        self._stream, self._call = stream, call
        self._pieces: list[bytes] | None = None if events else []
        self._end = weakref.finalize(self, call.end)
        self._end.atexit = False

    def _show(self, piece: bytes) -> None:
        if self._pieces is None:
            self._call.take(piece)
        else:
            self._pieces.append(piece)

    def _ended(self) -> None:
        self._end.detach()
        self._call.end(None if self._pieces is None else b"".join(self._pieces))


class _Tap(_Passing, httpx2.SyncByteStream):
    def __iter__(self):
        for piece in self._stream:
            self._show(piece)
            yield piece
        self._ended()

    def close(self) -> None:
        try:
            self._stream.close()
        finally:
            self._ended()


class _AsyncTap(_Passing, httpx2.AsyncByteStream):
    async def __aiter__(self):
        async for piece in self._stream:
            self._show(piece)
            yield piece
        self._ended()

    async def aclose(self) -> None:
        try:
            await self._stream.aclose()
        finally:
            self._ended()
