"""What is refused of a body is told in OpenAI's words, and by where it stands."""

import pytest

from course.endpoint import refusals
from course.endpoint.wire import WireError

BODY = {"name": "Ana", "tags": [], "age": None}


def test_a_field_is_read_where_it_is_of_its_type():
    assert refusals.field(BODY, "name", "user", str) == "Ana"
    assert refusals.optional(BODY, "tags", "", list) == []
    assert refusals.optional(BODY, "age", "", int) is None
    assert refusals.optional(BODY, "home", "", dict) is None


@pytest.mark.parametrize(
    ("read", "param", "code", "told"),
    [
        (
            lambda: refusals.field(BODY, "home", "user", dict),
            "user.home",
            "missing_required_parameter",
            "Missing required parameter: 'user.home'.",
        ),
        (
            lambda: refusals.field(BODY, "age", "", int),
            "age",
            "invalid_type",
            "Invalid type for 'age': expected an integer, but got null instead.",
        ),
        (
            lambda: refusals.optional(BODY, "name", "user", bool),
            "user.name",
            "invalid_type",
            "Invalid type for 'user.name': expected a boolean, but got a string instead.",
        ),
        (
            lambda: refusals.of_kind("x", list, "tools"),
            "tools",
            "invalid_type",
            "Invalid type for 'tools': expected an array, but got a string instead.",
        ),
    ],
)
def test_a_field_that_is_missing_or_of_a_wrong_type_is_named(read, param, code, told):
    with pytest.raises(WireError) as caught:
        read()
    found = caught.value
    assert (found.status, found.param, found.code, found.message) == (400, param, code, told)


@pytest.mark.parametrize(
    ("refusal", "code", "told"),
    [
        (
            refusals.empty("stop"),
            "empty_array",
            "Invalid 'stop': empty array. Expected an array with minimum length 1, but got an "
            "empty array instead.",
        ),
        (
            refusals.empty("stop", "string"),
            "empty_string",
            "Invalid 'stop': empty string. Expected a string with minimum length 1, but got an "
            "empty string instead.",
        ),
        (
            refusals.too_long("stop", ["a"] * 5, 4),
            "array_above_max_length",
            "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an "
            "array with length 5 instead.",
        ),
        (
            refusals.too_long("stop", "abc", 2),
            "string_above_max_length",
            "Invalid 'stop': string too long. Expected a string with maximum length 2, but got a "
            "string with length 3 instead.",
        ),
        (
            refusals.wrong_pattern("stop", "^a+$"),
            "invalid_value",
            "Invalid 'stop': string does not match pattern. Expected a string that matches the "
            "pattern '^a+$'.",
        ),
        (
            refusals.unsupported("stop"),
            "unsupported_parameter",
            "Unsupported parameter: 'stop' is not supported with this model.",
        ),
        (
            refusals.only_with("stop", "stream"),
            None,
            "The 'stop' parameter is only allowed when 'stream' is enabled.",
        ),
    ],
)
def test_the_words_are_those_of_openai(refusal, code, told):
    about = (refusal.status, refusal.param, refusal.code, refusal.message)
    assert about == (400, "stop", code, told)
