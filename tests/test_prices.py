import doctest
import socket
from datetime import UTC, datetime
from decimal import Decimal

import genai_prices
import pytest
from openai.types import CompletionUsage

from course import facts, prices
from course.errors import CourseError
from course.facts import fact
from course.prices import Usage, cost

HELLO = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "Hello!"},
]


def per_million(usage, model, **options):
    """A price per million, from a call of a thousand: a million would be a long prompt."""
    return cost(usage, model, **options) * 1000


def test_an_email_costs_what_the_arithmetic_says():
    # 200 tokens in at 0.15 and 3 out at 0.60 dollars a million: 0.00003 + 0.0000018.
    assert cost(Usage(200, 0, 3), "gpt-4o-mini") == Decimal("0.0000318")
    # 50,000 such e-mails cost 1.59 dollars, and by batch half of it.
    assert 50_000 * cost(Usage(200, 0, 3), "gpt-4o-mini") == Decimal("1.59")
    assert 50_000 * cost(Usage(200, 0, 3), "gpt-4o-mini", batch=True) == Decimal("0.795")


@pytest.mark.parametrize(
    ("model", "dollars"),
    # A million messages a day of 300 + 150 tokens: 300 in and 150 out million tokens.
    [("gpt-4o-mini", 135), ("gpt-4o", 2250), ("gpt-5", 1875), ("gpt-6-luna", 105)],
)
def test_a_million_messages_cost_what_the_arithmetic_says(model, dollars):
    assert 1_000_000 * cost(Usage(300, 0, 150), model) == dollars


def test_cached_tokens_cost_half_on_the_small_model():
    # 1,000 prompt tokens, 600 of them cached: 400 * 0.15 + 600 * 0.075 = 105 millionths.
    assert cost(Usage(1000, 600, 0), "gpt-4o-mini") == Decimal("0.000105")


@pytest.mark.parametrize("model", facts.models())
def test_genai_prices_and_the_facts_agree(model):
    known = facts.facts()
    price_in = known[f"{model}.input_price"]
    assert per_million(Usage(1000, 0, 0), model) == price_in
    assert per_million(Usage(0, 0, 1000), model) == known[f"{model}.output_price"]
    cached = known.get(f"{model}.cached_price", price_in)
    assert per_million(Usage(1000, 1000, 0), model) == cached
    written = known.get(f"{model}.cache_write_price", price_in)
    assert per_million(Usage(1000, cache_write_tokens=1000), model) == written


@pytest.mark.parametrize("model", facts.models())
def test_batch_prices_are_those_of_the_facts(model):
    price_in, price_out = fact(f"{model}.batch_input_price"), fact(f"{model}.batch_output_price")
    assert per_million(Usage(1000, 0, 0), model, batch=True) == price_in
    assert per_million(Usage(0, 0, 1000), model, batch=True) == price_out
    assert price_in * 2 == fact(f"{model}.input_price")
    assert price_out * 2 == fact(f"{model}.output_price")


@pytest.mark.parametrize("model", facts.models())
def test_genai_prices_knows_the_same_batch_prices(model):
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    for usage, field in (
        (genai_prices.Usage(input_tokens=1000), "batch_input_price"),
        (genai_prices.Usage(output_tokens=1000), "batch_output_price"),
    ):
        priced = genai_prices.calc_price(
            usage,
            model,
            provider_id="openai",
            genai_request_timestamp=noon,
            price_context={"processing": "batch"},
        )
        assert priced.total_price * 1000 == fact(f"{model}.{field}")


def test_cached_tokens_in_a_batch():
    # gpt-5 has a batch rate for them, 0.0625; gpt-4.1-mini keeps its standard one, 0.10.
    assert per_million(Usage(1000, 1000, 0), "gpt-5", batch=True) == Decimal("0.0625")
    assert per_million(Usage(1000, 1000, 0), "gpt-4.1-mini", batch=True) == Decimal("0.1")
    assert per_million(Usage(1000, 1000, 0), "gpt-4-turbo", batch=True) == 5


def test_a_long_prompt_to_gpt_6_is_dearer():
    # Above 272,000 tokens luna costs 0.20 in and 0.75 out: 0.06 for 300,000 tokens.
    assert cost(Usage(300_000, 0, 0), "gpt-6-luna") == Decimal("0.06")
    assert cost(Usage(200_000, 0, 0), "gpt-6-luna") == Decimal("0.02")


@pytest.mark.parametrize("model", facts.models())
@pytest.mark.parametrize("prompt", [1, 777, 128_000, 128_001, 271_999, 300_000])
def test_a_call_costs_exactly_what_genai_prices_says(model, prompt):
    usage = genai_prices.Usage(input_tokens=prompt, cache_read_tokens=prompt // 3, output_tokens=77)
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    priced = genai_prices.calc_price(
        usage, model, provider_id="openai", genai_request_timestamp=noon
    )
    assert cost(Usage(prompt, prompt // 3, 77), model) == priced.total_price


def test_a_snapshot_costs_what_its_family_costs():
    for batch in (False, True):
        expected = cost(Usage(100, 0, 10), "gpt-4o-mini", batch=batch)
        assert cost(Usage(100, 0, 10), "gpt-4o-mini-2024-07-18", batch=batch) == expected


def test_usage_is_taken_in_every_shape_it_comes_in():
    details = {"cached_tokens": 600}
    body = {
        "prompt_tokens": 1000,
        "completion_tokens": 100,
        "total_tokens": 1100,
        "prompt_tokens_details": details,
    }
    responses = {"input_tokens": 1000, "output_tokens": 100, "input_tokens_details": details}
    flat = {"prompt_tokens": 1000, "cached_tokens": 600, "completion_tokens": 100}
    # 105 millionths for the prompt as above, and 100 * 0.60 for the answer.
    for usage in (body, responses, flat, CompletionUsage(**body), Usage(1000, 600, 100)):
        assert cost(usage, "gpt-4o-mini") == Decimal("0.000165")


def test_money_is_a_decimal_without_trailing_zeros():
    assert str(cost(Usage(10, 0, 0), "gpt-4-turbo")) == "0.0001"
    assert str(cost(Usage(10_000_000, 0, 0), "gpt-4-turbo")) == "100"
    assert str(cost(Usage(0, 0, 0), "gpt-4o-mini")) == "0"


@pytest.mark.parametrize(
    "usage",
    [
        Usage.__mro__,
        None,
        {},
        {"prompt_tokens": "many", "completion_tokens": 1},
        {"prompt_tokens": -1, "completion_tokens": 1},
        {"prompt_tokens": True, "completion_tokens": 1},
        {"prompt_tokens": 1.5, "completion_tokens": 1},
        {"prompt_tokens": 10, "completion_tokens": 1, "cached_tokens": 11},
    ],
)
def test_a_wrong_usage_is_told(usage):
    with pytest.raises(CourseError):
        cost(usage, "gpt-4o-mini")


@pytest.mark.parametrize("batch", [False, True])
def test_an_unknown_model_has_no_price(batch):
    with pytest.raises(CourseError, match="model 'gpt-9'"):
        cost(Usage(1, 0, 1), "gpt-9", batch=batch)


def test_priority_processing_has_a_price_where_the_facts_have_it():
    # 400 * 0.25 + 600 * 0.125 + 100 * 1.00 = 100 + 75 + 100 millionths.
    assert cost(Usage(1000, 600, 100), "gpt-4o-mini", tier="priority") == Decimal("0.000275")
    with pytest.raises(CourseError, match="No priority price is known for the model 'gpt-4o'"):
        cost(Usage(1), "gpt-4o", tier="priority")


def test_prices_need_no_network_and_no_calendar(monkeypatch):
    def refuse(*_):
        raise AssertionError("something wants to connect")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("COURSE_DATE", "2031-01-01")
    prices._priced_at.cache_clear()
    assert cost(Usage(200, 0, 3), "gpt-4o-mini") == Decimal("0.0000318")


def test_the_examples_of_the_module_hold():
    assert doctest.testmod(prices).failed == 0
