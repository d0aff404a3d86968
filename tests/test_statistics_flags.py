"""Flags fire where the thresholds are crossed, and say so in words."""

import pytest

from course.quiz.statistics_flags import flags, item_flags, verdict
from course.quiz.statistics_records import (
    Calibration,
    Choice,
    Figure,
    ItemFigures,
    OptionUse,
    Question,
    QuizFigures,
    Variant,
)


def item(**changes) -> ItemFigures:
    """An item of 120 answers with nothing to say about, changed so."""
    plain = {
        "question": Question("q-01", "single"),
        "n": 120,
        "waiting": 0,
        "omitted": 0,
        "difficulty": Figure(0.6, 0.5, 0.7),
        "graded": 0.6,
        "discrimination": Figure(0.4, 0.3, 0.5),
        "options": (),
        "wrong": (),
        "seconds": 40.0,
        "timed": 110,
        "events": 1.0,
        "calibration": None,
        "variants": (),
        "variants_p": None,
    }
    return ItemFigures(**plain | changes)


def kinds(**changes):
    return [flag.kind for flag in item_flags(item(**changes))]


def use(name, count, *, right=False, rest=3.0):
    return OptionUse(Choice(name, right), count, count / 120, rest)


def test_a_good_item_has_no_flag():
    assert kinds() == []
    assert verdict(item()) == "keep"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.299, ["hard"]),
        (0.30, []),
        (0.90, []),
        (0.901, ["easy"]),
        (0.95, ["easy"]),
        (0.951, ["too-easy"]),
        (None, []),
    ],
)
def test_difficulty_is_flagged_outside_its_limits(value, expected):
    assert kinds(difficulty=Figure(value)) == expected


@pytest.mark.parametrize(
    ("value", "expected", "word"),
    [
        (-0.01, ["pull"], "pull"),
        (0.0, ["revise"], "revise"),
        (0.099, ["revise"], "revise"),
        (0.10, ["watch"], "watch"),
        (0.20, [], "keep"),
        (None, [], ""),
    ],
)
def test_discrimination_says_keep_watch_revise_or_pull(value, expected, word):
    assert kinds(discrimination=Figure(value)) == expected
    assert verdict(item(discrimination=Figure(value))) == word


@pytest.mark.parametrize(
    ("figure", "words"),
    [
        (Figure(0.05, -0.1, 0.21), "to 0.21, so chance may have put it below 0.10)"),
        (Figure(0.05, -0.1, 0.09), "(r = 0.05, 95 % from −0.10 to 0.09)."),
        (Figure(-0.2, -0.4, 0.0), "so chance may have put it below 0.00)"),
        (Figure(-0.2, -0.4, -0.1), "to −0.10)"),
    ],
)  # fmt: skip
def test_a_correlation_that_chance_may_have_set_so_low_is_told(figure, words):
    (flag,) = item_flags(item(discrimination=figure))
    assert words in flag.words


def test_an_option_that_draws_better_students_than_the_key_is_named():
    options = (use("A", 50, right=True, rest=3.0), use("B", 60, rest=5.0), use("C", 10, rest=2.0))
    (flag,) = item_flags(item(discrimination=Figure(-0.2), options=options))
    assert flag.words.endswith("Option B draws stronger students.")


@pytest.mark.parametrize(
    ("count", "dead"),
    [(5, True), (6, False)],  # of 120: 4.2 % and 5 %
)
def test_a_distractor_under_five_percent_is_dead(count, dead):
    options = (use("A", 100, right=True), use("B", count), use("C", 120 - 100 - count))
    assert kinds(options=options) == ["dead-distractor"] * dead


def test_distractors_of_an_item_that_nearly_all_have_right_are_not_told_dead():
    options = (use("A", 116, right=True), use("B", 4), use("C", 0))
    assert kinds(options=options, difficulty=Figure(0.967)) == ["too-easy"]


def test_a_key_that_nobody_chose_is_no_dead_distractor():
    options = (use("A", 0, right=True), use("B", 60), use("C", 60))
    assert kinds(options=options) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"seconds": 4.9}, ["fast"]),
        ({"seconds": 5.0}, []),
        ({"seconds": 1.0, "timed": 29}, []),
        ({"seconds": None, "timed": 0}, []),
        ({"calibration": Calibration(50, 50, 0.38, 0.5, 0.31)}, ["sure-and-wrong"]),
        ({"calibration": Calibration(50, 50, 0.40, 0.5, 0.30)}, []),
        ({"calibration": Calibration(9, 10, 0.0, 0.5, 0.47)}, []),  # too few said it
        ({"variants": (Variant(0, 60, 0.8), Variant(1, 60, 0.4)), "variants_p": 0.009},
         ["variants-differ"]),
        ({"variants": (Variant(0, 60, 0.8), Variant(1, 60, 0.7)), "variants_p": 0.01}, []),
    ],
)  # fmt: skip
def test_time_confidence_and_variants_are_flagged(changes, expected):
    assert kinds(**changes) == expected


def test_under_thirty_answers_nothing_is_flagged_and_from_a_hundred_on_it_is_time_to_act():
    bad = {"discrimination": Figure(-0.5), "difficulty": Figure(0.1)}
    assert item_flags(item(n=29, **bad)) == ()
    assert verdict(item(n=29, **bad)) == ""
    assert [flag.act for flag in item_flags(item(n=99, **bad))] == [False, False]
    assert [flag.act for flag in item_flags(item(n=100, **bad))] == [True, True]


def quiz(alpha, *, items=10, n=120, left_out=()):
    each = tuple(item() for _ in range(items))
    return QuizFigures(n, each, 10.0, (), 5.0, 2.0, Figure(alpha), True, Figure(1.0), left_out)


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        (quiz(0.69), ["unreliable"]),
        (quiz(0.70), []),
        (quiz(0.5, items=9), []),
        (quiz(0.5, left_out=("q-01",)), []),
        (quiz(0.5, n=29), []),
        (quiz(None), []),
    ],
)
def test_a_long_quiz_with_a_low_alpha_is_flagged(figures, expected):
    assert [flag.kind for flag in flags(figures)] == expected
