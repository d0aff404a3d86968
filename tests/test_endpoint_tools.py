"""Which tools are taken or refused, which are called with what, and what came back."""

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from course.endpoint.api import responses_tools
from course.endpoint.simulation.ask import Tool
from course.endpoint.simulation.choosing import choose
from course.endpoint.simulation.history import check_history, results
from course.endpoint.simulation.tools import read_tools
from course.endpoint.wire import WireError


def function(name="get_weather", **more):
    return {"type": "function", "function": {"name": name, **more}}


def an_object(*required, **properties):
    return {"type": "object", "properties": properties, "required": list(required)}


def refused(action, *arguments, **how):
    with pytest.raises(WireError) as caught:
        action(*arguments, **how)
    assert caught.value.status == 400
    return caught.value


TEXT, NUMBER = {"type": "string"}, {"type": "number"}
STRICT = an_object("city", city=TEXT) | {"additionalProperties": False}
WEATHER = Tool("get_weather", "Get the current weather.", an_object("city", city=TEXT))
EMAIL = Tool("send_email", "", an_object("to", "body", to=TEXT, body=TEXT))
ADD = Tool("add", "Add two numbers", an_object("a", "b", a=NUMBER, b=NUMBER))


# Reading


def test_tools_and_the_choice_of_them_are_read():
    given_tools = [
        function(description="The weather", parameters=STRICT, strict=True),
        function("b"),
    ]
    tools, choice = read_tools(given_tools, None, parallel=None)
    assert choice == "auto"
    assert tools == (
        Tool("get_weather", "The weather", STRICT, True),
        Tool("b", "", {"type": "object", "properties": {}}),
    )
    assert read_tools(given_tools, "required", parallel=True)[1] == "required"
    assert read_tools(given_tools, function("b"), parallel=False)[1] == tools[1]
    assert read_tools(None, None, parallel=None) == ((), "none")


def test_the_older_functions_are_read_too():
    tools, choice = read_tools([{"name": "now"}], {"name": "now"}, parallel=None, param="functions")
    assert tools[0].name == "now"
    assert choice == tools[0]


@pytest.mark.parametrize(
    ("tools", "param", "code", "told"),
    [
        ("x", "tools", "invalid_type", "expected an array, but got a string instead."),
        ([], "tools", "empty_array", "Expected an array with minimum length 1, but got an empty"),
        ([5], "tools[0]", "invalid_type", "expected an object, but got an integer instead."),
        ([{}], "tools[0].type", "missing_required_parameter", "'tools[0].type'."),
        ([{"type": "x"}], "tools[0].type", "unsupported_value", "does not play tools"),
        ([{"type": "function"}], "tools[0].function", "missing_required_parameter", "Missing"),
        ([function("")], "tools[0].function.name", "empty_string", "but got an empty string"),
        (
            [function("get weather")],
            "tools[0].function.name",
            "invalid_value",
            "Invalid 'tools[0].function.name': string does not match pattern. Expected a string "
            "that matches the pattern '^[a-zA-Z0-9_-]+$'.",
        ),
        (
            [function("x" * 65)],
            "tools[0].function.name",
            "string_above_max_length",
            "Expected a string with maximum length 64, but got a string with length 65 instead.",
        ),
        ([function("a"), function("a")], "tools[1].function.name", "invalid_value", "another"),
        (
            [function(f"f{number}") for number in range(129)],
            "tools",
            "array_above_max_length",
            "Invalid 'tools': array too long. Expected an array with maximum length 128, but got "
            "an array with length 129 instead.",
        ),
        ([function(strict=1)], "tools[0].function.strict", "invalid_type", "a boolean"),
        (
            [function(parameters=an_object(a=TEXT), strict=True)],
            "tools[0].function.parameters",
            "invalid_function_parameters",
            "Invalid schema for function 'get_weather': In context=(), 'additionalProperties' is",
        ),
    ],
)
def test_openais_words_are_used_to_refuse_tools(tools, param, code, told):
    error = refused(read_tools, tools, None, parallel=None)
    assert (error.param, error.code) == (param, code)
    assert told in error.message


@pytest.mark.parametrize(
    ("choice", "param", "told"),
    [
        ("any", "tool_choice", "Supported values are: 'none', 'auto', and 'required'."),
        (5, "tool_choice", "expected an object, but got an integer instead."),
        (function("other"), "tool_choice", "Tool choice 'other' not found in 'tools' parameter."),
        ({"type": "function"}, "tool_choice.function", "Missing required parameter"),
        ({"type": "mcp"}, "tool_choice.type", "does not play tools of type 'mcp'"),
    ],
)
def test_a_choice_must_be_one_of_the_tools(choice, param, told):
    error = refused(read_tools, [function()], choice, parallel=None)
    assert error.param == param
    assert told in error.message


def test_a_choice_without_tools_is_refused():
    told = (
        "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified."
    )
    error = refused(read_tools, None, "auto", parallel=None)
    assert (error.message, error.param, error.code) == (told, "tool_choice", None)
    assert refused(read_tools, None, None, parallel=True).param == "parallel_tool_calls"


# Choosing


def called(text, *tools, choice="auto", parallel=True, values=None):
    calls = choose(
        tools, choice, parallel=parallel, text=text, values=values or {}, draw=random.Random(0)
    )
    for tool, arguments in calls:
        Draft202012Validator(tool.parameters).validate(arguments)
    return [(tool.name, arguments) for tool, arguments in calls]


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        ("What is the weather in Paris?", [("get_weather", {"city": "Paris"})]),
        ("Tell me the weather for New York, please.", [("get_weather", {"city": "New York"})]),
        (
            "Send Ana an e-mail",
            [("send_email", {"to": "Ana", "body": "simulated"})],
        ),
        (
            'Send an e-mail to ana@example.org saying "See you at five".',
            [("send_email", {"to": "ana@example.org", "body": "See you at five"})],
        ),
        ("Add 3 and -4.5", [("add", {"a": 3, "b": -4.5})]),
        ("How tall is Mont Blanc?", []),
        ("", []),
    ],
)
def test_a_tool_is_called_that_the_text_speaks_of(text, calls):
    assert called(text, WEATHER, EMAIL, ADD) == calls


def test_joined_names_are_a_call_each_where_calls_may_be_parallel():
    text = "Compare the weather in Paris, São Paulo and in Rome."
    cities = [arguments["city"] for _, arguments in called(text, WEATHER)]
    assert cities == ["Paris", "São Paulo", "Rome"]
    assert called(text, WEATHER, parallel=False) == [("get_weather", {"city": "Paris"})]


def test_names_that_are_not_joined_fill_one_property_after_the_other():
    flight = Tool("book_flights", "", an_object("a", "b", a=TEXT, b=TEXT))
    text = "Book a flight from Oslo to Rome"
    assert called(text, flight) == [("book_flights", {"a": "Oslo", "b": "Rome"})]


def test_several_tools_are_called_best_first_and_one_where_not_parallel():
    text = "Send an email on the weather, and add it"
    names = [name for name, _ in called(text, ADD, WEATHER, EMAIL)]
    assert names == ["add", "get_weather", "send_email"]
    assert len(called(text, ADD, WEATHER, EMAIL, parallel=False)) == 1


def test_the_choice_rules():
    text = "How tall is Mont Blanc?"
    assert called("The weather in Paris", WEATHER, choice="none") == []
    assert called(text, ADD, choice=ADD)[0][0] == "add"
    assert [name for name, _ in called(text, WEATHER, ADD, choice="required")] == ["get_weather"]
    assert called("", choice="required") == []


def test_arguments_are_found_in_the_text_where_a_plain_rule_finds_them():
    tool = Tool(
        "book_table",
        "",
        an_object(
            place=TEXT,
            mail={"anyOf": [{"type": "string", "format": "email"}, {"type": "null"}]},
            date={"type": "string", "format": "date"},
            seats={"type": ["integer", "null"]},
            kind={"type": "string", "enum": ["indoor", "outdoor"]},
            query=TEXT,
            cities={"type": "array", "items": TEXT},
        ),
    )
    text = (
        "Book a table at 'The Blue Door' for 4 on 2026-03-01, outdoor rather than indoor; write to "
        "ana@example.org. Near Lyon and Nice."
    )
    expected = {
        "place": "The Blue Door",
        "mail": "ana@example.org",
        "date": "2026-03-01",
        "seats": 4,
        "kind": "outdoor",
        "query": text,
        "cities": ["Lyon", "Nice"],
    }
    assert called(text, tool) == [("book_table", expected)]


def test_given_values_go_before_those_found():
    calls = called("The weather in Paris", WEATHER, values={"city": "Lima"})
    assert calls == [("get_weather", {"city": "Lima"})]


# History


def asked(*ids):
    calls = [
        {
            "id": each,
            "type": "function",
            "function": {"name": f"f_{each}", "arguments": json.dumps({"of": each})},
        }
        for each in ids
    ]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def answer(to, content="42"):
    return {"role": "tool", "tool_call_id": to, "content": content}


USER = {"role": "user", "content": "Hello!"}


def test_results_are_paired_with_their_calls_in_the_order_of_the_answers():
    parts = [{"type": "text", "text": "4"}, {"type": "text", "text": "2"}]
    messages = [USER, asked("a", "b"), answer("b", parts), answer("a"), USER]
    check_history(messages)
    assert results(messages) == [("f_b", {"of": "b"}, "4\n2"), ("f_a", {"of": "a"}, "42")]


def test_results_of_older_functions_are_paired_too():
    call = {"name": "now", "arguments": "not JSON"}
    messages = [
        {"role": "assistant", "content": None, "function_call": call},
        {"role": "function", "name": "now", "content": "noon"},
    ]
    check_history(messages)
    assert results(messages) == [("now", {}, "noon")]


ORPHAN = (
    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
    "'tool_calls'."
)
UNANSWERED = (
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
    "'tool_call_id'. The following tool_call_ids did not have response messages: b"
)


@pytest.mark.parametrize(
    ("messages", "param", "told"),
    [
        ([USER, answer("a")], "messages.[1].role", ORPHAN),
        ([asked("a"), answer("a"), USER, answer("a")], "messages.[3].role", ORPHAN),
        ([asked("a", "b"), answer("a"), USER], "messages.[2].role", UNANSWERED),
        ([asked("a", "b"), answer("a")], "messages", UNANSWERED),
        (
            [asked("a"), answer("z")],
            "messages.[1].tool_call_id",
            "Invalid parameter: 'tool_call_id' of 'z' not found in 'tool_calls' of previous "
            "message.",
        ),
        (
            [asked("a"), {"role": "tool", "content": "x"}],
            "messages[1].tool_call_id",
            "Missing required parameter: 'messages[1].tool_call_id'.",
        ),
        (
            [asked()],
            "messages[0].tool_calls",
            "Invalid 'messages[0].tool_calls': empty array. Expected an array with minimum length "
            "1, but got an empty array instead.",
        ),
        (
            [{"role": "assistant", "tool_calls": [{"id": 5}]}],
            "messages[0].tool_calls[0].id",
            "Invalid type for 'messages[0].tool_calls[0].id': expected a string, but got an "
            "integer instead.",
        ),
    ],
)
def test_each_call_must_be_answered_right_after_it(messages, param, told):
    error = refused(check_history, messages)
    assert (error.message, error.param) == (told, param)


# Anything at all

KEYS = st.sampled_from(
    "type function name parameters strict description properties required enum anyOf items "  # noqa: SIM905
    "role tool_calls tool_call_id id arguments content function_call city number".split()
)
TEXTS = st.sampled_from(["function", "object", "string", "array", "tool", "assistant", "a", ""])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda some: st.lists(some, max_size=3) | st.dictionaries(KEYS, some, max_size=5),
    max_leaves=20,
)
SCHEMAS = st.builds(
    lambda named: {"type": "object", "properties": named},
    st.dictionaries(st.text(max_size=5) | KEYS, ANYTHING, max_size=3),
)
TOOLS = st.lists(
    st.builds(lambda name, part: function(name, parameters=part), TEXTS, SCHEMAS) | ANYTHING,
    max_size=3,
)
ANY = settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))


def read_flat(tools, choice):
    """As the responses API has them."""
    return responses_tools.read_choice(choice, responses_tools.read_tools(tools))


@ANY
@given(ANYTHING | TOOLS, ANYTHING | TEXTS, ANYTHING, st.text(), st.booleans())
def test_whatever_is_sent_as_tools_is_played_or_refused(tools, choice, parallel, text, older):
    readings = (
        lambda: read_tools(tools, choice, parallel=parallel),
        lambda: read_tools(tools, None, parallel=None, param="functions" if older else "tools"),
        lambda: read_flat(tools if isinstance(tools, list) else None, choice),
    )
    for read in readings:
        try:
            taken, chosen = read()
        except WireError as error:
            assert error.status == 400
            continue
        for tool, arguments in choose(
            taken, chosen, parallel=True, text=text, values={"a": 1}, draw=random.Random(0)
        ):
            assert tool in taken
            assert isinstance(json.dumps(arguments), str)


ROLES = st.sampled_from(["user", "assistant", "tool", "function"])
CALLS = st.lists(st.sampled_from("abc"), max_size=2).map(lambda ids: asked(*ids)["tool_calls"])
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {"role": ROLES},
        optional={
            "tool_calls": CALLS | ANYTHING,
            "tool_call_id": st.sampled_from("abc") | ANYTHING,
            "content": st.none() | st.text(max_size=5),
        },
    ),
    max_size=6,
)


@ANY
@given(MESSAGES)
def test_whatever_history_is_sent_is_read_or_refused(messages):
    try:
        check_history(messages)
    except WireError as error:
        assert error.status == 400
    else:
        results(messages)
