"""The confusion matrix, and precision, recall and F1, worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.errors import CourseError
from course.evaluate import wilson
from course.evaluate.classes import confusion, per_class

# label      billing  technical  (other)  (no answer)
# billing       6         2         0         0
# technical     1         4         1         1
LABELS = ["billing"] * 8 + ["technical"] * 7
ANSWERS = ["billing"] * 6 + ["technical"] * 2 + ["billing"] + ["technical"] * 4 + ["Bill", None]


def test_the_matrix_counts_what_was_said():
    found = confusion(LABELS, ANSWERS)
    assert found.to_dict("index") == {
        "billing": {"billing": 6, "technical": 2, "(other)": 0, "(no answer)": 0},
        "technical": {"billing": 1, "technical": 4, "(other)": 1, "(no answer)": 1},
    }


def test_precision_recall_and_f1_by_hand():
    row = per_class(LABELS, ANSWERS).loc["technical"]
    assert row["support"] == 7
    assert row["precision"] == wilson(4, 6)
    assert row["recall"] == wilson(4, 7)
    # F1 = 2·4 / (2·4 + 2 + 3) = 8/13; it is 2J / (1 + J) of J = 4 / (4 + 2 + 3) = 4/9
    assert row["f1"].value == pytest.approx(8 / 13)
    assert row["f1"].low == pytest.approx(2 * wilson(4, 9).low / (1 + wilson(4, 9).low))
    assert row["f1"].n == 9


def test_a_class_that_was_never_answered_has_no_precision():
    row = per_class(["a", "b", "b"], ["a", "a", "a"]).loc["b"]
    assert math.isnan(row["precision"].value)
    assert (row["precision"].low, row["precision"].high, row["precision"].n) == (0, 1, 0)
    assert "never answered" in repr(row["precision"])
    assert row["note"] == "never answered, so its precision is unknown"
    assert row["recall"] == wilson(0, 2)
    assert row["f1"].value == 0


def test_a_class_that_no_item_has_is_told():
    row = per_class(["a"], ["a"], classes=["z"]).loc["z"]
    assert row["support"] == 0
    assert "recall is unknown" in row["note"]
    assert confusion(["a"], ["z"], classes=["z"]).loc["a", "z"] == 1


def test_a_class_of_few_items_is_told():
    assert "fewer than 10" in per_class(LABELS, ANSWERS).loc["billing", "note"]


def test_documents_widen_the_intervals_of_classes():
    clusters = [number // 4 for number in range(15)]
    plain, clustered = per_class(LABELS, ANSWERS), per_class(LABELS, ANSWERS, clusters=clusters)
    for part in ("precision", "recall", "f1"):
        one, other = plain.loc["technical", part], clustered.loc["technical", part]
        assert one.value == pytest.approx(other.value)
        assert other.low < one.low


names = st.sampled_from(["a", "b", "c"])


@given(st.lists(st.tuples(names, st.sampled_from(["a", "b", "c", "x", None])), min_size=1))
def test_counts_add_up_and_intervals_hold(pairs):
    labels, answers = zip(*pairs, strict=True)
    matrix, classes = confusion(labels, answers), per_class(labels, answers)
    assert matrix.to_numpy().sum() == len(pairs)
    assert classes["support"].sum() == len(pairs)
    for found in classes[["precision", "recall", "f1"]].to_numpy().ravel():
        assert found.low < found.high
        assert math.isnan(found.value) or found.low <= found.value <= found.high


def test_answers_of_any_kind_are_other():
    found = confusion(["a", 1], [["a"], {"b": 2}])
    assert found["(other)"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("labels", "answers", "told"),
    [
        (list(range(101)), list(range(101)), "101 different values"),
        (["a", "b"], ["a"], "1 answers for 2 labels"),
        ([["a"], ["b"]], ["a", "b"], "label is a text or a number"),
    ],
)
def test_what_is_no_class_is_refused(labels, answers, told):
    with pytest.raises(CourseError, match=told):
        confusion(labels, answers)
