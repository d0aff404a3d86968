"""What must not change a verdict does not, and what turns it round turns all of it round."""

import json

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import given, settings
from upgrade_results import BIG, RULE, SMALL, outcomes, rows

from course.upgrade import decide

TURNED = {"stay": "upgrade", "upgrade": "stay", "measure-more": "measure-more"}

counts = st.fixed_dictionaries(
    {
        "both": st.integers(0, 60),
        "gained": st.integers(0, 40),
        "lost": st.integers(0, 40),
        "neither": st.integers(0, 20),
        "small_usd": st.sampled_from([0.0001, 0.001, 0.004]),
        "big_usd": st.sampled_from([0.0001, 0.002, 0.01]),
        "spread": st.sampled_from([0.0, 0.3, 0.9]),
    }
).filter(lambda drawn: sum(drawn[name] for name in ("both", "gained", "lost", "neither")) > 0)
worths = st.sampled_from([0.0, 0.001, 0.02, 0.1, 1.0, 50.0])


def told(table, **rule):
    return decide(table, RULE | rule).as_dict()


@settings(max_examples=60)
@given(counts, worths)
def test_exchanging_the_roles_turns_everything_round(drawn, worth):
    table = outcomes(**drawn)
    there = told(table, error_worth_usd=worth)
    back = told(table, error_worth_usd=worth, baseline=BIG, candidate=SMALL)
    assert back["verdict"] == TURNED[there["verdict"]]
    assert back["delta_accuracy"] == pytest.approx(-there["delta_accuracy"])
    assert back["interval"] == pytest.approx([-end for end in reversed(there["interval"])])
    assert back["p_value"] == there["p_value"]
    assert same(back["lambda_usd"], there["lambda_usd"])
    assert same(back["lambda_interval_usd"], there["lambda_interval_usd"])
    assert back["items_needed"] == there["items_needed"]


@settings(max_examples=40)
@given(counts, worths, st.sampled_from([0.001, 7.0, 90.0]))
def test_another_currency_changes_no_verdict(drawn, worth, rate):
    here = outcomes(**drawn)
    limits = {"monthly_items": 1000, "min_accuracy": 0.5}
    one = told(here, error_worth_usd=worth, monthly_budget_usd=3, **limits)
    other = told(
        here.assign(cost_usd=here["cost_usd"] * rate),
        error_worth_usd=worth * rate,
        monthly_budget_usd=3 * rate,
        **limits,
    )
    assert other["verdict"] == one["verdict"]
    assert other["interval"] == one["interval"]
    assert same(other["lambda_usd"], one["lambda_usd"], rate)
    assert same(other["lambda_interval_usd"], one["lambda_interval_usd"], rate)


@settings(max_examples=30)
@given(counts, worths, st.integers(0, 1000))
def test_the_order_of_rows_and_other_models_change_nothing(drawn, worth, seed):
    table = outcomes(**drawn)
    third = rows("third", [1, 0] * 3, 0.5)
    mixed = pd.concat([third, table]).sample(frac=1, random_state=seed)
    one, other = (told(each, error_worth_usd=worth) for each in (table, mixed))
    assert {**other, "notes": []} == {**one, "notes": []}


@settings(max_examples=60)
@given(counts, worths)
def test_every_figure_is_strict_json_and_every_interval_holds_its_value(drawn, worth):
    made = decide(outcomes(**drawn), RULE | {"error_worth_usd": worth})
    json.dumps(made.as_dict(), allow_nan=False)
    assert made.interval[0] <= made.delta_accuracy <= made.interval[1]
    assert made.net_benefit.low <= made.net_benefit.value <= made.net_benefit.high
    says = {"upgrade": made.net_benefit.low > 0, "stay": made.net_benefit.high < 0}
    assert says.get(made.verdict, not any(says.values()))
    at = [span for span in made.as_dict()["sensitivity"]["worth_usd"] if span["from"] <= worth]
    assert at[-1]["verdict"] == made.verdict or worth in (at[-1]["from"], at[-1]["to"])
    if made.items_needed is not None:
        assert made.items_needed > made.n
    assert str(made).startswith(f"Verdict: {made.verdict}")


@settings(max_examples=30)
@given(counts, worths)
def test_more_of_the_same_never_turns_a_sure_verdict(drawn, worth):
    table = outcomes(**drawn | {"spread": 0.0})
    again = table.assign(item=table["item"] + " again")
    once, twice = (told(each, error_worth_usd=worth) for each in (table, pd.concat([table, again])))
    if once["verdict"] != "measure-more":
        assert twice["verdict"] == once["verdict"]


def same(found, expected, rate=1.0):
    """Equal but for rounding, each part of a pair and None among them."""
    if found is None or expected is None:
        return found is expected
    if isinstance(found, list):
        return all(same(*ends, rate) for ends in zip(found, expected, strict=True))
    return found == pytest.approx(expected * rate, rel=1e-7, abs=1e-12)
