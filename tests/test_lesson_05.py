"""What nbval cannot compare in lesson 05: the error on purpose, the plots, the exercises."""

import ast
import contextlib
import io
import os
import re
from decimal import Decimal
from pathlib import Path

import nbformat
import openai
import pytest

ROOT = Path(__file__).parents[1]
LESSON = nbformat.read(ROOT / "lessons/05_sort_and_extract.ipynb", as_version=4)
WORKED = nbformat.read(
    ROOT / "solutions/05_sort_and_extract/05_sort_and_extract.ipynb", as_version=4
)
EXERCISES = ["schema", "minutes", "order"]


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
    names, before = {"__name__": "lesson"}, Path.cwd()
    os.chdir(ROOT / "lessons")
    try:
        for cell in LESSON.cells:
            if cell.cell_type == "code" and "raises-exception" not in cell.metadata.get("tags", []):
                play(cell.source, names)
    finally:
        os.chdir(before)
    return names


def told(lesson, exercise, learners_code):
    """What the check says to a learner's code, with the rest of the lesson as it is."""
    names = dict(lesson)
    play(learners_code, names)
    return play(tagged(LESSON, f"check-{exercise}").source, names)[1]


def test_the_error_on_purpose_is_the_service_refusing_an_open_schema(lesson):
    source = tagged(LESSON, "raises-exception").source
    with pytest.raises(openai.BadRequestError, match="'additionalProperties' is required"):
        play(source, dict(lesson))
    stored = tagged(LESSON, "raises-exception").outputs[-1]
    assert stored.ename == "BadRequestError"
    assert "additionalProperties" in stored.evalue


def test_the_free_answers_are_written_for_this_lesson(lesson):
    # Were an e-mail changed, the simulator would answer with its label alone.
    assert [answer in lesson["LABELS"] for answer in lesson["free"]] == [False, False, True, False]
    assert [len(answer.split()) > 1 for answer in lesson["free"]] == [True, True, False, True]


def test_each_trouble_has_its_name(lesson):
    read, value = lesson["read_label"], lesson["replies"][2]
    found = [read(lesson[name].choices[0])[1] for name in ("cut", "refused", "loose")]
    assert found == ["length", "refused", "unknown label"]
    assert [read(chat.choices[0])[1] for chat in lesson["chats"]] == ["no JSON"] * 4
    assert read(value.choices[0]) == ("technical", None)


def test_all_200_emails_are_in_the_matrix_and_its_diagonal_is_right(lesson):
    matrix, table = lesson["matrix"], lesson["table"]
    assert int(matrix.to_numpy().sum()) == len(table) == 200
    diagonal = sum(int(matrix.loc[label, label]) for label in lesson["LABELS"])
    assert diagonal == int(table["right"].sum())
    # The opening of the section says what the largest desk alone would give.
    assert table["label"].value_counts().max() == 72


def test_recall_is_a_share_of_the_row(lesson):
    # By the stored matrix: 50 of 60, 65 of 68 and 63 of 72.
    shares = [lesson["recall"](lesson["pairs"], label) for label in lesson["LABELS"]]
    assert shares == pytest.approx([50 / 60, 65 / 68, 63 / 72])


def test_the_cost_of_1000_by_hand_is_the_meters(lesson):
    # Prices in and out are 0.15 and 0.60 dollars per million; no prompt is cached.
    used = lesson["run"].table()
    sent, written = used["prompt_tokens"].sum(), used["completion_tokens"].sum()
    assert used["cached_tokens"].sum() == 0
    by_hand = (int(sent) * Decimal("0.15") + int(written) * Decimal("0.60")) / 1000 / 200
    assert lesson["by_hand"] == by_hand
    assert Decimal("0.03") < by_hand < Decimal("0.05")  # so 5 cents are enough


def test_an_injection_that_worked_got_what_it_asked_for(lesson):
    obeyed = lesson["orders"][lesson["orders"]["answer"] != lesson["orders"]["label"]]
    assert len(obeyed) == 3
    for _, email in obeyed.iterrows():
        assert re.search(rf"(category is \W|say |label it as ){email['answer']}", email["text"])


def test_hard_emails_make_more_than_half_of_the_mistakes(lesson):
    wrong = lesson["table"][~lesson["table"]["right"]]
    assert (wrong["hard"] != "").mean() > 0.5
    assert 0.25 <= (lesson["table"]["hard"] != "").mean() < 0.28


def test_most_of_the_input_is_no_email(lesson):
    emails = sum(lesson["count"](text) for text in lesson["sample"]["text"])
    share = emails / int(lesson["used"]["prompt_tokens"].sum())
    assert share == pytest.approx(1 - 200 * lesson["around"] / lesson["sent"])
    assert share < 0.5


def test_the_plots_find_what_the_lesson_says(lesson):
    confusion, _ = play(with_words("plot_confusion(").source, dict(lesson))
    assert confusion.get_title("left").startswith("178 of 200 answers are right (89.0 %)")
    assert "billing 50 of 60; general 63 of 72; technical 65 of 68" in confusion.alt
    costs, _ = play(with_words("plot_cost_by_thousand(").source, dict(lesson))
    assert "16.7 times as much" in costs.get_title("left").replace("\n", " ")
    assert costs.get_xlabel() == "cost of 1,000 e-mails (US dollars)"
    assert "simulated" in confusion.alt and "simulated" in costs.alt


@pytest.mark.parametrize("words", ["plot_confusion(", "plot_cost_by_thousand("])
def test_stored_pictures_have_words_for_who_cannot_see_them(words):
    shown = with_words(words).outputs[-1].data["text/html"]
    assert re.match(r'<img alt="[^"]{100,}" width="720" src="data:image/png;base64,iVBOR', shown)


@pytest.mark.parametrize("exercise", EXERCISES)
def test_an_exercise_as_released_says_not_yet(lesson, exercise):
    said = told(lesson, exercise, tagged(LESSON, f"exercise-{exercise}").source)
    assert said.startswith("Not yet: ") and said.count("\n") == 1


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_worked_answer_passes_the_exercises_check(lesson, exercise):
    said = told(lesson, exercise, tagged(WORKED, f"answer-{exercise}").source)
    assert said.startswith("Right")


def test_a_right_schema_is_sent_and_its_answer_shown(lesson):
    said = told(lesson, "schema", tagged(WORKED, "answer-schema").source)
    assert '"order": "421466"' in said and '"sentiment": "' in said


def schema(sentiment, required, more):
    return f"""
ticket_schema = {{
    "type": "object",
    "properties": {{"order": {{"type": "string"}}, "sentiment": {sentiment}}},
    "required": {required},
    "additionalProperties": {more},
}}"""


TEXT, BOTH = '{"type": "string", "enum": feelings}', '["order", "sentiment"]'


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (schema(TEXT, BOTH, "False"), "Right. An answer in this form"),
        (schema(TEXT, BOTH, "None"), "a blank is still None"),
        (schema("feelings", BOTH, "False"), 'needs a dict with "type": "string"'),
        (schema('{"enum": feelings}', BOTH, "False"), 'needs a dict with "type": "string"'),
        (schema('{"type": "string"}', BOTH, "False"), "any feeling would pass"),
        (
            schema('{"type": "string", "enum": ["angry", "pleased"]}', BOTH, "False"),
            "any feeling would pass",
        ),
        (schema(TEXT, '["sentiment"]', "False"), "wants both of them"),
        (schema(TEXT, '"order, sentiment"', "False"), "is a list of names"),
        (schema(TEXT, "True", "False"), "is a list of names"),
        (schema(TEXT, BOTH, "True"), "other names must be forbidden"),
    ],
)
def test_the_check_of_exercise_1_names_the_slip(lesson, code, hint):
    assert hint in told(lesson, "schema", code)


LOST = "def minutes_lost(pairs, minutes):\n    "


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        # 10 billing, 3 technical and 9 general: 200 + 30 + 36 = 266 minutes
        ("return sum(minutes[a] for a, b in pairs if a != b)", "Right: 266 minutes"),
        ("return sum(minutes[b] for a, b in pairs if a != b)", "Does the label decide?"),
        ("return sum(minutes[a] for a, b in pairs if a == b)", "Turn the test around"),
        ("return sum(minutes[a] for a, b in pairs)", "All pairs are counted"),
        ("return sum(a != b for a, b in pairs)", "each as 1"),
        (
            "for a, b in pairs:\n        if a != b:\n            return minutes[a]",
            "stand inside the loop",
        ),
        (
            "for a, b in pairs:\n        if a != b:\n            t = minutes[a]\n    return t",
            "Only the last wrong pair",
        ),
        (
            "for a, b in pairs:\n        t = 0\n        if a != b:\n            t += minutes[a]\n"
            "    return t",
            "before the loop, and return behind it",
        ),
        ("print(sum(minutes[a] for a, b in pairs if a != b))", "end with return?"),
        ("return [minutes[a] for a, b in pairs if a != b]", "20 + 4 = 24, and you have [20, 4]"),
    ],
)
def test_the_check_of_exercise_2_names_the_slip(lesson, body, hint):
    assert hint in told(lesson, "minutes", LOST + body)


CHECKED = "def checked_order(email, order):\n    "


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (
            "good = len(order) == 6 and order.isdigit() and order in email\n"
            "    return order if good else ''",
            "60 of 60 order numbers are right",
        ),
        ("return order if order in email else ''", "has five digits"),
        ("return order if len(order) == 6 else ''", "does not stand in the e-mail"),
        ("return order if len(order) == 6 and order in email else ''", "Only digits will do"),
        (
            "return order if len(order) == 6 and order.isdigit and order in email else ''",
            "Has isdigit() its brackets?",
        ),
        ("return len(order) == 6 and order.isdigit()", "you return True"),
        ("if order in email and len(order) == 6: return order", "so return an empty text"),
        ("print(order)", "you return None"),
    ],
)
def test_the_check_of_exercise_3_names_the_slip(lesson, body, hint):
    assert hint in told(lesson, "order", CHECKED + body)


def test_three_and_more_guesses_are_shown_beside_the_facts():
    guessed = [cell for cell in LESSON.cells if re.match(r"my_guess = ", cell.source)]
    shown = [cell for cell in LESSON.cells if 'print("your guess:", my_guess)' in cell.source]
    assert len(guessed) == len(shown) >= 3
