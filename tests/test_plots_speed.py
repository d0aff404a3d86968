import math

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from scipy import stats

from course.errors import CourseError
from course.plots import (
    plot_latencies,
    plot_refusals,
    plot_seconds_by_tokens,
    plot_throughput,
    plot_timeline,
)
from course.plots.speed import three_figures, worked
from course.throughput.knee import Knee


def calls(n=100, **columns):
    """A call each 0.1 s; the k-th takes 0.5 + 0.01 k seconds and has k tokens more than 20."""
    order = np.arange(n)
    usual = {"start_s": order / 10, "end_s": 0.5 + order / 100, "completion_tokens": 20 + order}
    return pd.DataFrame(usual | {"status": 200, "error": "", "warm_up": False} | columns)


def steps(**columns):
    usual = {"concurrency": [1, 2, 4, 8], "throughput": [1.0, 2.0, 3.9, 4.0]}
    usual |= {"throughput_low": [0.9, 1.8, 3.5, 3.6], "throughput_high": [1.1, 2.2, 4.3, 4.4]}
    usual |= {"latency_s_p95": [1.0, 1.1, 1.2, 2.4], "latency_s_p95_low": [0.9, 1.0, 1.1, 2.3]}
    return pd.DataFrame(usual | {"latency_s_p95_high": [math.inf, 1.2, 1.3, 2.6]} | columns)


KNEE = Knee(4.0, 2.0, 4.0, "The knee is at 4 calls in flight.")
EACH = {
    "latencies": lambda: plot_latencies(calls(), source="simulated"),
    "cumulative": lambda: plot_latencies(calls(), source="simulated", kind="ecdf"),
    "tokens": lambda: plot_seconds_by_tokens(noisy(), source="simulated"),
    "throughput": lambda: plot_throughput(steps(), source="simulated", knee=KNEE),
    "timeline": lambda: plot_timeline(calls(), source="simulated"),
    "refusals": lambda: plot_refusals(calls(), source="simulated"),
}


def noisy():
    rng = np.random.default_rng(7)
    return calls(end_s=0.4 + 0.01 * np.arange(20, 120) * rng.gamma(20.0, 0.05, 100))


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def bars(axes):
    """The bars of a timeline, a collection for each of their kinds."""
    return [drawn for drawn in axes.collections if isinstance(drawn, PolyCollection)]


def lines(axes, label):
    return [line for line in axes.lines if line.get_label() == label]


@pytest.mark.parametrize("name", EACH)
def test_each_plot_has_a_title_units_a_source_and_words(name):
    axes = EACH[name]()
    assert axes.get_title("left")
    labels = [panel.get_xlabel() + panel.get_ylabel() for panel in axes.figure.axes]
    assert all(any(unit in label for unit in ("second", "calls")) for label in labels)
    assert axes.alt.startswith(axes.get_title("left"))
    assert axes.alt.endswith("Source: simulated.")
    assert "source: simulated" in axes.figure.get_supxlabel()
    assert axes._repr_html_().startswith('<img alt="')


@pytest.mark.parametrize("name", EACH)
def test_no_text_of_a_plot_lies_outside_of_it(name):
    axes = EACH[name]()
    axes.figure.draw_without_rendering()
    width = axes.figure.bbox.width
    for panel in axes.figure.axes:
        texts = [panel._left_title, panel.xaxis.label, panel.yaxis.label, *panel.texts]
        for text in texts:
            box = text.get_window_extent()
            assert box.x0 >= 0 and box.x1 <= width


@pytest.mark.parametrize(
    "plot", [plot_latencies, plot_seconds_by_tokens, plot_throughput, plot_timeline, plot_refusals]
)
def test_a_source_has_to_be_given(plot):
    with pytest.raises(TypeError, match="source"):
        plot(calls())


# Latencies


def test_the_percentiles_are_marked_with_their_intervals():
    words = legend(plot_latencies(calls(), source="live"))
    # 0.50, 0.51 … 1.49 s: mean and median 0.995; p95 at position 94.05, p99 at 98.01.
    # By the binomial distribution the interval of p50 is from the 40th to the 61st of 100, that
    # of p95 from the 90th to the 100th, and that of p99 from the 97th on.
    assert words == [
        "mean 0.995 s",
        "p50 0.995 s (0.890 to 1.10)",
        "p95 1.44 s (1.39 to 1.49)",
        "p99 1.48 s (1.46 to ?)",
    ]


def test_marks_differ_in_more_than_colour():
    axes = plot_latencies(calls(), source="live")
    marked = [line for line in axes.lines if line.get_linestyle() != "None"]
    assert len({line.get_linestyle() for line in marked}) == 4


def test_plain_seconds_can_be_drawn_and_other_columns():
    assert plot_latencies([1.0, 2.0, 3.0], source="live").get_xlabel() == "seconds a call"
    first = calls(first_token_s=0.2 + np.arange(100) / 1000)
    axes = plot_latencies(first, column="first_token_s", source="live")
    assert axes.get_xlabel() == "seconds from sending to the first token"


def test_warm_up_failures_and_unknown_times_are_not_among_the_latencies():
    table = calls(warm_up=[True] * 10 + [False] * 90, status=[200] * 80 + [429] * 20)
    assert len(worked(table)) == 70
    table.loc[20, "end_s"] = math.nan
    assert "Histogram of 69 calls" in plot_latencies(table, source="live").alt


@pytest.mark.parametrize(
    ("given", "how", "told"),
    [
        (calls(1), {}, "at least 2 calls that worked; here are 1"),
        (calls(status=500), {}, "here are 0"),
        ([math.nan, 1.0], {}, "here are 1"),
        (["soon"], {}, "Seconds have to be numbers"),
        (calls(), {"column": "speed"}, "no column speed"),
        (calls(), {"kind": "pie"}, 'draws a "histogram" or an "ecdf", not \'pie\''),
    ],
)
def test_latencies_that_cannot_be_drawn_are_refused(given, how, told):
    with pytest.raises(CourseError) as refusal:
        plot_latencies(given, source="live", **how)
    assert told in str(refusal.value)


def test_equal_latencies_are_drawn_too():
    assert "p95 1.00 s (1.00 to 1.00)" in plot_latencies([1.0] * 100, source="live").alt


# Seconds against tokens


def test_the_slope_is_the_seconds_of_a_token():
    table = noisy()
    fit = stats.linregress(table["completion_tokens"], table["end_s"])
    axes = plot_seconds_by_tokens(table, source="live")
    assert f"A token more takes {1000 * fit.slope:.2f} ms" in axes.get_title("left")
    (line,) = lines(axes, "line of least squares")
    tokens, seconds = line.get_data()
    assert seconds == pytest.approx(fit.intercept + fit.slope * tokens)


def test_the_slopes_interval_is_that_of_the_hc3_covariance():
    table = noisy()
    x, y = table["completion_tokens"].to_numpy(float), table["end_s"].to_numpy()
    design = np.column_stack([np.ones(100), x])
    inverse = np.linalg.inv(design.T @ design)
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    rest = (y - design @ (inverse @ design.T @ y)) / (1 - leverage)
    error = math.sqrt((inverse @ (design.T * rest**2) @ design @ inverse)[1, 1])
    slope = (inverse @ design.T @ y)[1]
    low, high = slope + np.array([-1, 1]) * stats.t.ppf(0.975, 98) * error
    title = plot_seconds_by_tokens(table, source="live").get_title("left")
    assert f"(95 % interval {three_figures(1000 * low)} to {three_figures(1000 * high)})" in title


def test_a_slope_whose_interval_holds_zero_is_not_called_one():
    table = calls(end_s=1 + np.random.default_rng(3).random(100))
    title = plot_seconds_by_tokens(table, source="live").get_title("left")
    assert title.startswith("Longer answers are not shown to take longer")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (calls(2), "here are 2 calls with 2 different numbers of tokens"),
        (calls(completion_tokens=7), "here are 100 calls with 1 different numbers"),
        (calls(completion_tokens=math.nan), "here are 0 calls"),
        (calls().drop(columns="completion_tokens"), "no column completion_tokens"),
    ],
)
def test_a_line_through_too_little_is_refused(table, told):
    with pytest.raises(CourseError, match=told):
        plot_seconds_by_tokens(table, source="live")


# Throughput


def test_throughput_and_latency_have_their_own_panel_and_the_knee_a_line():
    axes = plot_throughput(steps(), source="live", knee=KNEE)
    above, below = axes.figure.axes
    assert (above.get_ylabel(), below.get_ylabel()) == ("answers a second", "p95 latency (seconds)")
    assert list(above.lines[0].get_ydata()) == [1.0, 2.0, 3.9, 4.0]
    assert list(below.lines[0].get_ydata()) == [1.0, 1.1, 1.2, 2.4]
    for panel in (above, below):
        (line,) = lines(panel, "knee")
        assert list(line.get_xdata()) == [4, 4]
    assert axes.get_title("left") == "The knee is at 4 calls in flight"
    assert above.lines[0].get_marker() != below.lines[0].get_marker()


def test_no_line_is_drawn_for_a_knee_that_was_not_reached():
    axes = plot_throughput(steps(), source="live", knee=Knee(None, None, None, "No knee reached."))
    assert lines(axes, "knee") == []
    assert axes.get_title("left") == "No knee reached"


def test_a_sweep_over_rates_is_named_so():
    table = steps().rename(columns={"concurrency": "rate"})
    axes = plot_throughput(table, source="live")
    assert axes.figure.axes[1].get_xlabel() == "calls sent a second"
    assert axes.get_title("left") == "At most 4.00 answers a second, at 8 calls sent a second"


def test_steps_without_an_answer_leave_a_gap():
    table = steps(latency_s_p95=[1.0, 1.1, 1.2, math.nan], throughput=[1.0, 2.0, 3.0, 0.0])
    assert "at 8: 0 a second, ? s" in plot_throughput(table, source="live").alt


def test_a_table_without_the_columns_of_a_sweep_is_refused():
    with pytest.raises(CourseError, match="no column throughput"):
        plot_throughput(calls(concurrency=1), source="live")


# Over time


def test_a_timeline_lays_calls_at_the_same_time_one_above_the_other():
    table = pd.DataFrame({"start_s": [0.0, 1.0, 2.0], "end_s": [1.5, 2.0, 1.0]})
    axes = plot_timeline(table, source="live")
    # The third begins when the first has ended, so it takes the first's row.
    found = [path.get_extents() for path in bars(axes)[0].get_paths()]
    expected = [(0.0, 1.5, 0.6, 1.4), (1.0, 3.0, 1.6, 2.4), (2.0, 3.0, 0.6, 1.4)]
    assert np.allclose([(box.x0, box.x1, box.y0, box.y1) for box in found], expected)
    # 1.5 + 2 + 1 seconds in flight within 3 seconds
    assert axes.get_title("left") == "At most 2 calls in flight, 1.50 on average"


def test_a_timeline_has_a_row_for_each_call_in_flight_however_long_the_run():
    # 20 calls a second of 1 s: from the 20th on there are always 20
    table = pd.DataFrame({"start_s": np.arange(4000) / 20, "end_s": 1.0})
    axes = plot_timeline(table, source="live")
    assert axes.get_ylim() == pytest.approx((0.4, 20.6))
    assert axes.get_title("left") == "At most 20 calls in flight, 19.9 on average"


def test_a_timeline_shows_the_first_token_and_what_failed():
    table = calls(10, first_token_s=0.3, status=[200] * 8 + [429, 500])
    table.loc[8:, "first_token_s"] = math.nan
    axes = plot_timeline(table, source="live")
    assert legend(axes) == [
        "until the first token",
        "from the first token on",
        "refused (429)",
        "failed",
    ]
    assert "1 of 10 refused" in axes.get_title("left")
    assert [bool(drawn.get_hatch()) for drawn in bars(axes)] == [True, False]


def test_a_wait_before_the_last_attempt_is_a_line():
    table = calls(3, due_s=[0.0, 0.0, 0.2], total_s=[0.5, 0.51, 0.52])
    waits = plot_timeline(table, source="live").collections[0]
    assert [tuple(path[:, 0]) for path in waits.get_segments()][1] == pytest.approx((0.0, 0.1))


def test_refusals_are_counted_by_time():
    table = calls(
        40, end_s=0.05, status=[200] * 20 + [429] * 20, retries=[0] * 15 + [2] * 5 + [0] * 20
    )
    axes = plot_refusals(table, source="live", bins=4)
    assert legend(axes) == ["answered: 15", "answered after a retry: 5", "refused (429): 20"]
    assert sum(bar.get_height() for bar in axes.patches) == 40
    assert axes.get_title("left") == (
        "20 of 40 calls (50 %) were refused, the first after 2.05 s; 5 answered after a retry"
    )
    assert len({bar.get_hatch() for bar in axes.patches}) == 3


def test_no_refusal_is_said_to_be_none():
    assert plot_refusals(calls(), source="live").get_title("left") == (
        "None of 100 calls was refused for good"
    )


@pytest.mark.parametrize("plot", [plot_timeline, plot_refusals])
def test_calls_without_times_are_refused(plot):
    with pytest.raises(CourseError, match="nothing to draw"):
        plot(calls(end_s=math.nan), source="live")
    with pytest.raises(CourseError, match="nothing to draw"):
        plot(calls(0), source="live")
    with pytest.raises(CourseError, match="no column end_s"):
        plot(calls().drop(columns="end_s"), source="live")


@pytest.mark.parametrize("bins", [0, 1.5, True])
def test_bins_are_a_whole_number(bins):
    with pytest.raises(CourseError, match="bins is a whole number"):
        plot_refusals(calls(), source="live", bins=bins)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (1234.5, "1,234"),
        (0.01234, "0.0123"),
        (12.34, "12.3"),
        (math.inf, "?"),
        (math.nan, "?"),
        (-2.5, "-2.50"),
    ],
)
def test_numbers_have_three_figures(number, shown):
    assert three_figures(number) == shown
