"""Faults on purpose: drawn by share, told by script, and outages."""

import threading
from collections import Counter

import pytest

from course.endpoint.faults import Fault, Faults
from course.errors import CourseError

MANY = ["429:0.1", "500:0.02", "503:0.05", "stall:0.01", "cut:0.01"]


def kinds(faults: Faults, requests: int, *, now_s: float = 0.0) -> list[str | None]:
    found = [faults.next(now_s) for _ in range(requests)]
    return [fault and fault.kind for fault in found]


def test_without_options_nothing_goes_wrong():
    assert kinds(Faults.read([]), 100) == [None] * 100


def test_each_fault_comes_about_as_often_as_its_share_says():
    drawn = Counter(kinds(Faults.read(MANY, seed=3), 20_000))
    # four standard deviations of 20,000 draws: 4 * sqrt(20000 * p * (1 - p))
    for kind, expected, slack in (
        ("429", 2000, 170),
        ("500", 400, 80),
        ("503", 1000, 124),
        ("stall", 200, 57),
        ("cut", 200, 57),
        (None, 16_200, 222),
    ):
        assert abs(drawn[kind] - expected) <= slack


def test_the_same_seed_gives_the_same_faults_and_another_one_others():
    first, again, other = (kinds(Faults.read(MANY, seed=seed), 300) for seed in (7, 7, 8))
    assert first == again != other


def test_shares_of_all_and_of_none_are_exact():
    assert set(kinds(Faults.read(["500:1"]), 500)) == {"500"}
    assert set(kinds(Faults.read(["500:0"]), 500)) == {None}
    # As floats these add up to more than 1.
    thirds = ["429:0.7", "500:0.1", "503:0.2"]
    assert None not in kinds(Faults.read(thirds), 500)


def test_a_script_comes_first_and_then_the_shares():
    faults = Faults.read(["500:1"], script="429, 429,200,cut")
    assert kinds(faults, 6) == ["429", "429", None, "cut", "500", "500"]
    assert kinds(Faults.read([], script="503"), 2) == ["503", None]


def test_in_an_outage_every_request_is_refused_and_no_script_is_used_up():
    faults = Faults.read([], script="429,200", outage="30:60")
    assert kinds(faults, 1, now_s=29.9) == ["429"]
    assert kinds(faults, 3, now_s=30.0) == ["503"] * 3
    assert kinds(faults, 1, now_s=59.999) == ["503"]
    assert kinds(faults, 2, now_s=60.0) == [None, None]


def test_outages_do_not_change_what_is_drawn_for_the_other_requests():
    calm, broken = (Faults.read(MANY, outage=outage, seed=1) for outage in ("", "10:20"))
    kinds(broken, 17, now_s=15)
    assert kinds(broken, 200) == kinds(calm, 200)


def test_stalls_and_refusals_last_as_long_as_their_third_part_says():
    assert Faults.read(["stall:1"]).next(0) == Fault("stall", stall_s=30)
    assert Faults.read(["stall:1:2.5"]).next(0) == Fault("stall", stall_s=2.5)
    assert Faults.read(["stall:0:5"], script="stall").next(0).stall_s == 5
    slow = Faults.read(["429:1:7"]).next(0).error()
    assert slow.headers == ((b"retry-after", b"7"),)
    assert "try again in 7s" in slow.message


@pytest.mark.parametrize(
    ("kind", "status", "type_told", "code"),
    [
        ("429", 429, "requests", "rate_limit_exceeded"),
        ("500", 500, "server_error", "server_error"),
        ("503", 503, "service_unavailable_error", "server_is_overloaded"),
    ],
)
def test_refusals_have_the_status_type_and_code_of_the_real_ones(kind, status, type_told, code):
    error = Fault(kind).error()
    assert (error.status, error.kind, error.code, error.param) == (status, type_told, code, None)


def test_refusals_say_what_happened():
    assert Fault("500").error().message == (
        "The server had an error while processing your request. Sorry about that!"
    )
    assert "overloaded, please try again later" in Fault("503").error().message
    slow = Fault("429").error()
    assert "Please slow down" in slow.message
    assert slow.headers == ((b"retry-after", b"1"),)


def test_stalls_and_cuts_are_no_refusals():
    assert Fault("stall", stall_s=1).error() is None
    assert Fault("cut").error() is None


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        (["418:0.1"], r"There is no fault '418' \(in '418:0.1'\); choose one of 429, 500"),
        ([""], "There is no fault ''"),
        (["429"], "'429' needs a share after a colon, like 429:0.1"),
        (["stall:0.1:3:4"], "needs a share after a colon"),
        (["429:1.5"], "has the share '1.5'; use a number from 0 to 1"),
        (["429:-0.1"], "has the share '-0.1'"),
        (["429:nan"], "has the share 'nan'"),
        (["429:often"], "has the share 'often'"),
        (["429:"], "has the share ''"),
        (["500:0.1:3"], "'500:0.1:3' has a third part; only 429 and stall have seconds"),
        (["stall:0.1:long"], "has 'long' for seconds"),
        (["stall:0.1:-1"], "has '-1' for seconds"),
        (["stall:0.1:inf"], "has 'inf' for seconds"),
        (["429:0.6", "500:0.41"], "add up to 1.01; together they may be 1"),
        (["429:0.1", "429:0.2"], "429 is given twice"),
    ],
)
def test_malformed_shares_are_refused_in_one_sentence(shares, told):
    with pytest.raises(CourseError, match=told) as refusal:
        Faults.read(shares)
    assert str(refusal.value).count("\n") == 0


@pytest.mark.parametrize("script", ["429,ok", "429,,200", "404", "429;200"])
def test_a_script_with_an_unknown_word_is_refused(script):
    with pytest.raises(CourseError, match="use 200, 429, 500, 503, stall, cut, with commas"):
        Faults.read([], script=script)


@pytest.mark.parametrize("outage", ["30", "30:", "a:b", "-5:10", "1:2:3", "0:inf"])
def test_an_outage_that_is_no_span_is_refused(outage):
    with pytest.raises(CourseError, match="is no span of seconds; write it like 30:60"):
        Faults.read([], outage=outage)


@pytest.mark.parametrize("outage", ["60:30", "30:30"])
def test_an_outage_must_end_after_it_starts(outage):
    with pytest.raises(CourseError, match=f"The outage '{outage}' ends before it starts"):
        Faults.read([], outage=outage)


def test_threads_share_a_script_without_using_a_line_twice():
    faults = Faults.read([], script=",".join(["429"] * 400))
    found: list[str | None] = []
    threads = [threading.Thread(target=lambda: found.extend(kinds(faults, 100))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(found) == {"429": 400, None: 400}
