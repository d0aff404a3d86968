"""An Evaluation of rows that are there: its figures by hand, its repr, and odd tables."""

import io
import math
from decimal import Decimal

import pandas as pd
import pytest

from course.endpoint.simulation.replies import Conversation, fallback
from course.errors import CourseError
from course.evaluate import Evaluation, compare, wilson

LABELS = ["billing"] * 12 + ["technical"] * 8
ANSWERS = [*["billing"] * 11, "technical", *["technical"] * 5, "Technical", None, ""]


def rows(**more):
    right = [answer == label for answer, label in zip(ANSWERS, LABELS, strict=True)]
    return pd.DataFrame(
        {
            "item": [f"mail-{number}" for number in range(20)],
            "model": "small",
            "answer": ANSWERS,
            "label": LABELS,
            "correct": right,
            "cost_usd": [Decimal("0.00002")] * 20,
            "source": "simulated",
        }
    ).assign(**more)


def test_the_figures_by_hand():
    found = Evaluation(rows())
    assert found.accuracy == wilson(16, 20)
    assert found.no_answer == wilson(2, 20)
    assert found.other_answer == wilson(1, 20)
    assert found.cost_per_item.value == pytest.approx(0.00002)
    assert found.cost_per_correct.value == pytest.approx(0.0004 / 16)
    assert found.confusion.loc["technical"].tolist() == [0, 5, 1, 2]
    assert found.per_class.loc["billing", "precision"] == wilson(11, 11)
    assert found.mistakes["item"].tolist() == ["mail-11", "mail-17", "mail-18", "mail-19"]
    assert (found.model, found.n, found.source) == ("small", 20, "simulated")


def test_the_summary_shows_an_interval_and_n_with_every_figure():
    assert repr(Evaluation(rows())).splitlines() == [
        "small on 20 items (source: simulated)",
        "accuracy          80 % (95 % interval 58 to 92, n = 20; Wilson)",
        "always billing    would be right in 60 %",
        "not a class       1: 5 % (1 to 24); counted as wrong",
        "no answer         2: 10 % (3 to 30); counted as wrong",
        "cost per item     $0.000020 (95 % interval $0.000020 to $0.000020, n = 20; Student's t)",
        # 0.00002 / 0.9193 and 0.00002 / 0.5840, the ends of the accuracy
        "cost per correct  $0.0000250 (95 % interval $0.0000218 to $0.0000342, n = 20; "
        "MOVER, ratio)",
        "note              1 answer is wrong in capitals, spaces or a full stop only; "
        "correct=lambda answer, label: answer.strip(' .').lower() == label.lower() would count "
        "such as right",
    ]


def test_a_table_from_a_file_says_the_same():
    text = rows().to_csv(index=False)
    found = Evaluation(pd.read_csv(io.StringIO(text)))
    assert repr(found) == repr(Evaluation(rows()))
    assert found.confusion.equals(Evaluation(rows()).confusion)


def test_item_and_correct_are_enough():
    found = Evaluation(pd.DataFrame({"item": [1, 2, 3], "correct": [True, True, False]}))
    assert repr(found).splitlines() == [
        "the model on 3 items",
        "accuracy          67 % (95 % interval 21 to 94, n = 3; Wilson)",
    ]
    for figure in ("confusion", "per_class", "no_answer"):
        with pytest.raises(CourseError, match="which this needs"):
            getattr(found, figure)


def test_one_class_only_is_told():
    one = rows(label="billing").iloc[:10]
    assert "would be right in 100 %; with one class only, this tells nothing" in repr(
        Evaluation(one)
    )


def test_ten_items_give_a_wide_interval():
    found = Evaluation(rows().iloc[:10])
    assert found.accuracy.value == 1
    assert found.accuracy.low < 0.75


def test_unknown_costs_are_told_and_stay_unknown():
    costs = [None] * 3 + [0.00002] * 17
    found = Evaluation(rows(cost_usd=costs))
    assert math.isnan(found.cost_per_item.value)
    assert "undefined" in repr(found)
    assert "the cost of 3 of 20 answers is unknown" in repr(found)


def test_labels_that_are_no_classes_leave_the_accuracy():
    numbers = rows(label=list(range(20)), answer=list(range(20)), correct=True)
    assert "always" not in repr(Evaluation(numbers))
    structures = rows(label=[{"total": 1}] * 20, answer=[{"total": 1}] * 20, correct=True)
    assert "accuracy" in repr(Evaluation(structures))
    with pytest.raises(CourseError, match="a label is a text or a number"):
        _ = Evaluation(structures).confusion


def test_items_of_one_document_are_counted_as_such():
    found = Evaluation(rows(cluster=[number // 5 for number in range(20)]))
    assert found.accuracy.clusters == 4
    assert "n = 20 in 4 clusters; Wilson, clustered" in repr(found.accuracy)
    assert found.accuracy.low < wilson(16, 20).low
    assert found.cost_per_item.clusters == 4


def test_repeats_are_not_new_items():
    twice = pd.concat([rows(repeat=0), rows(repeat=1)], ignore_index=True)
    found = Evaluation(twice)
    assert found.accuracy.n == found.cost_per_item.n == 20
    assert found.accuracy.half_width > wilson(32, 40).half_width
    assert found.wobble.same.value == 1
    assert "small on 20 items, 40 answers" in repr(found)
    assert "over repeats, design effect 2.1): each item asked 2 times" in repr(found.accuracy)


def test_answers_that_are_the_simulators_own_sentence_are_counted():
    talk = Conversation("", ("Which?",), 1)
    said = fallback(talk, model="gpt-4o-mini", prompt_tokens=9, fields=())
    found = Evaluation(rows(answer=[said, said.lower(), *["billing"] * 18]))
    assert found.notes[0].startswith("2 answers are the simulator's own sentence, as it does not")
    assert f"note              {found.notes[0]}" in repr(found)


def test_answers_that_are_wrong_in_spelling_only_are_counted():
    (note,) = Evaluation(rows()).notes  # "Technical"
    assert note.startswith("1 answer is wrong in capitals, spaces or a full stop only")
    right = rows(answer=LABELS, correct=True)
    assert Evaluation(right).notes == ()


def test_why_a_cost_is_unknown_is_told_where_no_call_was_seen():
    table = rows(answer=LABELS, correct=True, cost_usd=None, source=None)
    assert Evaluation(table).notes == (
        "no call of a client from connect() was seen, so what it cost is unknown",
    )


def test_shares_of_more_than_twenty_items_have_a_decimal_so_that_differences_agree():
    many = pd.concat([rows(), rows().assign(item=[f"more-{n}" for n in range(20)])])
    assert str(Evaluation(many).accuracy).startswith("80.0 % (")
    assert str(Evaluation(rows()).accuracy).startswith("80 % (")


def test_errors_are_told():
    failed = ["TimeoutError: no reply"] * 2 + [""] * 18
    told = repr(Evaluation(rows(error=failed)))
    assert "2 failed, the first with TimeoutError: no reply" in told


def test_evaluations_are_compared_as_they_are():
    better = rows(model="large", correct=True)
    assert compare(Evaluation(rows()), Evaluation(better)).names == ("small", "large")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (rows().iloc[:0], "has no rows, so there is nothing to count"),
        (rows().drop(columns="item"), "has no column item"),
        (pd.concat([rows(), rows()]), "more than once .* number the repeats in a column repeat"),
        (pd.concat([rows(repeat=0)] * 2), "more than once"),
        (rows(model=["small"] * 19 + ["large"]), "rows of several models \\(small, large\\)"),
        (rows(source=["live"] * 19 + ["simulated"]), "live and simulated are not mixed"),
        (rows(item=[["a"]] * 20), "named by a text or a number"),
        (rows(item=[None, *range(19)]), "The column item of the table of rows is empty in 1 of 20"),
        ({"item": [1]}, "is a DataFrame, such as pd.read_csv gives; got dict"),
        (
            pd.DataFrame([[1, True, True]], columns=["item", "correct", "correct"]),
            "has the column correct twice",
        ),
    ],
)
def test_tables_that_cannot_be_counted_are_refused(table, told):
    with pytest.raises(CourseError, match=told):
        Evaluation(table)


@pytest.mark.parametrize("cost", ["much", -0.1, math.inf])
def test_costs_that_cannot_be_are_refused(cost):
    with pytest.raises(CourseError, match="A cost_usd is a"):
        _ = Evaluation(rows(cost_usd=cost)).cost_per_item
