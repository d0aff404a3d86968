import json

import pytest

from course.reply import Reply


def read(*events):
    reply = Reply()
    for event in events:
        reply.take_bytes(b"event: x\ndata: " + json.dumps(event).encode() + b"\n\n")
    return reply


def delta(kind, text, place=0):
    return {"type": f"response.{kind}.delta", "output_index": place, "delta": text}


USAGE = {
    "input_tokens": 30,
    "input_tokens_details": {"cached_tokens": 8},
    "output_tokens": 12,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": 42,
}
ITEM = {"type": "function_call", "name": "weather", "arguments": ""}


def finished(kind="completed", **about):
    response = {"id": "resp_1", "object": "response", "status": kind, "usage": USAGE} | about
    return {"type": f"response.{kind}", "sequence_number": 9, "response": response}


@pytest.mark.parametrize("kind", ["completed", "incomplete"])
def test_the_last_event_of_a_response_tells_its_usage(kind):
    begun = {"type": "response.created", "response": {"id": "resp_1", "usage": None}}
    reply = read(begun, delta("output_text", "Hel"), delta("output_text", "lo"))
    assert (reply.ended, reply.usage, reply.id) == (False, None, "resp_1")
    reply = read(begun, finished(kind, service_tier="default"))
    assert (reply.ended, reply.broken, reply.usage, reply.tier) == (True, False, USAGE, "default")
    assert reply.reasoning_tokens == 5


@pytest.mark.parametrize(
    "event",
    [
        finished("failed", error={"code": "server_error", "message": "no"}, usage=None),
        {"type": "error", "code": "server_error", "message": "no"},
        {"error": {"message": "no"}},
    ],
)
def test_an_error_in_a_stream_breaks_the_reply(event):
    assert read(event).broken


def test_what_a_response_wrote_is_counted_by_its_deltas():
    # "tiktoken is great!" has the published 6 tokens, however it was cut into deltas.
    cut = [delta("output_text", text) for text in ("tik", "token is", " great!")]
    assert read(*cut).count_completion("gpt-4o-mini") == 6
    refused = delta("refusal", "tiktoken is great!", 1)
    assert read(*cut, refused).count_completion("gpt-4o-mini") == 12
    called = delta("function_call_arguments", "tiktoken is great!")
    assert read(called).count_completion("gpt-4o-mini") == 6
    added = {"type": "response.output_item.added", "output_index": 1, "item": ITEM}
    assert read(*cut, added).count_completion("gpt-4o-mini") == 7
    assert read(delta("audio", "AAAA")).count_completion("gpt-4o-mini") == 0


def test_so_is_a_whole_response_without_usage():
    text = {"type": "output_text", "text": "tiktoken is great!", "annotations": []}
    output = [
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "message", "role": "assistant", "content": [text]},
        ITEM | {"arguments": "tiktoken is great!"},
    ]
    reply = Reply()
    assert reply.take(json.dumps({"object": "response", "output": output}).encode())
    # 6 of text; the 6 of the arguments and the name before them.
    assert reply.count_completion("gpt-4o-mini") >= 12


def test_a_response_that_is_still_to_be_written_is_waiting():
    reply = Reply()
    reply.take(b'{"object": "response", "status": "queued", "usage": null, "output": []}')
    assert reply.waiting


@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.output_item.added"},
        {"type": "response.output_text.delta", "delta": 5},
        {"type": "response.completed", "response": "none"},
        {"type": 5},
        {"output": [5]},
        {"output": [{"name": 5, "arguments": {}}]},
        {"output": [{"content": [5]}]},
    ],
)
def test_events_out_of_shape_are_passed_over(event):
    assert read(event).count_completion("gpt-4o-mini") == 0


@pytest.mark.parametrize(
    ("mark", "simulated"),
    [
        ({"system_fingerprint": "fp_simulated"}, True),
        ({"source": "simulated"}, True),
        ({"system_fingerprint": "fp_1", "source": None}, False),
        ({}, False),
    ],
)
def test_a_simulated_reply_says_so(mark, simulated):
    whole = Reply()
    whole.take(json.dumps(mark | {"data": []}).encode())
    assert whole.simulated is read(finished(**mark)).simulated is simulated


def test_a_deep_nest_is_passed_over():
    assert Reply().take(b"[" * 100_000) is False
