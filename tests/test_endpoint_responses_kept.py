"""Answers that are kept: going on from one, looking at it, forgetting it."""

import json

import pytest
from openai.types.responses import ResponseItemList
from responses_parts import CALL, RESULT, WEATHER, called, read, said, written

from course.endpoint.api.conversations import Conversations, Stored
from course.endpoint.wire import WireError


@pytest.fixture
def kept():
    return Conversations()


def answered(kept, *texts, key="key", **changes):
    """The id of an answer to a request."""
    return written(read(key, kept, **changes), said(*texts), owner=key)["id"]


def refused(do, *args, **changes):
    with pytest.raises(WireError) as caught:
        do(*args, **changes)
    return caught.value


def stored(number, size=0):
    output = json.dumps({"output": [], "filling": "x" * size}).encode()
    return Stored(f"resp_{number}", None, b"[]", output, ())


def test_a_conversation_goes_on_from_an_answer(kept):
    first = answered(kept, "Hi", " there", input="Hello!", instructions="Be brief.")
    second = answered(kept, "Fine.", input="How are you?", previous_response_id=first)
    third = read("key", kept, input="Bye.", previous_response_id=second)
    assert third.ask.messages == [
        {"role": "user", "content": "Hello!"},
        {"role": "assistant", "content": "Hi there"},
        {"role": "user", "content": "How are you?"},
        {"role": "assistant", "content": "Fine."},
        {"role": "user", "content": "Bye."},
    ]


def test_new_instructions_come_before_the_whole_conversation(kept):
    first = answered(kept, "Hi", instructions="Be brief.")
    asked = read("key", kept, input="Why?", instructions="Be long.", previous_response_id=first)
    roles = [message["role"] for message in asked.ask.messages]
    assert roles == ["system", "user", "assistant", "user"]
    assert asked.ask.messages[0]["content"] == "Be long."


def test_one_conversation_can_go_on_in_two_ways(kept):
    first = answered(kept, "Hi")
    for way in ("left", "right"):
        asked = read("key", kept, input=way, previous_response_id=first)
        assert [message["content"] for message in asked.ask.messages] == ["Hello!", "Hi", way]


def test_the_output_of_a_call_can_be_sent_alone(kept):
    call = called("get_weather")
    first = written(read("key", kept, tools=[WEATHER]), call)["id"]
    result = RESULT | {"call_id": "call_get_weather"}
    asked = read("key", kept, input=[result], previous_response_id=first)
    assert [message["role"] for message in asked.ask.messages] == ["user", "assistant", "tool"]
    error = refused(read, "key", kept, input="And?", previous_response_id=first)
    assert error.message == "No tool output found for function call call_get_weather."


def test_the_items_of_an_answer_can_be_sent_again(kept):
    told = written(read("key", kept, model="gpt-5-mini"), said("Hi", reasoning=9))
    asked = read("key", None, input=[*told["output"], {"role": "user", "content": "Why?"}])
    assert [message["content"] for message in asked.ask.messages] == ["Hi", "Why?"]


def test_kept_items_can_be_named_instead_of_sent(kept):
    told = written(read("key", kept), said("Hi"))
    name = told["output"][0]["id"]
    again = {"role": "user", "content": "Why?"}
    for reference in ({"type": "item_reference", "id": name}, {"id": name}):
        asked = read("key", kept, input=[reference, again])
        assert [message["content"] for message in asked.ask.messages] == ["Hi", "Why?"]
    error = refused(read, "other", kept, input=[{"id": name}, again])
    assert (error.status, error.param) == (404, "input")
    assert f"Item with id '{name}' not found." in error.message


def test_reasoning_without_its_content_must_be_kept(kept):
    told = written(read("key", kept, model="gpt-5-mini"), said("Hi", reasoning=9))
    bare = {"type": "reasoning", "id": told["output"][0]["id"], "summary": []}
    items = [bare, told["output"][1]]
    assert read("key", kept, input=items).ask.messages == [{"role": "assistant", "content": "Hi"}]
    assert refused(read, "key", None, input=items).status == 404


def test_what_must_not_be_stored_is_not_kept(kept):
    told = answered(kept, "Hi", store=False)
    assert refused(kept.get, "key", told).status == 404
    error = refused(read, "key", kept, previous_response_id=told)
    assert (error.status, error.code) == (400, "previous_response_not_found")
    assert error.message == f"Previous response with id '{told}' not found."
    assert error.param == "previous_response_id"


def test_an_answer_can_be_looked_at_as_it_was_sent(kept):
    told = written(read("key", kept), said("Hi"))
    assert kept.get("key", told["id"]) == told


def test_each_key_has_its_own_answers(kept):
    mine = answered(kept, "Hi")
    for do in (kept.get, kept.delete, kept.cancel):
        error = refused(do, "other", mine)
        assert (error.status, error.message) == (404, f"Response with id '{mine}' not found.")
    assert refused(kept.items, "other", mine, {}).status == 404
    assert refused(read, "other", kept, previous_response_id=mine).status == 400


def test_a_deleted_answer_is_gone(kept):
    mine = answered(kept, "Hi")
    assert kept.delete("key", mine) == {"id": mine, "object": "response", "deleted": True}
    assert refused(kept.get, "key", mine).status == 404
    assert refused(kept.delete, "key", mine).status == 404


def test_nothing_can_be_cancelled(kept):
    error = refused(kept.cancel, "key", answered(kept, "Hi"))
    assert (error.status, error.message) == (400, "Cannot cancel a synchronous response.")


def test_the_input_of_an_answer_is_listed_last_item_first(kept):
    first = answered(kept, "Hi")
    picture = {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo="}
    items = [CALL, RESULT, {"role": "user", "content": [picture]}]
    second = answered(kept, "Fine.", input=items, previous_response_id=first)
    told = kept.items("key", second, {})
    parsed = ResponseItemList.model_validate(told, strict=True)
    assert parsed.model_dump(mode="json", exclude_unset=True) == told
    kinds = [item["type"] for item in told["data"]]
    assert kinds == ["message", "function_call_output", "function_call", "message", "message"]
    assert told["data"][0]["content"] == [picture | {"detail": "auto"}]
    assert told["data"][-1]["content"] == [{"type": "input_text", "text": "Hello!"}]
    assert (told["first_id"], told["has_more"]) == (told["data"][0]["id"], False)


def test_the_input_is_listed_in_pages(kept):
    asked = [{"role": "user", "content": str(number)} for number in range(25)]
    mine = answered(kept, "Hi", input=asked)
    assert len(kept.items("key", mine, {})["data"]) == 20
    one = kept.items("key", mine, {"limit": "10", "order": "asc"})
    two = kept.items("key", mine, {"limit": "10", "order": "asc", "after": one["last_id"]})
    texts = [item["content"][0]["text"] for item in one["data"] + two["data"]]
    assert texts == [str(number) for number in range(20)]
    assert two["has_more"]


@pytest.mark.parametrize(
    ("query", "param", "status"),
    [
        ({"limit": "0"}, "limit", 400),
        ({"limit": "101"}, "limit", 400),
        ({"limit": "many"}, "limit", 400),
        ({"order": "up"}, "order", 400),
        ({"after": "msg_nobody"}, "input", 404),
    ],
)
def test_a_wrong_page_is_refused(kept, query, param, status):
    error = refused(kept.items, "key", answered(kept, "Hi"), query)
    assert (error.param, error.status) == (param, status)


def test_the_answers_longest_unused_are_forgotten_first():
    kept = Conversations(most=3)
    for number in range(3):
        kept.keep("key", stored(number))
    kept.chain("key", "resp_0")
    kept.keep("key", stored(3))
    assert refused(kept.get, "key", "resp_1").status == 404
    assert all(kept.get("key", f"resp_{number}") for number in (0, 2, 3))


def test_large_answers_push_out_others():
    kept = Conversations(most_bytes=10_000)
    kept.keep("key", stored(0))
    kept.keep("key", stored(1, size=9_500))
    assert refused(kept.get, "key", "resp_0").status == 404
    assert kept.get("key", "resp_1")
    kept.keep("key", stored(2, size=20_000))
    for number in (1, 2):
        assert refused(kept.get, "key", f"resp_{number}").status == 404
    kept.keep("key", stored(3))
    assert kept.get("key", "resp_3")


def test_a_conversation_whose_start_is_forgotten_cannot_go_on():
    kept = Conversations(most=2)
    first = answered(kept, "one")
    second = answered(kept, "two", previous_response_id=first)
    kept.keep("key", stored(0))
    assert refused(read, "key", kept, previous_response_id=second).message == (
        f"Previous response with id '{first}' not found."
    )


def test_forgotten_answers_take_their_items_along():
    kept = Conversations(most=1)
    told = written(read("key", kept), said("one"))
    written(read("key", kept), said("two"))
    assert refused(kept.item, "key", told["output"][0]["id"]).status == 404
