"""How many items: against published calculators, by formula, and by drawing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import samplesize_confint_proportion

from course.errors import CourseError
from course.evaluate import power, sample_size, wilson
from course.evaluate.signs import mcnemar_p
from course.evaluate.sizes import connor_size, items_for_half_width


def test_connors_number_as_a_published_calculator_has_it():
    # powerandsamplesize.com, McNemar's Z-test, 2-sided: p01 0.45, p10 0.05, 80 % power: 23 pairs
    assert connor_size(0.40, 0.50) == 23
    # by hand for GSM8K's shares: d = 26/1319, p = 54/1319:
    # ((1.96·√0.04094 + 0.8416·√(0.04094 − 0.000389)) / 0.019712)² = (0.39658 + 0.16948)²/d² = 824.6
    assert connor_size(26 / 1319, 54 / 1319) == 825


def test_exact_power_as_gpower_has_it():
    # G*Power 3.1's manual, exact McNemar test: odds ratio 0.25, 40 % discordant, 50 pairs,
    # one-sided α = 0.05: power 0.839343. Two-sided α = 0.10 adds the far side's 0.000015.
    assert power(0.24, 0.40, n=50, confidence=0.90) == pytest.approx(0.839343, abs=5e-5)


def test_power_by_drawing():
    generator = np.random.default_rng(8)
    drawn = generator.multinomial(300, [0.06, 0.02, 0.92], size=4000)
    pairs, counts = np.unique(drawn[:, :2], axis=0, return_counts=True)
    seen = sum(
        count
        for pair, count in zip(pairs.tolist(), counts, strict=True)
        if mcnemar_p(*pair) <= 0.05
    )
    assert power(0.04, 0.08, n=300) == pytest.approx(seen / 4000, abs=0.02)


def test_the_sample_size_reaches_its_power_and_one_less_does_not():
    n = sample_size(0.02, 0.04)
    assert power(0.02, 0.04, n=n) >= 0.8 > power(0.02, 0.04, n=n - 1)
    assert 0 < n - connor_size(0.02, 0.04) < 80  # the exact test needs somewhat more


def test_a_small_difference_needs_very_many_items():
    # AGNEWS: 88.50 against 88.92 percent; at 5 % discordant: (2.8)² · 0.05 / 0.0042² = 22,000
    assert 21_000 < sample_size(0.0042, 0.05) < 24_000


def test_the_sign_of_the_difference_does_not_matter():
    assert sample_size(-0.1, 0.2) == sample_size(0.1, 0.2)
    assert power(-0.1, 0.2, n=99) == power(0.1, 0.2, n=99)


def test_one_way_differences_are_seen_soonest():
    assert sample_size(0.1, 0.1) < sample_size(0.1, 0.2)
    assert power(0.5, 0.5, n=400) > 0.999999


def test_without_a_difference_the_test_errs_in_at_most_five_percent():
    assert 0 < power(1e-12, 0.1, n=500) <= 0.05


@pytest.mark.parametrize("half_width", [0.2, 0.05, 0.01])
def test_items_for_a_half_width_are_z_squared_fewer_than_walds(half_width):
    # at one half Wilson's interval has Wald's width of n + z² items
    wald = samplesize_confint_proportion(0.5, half_width)
    assert items_for_half_width(half_width) == pytest.approx(wald - 1.96**2, abs=1.01)


@given(st.floats(0.01, 0.3), st.floats(0, 1))
def test_so_many_items_give_that_half_width(half_width, share):
    n = items_for_half_width(half_width, share=share)
    right = round(share * n)
    if abs(right - share * n) < 1e-9:
        assert wilson(right, n).half_width <= half_width * (1 + 1e-6)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: sample_size(0, 0.1), "difference is not 0"),
        (lambda: sample_size(0.2, 0.1), "at most the share of discordant items, 0.1; got 0.2"),
        (lambda: sample_size(0.1, 0), "discordant is a share"),
        (lambda: sample_size(0.1, 0.2, power=80), "power lies between 0 and 1; got 80"),
        (lambda: sample_size(0.1, 0.2, confidence=95), "such as 0.95"),
        (lambda: sample_size(0.000001, 0.5), "More than 10,000,000 items"),
        (lambda: power(0.1, 0.2, n=0), "at least 1"),
        (lambda: items_for_half_width(0), "half_width lies between"),
        (lambda: items_for_half_width(0.1, share=2), "share is a number from 0 to 1"),
    ],
)
def test_plans_that_cannot_be_are_refused(call, told):
    with pytest.raises(CourseError, match=told):
        call()
