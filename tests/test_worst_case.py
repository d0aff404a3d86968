import base64
import doctest
import json
from decimal import Decimal

import pytest

from course import worst_case as module
from course.errors import CourseError
from course.prices import Usage
from course.tokens import count
from course.worst_case import api_of, prompt_tokens, remember, worst_case

HELLO = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "Hello!"},
]
MINI = "gpt-4o-mini"
# What a response is asked for in: the same 19 tokens as HELLO.
RESPONSE = {"model": MINI, "instructions": "You are a helpful assistant.", "input": "Hello!"}
# A call with at most 10 tokens of output costs 6 millionths for them.
SHORT = RESPONSE | {"max_output_tokens": 10}


def in_millionths(body, api="responses", **options):
    return worst_case(body, api, **options) * 1_000_000


def test_the_worst_case_is_the_whole_prompt_and_the_longest_answer():
    body = {"model": "gpt-4o-mini", "messages": HELLO}
    # 19 tokens in, 16,384 out: 19 * 0.15 + 16384 * 0.60 = 2.85 + 9830.4 millionths.
    assert worst_case(body) == Decimal("0.00983325")
    # With 10 tokens allowed: 2.85 + 6 millionths; for three answers 2.85 + 18.
    assert worst_case(body | {"max_completion_tokens": 10}) == Decimal("0.00000885")
    assert worst_case(body | {"max_tokens": 10}) == Decimal("0.00000885")
    assert worst_case(body | {"max_tokens": 10, "n": 3}) == Decimal("0.00002085")
    assert worst_case(body | {"max_completion_tokens": None}) == Decimal("0.00983325")
    snapshot = body | {"model": "gpt-4o-mini-2024-07-18"}
    assert worst_case(snapshot) == Decimal("0.00983325")


def test_the_worst_case_writes_the_prompt_to_a_dearer_cache():
    body = {"model": "gpt-6-luna", "messages": HELLO, "max_completion_tokens": 0}
    # 19 tokens at 0.125 dollars a million.
    assert worst_case(body) == Decimal("0.000002375")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "names no model"),
        ({"model": 3}, "names no model"),
        ({"model": "gpt-9"}, "set max_completion_tokens"),
        ({"model": "gpt-9", "max_completion_tokens": 5}, "No price is known"),
        ({"model": "gpt-4o-mini", "service_tier": "flex"}, "service_tier 'flex' is unknown"),
        ({"model": "gpt-4o", "service_tier": "priority"}, "service_tier 'priority' is unknown"),
        ({"model": "gpt-4o-mini", "service_tier": ["odd"]}, "service_tier"),
        ({"model": "gpt-4o-mini", "web_search_options": {"x": 1}}, '"web_search" costs on top'),
        ({"model": "gpt-4o-mini", "audio": {"voice": "ash"}}, '"audio" costs on top'),
    ],
)
def test_without_a_price_there_is_no_worst_case(body, told):
    with pytest.raises(CourseError, match=told):
        worst_case(body)


def test_priority_processing_has_a_worst_case_of_its_own():
    body = {"model": MINI, "messages": HELLO, "max_tokens": 10, "service_tier": "priority"}
    # 19 * 0.25 + 10 * 1.00.
    assert in_millionths(body, "chat") == Decimal("14.75")


def test_the_worst_case_of_a_response_is_that_of_the_same_chat():
    # 19 * 0.15 + 16384 * 0.60, and 19 * 0.15 + 10 * 0.60.
    assert in_millionths(RESPONSE) == Decimal("9833.25")
    assert in_millionths(SHORT) == Decimal("8.85")
    as_items = {"model": MINI, "input": HELLO, "max_output_tokens": 10}
    assert in_millionths(as_items) == Decimal("8.85")
    parts = [{"type": "input_text", "text": "Hello!"}]
    as_parts = SHORT | {"input": [{"type": "message", "role": "user", "content": parts}]}
    assert in_millionths(as_parts) == Decimal("8.85")
    assert in_millionths(SHORT, batch=True) == Decimal("4.425")


def test_the_names_of_both_apis_for_the_longest_answer_are_told_apart():
    assert in_millionths(RESPONSE | {"max_completion_tokens": 10}) == Decimal("9833.25")
    with pytest.raises(CourseError, match="set max_output_tokens"):
        worst_case({"model": "gpt-9", "input": "Hello!"}, "responses")


def test_tools_and_a_schema_count_by_their_text():
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    wanted = {"type": "json_schema", "name": "place", "schema": schema}
    tool = {"type": "function", "name": "weather", "parameters": schema}
    for extra, counted in (({"text": {"format": wanted}}, wanted), ({"tools": [tool]}, [tool])):
        more = count(json.dumps(counted)) * Decimal("0.15")
        assert in_millionths(SHORT | extra) == Decimal("8.85") + more
    assert in_millionths(SHORT | {"text": {"format": {"type": "text"}}}) == Decimal("8.85")


def test_calls_of_tools_and_their_outputs_count():
    said = [
        {
            "type": "function_call",
            "call_id": "c",
            "name": "weather",
            "arguments": '{"city":"Oslo"}',
        },
        {"type": "function_call_output", "call_id": "c", "output": "tiktoken is great!"},
    ]
    base = prompt_tokens({"model": MINI, "input": []}, "responses")
    # The reply's 3 tokens alone; the output is 3 a message, 1 for the role, and 6 of text.
    assert base == 3
    assert prompt_tokens({"model": MINI, "input": said[1:]}, "responses") == 13
    assert prompt_tokens({"model": MINI, "input": said}, "responses") > 13 + 8
    thought = {"type": "reasoning", "summary": [], "encrypted_content": "tiktoken is great!"}
    assert prompt_tokens({"model": MINI, "input": [thought]}, "responses") == 13


def png(width, height):
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4) + height.to_bytes(4)
    return "data:image/png;base64," + base64.b64encode(head + bytes(20)).decode()


@pytest.mark.parametrize(
    ("picture", "tokens"),
    [
        # gpt-4o-mini: 2,833 and 5,667 for each of the tiles of 512 pixels.
        ({"image_url": png(512, 512)}, 2833 + 5667),
        ({"image_url": png(1024, 1024)}, 2833 + 4 * 5667),
        ({"image_url": png(1024, 1024), "detail": "low"}, 2833),
        # Out of sight: as large as a picture can be, 4 by 2 tiles.
        ({"image_url": "https://pictures.example/cat.png"}, 2833 + 8 * 5667),
        ({"file_id": "file-1"}, 2833 + 8 * 5667),
    ],
)
def test_pictures_count_by_their_tiles(picture, tokens):
    part = {"type": "input_image"} | picture
    asked = {"model": MINI, "input": [{"role": "user", "content": [part]}]}
    # 3 that start the reply, 3 for the message, 1 for its role.
    assert prompt_tokens(asked, "responses") == 7 + tokens


# The longest prompt gpt-4o-mini takes is 128,000 tokens: 19,200 millionths, and 6 for the answer.
LONGEST = Decimal("19206")


@pytest.mark.parametrize(
    "unseen",
    [
        {"previous_response_id": "resp_of_another_day"},
        {"conversation": "conv_1"},
        {"prompt": {"id": "pmpt_1"}},
        {"input": [{"type": "item_reference", "id": "msg_1"}]},
        {"input": [{"id": "msg_1"}]},
        {"input": [{"type": "reasoning", "id": "rs_1", "summary": []}]},
        {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "file-1"}]}]},
    ],
)
def test_a_prompt_out_of_sight_counts_as_the_longest_there_is(unseen):
    assert in_millionths(SHORT | unseen) == LONGEST


def test_so_does_a_file_in_a_chat():
    content = [{"type": "file", "file": {"file_id": "file-1"}}]
    asked = {"model": MINI, "messages": [{"role": "user", "content": content}], "max_tokens": 10}
    assert in_millionths(asked, "chat") == LONGEST


def test_a_model_with_a_bound_for_its_prompts_counts_with_that():
    asked = {"model": "gpt-5-nano", "input": "Hi", "conversation": "c", "max_output_tokens": 0}
    # 272,000 tokens at 0.05 dollars a million.
    assert worst_case(asked, "responses") == Decimal("0.0136")
    with pytest.raises(CourseError, match="How long a prompt of ours can get"):
        worst_case(asked | {"model": "ours"}, "responses")


def test_a_previous_response_that_passed_by_counts_with_its_tokens():
    said = [{"type": "output_text", "text": "tiktoken is great!", "annotations": []}]
    output = [{"type": "message", "role": "assistant", "content": said}]
    remember("resp_seen_here", Usage(40, 0, 20), output, model=MINI)
    # 40 + 20, the 13 of the answer as a message, and 19: 92 tokens in, 10 out.
    asked = SHORT | {"previous_response_id": "resp_seen_here"}
    assert in_millionths(asked) == Decimal("13.8") + 6
    # The 40 held the reply's first 3, and the answer is 3 + 1 + 6 now: 40 - 3 + 10 + 19 in fact.
    assert in_millionths(asked) >= 66 * Decimal("0.15") + 6
    remember("resp_with_a_file", Usage(40, 0, 20), [], model=MINI)
    unseen = {"previous_response_id": "resp_with_a_file", "conversation": "conv_1"}
    assert in_millionths(SHORT | unseen) == LONGEST


@pytest.mark.parametrize("kind", ["web_search", "file_search", "code_interpreter", "mcp"])
def test_a_tool_with_a_price_of_its_own_is_refused(kind):
    with pytest.raises(CourseError, match=f'What "{kind}" costs on top of the tokens is unknown'):
        worst_case(SHORT | {"tools": [{"type": kind}]}, "responses")


@pytest.mark.parametrize(
    ("asked", "tokens"),
    [
        ("tiktoken is great!", 6),
        (["tiktoken is great!", "tiktoken is great!"], 12),
        ([1, 2, 3], 3),
        ([[1, 2], [3]], 3),
        (None, 0),
    ],
)
def test_an_embedding_costs_its_input_alone(asked, tokens):
    body = {"model": "text-embedding-3-small", "input": asked}
    # 0.02 dollars a million.
    assert in_millionths(body, "embeddings") == tokens * Decimal("0.02")


def test_a_moderation_is_free():
    assert worst_case({"input": "Hello!"}, "moderations") == 0


@pytest.mark.parametrize("odd", [{"tools": 5}, {"input": 5}, {"input": [5, None]}, {"text": []}])
def test_a_request_out_of_shape_is_counted_as_far_as_it_goes(odd):
    assert in_millionths({"model": MINI, "max_output_tokens": 10} | odd) >= 6


@pytest.mark.parametrize(
    ("path", "api"),
    [
        ("/v1/chat/completions", "chat"),
        ("/openai/v1/responses", "responses"),
        ("/v1/embeddings", "embeddings"),
        ("/v1/moderations", "moderations"),
        ("/v1/completions", "completions"),
        ("/v1/responses/resp_1/cancel", "cancel"),
    ],
)
def test_the_api_is_read_off_the_path(path, api):
    assert api_of(path) == api


def test_the_examples_of_the_module_hold():
    assert doctest.testmod(module).failed == 0
