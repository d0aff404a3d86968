"""How much a model wavers: against Fleiss's table, and by hand."""

import math

import pandas as pd
import pytest

from course.errors import CourseError
from course.evaluate import wobble

FLEISS = [  # Fleiss, Psychological Bulletin 76 (1971): 14 ratings of each of ten subjects
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


def runs(*by_item, **more):
    """Rows from, for each item, whether each run was right."""
    return pd.DataFrame(
        [
            {"item": item, "repeat": repeat, "correct": right}
            for item, rights in enumerate(by_item)
            for repeat, right in enumerate(rights)
        ]
    ).assign(**more)


def test_pairs_of_runs_agree_as_fleiss_counted():
    said = [label for counts in FLEISS for label, count in enumerate(counts) for _ in range(count)]
    rows = runs(*[[True] * 14 for _ in FLEISS], answer=said)
    found = wobble(rows)
    assert round(found.same_answer.value, 3) == 0.378
    assert found.same_answer.n == 10
    assert found.same.value == 1


def test_the_parts_of_the_variance_by_hand():
    # rates 1, 1/2, 1/2, 0: within (0 + 1/4 + 1/4 + 0)/4 · 2/(2 - 1) = 1/4; the rates' variance
    # is (1/4 + 0 + 0 + 1/4)/3 = 1/6; between 1/6 - 1/8 = 1/24
    found = wobble(runs([1, 1], [1, 0], [0, 1], [0, 0]))
    assert found.within == pytest.approx(1 / 4)
    assert found.between == pytest.approx(1 / 24)
    assert found.within_share == pytest.approx(6 / 7)
    assert found.run_sd == pytest.approx(math.sqrt(1 / 16))
    assert found.same.value == 0.5
    assert found.same_answer is None
    assert found.by_repeat["accuracy"].tolist() == [0.5, 0.5]


def test_a_steady_model_does_not_waver():
    found = wobble(runs([1, 1, 1], [0, 0, 0], [1, 1, 1]))
    assert (found.within, found.run_sd, found.same.value) == (0, 0, 1)
    assert found.same.low < 0.8
    assert "3 runs over the same 3 items, right in 66.7 to 66.7 % of them" in repr(found)


def test_a_model_that_is_always_right_has_no_variance_to_share():
    assert wobble(runs([1, 1], [1, 1])).within_share == 0


@pytest.mark.parametrize("rows", [runs([1], [0]), runs([1, 1], [1, 1, 0])])
def test_unequal_or_single_runs_are_refused(rows):
    with pytest.raises(CourseError, match="equally often, at least twice"):
        wobble(rows)


def test_one_item_is_too_few_to_tell_items_apart():
    found = wobble(runs([1, 0]))
    assert (found.same.low, found.same.high) == (0, 1)
    assert math.isnan(found.between)
