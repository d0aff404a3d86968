"""Verdicts: on published outcomes, on invented sets for each verdict, and on hard cases."""

import json
import math

import pandas as pd
import pytest
from statsmodels.stats.power import tt_solve_power
from upgrade_results import BIG, GSM8K, RULE, SMALL, outcomes, rows

from course.errors import CourseError
from course.upgrade import decide

FEW_USD = {"small_usd": 0.0001, "big_usd": 0.002}


def verdict(table, **rule):
    return decide(table, RULE | rule).verdict


@pytest.mark.parametrize(
    ("worth", "expected"), [(0.03, "stay"), (0.089, "measure-more"), (0.30, "upgrade")]
)
def test_grade_school_sums_turn_the_verdict_by_what_an_error_is_worth(worth, expected):
    assert verdict(outcomes(**GSM8K), error_worth_usd=worth) == expected


def test_the_figures_of_the_grade_school_sums():
    made = decide(outcomes(**GSM8K), RULE)
    assert made.n == 1319
    assert made.delta_accuracy == pytest.approx(26 / 1319)  # 40 gained, 14 lost
    # 1.959964 standard errors, each √(54 − 26²/1319) / 1319 = 0.0055444
    assert made.interval == pytest.approx((0.008844, 0.030579), abs=1e-6)
    assert made.p_value == pytest.approx(0.00054, abs=5e-6)
    assert made.lambda_usd == pytest.approx(2.302 / 26)  # dollars more, errors fewer
    # Equal costs an item, so that the band is the cost over the ends of the difference.
    each = 2.302 / 1319
    assert made.lambda_interval_usd == pytest.approx((each / 0.030579, each / 0.008844), rel=1e-4)


def test_a_worth_at_which_it_hardly_matters_says_what_is_at_stake_in_a_month():
    made = decide(outcomes(**GSM8K), RULE | {"error_worth_usd": 0.089, "monthly_items": 50_000})
    assert made.items_needed > 10_000_000
    told = " ".join(made.reasons)
    assert "so near that it hardly matters" in told
    # The upper end: (0.089 · 0.030579 − 0.0017453) · 50,000 = 48.8 dollars.
    assert "At most $48.8" in told
    assert made.headline.startswith("Measure more, or leave it with small")


def test_the_items_needed_are_those_of_a_test_with_eighty_percent_power():
    table = outcomes(both=700, gained=60, lost=40, neither=200, small_usd=0.001, big_usd=0.002)
    made = decide(table, RULE | {"error_worth_usd": 0.06})
    # Net benefit 0.06 · 0.02 − 0.001 an item, standard deviation 0.06 · √(0.1 − 0.02²).
    size = (0.06 * 0.02 - 0.001) / (0.06 * math.sqrt(0.1 - 0.02**2))
    assert made.verdict == "measure-more"
    assert made.items_needed == pytest.approx(tt_solve_power(size, alpha=0.05, power=0.8), rel=2e-3)


@pytest.mark.parametrize(
    ("counts", "worth", "expected"),
    [
        # dearer and better: below the band stay, above it upgrade
        ({"both": 800, "gained": 100, "lost": 20, "neither": 80, **FEW_USD}, 0.01, "stay"),
        ({"both": 800, "gained": 100, "lost": 20, "neither": 80, **FEW_USD}, 0.05, "upgrade"),
        # cheaper and worse: the band is read the other way round
        ({"both": 900, "gained": 10, "lost": 60, "neither": 30, "small_usd": 0.002,
          "big_usd": 0.0001}, 0.01, "upgrade"),
        ({"both": 900, "gained": 10, "lost": 60, "neither": 30, "small_usd": 0.002,
          "big_usd": 0.0001}, 0.04, "measure-more"),
        ({"both": 900, "gained": 10, "lost": 60, "neither": 30, "small_usd": 0.002,
          "big_usd": 0.0001}, 0.10, "stay"),
        # cheaper and better, dearer and worse: whatever an error is worth
        ({"both": 800, "gained": 100, "lost": 20, "neither": 80, "small_usd": 0.002,
          "big_usd": 0.0001}, 0.0, "upgrade"),
        ({"both": 800, "gained": 100, "lost": 20, "neither": 80, "small_usd": 0.002,
          "big_usd": 0.0001}, 100.0, "upgrade"),
        ({"both": 800, "gained": 20, "lost": 100, "neither": 80}, 0.0, "stay"),
        ({"both": 800, "gained": 20, "lost": 100, "neither": 80}, 100.0, "stay"),
        # equal costs: accuracy alone speaks
        ({"both": 900, "gained": 50, "neither": 50, "small_usd": 0.001, "big_usd": 0.001},
         0.05, "upgrade"),
        ({"both": 900, "lost": 50, "neither": 50, "small_usd": 0.001, "big_usd": 0.001},
         0.05, "stay"),
        # equally right: cost alone speaks, unless the items are few for so dear an error
        ({"both": 100}, 0.05, "stay"),
        ({"both": 100}, 1.0, "measure-more"),
        ({"neither": 100}, 0.05, "stay"),
        ({"both": 100, "small_usd": 0.002, "big_usd": 0.0001}, 0.05, "upgrade"),
        ({"both": 9, "neither": 1, "small_usd": 0.001, "big_usd": 0.001}, 0.05, "measure-more"),
    ],
)  # fmt: skip
def test_the_verdict_by_cost_accuracy_and_worth(counts, worth, expected):
    assert verdict(outcomes(**counts), error_worth_usd=worth) == expected


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"both": 80, "gained": 20, "small_usd": 0.001, "big_usd": 0.002}, 0.001 / 0.2),
        ({"both": 80, "lost": 20, "small_usd": 0.002, "big_usd": 0.001}, 0.001 / 0.2),
        ({"both": 80, "gained": 20, "small_usd": 0.001, "big_usd": 0.001}, 0.0),
        ({"both": 80, "gained": 20, "small_usd": 0.002, "big_usd": 0.001}, None),
        ({"both": 80, "lost": 20, "small_usd": 0.001, "big_usd": 0.002}, None),
        ({"both": 80, "gained": 2, "lost": 2, "small_usd": 0.001, "big_usd": 0.002}, None),
    ],
)
def test_the_break_even_is_a_number_only_where_a_worth_balances_the_two(counts, expected):
    found = decide(outcomes(**counts), RULE).lambda_usd
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-12))


@pytest.mark.parametrize("gained", [0, 1, 3])
def test_ten_items_give_a_wide_interval_and_no_verdict(gained):
    made = decide(outcomes(both=6, gained=gained, neither=4 - gained, spread=0.2), RULE)
    assert made.verdict == "measure-more"
    assert made.interval[1] - made.interval[0] > 0.5
    assert made.items_needed >= 30
    assert any("10 items" in one for one in made.reasons)


def test_one_item_decides_nothing_and_its_json_is_strict():
    made = decide(outcomes(gained=1), RULE)
    assert made.verdict == "measure-more"
    told = strict(made.as_json())
    assert told["items_needed"] is None
    assert told["net_benefit_interval_usd"] == [None, None]
    assert told["lambda_interval_usd"] == [0, None]


def test_where_both_models_miss_the_rule_there_is_no_reason_to_move_and_it_is_said():
    made = decide(
        outcomes(both=500, gained=100, lost=50, neither=350), RULE | {"min_accuracy": 0.9}
    )
    assert made.verdict == "stay"
    assert made.reasons[0].startswith("Neither model keeps the rule")
    assert {one.meets_rule for one in made.options} == {"no"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        # 810 and 950 of 1,000 right; going over costs 0.0019 for 0.14 errors: $0.0136 each
        ({"error_worth_usd": 0.001}, "stay"),
        ({"error_worth_usd": 0.001, "min_accuracy": 0.9}, "upgrade"),
        ({"error_worth_usd": 0.05}, "upgrade"),
        ({"error_worth_usd": 0.05, "monthly_items": 100_000, "monthly_budget_usd": 100}, "stay"),
        ({"error_worth_usd": 0.05, "monthly_items": 100_000, "monthly_budget_usd": 250},
         "upgrade"),
        ({"error_worth_usd": 0.05, "monthly_items": 100_000, "monthly_budget_usd": 1}, "stay"),
        # 0.81 is inside Wilson's interval of 810 in 1,000
        ({"error_worth_usd": 0.001, "min_accuracy": 0.81}, "measure-more"),
        # … but at $0.05 an error the upgrade is right in both cases
        ({"error_worth_usd": 0.05, "min_accuracy": 0.81}, "upgrade"),
        # whether big reaches 95 % is unclear, and small surely does not
        ({"error_worth_usd": 0.05, "min_accuracy": 0.95}, "measure-more"),
    ],
)  # fmt: skip
def test_limits_of_the_rule_come_before_the_weighing(rule, expected):
    table = outcomes(both=800, gained=150, lost=10, neither=40)
    assert verdict(table, **rule) == expected


def latencies(small, big, n=200):
    table = outcomes(both=n - 40, gained=40)
    table["latency_s"] = [small] * (n - 2) + [9.0] * 2 + [big] * (n - 2) + [9.0] * 2
    return table


@pytest.mark.parametrize(
    ("n", "big", "expected"),
    [
        (200, 1.0, "upgrade"),  # the interval of the p95 ends at the 197th of 200 times
        (200, 3.0, "stay"),
        (100, 1.0, "measure-more"),  # … and at the last of 100
        (60, 1.0, "measure-more"),  # below 72 items the upper end is open
    ],
)
def test_a_latency_limit_needs_items_enough_for_a_percentile(n, big, expected):
    assert verdict(latencies(0.5, big, n), max_p95_s=2.0) == expected


def test_a_month_is_told_for_the_volume_of_the_rule():
    table = outcomes(both=800, gained=150, lost=10, neither=40)
    made = decide(table, RULE | {"monthly_items": 50_000})
    # 0.14 · 50,000 errors, 0.0019 · 50,000 dollars, 0.05 · 7,000 − 95
    assert "about 7,000 errors fewer and $95.00 more to pay" in " ".join(made.reasons)
    assert "a net benefit of $255.00" in " ".join(made.reasons)


def test_items_of_few_documents_tell_less_than_as_many_alone():
    alone = outcomes(both=800, gained=100, lost=20, neither=80)
    grouped = alone.assign(cluster=[f"document {place // 20}" for place in range(1000)] * 2)
    first, second = decide(alone, RULE), decide(grouped, RULE)
    assert second.delta_accuracy == first.delta_accuracy
    assert second.interval[0] < first.interval[0]
    assert (first.verdict, second.verdict) == ("upgrade", "measure-more")


def test_three_models_in_the_table_and_only_the_rules_two_count():
    third = rows("third", [1] * 1000, 0.0)
    table = outcomes(both=800, gained=100, lost=20, neither=80)
    made = decide(pd.concat([table, third]), RULE)
    assert made.as_dict()["p_value"] == decide(table, RULE).p_value
    assert any("third" in note for note in made.notes)


def test_simulated_results_say_so_in_the_reasons_and_the_json():
    made = decide(outcomes(both=90, gained=10).assign(source="simulated"), RULE)
    assert made.source == "simulated"
    assert any("tell nothing about the real models" in reason for reason in made.reasons)
    assert decide(outcomes(both=90, gained=10), RULE).source == "not stated"


def strict(text):
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_the_json_has_what_programs_are_promised():
    told = strict(decide(outcomes(**GSM8K), RULE | {"error_worth_usd": 0.3}).as_json())
    assert told["verdict"] == "upgrade"
    assert all(isinstance(reason, str) for reason in told["reasons"])
    assert told["delta_accuracy"] == pytest.approx(26 / 1319)
    assert told["interval"] == pytest.approx([0.008844, 0.030579], abs=1e-6)
    assert told["p_value"] == pytest.approx(0.00054, abs=5e-6)
    assert told["lambda_usd"] == pytest.approx(2.302 / 26)
    assert [span["verdict"] for span in told["sensitivity"]["worth_usd"]] == [
        "stay",
        "measure-more",
        "upgrade",
    ]
    assert told["sensitivity"]["worth_usd"][2]["to"] is None
    assert told["options"]["candidate"]["accuracy"] == pytest.approx(1268 / 1319)
    assert told["options"]["baseline"]["cost_usd"] == pytest.approx(0.154 / 1319)
    assert told["rule"]["error_worth_usd"] == 0.3


def test_what_would_flip_it_names_worths_prices_and_limits():
    made = decide(outcomes(both=800, gained=150, lost=10, neither=40), RULE | {"min_accuracy": 0.7})
    told = " ".join(made.flips)
    # 0.0019 over the upper end of the gain, 0.14 + 1.96 · √((0.16 − 0.14²) / 1000) = 0.1632
    assert "An error worth below $0.0116: stay." in told
    # 0.0001 + 0.05 · 0.14 dollars; 0.0019 / 0.05 = 3.8 points
    assert "breaks even at $0.0071 an item (now $0.002), or with +3.8 points" in told
    assert "If big missed the accuracy limit: stay." in told


def test_the_verdict_stands_before_all_else_when_it_is_printed():
    printed = str(decide(outcomes(**GSM8K), RULE | {"error_worth_usd": 0.03}))
    assert printed.startswith("Verdict: stay\nStay with small.\n")
    assert max(map(len, printed.splitlines())) <= 88


def test_a_plot_of_one_item_is_refused_and_others_have_words():
    with pytest.raises(CourseError, match="measure more"):
        decide(outcomes(gained=1), RULE).plot()
    made = decide(outcomes(**GSM8K), RULE | {"error_worth_usd": 0.3})
    for kind in ("cost", "worth"):
        assert "not stated, 1,319 items" in made.plot(kind).alt
    assert made.plot().get_title("left").replace("\n", " ") == "Upgrade from small to big"
    with pytest.raises(CourseError, match="no cascade"):
        made.plot("cascade")
    with pytest.raises(CourseError, match="cost, worth, cascade"):
        made.plot("pie")


def test_going_over_to_a_cheaper_model_is_not_called_an_upgrade_in_the_headline():
    made = decide(outcomes(**GSM8K), RULE | {"baseline": BIG, "candidate": SMALL})
    assert (made.verdict, made.headline) == ("upgrade", "Go over from big to small.")
    assert made.reasons[0].startswith("small makes more errors, and saves $0.0885")


def test_names_of_the_roles_come_from_the_rule():
    made = decide(outcomes(both=80, gained=20), RULE)
    assert [one.name for one in made.options] == [SMALL, BIG]


def grouped(clusters):
    table = outcomes(both=300, gained=40, lost=20, neither=40)
    return table.assign(cluster=[f"document {place % clusters}" for place in range(400)] * 2)


def test_items_in_clusters_name_their_test_and_say_how_many_clusters_there_are():
    made = decide(grouped(25), RULE)
    assert "exact sign-flip test over 25 clusters: p" in " ".join(made.reasons)
    assert "McNemar" not in str(made)
    told = "400 items in 25 clusters; the intervals of accuracy and cost allow for it."
    assert told in str(made) and told in made.memo()
    assert (made.as_dict()["test"], made.as_dict()["clusters"]) == ("exact sign-flip", 25)
    plain = decide(outcomes(both=9, gained=1), RULE).as_dict()
    assert (plain["test"], plain["clusters"]) == ("McNemar's exact", None)


def test_a_single_cluster_says_that_it_tells_nothing_of_others():
    made = decide(grouped(1), RULE)
    assert made.verdict == "measure-more"
    assert any("in one cluster, which says nothing about others" in note for note in made.notes)
    with pytest.raises(CourseError, match="One cluster has no interval of costs"):
        made.plot()


def test_the_plot_by_worth_says_where_a_limit_decided_otherwise():
    limits = {"error_worth_usd": 0.3, "monthly_items": 50_000, "monthly_budget_usd": 60}
    drawn = decide(outcomes(**GSM8K), RULE | limits).plot("worth")
    told = " ".join(drawn.get_title("left").split())
    assert told.startswith("Costs and errors alone, without the rule's limits: at $0.30 an error")
    assert told.endswith("The decision: stay") and drawn.alt.startswith(told)
    free = decide(outcomes(**GSM8K), RULE | {"error_worth_usd": 0.3}).plot("worth")
    assert free.get_title("left").startswith("At $0.30 an error: upgrade")


def test_the_cost_plot_marks_the_limit_and_who_misses_the_rule():
    table = outcomes(**GSM8K).assign(latency_s=[1.0] * 1319 + [3.0] * 1319)
    drawn = decide(table, RULE | {"max_p95_s": 2, "min_accuracy": 0.9}).plot()
    told = [text.get_text() for text in drawn.texts]
    assert "the rule: at least 90 %" in told
    assert any(text.startswith("big: misses 2 s\n") for text in told)
    assert "misses 2 s" in drawn.alt and not any("small: misses" in text for text in told)


def test_a_cheaper_model_is_told_how_much_accuracy_it_could_lose():
    made = decide(outcomes(**GSM8K), RULE | {"baseline": BIG, "candidate": SMALL})
    # 2.302 / 1,319 dollars over 0.05 dollars an error are 3.49 points
    assert "could even lose 3.5 points of accuracy (now -2.0 points)" in " ".join(made.flips)


def test_where_no_worth_makes_it_an_upgrade_that_is_said():
    made = decide(outcomes(both=90, gained=2, lost=1), RULE | {"error_worth_usd": 0.001})
    assert made.verdict == "stay"
    assert "No worth of an error makes it an upgrade on these items." in made.flips
    assert "measure-more" not in " ".join(made.flips)
