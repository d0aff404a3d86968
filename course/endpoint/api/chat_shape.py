"""Chat completions: an `Answer` in their shape, whole or as server-sent events."""

import time
from collections.abc import Iterator, Sequence

from pydantic_core import to_json

from course.endpoint import wire
from course.endpoint.simulation.ask import Answer, Ask, Choice, Logprob, Usage
from course.endpoint.wire import DONE, FINGERPRINT

DELTA = b'data: %b"choices":[{"index":%d,"delta":%b,"logprobs":%b,"finish_reason":%b}],%b%b}\n\n'
USAGE = b'data: %b"choices":[],"usage":%b,%b}\n\n'
MARK = b'"service_tier":"default","system_fingerprint":"%b","source":"simulated"'
MARK %= FINGERPRINT.encode()


class Writing:
    """The answer to one chat request, whole or as events."""

    def __init__(self, ask: Ask, answer: Answer, *, include_usage: bool):
        self.answer, self._include_usage = answer, include_usage
        self.usage, self.right = answer.usage, answer.right
        self.first_s, self.end_s = answer.first_s, answer.end_s
        model = ask.profile.answers_as if ask.model == ask.profile.id else ask.model
        self.id = wire.new_id("chatcmpl-")
        self._head = b'{"id":"%b","object":"chat.completion%%b","created":%d,"model":"%b",' % (
            self.id.encode(),
            int(time.time()),
            model.encode(),
        )
        self._chunk = self._head % b".chunk"

    def body(self) -> bytes:
        """The reply in one."""
        choices = b",".join(
            _choice(index, choice) for index, choice in enumerate(self.answer.choices)
        )
        usage = usage_json(self.answer.usage)
        return b'%b"choices":[%b],"usage":%b,%b}' % (self._head % b"", choices, usage, MARK)

    def events(self) -> Iterator[tuple[float, bytes]]:
        """The reply as server-sent events, each with the time when it is due, in seconds."""
        answer = self.answer
        due = answer.due()
        opening = {"role": "assistant", "content": "", "refusal": None}
        yield (
            answer.first_s,
            b"".join(self._delta(index, opening) for index in range(len(answer.choices))),
        )
        for sent, events in self._pieces():
            yield (due[min(max(sent, 1), len(due)) - 1], events)
        closing = [
            self._delta(index, {}, finish_reason=choice.finish_reason)
            for index, choice in enumerate(answer.choices)
        ]
        if self._include_usage:
            closing.append(USAGE % (self._chunk, usage_json(answer.usage), MARK))
        yield due[-1], b"".join((*closing, DONE))

    def _pieces(self) -> Iterator[tuple[int, bytes]]:
        """The deltas with the number of tokens sent by then; all choices are written at once."""
        choices = self.answer.choices
        if len(choices) == 1:
            yield from self._deltas(0, choices[0])
            return
        every = [event for at, choice in enumerate(choices) for event in self._deltas(at, choice)]
        yield from sorted(every, key=lambda event: event[0])

    def _deltas(self, index: int, choice: Choice) -> Iterator[tuple[int, bytes]]:
        sent, told = 0, 0
        field = "refusal" if choice.refusal else "content"
        for piece in choice.pieces:
            sent += piece.tokens
            probable = None
            if choice.logprobs is not None:
                probable = choice.logprobs[told : told + piece.tokens]
                told += piece.tokens
            yield sent, self._delta(index, {field: piece.text}, logprobs=probable, field=field)
        for number, call in enumerate(choice.calls):
            about = {"name": call.name, "arguments": ""}
            opened = {"index": number, "id": call.id, "type": "function", "function": about}
            yield sent, self._delta(index, {"tool_calls": [opened]})
            for piece in call.pieces:
                sent += piece.tokens
                part = {"index": number, "function": {"arguments": piece.text}}
                yield sent, self._delta(index, {"tool_calls": [part]})

    def _delta(
        self,
        index: int,
        delta: dict,
        *,
        finish_reason: str | None = None,
        logprobs: Sequence[Logprob] | None = None,
        field: str = "content",
    ) -> bytes:
        told = b"null" if logprobs is None else _logprobs(logprobs, field)
        usage = b'"usage":null,' if self._include_usage else b""
        reason = to_json(finish_reason)
        return DELTA % (self._chunk, index, to_json(delta), told, reason, usage, MARK)


def usage_json(usage: Usage) -> bytes:
    """The usage in chat completions' shape."""
    return (
        b'{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,'
        b'"prompt_tokens_details":{"cached_tokens":%d,"audio_tokens":0},'
        b'"completion_tokens_details":{"reasoning_tokens":%d,"audio_tokens":0,'
        b'"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}'
    ) % (
        usage.prompt,
        usage.completion,
        usage.prompt + usage.completion,
        usage.cached,
        usage.reasoning,
    )


def _choice(index: int, choice: Choice) -> bytes:
    text = to_json(choice.text) if choice.text or not choice.calls else b"null"
    content, refusal = (b"null", text) if choice.refusal else (text, b"null")
    calls = b""
    if choice.calls:
        asked = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in choice.calls
        ]
        calls = b'"tool_calls":%b,' % to_json(asked)
    field = "refusal" if choice.refusal else "content"
    told = b"null" if choice.logprobs is None else _logprobs(choice.logprobs, field)
    return (
        b'{"index":%d,"message":{"role":"assistant","content":%b,"refusal":%b,%b"annotations":[]},'
        b'"logprobs":%b,"finish_reason":"%b"}'
    ) % (index, content, refusal, calls, told, choice.finish_reason.encode())


def _logprobs(tokens: Sequence[Logprob], field: str) -> bytes:
    rows = [one.as_dict() for one in tokens]
    other = "refusal" if field == "content" else "content"
    return to_json({field: rows, other: None})
