"""What students receive: everything they need, and nothing that gives a key away."""

import base64
import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.errors import CourseError
from course.quiz import bank, resolve
from course.quiz.items import Bank
from course.quiz.release import student_items
from course.quiz.seal import open_feedback

OPTIONS = [
    {"id": name, "text": f"Text {name}", "feedback": f"Said of {name}.", "misconception": "mix-up"}
    for name in "ABCD"
]


def table(policy="instant", **of_items):
    single = {"id": "q-01", "type": "single", "stem": "One?", "key": "B", "options": OPTIONS}
    multiple = single | {"id": "q-02", "type": "multiple", "key": ["A", "C"], "points": 2}
    numeric = {
        "id": "q-03",
        "type": "numeric",
        "section": "costs",
        "stem": "How much?",
        "key": Decimal("1.5"),
        "unit": "USD",
        "units": ["cent"],
        "tolerance": {"relative": Decimal("0.02")},
        "feedback": "Said of any other.",
        "options": [
            {"id": "right", "text": "1.5", "feedback": "Said of right."},
            {"id": "swapped", "text": "666.25", "feedback": "Said of swapped."},
        ],
    }
    items = {"single": single, "multiple": multiple, "numeric": numeric}
    items = [item | of_items.get(name, {}) for name, item in items.items()]
    return {"quiz": "q", "title": "Quiz", "policy": policy, "items": items}


def worked_out(written):
    raw = Bank.model_validate(written)
    items, problems = resolve.items(raw.items, {})
    assert problems == []
    return raw.model_copy(update={"items": items, "digest": "0123456789abcdef"})


def released(written):
    return student_items(worked_out(written))


def test_items_json_has_exactly_what_a_student_needs():
    content = released(table(policy="after_release"))
    options = [{"id": name, "text": f"Text {name}"} for name in "ABCD"]
    single = {"id": "q-01", "type": "single", "points": 1, "section": "", "stem": "One?"}
    assert content == {
        "v": 1,
        "quiz": "q",
        "title": "Quiz",
        "bank": "0123456789abcdef",
        "policy": {"feedback": "after_release"},
        "items": [
            single | {"options": options},
            single
            | {"id": "q-02", "type": "multiple", "points": 2, "options": options, "choose": 2},
            {
                "id": "q-03",
                "type": "numeric",
                "points": 1,
                "section": "costs",
                "stem": "How much?",
                "options": [],
                "unit": "USD",
                "units": ["USD", "cent"],
            },
        ],
    }


def test_instant_feedback_is_sealed_and_opens_after_a_trip_through_json():
    single, multiple, numeric = json.loads(json.dumps(released(table())))["items"]
    assert open_feedback(single, "B").right
    assert open_feedback(multiple, ["C", "A"]).right
    assert open_feedback(numeric, "150 cent").text == "Said of right."
    assert open_feedback(numeric, 666.25).text == "Said of swapped."


def test_an_item_may_keep_its_feedback_back_in_an_instant_quiz():
    items = released(table(single={"policy": "after_release"}))["items"]
    assert ["sealed" in item for item in items] == [False, True, True]


def test_releasing_twice_gives_the_same_bytes():
    assert json.dumps(released(table())) == json.dumps(released(table()))


def test_a_bank_that_is_not_complete_is_refused_with_what_it_needs():
    unready = table(single={"key": None}, multiple={"key": ["A"]})
    with pytest.raises(CourseError) as told:
        released(unready)
    lines = str(told.value).split("\n- ")
    assert lines[0] == "The quiz q cannot be released yet:"
    assert lines[1:] == bank.complete(worked_out(unready))
    assert len(lines) == 3


# Whatever the secrets are, what stands in the clear is the same.

# Distinct from the letters in base64 and in the public texts.
texts = st.text(alphabet="äöüßéè πλω", min_size=12, max_size=80).filter(str.strip)
numbers = st.integers(1000, 9_999_999).map(lambda whole: Decimal(whole).scaleb(-2))


@st.composite
def secrets(draw):
    key, ratio = draw(numbers), draw(st.sampled_from(["1.7", "0.3", "-1", "1000"]))
    options = [
        option | {"feedback": draw(texts), "misconception": draw(texts)} for option in OPTIONS
    ]
    tolerance = {draw(st.sampled_from(["absolute", "relative"])): draw(st.sampled_from(
        [Decimal("0.0123"), Decimal("0.0456"), Decimal("0.0789")]
    ))}  # fmt: skip
    return {
        "single": {"key": draw(st.sampled_from("ABCD")), "options": options, "note": draw(texts)},
        "multiple": {
            "key": draw(st.lists(st.sampled_from("ABCD"), min_size=2, max_size=2, unique=True)),
            "options": options,
            "waive": {"length": draw(texts)},
        },
        "numeric": {
            "key": key,
            "tolerance": tolerance,
            "feedback": draw(texts),
            "options": [
                {"id": "right", "text": key, "feedback": draw(texts)},
                {"id": "swapped", "text": key * Decimal(ratio), "feedback": draw(texts)},
            ],
        },
    }


def hidden(of_items):
    """Every secret string and number of the drawn items."""
    options = of_items["single"]["options"] + of_items["numeric"]["options"]
    yield from (option["feedback"] for option in options)
    yield from (option.get("misconception", "mix-up") for option in options)
    yield of_items["single"]["note"]
    yield of_items["multiple"]["waive"]["length"]
    yield of_items["numeric"]["feedback"]
    for number in (
        of_items["numeric"]["key"],
        of_items["numeric"]["options"][1]["text"],
        *of_items["numeric"]["tolerance"].values(),
    ):
        yield f"{abs(number):f}"


def in_the_clear(content):
    """The released file without the bytes of its boxes, but with their number and length."""
    content = json.loads(json.dumps(content))
    for item in content["items"]:
        boxes = [base64.b64decode(box) for box in item["sealed"].pop("boxes")]
        assert boxes == sorted(boxes)
        item["sealed"]["boxes"] = sorted({len(box) for box in boxes})
        assert len(item["sealed"]["boxes"]) == 1
        item["sealed"].pop("grids")  # tells the order of size of a tolerance, see the next test
    return content


@settings(max_examples=40, deadline=None)
@given(secrets())
def test_no_secret_stands_in_the_clear_with_instant_feedback(of_items):
    content = released(table(**of_items))
    boxes = [box for item in content["items"] for box in item["sealed"]["boxes"]]
    text = json.dumps(content, ensure_ascii=False)
    for box in boxes:
        text = text.replace(box, base64.b64decode(box).decode("utf-8", "replace"))
    for secret in hidden(of_items):
        assert secret not in text
    numeric = content["items"][2]["sealed"]["grids"]
    assert numeric in ([["log", 6]], [["log", 4]], [["log", 3]], [["linear", -1]])


@settings(max_examples=25, deadline=None)
@given(secrets(), secrets())
def test_what_stands_in_the_clear_is_the_same_for_any_secrets(one, other):
    first, second = in_the_clear(released(table(**one))), in_the_clear(released(table(**other)))
    for item, twin in zip(first["items"], second["items"], strict=True):
        item["sealed"].pop("boxes"), twin["sealed"].pop("boxes")
    assert first == second


@settings(max_examples=25, deadline=None)
@given(secrets(), secrets())
def test_an_exam_is_released_byte_for_byte_the_same_for_any_secrets(one, other):
    first = released(table(policy="after_release", **one))
    assert json.dumps(first) == json.dumps(released(table(policy="after_release", **other)))
