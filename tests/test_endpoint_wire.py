"""The shapes of replies, chunks, models and refusals, as OpenAI's clients read them."""

import json
from datetime import date

from openai.types import CompletionUsage, Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from course.endpoint import wire
from course.endpoint.models import Profile, Speed

HEAD = wire.Head("chatcmpl-1", 1_795_000_000, "gpt-4o-mini-2024-07-18")
USAGE = wire.Usage(prompt=1100, cached=1024, completion=20, reasoning=5)
SPEED = Speed(0.5, 0.1, 0.02, 0.004, source="made up for the test")


def event(data: bytes) -> dict:
    assert data.startswith(b"data: ") and data.endswith(b"\n\n") and data.count(b"\n") == 2
    return json.loads(data.removeprefix(b"data: "))


def test_a_completion_has_the_shape_that_the_stock_client_expects():
    body = wire.completion(HEAD, ["One", "Two"], finish_reason="stop", usage=USAGE)
    reply = ChatCompletion.model_validate_json(body, strict=True)
    assert [choice.message.content for choice in reply.choices] == ["One", "Two"]
    assert [choice.index for choice in reply.choices] == [0, 1]
    assert reply.system_fingerprint == "fp_simulated"
    assert reply.object == "chat.completion"


def test_usage_adds_up_and_names_its_parts():
    usage = CompletionUsage.model_validate(USAGE.json(), strict=True)
    assert usage.total_tokens == 1120
    assert usage.prompt_tokens_details.cached_tokens == 1024
    assert usage.completion_tokens_details.reasoning_tokens == 5


def test_chunks_have_the_shape_that_the_stock_client_expects():
    chunks = wire.Chunks(HEAD, include_usage=False)
    first = event(chunks.delta(0, {"role": "assistant", "content": ""}))
    last = event(chunks.delta(1, {}, finish_reason="length"))
    for data in (first, last):
        chunk = ChatCompletionChunk.model_validate_json(json.dumps(data), strict=True)
        assert chunk.system_fingerprint == "fp_simulated"
        assert "usage" not in data
    assert first["choices"][0]["delta"]["role"] == "assistant"
    assert last["choices"] == [
        {"index": 1, "delta": {}, "logprobs": None, "finish_reason": "length"}
    ]


def test_with_usage_asked_for_only_the_last_chunk_has_it_and_no_choices():
    chunks = wire.Chunks(HEAD, include_usage=True)
    assert event(chunks.delta(0, {"content": "Hi"}))["usage"] is None
    last = event(chunks.usage(USAGE))
    assert last["choices"] == []
    assert last["usage"]["prompt_tokens"] == 1100


def test_line_breaks_and_quotes_in_a_reply_do_not_break_the_event():
    said = 'He said:\n\n"data: [DONE]"\r\n'
    chunk = event(wire.Chunks(HEAD, include_usage=False).delta(0, {"content": said}))
    assert chunk["choices"][0]["delta"]["content"] == said


def test_ids_differ():
    assert len({wire.new_id("chatcmpl-") for _ in range(1000)}) == 1000


def test_a_refusal_has_openais_four_fields():
    error = wire.WireError(404, "No such model.", code="model_not_found", param="model")
    assert json.loads(error.json()) == {
        "error": {
            "message": "No such model.",
            "type": "invalid_request_error",
            "param": "model",
            "code": "model_not_found",
        }
    }


def test_our_own_mistakes_are_called_server_errors():
    assert json.loads(wire.WireError(500, "Oh.").json())["error"]["type"] == "server_error"


def test_a_model_tells_when_it_leaves():
    profile = Profile(
        "gpt-x", ("gpt-x-2026-01-01",), 1000, 1000, 100, date(2027, 1, 14), None, SPEED
    )
    row = Model.model_validate(wire.model_json("gpt-x-2026-01-01", profile), strict=True)
    assert row.shutdown_date == "2027-01-14"
    assert row.created == 1767225600  # 2026-01-01 00:00 UTC: 20,454 days of 86,400 seconds
    assert row.owned_by == "course-simulator"
