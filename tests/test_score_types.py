"""Marks of order, match, cloze and text, worked out by hand, and for any JSON at all."""

import math
from fractions import Fraction
from itertools import pairwise

import pytest
import sample_types as sample
from hypothesis import given, settings
from hypothesis import strategies as st

from course.errors import CourseError
from course.quiz.score import check, score


@pytest.fixture(scope="module")
def quiz(tmp_path_factory):
    return sample.load(tmp_path_factory.mktemp("bank"))


COST = {"value": 0.00003, "unit": "USD"}


@pytest.mark.parametrize(
    ("item", "response", "points", "state"),
    [
        # the key is D B A C: the steps D-B, B-A, A-C, each worth 1 of 3 points
        (sample.ORDER, ["D", "B", "A", "C"], 3, "right"),
        (sample.ORDER, ["D", "B", "C", "A"], 1, "partly"),
        (sample.ORDER, ["C", "D", "B", "A"], 2, "partly"),
        (sample.ORDER, ["C", "A", "B", "D"], 0, "wrong"),
        (sample.ORDER, ["d", " b ", "a", "c"], 3, "right"),
        (sample.ORDER, ["D", "B", "A"], 0, "invalid"),
        (sample.ORDER, ["D", "B", "A", "A"], 0, "invalid"),
        (sample.ORDER, "DBAC", 0, "invalid"),
        (sample.ORDER, [], 0, "unanswered"),
        # two pairs, 1 point each
        (sample.MATCH, {"p1": "B", "p2": "A"}, 2, "right"),
        (sample.MATCH, {"p1": "B", "p2": "B"}, 1, "partly"),
        (sample.MATCH, {"p1": "B"}, 1, "partly"),
        (sample.MATCH, {"p1": "B", "p2": None}, 1, "partly"),
        (sample.MATCH, {"p1": "A", "p2": "C"}, 0, "wrong"),
        (sample.MATCH, {"p3": "A"}, 0, "invalid"),
        (sample.MATCH, {"p1": "Z"}, 0, "invalid"),
        (sample.MATCH, {"p1": ["B"]}, 0, "invalid"),
        (sample.MATCH, ["B", "A"], 0, "invalid"),
        (sample.MATCH, {}, 0, "unanswered"),
        (sample.MATCH, {"p1": None, "p2": " "}, 0, "unanswered"),
        # the weights are 2, 1 and 1 of 4, the points 4
        (sample.CLOZE, {"cost": COST, "verb": "B", "state": "Stateless."}, 4, "right"),
        (sample.CLOZE, {"cost": "0.003 cent", "verb": "B"}, 3, "partly"),
        (sample.CLOZE, {"cost": COST}, 2, "partly"),
        (sample.CLOZE, {"cost": "30 tokens", "verb": "B"}, 1, "partly"),
        (sample.CLOZE, {"cost": "much", "verb": "B"}, 1, "partly"),
        (sample.CLOZE, {"cost": 3, "verb": "A", "state": "no"}, 0, "wrong"),
        (sample.CLOZE, {"cost": "much", "verb": "Z", "state": 3}, 0, "invalid"),
        (sample.CLOZE, {"other": 3}, 0, "invalid"),
        (sample.CLOZE, [3], 0, "invalid"),
        (sample.CLOZE, {"cost": {"value": None}, "verb": ""}, 0, "unanswered"),
        (sample.CLOZE, None, 0, "unanswered"),
        (sample.TEXT, "temperature", 2, "right"),
        (sample.TEXT, '  "Temperature!" ', 2, "right"),
        (sample.TEXT, "top_p", 2, "right"),
        (sample.TEXT, "The  TEMP", 2, "right"),
        (sample.TEXT, "the temperature of it", 0, "wrong"),
        (sample.TEXT, "seed", 0, "wrong"),
        (sample.TEXT, 3, 0, "invalid"),
        (sample.TEXT, "x" * 2001, 0, "invalid"),
        (sample.TEXT, "\ud800", 0, "invalid"),
        (sample.TEXT, " ", 0, "unanswered"),
        (sample.ESSAY, "Because it is wrong too often.", 0, "by-hand"),
        (sample.ESSAY, "", 0, "unanswered"),
    ],
)
def test_points_are_those_worked_out_by_hand(quiz, item, response, points, state):
    verdict = score(quiz.item(item), response)
    assert (verdict.points, verdict.state) == (pytest.approx(points), state)
    assert verdict.possible == quiz.item(item).points
    assert verdict.reason


@pytest.mark.parametrize(
    ("item", "half"),
    [(sample.ORDER, ["D", "B", "C", "A"]), (sample.MATCH, {"p1": "B"}),
     (sample.CLOZE, {"cost": COST})],
)  # fmt: skip
def test_half_of_it_earns_nothing_where_all_is_asked_for(quiz, item, half):
    strict = quiz.item(item).model_copy(update={"scoring": "all-or-nothing"})
    assert (score(strict, half).points, score(strict, half).state) == (0, "wrong")


def test_an_order_without_a_key_and_a_match_without_one_give_no_points(quiz):
    for name, answer in ((sample.ORDER, ["A", "B", "C", "D"]), (sample.MATCH, {"p1": "A"})):
        bare = quiz.item(name).model_copy(update={"key": None})
        assert score(bare, answer).state == "invalid"


@pytest.mark.parametrize(
    ("item", "response", "plain"),
    [
        (sample.ORDER, ("c", "d", "b", "a"), ["C", "D", "B", "A"]),
        (sample.MATCH, {"p2": "a", "p1": None}, {"p2": "A"}),
        (sample.MATCH, {"p2": "a", "p1": "b"}, {"p1": "B", "p2": "A"}),
        (sample.CLOZE, {"state": " x ", "cost": "1 cent"},
         {"cost": {"value": 1, "unit": "cent"}, "state": "x"}),
        (sample.TEXT, "  The temperature. ", "The temperature."),
    ],
)  # fmt: skip
def test_check_gives_the_plain_form_for_the_journal(quiz, item, response, plain):
    public = quiz.item(item).public()
    assert check(public, response) == plain
    assert check(public, plain) == plain


@pytest.mark.parametrize(
    ("item", "response", "said"),
    [
        (sample.ORDER, ["A", "B"], "Put all options in order; left out: .*[CD]"),
        (sample.MATCH, {"q": "A"}, "'q' is not one of the prompts p1, p2"),
        (sample.MATCH, {"p1": 3}, "Give p1 one option"),
        (sample.CLOZE, {"verb": "C"}, r"Gap 2 \(verb\): 'C' is not an option here"),
        (sample.CLOZE, {"cost": "3 ms"}, r"Gap 1 \(cost\): ms is a unit of time"),
        (sample.TEXT, "x" * 2001, "2,001 characters; at most 2,000"),
    ],
)
def test_what_does_not_fit_is_told(quiz, item, response, said):
    with pytest.raises(CourseError, match=said):
        check(quiz.item(item).public(), response)


WORDS = ["A", "B", "C", "D", "p1", "p2", "cost", "verb", "state", "value", "unit", "stateless"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=5)
    | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@settings(deadline=None)
@given(response=ANYTHING, place=st.integers(0, 7))
def test_any_json_gets_a_finite_score_within_the_points(quiz, response, place):
    verdict = score(quiz.items[place], response)
    assert math.isfinite(verdict.points)
    assert 0 <= verdict.points <= verdict.possible
    assert (verdict.points == verdict.possible) == (verdict.state == "right")
    assert (0 < verdict.points < verdict.possible) == (verdict.state == "partly")
    assert verdict.reason


@given(answer=st.permutations("ABCD"))
def test_an_order_earns_the_share_of_its_steps(quiz, answer):
    kept = sum(step in pairwise(answer) for step in pairwise("DBAC"))
    assert Fraction(score(quiz.item(sample.ORDER), answer).points) == 3 * Fraction(kept, 3)


@given(answer=st.dictionaries(st.sampled_from(["p1", "p2"]), st.sampled_from("ABC"), min_size=1))
def test_a_match_earns_the_share_of_its_pairs(quiz, answer):
    right = (answer.get("p1") == "B") + (answer.get("p2") == "A")
    assert Fraction(score(quiz.item(sample.MATCH), answer).points) == right


@given(
    right=st.sets(st.sampled_from(["cost", "verb", "state"])),
    points=st.sampled_from([1, 2, 0.5, 7]),
)
def test_a_cloze_earns_the_weights_of_its_right_gaps(quiz, right, points):
    item = quiz.item(sample.CLOZE).model_copy(update={"points": points})
    answers = {"cost": COST, "verb": "B", "state": "stateless"}
    wrong = {"cost": 7, "verb": "A", "state": "stateful"}
    share = Fraction(sum({"cost": 2, "verb": 1, "state": 1}[gap] for gap in right), 4)
    verdict = score(item, wrong | {gap: answers[gap] for gap in right})
    assert Fraction(verdict.points) == share * Fraction(points)


def test_reasons_tell_no_key(quiz):
    wrong = {sample.ORDER: ["C", "A", "B", "D"], sample.MATCH: {"p1": "C"},
             sample.CLOZE: {"verb": "A"}, sample.TEXT: "seed"}  # fmt: skip
    for name, answer in wrong.items():
        reason = score(quiz.item(name), answer).reason
        assert not any(key in reason for key in ("DBAC", "D, B", "POST", "stateless", "temp"))
