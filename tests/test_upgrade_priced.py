"""What rows of a usage log cost, by the list prices of the course's facts."""

from decimal import Decimal

import pandas as pd
import pytest

from course.errors import CourseError
from course.upgrade import priced


def usage(**columns):
    base = {"prompt_tokens": [1_000], "completion_tokens": [100]}
    return pd.DataFrame(base | {name: [value] for name, value in columns.items()})


def cost(model="gpt-4o-mini", **columns):
    return priced(usage(**columns), model)["cost_usd"].item()


def test_tokens_in_and_out_at_list_price():
    assert cost() == Decimal("0.00021")  # 1,000 · $0.15 + 100 · $0.60 per million


def test_a_cached_prefix_costs_half():
    assert cost(cached_tokens=600) == Decimal("0.000165")  # 400 · 0.15 + 600 · 0.075 + 100 · 0.60


def test_a_batch_costs_half():
    assert cost(batch=True) == Decimal("0.000105")
    assert priced(usage(), "gpt-4o-mini", batch=True)["cost_usd"].item() == Decimal("0.000105")
    assert cost(batch="false") == Decimal("0.00021")


def test_a_priority_tier_costs_more():
    # 1,000 · $0.25 + 100 · $1.00 per million
    assert priced(usage(), "gpt-4o-mini", tier="priority")["cost_usd"].item() == Decimal("0.00035")
    assert cost(tier="default") == Decimal("0.00021")


def test_reasoning_tokens_are_a_part_of_the_completion_and_paid_once():
    assert cost("gpt-6-luna", completion_tokens=500, reasoning_tokens=450) == Decimal("0.00035")
    with pytest.raises(CourseError, match="450 reasoning_tokens but only 50"):
        cost("gpt-6-luna", completion_tokens=50, reasoning_tokens=450)


def test_a_picture_costs_twice_as_much_on_the_small_model():
    nothing = {"prompt_tokens": 0, "completion_tokens": 0, "images": "1024x1024"}
    # 2,833 + 4 · 5,667 tokens at $0.15; 85 + 4 · 170 at $2.50
    assert cost(**nothing) == Decimal("0.00382515")
    assert cost("gpt-4o", **nothing) == Decimal("0.0019125")


@pytest.mark.parametrize(
    "images", ["1024x1024 1024×1024", "1024x1024, 1024x1024", [(1024, 1024), (1024, 1024)]]
)
def test_several_pictures_add_up(images):
    assert cost(prompt_tokens=0, completion_tokens=0, images=images) == Decimal("0.0076503")


def test_each_row_has_its_own_model_and_keeps_its_place():
    table = pd.DataFrame(
        {
            "model": ["gpt-4o-mini", "gpt-4o"],
            "prompt_tokens": [1000, 1000],
            "completion_tokens": [100.0, 100.0],  # as pandas reads them where some are missing
            "cached_tokens": [None, 0],
        },
        index=["a", "b"],
    )
    assert priced(table)["cost_usd"].to_dict() == {"a": Decimal("0.00021"), "b": Decimal("0.0035")}
    assert "cost_usd" not in table


@pytest.mark.parametrize(
    ("table", "model", "words"),
    [
        (usage().drop(columns="prompt_tokens"), "gpt-4o", "no column prompt_tokens"),
        (usage(), None, "column model"),
        (usage(), "no-such-model", "no-such-model"),
        (usage(prompt_tokens=-5), "gpt-4o", "prompt_tokens in row 1 is -5"),
        (usage(prompt_tokens=1.5), "gpt-4o", "whole number"),
        (usage(prompt_tokens=None), "gpt-4o", "prompt_tokens is missing in row 1"),
        (usage(prompt_tokens="many"), "gpt-4o", "'many'"),
        (usage(cached_tokens=2000), "gpt-4o", "cached"),
        (usage(images="one"), "gpt-4o", "1024x768"),
        (usage(images=3), "gpt-4o", "1024x768"),
    ],
)
def test_what_has_no_price_is_told_in_a_sentence(table, model, words):
    with pytest.raises(CourseError, match=words):
        priced(table, model)
