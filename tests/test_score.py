"""What a response is worth: right, half-right, wrong, and anything at all."""

import json
import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.errors import CourseError
from course.quiz.items import Item
from course.quiz.score import check, interval, score

OPTIONS = [{"id": name, "text": f"Text of {name}."} for name in "ABCD"]


def item(**fields):
    return Item.model_validate({"id": "x-01", "stem": "?", "options": OPTIONS} | fields)


def number(key, tolerance, *, unit="USD", units=(), points=1):
    made = item(type="numeric", options=[], unit=unit, units=units, tolerance=tolerance)
    return made.model_copy(update={"key": Decimal(key), "points": points})


SINGLE = item(type="single", key="C", points=2)
MULTIPLE = item(type="multiple", key=["A", "C"], points=2)
ALL_OR_NOTHING = item(type="multiple", key=["A", "C"], points=2, scoring="all-or-nothing")
THREE_KEYS = item(type="multiple", key=["A", "B", "C"], points=1)
PRICE = number("1.50", {"relative": Decimal("0.02")}, units=["cent"])
RATE = number("0.15", 0, unit="USD per 1M tokens")


@pytest.mark.parametrize(
    ("quiz_item", "response", "points", "state"),
    [
        (SINGLE, "C", 2, "right"),
        (SINGLE, " c ", 2, "right"),
        (SINGLE, "A", 0, "wrong"),
        (MULTIPLE, ["A", "C"], 2, "right"),
        (MULTIPLE, ["C", "A"], 2, "right"),
        (MULTIPLE, ["A"], 1, "partly"),  # 1/2 of 2 points
        (MULTIPLE, ["A", "C", "B"], 1, "partly"),  # 2/2 - 1/2
        (MULTIPLE, ["A", "B"], 0, "wrong"),  # 1/2 - 1/2
        (MULTIPLE, ["B"], 0, "wrong"),  # 0/2 - 1/2, not below 0
        (MULTIPLE, ["A", "B", "C", "D"], 0, "wrong"),  # choosing all earns nothing
        (ALL_OR_NOTHING, ["A"], 0, "wrong"),
        (ALL_OR_NOTHING, ["A", "C"], 2, "right"),
        (THREE_KEYS, ["A", "B"], 2 / 3, "partly"),
        (PRICE, 1.5, 1, "right"),
        (PRICE, 1.47, 1, "right"),  # 1.50 - 0.03
        (PRICE, 1.53, 1, "right"),
        (PRICE, 1.4699, 0, "wrong"),
        (PRICE, 1.5301, 0, "wrong"),
        (PRICE, -1.5, 0, "wrong"),
        (PRICE, {"value": 150, "unit": "cent"}, 1, "right"),
        (PRICE, {"value": "1.50"}, 1, "right"),
        (PRICE, "$1.5"[1:], 1, "right"),
        (PRICE, "150 cents", 1, "right"),
        (PRICE, {"value": 150, "unit": "USD"}, 0, "wrong"),
    ],
)
def test_points_are_those_worked_out_by_hand(quiz_item, response, points, state):
    verdict = score(quiz_item, response)
    assert (verdict.points, verdict.state) == (pytest.approx(points), state)
    assert verdict.possible == quiz_item.points


@pytest.mark.parametrize(
    ("key", "tolerance", "low", "high"),
    [
        ("100", {"absolute": 5}, "95", "105"),
        ("100", {"relative": Decimal("0.02")}, "98", "102"),
        ("100", {"absolute": 5, "relative": Decimal("0.02")}, "95", "105"),
        ("1000", {"absolute": 5, "relative": Decimal("0.02")}, "980", "1020"),
        ("-100", {"relative": Decimal("0.02")}, "-102", "-98"),
        ("19", 0, "19", "19"),
        ("0", {"relative": Decimal("0.02")}, "0", "0"),
    ],
)
def test_the_interval_is_the_larger_tolerance_on_both_sides(key, tolerance, low, high):
    made = number(key, tolerance)
    assert interval(made.key, made.tolerance) == (Decimal(low), Decimal(high))


def test_binary_noise_of_floats_costs_no_points():
    assert score(number("0.3", 0), 0.1 + 0.2).state == "right"
    assert score(number("0.35", {"absolute": Decimal("0.05")}), 0.1 + 0.2).state == "right"


def test_exact_counts_are_exact_even_beyond_floats():
    exact = number(10**20 + 1, 0, unit="tokens")
    assert score(exact, 10**20 + 1).state == "right"
    assert score(exact, 10**20).state == "wrong"


@pytest.mark.parametrize("response", [None, "", "  ", [], {}, {"value": None, "unit": "USD"}])
@pytest.mark.parametrize("quiz_item", [SINGLE, MULTIPLE, PRICE])
def test_nothing_answered_is_unanswered(quiz_item, response):
    assert score(quiz_item, response).state == "unanswered"


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("quiz_item", "response", "said"),
    [
        (SINGLE, "E", "'E' is not an option here; choose from A, B, C, D"),
        (SINGLE, ["C"], "Choose one option"),
        (SINGLE, 3, "Choose one option"),
        (SINGLE, True, "Choose one option"),
        (SINGLE, nested(1000), "Choose one option"),
        (MULTIPLE, "AC", "list of options"),
        (MULTIPLE, ["A", "E"], "'E' is not an option"),
        (MULTIPLE, ["A", "a"], "Option A is chosen 2 times"),
        (MULTIPLE, ["A"] * 100_000, "chosen 100000 times"),
        (MULTIPLE, ["A", ["C"]], "list of options"),
        (MULTIPLE, {"A": True}, "list of options"),
        (PRICE, True, "Give a number"),
        (PRICE, float("nan"), "Give a number"),
        (PRICE, float("-inf"), "Give a number"),
        (PRICE, "1,50", "Give a number"),
        (PRICE, "١٫٥", "Give a number"),
        (PRICE, "9" * 5000, "Give a number"),
        (PRICE, "NaN", "Give a number"),
        (PRICE, 10**4000, "Give a number"),
        (PRICE, "1e999", "too large"),
        (PRICE, "1e-999", "too large or too small"),
        (PRICE, nested(1000), "Give a number"),
        (PRICE, {"value": nested(1000), "unit": "USD"}, "Give a number"),
        (PRICE, {"value": 1.5, "unit": nested(1000)}, "unit as text"),
        (PRICE, {"value": 1.5, "unit": "parsec"}, "this course knows; use USD or cent."),
        (PRICE, "340tok", "'tok' is not a unit this course knows; use USD or cent."),
        (PRICE, "$5 cent", "'$ cent' is not a unit"),
        (PRICE, "3/4", "one number, no sum"),
        (PRICE, "285 / 1000000", "one number, no sum"),
        (PRICE, "$0.15 x 3", "one number, no sum"),
        (PRICE, "2**3", "one number, no sum"),
        (PRICE, "2 + (3)", "one number, no sum"),
        (PRICE, "(1+2)*3", "one number, no sum"),
        (PRICE, {"value": 1.5, "units": "cent"}, '"value": number'),
    ],
)
def test_a_response_that_cannot_be_read_is_invalid_with_its_reason(quiz_item, response, said):
    verdict = score(quiz_item, response)
    assert (verdict.points, verdict.state) == (0, "invalid")
    assert said in verdict.reason
    with pytest.raises(CourseError) as told:
        check(quiz_item.public(), response)
    assert str(told.value) == verdict.reason


def test_an_integer_too_long_to_be_printed_is_invalid_too():
    assert score(PRICE, 10**5000).state == score(PRICE, {"value": -(10**5000)}).state == "invalid"
    assert score(SINGLE, 10**5000).state == "invalid"


def test_a_unit_of_another_dimension_is_wrong_and_explained():
    verdict = score(PRICE, {"value": 1.5, "unit": "tokens"})
    assert (verdict.points, verdict.state) == (0, "wrong")
    assert "unit of tokens" in verdict.reason
    assert "give it in USD" in verdict.reason


@pytest.mark.parametrize("kind", ["code", "measured"])
def test_what_stands_in_the_notebook_is_not_scored_from_a_response(kind):
    later = item(type=kind, options=[], function="cost")
    verdict = score(later, "A")
    assert (verdict.points, verdict.state) == (0, "invalid")
    assert verdict.reason == "It is graded from the notebook."
    with pytest.raises(CourseError, match="The answer is the function cost in the notebook"):
        check(later.public(), "A")


def test_an_item_without_a_key_gives_no_points():
    verdict = score(item(type="single"), "A")
    assert (verdict.points, verdict.state) == (0, "invalid")
    assert "no key" in verdict.reason


@pytest.mark.parametrize(
    ("quiz_item", "response", "plain"),
    [
        (SINGLE, "b", "B"),
        (MULTIPLE, {"C", "A"}, ["A", "C"]),
        (MULTIPLE, ("d", "A"), ["A", "D"]),
        (PRICE, 1.5, {"value": 1.5, "unit": "USD"}),
        (PRICE, "150", {"value": 150, "unit": "USD"}),
        (PRICE, Decimal("1.50"), {"value": 1.5, "unit": "USD"}),
        (PRICE, "−2 cents", {"value": -2, "unit": "cent"}),
        (PRICE, "0.0285¢", {"value": 0.0285, "unit": "cent"}),
        (PRICE, "$0.000285", {"value": 0.000285, "unit": "USD"}),
        (PRICE, "0.000285 $", {"value": 0.000285, "unit": "USD"}),
        (PRICE, "$ 2.85e-4 USD", {"value": 0.000285, "unit": "USD"}),
        (RATE, "$0.15 per 1M tokens", {"value": 0.15, "unit": "USD per 1M tokens"}),
        (PRICE, {"value": "0.1", "unit": " $ "}, {"value": 0.1, "unit": "USD"}),
        (PRICE, 0.1 + 0.2, {"value": 0.3, "unit": "USD"}),
    ],
)
def test_check_gives_the_plain_form_for_the_journal(quiz_item, response, plain):
    assert check(quiz_item.public(), response) == plain
    assert check(quiz_item.public(), json.loads(json.dumps(plain))) == plain


def test_reasons_tell_no_key():
    wrong = [score(SINGLE, "A"), score(MULTIPLE, ["B"]), score(PRICE, 7)]
    for verdict in wrong:
        assert not any(key in verdict.reason for key in ("1.5", " C", "A,"))


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["A", "B", "C", "D", "value", "unit", "USD", "cent", "1.5", "150 cent"]),
    lambda inner: st.lists(inner, max_size=5)
    | st.dictionaries(st.sampled_from(["value", "unit", "A", ""]), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(ANYTHING, st.sampled_from([SINGLE, MULTIPLE, ALL_OR_NOTHING, THREE_KEYS, PRICE]))
def test_any_json_gets_a_finite_score_within_the_points(response, quiz_item):
    verdict = score(quiz_item, response)
    assert math.isfinite(verdict.points)
    assert 0 <= verdict.points <= verdict.possible
    assert (verdict.points == verdict.possible) == (verdict.state == "right")
    assert (0 < verdict.points < verdict.possible) == (verdict.state == "partly")
    assert verdict.reason


@given(
    keys=st.sets(st.sampled_from("ABCDEF"), min_size=2, max_size=5),
    chosen=st.sets(st.sampled_from("ABCDEF"), min_size=1),
    points=st.sampled_from([1, 2, 0.5, 3]),
)
def test_partial_credit_is_the_published_formula(keys, chosen, points):
    options = [{"id": name, "text": name} for name in "ABCDEF"]
    made = item(type="multiple", key=sorted(keys), options=options)
    made = made.model_copy(update={"points": points})
    share = Fraction(len(keys & chosen), len(keys)) - Fraction(len(chosen - keys), 6 - len(keys))
    assert score(made, sorted(chosen)).points == pytest.approx(float(max(share, 0) * points))


@settings(max_examples=300)
@given(
    key=st.integers(-(10**6), 10**6),
    places=st.integers(0, 6),
    absolute=st.sampled_from(["0", "0.001", "0.5", "20"]),
    relative=st.sampled_from(["0", "0.001", "0.05", "0.5"]),
    answer=st.integers(-(10**6), 10**6),
)
def test_a_number_is_right_exactly_within_the_larger_tolerance(
    key, places, absolute, relative, answer
):
    exact, given_value = Fraction(key, 10**places), Fraction(answer, 10**places)
    allowed = max(Fraction(absolute), Fraction(relative) * abs(exact))
    made = number(
        Decimal(key).scaleb(-places),
        {"absolute": Decimal(absolute), "relative": Decimal(relative)},
    )
    right = score(made, str(Decimal(answer).scaleb(-places))).state == "right"
    assert right == (abs(given_value - exact) <= allowed)


def test_two_units_for_one_number_are_asked_back():
    item = {"id": "q", "type": "numeric", "options": [], "unit": "USD", "units": ["USD", "cent"]}
    with pytest.raises(CourseError, match="says cent and the unit USD"):
        check(item, {"value": "50 cent", "unit": "USD"})
    assert check(item, {"value": "50 cent", "unit": "cent"}) == {"value": 50, "unit": "cent"}
    assert check(item, {"value": "$0.5", "unit": "USD"}) == {"value": 0.5, "unit": "USD"}
