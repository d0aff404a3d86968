import asyncio
import heapq
import math
import sys
import types

import numpy as np
import pandas as pd
import pytest

from course import connect
from course.errors import CourseError
from course.throughput import streamed
from course.throughput.knee import find_knee, power
from course.throughput.sweep import read_sweep, sweep

STEPS = [1, 2, 4, 8, 16, 32]


def closed_loop(concurrency, *, servers, calls=None, shape=4.0, seed=0):
    """The calls of so many clients that ask again at once; a server needs 1 s on average."""
    rng = np.random.default_rng(seed + concurrency)
    free, clients, rows = [0.0] * servers, [0.0] * concurrency, []
    for number in range((calls or 40 * concurrency) + concurrency):
        asked = heapq.heappop(clients)
        done = max(asked, heapq.heappop(free)) + rng.gamma(shape, 1 / shape)
        heapq.heappush(free, done)
        heapq.heappush(clients, done)
        rows.append((asked, done - asked, number < concurrency))
    return pd.DataFrame(rows, columns=["start_s", "end_s", "warm_up"])


def open_loop(rate, *, calls, seed=0):
    """The calls that come at random to one server that needs 1 s for each: M/D/1."""
    rng, free, rows = np.random.default_rng(seed), 0.0, []
    for number, asked in enumerate(np.cumsum(rng.exponential(1 / rate, calls))):
        free = max(asked, free) + 1.0
        rows.append((asked, free - asked, number < calls // 10))
    return pd.DataFrame(rows, columns=["start_s", "end_s", "warm_up"])


def closed_sweep(steps=STEPS, **how):
    return read_sweep([(step, closed_loop(step, **how)) for step in steps], by="concurrency")


def powers(*triples, by="concurrency", steps=STEPS):
    table = pd.DataFrame(triples, columns=["power", "power_low", "power_high"])
    return table.assign(**{by: steps[: len(triples)]})


# The knee


def test_the_knee_of_eight_places_is_at_eight_calls_in_flight():
    found = closed_sweep(servers=8, shape=100.0)
    assert (found.knee.at, found.knee.low, found.knee.high) == (8.0, 8.0, 8.0)
    assert "The knee is at 8 calls in flight" in repr(found.knee)


def test_the_knee_of_one_server_holds_one_call_on_average():
    # M/D/1 has 1 = r + r²/(2 - 2r) calls in it at r = 2 - sqrt(2) = 0.586 (Kleinrock 1979).
    rates = [0.1, 0.35, 0.586, 0.8, 0.95]
    found = read_sweep([(rate, open_loop(rate, calls=20_000)) for rate in rates], by="rate")
    assert found.knee.at == 0.586
    at_knee = found.table.set_index("rate").loc[0.586]
    assert at_knee["concurrency_reached"] == pytest.approx(1.0, rel=0.1)
    assert at_knee["power"] == pytest.approx((2 - math.sqrt(2)) / (1 / 0.586), rel=0.1)


def test_no_knee_is_named_while_the_last_step_still_pays():
    found = closed_sweep([1, 2, 4, 8], servers=64)
    assert found.knee.at is None
    assert repr(found.knee) == (
        "No knee reached: 8 calls in flight, the most tried, still paid; try more."
    )


def test_no_knee_is_named_for_a_fall_within_the_intervals():
    found = find_knee(powers((1, 0.8, 1.2), (3, 2.0, 4.0), (2.5, 1.5, 3.5)), "concurrency")
    assert found.at is None and "does not fall clearly" in found.why


def test_steps_that_may_be_as_good_are_told():
    table = powers((1, 0.9, 1.1), (2.9, 2.8, 3.3), (3, 2.8, 3.2), (2.7, 2.5, 2.9), (1, 0.9, 1.1))
    found = find_knee(table, "concurrency")
    assert (found.at, found.low, found.high) == (4, 2, 8)
    assert "(2 to 8 may be as good)" in found.why


def test_a_first_step_that_is_the_best_is_no_knee_unless_it_is_one_call_at_a_time():
    falling = ((3, 2.9, 3.1), (2, 1.9, 2.1), (1, 0.9, 1.1))
    assert find_knee(powers(*falling), "concurrency").at == 1
    tried = find_knee(powers(*falling, steps=[8, 16, 32]), "concurrency")
    assert tried.at is None and "8 calls in flight, the least tried" in tried.why
    assert find_knee(powers(*falling, by="rate"), "rate").at is None


@pytest.mark.parametrize(
    "table",
    [
        powers((1, 0.9, 1.1), (2, 1.9, 2.1)),
        powers(*[(math.nan,) * 3] * 4),
        powers(*[(0.0, 0.0, 0.0)] * 4),
    ],
)
def test_too_little_to_tell_a_knee_is_said(table):
    assert "at least 3 steps with calls that worked" in find_knee(table, "concurrency").why


def test_power_counts_refused_calls_as_made_again():
    # Half of the calls refused: an answer of 2 s takes 4 s on average.
    assert power(10.0, 2.0, 1.0) == 5.0
    assert power(10.0, 2.0, 0.5) == 2.5
    assert power(0.0, math.nan, 0.0) == 0.0


def test_a_service_that_refuses_what_is_too_much_has_a_knee():
    # At most 4 answers a second, 1 s each; what comes above that is refused at once.
    runs = []
    for rate in (1, 2, 4, 8, 16):
        starts = np.arange(400) / rate
        good = np.arange(400) % max(1, rate // 4) == 0
        run = pd.DataFrame({"start_s": starts, "end_s": np.where(good, 1.0, 0.01)})
        runs.append((rate, run.assign(status=np.where(good, 200, 429))))
    assert read_sweep(runs, by="rate").knee.at == 4


# The table


def test_throughput_is_counted_while_the_load_is_on():
    # Two clients, calls of 1 s: 2 a second, though the last second has only what runs dry.
    starts = np.array([0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5])
    run = pd.DataFrame({"start_s": starts, "end_s": 1.0, "warm_up": starts < 1})
    row = read_sweep([(2, run)], by="concurrency").table.iloc[0]
    assert row["throughput"] == pytest.approx(2.0)
    assert row["calls"] == 6
    assert row["concurrency_reached"] == pytest.approx(2.0)


def test_runs_of_one_step_are_taken_together():
    runs = [(4, closed_loop(4, servers=8, seed=seed)) for seed in (1, 2, 3)]
    table = read_sweep(runs, by="concurrency").table
    assert list(table["concurrency"]) == [4]
    assert table["calls"][0] == 3 * 160
    assert table["throughput"][0] == pytest.approx(4.0, rel=0.1)
    assert table["concurrency_reached"][0] == pytest.approx(4.0)


def test_the_table_has_the_latencies_intervals_and_shares():
    runs = [(2, closed_loop(2, servers=2)), (1, closed_loop(1, servers=2))]
    table = read_sweep(runs, by="concurrency", objective={"latency_s": 1.0}).table
    assert list(table["concurrency"]) == [1, 2]
    for name in ("throughput", "latency_s_p50", "latency_s_p95", "power"):
        finite = table[f"{name}_high"].replace(math.inf, 1e9)
        assert (table[f"{name}_low"] <= table[name]).all() and (table[name] <= finite).all()
    assert {"error_share", "retry_share", "goodput_share"} <= set(table.columns)


def test_a_step_of_which_no_call_worked_has_no_throughput():
    bad = closed_loop(4, servers=4).assign(status=500)
    good = [(step, closed_loop(step, servers=2)) for step in (1, 2)]
    table = read_sweep([*good, (4, bad)], by="concurrency").table
    assert table["throughput"][2] == 0 and table["error_share"][2] == 1
    assert table["power"][2] == 0


def test_sources_are_not_mixed():
    runs = [(step, closed_loop(step, servers=2).assign(source=source))
            for step, source in ((1, "live"), (2, "simulated"))]  # fmt: skip
    with pytest.raises(CourseError, match="several sources"):
        read_sweep(runs, by="concurrency")
    assert read_sweep(runs[:1], by="concurrency").source == "live"


# Running


@pytest.fixture
def measured(monkeypatch):
    """What `measure` was asked for, when it is played by a queue with eight servers."""
    asked = []

    async def measure(call, inputs, **how):
        asked.append({"inputs": inputs, **how})
        step = how.get("concurrency") or 4
        return closed_loop(step, servers=8, calls=len(inputs) - step).assign(source="simulated")

    play(monkeypatch, measure)
    return asked


def play(monkeypatch, measure):
    load = types.ModuleType("course.throughput.load")
    load.measure = measure
    monkeypatch.setitem(sys.modules, "course.throughput.load", load)


async def answer(one):
    return one


def test_a_sweep_that_is_stopped_ends_with_what_was_done(monkeypatch):
    class Stopped:
        stopped = True

    async def measure(call, inputs, *, concurrency, **how):
        return closed_loop(concurrency, servers=8) if concurrency < 4 else Stopped()

    play(monkeypatch, measure)
    assert list(run(concurrency=[1, 2, 4, 8]).table["concurrency"]) == [1, 2]
    with pytest.raises(CourseError, match="stopped before its first run was done"):
        run(concurrency=[8])


def test_what_the_runs_told_is_kept(monkeypatch):
    class Told:
        calls, notes = closed_loop(2, servers=8), ("3 calls began late",)

    async def measure(call, inputs, **how):
        return Told()

    play(monkeypatch, measure)
    assert run(concurrency=[2], rounds=1).notes == ("concurrency 2: 3 calls began late",)


def run(inputs=range(10_000), **how):
    return asyncio.run(sweep(answer, inputs, rest_s=0, **how))


def test_a_sweep_goes_up_and_down_again(measured):
    found = run(concurrency=[4, 1, 2])
    assert [asked["concurrency"] for asked in measured] == [1, 2, 4, 4, 2, 1]
    assert [step for step, _ in found.runs] == [1, 2, 4, 4, 2, 1]
    assert found.source == "simulated" and found.by == "concurrency"


def test_a_sweep_shows_itself_in_a_short_sentence(measured):
    told = repr(run(concurrency=[1, 2], rounds=1))
    assert told.startswith("Sweep: concurrency 1, 2 · 2 runs of 60 calls · simulated · ")
    assert "DataFrame" not in told and len(told) < 400


def test_each_run_has_its_calls_and_a_warm_up_of_as_many_as_are_in_flight(measured):
    run(concurrency=[2, 16], per_step=50, rounds=2)
    assert [(len(asked["inputs"]), asked["warm_up"]) for asked in measured] == [
        (27, 2),
        (41, 16),
        (41, 16),
        (27, 2),
    ]


def test_without_a_number_a_step_has_ten_rounds_of_its_load_and_at_least_thirty(measured):
    table = run(concurrency=[1, 16], rounds=1).table
    assert list(table["calls"]) == [30, 160]


def test_no_input_is_sent_twice_while_others_are_left(measured):
    run(concurrency=[1, 2], per_step=20, rounds=1)
    sent = [one for asked in measured for one in asked["inputs"]]
    assert len(sent) == len(set(sent)) == 43
    assert sent != sorted(sent)


def test_inputs_are_used_again_when_they_are_used_up(measured):
    run(inputs=["a", "b"], concurrency=[1], per_step=9, rounds=1)
    assert sorted(measured[0]["inputs"]) == ["a"] * 5 + ["b"] * 5


def test_a_sweep_over_rates_passes_on_how_calls_arrive(measured):
    found = run(rate=[0.5, 4], arrivals="constant", timeout_s=9, objective={"latency_s": 1})
    assert {asked["rate"] for asked in measured} == {0.5, 4}
    assert all(asked["arrivals"] == "constant" for asked in measured)
    assert all(asked["timeout_s"] == 9 for asked in measured)
    assert found.by == "rate" and "goodput_share" in found.table


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({}, "name one of them"),
        ({"concurrency": [1], "rate": [1]}, "name one of them"),
        ({"concurrency": []}, "concurrency of a sweep is a list of steps"),
        ({"concurrency": 8}, "concurrency of a sweep is a list of steps"),
        ({"concurrency": [0, 1]}, "concurrency is a whole number from 1 up, not 0"),
        ({"concurrency": [1.5]}, "concurrency is a whole number from 1 up, not 1.5"),
        ({"rate": [0]}, "A rate is a number of calls a second, above 0"),
        ({"rate": [math.inf]}, "A rate is a number of calls a second, above 0"),
        ({"concurrency": [1], "rounds": 0}, "rounds is a whole number from 1 up"),
        ({"concurrency": [1], "per_step": -5}, "per_step is a whole number from 1 up"),
        ({"concurrency": [1], "per_step": 0}, "per_step is a whole number from 1 up"),
        ({"concurrency": [1], "inputs": []}, "at least one input"),
        ({"concurrency": [1], "objective": {"speed": 1}}, "cannot bound 'speed'"),
        ({"concurrency": [1], "confidence": 95}, "confidence is a share between 0 and 1"),
    ],
)
def test_what_a_sweep_cannot_do_is_said_before_anything_is_sent(measured, how, told):
    with pytest.raises(CourseError) as refusal:
        run(**how)
    assert told in str(refusal.value)
    assert measured == []


def test_a_sweep_plots_itself(measured):
    picture = run(concurrency=[1, 2, 4]).plot()
    assert "No knee reached" in picture.alt and picture.alt.endswith("Source: simulated.")


# Against the simulator


def test_a_sweep_measures_a_service_that_slows_under_load():
    async def go():
        simulate = {"tier": "none", "speed": 20, "max_num_seqs": 8, "time_factor_under_load": 8}
        async with connect(asynchronous=True, simulate=simulate) as client:

            async def call(number):
                text = [{"role": "user", "content": f"Write {number} words."}]
                return await streamed(client, model="gpt-4o-mini", messages=text, max_tokens=10)

            how = {"per_step": 20, "rest_s": 0, "progress": False}
            return await sweep(call, range(200), concurrency=[1, 2, 8], **how)

    found = asyncio.run(go())
    assert found.source == "simulated"
    assert [step for step, _ in found.runs] == [1, 2, 8, 8, 2, 1]
    assert list(found.table["calls"]) == [20, 20, 20]
    assert (found.table["error_share"] == 0).all()
    assert (found.table["concurrency_reached"] <= np.array([1, 2, 8]) * 1.1).all()
    assert (found.table["ttft_s_p95"] < found.table["latency_s_p95"]).all()
    assert found.plot().alt.endswith("Source: simulated.")
