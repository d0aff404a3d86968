"""Agreement of a judge with people: kappa against published figures, and when to trust it."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from course.errors import CourseError
from course.evaluate import agreement, wilson


def raters(counts):
    """Two lists of labels from {(a, b): count}."""
    pairs = [pair for pair, count in counts.items() for _ in range(count)]
    return [a for a, _ in pairs], [b for _, b in pairs]


STATPSYCH = raters({(0, 0): 31, (0, 1): 12, (1, 0): 4, (1, 1): 58})


def test_kappa_as_statpsych_documents_it():
    # ci.kappa(.05, 31, 12, 4, 58) of R's statpsych: 0.6756757, 0.5317210 to 0.8196303
    found = agreement(*STATPSYCH).kappa
    assert (found.value, found.low, found.high) == pytest.approx(
        (0.6756757, 0.5317210, 0.8196303), abs=1e-7
    )


def test_kappa_is_statsmodels_one():
    counts = [[22, 3, 1], [4, 31, 2], [0, 5, 40]]
    table = {(i, j): counts[i][j] for i in range(3) for j in range(3)}
    found, other = agreement(*raters(table)).kappa, cohens_kappa(counts)
    assert found.value == pytest.approx(other.kappa, abs=1e-9)
    assert (found.low, found.high) == pytest.approx((other.kappa_low, other.kappa_upp), abs=1e-9)


def test_kappa_by_hand():
    # 20 + 15 of 50 agree: 0.7. By chance 25/50 · 30/50 + 25/50 · 20/50 = 0.5; (0.7 - 0.5)/0.5
    found = agreement(*raters({("y", "y"): 20, ("y", "n"): 5, ("n", "y"): 10, ("n", "n"): 15}))
    assert found.percent == wilson(35, 50)
    assert found.kappa.value == pytest.approx(0.4)
    assert found.by_class.loc["y", "both"].value == pytest.approx(20 / 35)
    assert found.table.loc["n", "y"] == 10


def test_the_paradox_of_prevalence_is_told():
    # 118 of 125 agree (94 %), but chance alone agrees on (120·123 + 5·2)/125² = 94.5 %: below 0
    found = agreement(*raters({(1, 1): 118, (1, 0): 2, (0, 1): 5, (0, 0): 0}))
    assert found.kappa.value == pytest.approx((118 / 125 - 14770 / 15625) / (1 - 14770 / 15625))
    assert found.kappa.value < 0
    assert "1 makes 97.2 % of the labels" in found.warning
    assert "Careful:" in repr(found)
    assert found.by_class.loc[0, "both"] == wilson(0, 7)
    assert agreement(*STATPSYCH).warning == ""


def test_ten_items_that_all_agree_are_not_certain():
    found = agreement(list("aabbabbaab"), list("aabbabbaab"))
    assert found.kappa.value == found.kappa.high == 1
    # chance 0.5: (0.7225 - 0.5) / 0.5
    assert found.kappa.low == pytest.approx((wilson(10, 10).low - 0.5) / 0.5)
    assert not found.trusted(at_least=0.6)
    assert found.trusted(at_least=0.6).verdict == "unclear"


def test_one_class_only_says_nothing():
    found = agreement(["a"] * 12, ["a"] * 12)
    assert math.isnan(found.kappa.value)
    assert (found.kappa.low, found.kappa.high) == (-1, 1)
    assert found.trusted(at_least=0.5).verdict == "unclear"
    assert "certain" in repr(found.trusted(at_least=0.5))


@pytest.mark.parametrize(("at_least", "verdict"), [(0.5, "yes"), (0.7, "unclear"), (0.9, "no")])
def test_a_judge_is_trusted_when_the_whole_interval_is_high_enough(at_least, verdict):
    trust = agreement(*STATPSYCH).trusted(at_least=at_least)
    assert trust.verdict == verdict
    assert bool(trust) == (verdict == "yes")
    assert (
        repr(trust)
        == f"{verdict}: kappa 0.68 (0.53 to 0.82), and at least {at_least} was asked for"
    )


def test_a_judge_that_says_nothing_agrees_with_nobody():
    found = agreement(["a", "b", "a", "b"], ["a", None, "a", ""])
    assert found.percent.value == 0.5
    assert found.by_class.loc["(no answer)", "b"] == 2


def test_series_are_matched_by_item():
    people = pd.Series(["a", "b", "b"], index=["x", "y", "z"])
    judge = pd.Series(["b", "a", "b"], index=["z", "x", "y"])
    assert agreement(people, judge).percent.value == 1


labels = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1)


@given(labels)
def test_kappa_lies_in_its_interval_and_does_not_mind_who_is_first(pairs):
    a, b = zip(*pairs, strict=True)
    found, other = agreement(a, b).kappa, agreement(b, a).kappa
    assert -1 <= found.low < found.high <= 1
    if not math.isnan(found.value):
        assert found.low - 1e-12 <= found.value <= found.high + 1e-12
        assert other.value == pytest.approx(found.value)


@pytest.mark.parametrize(
    ("a", "b", "told"),
    [
        ([], [], "no items"),
        (["a"], ["a", "b"], "has 1 labels and the other 2"),
        (["a", None], ["a", "b"], "1 labels of the first rater, a person, are missing"),
        (pd.Series(["a"], index=["x"]), pd.Series(["a"], index=["y"]), "2 items have one rater"),
        (pd.Series(["a"] * 2, index=["x"] * 2), pd.Series(["a"], index=["x"]), "labelled twice"),
        ([["a"]], ["a"], "a text or a number"),
    ],
)
def test_raters_that_cannot_be_compared_are_refused(a, b, told):
    with pytest.raises(CourseError, match=told):
        agreement(a, b)


@pytest.mark.parametrize("at_least", [0, 80, True, -0.5])
def test_a_threshold_is_a_kappa(at_least):
    with pytest.raises(CourseError, match="a kappa above 0, up to 1"):
        agreement(*STATPSYCH).trusted(at_least=at_least)
