"""The response object and its events: complete, in the right order, at the right times."""

import json

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter
from responses_parts import WEATHER, called, events, pieces, read, said, sure, written

from course.endpoint.simulation.ask import Answer, Choice, Usage

REASONER = "gpt-5-mini"
EVENT = TypeAdapter(ResponseStreamEvent)
ANSWERS = {
    "text": ({}, said("Hello", " there")),
    "refusal": ({}, said("I'm", " sorry", refusal=True)),
    "cut": ({"max_output_tokens": 16}, said("Hel", finish_reason="length")),
    "calls": ({"tools": [WEATHER]}, called("get_weather", "get_weather_2")),
    "call and text": ({"tools": [WEATHER]}, called("get_weather", texts=("Let me", " look."))),
    "cut call": ({"tools": [WEATHER]}, called("get_weather", finish_reason="length")),
    "reasoned": ({"model": REASONER}, said("Hello", reasoning=300)),
    "only reasoned": (
        {"model": REASONER, "max_output_tokens": 16},
        said(finish_reason="length", reasoning=16),
    ),
    "sure": (
        {"include": ["message.output_text.logprobs"], "top_logprobs": 2},
        said("Hello", " there", logprobs=(sure("Hello"), sure(" there"))),
    ),
    "empty": ({}, said()),
}
every_answer = pytest.mark.parametrize("name", ANSWERS)


def writing(name):
    changes, answer = ANSWERS[name]
    return read(stream=True, **changes).write(answer, owner="key")


def whole(name):
    return json.loads(writing(name).body())


def names(name):
    return [event for _, event, _ in events(writing(name))]


@every_answer
def test_the_object_is_one_of_openais_and_nothing_in_it_is_lost(name):
    told = whole(name)
    parsed = Response.model_validate(told, strict=True)
    assert parsed.model_dump(mode="json", by_alias=True, exclude_unset=True) == told


def test_the_object_tells_what_was_asked_for_and_that_it_is_simulated():
    asked = read(
        instructions="Be brief.",
        max_output_tokens=20,
        temperature=0.5,
        metadata={"lesson": "7"},
        user="a",
        safety_identifier="b",
        prompt_cache_key="c",
        tools=[WEATHER],
        tool_choice="none",
        store=False,
    )
    told = written(asked, said("Hi"))
    assert told["instructions"] == "Be brief."
    assert (told["max_output_tokens"], told["temperature"], told["top_p"]) == (20, 0.5, 1.0)
    assert told["metadata"] == {"lesson": "7"}
    assert (told["user"], told["safety_identifier"], told["prompt_cache_key"]) == ("a", "b", "c")
    assert (told["tools"], told["tool_choice"], told["store"]) == ([WEATHER], "none", False)
    assert told["text"] == {"format": {"type": "text"}, "verbosity": "medium"}
    assert told["model"] == "gpt-4o-mini-2024-07-18"
    assert (told["source"], told["system_fingerprint"]) == ("simulated", "fp_simulated")


def test_a_schema_is_told_again_as_it_was_sent():
    schema = WEATHER["parameters"]
    sent = {"type": "json_schema", "name": "city", "schema": schema, "strict": True}
    told = written(read(text={"format": sent}), said("{}"))
    assert told["text"]["format"] == sent | {"description": None}


def test_the_usage_is_that_of_the_answer():
    answer = Answer((Choice(pieces("a", "b")),), Usage(2000, 1024, 102, 100))
    assert written(read(model=REASONER), answer)["usage"] == {
        "input_tokens": 2000,
        "input_tokens_details": {"cached_tokens": 1024, "cache_write_tokens": 0},
        "output_tokens": 102,
        "output_tokens_details": {"reasoning_tokens": 100},
        "total_tokens": 2102,
    }


def test_a_text_is_a_message_and_a_refusal_a_part_of_its_own():
    message = whole("text")["output"][0]
    part = {"type": "output_text", "annotations": [], "logprobs": [], "text": "Hello there"}
    assert message.pop("id").startswith("msg_")
    assert message == {
        "type": "message",
        "status": "completed",
        "content": [part],
        "role": "assistant",
    }
    refusal = {"type": "refusal", "refusal": "I'm sorry"}
    assert whole("refusal")["output"][0]["content"] == [refusal]


def test_calls_are_items_of_their_own():
    first, second = whole("calls")["output"]
    assert first.pop("id").startswith("fc_")
    assert first == {
        "type": "function_call",
        "status": "completed",
        "arguments": '{"city":"Oslo"}',
        "call_id": "call_get_weather",
        "name": "get_weather",
    }
    assert second["call_id"] == "call_get_weather_2"
    assert [item["type"] for item in whole("call and text")["output"]] == [
        "message",
        "function_call",
    ]


def test_reasoning_comes_first_and_says_nothing():
    reasoning, message = whole("reasoned")["output"]
    assert (reasoning["type"], reasoning["summary"]) == ("reasoning", [])
    assert message["type"] == "message"


def test_a_model_told_not_to_reason_has_no_reasoning():
    told = written(read(model=REASONER, reasoning={"effort": "none"}), said("Hi"))
    assert [item["type"] for item in told["output"]] == ["message"]
    assert told["reasoning"] == {"effort": "none", "summary": None}


@pytest.mark.parametrize("name", ["cut", "cut call", "only reasoned"])
def test_what_is_cut_is_incomplete(name):
    told = whole(name)
    assert told["status"] == "incomplete"
    assert told["incomplete_details"] == {"reason": "max_output_tokens"}
    assert told["completed_at"] is None
    assert told["output"][-1].get("status", "incomplete") == "incomplete"


def test_all_tokens_spent_on_reasoning_leave_no_message():
    assert [item["type"] for item in whole("only reasoned")["output"]] == ["reasoning"]


def test_logprobs_are_told_for_each_token():
    first, _ = whole("sure")["output"][0]["content"][0]["logprobs"]
    assert (first["token"], first["logprob"]) == ("Hello", -0.25)
    assert first["bytes"] == [72, 101, 108, 108, 111]
    assert [other["token"] for other in first["top_logprobs"]] == ["Hello", "…"]
    deltas = [data for _, event, data in events(writing("sure")) if event.endswith("text.delta")]
    assert [data["logprobs"][0]["token"] for data in deltas] == ["Hello", " there"]


@every_answer
def test_each_event_is_one_of_openais_and_numbered(name):
    for number, (_, event, data) in enumerate(events(writing(name))):
        assert (data["type"], data["sequence_number"]) == (event, number)
        EVENT.validate_python(data, strict=True)


TEXT = [
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
]
CALLED = [
    "response.output_item.added",
    *["response.function_call_arguments.delta"] * 3,
    "response.function_call_arguments.done",
    "response.output_item.done",
]
REASONED = ["response.output_item.added", "response.output_item.done"]
ONCE = [*TEXT[:3], *TEXT[4:]]
REFUSED = [event.replace("output_text", "refusal") for event in TEXT]


@pytest.mark.parametrize(
    ("name", "between", "end"),
    [
        ("text", TEXT, "completed"),
        ("refusal", REFUSED, "completed"),
        ("calls", CALLED * 2, "completed"),
        ("call and text", TEXT + CALLED, "completed"),
        ("reasoned", REASONED + ONCE, "completed"),
        ("cut", ONCE, "incomplete"),
        ("only reasoned", REASONED, "incomplete"),
        ("cut call", CALLED, "incomplete"),
    ],
)
def test_events_come_in_the_order_of_the_service(name, between, end):
    assert names(name) == [
        "response.created",
        "response.in_progress",
        *between,
        f"response.{end}",
    ]


@every_answer
def test_the_deltas_make_up_what_is_done_and_the_last_event_is_the_whole_answer(name):
    sent = writing(name)
    texts, opened = {}, {}
    for _, event, data in events(sent):
        if event.endswith(".delta"):
            texts[data["item_id"]] = texts.get(data["item_id"], "") + data["delta"]
        elif event == "response.output_item.added":
            opened[data["output_index"]] = data["item"]
    *_, (_, _, last) = events(sent)
    assert last["response"] == json.loads(sent.body())
    for place, item in enumerate(last["response"]["output"]):
        assert opened[place]["id"] == item["id"]
        part = item["content"][0] if item["type"] == "message" else item
        told = part.get("text") or part.get("refusal") or part.get("arguments") or ""
        assert texts.get(item["id"], "") == told


def test_the_answer_starts_empty_and_in_progress():
    _, _, data = events(writing("text"))[0]
    response = data["response"]
    assert (response["status"], response["output"], response["usage"]) == ("in_progress", [], None)


def test_events_are_due_when_their_tokens_are():
    answer = said("a", "b", "c", first_s=0.5, waits=(0.1, 0.2))
    told = events(read(stream=True).write(answer, owner="key"))
    due = {}
    for due_s, event, _ in told:
        due.setdefault(event, []).append(pytest.approx(due_s))
    assert due["response.created"] == [0.0]
    assert due["response.output_item.added"] == [0.5]
    assert due["response.output_text.delta"] == [0.5, 0.6, 0.8]
    assert due["response.completed"] == [0.8]


def test_thinking_begins_at_once_and_ends_with_the_first_token():
    answer = said("a", reasoning=100, first_s=3.0)
    told = events(read(stream=True, model=REASONER).write(answer, owner="key"))
    assert [due_s for due_s, event, _ in told if "output_item" in event] == [0.0, 3.0, 3.0, 3.0]


def test_calls_are_written_one_after_the_other():
    answer = called("one", "two", first_s=1.0, waits=(1.0,) * 5)
    told = events(read(stream=True, tools=[WEATHER]).write(answer, owner="key"))
    deltas = [due_s for due_s, event, _ in told if event.endswith("delta")]
    assert deltas == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


def test_without_waits_all_is_due_at_once():
    assert {due_s for due_s, _, _ in events(writing("calls"))} == {0.0}


def test_a_piece_may_be_several_tokens():
    from course.endpoint.simulation.ask import Piece

    choice = Choice((Piece("👩🏽‍🚀", 3), Piece("!", 1)), logprobs=tuple(map(sure, "abcd")))
    answer = Answer((choice,), Usage(9, 0, 4), 1.0, (1.0, 1.0, 1.0))
    told = events(read(stream=True).write(answer, owner="key"))
    deltas = [(due_s, data) for due_s, event, data in told if event.endswith("delta")]
    assert [due_s for due_s, _ in deltas] == [3.0, 4.0]
    assert [len(data["logprobs"]) for _, data in deltas] == [3, 1]
