"""Cost of an item and of a right answer, by hand, against scipy and against Fieller."""

import math
from decimal import Decimal

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from course.errors import CourseError
from course.evaluate import Estimate, wilson
from course.evaluate.money import cost_per_correct, cost_per_item, ratio_ends

COSTS = np.random.default_rng(3).gamma(2, 1e-5, 300)
RIGHT = np.random.default_rng(4).random(300) < 0.8


def test_the_mean_cost_has_students_interval():
    found = cost_per_item(COSTS)
    low, high = stats.t.interval(0.95, 299, COSTS.mean(), stats.sem(COSTS))
    assert (found.value, found.low, found.high) == pytest.approx(
        (COSTS.mean(), low, high), rel=1e-9
    )


def test_decimals_do():
    assert cost_per_item([Decimal("0.1"), Decimal("0.3")]).value == pytest.approx(0.2)


def test_costs_of_documents_are_cluster_robust():
    codes = np.repeat(np.arange(30), 10)
    fitted = sm.OLS(COSTS, np.ones(300)).fit(cov_type="cluster", cov_kwds={"groups": codes})
    found = cost_per_item(COSTS, codes)
    wide = stats.t.ppf(0.975, 29) * fitted.bse[0]
    assert found.high - found.value == pytest.approx(wide, rel=1e-9)
    assert found.clusters == 30


def test_a_right_answer_costs_all_costs_over_right_answers():
    found = cost_per_correct([0.01, 0.01, 0.02, 0.02], [True, True, False, True])
    assert found.value == pytest.approx(0.06 / 3)
    assert found.low < 0.02 < found.high


def test_equal_costs_leave_the_uncertainty_of_the_share():
    # with a certain cost c the ends are c / high and c / low of Wilson's interval
    found, rate = cost_per_correct([0.5] * 10, [True] * 8 + [False] * 2), wilson(8, 10)
    assert found.low == pytest.approx(0.5 / rate.high)
    assert found.high == pytest.approx(0.5 / rate.low)


def test_all_right_still_has_an_interval():
    found = cost_per_correct([1.0] * 10, [True] * 10)
    assert found.low == pytest.approx(1)
    assert found.high == pytest.approx(1 / wilson(10, 10).low)


def test_none_right_costs_infinitely_much():
    found = cost_per_correct([0.01] * 5, [False] * 5)
    assert found.value == found.high == math.inf
    assert found.low == pytest.approx(0.01 / wilson(0, 5).high)
    assert "none of the 5 answers is right" in repr(found)


def test_the_interval_is_near_the_bootstraps():
    found, generator = cost_per_correct(COSTS, RIGHT), np.random.default_rng(5)
    drawn = generator.integers(0, 300, (4000, 300))
    ratios = COSTS[drawn].sum(axis=1) / RIGHT[drawn].sum(axis=1)
    low, high = np.quantile(ratios, [0.025, 0.975])
    assert found.low == pytest.approx(low, rel=0.03)
    assert found.high == pytest.approx(high, rel=0.03)


def test_symmetric_intervals_give_fiellers():
    # Fieller: all r with (x - r·y)² <= z²·(a² - 2·r·a·b·c + r²·b²), standard errors a and b
    x, y, a, b, correlation, z = 5.0, 0.8, 0.4, 0.05, -0.3, 1.959963984540054
    above = Estimate(x, x - z * a, x + z * a, 9, "normal")
    below = Estimate(y, y - z * b, y + z * b, 9, "normal")
    squares = [
        y**2 - z**2 * b**2,
        -2 * (x * y - z**2 * correlation * a * b),
        x**2 - z**2 * a**2,
    ]
    assert ratio_ends(above, below, correlation=correlation) == pytest.approx(
        sorted(np.roots(squares).tolist()), rel=1e-9
    )


def test_an_unknown_cost_leaves_all_open():
    for unknown in (None, math.nan):
        found = cost_per_item([0.1, unknown, 0.2])
        assert math.isnan(found.value)
        assert found.high == math.inf
        assert "the cost of 1 of 3 answers is unknown" in repr(found)
        right = cost_per_correct([0.1, unknown, 0.2], [True] * 3)
        assert math.isnan(right.value)


def test_one_item_says_nothing_of_others():
    assert cost_per_item([0.1]).high == math.inf
    assert cost_per_correct([0.1], [True]).high == math.inf


@given(st.lists(st.tuples(st.floats(0, 10), st.booleans()), min_size=2, max_size=30))
def test_the_cost_of_a_right_answer_lies_in_its_interval(pairs):
    costs, right = zip(*pairs, strict=True)
    found = cost_per_correct(costs, right)
    assert 0 <= found.low <= found.high
    assert found.low <= found.value * (1 + 1e-12)
    assert found.value <= found.high * (1 + 1e-12)


@pytest.mark.parametrize(
    ("costs", "told"),
    [
        ([], "at least one item"),
        (["much", 1], "numbers of US dollars"),
        ([-1, 1], "from 0 up"),
        ([math.inf, 1], "finite"),
    ],
)
def test_costs_that_cannot_be_are_refused(costs, told):
    with pytest.raises(CourseError, match=told):
        cost_per_item(costs)


def test_unequal_lengths_are_refused():
    with pytest.raises(CourseError, match="2 costs for 1 answers"):
        cost_per_correct([1, 2], [True])
