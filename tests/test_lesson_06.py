"""What nbval cannot compare in lesson 06: the error on purpose, the plots, the exercises."""

import ast
import asyncio
import contextlib
import inspect
import io
import math
import re
from pathlib import Path

import nbformat
import pytest

from course.errors import CourseError

ROOT = Path(__file__).parents[1]
LESSON = nbformat.read(ROOT / "lessons/06_measure_quality.ipynb", as_version=4)
WORKED = nbformat.read(ROOT / "solutions/06_measure_quality/06_measure_quality.ipynb", as_version=4)
EXERCISES = ["score", "meets", "paired"]


def tagged(notebook, tag):
    return next(cell for cell in notebook.cells if tag in cell.metadata.get("tags", []))


def with_words(words):
    cells = [cell for cell in LESSON.cells if cell.cell_type == "code" and words in cell.source]
    return cells[-1]


def play(source, names):
    """Run a cell, which may await; return the value of its last expression and what it printed."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.chdir(ROOT / "lessons"):
        code = compile(tree, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        if inspect.iscoroutine(waiting := eval(code, names)):
            asyncio.run(waiting)
        value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last else None
    return value, printed.getvalue()


@pytest.fixture(scope="module")
def lesson():
    """The names of the lesson after a run of all its cells as released."""
    names = {}
    for cell in LESSON.cells:
        if cell.cell_type == "code" and "raises-exception" not in cell.metadata.get("tags", []):
            play(cell.source, names)
    return names


def told(lesson, exercise, learners_code):
    """What the check says to a learner's code, with the rest of the lesson as it is."""
    names = dict(lesson)
    play(learners_code, names)
    return play(tagged(LESSON, f"check-{exercise}").source, names)[1]


def wilson_by_hand(right, n):
    share, z2 = right / n, 1.959964**2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    return middle - reach, middle + reach


def test_the_gold_set_has_one_email_of_each_conversation_and_its_share_of_hard_ones(lesson):
    gold = lesson["gold"]
    assert len(gold) == 200 and not gold["thread"].duplicated().any()
    everywhere = (lesson["one_each"]["hard"] != "").mean()
    # 200 drawn by chance: three standard deviations are at most 3 x sqrt(0.25 / 200) = 0.106
    assert abs((gold["hard"] != "").mean() - everywhere) < 0.106


def test_the_predicted_email_was_read_twice_with_different_labels(lesson):
    assert lesson["letter"]["label"] != lesson["letter"]["label_2"] != ""


def test_the_95_percent_interval_of_the_draws_keeps_95_in_100_of_them(lesson):
    low, high, drawn = lesson["low"], lesson["high"], lesson["drawn"]
    assert drawn == sorted(drawn) and len(drawn) == 2000
    assert sum(low <= share <= high for share in drawn) >= 0.95 * len(drawn)
    assert len(lesson["near"]) / len(drawn) == pytest.approx(0.95, abs=0.02)


def test_by_hand_and_ready_made_count_the_same_and_say_that_they_are_simulated(lesson):
    assert sum(lesson["right"]) == sum(lesson["marks"][:20])
    assert lesson["small"].source == lesson["big"].source == "simulated"


def test_what_was_spent_is_what_was_estimated_but_for_answers_of_one_token(lesson):
    estimated = sum(lesson["estimate"](lesson[name], lesson["gold"]) for name in ("MINI", "BIG"))
    assert 0.95 * float(estimated) < float(lesson["spent"]) <= float(estimated)


def test_trying_all_accuracies_gives_wilsons_interval(lesson):
    for right, n in [(10, 10), (0, 8), (184, 200), (1, 3)]:
        assert lesson["by_trying"](right, n) == pytest.approx(wilson_by_hand(right, n), abs=0.0011)


def test_the_coins_of_the_lesson_are_the_binomials(lesson):
    # of 20 coins at most 7 heads: (1+20+190+1140+4845+15504+38760+77520) / 2^20 = 0.13159
    assert lesson["coin_p"](13, 7) == pytest.approx(2 * 137_980 / 2**20)
    assert lesson["coin_p"](0, 2) == 0.5
    assert lesson["coin_p"](0, 6) < 0.05 < lesson["coin_p"](0, 5)


def test_the_pairs_show_what_the_unpaired_test_cannot(lesson):
    pairs = list(zip(lesson["old"], lesson["new"], strict=True))
    assert [sum(lesson["old"]), sum(lesson["new"]), len(pairs)] == [162, 172, 200]
    assert (pairs.count((False, True)), pairs.count((True, False))) == (11, 1)
    said = with_words("unpaired p").outputs[-1].data["text/plain"]
    unpaired, paired = map(float, re.findall(r"0\.\d+", said))
    # coins: 2 x (1 + 12) / 2^12
    assert paired == round(26 / 4096, 4) and unpaired > 0.1


def test_the_error_on_purpose_names_the_items_that_are_missing(lesson):
    with pytest.raises(CourseError) as refusal:
        play(tagged(LESSON, "raises-exception").source, dict(lesson))
    assert str(refusal.value).startswith("The second table lacks 50 of the other's items (mail-")
    assert str(refusal.value).endswith("compare both on the same items.")
    stored = tagged(LESSON, "raises-exception").outputs[-1]
    assert (stored.ename, stored.evalue) == ("CourseError", str(refusal.value))


def test_the_plot_of_resamples_holds_the_formula_against_them(lesson):
    axes, _ = play(with_words("plot_resampling").source, dict(lesson))
    low, high = (f"{100 * end:.1f} %" for end in wilson_by_hand(sum(lesson["marks"]), 200))
    assert f"By the formula: {low} to {high}." in axes.alt
    drawn = f"{100 * lesson['low']:.1f} % and {100 * lesson['high']:.1f} %"
    assert axes.get_title("left") == f"95 % of 2,000 resamples lie between {drawn}"
    assert axes.source == "gpt-4o-mini, simulated"


def test_the_plot_of_widths_shows_that_half_takes_about_four_times_the_items(lesson):
    axes, _ = play(with_words("plot_interval_width").source, dict(lesson))
    low, high = wilson_by_hand(sum(lesson["marks"]), 200)
    half, needed = re.search(r"±(\S+) points; half of that takes (\d+)", axes.alt).groups()
    assert float(half) == round(100 * (high - low) / 2, 1)
    assert 3.8 * 200 < int(needed) <= 4 * 200
    assert axes.get_xlabel() == "items in the gold set"


@pytest.mark.parametrize("words", ["plot_resampling", "plot_interval_width"])
def test_stored_pictures_have_words_for_who_cannot_see_them(words):
    shown = with_words(words).outputs[-1].data["text/html"]
    assert re.match(r'<img alt="[^"]{100,}" width="720" src="data:image/png;base64,iVBOR', shown)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_an_exercise_as_released_says_not_yet(lesson, exercise):
    said = told(lesson, exercise, tagged(LESSON, f"exercise-{exercise}").source)
    assert said.count("Not yet: ") == said.count("\n") > 0


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_worked_answer_passes_the_exercises_check(lesson, exercise):
    said = told(lesson, exercise, tagged(WORKED, f"answer-{exercise}").source)
    assert said.count("Right: ") == said.count("\n") > 0


LOOP = """
def score(model, items, ask):
    correct = []
    for row in items.to_dict("records"):
        answer = {answer}
        correct.append({mark})
    return {value}
"""


@pytest.mark.parametrize(
    ("answer", "mark", "value", "hint"),
    [
        ("ask(model, row)", 'answer == row["label"]', "correct", "Right: "),
        ("None", '(answer, row["label"])', "correct", "Both blanks are still open."),
        ("ask(model, row)", '(answer, row["label"])', "correct", "Blank 2 is open"),
        ("None", 'answer == row["label"]', "correct", "Is blank 1 a call with two names"),
        ("ask(row)", 'answer == row["label"]', "correct", "Is blank 1 a call with two names"),
        ('ask(model, row["text"])', 'answer == row["label"]', "correct", "and the row?"),
        ("ask(MINI, row)", 'answer == row["label"]', "correct", "the given model"),
        ("ask(model, row)", 'answer != row["label"]', "correct", "Turned round"),
        ("ask(model, row)", 'answer == row["label"]', "sum(correct)", "Return the whole list."),
        ("ask(model, row)", 'answer == row["label"]', "correct[:1]", "inside the loop"),
        ("ask(model, row)", 'answer == row["label"]', "None", "there is no value"),
        ("ask(model, row)", "answer", "correct", "It should be (True, False, False, True)"),
    ],
)
def test_the_check_of_exercise_1_names_the_slip(lesson, answer, mark, value, hint):
    assert hint in told(lesson, "score", LOOP.format(answer=answer, mark=mark, value=value))


def test_a_pandas_series_is_as_good_as_a_list(lesson):
    code = """
def score(model, items, ask):
    return items.apply(lambda row: ask(model, row), axis=1) == items["label"]
"""
    assert "Right: " in told(lesson, "score", code)


@pytest.mark.parametrize(
    ("body", "line", "hint"),
    [
        ("'yes' if right / n >= target else 'no'", 1, "Its lower end is below the target."),
        (
            "'yes' if wilson(right, n).high >= target else 'no'",
            1,
            "Its lower end is below the target.",
        ),
        (
            "'yes' if wilson(right, n).low >= target else 'no'",
            1,
            "Its upper end is above the target.",
        ),
        ("'no' if wilson(right, n).low >= target else 'yes'", 0, "Turned round."),
        ("'unclear'", 0, "All of the interval is above the target."),
        ("'unclear'", 2, "All of the interval is below the target."),
        ("wilson(right, n).low >= target", 0, "Return one of the three words"),
        ("wilson(right, n).low >= target", 2, "Return one of the three words"),
        ("'maybe'", 0, "It should be yes."),
    ],
)
def test_the_check_of_exercise_2_names_the_slip(lesson, body, line, hint):
    code = f"def meets(right, n, target):\n    return {body}"
    assert hint in told(lesson, "meets", code).splitlines()[line]


PAIRED = """
def paired(first, second):
    pairs = list(zip(first, second))
    gained = sum(b and not a for a, b in pairs)
    lost = sum(a and not b for a, b in pairs)
    n, gap = len(pairs), gained - lost
    return """


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("gained, lost, gap / n", "Right: (2, 1, 0.125)"),
        ("[gained, lost, sum(second) / n - sum(first) / n]", "Right: (2, 1, 0.125)"),
        ("lost, gained, gap / n", "Gained is right with the second and wrong with the first."),
        ("lost, gained, -gap / n", "First and second are swapped."),
        ("gained, lost, -gap / n", "The difference is second minus first."),
        ("gained, lost, gap / (gained + lost)", "Divide by all items"),
        ("gained, lost, gap", "That is a difference of counts."),
        ("gained, lost, 100 * gap / n", "As a share, it is not multiplied by 100."),
        ("sum(second), sum(first), gap / n", "These count all right ones."),
        ("gained, sum(first), (gained - sum(first)) / n", "Lost is right with the first and wrong"),
        ("gap / n", "It should be (2, 1, 0.125)."),
    ],
)
def test_the_check_of_exercise_3_names_the_slip(lesson, value, hint):
    assert hint in told(lesson, "paired", PAIRED + value)


def test_a_model_that_reasons_answers_within_the_cap(lesson):
    row = lesson["gold"].iloc[0]
    assert lesson["ask"](lesson["NEXT"], row) in {"billing", "technical", "general"}


def test_three_and_more_guesses_are_shown_beside_the_facts():
    guessed = [cell for cell in LESSON.cells if re.match(r"my_guess = ", cell.source)]
    shown = [cell for cell in LESSON.cells if 'print("your guess:", my_guess)' in cell.source]
    assert len(guessed) == len(shown) >= 3
