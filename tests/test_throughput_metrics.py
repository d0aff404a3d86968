import doctest
import heapq
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from course.errors import CourseError
from course.throughput import percentiles
from course.throughput.flow import in_flight, mean_of_batches, per_second
from course.throughput.metrics import share, summary
from course.throughput.percentiles import percentile, percentile_of_gaps
from course.throughput.rows import read_rows


def calls(**columns):
    """Ten calls, one after the other, that take 1, 2, … 10 seconds, unless told otherwise."""
    lasting = np.arange(1.0, 11.0)
    usual = {"start_s": np.cumsum(lasting) - lasting, "end_s": lasting}
    return pd.DataFrame(usual | columns)


def streams():
    """Three streams; first tokens after 1, 2 and 3 s, then 4, 3 and 1 tokens more by event."""
    return pd.DataFrame(
        {
            "start_s": [0.0, 0.0, 0.0],
            "end_s": [3.0, 5.0, 3.5],
            "first_token_s": [1.0, 2.0, 3.0],
            "token_times": [(1.0, 1.5, 2.0, 2.5, 3.0), (2.0, 3.0, 4.0, 5.0), (3.0, 3.5)],
            "completion_tokens": [5, 4, 2],
        }
    )


def value(table, name):
    return table.loc[name, "value"]


def ends(table, name):
    return tuple(table.loc[name, ["low", "high"]])


def queue(arrivals, services, *, servers):
    """When calls that come at `arrivals` are done, first come first served."""
    free, done = [0.0] * servers, []
    for arrival, service in zip(arrivals, services, strict=True):
        begin = max(arrival, heapq.heappop(free))
        heapq.heappush(free, begin + service)
        done.append(begin + service)
    return np.array(done)


# Percentiles


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(percentiles).failed == 0


def test_percentiles_are_those_of_numpy_and_pandas():
    times = np.random.default_rng(1).gamma(2.0, size=501)
    for p in (0.5, 0.95, 0.99):
        found = percentile(times, p).value
        assert found == pytest.approx(np.percentile(times, 100 * p), rel=1e-12)
        assert found == pytest.approx(pd.Series(times).quantile(p), rel=1e-12)


def test_the_p95_of_ten_times_lies_between_the_two_longest():
    # position 0.95 x 9 = 8.55 among 0…9: 9 + 0.55 x (10 - 9)
    assert percentile(range(1, 11), 0.95).value == pytest.approx(9.55)


@pytest.mark.parametrize(("n", "p"), [(10, 0.5), (72, 0.95), (100, 0.95), (400, 0.99), (73, 0.5)])
def test_the_interval_of_a_percentile_follows_from_the_binomial_distribution(n, p):
    _, low, high, _, note = percentile(np.arange(1, n + 1), p)
    # The quantile is below the k-th smallest with the chance that fewer than k lie below it.
    chances = stats.binom.cdf(np.arange(n + 1), n, p)
    least = max(k for k in range(1, n + 1) if chances[k - 1] <= 0.025)
    most = min(k for k in range(1, n + 1) if 1 - chances[k - 1] <= 0.025)
    assert (low, high, note) == (least, most, "")


def test_the_interval_of_a_median_is_the_textbooks():
    # Tables of the sign test for n = 10 at 95 %: the second and the ninth value.
    assert percentile(range(1, 11), 0.5)[1:3] == (2, 9)


def test_an_end_that_so_few_calls_cannot_show_is_open_and_said():
    found = percentile(range(1, 72), 0.95)
    assert (found.high, found.note) == (math.inf, "too few calls for an upper end: it takes 72")
    assert percentile([3.0], 0.5)[:4] == (3.0, 0.0, math.inf, 1)
    assert percentile([], 0.5).n == 0
    assert math.isnan(percentile([math.nan], 0.5).value)


def test_no_percentile_lies_outside_of_its_interval():
    rng = np.random.default_rng(9)
    for n in (1, 2, 3, 5, 10, 50):
        for p in (0.05, 0.5, 0.95, 0.99):
            found = percentile(rng.random(n), p)
            assert found.low <= found.value <= found.high


def test_the_interval_of_a_percentile_covers_it_as_often_as_it_says():
    rng, true = np.random.default_rng(5), stats.expon.ppf(0.95)
    found = [percentile(rng.exponential(size=200), 0.95) for _ in range(400)]
    covered = np.mean([low <= true <= high for _, low, high, *_ in found])
    assert 0.93 <= covered <= 0.99  # at least 95 %, within two standard errors of 1.1 points


def test_gaps_that_are_the_same_in_a_call_count_as_one():
    # Each call has a single length of gap, so 40 calls tell no more than 40 gaps do.
    lengths = np.random.default_rng(2).gamma(3.0, size=40)
    once = percentile_of_gaps([[length] for length in lengths], 0.5)
    often = percentile_of_gaps([[length] * 50 for length in lengths], 0.5)
    assert (once.low, once.high) == pytest.approx((often.low, often.high), rel=0.05)
    naive = percentile(np.repeat(lengths, 50), 0.5)
    assert often.high - often.low > 3 * (naive.high - naive.low)


def test_the_interval_of_gaps_is_woodruffs():
    # Four calls of two gaps; the median of the eight gaps 1…8 is 4.5. Gaps up to it: 2, 2, 0, 0,
    # less half of 2 each: 1, 1, -1, -1; variance of their sum 4/3 x 4, error sqrt(16/3)/8 = 0.289.
    # 3.182 x 0.289 = 0.919 is more than 0.5, so that both ends are open.
    found = percentile_of_gaps([(1, 2), (3, 4), (5, 6), (7, 8)], 0.5)
    assert found[:4] == (4.5, 0.0, math.inf, 8)
    # At 30 % confidence: t = 0.424 with 3 degrees, 0.1224 around 0.5, positions 0.3776 x 7 = 2.643
    # and 0.6224 x 7 = 4.357 among 1…8.
    found = percentile_of_gaps([(1, 2), (3, 4), (5, 6), (7, 8)], 0.5, confidence=0.3)
    assert (found.low, found.high) == pytest.approx((3.643, 5.357), abs=0.002)


def test_one_stream_gives_its_gaps_no_interval():
    found = percentile_of_gaps([np.ones(1000)], 0.5)
    assert found[:4] == (1.0, 0.0, math.inf, 1000)
    assert found.note == "too few gaps for an upper end; calls: 1"


# Rates and concurrency


def test_calls_in_flight_are_the_area_under_their_number():
    # From 0 to 4: one call for 4 s and one for 1 s, at most both; the third reaches in with 1 s.
    starts, finish = np.array([0.0, 1.0, -2.0]), np.array([4.0, 2.0, 1.0])
    assert in_flight(starts, finish, (0.0, 4.0)) == (6 / 4, 2)
    assert in_flight(starts, finish, (0.5, 0.75)) == (2.0, 2)
    average, most = in_flight(starts, finish, (1.0, 1.0))
    assert math.isnan(average) and most == 0


def test_a_rate_below_20_calls_has_the_exact_interval_of_a_count():
    # Ten calls in 5 s; Garwood's interval of a count of 10 is 4.795 to 18.39.
    found = per_second(np.arange(10) / 2, np.arange(10) / 2 + 0.5, [(0.0, 5.0)])
    assert found.value == pytest.approx(2.0)
    assert (found.low, found.high) == pytest.approx((4.795 / 5, 18.39 / 5), rel=1e-3)


def test_no_call_in_three_seconds_may_still_be_one_a_second():
    # The rule of three, two-sided: -ln(0.025) = 3.689 calls.
    found = per_second(np.array([]), np.array([]), [(0.0, 3.0)])
    assert found[:3] == pytest.approx((0.0, 0.0, 3.689 / 3), rel=1e-3)


def test_a_steady_rate_has_hardly_an_interval():
    starts = np.arange(100.0)
    found = per_second(starts, starts + 1, [(0.0, 100.0)], amounts=7.0)
    assert found[:4] == pytest.approx((7.0, 7.0, 7.0, 100))


def test_the_interval_of_a_rate_is_students_over_ten_slices():
    # One call a second for 50 s, then two a second: five slices at 1 and five at 2.
    starts = np.concatenate([np.arange(50.0), np.arange(50.0, 100.0, 0.5)])
    lasting = np.concatenate([np.ones(50), np.full(100, 0.5)])
    found = per_second(starts, starts + lasting, [(0.0, 100.0)])
    error = stats.sem([1.0] * 5 + [2.0] * 5)
    assert found.value == pytest.approx(1.5)
    assert found.high - 1.5 == pytest.approx(stats.t.ppf(0.975, 9) * error)


@pytest.mark.parametrize("n", [40, 400])
def test_the_interval_of_a_closed_loops_rate_covers_it(n):
    # Eight calls in flight of 1 s on average are 8 a second.
    rng, covered = np.random.default_rng(n), 0
    for _ in range(150):
        lasting = rng.gamma(4.0, 0.25, (8, n // 8 + 1))
        finish = np.cumsum(lasting, axis=1)
        starts, finish = (finish - lasting).ravel(), finish.ravel()
        found = per_second(starts, finish, [(0.0, n / 16)])
        covered += found.low <= 8.0 <= found.high
    assert covered / 150 > 0.88


def test_a_mean_by_batches_knows_that_neighbours_are_alike():
    walk = np.repeat(np.random.default_rng(3).normal(10.0, 1.0, 20), 50)
    batches, naive = mean_of_batches(walk), stats.sem(walk) * 1.96
    assert batches.high - batches.value > 3 * naive
    assert mean_of_batches(np.array([2.0]))[1:3] == (0.0, math.inf)


def test_littles_law_holds_in_a_queue_with_one_server():
    # M/D/1 at 60 %: Pollaczek and Khinchine give L = 0.6 + 0.6² / (2 x 0.4) = 1.05, W = 1.75.
    rng = np.random.default_rng(11)
    starts = np.cumsum(rng.exponential(1 / 0.6, 60_000))
    finish = queue(starts, np.ones(starts.size), servers=1)
    table = summary(pd.DataFrame({"start_s": starts, "end_s": finish - starts}))
    assert value(table, "concurrency_reached") == pytest.approx(1.05, rel=0.05)
    assert value(table, "littles_law") == pytest.approx(value(table, "concurrency_reached"))


def test_littles_law_holds_in_a_queue_with_four_servers():
    # M/M/4, 3 calls a second of 1 s: Erlang's C gives 0.5094 waiting, Lq = 0.5094 x 3 = 1.528.
    rng = np.random.default_rng(12)
    starts = np.cumsum(rng.exponential(1 / 3, 60_000))
    finish = queue(starts, rng.exponential(1.0, starts.size), servers=4)
    table = summary(pd.DataFrame({"start_s": starts, "end_s": finish - starts}))
    assert value(table, "concurrency_reached") == pytest.approx(4.528, rel=0.05)
    assert value(table, "requests_per_second") == pytest.approx(3.0, rel=0.02)
    low, high = ends(table, "requests_per_second")
    assert low < 3.0 < high


# The table


def test_rows_and_columns_of_the_summary_have_standard_names():
    table = summary(calls(), objective={"latency_s": 5})
    assert list(table.columns) == ["value", "low", "high", "unit", "n", "note"]
    times = [f"{name}_s_p{p}" for name in ("ttft", "itl", "tpot", "latency", "total")
             for p in (50, 95, 99)]  # fmt: skip
    assert list(table.index) == [
        "requests_per_second",
        "output_tokens_per_second",
        "output_tokens_per_second_per_stream",
        *times,
        "goodput_share",
        "goodput_per_second",
        "error_share",
        "retry_share",
        "concurrency_reached",
        "littles_law",
    ]


def test_time_per_output_token_is_what_follows_the_first_by_the_tokens_that_follow():
    # (3 - 1) / 4 = 0.5; (5 - 2) / 3 = 1; (3.5 - 3) / 1 = 0.5; per stream 2, 1 and 2 tokens a second
    table = summary(streams())
    assert value(table, "tpot_s_p50") == 0.5
    assert value(table, "output_tokens_per_second_per_stream") == 2.0
    assert value(table, "ttft_s_p50") == 2.0
    # the eight gaps are 0.5 four times, 1 three times and 0.5: the median of 0.5 x 5, 1 x 3
    assert value(table, "itl_s_p50") == 0.5
    assert table.loc["itl_s_p50", "n"] == 8
    # 11 tokens in the 5 s from the first start to the last end
    assert value(table, "output_tokens_per_second") == pytest.approx(11 / 5)


def test_tokens_of_reasoning_come_before_the_first_event_and_are_no_time_per_token():
    reasoned = streams().assign(completion_tokens=[105, 104, 102], reasoning_tokens=100)
    table = summary(reasoned)
    assert value(table, "tpot_s_p50") == 0.5
    assert value(table, "output_tokens_per_second") == pytest.approx(311 / 5)


def test_the_note_says_when_an_event_carried_several_tokens():
    # 22 tokens in 11 events
    table = summary(streams().assign(completion_tokens=[10, 8, 4]))
    assert "an event carried 2.0 tokens on average" in table.loc["itl_s_p95", "note"]
    assert "carried" not in summary(streams()).loc["itl_s_p95", "note"]


def test_a_reply_of_one_token_has_no_time_per_output_token():
    assert summary(streams().assign(completion_tokens=1)).loc["tpot_s_p50", "n"] == 0


def test_the_window_runs_from_the_first_request_to_the_last_reply():
    table = summary(calls())
    assert value(table, "requests_per_second") == pytest.approx(10 / 55)
    assert value(table, "latency_s_p50") == 5.5
    assert value(table, "concurrency_reached") == 1.0


def test_the_warm_up_is_left_out_but_for_its_part_in_flight():
    # The second call starts while the first, of the warm-up, has 1 s to go.
    pair = pd.DataFrame({"start_s": [0, 1], "end_s": [2, 4], "warm_up": [True, False]})
    table = summary(pair)
    assert value(table, "latency_s_p50") == 4.0
    assert value(table, "requests_per_second") == pytest.approx(1 / 4)
    assert value(table, "concurrency_reached") == pytest.approx((1 + 4) / 4)
    assert value(table, "littles_law") == 1.0
    assert "warm-up reaches into the window" in table.loc["littles_law", "note"]


def test_calls_that_failed_have_no_latency_but_are_counted():
    failed = calls(status=[200] * 8 + [429, 0], error=[""] * 8 + ["RateLimitError", "Timeout"])
    table = summary(failed)
    assert table.loc["latency_s_p50", "n"] == 8
    assert value(table, "latency_s_p50") == 4.5
    assert value(table, "error_share") == pytest.approx(0.2)
    assert value(table, "requests_per_second") == pytest.approx(8 / 55)
    assert value(table, "concurrency_reached") == 1.0


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({"status": 500}, True),
        ({"error": "ValueError: no"}, True),
        ({"status": 0, "start_is": "sent"}, True),
        ({"status": 0, "start_is": "called"}, False),
        ({"error": None}, False),
    ],
)
def test_a_call_failed_by_an_error_a_status_or_no_reply(changes, failed):
    assert read_rows(calls(**changes))["failed"].eq(failed).all()


def test_a_call_that_timed_out_is_in_flight_until_it_was_given_up():
    stuck = calls(end_s=[1.0] * 9 + [math.nan], total_s=[1.0] * 9 + [10.0], error=[""] * 9 + ["x"])
    # from 0 to the last start at 45 and 10 s on
    assert value(summary(stuck), "concurrency_reached") == pytest.approx(19 / 55)


def test_shares_have_wilsons_interval():
    # Wilson for 1 of 10 by his formula with z = 1.959964
    z = 1.9599639845
    centre, half = 0.1 + z * z / 20, z * math.sqrt(0.1 * 0.9 / 10 + z * z / 400)
    scale = 1 + z * z / 10
    found = share([True] + [False] * 9)
    assert found[:3] == pytest.approx((0.1, (centre - half) / scale, (centre + half) / scale))
    retried = summary(calls(retries=[0] * 9 + [3]))
    assert ends(retried, "retry_share") == pytest.approx((found.low, found.high))
    assert ends(retried, "error_share")[1] == pytest.approx(0.2775, abs=1e-4)


def test_goodput_counts_the_calls_that_keep_every_bound():
    table = summary(calls(), objective={"latency_s": 5})
    assert value(table, "goodput_share") == 0.5
    assert value(table, "goodput_per_second") == pytest.approx(5 / 55)
    both = summary(streams(), objective={"ttft_s": 2, "tpot_s": 0.5})
    assert value(both, "goodput_share") == pytest.approx(1 / 3)
    assert both.loc["goodput_share", "note"] == "ttft_s within 2 s, tpot_s within 0.5 s"


def test_a_call_that_failed_keeps_no_objective():
    table = summary(calls(error=["x"] + [""] * 9), objective={"latency_s": 100})
    assert value(table, "goodput_share") == 0.9


def test_a_call_that_started_late_is_late_from_when_it_was_due():
    late = calls(due_s=calls()["start_s"] - 3)
    assert value(summary(late), "total_s_p50") == 8.5
    assert value(summary(late), "latency_s_p50") == 5.5


def test_a_run_gives_the_summary_of_its_calls():
    class Run:
        calls = streams()

    pd.testing.assert_frame_equal(summary(Run()), summary(streams()))


def test_times_that_are_not_those_of_a_request_are_said():
    seen = ["cache"] * 4 + ["called"] * 3 + ["written"] * 3
    table = summary(calls(start_is=seen))
    told = "4 from the cache, nothing sent, 3 timed around the function (of 10 calls)"
    assert told in table.loc["requests_per_second", "note"]
    assert told in table.loc["latency_s_p95", "note"]
    assert table.loc["latency_s_p50", "note"] == told
    assert "cache" not in summary(calls(start_is="written")).loc["latency_s_p95", "note"]


# What is not there, and what is wrong


def test_no_call_that_worked_gives_shares_and_no_sure_number():
    table = summary(calls(status=429, error="RateLimitError"))
    assert value(table, "error_share") == 1.0
    assert value(table, "requests_per_second") == 0.0
    assert ends(table, "requests_per_second") == (0.0, math.inf)
    assert "interval is unknown" in table.loc["requests_per_second", "note"]
    assert math.isnan(value(table, "latency_s_p95"))
    assert table.loc["latency_s_p95", "note"] == "no call worked"


def test_an_open_loop_that_answers_less_than_asked_for_says_why():
    class Run:
        calls, asked = globals()["calls"](), {"rate": 2.0}

    # Ten calls in 55 seconds.
    note = summary(Run()).loc["requests_per_second", "note"]
    assert "of 2 asked for; the window runs on to the last reply" in note
    Run.asked = {"rate": 0.18}
    assert "asked for" not in summary(Run()).loc["requests_per_second", "note"]


def test_one_call_gives_figures_with_open_or_very_wide_intervals():
    table = summary(calls().iloc[:1])
    assert ends(table, "latency_s_p50") == (0.0, math.inf)
    low, high = ends(table, "requests_per_second")
    assert high / low > 100


def test_calls_that_were_not_streamed_have_no_times_of_tokens():
    table = summary(calls())
    for name in ("ttft_s_p50", "itl_s_p99", "tpot_s_p95", "output_tokens_per_second_per_stream"):
        assert math.isnan(value(table, name)) and table.loc[name, "n"] == 0
        assert table.loc[name, "note"] == "no call that worked was streamed: see streamed()"
    assert table.loc["output_tokens_per_second", "note"] == "no call that worked told its tokens"


def test_times_that_are_not_known_are_left_out():
    table = summary(calls(end_s=[math.nan] * 5 + [1.0] * 4 + [math.inf]))
    assert table.loc["latency_s_p50", "n"] == 4
    assert math.isnan(value(summary(calls(end_s=math.nan)), "latency_s_p50"))
    assert math.isnan(value(summary(calls(end_s=math.nan)), "requests_per_second"))


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (calls().drop(columns="end_s"), "The table of calls has no column end_s."),
        (calls().iloc[:0], "No call was measured: the table holds no rows."),
        (calls(warm_up=True), "the table holds only the 10 calls of the warm-up"),
        (calls(end_s=-1.0), "a call cannot end before it began"),
        (calls(end_s="soon"), "The column end_s has to hold numbers"),
        (calls(source=["live"] * 5 + ["simulated"] * 5), "several sources (live, simulated)"),
        ([1, 2, 3], "not of list"),
    ],
)
def test_tables_that_are_wrong_are_refused_in_a_sentence(table, told):
    with pytest.raises(CourseError) as refusal:
        summary(table)
    assert told in str(refusal.value)


@pytest.mark.parametrize(
    ("objective", "told"),
    [
        ({"e2e": 1}, "cannot bound 'e2e'; it bounds ttft_s, tpot_s, latency_s, total_s"),
        ({"itl_s": 1}, "cannot bound 'itl_s'"),
        ({"latency_s": 0}, "The objective's latency_s is seconds above 0, not 0"),
        ({"latency_s": math.nan}, "is seconds above 0, not nan"),
        ({"ttft_s": 1}, "The objective bounds ttft_s, but no call was streamed."),
    ],
)
def test_objectives_that_are_wrong_are_refused_in_a_sentence(objective, told):
    with pytest.raises(CourseError) as refusal:
        summary(calls(), objective=objective)
    assert told in str(refusal.value)


@pytest.mark.parametrize("confidence", [0, 1, 95, "high", math.nan])
def test_a_confidence_lies_between_0_and_1(confidence):
    with pytest.raises(CourseError, match="confidence is a share between 0 and 1"):
        summary(calls(), confidence=confidence)
