"""Sealed feedback: opened by its answer, by every right number, and by nothing else."""

import base64
import json
import re
import time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.errors import CourseError
from course.quiz.items import Item, Option
from course.quiz.score import score
from course.quiz.seal import Part, open_feedback, seal


def choice(**fields):
    options = [
        {"id": name, "text": f"Text {name}", "feedback": f"Said of {name}."} for name in "ABCD"
    ]
    return Item.model_validate({"id": "x-01", "stem": "?", "options": options} | fields)


def number(key, tolerance, *, unit="USD", **wrong):
    answers = {"right": key, **wrong}
    options = tuple(
        Option(id=name, text="", feedback=f"Said of {name}.").model_copy(
            update={"value": Decimal(value)}
        )
        for name, value in answers.items()
    )
    made = Item.model_validate(
        {"id": "x-02", "type": "numeric", "stem": "?", "unit": unit, "tolerance": tolerance,
         "feedback": "Said of any other."}
    )  # fmt: skip
    return made.model_copy(update={"key": Decimal(key), "options": options})


def released(item, quiz="x", digest="0123"):
    return item.public() | {"sealed": seal(item, quiz=quiz, digest=digest)}


def said(public_item, response):
    return open_feedback(public_item, response).text


SINGLE = choice(type="single", key="C")
MULTIPLE = choice(type="multiple", key=["A", "C"])
PERCENT = {"relative": Decimal("0.02")}


# Choices


def test_choosing_an_option_opens_its_feedback_and_no_other():
    item = released(SINGLE)
    for name in "ABCD":
        feedback = open_feedback(item, name)
        assert feedback.text == f"Said of {name}."
        assert feedback.right is (name == "C")
        assert len(feedback.parts) == 1


def test_a_multiple_tells_how_many_of_the_right_ones_are_chosen():
    item = released(MULTIPLE)
    feedback = open_feedback(item, ["B", "A"])
    assert feedback.parts == (Part("A", True, "Said of A."), Part("B", False, "Said of B."))
    assert (feedback.right, feedback.right_chosen, feedback.keys) == (False, 1, 2)
    assert feedback.text == "1 of the 2 right options chosen, 1 wrong."


@pytest.mark.parametrize(
    ("chosen", "right"),
    [(["A", "C"], True), (["A"], False), (["A", "B", "C"], False), (["B", "D"], False)],
)
def test_a_multiple_is_right_as_a_whole_when_the_keys_and_nothing_else_are_chosen(chosen, right):
    assert open_feedback(released(MULTIPLE), chosen).right is right


@pytest.mark.parametrize("response", [None, "", "E", 3, [], ["A", "A"], {"value": 3}, [["A"]]])
@pytest.mark.parametrize("item", [SINGLE, MULTIPLE], ids=["single", "multiple"])
def test_what_is_no_response_to_the_item_opens_nothing(item, response):
    assert open_feedback(released(item), response) is None


def test_without_sealed_feedback_there_is_none_to_open():
    assert open_feedback(SINGLE.public(), "C") is None


# Numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.5, "right"), (1.47, "right"), (1.53, "right"), ("150 cent", "right"),
        ("147 cent", "right"), ("153 cent", "right"), ("146.9999 cent", "any other"),
        (1.469999999, "any other"), (1.530000001, "any other"),
        (1500, "thousand"), (1470, "thousand"), (1530, "thousand"), (1531, "any other"),
        (-1.5, "negative"), (-1.53, "negative"), (-1.5301, "any other"),
        (0, "nothing"), (1e-9, "any other"), (7, "any other"), (-1e300, "any other"),
    ],
)  # fmt: skip
def test_a_number_opens_the_feedback_of_the_interval_it_lies_in(value, text):
    item = released(number("1.5", PERCENT, thousand="1500", negative="-1.5", nothing="0"))
    assert said(item, value) == f"Said of {text}."


@pytest.mark.parametrize(
    ("tolerance", "value", "text"),
    [
        ({"absolute": 1}, 9, "right"),
        ({"absolute": 1}, 11, "right"),
        ({"absolute": 1}, 8.999, "zero-to-none"),
        ({"absolute": 1}, -1, "none"),
        ({"absolute": 1}, 1, "none"),
        ({"absolute": 1}, 1.001, "zero-to-none"),
        ({"absolute": 0}, 10, "right"),
        ({"absolute": 0}, "10.000", "right"),
        ({"absolute": 0}, "1e1", "right"),
        ({"absolute": 0}, -0.0, "none"),
        ({"absolute": 0}, 10.0001, "zero-to-none"),
    ],
)
def test_absolute_and_exact_tolerances_hold_on_the_edge(tolerance, value, text):
    item = released(number("10", tolerance, none="0"))
    expected = "Said of any other." if text == "zero-to-none" else f"Said of {text}."
    assert said(item, value) == expected


def test_where_intervals_overlap_the_key_wins_then_the_order_of_the_file():
    item = released(number("10", {"absolute": 2}, late="11", first="13.5", second="14"))
    assert said(item, 11.5) == "Said of right."
    assert said(item, 12.5) == "Said of late."
    assert said(item, 14.5) == "Said of first."
    assert said(item, 15.75) == "Said of second."


def test_a_number_right_without_an_option_for_it_is_still_right():
    item = number("10", {"absolute": 1})
    bare = item.model_copy(update={"options": ()})
    feedback = open_feedback(released(bare), 10.5)
    assert (feedback.right, feedback.text) == (True, "")


def test_a_unit_of_another_dimension_opens_nothing():
    assert open_feedback(released(number("10", PERCENT)), "10 tokens") is None


plain_numbers = st.builds(
    lambda whole, places: Decimal(whole).scaleb(-places),
    st.integers(-99_999, 99_999),
    st.integers(-2, 6),
)
tolerances = st.sampled_from(
    [(0, "0"), ("0.01", "0"), ("3", "0"), ("1000", "0"), (0, "0.02"), (0, "0.001"), (0, "0.5"),
     ("0.5", "0.1"), ("0.00001", "0.3")]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(plain_numbers, plain_numbers, tolerances, st.data())
def test_feedback_opens_exactly_for_the_numbers_inside_its_interval(key, wrong, tolerance, data):
    absolute, relative = map(Decimal, tolerance)
    item = number(key, {"absolute": absolute, "relative": relative}, unit="s", wrong=wrong)
    public = released(item)
    nudge = Decimal("1e-7")
    edges = {}
    for name, value in (("right", key), ("wrong", wrong)):
        half = max(Fraction(absolute), Fraction(relative) * abs(Fraction(value)))
        edges[name] = (Fraction(value) - half, Fraction(value) + half)
    near = [Decimal(edge.numerator) / edge.denominator for pair in edges.values() for edge in pair]
    value = data.draw(st.sampled_from([n + d for n in near for d in (0, nudge, -nudge)] + [key]))
    given_value = data.draw(
        st.sampled_from([{"value": str(value)}, {"value": str(value * 1000), "unit": "ms"}])
    )
    inside = [name for name, (low, high) in edges.items() if low <= Fraction(value) <= high]
    feedback = open_feedback(public, given_value)
    assert feedback.text == f"Said of {inside[0] if inside else 'any other'}."
    assert feedback.right == (inside[:1] == ["right"])
    assert feedback.right == (score(item, given_value).state == "right")


# What the file tells


def lengths(sealed):
    return {len(base64.b64decode(box)) for box in sealed["boxes"]}


def test_boxes_have_one_length_whatever_they_say():
    item = choice(type="single", key="C")
    long = item.options[0].model_copy(update={"feedback": "Long. " * 90})
    item = item.model_copy(update={"options": (long, *item.options[1:])})
    assert len(lengths(seal(item, quiz="x", digest="0"))) == 1
    assert len(lengths(seal(number("1.5", PERCENT, more="9"), quiz="x", digest="0"))) == 1


def test_sealing_twice_gives_the_same_boxes():
    for item in (SINGLE, MULTIPLE, number("1.5", PERCENT, more="9")):
        assert seal(item, quiz="x", digest="0") == seal(item, quiz="x", digest="0")


def test_boxes_differ_from_quiz_to_quiz_item_to_item_and_text_to_text():
    first = set(seal(SINGLE, quiz="x", digest="0")["boxes"])
    other_item = SINGLE.model_copy(update={"id": "x-09"})
    other_key = SINGLE.model_copy(update={"key": "D"})
    assert not first & set(seal(SINGLE, quiz="y", digest="0")["boxes"])
    assert not first & set(seal(SINGLE, quiz="x", digest="1")["boxes"])
    assert not first & set(seal(other_item, quiz="x", digest="0")["boxes"])
    assert len(first & set(seal(other_key, quiz="x", digest="0")["boxes"])) == 2  # A and B


def test_the_order_of_the_boxes_is_that_of_their_bytes():
    boxes = [base64.b64decode(box) for box in seal(SINGLE, quiz="x", digest="0")["boxes"]]
    assert boxes == sorted(boxes)


def test_the_place_of_the_right_box_tells_nothing():
    places = [0] * 4
    for number_of in range(200):
        sealed = seal(SINGLE, quiz=f"quiz{number_of}", digest="0")
        alone = [SINGLE.public() | {"sealed": sealed | {"boxes": [box]}} for box in sealed["boxes"]]
        places[[opens(item, "C") for item in alone].index(True)] += 1
    assert all(25 < count < 75 for count in places)  # 50 expected, standard deviation 6.1


def opens(item, response):
    try:
        return open_feedback(item, response) is not None
    except CourseError:
        return False


def test_the_number_of_boxes_of_a_number_is_padded():
    for key in ("0.0015", "1.5", "19", "123456"):
        for tolerance in (PERCENT, {"absolute": Decimal("0.5")}, {"absolute": 0}):
            assert len(seal(number(key, tolerance), quiz="x", digest="0")["boxes"]) == 8


def test_neither_key_nor_tolerance_nor_text_stands_in_the_sealed_part():
    item = number("13579.5", {"relative": Decimal("0.0375")}, swapped="97531.25")
    sealed = seal(item, quiz="x", digest="0")
    text = json.dumps(sealed) + "".join(
        base64.b64decode(box).decode("latin-1") for box in sealed["boxes"]
    )
    assert not re.search(r"13579|97531|0\.0375|375|Said|swapped|right", text)


def test_the_same_width_of_buckets_serves_keys_of_every_size():
    grids = [
        seal(number(key, PERCENT), quiz="x", digest="0")["grids"]
        for key in ("0.0015", "1.5", "-7", "123456")
    ]
    assert grids == [[["log", 5]]] * 4  # 2^-5 = 0.031 is the power of two above 0.02


@pytest.mark.parametrize(
    "damage",
    [{"boxes": []}, {"boxes": ["AAAA"]}, {"boxes": [3]}, {"salt": "zz"}, {"salt": None},
     {"boxes": None}],
)  # fmt: skip
@pytest.mark.parametrize(
    ("item", "response"), [(SINGLE, "A"), (MULTIPLE, ["A"]), (number("1.5", PERCENT), 1.5)]
)
def test_a_damaged_file_is_told(item, response, damage):
    public = released(item)
    public["sealed"] = public["sealed"] | damage
    with pytest.raises(CourseError, match=r"items\.json is damaged"):
        open_feedback(public, response)


def test_opening_takes_less_than_fifteen_milliseconds():
    mixed = number("10", {"absolute": Decimal("0.5"), "relative": Decimal("0.02")}, big="1000")
    for item, response in ((mixed, 77), (MULTIPLE, ["A", "B", "C", "D"])):
        public = released(item)
        seconds = []
        for _ in range(7):
            start = time.perf_counter()
            assert open_feedback(public, response)
            seconds.append(time.perf_counter() - start)
        assert min(seconds) < 0.015
