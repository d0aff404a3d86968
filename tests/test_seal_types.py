"""Sealed feedback of order, match, cloze and text, which agrees with the marks."""

import json
import time

import pytest
import sample_types as sample
from hypothesis import given, settings
from hypothesis import strategies as st

from course.errors import CourseError
from course.quiz.score import score
from course.quiz.seal import Part, open_feedback, seal


@pytest.fixture(scope="module")
def quiz(tmp_path_factory):
    return sample.load(tmp_path_factory.mktemp("bank"))


@pytest.fixture(scope="module")
def heard(quiz):
    sealed = {
        item.id: item.public() | {"sealed": seal(item, quiz="x", digest="0")} for item in quiz.items
    }
    return lambda name, response: open_feedback(json.loads(json.dumps(sealed[name])), response)


def test_the_right_order_hears_so(heard):
    feedback = heard(sample.ORDER, ["D", "B", "A", "C"])
    assert (feedback.right, feedback.text) == (True, "All 4 are in the right order.")


def test_an_order_hears_how_far_it_is_right_and_why_the_next_is_not(heard):
    feedback = heard(sample.ORDER, ["D", "A", "B", "C"])
    assert not feedback.right
    assert feedback.text == (
        "The first is right, then comes another.\n\nFollow the request on its way."
    )
    assert feedback.parts == (Part("A", False, "It can't before it is asked."),)
    first = heard(sample.ORDER, ["C", "D", "B", "A"])
    assert first.text.startswith("Another one comes first.")
    assert first.parts == ()


def test_a_match_hears_the_prompt_where_it_is_right_and_the_option_where_not(heard):
    feedback = heard(sample.MATCH, {"p1": "B", "p2": "B"})
    assert feedback.parts == (
        Part("p1", True, "The key was refused."),
        Part("p2", False, "A key is not counted."),
    )
    assert (feedback.right, feedback.right_chosen, feedback.keys) == (False, 1, 2)
    assert feedback.text == "1 of 2 pairs are right.\n\nThe first digit says whose fault it is."
    assert heard(sample.MATCH, {"p1": "B", "p2": "A"}).text == "2 of 2 pairs are right."
    assert not heard(sample.MATCH, {"p1": "B"}).right


def test_each_gap_hears_what_its_own_type_would(heard):
    feedback = heard(sample.CLOZE, {"cost": "0.003 cent", "verb": "A", "state": "full"})
    assert feedback.parts == (
        Part("cost", True, "200 tokens at 0.15 a million."),
        Part("verb", False, "GET has no body."),
        Part("state", False, "What does it remember?"),
    )
    assert feedback.text == "1 of 3 gaps are right.\n\nLook at the table once more."


@pytest.mark.parametrize(
    ("answer", "right", "text"),
    [
        ("Temperature", True, "Higher means more varied."),
        ("'top_p'.", True, "Higher means more varied."),
        ("the temp", True, "Higher means more varied."),
        ("SEED", False, "A seed makes them alike."),
        ("top_k", False, "It is a number from 0 to 2."),
    ],
)
def test_a_text_hears_what_is_for_it(heard, answer, right, text):
    feedback = heard(sample.TEXT, answer)
    assert (feedback.right, feedback.text) == (right, text)


@pytest.mark.parametrize("name", [sample.ESSAY, sample.CODE, sample.MEASURED])
def test_what_no_box_can_know_has_none(quiz, heard, name):
    assert seal(quiz.item(name), quiz="x", digest="0")["boxes"] == []
    assert heard(name, "anything") is None


def test_each_variant_has_boxes_of_its_own(quiz):
    item = quiz.item(sample.DRAWN)
    sealed = [seal(variant, quiz="x", digest="0") for variant in item.drawn]
    boxes = [box for one in sealed for box in one["boxes"]]
    assert len(set(boxes)) == len(boxes)
    for variant, one in zip(item.drawn, sealed, strict=True):
        public = variant.public() | {"sealed": one}
        assert open_feedback(public, float(variant.key)).right
        assert open_feedback(public, float(variant.key) * 1000).text == (
            "That is per thousand tokens."
        )


ANSWERS = st.one_of(
    st.tuples(st.just(sample.ORDER), st.permutations("ABCD")),
    st.tuples(
        st.just(sample.MATCH),
        st.dictionaries(st.sampled_from(["p1", "p2"]), st.sampled_from("ABC"), min_size=1),
    ),
    st.tuples(
        st.just(sample.CLOZE),
        st.fixed_dictionaries(
            {},
            optional={
                "cost": st.sampled_from([0.00003, 0.0000301, 3, "0.003 cent"]),
                "verb": st.sampled_from("AB"),
                "state": st.sampled_from(["stateless", "Stateless!", "no"]),
            },
        ).filter(bool),
    ),
    st.tuples(
        st.just(sample.TEXT),
        st.text("temp ratur.TOP_'\"", min_size=1).filter(str.strip)
        | st.sampled_from(["temp", "the temperature!", "seed"]),
    ),
)


@settings(max_examples=150, deadline=None)
@given(pair=ANSWERS)
def test_feedback_says_right_exactly_where_the_score_does(quiz, heard, pair):
    name, answer = pair
    assert heard(name, answer).right == (score(quiz.item(name), answer).state == "right")


@pytest.mark.parametrize(
    ("name", "answer"),
    [(sample.ORDER, list("ABCD")), (sample.MATCH, {"p1": "A"}), (sample.CLOZE, {"verb": "A"}),
     (sample.TEXT, "x")],
)  # fmt: skip
@pytest.mark.parametrize(
    "damage", [{"boxes": []}, {"boxes": ["AAAA"]}, {"salt": "zz"}, {"boxes": None}]
)
def test_a_damaged_file_is_told(quiz, name, answer, damage):
    item = quiz.item(name)
    public = item.public() | {"sealed": seal(item, quiz="x", digest="0") | damage}
    with pytest.raises(CourseError, match=r"items\.json is damaged"):
        open_feedback(public, answer)


def test_opening_any_type_takes_little_time(heard):
    answers = {
        sample.ORDER: list("DBAC"),
        sample.MATCH: {"p1": "A", "p2": "B"},
        sample.CLOZE: {"cost": 7, "verb": "A", "state": "x"},
        sample.TEXT: "x",
    }
    for name, answer in answers.items():
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            heard(name, answer)
            seconds.append(time.perf_counter() - start)
        assert min(seconds) < 0.03
