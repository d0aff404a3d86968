"""From a request to its reply: tokens, cuts, cached prompts, waits."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import tokens
from course.endpoint.api.chat import Reading
from course.endpoint.options import Options
from course.endpoint.service import Service
from course.endpoint.simulation.ask import Piece
from course.endpoint.simulation.cutting import cut
from course.endpoint.simulation.replies import Book, Entry
from course.endpoint.wire import WireError

SYSTEM = {"role": "system", "content": "You are a helpful assistant."}
HELLO = {"role": "user", "content": "Hello!"}


def book(**replies):
    return Book({user: [Entry(user=user, text=text)] for user, text in replies.items()})


class Endpoint:
    """A service without a network."""

    def __init__(self, options, book):
        self.simulator = Service(options, book=book).simulator

    def plan(self, data, key):
        reading = Reading(data, key, simulator=self.simulator)
        return Planned(reading, reading.answer(key, 1))


class Planned:
    """An answer with what a test wants to know of it."""

    def __init__(self, reading, writing):
        self.writing, self.usage, self.end_s = writing, writing.usage, writing.end_s
        self.answer = writing.answer
        self.choice = self.answer.choices[0]
        self.pieces, self.finish_reason = self.choice.pieces, self.choice.finish_reason
        self.first_s, self.body, self.events = self.answer.first_s, writing.body, writing.events
        self.model = json.loads(writing.body())["model"]


def chat(*, speed=0.0, seed=0, **replies):
    return Endpoint(Options(speed=speed, seed=seed), book(**replies))


def plan(endpoint, *messages, key="k", **fields):
    body = {"model": "gpt-4o-mini", "messages": list(messages) or [HELLO]} | fields
    return endpoint.plan(json.dumps(body).encode(), key)


def text(planned):
    return planned.choice.text


def user(words):
    return {"role": "user", "content": words}


def test_openais_own_example_has_19_prompt_tokens():
    assert plan(chat(), SYSTEM, HELLO).usage.prompt == 19


def test_a_reply_of_the_book_is_counted_exactly():
    # "tiktoken is great!" has 6 tokens: t, ikt, oken, is, great, !
    planned = plan(chat(Hi="tiktoken is great!"), user("Hi"))
    assert text(planned) == "tiktoken is great!"
    assert planned.usage.completion == 6
    assert planned.finish_reason == "stop"


def test_without_a_reply_the_simulator_says_so_and_counts_its_own_words():
    planned = plan(chat(), SYSTEM, HELLO)
    assert "simulator" in text(planned) and "19 prompt tokens" in text(planned)
    assert planned.usage.completion == tokens.count(text(planned))


def test_a_field_that_is_not_played_is_named_unless_it_is_off():
    told = text(plan(chat(), modalities=["text"], prediction=None))
    assert "It does not act on modalities." in told


@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
def test_a_reply_is_cut_at_the_very_token(limit):
    planned = plan(chat(Hi="tiktoken is great!"), user("Hi"), **{limit: 4})
    assert text(planned) == "tiktoken is"
    assert (planned.usage.completion, planned.finish_reason) == (4, "length")


def test_a_limit_that_just_fits_cuts_nothing():
    planned = plan(chat(Hi="tiktoken is great!"), user("Hi"), max_tokens=6)
    assert (planned.usage.completion, planned.finish_reason) == (6, "stop")


def test_a_letter_is_never_cut_in_two():
    # The family is one letter of 18 bytes in 10 tokens, after "Hi" (1).
    family = "Hi👨‍👩‍👧"
    whole = tokens.count(family)
    for limit in range(1, whole):
        planned = plan(chat(Hi=family), user("Hi"), max_tokens=limit)
        assert family.startswith(text(planned))
        assert (planned.usage.completion, planned.finish_reason) == (limit, "length")


def test_pieces_are_single_tokens_unless_a_letter_needs_more():
    assert cut("tiktoken is great!", "gpt-4o-mini") == tuple(
        Piece(word, 1) for word in ("t", "ikt", "oken", " is", " great", "!")
    )
    mixed = cut("Zoë 👩🏽‍🚀 नमस्ते", "gpt-4o-mini")
    assert "".join(piece.text for piece in mixed) == "Zoë 👩🏽‍🚀 नमस्ते"
    assert sum(piece.tokens for piece in mixed) == tokens.count("Zoë 👩🏽‍🚀 नमस्ते")
    assert any(piece.tokens > 1 for piece in mixed)


@pytest.mark.parametrize(
    ("stop", "left", "count"),
    [
        (" is", "tiktoken", 3),
        (["!", " great"], "tiktoken is", 4),
        ("oken", "tikt", 2),
        # inside the second token, which had to be written to get there
        ("token", "tik", 2),
        ("t", "", 0),
        ("never", "tiktoken is great!", 6),
    ],
)
def test_a_reply_ends_before_a_stop_string(stop, left, count):
    planned = plan(chat(Hi="tiktoken is great!"), user("Hi"), stop=stop)
    assert text(planned) == left
    assert (planned.usage.completion, planned.finish_reason) == (count, "stop")


def test_a_limit_before_the_stop_string_wins():
    planned = plan(chat(Hi="tiktoken is great!"), user("Hi"), stop="!", max_tokens=2)
    assert (text(planned), planned.finish_reason) == ("tikt", "length")


def test_n_answers_are_n_times_the_tokens_but_one_prompt():
    planned = plan(chat(Hi="tiktoken is great!"), user("Hi"), n=3)
    reply = json.loads(planned.body())
    assert len(reply["choices"]) == 3
    assert reply["usage"]["completion_tokens"] == 18
    assert reply["usage"]["prompt_tokens"] == plan(chat(), user("Hi")).usage.prompt


def test_the_same_request_gets_the_same_reply_for_every_seed():
    one, two = plan(chat(seed=1)), plan(chat(seed=2))
    assert (one.pieces, one.usage) == (two.pieces, two.usage)
    assert one.writing.id != two.writing.id


def test_the_reply_names_the_snapshot_behind_the_model():
    assert plan(chat()).model == "gpt-4o-mini-2024-07-18"
    assert plan(chat(), model="gpt-4o-2024-11-20").model == "gpt-4o-2024-11-20"
    assert plan(chat(), model="gpt-6-luna").model == "gpt-6-luna"


@pytest.mark.parametrize(
    ("fields", "status", "code", "param"),
    [
        ({"model": "gpt-9"}, 404, "model_not_found", "model"),
        ({"max_tokens": 16_385}, 400, "invalid_value", "max_tokens"),
        ({"max_completion_tokens": 16_385}, 400, "invalid_value", "max_completion_tokens"),
        ({"reasoning_effort": "low"}, 400, "unsupported_parameter", "reasoning_effort"),
        ({"model": "gpt-6-luna", "max_tokens": 9}, 400, "unsupported_parameter", "max_tokens"),
        ({"model": "gpt-6-luna", "temperature": 0}, 400, "unsupported_value", "temperature"),
        ({"model": "gpt-6-sol", "top_p": 0.5}, 400, "unsupported_value", "top_p"),
    ],
)
def test_what_a_model_cannot_do_is_refused(fields, status, code, param):
    with pytest.raises(WireError) as caught:
        plan(chat(), **fields)
    assert (caught.value.status, caught.value.code, caught.value.param) == (status, code, param)


def test_a_model_that_need_not_think_takes_a_temperature_then():
    quiet = {"model": "gpt-6-luna", "reasoning_effort": "none"}
    assert plan(chat(), **quiet, temperature=0, top_p=0.5).pieces
    assert plan(chat(), model="gpt-6-luna", temperature=1).pieces


def test_a_prompt_may_fill_the_window_and_not_one_token_more():
    # 16,385 tokens; a message costs 3 + 1 for its role, a reply's start 3; " a" is one token.
    endpoint, most = chat(), 16_385 - 7
    full = plan(endpoint, user(" a" * most), model="gpt-3.5-turbo")
    assert (full.usage.prompt, full.usage.completion) == (16_385, 0)
    assert full.finish_reason == "length"
    with pytest.raises(WireError, match="resulted in 16386 tokens") as caught:
        plan(endpoint, user(" a" * (most + 1)), model="gpt-3.5-turbo")
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "messages")


def test_room_for_the_reply_counts_too():
    with pytest.raises(WireError, match="requested 100 tokens for the completion"):
        plan(chat(), user(" a" * (16_385 - 106)), model="gpt-3.5-turbo", max_tokens=100)
    assert plan(chat(), user(" a" * (16_385 - 107)), model="gpt-3.5-turbo", max_tokens=100)


def test_a_long_prompt_sent_again_is_cached_in_steps_of_128():
    # 1,200 tokens: 1,193 + 7. Cached are 1,024 + 128 = 1,152.
    endpoint, long = chat(), user(" a" * 1193)
    assert plan(endpoint, long).usage.cached == 0
    again = plan(endpoint, long).usage
    assert (again.prompt, again.cached) == (1200, 1152)


def test_only_the_common_start_is_cached():
    endpoint = chat()
    system = {"role": "system", "content": " a" * 1100}
    assert plan(endpoint, system, user("One?")).usage.cached == 0
    assert plan(endpoint, system, user("Another one?")).usage.cached == 1024
    assert plan(endpoint, user("Another one?"), system).usage.cached == 0


def test_nobody_shares_a_cached_prompt_over_keys_or_models():
    endpoint, long = chat(), user(" a" * 1193)
    plan(endpoint, long, key="one")
    assert plan(endpoint, long, key="two").usage.cached == 0
    assert plan(endpoint, long, key="one", model="gpt-4o").usage.cached == 0
    assert plan(endpoint, long, key="one", model="gpt-4o-mini-2024-07-18").usage.cached == 1152


def test_prompts_below_1024_tokens_are_never_cached():
    endpoint = chat()
    for _ in range(2):
        assert plan(endpoint, user(" a" * 1016)).usage.cached == 0  # 1,023
    for cached in (0, 1024):
        assert plan(endpoint, user(" a" * 1017)).usage.cached == cached  # 1,024


@pytest.mark.parametrize(
    ("effort", "reasoning"),
    [(None, 300), ("none", 0), ("minimal", 0), ("low", 100), ("high", 900)],
)
def test_models_that_reason_bill_it_as_completion(effort, reasoning):
    endpoint = chat(Hi="tiktoken is great!")
    fields = {"reasoning_effort": effort} if effort else {}
    planned = plan(endpoint, user("Hi"), model="gpt-6-luna", **fields)
    assert planned.usage.reasoning == reasoning
    assert planned.usage.completion == reasoning + 6
    assert text(planned) == "tiktoken is great!"


def test_a_limit_may_be_spent_on_reasoning_alone():
    endpoint = chat(Hi="tiktoken is great!")
    planned = plan(endpoint, user("Hi"), model="gpt-6-luna", max_completion_tokens=50)
    assert (text(planned), planned.finish_reason) == ("", "length")
    assert (planned.usage.completion, planned.usage.reasoning) == (50, 50)
    planned = plan(endpoint, user("Hi"), model="gpt-6-luna", max_completion_tokens=302)
    assert (text(planned), planned.usage.completion) == ("tikt", 302)


def test_nothing_waits_at_speed_0():
    planned = plan(chat(speed=0))
    assert planned.end_s == 0
    assert {due_s for due_s, _ in planned.events()} == {0}


def test_waits_follow_the_models_figures():
    # gpt-4o-mini: 0.5 s, then 6 tokens at 59 a second, five of them after the first: 0.085 s
    endpoint = chat(speed=1, Hi="tiktoken is great!")
    plans = [plan(endpoint, user("Hi")) for _ in range(300)]
    # the 8 prompt tokens of "Hi" add 0.00002 s each
    assert sum(one.first_s for one in plans) / 300 == pytest.approx(0.50016, rel=0.05)
    assert sum(one.end_s - one.first_s for one in plans) / 300 == pytest.approx(0.0847, rel=0.05)
    assert all(0.15 <= one.first_s <= 0.86 for one in plans)  # within 70 % of the mean


def test_the_seed_decides_the_waits_and_speed_2_halves_them():
    one, same = plan(chat(speed=1, seed=5)), plan(chat(speed=1, seed=5))
    other, twice = plan(chat(speed=1, seed=6)), plan(chat(speed=2, seed=5))
    assert one.first_s == same.first_s != other.first_s
    assert twice.first_s == pytest.approx(one.first_s / 2)


def test_reasoning_comes_before_the_first_token():
    fields = {"model": "gpt-6-luna", "max_completion_tokens": 400}
    quick = plan(chat(speed=1), **fields, reasoning_effort="none")
    slow = plan(chat(speed=1), **fields)
    # 300 tokens at the 59 a second of gpt-4o-mini, whose speed gpt-6-luna is assumed to have:
    # 5.08 s, drawn within a few per cent because so many tokens even out
    assert slow.first_s - quick.first_s == pytest.approx(5.08, rel=0.06)


def test_a_stream_is_role_tokens_reason_usage_done():
    planned = plan(
        chat(Hi="tiktoken is great!"),
        user("Hi"),
        stream=True,
        stream_options={"include_usage": True},
    )
    sent = b"".join(event for _, event in planned.events()).decode()
    *chunks, done, nothing = sent.split("\n\n")
    chunks = [json.loads(chunk.removeprefix("data: ")) for chunk in chunks]
    assert (done, nothing) == ("data: [DONE]", "")
    first, *middle, last, usage = chunks
    assert first["choices"][0]["delta"]["role"] == "assistant"
    assert [chunk["choices"][0]["delta"]["content"] for chunk in middle] == [
        "t", "ikt", "oken", " is", " great", "!"
    ]  # fmt: skip
    assert last["choices"][0]["finish_reason"] == "stop"
    assert usage["choices"] == [] and usage["usage"]["completion_tokens"] == 6


def test_each_streamed_answer_of_n_is_whole():
    planned = plan(chat(Hi="tiktoken is great!"), user("Hi"), stream=True, n=2)
    texts = ["", ""]
    for _, events in planned.events():
        for event in events.decode().split("\n\n"):
            if event and "[DONE]" not in event:
                choice = json.loads(event.removeprefix("data: "))["choices"][0]
                texts[choice["index"]] += choice["delta"].get("content", "")
    assert texts == ["tiktoken is great!"] * 2


def test_tokens_of_a_stream_are_due_one_after_another():
    planned = plan(chat(speed=1, Hi="tiktoken is great!"), user("Hi"), stream=True)
    due = [due_s for due_s, _ in planned.events()]
    first, waits = planned.first_s, planned.answer.waits
    assert len(waits) == 5 and len(set(waits)) == 5
    assert due == pytest.approx([first, *(first + sum(waits[:n]) for n in range(6)), due[-1]])
    assert due[-1] == due[-2]


WILD_CHAT = chat()
WILD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "text", "role", "content", "name"]), inner)
    ),
    max_leaves=8,
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["system", "user", "assistant", "tool", "owl"]), "content": WILD},
        optional={"name": WILD, "tool_calls": WILD},
    ),
    max_size=4,
)
FIELDS = [
    *("n", "max_tokens", "max_completion_tokens", "stop", "stream", "stream_options", "seed"),
    *("temperature", "top_p", "user", "reasoning_effort", "tools", "functions"),
    *("response_format", "logprobs", "logit_bias", "metadata"),
]


@settings(max_examples=150, derandomize=True, deadline=None)
@given(
    model=st.sampled_from(["gpt-4o-mini", "gpt-4o", "gpt-6-luna", "gpt-3.5-turbo", "gpt-9"]) | WILD,
    messages=MESSAGES | WILD,
    fields=st.dictionaries(st.sampled_from(FIELDS), WILD, max_size=3),
)
def test_any_body_is_answered_or_refused(model, messages, fields):
    body = fields | {"model": model, "messages": messages}
    try:
        planned = WILD_CHAT.plan(json.dumps(body).encode(), "k")
    except WireError as error:
        assert error.status in (400, 404)
        assert json.loads(error.json())["error"]["message"]
    else:
        assert json.loads(planned.body())["usage"]["total_tokens"] > 0
        assert list(planned.events())[-1][1].endswith(b"data: [DONE]\n\n")
