"""When tokens are due: means, spreads, load, the options that replace them."""

import statistics

import pytest

from course.endpoint.options import Options
from course.endpoint.simulation.models import Speed
from course.endpoint.simulation.pace import Pace

OWN = Speed(0.5, 0.1, 0.02, 0.004, 0.0001, source="made up for the test")


def draw(pace, **about):
    told = {"fresh": 0, "hidden": 0, "shown": 1, "at_once": 1, "each": True} | about
    return pace.draw(OWN, **told)


def test_the_first_token_is_normal_around_its_mean():
    pace = Pace(Options())
    firsts = [draw(pace)[0] for _ in range(4000)]
    # standard error of the mean 0.1 / √4000 = 0.0016
    assert statistics.mean(firsts) == pytest.approx(0.5, abs=0.008)
    assert statistics.stdev(firsts) == pytest.approx(0.1, rel=0.06)


def test_each_token_has_a_wait_of_its_own():
    waits = draw(Pace(Options()), shown=4001)[1]
    assert len(waits) == 4000
    assert statistics.mean(waits) == pytest.approx(0.02, abs=0.0004)
    assert statistics.stdev(waits) == pytest.approx(0.004, rel=0.08)
    assert all(0.006 <= wait <= 0.034 for wait in waits)  # within 70 %


def test_the_sum_alone_is_as_long_as_the_tokens_one_by_one():
    pace = Pace(Options())
    sums = [draw(pace, shown=101, each=False)[1] for _ in range(500)]
    assert {len(one) for one in sums} == {1}
    # 100 tokens: mean 2 s, spread 0.004 × √100 = 0.04
    assert statistics.mean(one[0] for one in sums) == pytest.approx(2, abs=0.01)
    assert statistics.stdev(one[0] for one in sums) == pytest.approx(0.04, rel=0.15)


def test_long_prompts_and_reasoning_come_before_the_first_token():
    none = Options(time_to_first_token_std_dev=0, inter_token_latency_std_dev=0)
    # 0.5 + 1,000 × 0.0001 + 50 × 0.02
    assert draw(Pace(none), fresh=1000, hidden=50)[0] == pytest.approx(1.6)


def test_load_slows_everything_down_evenly():
    fixed = {"time_to_first_token_std_dev": 0, "inter_token_latency_std_dev": 0}
    pace = Pace(Options(time_factor_under_load=3, max_num_seqs=5, **fixed))
    firsts = [draw(pace, at_once=calls)[0] for calls in (1, 3, 5, 99)]
    # from 1 to 3 times over four further calls: alone 1, half way 2, full 3, never more
    assert firsts == pytest.approx([0.5, 1.0, 1.5, 1.5])


def test_speed_and_clock_both_make_it_faster():
    slow, fast = (draw(Pace(Options(**o)))[0] for o in ({}, {"speed": 2, "clock": 5}))
    assert fast == pytest.approx(slow / 10)


def test_nothing_waits_at_speed_0():
    assert draw(Pace(Options(speed=0)), shown=50) == (0.0, ())


def test_options_replace_a_models_own_figures():
    pace = Pace(Options(time_to_first_token=1.2, time_to_first_token_std_dev=0))
    assert draw(pace)[0] == pytest.approx(1.2)
    assert pace.speed(OWN).inter_token_latency_s == 0.02


def test_an_answer_without_tokens_has_no_waits():
    assert draw(Pace(Options()), shown=0)[1] == []
    assert draw(Pace(Options()), shown=0, each=False)[1] == (0.0,)
