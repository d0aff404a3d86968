"""Shares and differences over clusters, against statsmodels, by hand and by simulation."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from course.errors import CourseError
from course.evaluate import wilson
from course.evaluate.shares import (
    cluster_codes,
    difference,
    mean_share,
    robust_variance,
    share,
)


def random_clusters(seed, *, clusters=15):
    generator = np.random.default_rng(seed)
    sizes = generator.integers(1, 9, clusters)
    codes = np.repeat(np.arange(clusters), sizes)
    rate = generator.beta(3, 1.5, clusters)[codes]
    return generator.random(len(codes)) < rate, codes


@pytest.mark.parametrize("seed", range(3))
def test_the_variance_is_statsmodels_cluster_robust_one(seed):
    right, codes = random_clusters(seed)
    model = sm.OLS(right.astype(float), np.ones(len(right)))
    fitted = model.fit(cov_type="cluster", cov_kwds={"groups": codes})
    assert robust_variance(right - right.mean(), codes) == pytest.approx(
        fitted.bse[0] ** 2, rel=1e-9
    )


def test_two_documents_by_hand():
    # 3 of 4 and 1 of 4 right: share 0.5, sums of residuals +1 and -1, variance
    # 2/1 · (1 + 1) / 64 = 1/16; alone 0.25/8 = 1/32; so the design effect is 2, and 8 items count
    # for 4. Student's t with 1 degree of freedom reaches 12.706.
    found = share([1, 1, 1, 0, 1, 0, 0, 0], list("aaaabbbb"))
    reach = 12.706204736432095
    half = reach / (1 + reach**2 / 4) * math.sqrt(0.25 / 4 + reach**2 / 64)
    assert found.value == 0.5
    assert (found.low, found.high) == pytest.approx((0.5 - half, 0.5 + half), abs=1e-9)
    assert "in 2 clusters; Wilson, clustered, design effect 2.0" in repr(found)


def test_documents_that_are_all_right_count_as_one_item_each():
    found = share([True] * 40, np.repeat(range(4), 10))
    reach = t.ppf(0.975, 3)
    assert found.low == pytest.approx(4 / (4 + reach**2), abs=1e-9)


def test_one_document_says_nothing_of_others():
    found = share([True] * 30 + [False] * 10, ["a"] * 40)
    assert (found.low, found.high) == (0, 1)
    assert "single cluster" in repr(found)
    assert (difference([1, 0, 1], ["a"] * 3).low, difference([1, 0, 1], ["a"] * 3).high) == (-1, 1)


def test_clusters_of_one_item_are_none():
    assert share([True, False, True], ["a", "b", "c"]) == wilson(2, 3)
    assert cluster_codes(["x", "y"], 2) is None


def test_items_of_one_document_widen_the_interval():
    right, codes = random_clusters(5, clusters=30)
    alone, clustered = share(right), share(right, codes)
    assert clustered.low < alone.low
    assert clustered.high > alone.high


def test_clustered_intervals_hold_the_truth_where_plain_ones_do_not():
    generator, held = np.random.default_rng(11), np.zeros(2)
    for _ in range(400):
        codes = np.repeat(np.arange(20), 6)
        right = generator.random(120) < generator.beta(2, 0.5, 20)[codes]  # mean 0.8
        for place, found in enumerate((share(right), share(right, codes))):
            held[place] += found.low <= 0.8 <= found.high
    plain, clustered = held / 400
    assert plain < 0.85
    assert 0.92 < clustered < 0.99


def test_a_clustered_difference_is_its_mean_and_students_interval():
    generator = np.random.default_rng(4)
    codes = np.repeat(np.arange(40), 5)
    rate = np.repeat(generator.beta(1, 1, 40), 5)  # documents differ, so items are alike in one
    changes = np.where(
        generator.random(200) < 0.5, 0, np.where(generator.random(200) < rate, 1, -1)
    )
    found = difference(changes, codes)
    fitted = sm.OLS(changes.astype(float), np.ones(200)).fit(
        cov_type="cluster", cov_kwds={"groups": codes}
    )
    assert fitted.bse[0] ** 2 > changes.var() / 200
    wide = t.ppf(0.975, 39) * fitted.bse[0]
    assert (found.low, found.high) == pytest.approx(
        (changes.mean() - wide, changes.mean() + wide), abs=1e-9
    )


def test_no_change_in_any_document_still_has_a_width():
    found = difference([0] * 20, np.repeat(range(5), 4))
    reach = t.ppf(0.975, 4)  # as paired_interval(0, 0, n) with 5 for n
    assert found.high == pytest.approx(reach**2 / (5 + reach**2), abs=1e-9)
    assert found.low == -found.high


def test_the_mean_of_shares_is_sharper_than_yes_and_no():
    found = mean_share([0.7, 0.8, 0.75, 0.7, 0.8])
    assert found.value == pytest.approx(0.75)
    assert found.half_width < wilson(4, 5).half_width
    assert mean_share([1.0] * 5).low < 0.6
    assert (mean_share([0.5]).low, mean_share([0.5]).high) == (0, 1)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=1, max_size=40))
def test_a_share_lies_in_its_interval(pairs):
    right, clusters = zip(*pairs, strict=True)
    found = share(right, clusters)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high


@given(st.lists(st.tuples(st.sampled_from([-1, -0.5, 0, 0.5, 1]), st.integers(0, 4)), min_size=1))
def test_differences_lie_in_their_interval_and_swap(pairs):
    changes, clusters = zip(*pairs, strict=True)
    found = difference(changes, clusters, rows=2 * len(changes))
    other = difference([-change for change in changes], clusters, rows=2 * len(changes))
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high
    assert (other.low, other.high) == pytest.approx((-found.high, -found.low), abs=1e-9)


@pytest.mark.parametrize(
    ("clusters", "told"),
    [(["a"], "1 clusters are named for 2 items"), (["a", None], "1 items have no cluster")],
)
def test_clusters_that_do_not_fit_are_refused(clusters, told):
    with pytest.raises(CourseError, match=told):
        share([True, False], clusters)


def test_no_items_have_no_share():
    with pytest.raises(CourseError, match="at least one item"):
        share([])
