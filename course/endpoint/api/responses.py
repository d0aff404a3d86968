"""The Responses API: its bodies read into an `Ask`, and an `Answer` in its shape."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from pydantic_core import to_json

from course.endpoint.api.conversations import Conversations, Stored
from course.endpoint.api.responses_input import check_calls, read_items, says_json, to_messages
from course.endpoint.api.responses_model import check_model
from course.endpoint.api.responses_output import Output, usage_json
from course.endpoint.api.responses_request import (
    NO_INPUT,
    ResponsesRequest,
    read_count,
    read_responses,
)
from course.endpoint.api.responses_stream import Stream
from course.endpoint.api.responses_tools import Wanted
from course.endpoint.simulation.ask import Answer, Ask, Usage
from course.endpoint.simulation.models import Profile
from course.endpoint.simulation.replies import NOT_PLAYED
from course.endpoint.wire import FINGERPRINT, WireError, new_id

TOO_LONG = (
    "Your input exceeds the context window of this model. Please adjust your input and try again."
)


class Simulator(Protocol):
    """What is needed of the simulator that answers."""

    def profile(self, model: str) -> Profile: ...

    def count(self, messages: Sequence[Mapping], also: Sequence[object], model: str) -> int: ...

    def answer(self, ask: Ask, *, owner: str, at_once: int = 1) -> Answer: ...


class Reading:
    """A request that was understood: what is asked, and how its answer is written.

    Making one raises WireError for a request that can't be understood. It may go on only from
    answers that were kept for the same key.
    """

    heavy = False

    def __init__(
        self, data: bytes, key: str = "", *, simulator: Simulator, conversations: Conversations
    ):
        self._request = request = read_responses(data)
        self._simulator, self._conversations = simulator, conversations
        profile = simulator.profile(request.model)
        check_model(request, profile)
        self._wanted = Wanted.of(request)
        before, self._items = _all_items(request, conversations, key)
        every = before + self._items
        ask = _ask(request, profile, every, wanted=self._wanted, simulator=simulator)
        self.ask = _fit(ask, simulator, truncate=request.truncation == "auto")
        self.model, self.prompt, self.stream = request.model, self.ask.prompt, self.ask.stream
        self.cap = request.max_output_tokens

    def answer(self, owner: str, at_once: int) -> "Writing":
        """The answer of the simulator while `at_once` calls are in work."""
        answer = self._simulator.answer(self.ask, owner=owner, at_once=at_once)
        return self.write(answer, owner=owner)

    def write(self, answer: Answer, *, owner: str) -> "Writing":
        """The answer as it is sent; it is kept for its owner, unless the request says not to."""
        told = _told(self._request, self.ask) | self._wanted.told
        writing = Writing(told, answer, reasons=self.ask.effort not in (None, "none"))
        if self._request.store is not False:
            self._conversations.keep(owner, self._stored(writing))
        return writing

    def _stored(self, writing: "Writing") -> Stored:
        names = (item["id"] for item in (*self._items, *writing.items))
        return Stored(
            id=writing.id,
            previous=self._request.previous_response_id,
            items=to_json(self._items),
            body=writing.body(),
            names=tuple(dict.fromkeys(names)),
        )


class Writing:
    """The answer to one request, whole or as events.

    `told` is what the response tells from its start to its end; `reasons` says whether the model
    thinks before it answers.
    """

    def __init__(self, told: dict, answer: Answer, *, reasons: bool):
        self.id, self.usage = told["id"], answer.usage
        self.first_s, self.end_s = answer.first_s, answer.end_s
        self.right, self._due, self._told = answer.right, answer.due(), told
        self._output = Output(answer, reasons=reasons)
        self._closed = to_json(told | self._ending(answer.usage))

    @property
    def items(self) -> list[dict]:
        """The items of the output."""
        return self._output.items

    def body(self) -> bytes:
        """The answer in one."""
        return self._closed

    def events(self) -> Iterator[tuple[float, bytes]]:
        """The answer as server-sent events, each with the time when it is due, in seconds."""
        return Stream(self._output, self._due).events(to_json(self._told), self._closed)

    def _ending(self, usage: Usage) -> dict:
        ending = {"output": self._output.items, "usage": usage_json(usage)}
        if why := self._output.why_incomplete:
            return ending | {"status": "incomplete", "incomplete_details": {"reason": why}}
        done = self._told["created_at"] + int(self.end_s)
        return ending | {"status": "completed", "completed_at": done}


def count_tokens(
    data: bytes, key: str, *, simulator: Simulator, conversations: Conversations
) -> dict:
    """The answer to POST /v1/responses/input_tokens: how many tokens such an input has."""
    request = read_count(data)
    profile = simulator.profile(request.model)
    before, items = _all_items(request, conversations, key)
    ask = _ask(request, profile, before + items, wanted=Wanted.of(request), simulator=simulator)
    return {"object": "response.input_tokens", "input_tokens": ask.prompt}


def _all_items(
    request: ResponsesRequest, conversations: Conversations, key: str
) -> tuple[list[dict], list[dict]]:
    """The items of the answers before this one, and those that come with the request."""
    items = read_items(request.input, lambda item_id: conversations.item(key, item_id))
    previous = request.previous_response_id
    return ([] if previous is None else conversations.chain(key, previous)), items


def _ask(
    request: ResponsesRequest,
    profile: Profile,
    items: Sequence[Mapping],
    *,
    wanted: Wanted,
    simulator: Simulator,
) -> Ask:
    check_calls(items)
    messages = to_messages(items)
    if wanted.format is not None and wanted.schema is None and not says_json(messages):
        told = (
            "Response input messages must contain the word 'json' in some form to use "
            "'text.format' of type 'json_object'."
        )
        raise WireError(400, told, param="input")
    if request.instructions:
        messages.insert(0, {"role": "system", "content": request.instructions})
    also = [part for part in (request.tools, wanted.schema) if part]
    return Ask(
        model=request.model,
        profile=profile,
        messages=messages,
        prompt=simulator.count(messages, also, profile.id),
        cap=request.max_output_tokens,
        temperature=request.temperature,
        effort=request.effort(profile),
        tools=wanted.tools,
        tool_choice=wanted.choice,
        parallel=request.parallel_tool_calls is not False,
        format=wanted.format,
        logprobs=(request.top_logprobs or 0) if request.wants_logprobs else None,
        stream=bool(request.stream),
        also=also,
        ignored=[name for name in NOT_PLAYED if request.model_extra.get(name)],
    )


def _fit(ask: Ask, simulator: Simulator, *, truncate: bool) -> Ask:
    """The same ask where its prompt fits the model, else one without its first messages.

    Raises WireError 400 where it does not fit and must not be truncated, or can't be.
    """
    if not ask.messages:
        raise WireError(400, NO_INPUT, code="missing_required_parameter")
    # One token of the window is for the answer.
    most = min(ask.profile.max_input, ask.profile.context_window - 1)
    if ask.prompt <= most:
        return ask
    kept, prompt = list(ask.messages), ask.prompt
    empty = simulator.count([], (), ask.profile.id)
    at = 1 if kept[0]["role"] == "system" else 0
    while truncate and prompt > most and len(kept) > at + 1:
        prompt -= simulator.count([kept.pop(at)], (), ask.profile.id) - empty
        while len(kept) > at + 1 and kept[at]["role"] == "tool":
            prompt -= simulator.count([kept.pop(at)], (), ask.profile.id) - empty
    if prompt > most:
        raise WireError(400, TOO_LONG, code="context_length_exceeded", param="input")
    return replace(ask, messages=kept, prompt=prompt)


def _told(request: ResponsesRequest, ask: Ask) -> dict:
    profile = ask.profile
    return {
        "id": new_id("resp_"),
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "background": False,
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "instructions": request.instructions,
        "max_output_tokens": request.max_output_tokens,
        "max_tool_calls": request.max_tool_calls,
        "model": profile.answers_as if ask.model == profile.id else ask.model,
        "output": [],
        "parallel_tool_calls": ask.parallel,
        "previous_response_id": request.previous_response_id,
        "prompt_cache_key": request.prompt_cache_key,
        "reasoning": {"effort": ask.effort, "summary": (request.reasoning or {}).get("summary")},
        "safety_identifier": request.safety_identifier,
        "service_tier": "default",
        "store": request.store is not False,
        "temperature": 1.0 if request.temperature is None else request.temperature,
        "top_logprobs": request.top_logprobs or 0,
        "top_p": 1.0 if request.top_p is None else request.top_p,
        "truncation": request.truncation or "disabled",
        "usage": None,
        "user": request.user,
        "metadata": request.metadata or {},
        "system_fingerprint": FINGERPRINT,
        "source": "simulated",
    }
