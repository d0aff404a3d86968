"""The simulated clock, durations as headers tell them, and buckets that fill as time passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.endpoint.clock import Bucket, Clock, told
from course.errors import CourseError

MINUTE_US = 60_000_000


class Watch:
    """A clock to be set by hand."""

    def __init__(self, at: float = 0.0):
        self.at = at

    def __call__(self) -> float:
        return self.at


def test_a_clock_starts_at_nought_and_runs_as_fast_as_it_is_told():
    watch = Watch(1000.0)
    clock = Clock(60, watch)
    assert clock() == 0
    watch.at = 1001.5
    assert clock() == 90
    assert clock.rate == 60
    assert clock.real(90) == 1.5


def test_without_a_speed_it_tells_real_seconds_and_never_goes_back():
    clock = Clock()
    told_times = [clock() for _ in range(100)]
    assert told_times == sorted(told_times)
    assert 0 <= told_times[0] < 5
    assert clock.real(7) == 7


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_a_speed_that_is_none_is_refused_in_one_sentence(speed):
    with pytest.raises(CourseError, match=r"^The clock's speed is .*; use a number above 0"):
        Clock(speed)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0s"),
        (1, "1ms"),
        (120, "120ms"),
        (999, "999ms"),
        (1000, "1s"),
        (8640, "8.64s"),
        (9816, "9.816s"),
        (60_000, "1m0s"),
        (86_400, "1m26.4s"),
        (360_000, "6m0s"),
        (432_000, "7m12s"),
        (1_728_000, "28m48s"),
        (3_600_000, "1h0m0s"),
        (86_399_999, "23h59m59.999s"),
        (90_000_000, "25h0m0s"),
    ],
)
def test_durations_are_written_as_the_real_service_writes_them(milliseconds, text):
    assert told(milliseconds) == text


def test_milliseconds_are_rounded_up_so_that_waiting_them_is_enough():
    assert [Clock().real_ms(us) for us in (0, 1, 1000, 1001, 120_000)] == [0, 1, 1, 2, 120]
    # 120 simulated ms are 2 real ones; a µs more is a third one.
    assert [Clock(60).real_ms(us) for us in (0, 120_000, 120_001)] == [0, 2, 3]
    assert Clock(0.5).real_ms(120_000) == 240


def test_a_bucket_of_three_a_minute_gives_one_back_every_twenty_seconds():
    bucket = Bucket("requests", 3, MINUTE_US, 0)
    for _ in range(3):
        assert bucket.wait(1, 0) == 0
        bucket.take(1)
    assert bucket.wait(1, 0) == 20_000_000
    assert bucket.standing() == (0, 60_000_000)
    assert bucket.wait(1, 20_000_000) == 0
    assert bucket.standing() == (1, 40_000_000)
    assert bucket.wait(3, 60_000_000) == 0
    assert bucket.standing() == (3, 0)


def test_a_bucket_does_not_lose_time_when_its_clock_is_read_out_of_order():
    bucket = Bucket("requests", 60, MINUTE_US, 5_000_000)
    bucket.take(60)
    assert bucket.wait(1, 4_000_000) == 1_000_000
    assert bucket.wait(1, 6_000_000) == 0


def test_a_refused_request_starts_the_wait_for_the_next_one_again():
    bucket = Bucket("requests", 3, MINUTE_US, 0)
    bucket.take(3)
    assert bucket.wait(1, 15_000_000) == 5_000_000
    bucket.punish()
    assert bucket.wait(1, 15_000_000) == 20_000_000
    # Of one request's worth three quarters are spent, and half of what came back in these 10 s
    # is a quarter more: two quarters may be taken, and just two quarters are back.
    assert bucket.wait(1, 25_000_000) == 10_000_000
    bucket.punish()
    assert bucket.wait(1, 25_000_000) == 20_000_000
    # Now nothing may be taken but half of what comes back: of 10 s 5 s.
    assert bucket.wait(1, 35_000_000) == 10_000_000
    bucket.punish()
    assert bucket.wait(1, 35_000_000) == 15_000_000


@given(
    limit=st.integers(1, 1000),
    steps=st.lists(st.tuples(st.integers(0, 10**8), st.integers(0, 1200)), max_size=30),
)
def test_who_waits_as_long_as_a_bucket_says_waits_neither_too_short_nor_too_long(limit, steps):
    bucket, now = Bucket("tokens", limit, MINUTE_US, 0), 0
    for pause, units in steps:
        now += pause
        wait = bucket.wait(units, now)
        if units > limit or not wait:
            if units <= limit:
                bucket.take(units)
            continue
        assert bucket.wait(units, now + wait - 1) == 1
        now += wait
        assert bucket.wait(units, now) == 0
        bucket.take(units)
