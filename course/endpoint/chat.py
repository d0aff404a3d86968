"""One chat request, from its body to what is sent back and when. No input or output in here."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from course import tokens
from course.endpoint import models, replies, wire
from course.endpoint.prefixes import STEP, PromptCache, prompt_ids
from course.endpoint.request import ChatRequest, read_chat
from course.endpoint.wire import Usage, WireError


@dataclass(frozen=True)
class Piece:
    """A part of a reply that can be sent alone: valid text, of one token where possible.

    Letters that are spread over several tokens (many emoji) stay together.
    """

    text: str
    tokens: int


@dataclass(frozen=True)
class Plan:
    """What answers a request, and when: times in seconds after the request.

    `first_s` is when the first token is due, `token_s` the time from token to token.
    """

    head: wire.Head
    pieces: tuple[Piece, ...]
    finish_reason: str
    usage: Usage
    choices: int
    stream: bool
    include_usage: bool
    first_s: float
    token_s: float

    @property
    def end_s(self) -> float:
        """When the last token is due."""
        return self._due(sum(piece.tokens for piece in self.pieces))

    def body(self) -> bytes:
        """The reply in one."""
        texts = ["".join(piece.text for piece in self.pieces)] * self.choices
        return wire.completion(self.head, texts, finish_reason=self.finish_reason, usage=self.usage)

    def events(self) -> Iterator[tuple[float, bytes]]:
        """The reply as server-sent events, each with the time when it is due."""
        chunks = wire.Chunks(self.head, include_usage=self.include_usage)
        every = range(self.choices)
        opening = {"role": "assistant", "content": "", "refusal": None}
        yield self.first_s, b"".join(chunks.delta(index, opening) for index in every)
        sent = 0
        for piece in self.pieces:
            sent += piece.tokens
            delta = {"content": piece.text}
            yield self._due(sent), b"".join(chunks.delta(index, delta) for index in every)
        closing = [chunks.delta(index, {}, finish_reason=self.finish_reason) for index in every]
        if self.include_usage:
            closing.append(chunks.usage(self.usage))
        yield self.end_s, b"".join((*closing, wire.DONE))

    def _due(self, sent: int) -> float:
        return self.first_s + max(sent - 1, 0) * self.token_s


class Chat:
    """Plans the answers of one endpoint: its models, its book, the prompts it has seen.

    `speed` 2 is twice as fast as the models' profiles say, 0 never waits. The seed decides how
    the waits spread; what is answered depends on the request alone.
    """

    def __init__(self, *, seed: int, speed: float, book: replies.Book):
        self.profiles = models.profiles()
        self._book, self._speed = book, speed
        self._cache = PromptCache()
        self._random = random.Random(seed)

    def profile(self, model: str) -> models.Profile:
        """The profile of a model id; raises WireError 404 for one that is not served."""
        if model not in self.profiles:
            told = f"The model `{model:.100}` does not exist or you do not have access to it."
            raise WireError(404, told, code="model_not_found", param="model")
        return self.profiles[model]

    def plan(self, data: bytes, key: str) -> Plan:
        """The answer to a body sent with this key; raises WireError where it is refused."""
        request = read_chat(data)
        profile = self.profile(request.model)
        _check_parameters(request, profile)
        extras = request.model_extra
        prompt = tokens.count_request({"model": profile.id, "messages": request.messages} | extras)
        _check_room(request, profile, prompt)
        cached = 0
        if prompt >= self._cache.minimum:
            ids = prompt_ids(request.messages, extras, profile.id)
            cached = min(self._cache.look_up(f"{key} {profile.id}", ids), prompt - prompt % STEP)
        pieces = _until(self._pieces(request, profile, prompt), request.stop or [])
        effort = request.reasoning_effort or profile.reasoning_effort
        limit = min(_cap(request) or profile.max_output, profile.context_window - prompt)
        pieces, finish_reason, completion, reasoning = _spend(
            pieces, models.REASONING_TOKENS[effort] if effort else 0, limit=limit
        )
        choices = request.n or 1
        first_s, token_s = self._draw(profile.speed)
        return Plan(
            head=self._head(request.model, profile),
            pieces=pieces,
            finish_reason=finish_reason,
            usage=Usage(prompt, cached, completion * choices, reasoning * choices),
            choices=choices,
            stream=bool(request.stream),
            include_usage=request.include_usage,
            first_s=first_s + reasoning * token_s,
            token_s=token_s,
        )

    def _head(self, asked_for: str, profile: models.Profile) -> wire.Head:
        model = profile.answers_as if asked_for == profile.id else asked_for
        return wire.Head(wire.new_id("chatcmpl-"), int(time.time()), model)

    def _pieces(self, request: ChatRequest, profile: models.Profile, prompt: int) -> tuple:
        talk = replies.Conversation.of(request.messages)
        text = self._book.find(talk, (request.model, profile.id))
        if text is None:
            asked = [name for name, value in request.model_extra.items() if value]
            text = replies.fallback(talk, model=profile.id, prompt_tokens=prompt, fields=asked)
        return cut(text, profile.id)

    def _draw(self, speed: models.Speed) -> tuple[float, float]:
        """Seconds to the first token and from token to token, drawn for one reply."""
        if not self._speed:
            return 0.0, 0.0
        means = (
            (speed.time_to_first_token_s, speed.time_to_first_token_std_dev_s),
            (speed.inter_token_latency_s, speed.inter_token_latency_std_dev_s),
        )
        first, each = (
            # Never more than 70 % off the mean, as in llm-d-inference-sim.
            min(max(self._random.normalvariate(mean, spread), 0.3 * mean), 1.7 * mean)
            for mean, spread in means
        )
        return first / self._speed, each / self._speed


def _check_parameters(request: ChatRequest, profile: models.Profile) -> None:
    unsupported = "Unsupported parameter: '{}' is not supported with this model.{}"
    if profile.reasoning_effort and request.max_tokens:
        told = unsupported.format("max_tokens", " Use 'max_completion_tokens' instead.")
        raise WireError(400, told, code="unsupported_parameter", param="max_tokens")
    if not profile.reasoning_effort and request.reasoning_effort:
        told = unsupported.format("reasoning_effort", "")
        raise WireError(400, told, code="unsupported_parameter", param="reasoning_effort")
    cap = _cap(request) or 0
    if cap > profile.max_output:
        name = "max_tokens" if request.max_tokens else "max_completion_tokens"
        told = (
            f"{name} is too large: {cap}. This model supports at most {profile.max_output} "
            f"completion tokens, whereas you provided {cap}."
        )
        raise WireError(400, told, code="invalid_value", param=name)


def _check_room(request: ChatRequest, profile: models.Profile, prompt: int) -> None:
    cap = _cap(request) or 0
    if prompt <= profile.max_input and prompt + cap <= profile.context_window:
        return
    if profile.max_input < min(prompt, profile.context_window):
        told = f"Input tokens exceed the configured limit of {profile.max_input} tokens. Your"
    else:
        told = f"This model's maximum context length is {profile.context_window} tokens. However,"
        told += f" you requested {cap} tokens for the completion, and your" if cap else " your"
    told += f" messages resulted in {prompt} tokens. Please reduce the length of the messages."
    raise WireError(400, told, code="context_length_exceeded", param="messages")


def _cap(request: ChatRequest) -> int | None:
    return request.max_completion_tokens or request.max_tokens


@lru_cache(maxsize=1024)
def cut(text: str, model: str) -> tuple[Piece, ...]:
    """The text in pieces that can be sent one after another."""
    cutter = tokens._cutter(tokens.vocabulary(model))
    pieces, waiting, count = [], b"", 0
    for number in tokens.encode(text, model):
        waiting += cutter.decode_bytes([number])
        count += 1
        try:
            pieces.append(Piece(waiting.decode(), count))
        except UnicodeDecodeError:
            continue
        waiting, count = b"", 0
    return tuple(pieces)


def _until(pieces: tuple[Piece, ...], stops: list[str]) -> tuple[Piece, ...]:
    """The pieces before the first of the stop strings."""
    if not stops:
        return pieces
    text = "".join(piece.text for piece in pieces)
    left = min((at for stop in stops if (at := text.find(stop)) >= 0), default=len(text))
    kept = []
    for piece in pieces:
        if left <= 0:
            break
        kept.append(Piece(piece.text[:left], piece.tokens))
        left -= len(piece.text)
    return tuple(kept)


def _spend(
    pieces: tuple[Piece, ...], reasoning: int, *, limit: int
) -> tuple[tuple[Piece, ...], str, int, int]:
    """What of a reply fits into so many tokens: pieces, finish_reason, completion, reasoning.

    Reasoning comes first. A letter whose tokens do not all fit is billed but not shown.
    """
    if reasoning > limit:
        return (), "length", limit, limit
    spent = reasoning
    for kept, piece in enumerate(pieces):
        if spent + piece.tokens > limit:
            return pieces[:kept], "length", limit, reasoning
        spent += piece.tokens
    return pieces, "stop", spent, reasoning
