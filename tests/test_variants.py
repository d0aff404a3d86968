"""Safe arithmetic over names, and texts filled from it."""

import contextlib
import doctest
import string
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.errors import CourseError
from course.quiz import variants
from course.quiz.variants import evaluate, fill


class Money(Decimal):
    """As facts are: a value with a name of its own."""


NAMES = {
    "price": Money("0.60"),
    "tokens": 128000,
    "model": "gpt-4o-mini",
    "shutdown": date(2027, 1, 14),
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("0.1 + 0.2", "0.3"),
        ("50000 * 200 * 0.15 / 1000000", "1.5"),
        ("50_000 * price", "30000"),
        ("2 ** 10", "1024"),
        ("2 ** -1", "0.5"),
        ("-7 // 2", "-4"),
        ("7 // -2", "-4"),
        ("-7 % 3", "2"),
        ("7 % -3", "-2"),
        ("7.5 // 2", "3"),
        ("+5 - -5", "10"),
        ("round(2.675, 2)", "2.68"),
        ("round(2.5)", "2"),
        ("round(1234, -2)", "1200"),
        ("ceil(tokens / 1000.5)", "128"),
        ("floor(-0.5)", "-1"),
        ("min(3, price, 1) + max(2, 5)", "5.6"),
        ("1e3", "1000"),
    ],
)
def test_arithmetic_is_exact_and_rounds_as_python_does(expression, expected):
    assert evaluate(expression, NAMES) == Decimal(expected)


def test_the_result_is_a_plain_decimal_without_an_exponent():
    value = evaluate("1000 * 1000 * price", NAMES)
    assert type(value) is Decimal
    assert str(value) == "600000"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("price * volume", "'volume' is not declared.*price, tokens"),
        ("model + 1", "'gpt-4o-mini', which is not a number"),
        ("shutdown + 1", "not a number"),
        ("1 / 0", "divides by zero"),
        ("1 // 0", "divides by zero"),
        ("1 % 0", "divides by zero"),
        ("9 ** 9 ** 9", "too large"),
        ("1e999", "too large"),
        ("(-1) ** 0.5", "no usable value"),
        ("1 +", "not arithmetic"),
        ("", "not arithmetic"),
        ("1; 2", "not arithmetic"),
        ("'a' * 9", "only numbers"),
        ("True + 1", "not numbers"),
        ("2j", "only numbers"),
        ("price.real", "only numbers"),
        ("__import__('os')", "only numbers"),
        ("(lambda: 1)()", "only numbers"),
        ("[1][0]", "only numbers"),
        ("1 if 2 else 3", "only numbers"),
        ("1 < 2", "only numbers"),
        ("round(1, ndigits=2)", "only numbers"),
        ("max(*tokens)", "only numbers"),
        ("round(1, 2, 3)", "round takes 1 to 2 numbers, not 3"),
        ("ceil()", "ceil takes 1 numbers, not 0"),
        ("round(1, 0.5)", "whole number of digits"),
        ("round", "'round' is not declared"),
        ("1 + " * 200 + "1", "longer than 500"),
        ("(" * 240 + "1" + ")" * 240, "not arithmetic"),
    ],
)
def test_what_is_not_plain_arithmetic_is_refused_with_a_reason(expression, said):
    with pytest.raises(CourseError, match=said):
        evaluate(expression, NAMES)


@given(
    st.text(alphabet=string.digits + string.ascii_letters + "+-*/%()., _'\"[]{}:=<>", max_size=60)
)
def test_any_text_gives_a_finite_number_or_a_course_error(text):
    with contextlib.suppress(CourseError):
        assert evaluate(text, {"n": 3}).is_finite()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It costs ${price} for {tokens} tokens.", "It costs $0.60 for 128000 tokens."),
        ("{tokens:,} tokens", "128,000 tokens"),
        ("{tokens:,d} tokens", "128,000 tokens"),
        ("{price:.1f}", "0.6"),
        ("{model} until {shutdown}", "gpt-4o-mini until 2027-01-14"),
        ("until {shutdown:%d.%m.%Y}", "until 14.01.2027"),
        ("{= 2 * price}", "1.2"),
        ("{= 50000 * 200 * price / 1000000 :.2f} USD", "6.00 USD"),
        ("{=tokens*1000:,}", "128,000,000"),
        ("{= 10 ** 6}", "1000000"),
    ],
)
def test_names_and_expressions_are_filled_in(text, expected):
    assert fill(text, NAMES) == expected


@pytest.mark.parametrize(
    "text",
    ['{"role": "user"}', "{}", "{volume}", "{volume:.2f}", "f'{x!r}'", "{{", "}", "{price.real}",
     "{0}", "{model['a']}", '{"price": 1}', "a = {1, 2}"],
)  # fmt: skip
def test_other_braces_stay_as_they_are(text):
    assert fill(text, NAMES) == text


def test_what_is_filled_in_is_not_filled_again():
    assert fill("{a}", {"a": "{= 1 + 1}"}) == "{= 1 + 1}"


@pytest.mark.parametrize(
    "text",
    ["{price:.2q}", "{price:999999999}", "{= 1 :>99999}", "{= volume}", "{= }", "{model:.2f}",
     "{price:%d %B}"],
)  # fmt: skip
def test_a_place_that_cannot_be_filled_is_told(text):
    with pytest.raises(CourseError):
        fill(text, NAMES)


def test_the_example_in_the_documentation_runs():
    assert doctest.testmod(variants) == doctest.TestResults(failed=0, attempted=1)
