"""A cascade: chosen on one half of the items, reported on the other."""

import numpy as np
import pandas as pd
import pytest
from upgrade_results import RULE, doubtful, outcomes, rows

from course.upgrade import decide, read_rule
from course.upgrade.cascade import cascaded, first_half
from course.upgrade.table import Answers
from course.upgrade.thresholds import thresholds


def test_by_hand_what_each_threshold_gives():
    # Sorted by confidence: 0.2 wrong, then right; 0.5 wrong, then wrong; 0.9 right, then wrong.
    first = Answers("a", np.array([True, False, False]), np.array([1.0, 1, 1]), None,
                    np.array([0.9, 0.2, 0.5]))  # fmt: skip
    second = Answers("b", np.array([False, True, False]), np.array([10.0, 20, 30]))
    found = thresholds(first, second, read_rule(RULE | {"error_worth_usd": 30}))
    assert found.passed.tolist() == [0, 1, 2, 3]
    assert found.right.tolist() == [1, 2, 2, 1]
    assert found.cost_usd.tolist() == [3, 23, 53, 63]
    assert 0.2 < found.at[1] <= 0.5 < found.at[2] <= 0.9
    # Net benefits 30·1 − 3 = 27, 30·2 − 23 = 37, 7 and −33.
    assert found.best(read_rule(RULE | {"error_worth_usd": 30})) == 1
    assert found.best(read_rule(RULE | {"error_worth_usd": 10})) == 0
    # Of those that keep the rule: with at most 10 dollars for three items only the first.
    tight = {"error_worth_usd": 30, "monthly_items": 3, "monthly_budget_usd": 10}
    assert found.best(read_rule(RULE | tight)) == 0


def test_what_is_passed_on_costs_and_takes_both_models():
    first = Answers("a", np.array([True, False]), np.array([1.0, 1]), np.array([0.5, 0.5]))
    second = Answers("b", np.array([False, True]), np.array([10.0, 20]), np.array([2.0, 3]))
    out = cascaded(first, second, np.array([False, True]))
    assert out.correct.tolist() == [True, True]
    assert out.cost_usd.tolist() == [1, 21]
    assert out.latency_s.tolist() == [0.5, 3.5]


def test_the_halves_are_equal_and_do_not_depend_on_the_order_of_rows():
    names = [f"item {place}" for place in range(1001)]
    chosen = first_half(names)
    assert chosen.sum() == 500
    assert (first_half(names[::-1])[::-1] == chosen).all()
    assert len(set(first_half(["a", "b", "a", "b", "a"])[[0, 2, 4]])) == 1


def test_a_cascade_that_beats_both_is_the_verdict():
    made = decide(doubtful(4000), RULE)
    assert made.verdict == "cascade"
    assert made.headline.startswith("Cascade: small answers")
    assert made.cascade.tried.n == len(made.cascade.answers) == 2000
    told = made.as_dict()["cascade"]
    assert told["over_baseline"]["net_benefit_interval_usd"][0] > 0
    assert told["over_candidate"]["net_benefit_interval_usd"][0] > 0
    assert "figures from the other 2,000" in " ".join(made.reasons)


def test_its_figures_are_those_of_the_half_that_did_not_choose():
    table = doubtful(4000)
    made = decide(table, RULE)
    small, big = (table[table["model"] == name].set_index("item") for name in ("small", "big"))
    reports = small.index[~first_half(small.index)]
    asked = small.loc[reports, "confidence"] < made.cascade.threshold
    right = np.where(asked, big.loc[reports, "correct"], small.loc[reports, "correct"])
    assert made.options[2].accuracy.value == pytest.approx(right.mean())
    assert made.options[2].cost.value == pytest.approx(0.0001 + 0.004 * asked.mean())


def test_without_confidence_there_is_no_cascade_and_no_word_of_it():
    made = decide(doubtful(4000).drop(columns="confidence"), RULE)
    assert made.cascade is None and made.verdict == "upgrade"
    assert "cascade" not in str(made)


def test_confidence_that_tells_nothing_is_no_reason_to_cascade():
    table = doubtful(2000)
    table["confidence"] = np.random.default_rng(2).random(len(table)).round(2)
    made = decide(table, RULE)
    assert made.verdict == "upgrade"
    assert made.cascade is None or any("not surely better" in one for one in made.reasons)


@pytest.mark.parametrize(("worth", "verdict"), [(0.001, "stay"), (5.0, "upgrade")])
def test_where_one_model_alone_is_best_the_verdict_is_not_to_cascade(worth, verdict):
    table = doubtful(4000, big_right=0.99)
    assert decide(table, RULE | {"error_worth_usd": worth}).verdict == verdict


def test_a_cascade_that_alone_keeps_the_rule_is_the_verdict():
    # Small is right on 67 %, big costs $402 a month, the cascade does both.
    limits = {"min_accuracy": 0.85, "monthly_items": 100_000, "monthly_budget_usd": 330}
    made = decide(doubtful(4000), RULE | limits)
    assert made.verdict == "cascade"
    assert made.reasons[0] == "Only the cascade keeps the rule."


def test_a_cascade_that_misses_a_limit_says_so():
    made = decide(doubtful(4000), RULE | {"min_accuracy": 0.99})
    assert made.verdict == "stay"
    assert any(
        one.startswith("The cascade is right on") and "missed" in one for one in made.reasons
    )


def test_a_latency_limit_lets_no_more_be_passed_on_than_may_be_late():
    table = doubtful(4000).assign(latency_s=1.5)  # one after the other: 3 s
    made = decide(table, RULE | {"max_p95_s": 2.0})
    assert made.cascade.passed_on < 0.05
    assert made.options[2].meets_rule == "yes"


def test_few_items_and_equal_confidence_make_no_cascade_and_it_is_said():
    few = outcomes(both=6, gained=3, lost=1).assign(confidence=0.5)
    assert "A cascade needs 20 items" in " ".join(decide(few, RULE).reasons)
    same = outcomes(both=600, gained=300, lost=100).assign(confidence=0.5)
    assert "no answer on" in " ".join(decide(same, RULE).reasons) or "every answer" in " ".join(
        decide(same, RULE).reasons
    )


def test_many_thresholds_make_a_small_table_with_the_chosen_one_in_it():
    made = decide(doubtful(4000), RULE)
    table = made.cascade.tried.table(made.cascade.threshold, confidence=0.95)
    assert len(table) <= 101
    assert made.cascade.threshold in set(table["threshold"])
    assert table["asked"].is_monotonic_increasing
    assert "chosen on one half" in made.plot("cascade").alt


def test_thresholds_that_fit_their_own_items_by_luck_do_not_make_a_verdict():
    # The big model is no better; a threshold that looks good on 40 items is chance.
    draw = np.random.default_rng(11)
    said = []
    for _ in range(40):
        small = rows("small", draw.random(80) < 0.7, 0.001, confidence=draw.random(80))
        big = rows("big", draw.random(80) < 0.7, 0.001)
        said.append(decide(pd.concat([small, big]), RULE).verdict)
    assert said.count("cascade") <= 2


def test_the_cascade_is_held_against_both_models_on_the_same_items():
    table = doubtful(4000)
    made = decide(table, RULE)
    small, big = (table[table["model"] == name].set_index("item") for name in ("small", "big"))
    reports = small.index[~first_half(small.index)]
    assert made.cascade.alone["baseline"] == pytest.approx(small.loc[reports, "correct"].mean())
    assert made.cascade.alone["candidate"] == pytest.approx(big.loc[reports, "correct"].mean())
    told = " ".join(made.reasons)
    assert "On those same 2,000 small alone is right on" in told
    assert "right (95 % interval" in told


def test_where_both_models_fail_the_headline_says_that_the_cascade_is_open():
    limits = {"min_accuracy": 0.94, "monthly_items": 100_000, "monthly_budget_usd": 385}
    made = decide(doubtful(4000), RULE | limits)
    assert [one.meets_rule for one in made.options] == ["no", "no", "unclear"]
    assert made.headline == (
        "Measure more: neither small nor big keeps the rule, "
        "and these items can't tell whether a cascade of the two does."
    )
    assert "settle whether a cascade of small and big keeps the rule" in made.reasons[1]
    assert "If the cascade kept the accuracy limit: cascade." in made.flips
    again = f"big answers again what small is less than {made.cascade.threshold:.10g} confident of"
    assert again in made.memo()


def test_one_cluster_has_no_halves_and_it_is_said():
    table = doubtful(100).assign(cluster="a")
    assert "halves of 10 items or more that share no cluster" in " ".join(
        decide(table, RULE).reasons
    )
