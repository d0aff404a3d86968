"""Two models on the same items: McNemar's test, the difference, and who is right where."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, permutation_test

from course.errors import CourseError
from course.evaluate import compare
from course.evaluate.signs import mcnemar_p, p_text, sign_flip_p


def table(*, both=0, only_a=0, only_b=0, neither=0, **more):
    """Rows of the first and of the second model with these counts."""
    first = [True] * (both + only_a) + [False] * (only_b + neither)
    second = [True] * both + [False] * only_a + [True] * only_b + [False] * neither
    return tuple(
        pd.DataFrame({"item": range(len(right)), "model": name, "correct": right, **more})
        for name, right in (("small", first), ("large", second))
    )


GSM8K = table(both=1228, only_a=14, only_b=40, neither=37, source="published")


def test_figures_of_gsm8k():
    # mini 1228 + 14 = 1242 right, 4o 1228 + 40 = 1268, of 1319 (ZeroEval, 2025-04-14)
    found = compare(*GSM8K)
    assert (found.only_a, found.only_b, found.both, found.neither) == (14, 40, 1228, 37)
    assert found.n == 1319
    assert found.delta == pytest.approx((1268 - 1242) / 1319, abs=1e-12)
    assert (round(found.low, 6), round(found.high, 6)) == (0.008844, 0.030579)
    assert round(found.p_value, 5) == 0.00054
    assert [round(one.value, 4) for one in found.accuracy] == [0.9416, 0.9613]
    assert found.source == "published"


def test_agrestis_approval_ratings():
    # Categorical Data Analysis (2002), table 10.1: approved both times 794, then not 150,
    # then yes 86, never 570. The exact test tosses 236 coins.
    found = compare(*table(both=794, only_a=150, only_b=86, neither=570))
    assert found.delta == pytest.approx(-0.04)
    assert found.p_value == pytest.approx(binomtest(86, 236).pvalue, rel=1e-9)
    assert "small is more often right than large" in repr(found)


def test_the_repr_says_it_all():
    assert repr(compare(*GSM8K)).splitlines() == [
        "large minus small: +2.0 points (95 % interval +0.9 to +3.1, n = 1,319; Wald, paired)",
        "McNemar's exact p = 0.00054: right with large only 40, with small only 14; "
        "with both 1,228, with neither 37",
        "small: 94.2 % (95 % interval 92.8 to 95.3, n = 1,319; Wilson)",
        "large: 96.1 % (95 % interval 95.0 to 97.0, n = 1,319; Wilson)",
        "On such items large is more often right than small. Source: published.",
    ]


def test_ten_items_prove_little():
    found = compare(*table(both=6, only_b=3, neither=1))
    assert found.p_value == 0.25  # 2 / 2³
    assert found.low < 0 < found.high
    assert "do not tell" in repr(found)


def test_models_that_never_differ():
    found = compare(*table(both=8, neither=2))
    assert found.p_value == 1
    assert found.low < 0 < found.high
    assert found.discordant.empty


def test_swapping_the_models_swaps_all():
    one, other = compare(*GSM8K), compare(*GSM8K[::-1])
    assert other.delta == -one.delta
    assert (other.low, other.high) == pytest.approx((-one.high, -one.low))
    assert (other.only_a, other.only_b) == (one.only_b, one.only_a)
    assert other.p_value == one.p_value


def test_the_order_of_rows_does_not_matter():
    first, second = GSM8K
    assert compare(first, second.sample(frac=1, random_state=1)) == compare(first, second)


def test_discordant_items_are_shown_with_both_answers():
    first = pd.DataFrame(
        {
            "item": ["x", "y", "z"],
            "label": ["b", "t", "g"],
            "answer": ["b", "g", None],
            "correct": [True, False, False],
        }
    )
    second = first.assign(answer=["t", "t", "b"], correct=[False, True, False])
    found = compare(first, second).discordant
    assert found.to_dict("list") == {
        "item": ["x", "y"],
        "label": ["b", "t"],
        "a": ["b", "g"],
        "b": ["t", "t"],
        "right": ["a", "b"],
    }


def test_two_prompts_on_one_model_are_told_apart():
    first, second = table(both=3, only_a=1)
    assert compare(first, second.assign(model="small")).names == ("small (a)", "small (b)")


def test_flipping_single_items_is_mcnemars_test():
    assert sign_flip_p([1] * 40 + [-1] * 14 + [0] * 9) == pytest.approx(mcnemar_p(40, 14), rel=1e-9)


@given(st.lists(st.tuples(st.integers(-1, 1), st.integers(0, 5)), min_size=1, max_size=30))
def test_flipping_clusters_counts_all_ways_to_flip(pairs):
    changes, clusters = (np.array(part) for part in zip(*pairs, strict=True))
    sums = np.bincount(clusters, weights=changes)[np.unique(clusters)]
    signs = np.array(np.meshgrid(*[[-1, 1]] * len(sums))).reshape(len(sums), -1)
    ways = np.abs(sums @ signs)
    assert sign_flip_p(changes, clusters) == pytest.approx(np.mean(ways >= abs(sums.sum()) - 1e-9))


def test_flipping_agrees_with_scipys_permutation_test():
    generator = np.random.default_rng(0)
    changes, clusters = generator.choice([-1, 0, 1], 36, p=[0.1, 0.6, 0.3]), np.repeat(range(12), 3)
    sums = np.bincount(clusters, weights=changes)
    found = permutation_test(
        (sums, np.zeros(12)),
        lambda a, b: np.sum(a - b),
        permutation_type="samples",
        n_resamples=np.inf,
    )
    assert sign_flip_p(changes, clusters) == pytest.approx(found.pvalue, abs=1e-12)


def test_thirds_of_three_repeats_are_flipped_exactly():
    # sums 1/3, 2/3, 1: of the eight ways ±1 ±2 ±3 only two reach ±6
    assert sign_flip_p([1 / 3, 2 / 3, 1]) == 0.25


def test_items_of_one_document_are_flipped_together():
    first, second = table(both=5, only_b=6, cluster=list("aabbcddefff"))
    found = compare(first, second)
    assert found.test == "exact sign-flip"
    # the six gained items are dd, e and fff: sums 2, 1 and 3, all one way: 2 / 2³
    assert found.p_value == 0.25
    assert "in 6 clusters" in repr(found)
    assert found.low < compare(*table(both=5, only_b=6)).low


def test_repeats_make_the_difference_sharper_and_show_the_wobble():
    # Each of 40 items is asked twice: the first model is right once, the second always, in 10
    first, second = table(both=40)
    first = pd.concat([first.assign(repeat=k) for k in (0, 1)], ignore_index=True)
    second = first.assign(model="large")
    first.loc[(first["item"] < 10) & (first["repeat"] == 0), "correct"] = False
    found = compare(first, second)
    assert found.delta == pytest.approx(10 * 0.5 / 40)
    assert (found.only_b, found.n) == (10, 40)
    # variance of the first's accuracy for wavering alone: 10 · (0.5 · 0.5 / 1) / 40²
    assert found.rerun == pytest.approx(1.959963985 * (10 * 0.25) ** 0.5 / 40)
    assert "the difference is more than that" in repr(found)


def test_one_run_cannot_tell_the_wobble():
    assert compare(*GSM8K).rerun is None


def test_an_edge_is_called_one():
    # the interval of 6 to 0 among 20 leaves 0 out; the p-value 2/2⁶ = 0.031 agrees; at 5 to 0,
    # p = 0.0625 does not
    assert "more often right" in repr(compare(*table(both=14, only_b=6)))
    edge = compare(*table(both=15, only_b=5))
    assert edge.low > 0
    assert "on the edge" in repr(edge)


FIRST, SECOND = table(both=3, only_a=1)


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (FIRST, SECOND[:-1], "The second table lacks 1 of the other's items \\(3\\)"),
        (FIRST[1:], SECOND, "The first table lacks 1 of the other's items \\(0\\)"),
        (FIRST, SECOND.assign(item=list("0123")), "by numbers and the other by text"),
        (FIRST, SECOND[:0], "The second table has no rows"),
        (FIRST, SECOND.drop(columns="correct"), "has no column correct; it has item, model"),
        (FIRST, pd.concat([SECOND, SECOND]), "has an item more than once \\(0, 1, 2 and 1 more\\)"),
        (FIRST, pd.concat([FIRST, SECOND]), "more than once|several models"),
        (FIRST, SECOND.assign(correct=[1, 0, 2, 1]), "correct of the second table .* got 2"),
        (FIRST, SECOND.assign(correct=["yes"] * 4), "holds True or False; got 'yes'"),
        (FIRST, SECOND.assign(correct=[1, 0, None, 1]), "1 rows of the second table have no value"),
        (
            FIRST.assign(source="live"),
            SECOND.assign(source="simulated"),
            "Rows that are live and simulated are not mixed",
        ),
        (FIRST.assign(source="live"), SECOND, "live and of unknown source are not mixed"),
        (FIRST, SECOND.assign(source=["live", "live", "published", "live"]), "live and published"),
        (FIRST, SECOND.assign(source="guessed"), "A source is live, published or simulated"),
        (FIRST.assign(label="x"), SECOND.assign(label="y"), "4 items have another label"),
        (FIRST.assign(cluster="x"), SECOND.assign(cluster=list("xxxy")), "another cluster"),
        (
            FIRST,
            SECOND.assign(cluster=["x", None, "x", "x"]),
            "column cluster .* is empty in 1",
        ),
        (FIRST, [True, False], "is a DataFrame, such as pd.read_csv gives; got list"),
    ],
)
def test_tables_that_cannot_be_compared_are_refused(first, second, told):
    with pytest.raises(CourseError, match=told):
        compare(first, second)


def test_true_and_false_as_text_or_numbers_do():
    first, second = table(both=2, only_a=1, only_b=1)
    written = second.assign(correct=[str(right) for right in second["correct"]])
    assert compare(first, written) == compare(first, second)
    assert compare(first, second.assign(correct=second["correct"].astype(float))) == compare(
        first, second
    )


@pytest.mark.parametrize(
    ("p_value", "text"), [(0.00054, "= 0.00054"), (1.0, "= 1"), (2e-9, "< 0.0001")]
)
def test_p_values_are_rounded(p_value, text):
    assert p_text(p_value) == text
