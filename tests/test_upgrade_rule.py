"""The rule: what it holds, and one sentence for every way to write it wrong."""

from decimal import Decimal

import numpy as np
import pytest
from upgrade_results import RULE

from course.errors import CourseError
from course.upgrade import Rule, read_rule

FILE = """
baseline = "gpt-4o-mini"
candidate = "gpt-4o"
error_worth_usd = 0.05
min_accuracy = 0.9
max_p95_s = 2
monthly_items = 50_000
monthly_budget_usd = 100
"""


def written(tmp_path, text):
    file = tmp_path / "rule.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_file_is_read_with_amounts_as_they_are_written(tmp_path, mark):
    assert read_rule(written(tmp_path, mark + FILE.encode())) == Rule(
        baseline="gpt-4o-mini",
        candidate="gpt-4o",
        error_worth_usd=Decimal("0.05"),
        min_accuracy=0.9,
        max_p95_s=2.0,
        monthly_items=50_000,
        monthly_budget_usd=Decimal(100),
        confidence=0.95,
    )


def test_a_dict_of_numpys_numbers_and_a_rule_do_too():
    rule = read_rule(RULE | {"error_worth_usd": np.float64(0.1), "monthly_items": np.int64(5)})
    assert rule.error_worth_usd == Decimal("0.1") and rule.monthly_items == 5
    assert read_rule(rule) is rule


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"error_worth_usd": "0.05"}, ["error_worth_usd", "without quotation marks"]),
        ({"error_worth_usd": -1}, ["error_worth_usd is -1", "from 0 up"]),
        ({"error_worth_usd": True}, ["error_worth_usd is true"]),
        ({"error_worth_usd": float("nan")}, ["error_worth_usd is nan"]),
        ({"error_worth_usd": None}, ["no error_worth_usd"]),
        ({"min_accuracy": 90}, ["min_accuracy is 90", "such as 0.9 for 90 %"]),
        ({"confidence": 95}, ["confidence is 95", "0.95"]),
        ({"confidence": 1}, ["confidence is 1"]),
        ({"max_p95_s": 0}, ["max_p95_s is 0", "above 0"]),
        ({"monthly_items": 1.5}, ["monthly_items is 1.5", "whole number"]),
        ({"monthly_items": 10**400}, ["monthly_items", "whole number"]),
        ({"monthly_items": 9, "monthly_budget_usd": 0}, ["monthly_budget_usd is 0"]),
        ({"monthly_budget_usd": 100}, ["monthly_budget_usd needs monthly_items"]),
        ({"candidate": "small"}, ["both 'small'", "two different models"]),
        ({"candidate": ""}, ["candidate is ''"]),
        ({"candidate": 4}, ["candidate is 4", "quotation marks"]),
        ({"min_acuracy": 0.9}, ["'min_acuracy'", "did you mean min_accuracy?"]),
        ({"zzz": 1}, ["'zzz'", "there are baseline, candidate"]),
    ],
)
def test_a_wrong_value_is_told_with_its_key_and_what_is_allowed(change, words):
    with pytest.raises(CourseError) as caught:
        read_rule(RULE | change)
    assert all(word in str(caught.value) for word in words), caught.value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["no baseline"]),
        ("baseline = gpt-4o-mini", ["not TOML", "line 1", "quotation marks"]),
        (FILE + "[more]\na = 1", ["no key 'more'"]),
        (FILE + "min_accuracy = 0.8", ["not TOML", "overwrite"]),
        (b"\xff\xfe", ["not UTF-8"]),
    ],
)
def test_a_file_that_is_wrong_is_named(tmp_path, text, words):
    with pytest.raises(CourseError, match=r"^rule\.toml: ") as caught:
        read_rule(written(tmp_path, text))
    assert all(word in str(caught.value) for word in words), caught.value


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(CourseError, match="No such file"):
        read_rule(tmp_path / "none.toml")
    with pytest.raises(CourseError, match="can't be read"):
        read_rule(tmp_path)
    with pytest.raises(CourseError, match="not int"):
        read_rule(3)
