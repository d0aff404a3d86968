"""A quiz's figures, against small classes worked out by hand and another package's numbers."""

import math

import pytest

from course.quiz.statistics import quiz_figures
from course.quiz.statistics_records import Answer, Choice, Question, Student, Variant, WrongValue

# Forty made-up students and six items; the figures of scipy and pingouin below are of these rows.
FORTY = [
    "110001", "110101", "111000", "100000", "111000", "100100", "111100", "111111",
    "110000", "110100", "111010", "111001", "010010", "010000", "111100", "111000",
    "100000", "010100", "000000", "010100", "000000", "110000", "110000", "100000",
    "111111", "110101", "000000", "111000", "111100", "100100", "100000", "100100",
    "011000", "010000", "111011", "111101", "111101", "111011", "001000", "110000",
]  # fmt: skip
FOUR = ["111", "110", "100", "000"]


def answer(share, **more):
    return Answer(share, more.pop("graded", share), **more)


def a_class(rows, *, points=None):
    """Questions a, b, c … worth 1 or `points`, and students with a 0 or 1 for each."""
    names = "abcdefgh"[: len(rows[0])]
    worth = points or [1.0] * len(names)
    questions = [Question(name, "single", points=p) for name, p in zip(names, worth, strict=True)]
    students = [
        Student(f"s{n}", {name: answer(float(x)) for name, x in zip(names, row, strict=True)})
        for n, row in enumerate(rows)
    ]
    return questions, students


def of_one(answers, question=None):
    """The figures of one item, answered so, beside an item that half of the class has right."""
    question = question or Question("q", "single")
    other = Question("other", "single")
    students = [
        Student(f"s{n}", {"q": one, "other": answer(float(n % 2))}) for n, one in enumerate(answers)
    ]
    return quiz_figures([question, other], students).items[0]


def test_four_students_and_three_items_by_hand():
    figures = quiz_figures(*a_class(FOUR))
    # Scores 3, 2, 1, 0: mean 1.5, sum of squares 2 · 1.5² + 2 · 0.5² = 5, so sd = √(5/3).
    assert figures.scores == (3, 2, 1, 0)
    assert figures.mean == 1.5
    assert figures.sd == pytest.approx(math.sqrt(5 / 3))
    assert [item.difficulty.value for item in figures.items] == [0.75, 0.5, 0.25]
    # Variances p(1−p): 3/16 + 4/16 + 3/16 = 0.625; of the score 5/4. KR-20 = 3/2 · (1 − 0.5).
    assert figures.alpha.value == pytest.approx(0.75)
    assert figures.is_kr20
    # √(5/3) · √(1 − 0.75)
    assert figures.sem.value == pytest.approx(math.sqrt(5 / 3) / 2)


def test_an_item_is_held_against_the_rest_without_itself():
    a, b, c = quiz_figures(*a_class(FOUR)).items
    # b = 1 1 0 0, rest = 2 1 1 0: covariance (0.5 + 0 + 0 + 0.5) / 4, variances 1/4 and 2/4.
    assert b.discrimination.value == pytest.approx(0.25 / math.sqrt(0.25 * 0.5))
    # a = 1 1 1 0, rest = 2 1 0 0: covariance 3/16, variances 3/16 and 11/16, so √(3/11).
    assert a.discrimination.value == pytest.approx(math.sqrt(3 / 11))
    assert c.discrimination.value == pytest.approx(math.sqrt(3 / 11))  # the same, turned round


def test_items_weigh_as_many_points_as_they_are_worth():
    figures = quiz_figures(*a_class(FOUR, points=[1, 2, 1]))
    assert figures.scores == (4, 3, 1, 0)
    assert figures.possible == 4
    # Variances 3/16 + 4 · 4/16 + 3/16 = 22/16; of the score: mean 2, (4 + 1 + 1 + 4) / 4 = 2.5.
    assert figures.alpha.value == pytest.approx(1.5 * (1 - 1.375 / 2.5))
    # b's rest is 2 1 1 0 as before: an item's own points do not change its correlation.
    assert figures.items[1].discrimination.value == pytest.approx(0.25 / math.sqrt(0.125))


def test_shares_of_the_points_count_too():
    questions, students = a_class(["11", "00", "10"])
    students[2] = Student("s2", {"a": answer(0.5), "b": answer(0.0)})
    figures = quiz_figures(questions, students)
    assert figures.items[0].difficulty.value == 0.5  # (1 + 0 + 0.5) / 3
    assert not figures.is_kr20


def test_the_figures_are_those_of_other_packages():
    figures = quiz_figures(*a_class(FORTY))
    # pingouin 0.7.0, cronbach_alpha; Feldt's interval there is 0.448 to 0.794
    assert figures.alpha.value == pytest.approx(0.6486013135490148)
    # scipy 1.17.1, stats.pointbiserialr(item, rest)
    expected = [
        0.3394134990331531, 0.430455960041829, 0.45080329454210527,
        0.19788525981431748, 0.3310018927510902, 0.5573520854786389,
    ]  # fmt: skip
    found = [item.discrimination.value for item in figures.items]
    assert found == pytest.approx(expected)


def test_the_intervals_are_near_those_of_other_packages():
    figures = quiz_figures(*a_class(FORTY))
    near = {"abs": 0.035}  # 2,000 resamples here, 20,000 there
    # scipy 1.17.1, stats.bootstrap(method="BCa", paired=True, n_resamples=20_000)
    expected = [(0.122, 0.550), (0.220, 0.618), (0.116, 0.662), (-0.120, 0.483)]
    for item, ends in zip(figures.items, expected, strict=False):
        assert (item.discrimination.low, item.discrimination.high) == pytest.approx(ends, **near)
    assert (figures.alpha.low, figures.alpha.high) == pytest.approx((0.462, 0.778), **near)
    hard = figures.items[5].difficulty
    assert (hard.low, hard.high) == pytest.approx((0.125, 0.400), **near)


def test_the_same_answers_give_the_same_intervals():
    assert quiz_figures(*a_class(FORTY)) == quiz_figures(*a_class(FORTY))


def test_under_thirty_answers_there_is_a_figure_and_no_interval():
    figures = quiz_figures(*a_class(FORTY[:29]))
    for figure in (figures.alpha, *(item.difficulty for item in figures.items)):
        assert figure.value is not None and figure.low is None and "under 30" in figure.why


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (["11", "11", "11"], "all students have the same score"),
        (["11", "01"], "three students"),
        (["1", "0", "1"], "two items"),
    ],
)
def test_an_alpha_that_is_not_defined_says_why(rows, why):
    figures = quiz_figures(*a_class(rows))
    assert figures.alpha.value is None and why in figures.alpha.why
    assert figures.sem.value is None and why in figures.sem.why


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (["11", "10", "10"], "the same points on this item"),
        (["11", "01", "11"], "the rest of the quiz"),
        (["1", "0", "0"], "the rest of the quiz"),
        (["11"], "three students"),
    ],
)
def test_a_correlation_that_is_not_defined_says_why(rows, why):
    item = quiz_figures(*a_class(rows)).items[0]
    assert item.discrimination.value is None and why in item.discrimination.why


def test_nobody_at_all_gives_no_figure_and_no_trouble():
    figures = quiz_figures([Question("a", "single")], [])
    assert (figures.n, figures.mean, figures.sd, figures.alpha.value) == (0, None, None, None)
    assert figures.items[0].difficulty.why == "nobody's answer is marked yet"


def test_one_student_has_a_score_and_no_spread():
    figures = quiz_figures(*a_class(["10"]))
    assert (figures.mean, figures.sd) == (1, None)


def test_a_negative_alpha_stands_and_has_no_standard_error():
    figures = quiz_figures(*a_class(["10", "01", "10", "11"]))
    # Variances 3/16 + 4/16; scores 1, 1, 1, 2 have 3/16: 2 · (1 − 7/3).
    assert figures.alpha.value == pytest.approx(2 * (1 - 7 / 3))
    assert figures.sem.why == "alpha is below 0"


def test_what_is_left_blank_counts_as_nothing_and_is_told():
    item = of_one([answer(1.0), answer(0.0, answered=False), answer(0.0), answer(1.0)])
    assert (item.n, item.omitted, item.difficulty.value) == (4, 1, 0.5)


def test_an_item_that_waits_for_a_person_is_in_no_sum():
    questions, students = a_class(["111", "110", "100", "000"])
    waiting = dict(students[0].answers) | {"b": Answer(None, None)}
    figures = quiz_figures(questions, [Student("s0", waiting), *students[1:]])
    assert figures.left_out == ("b",)
    assert figures.possible == 2
    assert figures.scores == (2, 1, 1, 0)  # a and c only
    b = figures.items[1]
    assert (b.n, b.waiting) == (3, 1)
    # The three marked ones: b = 1 0 0, rest (a and c) = 1 1 0.
    assert b.discrimination.value == pytest.approx(0.5)


def test_options_show_who_chose_them_by_hand():
    options = (Choice("A"), Choice("B", right=True), Choice("C"))
    given = [("B",), ("A",), ("B",), ("A",), ("B",), ()]
    answers = [answer(float(c == ("B",)), chosen=c, answered=bool(c)) for c in given]
    a, b, c = of_one(answers, Question("q", "single", options=options)).options
    # The other item is right for every second student: those who chose A have 1 and 1, B 0 0 0.
    assert (a.count, a.share, a.rest) == (2, 2 / 5, 1.0)
    assert (b.count, b.share, b.rest) == (3, 3 / 5, 0.0)
    assert (c.count, c.share, c.rest) == (0, 0.0, None)


def test_the_most_frequent_wrong_values_come_first_and_single_ones_not_at_all():
    wrong = [("15 USD", "thousand")] * 2 + [("3 USD", "")] * 3 + [("my own", "")]
    item = of_one([answer(0.0, wrong=(one,)) for one in wrong])
    assert item.wrong == (WrongValue("3 USD", 3, ""), WrongValue("15 USD", 2, "thousand"))


def test_the_time_is_a_median_of_those_that_are_known():
    times = [None, 4.0, 100.0, 8.0]
    item = of_one([answer(1.0, seconds=seconds, events=2) for seconds in times])
    assert (item.seconds, item.timed) == (8.0, 3)
    assert item.events == 2
    assert of_one([answer(1.0)]).seconds is None


def test_confidence_is_held_against_what_was_right_by_hand():
    said = [(1.0, True), (0.0, True), (0.5, True), (1.0, False), (0.0, False), (1.0, None)]
    found = of_one([answer(share, sure=sure) for share, sure in said]).calibration
    assert (found.sure, found.guess) == (3, 2)
    assert found.right_when_sure == pytest.approx(1 / 3)  # half right is not right
    assert found.right_when_guessing == 0.5
    assert found.sure_and_wrong == 2 / 5
    assert of_one([answer(1.0)]).calibration is None


def variants(shares_by_variant):
    return of_one(
        [answer(s, variant=number) for number, shares in shares_by_variant for s in shares]
    )


def test_variants_have_a_difficulty_each():
    item = variants([(0, [1.0, 0.0]), (3, [1.0, 1.0, 0.0, 0.5])])
    assert item.variants == (Variant(0, 2, 0.5), Variant(3, 4, 0.625))
    assert item.variants_p is None  # too few to say more


@pytest.mark.parametrize(
    ("right", "size", "low", "high"),
    [
        # χ² = 8.32 with 2 degrees of freedom: p = 0.0156 in scipy 1.17.1's chi2_contingency
        ([30, 18, 27], 40, 0.010, 0.022),
        # χ² = 25.7: p = 2.6e-6; the smallest that 10,000 draws can tell is 1 / 10,001
        ([40, 40, 16], 60, 0.0, 0.0002),
        # no difference at all
        ([20, 20, 20], 40, 0.999, 1.0),
    ],
)
def test_variants_that_differ_more_than_chance_are_found(right, size, low, high):
    groups = [(n, [1.0] * some + [0.0] * (size - some)) for n, some in enumerate(right)]
    assert low <= variants(groups).variants_p <= high


def test_variants_that_all_have_right_cannot_differ():
    assert variants([(0, [1.0] * 20), (1, [1.0] * 20)]).variants_p is None


def test_grades_and_the_answers_that_count_are_told_apart():
    item = of_one([answer(0.0, graded=1.0), answer(1.0), answer(0.0, graded=0.5)])
    assert item.difficulty.value == pytest.approx(1 / 3)
    assert item.graded == pytest.approx(2.5 / 3)
