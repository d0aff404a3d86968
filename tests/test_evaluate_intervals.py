"""Wilson's interval, and Wald's and Tango's for paired shares, against textbooks and by hand."""

import doctest
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binom

from course.errors import CourseError
from course.evaluate import Estimate, estimate, intervals, paired_interval, signs, sizes, wilson

Z = 1.959963984540054


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [  # Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, score method
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_agrees_with_newcombes_table(correct, n, low, high):
    found = wilson(correct, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_wilson_by_its_formula():
    middle, root = 7 + Z**2 / 2, math.sqrt(7 * 3 / 10 + Z**2 / 4)
    found = wilson(7, 10)
    assert found.low == pytest.approx((middle - Z * root) / (10 + Z**2), abs=1e-9)
    assert found.high == pytest.approx((middle + Z * root) / (10 + Z**2), abs=1e-9)


def test_all_right_leaves_room_for_error():
    found = wilson(10, 10)  # 10 / (10 + 1.96²) = 0.7225
    assert found.value == found.high == 1
    assert found.low == pytest.approx(10 / (10 + Z**2), abs=1e-9)


def test_wilson_holds_95_percent_on_average():
    n, shares = 20, np.linspace(0.02, 0.98, 97)
    found = [wilson(k, n) for k in range(n + 1)]
    holds = np.array([[est.low <= share <= est.high for est in found] for share in shares])
    chances = binom.pmf(np.arange(n + 1), n, shares[:, None])
    assert 0.94 < np.sum(holds * chances) / len(shares) < 0.965


def test_figures_of_gsm8k():
    # n = 1319: 1228 right with both, 14 with mini only, 40 with 4o only, 37 with neither.
    # (40 - 14) / 1319 = 0.0197; sqrt(54 - 26²/1319) / 1319 = sqrt(53.4875) / 1319 = 0.0055447
    found = paired_interval(40, 14, 1319)
    assert found.value == pytest.approx(26 / 1319)
    assert (round(found.low, 6), round(found.high, 6)) == (0.008844, 0.030579)
    assert found.method == "Wald, paired"


def test_agrestis_approval_ratings():
    # Agresti, Categorical Data Analysis (2002), table 10.1: 794, 150, 86, 570. The drop is
    # (150 - 86) / 1600 = 0.04 with standard error sqrt(236 - 64²/1600) / 1600 = 0.00955.
    found = paired_interval(86, 150, 1600)
    assert found.value == -0.04
    assert (round(found.low, 4), round(found.high, 4)) == (-0.0587, -0.0213)


def test_tango_agrees_with_a_published_table():
    # Fagerland, Lydersen and Laake, BMC Medical Research Methodology 13 (2013) 91: of 21 children
    # 1 and 7 differ; Tango's interval is -0.517 to -0.026.
    found = paired_interval(1, 7, 21)
    assert (round(found.low, 3), round(found.high, 3)) == (-0.517, -0.026)
    assert found.method == "Tango's score, paired"


def test_no_item_differs_and_the_interval_has_a_width():
    found = paired_interval(0, 0, 50)  # the score equation is n·d² = z²·d·(1 − d) / 1 there
    assert found.high == pytest.approx(Z**2 / (50 + Z**2), abs=1e-12)
    assert found.low == -found.high


@pytest.mark.parametrize(("gained", "lost", "n"), [(3, 1, 12), (6, 6, 40), (9, 0, 10), (0, 5, 99)])
def test_tangos_ends_are_where_the_score_test_turns(gained, lost, n):
    """The likeliest shares under each difference are searched here, not taken from a formula."""
    found = paired_interval(gained, lost, n)
    for end in (found.low, found.high):
        assert abs(_score(gained, lost, n, end)) == pytest.approx(Z, abs=1e-4)
    middle = (found.low + found.high) / 2
    assert abs(_score(gained, lost, n, middle)) < Z


def _score(gained, lost, n, difference):
    def unlikely(lost_share):
        gained_share = lost_share + difference
        rest = 1 - gained_share - lost_share
        pairs = ((gained, gained_share), (lost, lost_share), (n - gained - lost, rest))
        return -sum(count * math.log(max(share, 1e-300)) for count, share in pairs if count)

    bounds = (max(0.0, -difference) + 1e-12, (1 - difference) / 2 - 1e-12)
    share = minimize_scalar(unlikely, bounds=bounds, options={"xatol": 1e-13}).x
    return (gained - lost - n * difference) / math.sqrt(
        n * (2 * share + difference - difference**2)
    )


@pytest.mark.parametrize(
    ("gained", "lost", "n"), [(25, 0, 25), (0, 30, 30), (10, 0, 10), (1, 0, 1), (0, 1, 1)]
)
def test_an_interval_at_the_edge_stays_inside_and_is_not_empty(gained, lost, n):
    found = paired_interval(gained, lost, n)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.half_width > 0.05


counts = st.tuples(*[st.integers(0, 60)] * 3).filter(lambda given: sum(given) > 0)


@given(counts, st.floats(0.5, 0.999))
def test_paired_intervals_hold_the_estimate_and_swap(given, confidence):
    gained, lost, _ = given
    found = paired_interval(gained, lost, sum(given), confidence=confidence)
    other = paired_interval(lost, gained, sum(given), confidence=confidence)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high
    assert other.low == pytest.approx(-found.high, abs=1e-9)
    assert other.high == pytest.approx(-found.low, abs=1e-9)


@given(counts)
def test_more_confidence_is_wider(given):
    gained, lost, _ = given
    wide, narrow = (paired_interval(gained, lost, sum(given), confidence=c) for c in (0.99, 0.8))
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_estimate_and_mirrors(given):
    correct, n = given
    found, other = wilson(correct, n), wilson(n - correct, n)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high
    assert other.low == pytest.approx(1 - found.high, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: wilson(0, 0), "no items"),
        (lambda: wilson(5, 4), "5 right answers among 4"),
        (lambda: wilson(-1, 4), "correct is a whole number from 0 up; got -1"),
        (lambda: wilson(0.5, 4), "got 0.5"),
        (lambda: wilson(True, 4), "got True"),
        (lambda: wilson(1, 4, confidence=95), "between 0 and 1, such as 0.95; got 95"),
        (lambda: paired_interval(3, 3, 5), "more than the 5 items"),
        (lambda: paired_interval(0, 0, 0), "no items"),
        (lambda: paired_interval("3", 3, 5), "gained is a whole number"),
    ],
)
def test_counts_that_cannot_be_are_refused(call, told):
    with pytest.raises(CourseError, match=told):
        call()


def test_numbers_from_pandas_do():
    assert wilson(np.int64(7), np.int64(10)) == wilson(7, 10)
    assert wilson(np.float64(7), 10) == wilson(7, 10)


def test_an_estimate_shows_its_interval_and_n():
    assert repr(wilson(1242, 1319)) == ("94.2 % (95 % interval 92.8 to 95.3, n = 1,319; Wilson)")
    assert repr(paired_interval(40, 14, 1319, confidence=0.9)) == (
        "+1.97 points (90 % interval +1.06 to +2.88, n = 1,319; Wald, paired)"
    )


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(0.5, 0.0, 1.0, 1, "m", unit="share"), "50 % (0 to 100)"),
        (Estimate(math.nan, 0.0, 1.0, 0, "m", unit="share"), "undefined (0 to 100)"),
        (
            Estimate(0.00002, 0.000012, 0.000031, 9, "m", unit="USD"),
            "$0.000020 ($0.000012 to $0.000031)",
        ),
        (Estimate(math.inf, 0.012, math.inf, 9, "m", unit="USD"), "infinite ($0.012 to infinite)"),
        (Estimate(-0.001, -0.02, 0.018, 9, "m", unit="points"), "-0.1 points (-2.0 to +1.8)"),
        (Estimate(-0.00001, -0.2, 0.2, 9, "m", unit="points"), "0 points (-20 to +20)"),
        (Estimate(1234.5, 1200, 1270, 9, "m"), "1,234 (1,200 to 1,270)"),
        (Estimate(2.0, 2.0, 2.0, 9, "m"), "2.0 (2.0 to 2.0)"),
    ],
)
def test_an_estimate_in_a_cell_is_short(estimate, text):
    assert str(estimate) == text


def test_clusters_and_a_note_are_told():
    estimate = Estimate(0.5, 0.1, 0.9, 20, "m", unit="share", clusters=1, note="look")
    assert repr(estimate) == "50 % (95 % interval 10 to 90, n = 20 in 1 cluster; m): look"


@pytest.mark.parametrize("module", [estimate, intervals, signs, sizes])
def test_the_examples_in_the_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0
