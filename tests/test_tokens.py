import base64
import doctest
import socket

import pytest

from course import tokens
from course.errors import CourseError

HELPFUL = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "Hello!"},
]
DOT = (  # a PNG's first 24 bytes: signature, length, IHDR, width 1, height 1
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
)


def data_url(data):
    return "data:image/png;base64," + base64.b64encode(data).decode()


# The counts that OpenAI's cookbook prints for o200k_base.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("antidisestablishmentarianism", 6),
        ("2 + 2 = 4", 7),
        ("お誕生日おめでとう", 8),
        ("tiktoken is great!", 6),
        ("", 0),
    ],
)
def test_texts_have_the_published_number_of_tokens(text, expected):
    assert tokens.count(text) == expected
    assert len(tokens.encode(text)) == len(tokens.pieces(text)) == expected


def test_the_old_models_cut_with_the_old_vocabulary():
    # The cookbook's table for cl100k_base: 9 tokens for the Japanese text, 8 with o200k_base.
    for model in ("gpt-3.5-turbo", "gpt-3.5-turbo-0125", "gpt-4-turbo", "gpt-4-turbo-2024-04-09"):
        assert tokens.count("お誕生日おめでとう", model) == 9
    for model in ("text-embedding-3-small", "text-embedding-ada-002"):
        assert tokens.count("お誕生日おめでとう", model) == 9
    for model in ("gpt-4o", "gpt-4.1-mini", "gpt-5-nano", "gpt-6-luna", "a model to come"):
        assert tokens.count("お誕生日おめでとう", model) == 8


def test_a_special_mark_in_a_text_is_ordinary_text():
    # As one special token it would end the text: < | end of text | > is cut like any word.
    assert tokens.count("<|endoftext|>") == 7
    assert "".join(tokens.pieces("<|endoftext|>")) == "<|endoftext|>"


def test_pieces_put_together_are_the_text():
    text = "Throughput is 0.34 tokens a second."
    assert "".join(tokens.pieces(text)) == text


@pytest.mark.parametrize("model", ["gpt-4o-mini", "gpt-4-turbo"])
def test_the_bytes_of_all_tokens_are_the_text(model):
    text = "Größe 👩‍👩‍👧 お誕生日 <|endoftext|>"
    parts = tokens.token_bytes(tokens.encode(text, model), model)
    assert b"".join(parts).decode() == text
    assert len(parts) == tokens.count(text, model)


@pytest.mark.parametrize("number", [-1, 10**7, 2**70, "1", None, 1.5])
def test_a_number_outside_the_vocabulary_is_refused(number):
    with pytest.raises(CourseError, match="o200k_base"):
        tokens.token_bytes([5, number])


def test_half_a_letter_shows_as_a_replacement_mark():
    assert "\ufffd" in "".join(tokens.pieces("👩‍👩‍👧"))


def test_half_a_surrogate_pair_is_counted_not_refused():
    assert tokens.count("\ud83d") >= 1


@pytest.mark.parametrize("text", [None, 3, b"bytes", ["a list"]])
def test_only_a_text_can_be_counted(text):
    with pytest.raises(CourseError, match=type(text).__name__):
        tokens.count(text)


def test_the_hand_worked_request_has_nineteen_tokens():
    # system: 3 + role 1 + content 6 = 10; user: 3 + role 1 + content 2 = 6; the reply: 3.
    assert tokens.count_messages(HELPFUL) == 10 + 6 + 3


def test_no_message_at_all_still_pays_for_the_start_of_the_reply():
    assert tokens.count_messages([]) == 3
    assert tokens.count_request({}) == 3


def test_a_name_costs_one_token_and_its_text():
    named = [{"role": "user", "content": "Hello!", "name": "Ada"}]
    # 3 + role 1 + content 2 + 1 for having a name + "Ada" (1 token) + the reply 3.
    assert tokens.count("Ada") == 1
    assert tokens.count_messages(named) == 3 + 1 + 2 + 1 + 1 + 3


def test_parts_of_text_count_like_one_text_each():
    parts = [{"type": "text", "text": "Hello!"}, {"type": "text", "text": "Hello!"}]
    assert tokens.count_messages([{"role": "user", "content": parts}]) == 3 + 1 + 2 + 2 + 3


@pytest.mark.parametrize(
    ("size", "mini", "big"),
    [
        # 1024 x 1024 becomes 768 x 768: 2 x 2 tiles. 2833 + 4 * 5667; 85 + 4 * 170.
        ((1024, 1024), 25_501, 765),
        # 512 x 512 stays: one tile.
        ((512, 512), 8_500, 255),
        # 2048 x 4096 is fitted to 1024 x 2048, then 768 x 1536: 2 x 3 tiles.
        ((2048, 4096), 2_833 + 6 * 5_667, 85 + 6 * 170),
        ((1, 1), 8_500, 255),
        # A thread of a picture: 2048 x 0.0000002 after fitting, and still a row of 4 tiles.
        ((10**10, 1), 2_833 + 4 * 5_667, 85 + 4 * 170),
    ],
)
def test_pictures_cost_by_the_tile(size, mini, big):
    assert tokens.image_tokens(*size) == mini
    assert tokens.image_tokens(*size, model="gpt-4o-mini-2024-07-18") == mini
    assert tokens.image_tokens(*size, model="gpt-4o") == big


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ({"url": DOT}, 8_500),
        ({"url": DOT, "detail": "low"}, 2_833),
        # 1024 x 1024 in each format (made by hand: only the header counts): 2 x 2 tiles.
        ({"url": data_url(b"GIF89a\0\4\0\4")}, 25_501),
        ({"url": data_url(b"\xff\xd8\xff\xc0\0\x11\x08\4\0\4\0")}, 25_501),
        ({"url": data_url(b"RIFF____WEBPVP8X" + bytes(8) + b"\xff\3\0\xff\3\0")}, 25_501),
        ({"url": data_url(b"GIF89a\0\4\0\4"), "detail": "low"}, 2_833),
        ({"url": data_url(b"GIF89a\0\0\0\0")}, 2_833 + 8 * 5_667),
        ({"url": 4}, 2_833 + 8 * 5_667),
        # A size that can't be seen counts as the largest: 2048 x 768 is 4 x 2 tiles.
        ({"url": "https://example.org/cat.png"}, 2_833 + 8 * 5_667),
        ({"url": "data:image/png;base64,AAAA"}, 2_833 + 8 * 5_667),
        ({"url": "data:image/png;base64,ä"}, 2_833 + 8 * 5_667),
        ({}, 2_833 + 8 * 5_667),
    ],
)
def test_a_picture_in_a_message_is_counted(image, expected):
    part = {"type": "image_url", "image_url": image}
    message = {"role": "user", "content": [part]}
    assert tokens.count_messages([message]) == 3 + 1 + expected + 3


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (-1, 5)])
def test_a_picture_without_a_size_is_refused(size):
    with pytest.raises(CourseError, match="has no size"):
        tokens.image_tokens(*size)


def test_tools_and_schemas_add_tokens_and_a_text_format_none():
    plain = tokens.count_request({"messages": HELPFUL})
    assert plain == 19
    text = {"messages": HELPFUL, "response_format": {"type": "text"}, "tools": []}
    assert tokens.count_request(text) == 19
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {}}}]
    assert tokens.count_request({"messages": HELPFUL, "tools": tools}) > 19
    schema = {"type": "json_schema", "json_schema": {"name": "mail", "schema": {}}}
    assert tokens.count_request({"messages": HELPFUL, "response_format": schema}) > 19


@pytest.mark.parametrize(
    "body",
    [
        {"messages": None},
        {"messages": "Hello!"},
        {"messages": [None, 3, "x", {}, {"role": 5, "content": 5}]},
        {"messages": [{"role": "user", "content": [None, 3, {"type": "odd"}, {"text": 4}]}]},
        {"messages": [{"role": "user", "content": [{"image_url": {"url": 4}}, "text"]}]},
        {"messages": [{"role": "user", "name": ["no"], "tool_calls": {"odd": object()}}]},
        {"model": 4, "tools": "none", "response_format": "json"},
    ],
)
def test_a_garbled_request_is_counted_somehow(body):
    assert tokens.count_request(body) >= 3


def test_counting_needs_no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("something wants to connect")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    tokens._cutter.cache_clear()
    assert tokens.count("tiktoken is great!") == 6
    assert tokens.count("tiktoken is great!", "gpt-4-turbo") == 6


def test_the_examples_of_the_module_hold():
    assert doctest.testmod(tokens).failed == 0
