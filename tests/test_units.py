"""Units of numeric answers: other spellings, conversion, and what cannot be converted."""

from decimal import Decimal

import pytest

from course.errors import CourseError
from course.quiz import units


@pytest.mark.parametrize(
    ("value", "name", "to", "expected"),
    [
        ("15", "cent", "USD", "0.15"),
        ("0.15", "USD", "cent", "15"),
        ("1500", "ms", "s", "1.5"),
        ("150", "min", "h", "2.5"),
        ("2", "day", "h", "48"),
        ("1.2", "million tokens", "thousand tokens", "1200"),
        ("12", "%", "share", "0.12"),
        ("50", "tokens/s", "tokens/min", "3000"),
        ("600", "requests/min", "requests/s", "10"),
        ("0.15", "USD per 1M tokens", "USD/thousand tokens", "0.00015"),
        ("15", "cents per 1M tokens", "USD/million tokens", "0.15"),
    ],
)
def test_a_value_is_converted_within_its_dimension(value, name, to, expected):
    assert units.convert(Decimal(value), name, to) == Decimal(expected)


@pytest.mark.parametrize(
    ("written", "name"),
    [("$", "USD"), ("usd", "USD"), ("¢", "cent"), ("$ USD", "USD"), ("seconds", "s"),
     ("1M tokens", "million tokens"),
     ("calls", "requests"), ("percent", "%"), ("tokens per second", "tokens/s")],
)  # fmt: skip
def test_other_spellings_are_understood(written, name):
    assert units.unit(written).name == name


def test_a_conversion_there_and_back_changes_nothing():
    there = units.convert(Decimal("0.1"), "h", "ms")
    assert units.convert(there, "ms", "h") == Decimal("0.1")


@pytest.mark.parametrize(
    ("name", "to"),
    [("tokens", "USD"), ("requests", "tokens"), ("tokens/s", "requests/s"), ("tokens", "tokens/s"),
     ("%", "percentage points"), ("times", "share")],
)  # fmt: skip
def test_a_unit_of_another_dimension_is_explained(name, to):
    with pytest.raises(units.WrongDimension, match=f"give it in {to}"):
        units.convert(Decimal(1), name, to)


@pytest.mark.parametrize("name", ["", "/", "parsecs", "USD/", "a/b/c", "tokens/s/s", "x" * 9999])
def test_an_unknown_unit_is_refused_with_the_known_ones(name):
    with pytest.raises(CourseError, match="USD, cent, s, ms"):
        units.unit(name)


def test_an_unknown_unit_is_refused_with_only_the_accepted_ones_where_they_are_said():
    with pytest.raises(CourseError) as told:
        units.unit("tok", ["tokens", "thousand tokens"])
    assert str(told.value) == (
        "'tok' is not a unit this course knows; use tokens or thousand tokens."
    )
