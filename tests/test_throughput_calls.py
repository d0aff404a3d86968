"""The record of one call: which moments it tells, and what it adds up."""

import math
from datetime import UTC, datetime
from decimal import Decimal

import openai
import pytest

from course.ledger import CallRecord
from course.throughput.calls import UNREAD, Span, one_call, table
from course.timing import Timing

SPAN = Span(called=100.0, done=103.0)


def record(**changes) -> CallRecord:
    about = {
        "started": datetime(2026, 1, 1, tzinfo=UTC),
        "model": "gpt-4o-mini",
        "source": "live",
        "prompt_tokens": 19,
        "cached_tokens": 1,
        "completion_tokens": 2,
        "reasoning_tokens": 1,
        "cost_usd": Decimal("0.01"),
        "seconds": 1.0,
        "status": 200,
        "streamed": False,
        "estimated": False,
    }
    return CallRecord(**about | changes)


def timing(**changes) -> Timing:
    about = {"sent": 100.5, "written": 100.6, "ended": 102.6, "status": 200, "record": record()}
    return Timing(**about | changes)


FAILED = {
    "written": 100.6,
    "status": 429,
    "ended": 100.7,
    "record": record(status=429, prompt_tokens=0, completion_tokens=0, cost_usd=Decimal(0)),
}


def test_it_starts_when_the_request_was_written_and_ends_with_the_last_byte():
    call = one_call(7, SPAN, [timing()])
    assert (call.input, call.start_s, call.start_is, call.due_s) == (7, 100.6, "written", 100.6)
    assert call.end_s == pytest.approx(2.0)  # 102.6 - 100.6
    assert call.total_s == pytest.approx(3.0)  # 103 - 100
    assert (call.status, call.error, call.retries) == (200, "", 0)


def test_a_client_that_does_not_tell_when_it_writes_has_the_start_at_which_it_was_called():
    call = one_call(0, SPAN, [timing(written=None)])
    assert (call.start_s, call.start_is) == (100.5, "sent")


def test_without_a_request_the_function_itself_is_the_call():
    call = one_call(0, SPAN, [])
    assert (call.start_s, call.start_is, call.end_s) == (100.0, "called", 3.0)
    assert (call.status, call.cost_usd, call.source, call.model) == (0, None, "", "")


def test_a_reply_from_the_cache_was_never_sent():
    call = one_call(0, SPAN, [timing(sent=None, written=None, record=record(cost_usd=Decimal(0)))])
    assert (call.start_s, call.start_is, call.cost_usd) == (100.0, "cache", 0)


def test_tokens_of_a_stream_arrive_so_many_seconds_after_the_start():
    call = one_call(0, SPAN, [timing(arrived=[101.1, 101.6, 102.6], arrival_is="kernel")])
    assert call.first_token_s == pytest.approx(0.5)
    assert call.token_times == pytest.approx((0.5, 1.0, 2.0))
    assert call.arrival_is == "kernel"
    whole = one_call(0, SPAN, [timing()])
    assert math.isnan(whole.first_token_s)
    assert (whole.token_times, whole.arrival_is) == ((), "")


def test_after_a_retry_the_times_are_those_of_the_last_attempt():
    again = timing(sent=101.0, written=101.5, ended=102.0)
    call = one_call(0, SPAN, [timing(**FAILED), again])
    assert (call.start_s, call.end_s, call.retries) == (101.5, 0.5, 1)
    assert (call.status, call.prompt_tokens, call.cost_usd) == (200, 19, Decimal("0.01"))


def test_two_requests_that_both_worked_are_no_retry_and_add_up():
    call = one_call(0, SPAN, [timing(), timing(record=record(cost_usd=Decimal("0.02")))])
    assert (call.retries, call.prompt_tokens, call.cached_tokens) == (0, 38, 2)
    assert (call.completion_tokens, call.reasoning_tokens) == (4, 2)
    assert call.cost_usd == Decimal("0.03")


def test_one_unknown_cost_makes_the_sum_unknown():
    unknown = timing(record=record(cost_usd=None))
    assert one_call(0, SPAN, [timing(), unknown]).cost_usd is None
    assert one_call(0, SPAN, [timing(), timing(record=None)], error="cut").cost_usd is None


def test_an_attempt_that_never_got_its_turn_is_not_the_last_one():
    waited = Timing()
    call = one_call(0, SPAN, [timing(**FAILED), waited], error=TimeoutError("too long"))
    assert (call.start_is, call.status, call.error) == ("written", 429, "TimeoutError: too long")


def test_a_reply_that_was_not_read_to_its_end_has_no_end():
    call = one_call(0, SPAN, [timing(record=None, ended=101.0, arrived=[101.0])])
    assert (call.error, call.status) == (UNREAD, 200)
    assert math.isnan(call.end_s)
    assert call.first_token_s == pytest.approx(0.4)


def test_an_error_is_told_by_its_type_and_first_line():
    assert one_call(0, SPAN, [], error=ValueError("one\ntwo")).error == "ValueError: one"
    assert one_call(0, SPAN, [], error=KeyError()).error == "KeyError"


def test_what_lies_below_an_error_of_openai_is_told_too():
    below = ConnectionResetError("the server hung up")
    between = OSError("no answer")
    between.__cause__ = below
    error = openai.APITimeoutError(request=None)
    error.__cause__ = between
    told = one_call(0, SPAN, [], error=error).error
    assert told == "APITimeoutError: Request timed out. (ConnectionResetError: the server hung up)"


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["simulated", "simulated"], "simulated"),
        (["live"], "live"),
        # behind a gateway's address: only the answer of a simulator says what it is
        (["simulated", "failed live"], "simulated"),
        (["failed live"], ""),
        (["failed simulated"], "simulated"),
    ],
)
def test_the_source_is_that_of_the_last_answer(sources, expected):
    timings = [
        timing(record=record(source=words.split()[-1], status=500 if "failed" in words else 200))
        for words in sources
    ]
    assert one_call(0, SPAN, timings).source == expected


def test_the_table_is_in_order_of_start_with_the_warm_up_first():
    calls = [
        one_call(2, Span(9.0, 9.5), []),
        one_call(1, Span(8.0, 8.5), []),
        one_call(0, Span(8.5, 9.9), [], warm_up=True),
        one_call(3, Span(9.25, 9.5, due=9.0), []),
    ]
    rows = table(calls, since=8.0)
    assert list(rows.input) == [0, 1, 2, 3]
    assert list(rows.start_s) == [0.5, 0.0, 1.0, 1.25]
    assert list(rows.due_s) == [0.5, 0.0, 1.0, 1.0]
    assert list(rows.warm_up) == [True, False, False, False]


def test_the_columns_have_their_kinds_even_without_a_row():
    kinds = {name: str(kind) for name, kind in table([]).dtypes.items()}
    assert kinds == {
        name: str(kind) for name, kind in table([one_call(0, SPAN, [])]).dtypes.items()
    }
    assert (kinds["status"], kinds["end_s"], kinds["error"]) == ("int64", "float64", "str")
    assert (kinds["cost_usd"], kinds["warm_up"]) == ("object", "bool")
