import math
import re
from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from course.errors import CourseError
from course.plots import (
    plot_accuracy,
    plot_confusion,
    plot_cost_by_thousand,
    plot_interval_width,
    plot_paired,
    plot_resampling,
)

SOURCE = "made up"
LONG = "a very long name of a class that nobody would ever choose in earnest but somebody will"
# Worked out by hand: 3 right of 5; two mistakes, and one of them is a missing answer.
LABELS = ["bill", "bill", "tech", "tech", "tech"]
ANSWERS = ["bill", "tech", "tech", None, "tech"]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def names(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def every_plot():
    yield plot_confusion(ANSWERS, LABELS, source=SOURCE)
    yield plot_accuracy({"small": (0.9, 0.8, 0.95), "big": (0.92, 0.83, 0.97)}, source=SOURCE)
    yield plot_paired(14, 40, names=("small", "big"), n=1319, source=SOURCE)
    yield plot_cost_by_thousand({"small": 0.00003, "big": 0.0005}, source=SOURCE)
    yield plot_resampling([0.8] * 20 + [0.9] * 60 + [1.0] * 20, source=SOURCE)
    yield plot_interval_width(0.9, 150, source=SOURCE)


def test_each_plot_has_a_finding_a_unit_words_and_its_source():
    for axes in every_plot():
        title = axes.get_title("left")
        assert len(title) > 20
        assert axes.alt.startswith(" ".join(title.split()))
        assert axes.alt.endswith("Source: made up.")
        assert axes.get_xlabel()
        assert "source: made up" in axes.figure.get_supxlabel()
        assert re.search(r"\d", axes.alt)


def test_each_plot_fits_its_title_and_can_be_shown():
    for axes in every_plot():
        axes.figure.draw_without_rendering()
        assert axes._left_title.get_window_extent().x1 <= axes.figure.bbox.x1
        assert axes._repr_html_().startswith("<img alt=")


@pytest.mark.parametrize("source", ["", "  ", None])
def test_a_plot_without_its_source_is_refused(source):
    with pytest.raises(CourseError, match="needs its source"):
        plot_accuracy({"small": (0.9, 0.8, 0.95)}, source=source)


def test_the_confusion_matrix_counts_labels_down_and_answers_across():
    axes = plot_confusion(ANSWERS, LABELS, source=SOURCE)
    # bill: one right, one as tech; tech: two right, one without an answer.
    assert texts(axes) == ["1\n50 %", "1\n50 %", "0", "0", "2\n67 %", "1\n33 %"]
    assert names(axes) == ["bill (2)", "tech (3)"]
    assert axes.get_title("left").startswith("3 of 5 answers are right (60.0 %); most often “bill”")
    assert "Right by true class: bill 1 of 2; tech 2 of 3." in axes.alt
    assert "Mistakes: bill as tech 1; tech as (no answer) 1." in axes.alt


def test_rows_and_a_table_of_counts_give_the_same_confusion_matrix():
    rows = pd.DataFrame({"answer": ANSWERS, "label": LABELS})
    counts = pd.DataFrame(
        {"bill": [1, 0], "tech": [1, 2], "(no answer)": [0, 1]}, index=["bill", "tech"]
    )
    wanted = texts(plot_confusion(ANSWERS, LABELS, source=SOURCE))
    assert texts(plot_confusion(rows, source=SOURCE)) == wanted
    assert texts(plot_confusion(counts, source=SOURCE)) == wanted


def test_right_cells_are_outlined_and_not_told_by_colour_alone():
    axes = plot_confusion(ANSWERS, LABELS, source=SOURCE)
    outlined = [(round(patch.get_x()), round(patch.get_y())) for patch in axes.patches]
    assert outlined == [(0, 0), (1, 1)]


def test_one_class_is_one_cell():
    axes = plot_confusion(["yes"] * 3, ["yes"] * 3, source=SOURCE)
    assert texts(axes) == ["3\n100 %"]
    assert axes.get_title("left") == "3 of 3 answers are right (100.0 %)"


def test_of_two_hundred_classes_the_most_mistaken_are_shown_and_the_rest_together():
    # Class 7 is always answered as class 8; all others are right.
    labels = [f"class {number}" for number in range(200)] * 2
    answers = ["class 8" if label == "class 7" else label for label in labels]
    axes = plot_confusion(answers, labels, source=SOURCE)
    shown = names(axes)
    assert len(shown) == 12
    assert "class 7 (2)" in shown
    assert shown[-1] == "189 other classes (378)"
    assert "0 are wrong" in axes.get_xlabel()
    assert "398 of 400 answers are right" in axes.get_title("left")
    assert sum(int(text.replace(",", "")) for text in texts(axes) if text) == 400
    axes.figure.draw_without_rendering()
    labels = [label.get_window_extent() for label in axes.get_yticklabels()]
    assert all(box.x0 >= 0 for box in labels)


def test_many_answers_that_are_no_class_share_a_column():
    answers = [f"I think it is {number}" for number in range(30)]
    axes = plot_confusion([*answers, "yes"], ["yes"] * 31, source=SOURCE)
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "yes",
        "30 texts that are\nno class",
    ]


@pytest.mark.parametrize(
    ("answers", "labels", "told"),
    [
        ([], [], "nothing to draw"),
        (["a"], ["a", "b"], "1 answers but 2 labels"),
        (["a"], None, "answers and labels, or a DataFrame"),
        (["a", "b"], ["a", None], r"item 1 .* has no label"),
        (["a", "b"], ["a", math.nan], r"item 1 .* has no label"),
        (pd.DataFrame({"a": [-1]}, index=["a"]), None, "no count"),
        (pd.DataFrame({"a": [0.5]}, index=["a"]), None, "no count"),
        (pd.DataFrame({"a": [math.nan]}, index=["a"]), None, "must be a finite number"),
        (pd.DataFrame({"a": [0]}, index=["a"]), None, "nothing to draw"),
        (pd.DataFrame([[1, 2], [3, 4]], index=["a", "a"], columns=["a", "b"]), None, "once down"),
    ],
)
def test_what_makes_no_confusion_matrix_is_refused_in_a_sentence(answers, labels, told):
    with pytest.raises(CourseError, match=told):
        plot_confusion(answers, labels, source=SOURCE)


def test_points_stand_at_the_accuracies_and_bars_reach_their_intervals():
    estimate = SimpleNamespace(value=0.9416, low=0.928, high=0.953, n=1319)
    axes = plot_accuracy({"small": estimate, "big": (0.9613, 0.95, 0.97)}, source=SOURCE)
    ends = [container[2][0].get_segments()[0][:, 0] for container in axes.containers]
    assert [list(pair) for pair in ends] == [
        pytest.approx([0.928, 0.953]),
        pytest.approx([0.95, 0.97]),
    ]
    assert texts(axes) == ["94.2 %, n = 1,319", "96.1 %"]
    assert len({container[0].get_marker() for container in axes.containers}) == 2
    assert "94.2 % (92.8 % to 95.3 %, n = 1,319)" in axes.alt


def test_the_title_says_when_intervals_overlap():
    near = plot_accuracy({"a": (0.9, 0.85, 0.95), "b": (0.92, 0.87, 0.97)}, source=SOURCE)
    far = plot_accuracy({"a": (0.5, 0.45, 0.55), "b": (0.92, 0.87, 0.97)}, source=SOURCE)
    assert "overlap" in near.get_title("left")
    assert "overlap" not in far.get_title("left")
    assert "from 50.0 % (a) to 92.0 % (b)" in far.get_title("left")


def test_several_tasks_say_who_is_ahead_and_where_it_is_clear():
    tasks = {
        "sums": {"a": (0.5, 0.45, 0.55), "b": (0.92, 0.87, 0.97)},
        "topics": {"a": (0.9, 0.85, 0.95), "b": (0.89, 0.84, 0.94)},
    }
    axes = plot_accuracy(tasks, source=SOURCE)
    title = " ".join(axes.get_title("left").split())
    assert title == ("Ahead: b in 1 and a in 1 of 2 tasks; the intervals are apart in 1 of them")
    assert names(axes) == ["sums: a", "b", "topics: a", "b"]


def test_one_model_is_told_with_its_interval():
    axes = plot_accuracy({"small": (0.82, 0.751, 0.873)}, source=SOURCE)
    title = " ".join(axes.get_title("left").split())
    assert title == (
        "small is right on 82.0 % of the items, its interval between 75.1 % and 87.3 %"
    )


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "nothing to draw"),
        ({"a": {}}, "nothing to draw|needs"),
        ({"a": 0.9}, r"needs a value with its interval: \(value, low, high\)"),
        ({"a": (94.2, 92.8, 95.3)}, "write 94 % as 0.94"),
        ({"a": (math.nan, 0.1, 0.2)}, "a finite number"),
        ({"a": (0.9, 0.95, 0.97)}, "outside its own interval"),
        ({"a": ("many", 0.1, 0.2)}, "must be a number"),
        ([0.9], "a mapping from names"),
        ({str(number): (0.5, 0.4, 0.6) for number in range(7)}, "at most 6 models"),
    ],
)
def test_what_is_no_accuracy_with_its_interval_is_refused(given, told):
    with pytest.raises(CourseError, match=told):
        plot_accuracy(given, source=SOURCE)


def test_long_names_and_dollar_signs_stay_in_the_picture():
    axes = plot_accuracy({f"{LONG} $5 or $6": (0.9, 0.8, 0.95)}, source=SOURCE)
    axes.figure.draw_without_rendering()
    (label,) = axes.get_yticklabels()
    assert label.get_window_extent().x0 >= 0
    assert label.get_text().endswith("…")
    dear = plot_cost_by_thousand({"$5 a day": 1, "$6 a day": 2}, source=SOURCE)
    assert names(dear) == ["$5 a day", "$6 a day"]
    assert not dear.get_yticklabels()[0].get_parse_math()


def test_the_paired_plot_shows_what_chance_alone_would_do():
    axes = plot_paired(14, 40, names=("small", "big"), n=1319, source=SOURCE)
    assert [bars[0].get_width() for bars in axes.containers] == [14, 40]
    # 54 tosses of a coin: at most 19 heads have a chance of 2.0 %, at most 20 of 3.8 %
    # (sums of binomials), so the middle 95 % begins at 20, and by symmetry ends at 54 - 20.
    heads = [sum(math.comb(54, head) for head in range(most + 1)) / 2**54 for most in (19, 20)]
    assert heads[0] < 0.025 < heads[1]
    assert "20 to 34" in texts(axes)
    assert "between 20 and 34 at least 95 times in 100; here they lie outside" in axes.alt
    assert axes.get_title("left").startswith("54 of 1,319 items tell the models apart")
    assert len({bars[0].get_hatch() for bars in axes.containers}) == 2


def test_counts_that_chance_explains_are_told_to_lie_inside():
    # 15 tosses: at most 3 heads 1.8 %, at most 4 5.9 %, so from 4 to 11.
    axes = plot_paired(6, 9, names=("a", "b"), n=150, source=SOURCE)
    assert "between 4 and 11" in axes.alt
    assert "here they lie inside" in axes.alt


def test_no_item_that_differs_is_a_plot_too():
    axes = plot_paired(0, 0, names=("small", "big"), n=150, source=SOURCE)
    assert axes.get_title("left") == "None of 150 items tells small and big apart"


@pytest.mark.parametrize(
    ("counts", "names", "told"),
    [
        ((-1, 2, 10), ("a", "b"), "no count of items"),
        ((1.5, 2, 10), ("a", "b"), "no count of items"),
        ((6, 6, 10), ("a", "b"), "12 items that differ cannot be among 10"),
        ((1, 2, math.nan), ("a", "b"), "a finite number"),
        ((1, 2, 10), "ab", "two models' names"),
        ((1, 2, 10), ("a", "b", "c"), "two models' names"),
    ],
)
def test_counts_that_cannot_be_are_refused(counts, names, told):
    first, second, n = counts
    with pytest.raises(CourseError, match=told):
        plot_paired(first, second, names=names, n=n, source=SOURCE)


def test_a_thousand_items_cost_a_thousand_times_one():
    costs = {"small": Decimal("0.0000318"), "big": (0.00053, 0.0005, 0.0006)}
    axes = plot_cost_by_thousand(costs, source=SOURCE, unit="e-mail")
    bars = [patch.get_width() for patch in axes.patches]
    assert bars == pytest.approx([0.0318, 0.53])
    # 0.53 / 0.0318 = 16.67
    assert " ".join(axes.get_title("left").split()) == (
        "1,000 e-mails cost from $0.0318 (small) to $0.53 (big): 16.7 times as much"
    )
    assert "big $0.53 ($0.50 to $0.60)" in axes.alt
    assert axes.get_xlabel() == "cost of 1,000 e-mails (US dollars)"


def test_what_costs_nothing_can_be_shown_beside_what_costs():
    axes = plot_cost_by_thousand({"cached": 0, "small": 0.00003}, source=SOURCE)
    assert axes.get_title("left") == "1,000 items cost from $0.00 (cached) to $0.03 (small)"
    plot_cost_by_thousand({"cached": 0}, source=SOURCE)._repr_html_()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "nothing to draw"),
        ({"a": -1}, "cannot be below 0"),
        ({"a": math.inf}, "a finite number"),
        ({"a": "dear"}, "must be a number"),
        ({"a": (1, 2)}, "value with its interval"),
    ],
)
def test_what_is_no_cost_is_refused(given, told):
    with pytest.raises(CourseError, match=told):
        plot_cost_by_thousand(given, source=SOURCE)


def test_the_middle_of_the_resamples_is_told_and_shaded():
    # 1,000 resamples: 20 at 0.70, 960 at 0.80 and 20 at 0.90, so 2 % on each side.
    drawn = [0.7] * 20 + [0.8] * 960 + [0.9] * 20
    axes = plot_resampling(drawn, source=SOURCE, formula=(0.8, 0.72, 0.87))
    assert axes.get_title("left").startswith("All but at most a few of 1,000 resamples give 80.0 %")
    wide = plot_resampling([0.7] * 30 + [0.8] * 940 + [0.9] * 30, source=SOURCE)
    assert wide.get_title("left") == "95 % of 1,000 resamples lie between 70.0 % and 90.0 %"
    assert sum(patch.get_height() for patch in wide.patches) == 1000
    assert "By the formula: 72.0 % to 87.0 %." in axes.alt


def test_the_bars_of_resamples_stand_at_the_values_there_are():
    drawn = np.random.default_rng(5).binomial(10, 0.8, 400) / 10
    axes = plot_resampling(drawn, source=SOURCE)
    middles = sorted(patch.get_x() + patch.get_width() / 2 for patch in axes.patches)
    assert middles == pytest.approx(sorted(set(drawn)))
    assert len({patch.get_hatch() for patch in axes.patches}) == 2


def test_many_values_are_put_into_sixty_bars():
    drawn = np.random.default_rng(5).binomial(5000, 0.8, 4000) / 5000
    assert len(plot_resampling(drawn, source=SOURCE).patches) == 60


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([0.9], "has 1 accuracies; take 40 resamples or more"),
        (3, "accuracies of many resamples"),
        ([80.0] * 50, "write 94 % as 0.94"),
        ([math.nan] * 50, "a finite number"),
    ],
)
def test_what_is_no_set_of_resamples_is_refused(given, told):
    with pytest.raises(CourseError, match=told):
        plot_resampling(given, source=SOURCE)


@pytest.mark.parametrize(("right", "n"), [(133, 150), (10, 10), (0, 7), (1, 1), (660, 1320)])
def test_the_width_is_that_of_wilsons_interval(right, n):
    axes = plot_interval_width(right / n, n, source=SOURCE)
    low, high = proportion_confint(right, n, method="wilson")
    mine, half = (line.get_ydata()[0] for line in axes.lines if len(line.get_xdata()) == 1)
    assert mine == pytest.approx(50 * (high - low))
    assert half == pytest.approx(mine / 2)
    assert f"{n:,} items tell the accuracy to ±{mine:.1f} points" in axes.get_title("left")


def test_four_times_the_items_halve_the_width_or_nearly_so():
    title = plot_interval_width(133 / 150, 150, source=SOURCE).get_title("left")
    needed = int(title.rpartition(" ")[2])
    halves = [
        (lambda ends: (ends[1] - ends[0]) / 2)(
            proportion_confint(round(133 / 150 * count, 9), count, method="wilson")
        )
        for count in (150, needed - 1, needed)
    ]
    assert halves[2] <= halves[0] / 2 < halves[1]


@pytest.mark.parametrize(
    ("accuracy", "n", "told"),
    [
        (94, 100, "write 94 % as 0.94"),
        (0.9, 0, "at least 1 item"),
        (0.9, 2.5, "at least 1 item"),
        (math.nan, 100, "a finite number"),
        (0.9, "many", "must be a number"),
    ],
)
def test_a_width_of_nothing_is_refused(accuracy, n, told):
    with pytest.raises(CourseError, match=told):
        plot_interval_width(accuracy, n, source=SOURCE)
