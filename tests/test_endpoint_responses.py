"""Which Responses requests are taken, what they ask for, and how wrong ones are refused."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.responses import Response
from responses_parts import CALL, HELLO, RESULT, WEATHER, Played, body, read, said

from course.endpoint.api.conversations import Conversations
from course.endpoint.api.responses import Reading, count_tokens
from course.endpoint.simulation.ask import Ask, Format, Tool
from course.endpoint.wire import WireError

PNG = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
PERSON = {"type": "json_schema", "name": "place", "schema": SCHEMA, "strict": True}
REASONER = "gpt-5-mini"


def messages(*items, **changes):
    return read(input=list(items), **changes).ask.messages


def refused(**changes):
    with pytest.raises(WireError) as caught:
        read(**changes)
    return caught.value


def test_a_text_is_a_message_of_the_user_and_counts_like_one_of_a_chat():
    reading = read()
    assert reading.ask.messages == [{"role": "user", "content": "Hello!"}]
    # 3 for the message, 1 for its role, 2 for "Hello!", 3 that start the answer
    assert (reading.model, reading.prompt, reading.cap) == ("gpt-4o-mini", 9, None)
    assert reading.ask.model == "gpt-4o-mini"


def test_instructions_come_before_all_messages():
    asked = messages({"role": "user", "content": "Hello!"}, instructions="Be brief.")
    assert asked == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello!"},
    ]


def test_messages_may_have_parts():
    picture = {"type": "input_image", "image_url": PNG, "detail": "low"}
    asked = messages(
        {"role": "developer", "content": "Look closely."},
        {"role": "user", "content": [{"type": "input_text", "text": "What is it?"}, picture]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "A dot."}]},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No more."}]},
        {"type": "message", "role": "user", "content": "Sure?"},
    )
    shown = {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}
    assert asked == [
        {"role": "developer", "content": "Look closely."},
        {"role": "user", "content": [{"type": "text", "text": "What is it?"}, shown]},
        {"role": "assistant", "content": "A dot."},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No more."}]},
        {"role": "user", "content": "Sure?"},
    ]


def test_calls_and_their_outputs_become_one_message_of_calls_and_one_for_each_result():
    second = CALL | {"call_id": "call_2", "arguments": '{"city":"Rome"}'}
    sun = [{"type": "input_text", "text": "Sun."}]
    asked = messages(
        {"role": "user", "content": "Weather in Oslo and Rome?"},
        {"type": "reasoning", "summary": [], "encrypted_content": "c2Vj"},
        CALL,
        second,
        RESULT,
        RESULT | {"call_id": "call_2", "output": sun},
    )
    first, other = asked[1]["tool_calls"]
    assert first["function"] == {"name": "get_weather", "arguments": '{"city":"Oslo"}'}
    assert (first["id"], first["type"], other["id"]) == ("call_1", "function", "call_2")
    assert asked[1]["content"] is None
    assert asked[2:] == [
        {"role": "tool", "tool_call_id": "call_1", "content": "Rain."},
        {"role": "tool", "tool_call_id": "call_2", "content": "Sun."},
    ]


def test_what_is_asked_for_is_passed_on():
    ask = read(
        max_output_tokens=50,
        temperature=0.5,
        parallel_tool_calls=False,
        include=["message.output_text.logprobs"],
        top_logprobs=3,
        stream=True,
    ).ask
    assert (ask.cap, ask.temperature, ask.parallel) == (50, 0.5, False)
    assert (ask.logprobs, ask.stream, ask.effort) == (3, True, None)


def test_no_logprobs_are_wanted_unless_they_are_included():
    assert read(top_logprobs=3).ask.logprobs is None
    assert read(include=["message.output_text.logprobs"]).ask.logprobs == 0


def test_the_effort_is_the_models_own_unless_the_request_says_another():
    assert read(model=REASONER).ask.effort == "medium"
    assert read(model=REASONER, reasoning={"effort": "high"}).ask.effort == "high"
    assert read(model=REASONER, reasoning={"summary": "auto"}).ask.effort == "medium"


def test_unknown_fields_are_let_through():
    assert read(new_in_2031={"a": 1}, input=[{"role": "user", "content": "x", "new": 1}])


def test_nulls_stand_for_fields_left_out():
    named = ("instructions", "tools", "tool_choice", "text", "reasoning", "metadata", "prompt")
    assert read(**dict.fromkeys(named), include=None, max_output_tokens=None).prompt == 9


def test_functions_are_flat_and_billed_as_prompt():
    reading = read(tools=[WEATHER])
    assert reading.ask.tools == [
        Tool("get_weather", "The weather in a city.", WEATHER["parameters"], True)
    ]
    assert reading.ask.also == [[WEATHER]]
    assert reading.prompt > 9


def test_tools_of_openais_own_are_refused_in_words_of_the_simulator():
    error = refused(tools=[{"type": "web_search"}])
    assert "simulator does not play tools of type 'web_search'" in error.message


def test_the_name_of_a_function_may_have_128_characters():
    assert read(tools=[WEATHER | {"name": "x" * 128}]).ask.tools[0].name == "x" * 128


@pytest.mark.parametrize("choice", ["auto", "none", "required"])
def test_a_choice_among_functions_is_passed_on(choice):
    assert read(tools=[WEATHER], tool_choice=choice).ask.tool_choice == choice


def test_one_function_can_be_chosen():
    ask = read(tools=[WEATHER], tool_choice={"type": "function", "name": "get_weather"}).ask
    assert ask.tool_choice.name == "get_weather"


def test_only_allowed_functions_may_be_called():
    clock = {"type": "function", "name": "clock", "parameters": None}
    allowed = [{"type": "function", "name": "clock"}]
    choice = {"type": "allowed_tools", "mode": "required", "tools": allowed}
    ask = read(tools=[WEATHER, clock], tool_choice=choice).ask
    assert [tool.name for tool in ask.tools] == ["clock"]
    assert ask.tool_choice == "required"


def test_a_function_is_strict_by_itself_where_its_schema_allows_it():
    loose = WEATHER["parameters"] | {"required": [], "additionalProperties": True}
    tools = [
        WEATHER | {"strict": None},
        WEATHER | {"strict": None, "parameters": loose},
        WEATHER | {"strict": False},
    ]
    assert [tool.strict for tool in read(tools=tools).ask.tools] == [True, False, False]


def test_the_format_is_passed_on():
    assert read(text={"format": {"type": "text"}}).ask.format is None
    assert read(text={"format": PERSON}).ask.format == Format("place", SCHEMA, True)
    loose = read(text={"format": {"type": "json_object"}}, input="As JSON, please.")
    assert loose.ask.format == Format()


def test_json_must_be_spoken_of_in_the_input_and_instructions_do_not_count():
    error = refused(text={"format": {"type": "json_object"}}, instructions="Answer in JSON.")
    assert "must contain the word 'json'" in error.message
    assert error.param == "input"


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"model": ...}, "model", "missing_required_parameter"),
        ({"model": 7}, "model", "invalid_type"),
        ({"input": ...}, "input", "missing_required_parameter"),
        ({"input": None}, "input", "invalid_type"),
        ({"input": 7}, "input", "invalid_type"),
        ({"input": ""}, None, "missing_required_parameter"),
        ({"input": []}, None, "missing_required_parameter"),
        ({"input": [7]}, "input[0]", "invalid_type"),
        ({"input": [{}]}, "input[0]", "invalid_value"),
        ({"input": [{"type": 7}]}, "input[0]", "invalid_value"),
        ({"input": [{"type": "web_search_call"}]}, "input[0]", "invalid_value"),
        ({"input": [{"role": "tool", "content": "x"}]}, "input[0]", "invalid_value"),
        ({"input": [{"role": ["user"], "content": "x"}]}, "input[0]", "invalid_value"),
        ({"input": [{"role": "user"}]}, "input[0].content", "missing_required_parameter"),
        ({"input": [{"role": "user", "content": None}]}, "input[0].content", "invalid_type"),
        ({"instructions": 7}, "instructions", "invalid_type"),
        ({"max_output_tokens": 15}, "max_output_tokens", "integer_below_min_value"),
        ({"max_output_tokens": 16385}, "max_output_tokens", "integer_above_max_value"),
        ({"temperature": 2.5}, "temperature", "decimal_above_max_value"),
        ({"top_p": -1}, "top_p", "decimal_below_min_value"),
        ({"top_logprobs": 21}, "top_logprobs", "integer_above_max_value"),
        ({"stream": "yes"}, "stream", "invalid_type"),
        ({"stream_options": {"include_obfuscation": False}}, "stream_options", None),
        (
            {"stream": True, "stream_options": {"include_usage": True}},
            "stream_options.include_usage",
            "unknown_parameter",
        ),
        ({"include": ["all"]}, "include[0]", "invalid_value"),
        ({"truncation": "some"}, "truncation", "invalid_value"),
        ({"service_tier": "gold"}, "service_tier", "invalid_value"),
        ({"text": "json"}, "text", "invalid_type"),
        ({"text": {"verbosity": "silent"}}, "text.verbosity", "invalid_value"),
        ({"text": {"format": {}}}, "text.format.type", "missing_required_parameter"),
        ({"text": {"format": {"type": "yaml"}}}, "text.format.type", "invalid_value"),
        (
            {"text": {"format": {"type": "json_schema", "schema": SCHEMA}}},
            "text.format.name",
            "missing_required_parameter",
        ),
        ({"text": {"format": PERSON | {"name": "a b"}}}, "text.format.name", "invalid_value"),
        (
            {"text": {"format": PERSON | {"name": "x" * 65}}},
            "text.format.name",
            "string_above_max_length",
        ),
        (
            {"text": {"format": {"type": "json_schema", "name": "x"}}},
            "text.format.schema",
            "missing_required_parameter",
        ),
        ({"text": {"format": PERSON | {"schema": []}}}, "text.format.schema", "invalid_type"),
        ({"tools": "all"}, "tools", "invalid_type"),
        ({"tools": [7]}, "tools[0]", "invalid_type"),
        ({"tools": [{}]}, "tools[0].type", "missing_required_parameter"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type", "unsupported_value"),
        ({"tools": [WEATHER] * 129}, "tools", "array_above_max_length"),
        ({"tools": [WEATHER | {"name": ""}]}, "tools[0].name", "empty_string"),
        ({"tools": [WEATHER | {"name": "a.b"}]}, "tools[0].name", "invalid_value"),
        ({"tools": [WEATHER | {"name": "x" * 129}]}, "tools[0].name", "string_above_max_length"),
        (
            {"tools": [{"type": "function", "function": {"name": "of_a_chat"}}]},
            "tools[0].name",
            "missing_required_parameter",
        ),
        ({"tools": [WEATHER | {"parameters": 7}]}, "tools[0].parameters", "invalid_type"),
        ({"tools": [WEATHER | {"strict": "yes"}]}, "tools[0].strict", "invalid_type"),
        ({"tool_choice": 7}, "tool_choice", "invalid_type"),
        ({"tool_choice": "any"}, "tool_choice", "invalid_value"),
        ({"tool_choice": "required"}, "tool_choice", None),
        ({"tool_choice": {"type": "function"}}, "tool_choice.name", "missing_required_parameter"),
        ({"tool_choice": {"type": "function", "name": "nobody"}}, "tool_choice", None),
        ({"tool_choice": {"type": "web_search"}}, "tool_choice.type", "invalid_value"),
        ({"reasoning": {"effort": "heroic"}}, "reasoning.effort", "invalid_value"),
        ({"metadata": "x"}, "metadata", "invalid_type"),
        ({"metadata": {"a": 1}}, "metadata.a", "invalid_type"),
        ({"metadata": {"a": "x" * 513}}, "metadata.a", "string_above_max_length"),
        ({"metadata": {"x" * 65: ""}}, f"metadata.{'x' * 65}", "property_name_above_max_length"),
        ({"metadata": {f"k{n}": "" for n in range(17)}}, "metadata", "object_above_max_properties"),
        ({"background": True}, "background", "unsupported_parameter"),
        ({"previous_response_id": 7}, "previous_response_id", "invalid_type"),
        ({"messages": []}, "messages", "unsupported_parameter"),
        ({"response_format": {}}, "response_format", "unsupported_parameter"),
        ({"max_tokens": 16}, "max_tokens", "unknown_parameter"),
        ({"n": 2}, "n", "unknown_parameter"),
    ],
)
def test_a_wrong_field_is_refused_by_name(changes, param, code):
    error = refused(**changes)
    assert (error.status, error.param, error.code) == (400, param, code)


@pytest.mark.parametrize(
    ("part", "param", "code"),
    [
        (7, "", "invalid_type"),
        ({}, ".type", "missing_required_parameter"),
        ({"type": "text", "text": "as in a chat"}, ".type", "invalid_value"),
        ({"type": "output_text", "text": "x"}, ".type", "invalid_value"),
        ({"type": "input_text"}, ".text", "missing_required_parameter"),
        ({"type": "input_text", "text": 7}, ".text", "invalid_type"),
        ({"type": "input_image"}, ".image_url", "missing_required_parameter"),
        ({"type": "input_image", "image_url": {"url": PNG}}, ".image_url", "invalid_type"),
        ({"type": "input_image", "image_url": PNG, "detail": "x"}, ".detail", "invalid_value"),
        ({"type": "input_image", "file_id": "file-1"}, ".file_id", "unsupported_parameter"),
    ],
)
def test_a_wrong_part_is_refused_by_its_place(part, param, code):
    error = refused(input=[{"role": "user", "content": [part]}])
    assert (error.param, error.code) == (f"input[0].content[0]{param}", code)


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ([CALL], "No tool output found for function call call_1."),
        ([RESULT], "No tool call found for function call output with call_id call_1."),
        ([RESULT, CALL], "No tool call found for function call output with call_id call_1."),
        (
            [{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}],
            "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
        ),
    ],
)
def test_items_that_need_each_other_must_both_be_there(items, told):
    error = refused(input=items)
    assert (error.message, error.param, error.code) == (told, "input", None)


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"type": "function_call", "call_id": "a", "name": "b"}, "input[0].arguments"),
        ({"type": "function_call_output", "call_id": "a"}, "input[0].output"),
        ({"type": "function_call_output", "output": "a"}, "input[0].call_id"),
        ({"type": "reasoning", "encrypted_content": "x"}, "input[0].summary"),
        ({"type": "item_reference"}, "input[0].id"),
    ],
)
def test_what_an_item_lacks_is_named(item, param):
    error = refused(input=[item])
    assert (error.param, error.code) == (param, "missing_required_parameter")


def test_the_id_of_an_item_begins_as_its_kind_does():
    error = refused(input=[CALL | {"id": "toolu_1"}, RESULT])
    assert error.message.endswith("Expected an ID that begins with 'fc'.")
    assert (error.param, error.code) == ("input[0].id", "invalid_value")


@pytest.mark.parametrize("name", ["prompt", "conversation"])
def test_what_is_not_kept_here_is_not_found(name):
    error = refused(**{name: {"id": "x_1"}})
    assert error.status == 404
    assert f"{name.title()} with id 'x_1' not found" in error.message


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"reasoning": {"effort": "low"}}, "reasoning.effort", "unsupported_parameter"),
        ({"include": ["reasoning.encrypted_content"]}, "include", None),
        ({"text": {"verbosity": "low"}}, "text.verbosity", "unsupported_value"),
        ({"model": REASONER, "temperature": 0.5}, "temperature", None),
        ({"model": REASONER, "top_p": 0.5}, "top_p", None),
        ({"model": REASONER, "top_logprobs": 1}, "top_logprobs", "unsupported_parameter"),
        (
            {"model": REASONER, "include": ["message.output_text.logprobs"]},
            "include",
            "unsupported_parameter",
        ),
    ],
)
def test_what_a_model_does_not_know_is_refused(changes, param, code):
    error = refused(**changes)
    assert (error.status, error.param, error.code) == (400, param, code)


def test_a_model_that_reasons_takes_what_belongs_to_reasoning():
    assert read(
        model=REASONER,
        reasoning={"effort": "low", "summary": "auto"},
        include=["reasoning.encrypted_content"],
        text={"verbosity": "low"},
        temperature=1,
    )


def test_an_input_longer_than_the_window_is_refused():
    error = refused(input="a " * 130_000)
    assert (error.code, error.param) == ("context_length_exceeded", "input")


def test_truncation_drops_the_first_messages_but_not_the_instructions():
    long = [{"role": "user", "content": "a " * 100_000}, {"role": "user", "content": "b " * 50_000}]
    reading = read(input=long, instructions="Be brief.", truncation="auto")
    assert [message["content"][:3] for message in reading.ask.messages] == ["Be ", "b b"]
    short = read(input=long[1:], instructions="Be brief.")
    assert reading.prompt == short.prompt


def test_truncation_cannot_shorten_the_last_message():
    assert refused(input="a " * 130_000, truncation="auto").code == "context_length_exceeded"


@pytest.mark.parametrize(
    ("changes", "tokens"),
    [({}, 9), ({"model": ...}, 9), ({"input": ...}, 3), ({"input": "Hello! Hello!"}, 11)],
)
def test_tokens_are_counted_without_an_answer(changes, tokens):
    told = count_tokens(body(**changes), "key", simulator=Played(), conversations=Conversations())
    assert told == {"object": "response.input_tokens", "input_tokens": tokens}


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(WireError) as caught:
        count_tokens(body(input=7), "key", simulator=Played(), conversations=Conversations())
    assert caught.value.param == "input"


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"model": NaN}', b'{"a": "\\ud800"}'])
def test_what_is_no_json_object_is_refused(data):
    with pytest.raises(WireError) as caught:
        Reading(data, "key", simulator=Played(), conversations=Conversations())
    assert caught.value.status == 400


def test_a_refusal_never_repeats_a_huge_value():
    huge = "x" * 1_000_000
    for changes in (
        {"input": [{"type": huge}]},
        {"input": [{"role": "user", "content": [{"type": huge}]}]},
        {"tool_choice": huge},
        {"tool_choice": {"type": "function", "name": huge}},
        {"input": [RESULT | {"call_id": huge}]},
        {"metadata": {huge: ""}},
        {"previous_response_id": huge},
        {"prompt": {"id": huge}},
    ):
        assert len(refused(**changes).json()) < 800


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=6)
            | st.sampled_from(
                ["type", "id", "role", "content", "text", "name", "call_id", "arguments", "output"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
WORDS = st.sampled_from(
    [
        *("message", "function_call", "function_call_output", "reasoning", "item_reference"),
        *("input_text", "output_text", "refusal", "input_image", "user", "assistant", "function"),
        *(
            "json_schema",
            "json_object",
            "auto",
            "required",
            "rs_1",
            "fc_1",
            "msg_1",
            "allowed_tools",
        ),
    ]
)
ITEM = st.dictionaries(
    st.sampled_from(
        [
            *("type", "role", "content", "id", "call_id", "name", "arguments", "output", "summary"),
            *("encrypted_content", "image_url", "file_id", "text", "detail", "format", "schema"),
            *("mode", "tools", "parameters", "strict", "effort", "verbosity"),
        ]
    ),
    WORDS
    | ANY
    | st.lists(st.dictionaries(WORDS | st.just("type"), WORDS | ANY, max_size=3), max_size=2),
    max_size=6,
)
FIELDS = sorted(
    [
        *("input", "instructions", "previous_response_id", "include", "tools", "tool_choice"),
        *("parallel_tool_calls", "metadata", "text", "temperature", "top_p", "top_logprobs"),
        *("truncation", "store", "stream", "stream_options", "background", "max_output_tokens"),
        *("reasoning", "user", "service_tier", "conversation", "prompt", "model", "n"),
    ]
)


@settings(max_examples=250, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(FIELDS), ANY | WORDS | ITEM | st.lists(ITEM, max_size=4), max_size=4
    )
)
def test_any_body_is_understood_or_refused(changes):
    try:
        data = json.dumps(HELLO | changes).encode()
        reading = Reading(data, "key", simulator=Played(), conversations=Conversations())
    except WireError as error:
        assert 400 <= error.status < 500
        assert json.loads(error.json())["error"]["message"]
    else:
        assert isinstance(reading.ask, Ask)
        assert reading.ask.messages
        Response.model_validate_json(reading.write(said("x"), owner="key").body())
