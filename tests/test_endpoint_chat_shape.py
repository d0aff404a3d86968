"""Answers in the shape of chat completions, as OpenAI's client reads them."""

import json
import math

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from course.endpoint.api.chat_shape import Writing
from course.endpoint.simulation.ask import Answer, Ask, Choice, Logprob, Piece, ToolCall, Usage
from course.endpoint.simulation.models import profiles

ASK = Ask(model="gpt-4o-mini", profile=profiles()["gpt-4o-mini"], messages=[])
USAGE = Usage(prompt=1100, cached=1024, completion=20, reasoning=5)


def pieces(*texts):
    return tuple(Piece(text, 1) for text in texts)


def writing(*choices, include_usage=False, **about):
    return Writing(ASK, Answer(choices, USAGE, **about), include_usage=include_usage)


def whole(*choices):
    return ChatCompletion.model_validate_json(writing(*choices).body(), strict=True)


def chunks(*choices, **about):
    sent = b"".join(event for _, event in writing(*choices, **about).events()).decode()
    *events, done, nothing = sent.split("\n\n")
    assert (done, nothing) == ("data: [DONE]", "")
    assert all(event.startswith("data: ") and "\n" not in event for event in events)
    events = [event.removeprefix("data: ") for event in events]
    return [ChatCompletionChunk.model_validate_json(event, strict=True) for event in events]


CALLS = Choice(
    finish_reason="tool_calls",
    calls=(
        ToolCall("call_1", "weather", pieces('{"city"', ': "Rome"}')),
        ToolCall("call_2", "time", pieces("{}")),
    ),
)


def test_a_reply_of_two_choices_is_read_by_the_stock_client():
    reply = whole(Choice(pieces("O", "ne")), Choice(pieces("Two"), "length"))
    assert [choice.message.content for choice in reply.choices] == ["One", "Two"]
    assert [choice.finish_reason for choice in reply.choices] == ["stop", "length"]
    assert (reply.system_fingerprint, reply.source) == ("fp_simulated", "simulated")
    assert reply.model == "gpt-4o-mini-2024-07-18"


def test_usage_adds_up_and_names_its_parts():
    usage = whole(Choice(pieces("x"))).usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (1100, 20, 1120)
    assert usage.prompt_tokens_details.cached_tokens == 1024
    assert usage.completion_tokens_details.reasoning_tokens == 5


def test_calls_of_tools_come_with_ids_and_no_content():
    message = whole(CALLS).choices[0].message
    assert message.content is None
    told = [(call.id, call.function.name, call.function.arguments) for call in message.tool_calls]
    assert told == [("call_1", "weather", '{"city": "Rome"}'), ("call_2", "time", "{}")]


def test_streamed_calls_are_put_together_by_their_index():
    made = {}
    for chunk in chunks(CALLS):
        for call in chunk.choices[0].delta.tool_calls or []:
            one = made.setdefault(call.index, {"id": call.id, "name": "", "arguments": ""})
            one["name"] += call.function.name or ""
            one["arguments"] += call.function.arguments or ""
    assert made == {
        0: {"id": "call_1", "name": "weather", "arguments": '{"city": "Rome"}'},
        1: {"id": "call_2", "name": "time", "arguments": "{}"},
    }
    assert chunks(CALLS)[-1].choices[0].finish_reason == "tool_calls"


def test_a_refusal_is_no_content():
    refused = Choice(pieces("I", " won't."), refusal=True)
    message = whole(refused).choices[0].message
    assert (message.content, message.refusal) == (None, "I won't.")
    deltas = [chunk.choices[0].delta for chunk in chunks(refused)]
    assert "".join(delta.refusal or "" for delta in deltas) == "I won't."
    assert "".join(delta.content or "" for delta in deltas) == ""


def test_logprobs_tell_each_token_its_bytes_and_the_others():
    half = "\udcf0\udc9f"  # the first two of a picture's four bytes
    sure = math.log(0.9)
    told = (Logprob("Hi", sure, (("Hi", sure), ("Yo", -3.0))), Logprob(half, -0.5))
    choice = Choice((Piece("Hi", 1), Piece("!", 1)), logprobs=told)
    first, second = whole(choice).choices[0].logprobs.content
    assert (first.token, first.bytes) == ("Hi", [72, 105])
    assert first.logprob == pytest.approx(-0.105361, abs=1e-6)
    assert [other.token for other in first.top_logprobs] == ["Hi", "Yo"]
    assert second.bytes == [0xF0, 0x9F]
    streamed = [chunk.choices[0].logprobs for chunk in chunks(choice)]
    assert [len(one.content) for one in streamed if one] == [1, 1]


def test_with_usage_asked_for_only_the_last_chunk_has_it_and_no_choices():
    *others, last = chunks(Choice(pieces("Hi")), include_usage=True)
    assert all(chunk.usage is None for chunk in others)
    assert last.choices == [] and last.usage.prompt_tokens == 1100
    assert all(chunk.usage is None for chunk in chunks(Choice(pieces("Hi"))))


def test_line_breaks_and_quotes_in_a_reply_do_not_break_the_event():
    said = 'He said:\n\n"data: [DONE]"\r\n'
    sent = [event for _, event in writing(Choice(pieces(said))).events()]
    assert json.loads(sent[1].removeprefix(b"data: "))["choices"][0]["delta"]["content"] == said


def test_tokens_are_due_when_their_waits_are_over():
    # the first at 2 s, then 0.5 s and 0.25 s more; the end comes with the last
    events = writing(Choice(pieces("a", "b", "c")), first_s=2.0, waits=(0.5, 0.25)).events()
    assert [due_s for due_s, _ in events] == [2.0, 2.0, 2.5, 2.75, 2.75]


def test_choices_of_different_lengths_are_written_side_by_side():
    short, long = Choice(pieces("x")), Choice(pieces("a", "b", "c"))
    told = writing(short, long, first_s=1.0, waits=(1.0, 1.0))
    assert [due_s for due_s, _ in told.events()] == [1.0, 1.0, 1.0, 2.0, 3.0, 3.0]
    assert told.end_s == 3.0
