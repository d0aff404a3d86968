"""The truth log: what is remembered of each call, for whom, and what all calls come to."""

import json
import threading
from decimal import Decimal

import pytest

from course.endpoint.truth import Record, Truth, hide
from course.errors import CourseError


def record(key="k", *, status=200, model="gpt-4o-mini", prompt=1000, cached=0, completion=100):
    made = Record(key, "/v1/chat/completions")
    made.status, made.model = status, model
    made.prompt_tokens, made.cached_tokens, made.completion_tokens = prompt, cached, completion
    return made


def test_a_call_costs_its_list_price():
    # 600 × 0.15 + 400 × 0.075 + 100 × 0.60 dollars per million = 90 + 30 + 60 millionths
    assert record(cached=400).cost() == Decimal("0.00018")


def test_a_batch_costs_half():
    one = record()
    one.batch = True
    # 1,000 × 0.075 + 100 × 0.30 per million
    assert one.cost() == Decimal("0.000105")


def test_a_refused_call_costs_nothing_and_an_unknown_model_has_no_price():
    assert record(status=429).cost() == 0
    assert record(model="nobody").cost() is None


def test_each_key_sees_its_own_calls_only_and_never_a_key():
    truth = Truth()
    for key in ("mine", "yours", "mine"):
        truth.add(record(key))
    mine = truth.since(0, key="mine")
    assert [row["number"] for row in mine] == [1, 3]
    assert {row["key"] for row in mine} == {hide("mine")}
    assert "mine" not in json.dumps(mine)
    assert [row["number"] for row in truth.since(1, key="mine")] == [3]
    assert truth.since(3) == truth.since(99) == []


def test_the_oldest_are_forgotten_but_stay_in_the_totals():
    truth = Truth(bound=2)
    for _ in range(5):
        truth.add(record())
    assert [row["number"] for row in truth.since(0)] == [4, 5]
    assert [row["number"] for row in truth.recent(9)] == [5, 4]
    assert truth.totals.calls == 5
    # five times 1,000 × 0.15 + 100 × 0.60 per million
    assert truth.totals.cost_usd == Decimal("0.00105")


def test_totals_price_each_call_by_itself():
    truth = Truth()
    for _ in range(300):
        truth.add(record(model="gpt-6-luna", prompt=1000, completion=0))
    truth.add(record(status=500))
    # 300 calls of 1,000 tokens at $0.10 a million; one call of 300,000 would be dearer
    assert truth.totals.cost_usd == Decimal("0.03")
    assert (truth.totals.calls, truth.totals.failed) == (301, 1)
    assert truth.totals.prompt_tokens == 300_000


def test_a_long_prompt_is_priced_as_one():
    truth = Truth()
    long = record(model="gpt-6-luna", prompt=300_000, completion=0)
    truth.add(long)
    assert truth.totals.cost_usd == long.cost() > Decimal("0.03")


def test_lateness_is_counted_from_the_earliest_that_was_due():
    one = record()
    one.arrived -= 2.0
    one.wrote(1.5, 1.5)
    one.wrote(1.6, 1.9)
    assert (one.scheduled_first_s, one.scheduled_last_s) == (1.5, 1.9)
    assert one.sent_first_s == pytest.approx(2.0, abs=0.2)
    assert one.latest_s == pytest.approx(0.5, abs=0.2)


def test_a_log_file_gets_a_line_for_each_call(tmp_path):
    path = tmp_path / "calls.jsonl"
    truth = Truth(path)
    threads = [threading.Thread(target=truth.add, args=(record("secret"),)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    truth.close()
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert sorted(line["number"] for line in lines) == list(range(1, 21))
    assert {line["cost_usd"] for line in lines} == {"0.00021"}
    assert "secret" not in path.read_text(encoding="utf-8")


def test_a_log_that_cannot_be_written_is_one_sentence(tmp_path):
    with pytest.raises(CourseError, match=r"can't be written .*; name another with --log"):
        Truth(tmp_path / "no" / "folder" / "calls.jsonl")
