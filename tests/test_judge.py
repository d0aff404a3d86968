"""What a function is worth: outcomes against cases, bounds, and how it is told."""

import json
import math

import pytest
import sample_types as sample
from hypothesis import given
from hypothesis import strategies as st

from course.quiz.fields import Case
from course.quiz.judge import explain_case, is_right, score_bounds, score_cases


@pytest.fixture(scope="module")
def quiz(tmp_path_factory):
    return sample.load(tmp_path_factory.mktemp("bank"))


@pytest.fixture
def code(quiz):
    return quiz.item(sample.CODE)


@pytest.fixture
def measured(quiz):
    return quiz.item(sample.MEASURED)


def values(*returned):
    return [{"value": value} for value in returned]


RIGHT = values(0.15, 0.0, 0.0028266, 0.0)


@pytest.mark.parametrize(
    ("returned", "points", "state"),
    [
        # four cases, one point each
        (RIGHT, 4, "right"),
        (values(0.15, 0.0, 0.0028266, 1.0), 3, "partly"),
        ([*values(0.15, 0), {"raised": "ZeroDivisionError: x"}, {"refused": "a set"}], 2, "partly"),
        (values(0.15), 1, "partly"),
        (values(150000, True, "0", None), 0, "wrong"),
        ([{"missing": True}] * 4, 0, "unanswered"),
        ([], 0, "unanswered"),
        (None, 0, "unanswered"),
        ("nonsense", 0, "unanswered"),
        ([{"value": 0.15, "missing": True}, 3, None, []], 0, "wrong"),
        ([*RIGHT, {"value": 1}], 4, "right"),
    ],
)
def test_each_case_weighs_the_same(code, returned, points, state):
    verdict = score_cases(code, returned)
    assert (verdict.points, verdict.possible, verdict.state) == (points, 4, state)


def test_all_or_nothing_gives_nothing_for_half(code):
    strict = code.model_copy(update={"scoring": "all-or-nothing"})
    assert score_cases(strict, values(0.15, 0.0)).points == 0
    assert score_cases(strict, RIGHT).points == 4


def test_the_reason_tells_no_expected_value(code):
    reason = score_cases(code, values(1, 2, 3, 4)).reason
    assert reason == "0 of 4 calls gave what was expected."


@pytest.mark.parametrize(
    ("expected", "tolerance", "returned", "right"),
    [
        (1, None, 1, True), (1, None, 1.0, False), (1, None, True, False),
        (1, 0, 1.0, True), (1, 0, 1.001, False),
        (1, {"absolute": 0.1}, 1.0, True), (1, {"absolute": 0.1}, True, False),
        (1.0, None, 1, True), (True, None, True, True), (True, None, 1, False),
        (0.3, None, 0.1 + 0.2, True), (0.3, None, 0.3000001, False),
        (0.1, {"absolute": 0.01}, 0.09, True), (0.1, {"absolute": 0.01}, 0.0899, False),
        (100, {"relative": 0.02}, 98, True), (100, {"relative": 0.02}, 97.99, False),
        (100, {"absolute": 1, "relative": 0.02}, 102, True),
        (1.0, {"absolute": 1}, math.nan, False), (1.0, {"absolute": 1}, math.inf, False),
        ("a", None, "a", True), ("a", None, "A", False), ("1", None, 1, False),
        ([1, [2.0, "x"]], None, [1, [2, "x"]], True), ([1, 2], None, [1, 2, 3], False),
        ([1, 2], None, [2, 1], False), ([], None, {}, False), ([True], None, [1], False),
        ({"a": [1.5]}, {"absolute": 0.5}, {"a": [2]}, True),
        ({"a": 1, "b": 2}, None, {"b": 2, "a": 1}, True),
        ({"a": 1}, None, {"a": 1, "b": 2}, False), ({"a": 1}, None, {}, False),
        (1, None, None, False), (0.0, None, -0.0, True),
    ],
)  # fmt: skip
def test_a_value_is_right_by_its_type_and_tolerance(expected, tolerance, returned, right):
    case = Case(expected=expected, tolerance=tolerance)
    assert is_right(case, {"value": returned}) is right
    assert is_right(case.public(), {"value": returned}) is right


def test_numbers_of_any_size_are_compared():
    huge = 10**5000
    assert is_right({"expected": huge}, {"value": 10**5000})
    assert not is_right({"expected": huge}, {"value": huge + 1})
    assert not is_right({"expected": 1.0}, {"value": huge})
    assert not is_right({"expected": 1e300, "tolerance": {"relative": 0.1}}, {"value": -1e300})


@pytest.mark.parametrize(
    ("expected", "outcome", "told"),
    [
        (3, {"value": 4}, "f(1, n=2)\n  returned: 4\n  expected: 3\n"
         "  first difference: 4 is too large, 3 was expected"),
        (3, {"value": 3.0}, "the float 3.0 instead of a whole number"),
        (3, {"value": None}, "None came back, a whole number was expected"),
        (3, {"value": True}, "True or False came back, a whole number was expected"),
        (0.5, {"value": "0.5"}, "a text came back, a number was expected"),
        (0.5, {"value": math.nan}, "nan, which is not a number, instead of 0.5"),
        ("cat", {"value": "car"}, "character 3 is 'r' instead of 't'"),
        ("cat", {"value": "ca"}, "the text ends before 't'"),
        ("cat", {"value": "cats"}, "the text goes on with 's'"),
        ([1, [2, 3]], {"value": [1, [2, 4]]}, "at [1][1], 4 is too large, 3 was expected"),
        ([1, 2], {"value": [1]}, "the list has 1 elements instead of 2"),
        ({"a": 1}, {"value": {"b": 1}}, "the key 'a' is missing"),
        ({"a": {"b": "x"}}, {"value": {"a": {"b": "y"}}}, "at ['a']['b'], character 1 is 'y'"),
        ({"a": 1}, {"value": {"a": 1, "b": 2}}, "the key 'b' is too much"),
        (3, {"raised": "ZeroDivisionError: division by zero"},
         "f(1, n=2)\n  stopped with: ZeroDivisionError: division by zero\n  expected: 3"),
        (3, {"missing": True}, "There is no function f: write it in a cell and run that cell."),
        (3, {"refused": "a set came back"}, "could not be used: a set came back"),
        (3, {"value": 3}, "f(1, n=2) returned 3: right."),
    ],
)  # fmt: skip
def test_a_beginner_is_told_what_was_called_what_came_back_and_the_first_difference(
    expected, outcome, told
):
    case = Case(arguments=[1], named={"n": 2}, expected=expected)
    assert told in explain_case(case, outcome, function="f")


def test_a_failing_case_says_what_it_tests():
    case = Case(expected=0, message="No tokens cost nothing.")
    assert explain_case(case, {"value": 1}).endswith("\n  No tokens cost nothing.")
    assert "nothing." not in explain_case(case, {"value": 0})


def test_what_is_long_is_cut_and_what_is_deep_is_told():
    deep = []
    for _ in range(5000):
        deep = [deep]
    for value in ("x" * 100_000, list(range(100_000)), 10**5000, deep, "\x1b[2J"):
        told = explain_case(Case(expected=3), {"value": value})
        assert len(told) < 1000
        assert "\x1b" not in told


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["value", "raised", "missing", 0.15, 0]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(
        st.sampled_from(["value", "raised", "missing", "refused", "a"]), inner, max_size=3
    ),
    max_leaves=12,
)  # fmt: skip


@given(returned=ANYTHING)
def test_any_outcomes_get_points_and_words(quiz, returned):
    for name in (sample.CODE, sample.MEASURED):
        item = quiz.item(name)
        verdict = score_cases(item, returned, {"calls": 3, "cost_usd": 0})
        assert 0 <= verdict.points <= verdict.possible
        assert (verdict.points == verdict.possible) == (verdict.state == "right")
        for case in item.cases:
            assert isinstance(explain_case(case, returned), str)


@given(value=ANYTHING)
def test_a_json_value_without_nan_equals_itself(value):
    try:
        whole = json.loads(json.dumps(value, allow_nan=False))
    except ValueError:
        return
    assert is_right({"expected": whole}, {"value": json.loads(json.dumps(whole))})


# Bounds: calls exactly 3, cost at most 0.001 USD


@pytest.mark.parametrize(
    ("used", "broken"),
    [
        ({"calls": 3, "cost_usd": 0.001}, []),
        ({"calls": 4, "cost_usd": 0}, ["4 calls used; at most 3 may be."]),
        ({"calls": 2, "cost_usd": 0}, ["2 calls used; at least 3 must be."]),
        ({"calls": 3, "cost_usd": 0.0011}, ["0.0011 USD used; at most 0.001 may be."]),
        ({"calls": 3}, ["USD: nothing was measured."]),
        ({"calls": math.nan, "cost_usd": True},
         ["calls: nothing was measured.", "USD: nothing was measured."]),
        ({"calls": "3", "cost_usd": None},
         ["calls: nothing was measured.", "USD: nothing was measured."]),
    ],
)  # fmt: skip
def test_broken_bounds_are_told(measured, used, broken):
    assert score_bounds(measured, used) == broken


@pytest.mark.parametrize(
    ("returned", "used", "points", "state"),
    [
        # two cases and two bounds, one point each
        (values(["A", "B"], ["Z"]), {"calls": 3, "cost_usd": 0}, 4, "right"),
        (values(["A", "B"], ["Z"]), {"calls": 5, "cost_usd": 0}, 3, "partly"),
        (values(["A", "B"], ["X"]), {"calls": 5, "cost_usd": 0}, 2, "partly"),
        (values(["A", "B"], ["Z"]), None, 2, "partly"),
        (values(None, None), {"calls": 3, "cost_usd": 0}, 0, "wrong"),  # doing nothing is cheap
        ([{"missing": True}] * 2, {"calls": 3, "cost_usd": 0}, 0, "unanswered"),
    ],
)
def test_a_bound_weighs_as_much_as_a_case(measured, returned, used, points, state):
    verdict = score_cases(measured, returned, used)
    assert (verdict.points, verdict.state) == (points, state)


def test_an_item_of_bounds_alone_is_worth_what_was_measured(measured):
    alone = measured.model_copy(update={"cases": ()})
    assert score_cases(alone, [], {"calls": 3, "cost_usd": 0}).points == 4
    assert score_cases(alone, [], {"calls": 0, "cost_usd": 0}).points == 2
    assert score_cases(alone, []).points == 0
