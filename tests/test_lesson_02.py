"""What nbval cannot compare in lesson 02: the error on purpose, the plots, the exercises."""

import ast
import contextlib
import io
import re
from pathlib import Path

import nbformat
import pytest

from course.budget import BudgetExceeded
from course.ledger import meter

ROOT = Path(__file__).parents[1]
LESSON = nbformat.read(ROOT / "lessons/02_tokens_and_cost.ipynb", as_version=4)
WORKED = nbformat.read(ROOT / "solutions/02_tokens_and_cost/02_tokens_and_cost.ipynb", as_version=4)


def tagged(notebook, tag):
    return next(cell for cell in notebook.cells if tag in cell.metadata.get("tags", []))


def with_words(words):
    cells = [cell for cell in LESSON.cells if cell.cell_type == "code" and words in cell.source]
    return cells[-1]


def play(source, names):
    """Run a cell; return the value of its last expression and what it printed."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last else None
    return value, printed.getvalue()


@pytest.fixture(scope="module")
def lesson():
    """The names of the lesson after a run of all its cells as released."""
    names = {}
    for cell in LESSON.cells:
        if cell.cell_type == "code" and "raises-exception" not in cell.metadata.get("tags", []):
            play(cell.source, names)
        elif cell.cell_type == "code":
            with pytest.raises(BudgetExceeded):
                play(cell.source, names)
    return names


def told(lesson, exercise, learners_code):
    """What the check says to a learner's code, with the rest of the lesson as it is."""
    names = dict(lesson)
    play(learners_code, names)
    return play(tagged(LESSON, f"check-{exercise}").source, names)[1]


def test_the_error_on_purpose_is_the_budget_refusing_before_anything_is_sent(lesson):
    # One prompt token costs 0.15 millionths of a dollar, an answer token 0.60. The longest answer
    # has 16,384 tokens: 9 x 0.15 + 16,384 x 0.60 = 9,831.75 millionths, above half a cent.
    with meter() as m, pytest.raises(BudgetExceeded) as refusal:
        play(tagged(LESSON, "raises-exception").source, dict(lesson))
    assert m.calls == 0
    assert str(refusal.value).startswith("Not sent: this call could cost up to $0.0098")
    assert "max_completion_tokens" in str(refusal.value)
    stored = tagged(LESSON, "raises-exception").outputs[-1]
    assert (stored.ename, stored.evalue) == ("BudgetExceeded", str(refusal.value))


def test_the_plot_of_shares_is_of_the_lessons_four_calls(lesson):
    axes, _ = play(with_words("plot_shares").source, dict(lesson))
    # e-mail: 3 x 0.60 of 31.8 millionths; message: 90 of 135; timetable: 1,193 then 1,195 tokens
    # in, of these 1,152 cached the second time, and 15 out each time.
    first = 100 * 9 / (1193 * 0.15 + 9)
    again = 100 * 9 / (43 * 0.15 + 1152 * 0.075 + 9)
    output = [bar.get_width() for bar in axes.containers[2]]
    assert output == pytest.approx([180 / 31.8, 200 / 3, first, again])
    assert axes.get_title("left") == "Output makes 5 to 67 percent of a call's price"
    assert axes.get_xlabel() == "share of the list price of one call, gpt-4o-mini (percent)"
    assert "chat message: new input 33 percent" in axes.alt


def test_the_plot_of_volume_answers_the_lessons_question(lesson):
    axes, _ = play(with_words("plot_cost_by_volume").source, dict(lesson))
    assert axes.get_title("left") == (
        "$2 pays for this many e-mails: 62,893 with gpt-4o-mini and 3,773 with gpt-4o"
    )
    assert axes.get_xlabel() == "e-mails, one call each"
    assert axes.get_ylabel() == "list price (US dollars)"
    last = {line.get_label(): line.get_ydata()[-1] for line in axes.lines[:3]}
    # a million e-mails of 200 + 3 tokens: dollars = 200 x price in + 3 x price out
    assert last == pytest.approx({"gpt-4o-mini": 31.8, "gpt-4o": 530, "gpt-6-luna": 21.5})
    assert "gpt-6-luna from $0.0000215 for one to at least $21.50" in axes.alt


@pytest.mark.parametrize("words", ["plot_shares", "plot_cost_by_volume"])
def test_stored_pictures_have_words_for_who_cannot_see_them(words):
    shown = with_words(words).outputs[-1].data["text/html"]
    assert re.match(r'<img alt="[^"]{100,}" width="720" src="data:image/png;base64,iVBOR', shown)


@pytest.mark.parametrize("exercise", ["email", "cost", "monthly"])
def test_an_exercise_as_released_says_not_yet(lesson, exercise):
    said = told(lesson, exercise, tagged(LESSON, f"exercise-{exercise}").source)
    assert said.count("Not yet: there is no value.") == said.count("\n")


@pytest.mark.parametrize("exercise", ["email", "cost", "monthly"])
def test_the_worked_answer_passes_the_exercises_check(lesson, exercise):
    said = told(lesson, exercise, tagged(WORKED, f"answer-{exercise}").source)
    assert said.count("Right: $") == said.count("\n") > 0


ANSWERED = "asked_usd = 200 * IN / 1_000_000\nanswered_usd = 3 * OUT / 1_000_000\n"


@pytest.mark.parametrize(
    ("blanks", "hint"),
    [
        ("email_usd = asked_usd + answered_usd", "Right: $0.0000318"),
        ("email_usd = answered_usd", "That is the answer alone."),
        ("email_usd = asked_usd + 3 * IN / 1_000_000", "What comes back has a price of its own"),
        ("email_usd = asked_usd + 3 * OUT", "You forgot to divide the price of the answer."),
        ("email_usd = float(asked_usd + answered_usd)", "is a float."),
        ("email_usd = asked_usd", "It should come to 0.0000318."),
    ],
)
def test_the_check_of_exercise_1_names_the_slip(lesson, blanks, hint):
    assert hint in told(lesson, "email", ANSWERED + blanks)


TOKENS = """
def cost(usage):
    new, written = usage.prompt_tokens, usage.completion_tokens
    cached = usage.prompt_tokens_details.cached_tokens
    return """


@pytest.mark.parametrize(
    ("sum_of_prices", "hint"),
    [
        ("((new - cached) * IN + cached * CACHED + written * OUT) / 1_000_000", "Right: $0.0001"),
        ("(new * IN + written * OUT) / 1_000_000", "have a lower price than the rest"),
        ("(new * IN + cached * CACHED + written * OUT) / 1_000_000", "are paid twice"),
        ("((new - cached) * IN + written * OUT) / 1_000_000", "cheaper, and not free"),
        ("(new - cached) * IN + cached * CACHED + written * OUT", "for a million tokens. Divide."),
        ("(new - cached) * IN", "It should come to 0.0001"),
        ("float((new - cached) * IN)", "is a float. With IN, OUT, CACHED"),
    ],
)
def test_the_check_of_exercise_2_names_the_slip(lesson, sum_of_prices, hint):
    first, again = told(lesson, "cost", TOKENS + sum_of_prices).splitlines()
    assert hint in again
    assert first.startswith("first: ") and again.startswith("again: ")


MONTH = "def monthly(messages_a_day, usage, model):\n    return "


@pytest.mark.parametrize(
    ("dollars", "hint"),
    [
        # gpt-4o: a message is 300 x 2.50 + 150 x 10 = 2,250 millionths, so 2,250 dollars a day
        ("30 * messages_a_day * list_price(usage, model)", "gpt-4o: Right: $67,500"),
        ("30 * messages_a_day * list_price(usage, MINI)", "That is for gpt-4o-mini."),
        ("30 * messages_a_day * list_price(email, model)", "That is for e-mails."),
        ("messages_a_day * list_price(usage, model)", "That is one day."),
        ("30 * list_price(usage, model)", "That is one message a day."),
        ("365 * messages_a_day * list_price(usage, model)", "It should come to 67500"),
    ],
)
def test_the_check_of_exercise_3_names_the_slip(lesson, dollars, hint):
    assert hint in told(lesson, "monthly", MONTH + dollars).splitlines()[1]


def test_three_and_more_guesses_are_shown_beside_the_facts():
    guessed = [cell for cell in LESSON.cells if re.match(r"my_guess = ", cell.source)]
    shown = [cell for cell in LESSON.cells if 'print("your guess:", my_guess)' in cell.source]
    assert len(guessed) == len(shown) >= 3
