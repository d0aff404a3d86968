import copy
import doctest
import json
import pickle
from datetime import date, timedelta
from decimal import Decimal

import openai
import pytest

from course import facts, prices
from course.errors import CourseError
from course.facts import DateFact, MoneyFact, TextFact, WholeFact, fact

ONE_OF_EACH = {
    "gpt-4o-mini.snapshot": "gpt-4o-mini-2024-07-18",
    "gpt-4o-mini.max_output": 16384,
    "gpt-4o-mini.input_price": Decimal("0.15"),
    "gpt-4o-mini.mmlu": Decimal("82.0"),
    "gpt-4o-mini.shutdown": date(2027, 1, 14),
}


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    monkeypatch.delenv("COURSE_SMALL_MODEL", raising=False)
    monkeypatch.delenv("COURSE_DATE", raising=False)


@pytest.mark.parametrize(("name", "value"), ONE_OF_EACH.items())
def test_a_fact_is_its_value(name, value):
    known = fact(name)
    assert known == value
    assert hash(known) == hash(value)
    assert isinstance(known, type(value))
    assert type(known.value) is type(value)
    assert str(known) == f"{known}" == str(value)


@pytest.mark.parametrize("name", ONE_OF_EACH)
@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda known: pickle.loads(pickle.dumps(known))]
)
def test_a_copied_or_pickled_fact_keeps_its_source(name, again):
    known = fact(name)
    copied = again(known)
    assert (copied, type(copied), repr(copied)) == (known, type(known), repr(known))
    assert copied.__dict__ == known.__dict__


def test_a_fact_shows_its_source_and_when_it_was_checked():
    assert repr(fact("gpt-4o-mini.input_price")) == (
        "0.15 USD per 1M tokens (genai-prices 0.2.3; litellm 1.106.2 agrees; checked 2026-11-21)"
    )
    assert repr(fact("gpt-4o-mini.knowledge_cutoff")) == (
        "October 2023 (Azure's model catalogue; checked 2026-11-21)"
    )
    assert repr(fact("claim.pennies")).endswith("; unconfirmed)")


def test_facts_are_of_the_kind_of_their_value():
    assert type(fact("course.small_model")) is TextFact
    assert type(fact("gpt-4o-mini.context_window")) is WholeFact
    assert type(fact("gpt-4-turbo.input_price")) is MoneyFact
    assert type(fact("gpt-4o-mini.announced")) is DateFact


def test_a_text_and_a_number_can_be_sent_as_json_and_in_a_request():
    body = {"model": fact("course.small_model"), "max_tokens": fact("gpt-4o-mini.max_output")}
    assert json.dumps(body) == '{"model": "gpt-4o-mini", "max_tokens": 16384}'
    client = openai.OpenAI(api_key="no key", base_url="http://127.0.0.1:9/v1")
    options = openai._models.FinalRequestOptions(method="post", url="/x", json_data=body)
    sent = client._build_request(options)
    assert json.loads(sent.content) == {"model": "gpt-4o-mini", "max_tokens": 16384}
    client.close()


def test_what_is_reckoned_from_facts_is_an_ordinary_value():
    # 50,000 e-mails of 200 tokens are 10 million tokens: 10 times 0.15 dollars.
    cost = 50_000 * 200 * fact("gpt-4o-mini.input_price") / 1_000_000
    assert cost == Decimal("1.5")
    assert type(cost) is Decimal
    assert type(fact("gpt-4o-mini.max_output") + 1) is int
    shutdown, announced = fact("gpt-4o-mini.shutdown"), fact("gpt-4o-mini.announced")
    # 17 days of October after the 14th, 30 of November, 31 of December, 14 of January.
    assert shutdown - announced == timedelta(days=17 + 30 + 31 + 14)
    assert type(shutdown + timedelta(days=1)) is date
    assert type(shutdown.replace(year=2031)) is date
    assert f"{fact('gpt-4o-mini.context_window'):,}" == "128,000"
    assert f"{shutdown:%d %B %Y}" == "14 January 2027"


def test_facts_compare_with_each_other_and_with_plain_values():
    assert fact("gpt-4o-mini.input_price") < fact("gpt-4o.input_price") < 3
    assert fact("gpt-5.shutdown") < fact("gpt-4o-mini.shutdown") < date(2028, 1, 1)
    assert fact("course.small_model") in {"gpt-4o-mini"}


def test_an_unknown_name_is_told_with_near_ones():
    with pytest.raises(CourseError, match=r"no fact 'gpt-4o-mini.input'.*gpt-4o-mini.input_price"):
        fact("gpt-4o-mini.input")
    with pytest.raises(CourseError, match="lists them all"):
        fact("§§§§")


def test_every_fact_can_be_read_and_expires_at_most_a_year_after_its_check():
    for name, known in facts.facts().items():
        assert repr(known)
        assert known.name == name
        assert known.checked < known.expires <= known.checked + timedelta(days=365), name


def test_prices_and_dates_expire_within_ninety_days():
    for name, known in facts.facts().items():
        field = name.rpartition(".")[2]
        if field.endswith("_price") or field in ("shutdown", "announced", "replacement"):
            assert known.expires <= known.checked + timedelta(days=90), name


def test_a_shutdown_to_come_expires_when_it_comes():
    for name, known in facts.facts().items():
        if name.endswith(".shutdown") and known > known.checked:
            assert known.expires <= known.value, name


def test_every_priced_model_has_what_the_contract_of_a_model_needs():
    expected = "gpt-4o-mini gpt-4o gpt-3.5-turbo gpt-4-turbo gpt-4.1-mini gpt-5 gpt-5-mini"
    assert facts.models() == [*expected.split(), "gpt-5-nano", "gpt-6-luna", "gpt-6-sol"]
    for model in facts.models():
        for field in ("output_price", "batch_input_price", "batch_output_price"):
            assert fact(f"{model}.{field}") > 0
        assert fact(f"{model}.max_output") < fact(f"{model}.context_window")


def test_embedding_models_have_prices_and_limits_but_write_no_text():
    expected = {
        "text-embedding-3-small": ("0.02", "0.01", 1536),
        "text-embedding-3-large": ("0.13", "0.065", 3072),
        "text-embedding-ada-002": ("0.10", "0.05", 1536),
    }
    for model, (price, batch, dimensions) in expected.items():
        assert model not in facts.models()
        assert fact(f"{model}.input_price") == Decimal(price)
        assert fact(f"{model}.batch_input_price") == Decimal(batch)
        assert fact(f"{model}.dimensions") == dimensions
        assert fact(f"{model}.max_input") == 8192


@pytest.mark.parametrize("batch", [False, True])
def test_the_embedding_prices_are_those_that_calls_are_billed_at(batch):
    for name in ("text-embedding-3-small", "text-embedding-3-large", "text-embedding-ada-002"):
        rate = fact(f"{name}.batch_input_price" if batch else f"{name}.input_price")
        usage = {"prompt_tokens": 500_000, "total_tokens": 500_000}
        assert prices.cost(usage, name, batch=batch) == rate / 2


def test_the_named_models_of_the_course_have_prices():
    for name in ("course.small_model", "course.big_model", "course.next_model"):
        assert fact(name) in facts.models()


def test_the_small_model_can_be_replaced_for_a_run(monkeypatch):
    monkeypatch.setenv("COURSE_SMALL_MODEL", " gpt-6-luna ")
    assert fact("course.small_model") == facts.facts()["course.small_model"] == "gpt-6-luna"
    assert "COURSE_SMALL_MODEL" in repr(fact("course.small_model"))
    monkeypatch.setenv("COURSE_SMALL_MODEL", "")
    assert fact("course.small_model") == "gpt-4o-mini"


def test_a_snapshot_belongs_to_its_family():
    assert facts.family("gpt-4o-mini-2024-07-18") == "gpt-4o-mini"
    assert facts.family("gpt-3.5-turbo-0125") == "gpt-3.5-turbo"
    assert facts.family("gpt-6-luna") == "gpt-6-luna"


def test_today_is_the_calendar_unless_another_day_is_pretended(monkeypatch):
    assert abs(facts.today() - date.today()) <= timedelta(days=1)
    monkeypatch.setenv("COURSE_DATE", "2031-01-01")
    assert facts.today() == date(2031, 1, 1)
    monkeypatch.setenv("COURSE_DATE", "tomorrow")
    with pytest.raises(CourseError, match=r"COURSE_DATE is 'tomorrow'.*2031-01-01"):
        facts.today()


def test_the_edition_is_the_newest_check_whatever_the_day(monkeypatch):
    monkeypatch.setenv("COURSE_DATE", "2031-01-01")
    assert facts.edition() == date(2026, 11, 21)


def test_facts_near_their_expiry_come_soonest_first(monkeypatch):
    monkeypatch.setenv("COURSE_DATE", "2026-11-21")
    # gpt-5 and its two sisters leave on 11 December, 20 days later.
    assert facts.near_expiry(19) == []
    assert {known.name for known in facts.near_expiry(20)} == {
        "gpt-5.shutdown",
        "gpt-5-mini.shutdown",
        "gpt-5-nano.shutdown",
    }
    soon = [known.expires for known in facts.near_expiry(90)]
    assert soon == sorted(soon)


def test_a_fact_is_expired_on_the_day_after_its_expiry(monkeypatch):
    monkeypatch.setenv("COURSE_DATE", "2026-12-11")
    assert facts.expired() == []
    assert not fact("gpt-5.shutdown").expired
    monkeypatch.setenv("COURSE_DATE", "2026-12-12")
    assert fact("gpt-5.shutdown").expired
    assert len(facts.expired()) == 3
    monkeypatch.setenv("COURSE_DATE", "2031-01-01")
    assert len(facts.expired()) == len(facts.facts())


GOOD = """
["a.price"]
value = 0.15
unit = "USD per 1M tokens"
source = "a page"
checked = 2026-11-21
expires = 2027-02-19
status = "read"
"""


def test_a_good_file_is_read_exactly(tmp_path):
    (tmp_path / "facts.toml").write_text(GOOD)
    assert facts.read_facts(tmp_path / "facts.toml")["a.price"] == Decimal("0.15")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("value = 0.15", "value = ", "not valid TOML"),
        ("value = 0.15\n", "", "has no value"),
        ("value = 0.15", "value = true", "no text, number or date"),
        ("value = 0.15", "value = [1]", "no text, number or date"),
        ('unit = "USD per 1M tokens"', "unit = 3", "a text in unit"),
        ('source = "a page"', 'source = ""', "a text in source"),
        ("checked = 2026-11-21", 'checked = "2026-11-21"', "a date such as 2026-11-21 in checked"),
        ("expires = 2027-02-19", "expires = 2027-02-19T00:00:00", "in expires"),
        ('"read"', '"guessed"', "has the status 'guessed'"),
        ('"read"', '"read"\ncolour = "red"', "an unknown field colour"),
        (GOOD, "a = 1", "is not a table"),
        (GOOD, "", "holds no facts"),
    ],
)
def test_a_garbled_file_is_told_in_one_sentence(tmp_path, old, new, told):
    (tmp_path / "facts.toml").write_text(GOOD.replace(old, new))
    with pytest.raises(CourseError, match=told) as error:
        facts.read_facts(tmp_path / "facts.toml")
    assert "facts.toml" in str(error.value)


def test_a_missing_or_binary_file_is_told_in_one_sentence(tmp_path):
    with pytest.raises(CourseError, match="cannot be read"):
        facts.read_facts(tmp_path / "facts.toml")
    (tmp_path / "facts.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(CourseError, match="not valid TOML"):
        facts.read_facts(tmp_path / "facts.toml")


def test_the_examples_of_the_module_hold():
    assert doctest.testmod(facts).failed == 0
