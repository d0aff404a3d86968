import doctest
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from course import budget
from course.budget import Budget, BudgetExceeded, dollars
from course.errors import CourseError


@pytest.mark.parametrize(
    ("given", "limit"),
    [("0.25", "0.25"), (" 1 ", "1"), (Decimal("0.1"), "0.1"), (2, "2"), (0.1, "0.1")],
)
def test_a_limit_is_taken_as_it_is_written(given, limit):
    assert Budget(given).limit_usd == Decimal(limit)


@pytest.mark.parametrize(
    "given", ["", "a lot", "$1", "0,25", 0, -1, "-0.25", True, None, [1], float("nan"), "inf"]
)
def test_a_limit_that_is_no_amount_is_told(given):
    with pytest.raises(CourseError, match=r"budget_usd is .*such as '0\.25'"):
        Budget(given)


def test_a_reservation_holds_the_worst_case_and_gives_the_rest_back():
    money = Budget("1")
    held = money.reserve(Decimal("0.6"))
    assert (money.spent_usd, money.reserved_usd, money.left_usd) == (
        0,
        Decimal("0.6"),
        Decimal("0.4"),
    )
    held.settle(Decimal("0.1"))
    assert (money.spent_usd, money.reserved_usd, money.left_usd) == (
        Decimal("0.1"),
        0,
        Decimal("0.9"),
    )


def test_a_call_that_fits_exactly_is_allowed_and_one_that_does_not_is_refused():
    money = Budget("0.25")
    money.reserve(Decimal("0.25"))
    with pytest.raises(BudgetExceeded):
        money.reserve(Decimal("0.00000001"))


def test_the_refusal_names_the_worst_case_what_is_left_and_what_to_do():
    money = Budget("0.25")
    money.reserve(Decimal("0.1")).settle(Decimal("0.05"))
    money.reserve(Decimal("0.15"))
    with pytest.raises(BudgetExceeded) as refusal:
        money.reserve(Decimal("0.0625"))
    # 0.25 - 0.05 spent - 0.15 held = 0.05 left.
    assert str(refusal.value) == (
        "Not sent: this call could cost up to $0.0625, more than the $0.05 that is left of the "
        "budget of $0.25 ($0.05 spent, $0.15 held for calls still running); set a smaller "
        "max_completion_tokens, shorten the prompt, or connect with a larger budget_usd."
    )


def test_an_untouched_budget_is_told_in_fewer_words():
    with pytest.raises(BudgetExceeded) as refusal:
        Budget("0.25").reserve(Decimal("0.5"))
    assert "could cost up to $0.50, more than the budget of $0.25; set" in str(refusal.value)


def test_settling_twice_counts_once():
    money = Budget("1")
    held = money.reserve(Decimal("0.5"))
    held.settle(Decimal("0.2"))
    held.settle(Decimal("0.5"))
    assert money.spent_usd == Decimal("0.2")


def test_an_unknown_cost_counts_as_the_worst_case():
    money = Budget("1")
    money.reserve(Decimal("0.5")).settle(None)
    assert money.spent_usd == Decimal("0.5")


def test_settling_does_not_wait_for_a_lock():
    # It can happen while garbage is collected, in the very thread that holds the lock.
    money = Budget("1")
    held = money.reserve(Decimal("0.5"))
    with money._lock:
        held.settle(Decimal("0.1"))
    assert money.spent_usd == Decimal("0.1")


def test_two_hundred_threads_never_pass_the_limit():
    money = Budget("1")
    together = threading.Barrier(200)

    def call(_):
        together.wait()
        try:
            held = money.reserve(Decimal("0.01"))
        except BudgetExceeded:
            return 0
        held.settle(Decimal("0.008"))
        return 1

    with ThreadPoolExecutor(200) as pool:
        allowed = sum(pool.map(call, range(200)))
    assert money.reserved_usd == 0
    assert money.spent_usd == allowed * Decimal("0.008")
    # At least 100 fit even if none is settled in time; 125 of 0.008 are the whole dollar.
    assert 100 <= allowed <= 125


def test_a_budget_shows_its_limit_and_what_is_left():
    assert repr(Budget("0.25")) == "Budget of $0.25: $0.25 left"


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "$0.00"),
        ("1234.5", "$1,234.50"),
        ("1", "$1.00"),
        ("0.25", "$0.25"),
        ("0.000057", "$0.000057"),
        ("0.0000574", "$0.000057"),
        ("0.0000165", "$0.000017"),
        ("2.675", "$2.68"),
        ("0.123456789", "$0.123457"),
        ("0.00000015", "$0.00000015"),
        ("0.0000001", "$0.0000001"),
    ],
)
def test_amounts_are_shown_with_the_digits_that_matter(amount, shown):
    assert dollars(Decimal(amount)) == shown


def test_the_examples_of_the_module_hold():
    assert doctest.testmod(budget).failed == 0
