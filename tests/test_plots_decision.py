import math

import numpy as np
import pandas as pd
import pytest

from course.errors import CourseError
from course.plots import plot_breakeven, plot_cascade, plot_cost_accuracy, plot_verdicts

SOURCE = "made up"
OPTIONS = pd.DataFrame(
    {
        "accuracy": [0.90, 0.95],
        "accuracy_low": [0.87, 0.92],
        "accuracy_high": [0.93, 0.98],
        "cost_usd": [0.001, 0.01],
        "cost_low_usd": [0.0009, 0.009],
        "cost_high_usd": [0.0011, 0.011],
    },
    index=["small", "big"],
)
# Net benefit w x 0.05 - 0.009, so 0 at w = 0.18; the interval's ends are 0 at 0.12 and at 0.36.
WORTHS = np.linspace(0, 0.5, 51)
CURVE = pd.DataFrame(
    {
        "worth_usd": WORTHS,
        "net_benefit_usd": 0.050 * WORTHS - 0.009,
        "low_usd": 0.025 * WORTHS - 0.009,
        "high_usd": 0.075 * WORTHS - 0.009,
    }
)
STEPS = pd.DataFrame(
    {
        "threshold": [0.5, 0.9, 0.7],
        "accuracy": [0.90, 0.95, 0.93],
        "accuracy_low": [0.88, 0.93, 0.91],
        "accuracy_high": [0.92, 0.97, 0.95],
        "cost_usd": [0.001, 0.006, 0.002],
        "asked": [0.0, 0.5, 0.1],
    }
)
TASKS = pd.DataFrame(
    {
        "lambda_usd": [0.0886, 0.71],
        "low": [0.0571, 0.12],
        "high": [0.1973, math.inf],
        "verdict": ["upgrade", "measure-more"],
        "source": ["published", "simulated"],
    },
    index=["sums", "topics"],
)


def title(axes):
    return " ".join(axes.get_title("left").split())


def texts(axes):
    return [text.get_text() for text in axes.texts]


def every_plot():
    yield plot_cost_accuracy(OPTIONS, error_worth_usd=0.3, source=SOURCE)
    yield plot_breakeven(CURVE, error_worth_usd=0.3, source=SOURCE)
    yield plot_cascade(STEPS, chosen=0.7, source=SOURCE, reported=(0.92, 0.9, 0.94, 0.0021))
    yield plot_verdicts(TASKS, source=SOURCE, error_worth_usd=0.3)


def test_each_plot_has_a_finding_words_and_its_source_and_fits():
    for axes in every_plot():
        assert axes.alt.startswith(title(axes))
        assert axes.alt.endswith("Source: made up.")
        axes.figure.draw_without_rendering()
        assert axes._left_title.get_window_extent().x1 <= axes.figure.bbox.x1
        assert axes._repr_html_().startswith("<img alt=")


def test_each_plot_of_money_has_dollars_at_its_axis():
    for axes in every_plot():
        panels = axes.figure.axes
        labels = [panel.get_xlabel() + panel.get_ylabel() for panel in panels]
        assert any("US dollars" in label for label in labels)


def test_the_best_option_is_the_one_with_the_largest_net_benefit():
    # At $0.30: small 0.27 - 0.001 = 0.269, big 0.285 - 0.01 = 0.275; 6 dollars per 1,000 items.
    axes = plot_cost_accuracy(OPTIONS, error_worth_usd=0.3, source=SOURCE)
    assert title(axes) == (
        "At $0.30 an error, big is estimated best, by $6.00 per 1,000 items over small"
    )
    # At $0.10: 0.09 - 0.001 = 0.089 against 0.095 - 0.01 = 0.085.
    axes = plot_cost_accuracy(OPTIONS, error_worth_usd=0.1, source=SOURCE)
    assert "small is estimated best, by $4.00 per 1,000 items over big" in title(axes)


def test_a_curve_of_equal_net_benefit_goes_through_each_point():
    axes = plot_cost_accuracy(OPTIONS, error_worth_usd=0.3, source=SOURCE)
    curves = [line for line in axes.lines if len(line.get_xdata()) > 100]
    for curve, (_, row) in zip(curves, OPTIONS.iterrows(), strict=True):
        costs, rights = curve.get_data()
        assert np.interp(row.cost_usd, costs, rights) == pytest.approx(row.accuracy, abs=1e-5)
        assert 0.3 * rights - costs == pytest.approx(0.3 * row.accuracy - row.cost_usd)
    assert [curve.get_linestyle() for curve in curves] == ["--", "-"]


def test_both_intervals_of_an_option_are_drawn():
    axes = plot_cost_accuracy(OPTIONS, error_worth_usd=0.3, source=SOURCE)
    costs, rights = (bars.get_segments()[0] for bars in axes.containers[0][2])
    assert list(costs[:, 0]) == pytest.approx([0.0009, 0.0011])
    assert list(rights[:, 1]) == pytest.approx([0.87, 0.93])
    assert texts(axes)[0] == "small\n90.0 %, $0.001"
    assert "small 90.0 % right (87.0 % to 93.0 %) at $0.001 per item ($0.0009 to" in axes.alt


def test_one_option_is_told_with_its_net_benefit():
    axes = plot_cost_accuracy(OPTIONS.iloc[:1], error_worth_usd=0.3, source=SOURCE)
    assert title(axes) == "At $0.30 an error, the net benefit of small is $269.00 per 1,000 items"


def test_names_beside_near_points_do_not_cover_each_other():
    near = pd.concat([OPTIONS.iloc[:1]] * 3).set_index(pd.Index(["one", "two", "three"]))
    axes = plot_cost_accuracy(near, error_worth_usd=0.3, source=SOURCE)
    axes.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts]
    for box in boxes:
        assert sum(box.overlaps(other) for other in boxes) == 1  # itself


def test_a_cost_whose_interval_reaches_zero_can_be_drawn():
    wide = OPTIONS.assign(cost_low_usd=[-0.001, 0.009])
    axes = plot_cost_accuracy(wide, error_worth_usd=0.3, source=SOURCE)
    assert axes.get_xlim()[0] > 0
    axes._repr_html_()


def test_what_costs_nothing_is_drawn_on_a_plain_axis():
    free = OPTIONS.assign(cost_usd=[0.0, 0.01], cost_low_usd=[0.0, 0.009])
    axes = plot_cost_accuracy(free, error_worth_usd=0.3, source=SOURCE)
    assert axes.get_xscale() == "linear"
    axes._repr_html_()


def test_where_an_error_costs_nothing_only_the_price_counts():
    axes = plot_cost_accuracy(OPTIONS, error_worth_usd=0, source=SOURCE)
    assert "small is estimated best, by $9.00 per 1,000 items over big" in title(axes)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"accuracy": [94.0, 96.0]}, "write 94 % as 0.94"),
        ({"accuracy": [0.5, 0.95]}, "outside its own interval"),
        ({"cost_usd": [-0.1, 0.01]}, "at least 0 US dollars"),
        ({"cost_usd": [math.nan, 0.01]}, "a finite number"),
    ],
)
def test_options_that_cannot_be_are_refused(change, told):
    with pytest.raises(CourseError, match=told):
        plot_cost_accuracy(OPTIONS.assign(**change), error_worth_usd=0.3, source=SOURCE)


def test_a_table_that_is_none_is_refused_in_a_sentence():
    with pytest.raises(CourseError, match="finds no column accuracy_low, accuracy_high"):
        plot_cost_accuracy(
            OPTIONS.drop(columns=["accuracy_low", "accuracy_high"]),
            error_worth_usd=0.3,
            source=SOURCE,
        )
    with pytest.raises(CourseError, match="nothing to draw"):
        plot_cost_accuracy(OPTIONS.iloc[:0], error_worth_usd=0.3, source=SOURCE)
    with pytest.raises(CourseError, match="needs a table"):
        plot_cost_accuracy(3, error_worth_usd=0.3, source=SOURCE)
    with pytest.raises(CourseError, match="a different name for each option"):
        same = OPTIONS.set_index(pd.Index(["a", "a"]))
        plot_cost_accuracy(same, error_worth_usd=0.3, source=SOURCE)
    with pytest.raises(CourseError, match="at most 6 options, not 8"):
        plot_cost_accuracy(pd.concat([OPTIONS] * 4), error_worth_usd=0.3, source=SOURCE)
    with pytest.raises(CourseError, match="error_worth_usd is -1, but must be at least 0"):
        plot_cost_accuracy(OPTIONS, error_worth_usd=-1, source=SOURCE)


@pytest.mark.parametrize(
    ("worth", "verdict"), [(0.03, "stay"), (0.2, "measure more"), (0.4, "upgrade")]
)
def test_the_rules_worth_stands_in_one_of_three_regions(worth, verdict):
    axes = plot_breakeven(CURVE, error_worth_usd=worth, source=SOURCE)
    assert f"an error: {verdict} (stay up to $0.12, measure more up to $0.36, then upgrade)" in (
        title(axes)
    )


def test_regions_are_lettered_and_hatched():
    axes = plot_breakeven(CURVE, error_worth_usd=0.3, source=SOURCE)
    assert texts(axes)[:3] == ["S\nstay", "M\nmeasure more", "U\nupgrade"]
    spans = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in axes.patches[:3]]
    assert spans == [pytest.approx(span) for span in [(0, 0.12), (0.12, 0.36), (0.36, 0.5)]]
    assert len({patch.get_hatch() for patch in axes.patches[:3]}) == 3


def test_the_words_give_the_net_benefit_at_the_rules_worth():
    axes = plot_breakeven(CURVE, error_worth_usd=0.3, source=SOURCE)
    # 0.3 x 0.05 - 0.009 = 0.006; 0.3 x 0.025 - 0.009 = -0.0015; 0.3 x 0.075 - 0.009 = 0.0135
    assert "break-even at $0.18" in axes.alt
    assert "it is $6.00 per 1,000 items, interval -$1.50 to $13.50." in axes.alt


def test_a_narrow_region_has_its_letter_alone():
    axes = plot_breakeven(CURVE.assign(worth_usd=20 * WORTHS**4), error_worth_usd=1, source=SOURCE)
    assert "S" in texts(axes)


def test_a_candidate_that_never_pays_is_one_region():
    never = CURVE.assign(net_benefit_usd=-0.01, low_usd=-0.02, high_usd=-0.005)
    axes = plot_breakeven(never, error_worth_usd=0.3, source=SOURCE)
    assert title(axes) == "At $0.30 an error: stay (everywhere from $0.00 to $0.50)"
    assert "no break-even on it" in axes.alt


def test_a_cheaper_and_worse_candidate_pays_on_the_left():
    # The regions follow the curve, so they can stand in the other order.
    mirrored = CURVE.assign(
        net_benefit_usd=-CURVE.net_benefit_usd, low_usd=-CURVE.high_usd, high_usd=-CURVE.low_usd
    )
    axes = plot_breakeven(mirrored, error_worth_usd=0.05, source=SOURCE)
    assert "upgrade (upgrade up to $0.12, measure more up to $0.36, then stay)" in title(axes)


@pytest.mark.parametrize(
    ("curve", "worth", "told"),
    [
        (CURVE, 0.6, r"\$0.60 is not between the curve's ends \$0.00 and \$0.50"),
        (CURVE, -1, "at least 0"),
        (CURVE.iloc[:1], 0.3, "at least two different worths"),
        (CURVE.iloc[:0], 0.3, "nothing to draw"),
        (CURVE.assign(low_usd=1), 0.3, "outside its own interval"),
        (CURVE.assign(low_usd=math.nan), 0.3, "a finite number"),
        (CURVE.rename(columns={"low_usd": "low"}), 0.3, "finds no column low_usd"),
    ],
)
def test_curves_that_cannot_be_are_refused(curve, worth, told):
    with pytest.raises(CourseError, match=told):
        plot_breakeven(curve, error_worth_usd=worth, source=SOURCE)


def test_a_cascade_is_told_by_the_half_it_was_not_chosen_on():
    axes = plot_cascade(STEPS, chosen=0.7, source=SOURCE, reported=(0.92, 0.9, 0.94, 0.0021))
    assert title(axes) == (
        "A threshold of 0.7, chosen on one half, gives 92.0 % right (90.0 % to 94.0 %) for $2.10 "
        "per 1,000 on the other"
    )
    assert "10 % go on to the bigger model at 0.7, 93.0 % right for $2.00 per 1,000" in axes.alt


def test_without_the_other_half_the_cascade_says_where_its_figure_is_from():
    axes = plot_cascade(STEPS, chosen=0.7, source=SOURCE)
    assert title(axes) == (
        "A threshold of 0.7 gives 93.0 % right for $2.00 per 1,000 items where it was chosen"
    )


def test_the_thresholds_are_drawn_in_order_in_two_panels():
    axes = plot_cascade(STEPS, chosen=0.7, source=SOURCE)
    above, below = axes.figure.axes
    assert list(above.lines[0].get_xdata()) == [0.5, 0.7, 0.9]
    assert list(below.lines[0].get_ydata()) == [0.001, 0.002, 0.006]
    assert below.get_ylabel() == "cost per 1,000 items\n(US dollars)"


@pytest.mark.parametrize(
    ("steps", "chosen", "reported", "told"),
    [
        (STEPS, 0.6, None, "0.6 is not in the table"),
        (STEPS, 0.7, (0.9, 0.8), r"needs \(accuracy, low, high, cost_usd\)"),
        (STEPS, 0.7, (0.9, 0.95, 0.97, 0.1), "outside its own interval"),
        (STEPS.assign(asked=50), 0.7, None, "write 94 % as 0.94"),
        (STEPS.assign(cost_usd=math.nan), 0.7, None, "a finite number"),
        (STEPS.iloc[:0], 0.7, None, "nothing to draw"),
    ],
)
def test_cascades_that_cannot_be_are_refused(steps, chosen, reported, told):
    with pytest.raises(CourseError, match=told):
        plot_cascade(steps, chosen=chosen, source=SOURCE, reported=reported)


def test_one_threshold_is_a_plot_too():
    plot_cascade(STEPS.iloc[:1], chosen=0.5, source=SOURCE)._repr_html_()


def test_the_tasks_stand_side_by_side_with_verdict_letter_and_source():
    axes = plot_verdicts(TASKS, source=SOURCE, error_worth_usd=0.3)
    assert title(axes) == "At $0.30 an error: upgrade for sums; measure more for topics"
    assert {"U", "M", "$0.0886: upgrade", "$0.71: measure more"} <= set(texts(axes))
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "sums\n(published)",
        "topics\n(simulated)",
    ]
    assert "topics (simulated): break-even at $0.71, interval $0.12 to no upper end" in axes.alt


def test_an_open_end_is_an_arrow_at_the_edge():
    axes = plot_verdicts(TASKS, source=SOURCE)
    marks = [line.get_marker() for line in axes.lines]
    assert marks.count(">") == 1
    assert marks.count("<") == 0


def test_what_always_or_never_pays_is_said_instead_of_an_amount():
    ends = {"lambda_usd": [-1, math.inf], "low": [-3, 0.9], "high": [0.01, math.inf]}
    table = pd.DataFrame({**ends, "verdict": ["upgrade", "stay"]}, index=["a", "b"])
    axes = plot_verdicts(table, source=SOURCE)
    assert {"always pays: upgrade", "never pays: stay"} <= set(texts(axes))
    assert "a: always pays, interval $0.00 to $0.01, upgrade." in axes.alt


def test_a_task_without_an_interval_is_a_dot_and_says_so():
    table = TASKS.assign(low=[0.05, math.nan], high=[0.2, math.nan])
    axes = plot_verdicts(table, source=SOURCE)
    assert "topics (simulated): break-even at $0.71, no interval, measure more." in axes.alt


def test_many_tasks_are_counted_in_the_title():
    many = pd.concat([TASKS] * 3)
    assert title(plot_verdicts(many, source=SOURCE, error_worth_usd=0.3)) == (
        "At $0.30 an error: upgrade for 3 tasks; measure more for 3 tasks"
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"verdict": "perhaps"}, "'perhaps' of sums is none of the four"),
        ({"lambda_usd": math.nan}, "rising order"),
        ({"low": 1}, "rising order"),
        ({"high": "wide"}, "must be a number"),
        ({"lambda_usd": math.inf, "low": -1, "high": math.inf}, "at least one break-even"),
    ],
)
def test_verdicts_that_cannot_be_are_refused(change, told):
    with pytest.raises(CourseError, match=told):
        plot_verdicts(TASKS.assign(**change), source=SOURCE)
