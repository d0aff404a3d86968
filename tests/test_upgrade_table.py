"""What is no table of results for a decision is refused in one sentence that says what to mend."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from upgrade_results import BIG, RULE, SMALL, outcomes, rows

from course.errors import CourseError
from course.upgrade import read_rule
from course.upgrade.table import read_table

TABLE = outcomes(both=6, gained=3, lost=1, neither=2)


def read(table, **rule):
    return read_table(table, read_rule(RULE | rule))


def refused(table, **rule):
    with pytest.raises(CourseError) as caught:
        read(table, **rule)
    told = str(caught.value)
    assert told.endswith(".") and "\n" not in told
    return told


def with_first(column, value):
    return TABLE.assign(**{column: [value, *TABLE[column].tolist()[1:]]})


def test_both_models_answers_are_in_the_order_of_the_items_whatever_that_of_the_rows():
    shuffled = read(TABLE.sample(frac=1, random_state=3))
    assert shuffled.items == tuple(sorted(f"item {place}" for place in range(12)))
    assert (shuffled.candidate.correct == read(TABLE).candidate.correct).all()
    assert int(shuffled.baseline.correct.sum()) == 7  # 6 with both, 1 lost


@pytest.mark.parametrize(
    "written",
    [
        {1: 1, 0: 0},
        {1: True, 0: False},
        {1: "TRUE", 0: "false"},
        {1: "1.0", 0: "0.0"},
        {1: " yes ", 0: "No"},
        {1: np.float64(1), 0: np.float64(0)},
    ],
)
def test_right_and_wrong_are_understood_as_they_are_mostly_written(written):
    found = read(TABLE.assign(correct=TABLE["correct"].map(written)))
    assert int(found.candidate.correct.sum()) == 9


def test_a_column_of_pandas_own_booleans_is_understood():
    assert read(TABLE.astype({"correct": "boolean"})).baseline.correct.dtype == bool


@pytest.mark.parametrize("value", [0.5, 2, -1, "maybe"])
def test_what_is_neither_right_nor_wrong_is_refused_with_its_item(value):
    told = refused(with_first("correct", value))
    assert str(value) in told and "item 0" in told and "1 row" in told


@pytest.mark.parametrize("value", [None, np.nan, "", "NaN"])
def test_a_missing_answer_is_refused_and_not_counted_as_wrong_in_silence(value):
    assert "correct is missing in 1 row" in refused(with_first("correct", value))


@pytest.mark.parametrize("value", [None, np.nan, "", "n/a"])
def test_a_missing_cost_is_refused(value):
    assert "cost_usd is missing in 1 row" in refused(with_first("cost_usd", value))


@pytest.mark.parametrize("value", [-0.1, np.inf, "free", "0,5"])
def test_a_cost_that_is_none_is_refused(value):
    assert "cost_usd is no number from 0 up" in refused(with_first("cost_usd", value))


@pytest.mark.parametrize("value", ["$0.25", " 0.25 ", Decimal("0.25"), "2.5e-1"])
def test_costs_may_be_texts_and_decimals(value):
    assert 0.25 in read(with_first("cost_usd", value)).baseline.cost_usd


def test_a_model_that_costs_nothing_at_all_is_noted():
    free = TABLE.assign(cost_usd=TABLE["cost_usd"].where(TABLE["model"] == BIG, 0))
    assert any("cost_usd is 0 in every row of small" in note for note in read(free).notes)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (TABLE.drop(columns="correct"), ["no column correct", "item, model, correct, cost_usd"]),
        (TABLE.rename(columns={"item": "item_id"}), ["item_id", "rename it to 'item'"]),
        (TABLE.rename(columns={"cost_usd": "cost"}), ["'cost'", "rename it to 'cost_usd'"]),
        (TABLE.drop(columns="cost_usd").assign(prompt_tokens=9), ["course.upgrade.priced"]),
        (TABLE.iloc[:0], ["no row"]),
        (pd.DataFrame(), ["no column item"]),
        (pd.concat([TABLE, TABLE[["item"]]], axis=1), ["two columns 'item'"]),
        ([1, 2], ["list", "pandas.DataFrame"]),
    ],
)
def test_what_has_not_the_columns_is_told_which_it_lacks(table, words):
    told = refused(table)
    assert all(word in told for word in words), told


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame({"model": [SMALL, BIG], "accuracy": [0.885, 0.889], "cost_usd": [1, 33]}),
        # the shape of a published summary of accuracies and costs on 3,800 news items
        pd.DataFrame({"Test_acc": [0.885, 0.889], "Test_cost": [1e-5, 3e-4], "Test_size": 3800,
                      "Provider": ["gpt-4o-mini", "gpt-4o"]}),
        pd.concat([rows(SMALL, [0.885], 0.1), rows(BIG, [0.889], 3.3)]),
        pd.concat([rows(SMALL, [1242], 0.154), rows(BIG, [1268], 2.456)]),
        pd.concat([rows(SMALL, [1], 0.1), rows(BIG, [1], 0.1).assign(item="another")]),
    ],
)  # fmt: skip
def test_a_summary_is_refused_and_told_that_item_rows_are_needed(table):
    told = refused(table)
    assert "summary" in told and "one row for each item and model" in told


def test_an_index_of_items_and_models_is_taken_for_columns():
    assert len(read(TABLE.set_index(["item", "model"])).items) == 12


def test_an_item_twice_is_refused_with_its_name():
    told = refused(pd.concat([TABLE, TABLE.iloc[[0, 1]]]))
    assert "2 rows too many" in told and "item 0, item 1" in told


def test_items_that_one_model_lacks_are_counted_and_named_for_both():
    told = refused(TABLE.iloc[2:-3])  # small's first two rows, big's last three
    assert "small has no row for 2 items (item 0, item 1)" in told
    assert "big has no row for 3 items (item 10, item 11, item 9)" in told


def test_an_item_without_a_name_is_refused():
    assert "item is missing in 1 row" in refused(with_first("item", None))


def test_numbers_of_items_are_the_same_whole_or_not():
    numbers = TABLE["item"].str.removeprefix("item ").astype(float)
    assert "10" in read(TABLE.assign(item=numbers)).items


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"candidate": "Big"}, ["candidate 'Big'", "did you mean 'big'?", "big, small"]),
        ({"baseline": "gpt-4o"}, ["baseline 'gpt-4o'", "there are big, small"]),
    ],
)
def test_a_model_that_is_not_there_is_told_which_are(rule, words):
    told = refused(TABLE, **rule)
    assert all(word in told for word in words), told


def test_a_snapshots_name_is_offered_for_its_family():
    table = TABLE.assign(model=TABLE["model"].map({SMALL: "gpt-4o-mini-2024-07-18", BIG: BIG}))
    assert "gpt-4o-mini-2024-07-18" in refused(table, baseline="gpt-4o-mini")


def test_unknown_columns_are_noted_and_one_that_looks_misspelt_is_named():
    notes = " ".join(read(TABLE.assign(latency=1.0, colour="red", answer="a")).notes)
    assert "latency, colour" in notes and "latency looks like latency_s" in notes
    assert "answer" not in notes


@pytest.mark.parametrize("other", ["live", "published", None])
def test_sources_are_never_mixed(other):
    mixed = TABLE.assign(source=np.where(TABLE["model"] == BIG, "simulated", other))
    told = refused(mixed)
    assert "12 rows from simulated" in told and "one source only" in told


def test_rows_of_a_third_model_do_not_mix_sources():
    third = rows("third", [1], 0.1).assign(source="live")
    assert read(pd.concat([TABLE.assign(source="simulated"), third])).source == "simulated"


@pytest.mark.parametrize(
    ("source", "expected"),
    [("live", "live"), ("Published (ZeroEval)", "Published (ZeroEval)"), ("", "not stated")],
)
def test_a_source_is_told_in_the_tables_words(source, expected):
    assert read(TABLE.assign(source=source)).source == expected


def test_a_latency_limit_needs_the_seconds_of_every_answer():
    assert "no column latency_s" in refused(TABLE, max_p95_s=2)
    gaps = TABLE.assign(latency_s=[np.nan] * 3 + [1.0] * 21)
    assert "latency_s is missing in 3 rows" in refused(gaps, max_p95_s=2)
    assert read(gaps).baseline.latency_s is None  # nobody asked


def test_confidence_counts_only_where_every_answer_of_the_baseline_has_one():
    told = TABLE.assign(confidence=np.where(TABLE["model"] == SMALL, 0.7, np.nan))
    assert (read(told).baseline.confidence == 0.7).all()
    gaps = told.assign(confidence=[np.nan, *told["confidence"][1:]])
    found = read(gaps)
    assert found.baseline.confidence is None
    assert any("confidence is missing in 1 row of small" in note for note in found.notes)


def test_clusters_must_be_the_same_for_both_models():
    assert read(TABLE.assign(cluster=TABLE["item"])).clusters is None  # each item alone
    assert read(TABLE.assign(cluster="a")).clusters is not None
    assert "cluster is missing or differs" in refused(TABLE.assign(cluster=TABLE["model"]))


def with_confidence(*values):
    told = [*values, *[0.5] * (12 - len(values)), *[np.nan] * 12]
    return TABLE.assign(confidence=pd.Series(told, dtype=object))


def test_a_confidence_written_in_percent_or_with_a_comma_is_a_number():
    found = read(with_confidence("85.3%", "85,3 %", "0,853", "0.853")).baseline.confidence
    assert sorted(found.tolist()) == pytest.approx([0.5] * 8 + [0.853] * 4)


def test_a_confidence_in_words_is_refused_with_the_value_and_the_count():
    told = refused(with_confidence("high", "high"))
    assert "confidence is no number ('high') in 2 rows" in told and "item 0, item 1" in told


@pytest.mark.parametrize("value", ["0.5 %", "3 ct", "0.002 €"])
def test_costs_in_another_unit_are_told_to_be_plain_dollars(value):
    assert "write plain dollars, such as 0.0023" in refused(with_first("cost_usd", value))


def test_examples_of_wrong_rows_do_not_count_differently_from_the_rows():
    told = refused(TABLE.assign(cost_usd="free"))
    assert "24 rows" in told and "on item 0, item 1, item 2; write" in told


def test_obvious_names_of_missing_columns_are_all_suggested():
    renamed = TABLE.rename(columns={"item": "ticket_id", "cost_usd": "price"})
    assert "rename 'ticket_id' to 'item' and 'price' to 'cost_usd'" in refused(renamed)


def test_a_model_in_other_capitals_is_suggested_before_longer_names():
    table = TABLE.assign(model=TABLE["model"].map({SMALL: "gpt-4o-mini", BIG: "gpt-4o"}))
    told = refused(table, baseline="gpt-4o-mini", candidate=" GPT-4o ")
    assert "did you mean 'gpt-4o'?" in told


def test_latencies_that_look_like_milliseconds_are_noted():
    slow = read(TABLE.assign(latency_s=850.0)).notes
    assert any("is latency_s in milliseconds?" in note for note in slow)
    assert not read(TABLE.assign(latency_s=8.5)).notes


def test_one_row_that_makes_most_of_the_cost_is_noted_with_its_item():
    # 1.0 of 1.0 + 11 · 0.0001 dollars
    notes = " ".join(read(with_first("cost_usd", 1.0)).notes)
    assert "One row makes 99.9 % of all costs of small: $1.00 on item 0" in notes
