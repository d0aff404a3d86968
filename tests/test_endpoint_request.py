"""Which bodies of chat requests are taken, and how a wrong one is refused."""

import json

import pytest

from course.endpoint.api.chat_request import read_chat
from course.endpoint.wire import WireError

GOOD = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello!"}]}


def read(**changes):
    return read_chat(json.dumps(GOOD | changes).encode())


def message(**changes):
    return {"messages": [{"role": "user", "content": "Hello!"} | changes]}


def test_a_body_is_read_into_its_fields():
    request = read(temperature=0, stop="END", stream=True, stream_options={"include_usage": True})
    assert request.model == "gpt-4o-mini"
    assert request.messages == GOOD["messages"]
    assert request.stop == ["END"]
    assert request.include_usage


def test_unknown_fields_are_let_through():
    request = read(new_in_2031={"a": 1}, **message(also_new=True))
    assert request.model_extra == {"new_in_2031": {"a": 1}}
    assert request.messages[0]["also_new"] is True


def test_nulls_stand_for_fields_left_out():
    request = read(stop=None, max_tokens=None, stream=None, temperature=None, n=None)
    assert request.stop is None


def test_an_assistant_that_calls_tools_needs_no_content():
    call = {"id": "1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
    assert read(messages=[{"role": "assistant", "content": None, "tool_calls": [call]}])


def test_texts_and_pictures_may_be_parts_of_a_message():
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    parts = [{"type": "text", "text": "What is it?"}, picture]
    assert read(**message(content=parts)).messages[0]["content"] == parts


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"model": None}, "model", "invalid_type"),
        ({"messages": "Hello!"}, "messages", "invalid_type"),
        ({"messages": []}, "messages", "empty_array"),
        ({"messages": [5]}, "messages[0]", "invalid_type"),
        ({"messages": [{"content": "x"}]}, "messages[0].role", "missing_required_parameter"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "missing_required_parameter"),
        (message(role="wizard"), "messages[0].role", "invalid_value"),
        (message(role=7), "messages[0].role", "invalid_type"),
        (message(content=None), "messages[0].content", "invalid_type"),
        (message(content=5), "messages[0].content", "invalid_type"),
        (message(content=["x"]), "messages[0].content", "invalid_type"),
        (message(content=[{"type": "text"}]), "messages[0].content", "invalid_type"),
        (message(name=5), "messages[0].name", "invalid_type"),
        ({"max_tokens": "5"}, "max_tokens", "invalid_type"),
        ({"max_tokens": 5.5}, "max_tokens", "invalid_type"),
        ({"max_tokens": True}, "max_tokens", "invalid_type"),
        ({"max_tokens": 0}, "max_tokens", "integer_below_min_value"),
        ({"max_completion_tokens": -1}, "max_completion_tokens", "integer_below_min_value"),
        ({"n": 129}, "n", "integer_above_max_value"),
        ({"temperature": 2.1}, "temperature", "decimal_above_max_value"),
        ({"temperature": "hot"}, "temperature", "invalid_type"),
        ({"top_p": -0.1}, "top_p", "decimal_below_min_value"),
        ({"presence_penalty": 3}, "presence_penalty", "decimal_above_max_value"),
        ({"stop": 7}, "stop", "invalid_type"),
        ({"stop": ["a", 7]}, "stop[1]", "invalid_type"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop", "array_above_max_length"),
        ({"stop": ""}, "stop[0]", "empty_string"),
        ({"stream": "yes"}, "stream", "invalid_type"),
        ({"stream": True, "stream_options": 1}, "stream_options", "invalid_type"),
        ({"stream_options": {"include_usage": True}}, "stream_options", None),
        ({"reasoning_effort": "heroic"}, "reasoning_effort", "invalid_value"),
        (
            {"max_tokens": 5, "max_completion_tokens": 5},
            "max_tokens",
            "invalid_parameter_combination",
        ),
    ],
)
def test_a_wrong_field_is_refused_by_name(changes, param, code):
    with pytest.raises(WireError) as caught:
        read(**changes)
    error = json.loads(caught.value.json())["error"]
    assert caught.value.status == 400
    assert error["param"] == param
    assert error["code"] == code
    assert error["type"] == "invalid_request_error"
    assert param.split("[")[0] in error["message"] or code == "invalid_value"


@pytest.mark.parametrize("missing", ["model", "messages"])
def test_a_missing_field_is_refused_by_name(missing):
    body = {name: value for name, value in GOOD.items() if name != missing}
    with pytest.raises(WireError, match=f"Missing required parameter: '{missing}'"):
        read_chat(json.dumps(body).encode())


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"\xff\xfe", b'{"model": NaN}', b'{"model": "\\ud800"}', b"[" * 10_000],
    ids=["empty", "torn", "no UTF-8", "not a number", "half a letter", "too deep"],
)
def test_what_is_no_json_is_refused(data):
    with pytest.raises(WireError, match="could not parse the JSON body") as caught:
        read_chat(data)
    assert (caught.value.status, caught.value.code) == (400, "invalid_json")


@pytest.mark.parametrize("data", [b"[]", b"null", b'"Hello!"', b"5"])
def test_json_that_is_no_object_is_refused(data):
    with pytest.raises(WireError, match="must be a JSON object"):
        read_chat(data)


def test_a_refusal_never_repeats_a_huge_value():
    with pytest.raises(WireError) as caught:
        read(**message(role="x" * 1_000_000))
    assert len(caught.value.json()) < 500
