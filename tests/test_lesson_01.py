"""Lesson 01: its plot, its error on purpose, and its exercises with right and wrong answers."""

from pathlib import Path

import nbformat
import pytest

from course import connect, fact, meter

ROOT = Path(__file__).parents[1]


def tagged(path):
    """The sources of a notebook's tagged cells by their last tag."""
    cells = nbformat.read(ROOT / path, as_version=4).cells
    return {cell.metadata["tags"][-1]: cell.source for cell in cells if cell.metadata.get("tags")}


LESSON = tagged("lessons/01_first_call.ipynb")
ANSWERS = tagged("solutions/01_first_call/01_first_call.ipynb")


@pytest.fixture(scope="module")
def client():
    return connect()


@pytest.fixture
def names(client):
    """What the lesson's first cells define."""
    return {
        "client": client,
        "connect": connect,
        "meter": meter,
        "MINI": fact("course.small_model"),
        "kitchen": [{"role": "user", "content": "Explain what an API is in one sentence."}],
    }


def run(names, *sources):
    for source in sources:
        exec(source, names)


def test_the_plot_says_its_finding_and_what_is_on_the_axes(names):
    run(names, *[LESSON[f"{part}-{what}"] for part, what in PARTS], LESSON["plot-turns"])
    axes = names["axes"]
    assert axes.get_title() == (
        "Every turn sends the whole chat again, so what you send keeps growing"
    )
    assert axes.get_xlabel() == "turn of the chat (number)"
    assert axes.get_ylabel() == "tokens"
    assert "tokens sent climb steadily" in axes.alt
    assert f'alt="{axes.alt}"' in axes._repr_html_()
    sent, written = axes.get_lines()
    assert (sent.get_marker(), sent.get_linestyle()) != (
        written.get_marker(),
        written.get_linestyle(),
    )


PARTS = [("five", "questions"), ("five", "turns"), ("five", "ratio")]


def test_what_is_sent_grows_each_turn_and_what_is_written_does_not(names):
    run(names, LESSON["five-questions"], LESSON["five-turns"])
    sent, written = list(names["turns"]["prompt_tokens"]), names["turns"]["completion_tokens"]
    assert sent == sorted(set(sent))
    # Each request holds the one before it, the reply to that, and a new question.
    assert all(
        later - sooner > reply
        for sooner, later, reply in zip(sent, sent[1:], written, strict=False)
    )
    assert written.max() < 2 * written.min()


def test_the_budget_cell_fails_with_one_sentence_and_sends_nothing(names):
    from course.budget import BudgetExceeded

    with meter() as m, pytest.raises(BudgetExceeded) as refusal:
        run(names, LESSON["too-small-budget"])
    assert m.calls == 0
    assert "0.0000001" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_the_stubs_say_not_yet_and_do_not_fail(names, capsys):
    for exercise in ("roles", "ask", "chat"):
        run(names, LESSON[f"exercise-{exercise}"], LESSON[f"check-{exercise}"])
    told = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in told] == ["Not yet"] * 3


@pytest.mark.parametrize(
    ("exercise", "told"),
    [
        ("roles", "All four fit. The reply: Gracias."),
        ("ask", "ask() works. The reply: A token is a small piece of text"),
        ("chat", "chat() works. The answers:\nI follow you all day"),
    ],
)
def test_the_worked_answers_pass(names, capsys, exercise, told):
    run(names, ANSWERS[f"answer-{exercise}"], LESSON[f"check-{exercise}"])
    assert capsys.readouterr().out.startswith(told)


def test_the_riddles_last_answer_is_the_shadow(names, capsys):
    run(names, ANSWERS["answer-chat"], LESSON["check-chat"])
    assert capsys.readouterr().out.splitlines()[3].startswith("Yes, it is your shadow.")


@pytest.mark.parametrize(
    ("roles", "told"),
    [
        (["system", "user", "user", "user"], "which one text did the model write?"),
        (["user", "user", "assistant", "user"], "which one text is a standing instruction?"),
        (["user", "system", "assistant", "user"], "which one text is a standing instruction?"),
        (["system", "assistant", "user", "user"], "which one text did the model write?"),
        (["system", ..., "assistant", ...], "2 of 4 roles are still to be filled in"),
        (["System", "user", "assistant", "user"], "write each role in lower case"),
    ],
)
def test_wrong_roles_get_a_hint(names, capsys, roles, told):
    run(names, LESSON["exercise-roles"])
    for message, role in zip(names["translator"], roles, strict=True):
        message["role"] = role
    run(names, LESSON["check-roles"])
    assert told in capsys.readouterr().out


MESSAGES = "[{'role': 'user', 'content': question}]"
CALL = f"client.chat.completions.create(model=MINI, messages={MESSAGES})"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return question", "Not yet: ask() sent no request."),
        (f"print({CALL}.choices[0].message.content)", "ask() returns None. End it with return."),
        (f"return {CALL}".replace("question}", "'question'}"), "what went out was not the quest"),
        (f"return {CALL}", "this is a ChatCompletion."),
        (f"return {CALL}.choices[0].message", "this is a ChatCompletionMessage."),
    ],
)
def test_a_wrong_ask_gets_a_hint(names, capsys, body, told):
    run(names, f"def ask(question):\n    {body}", LESSON["check-ask"])
    assert told in capsys.readouterr().out


HISTORY = "history.append({'role': 'user', 'content': question})"
SEND = "reply = client.chat.completions.create(model=MINI, messages=history)"
KEEP = "answers.append(reply.choices[0].message.content)"
REMEMBER = "history.append({'role': 'assistant', 'content': answers[-1]})"


def chat(*steps, before=("history = []", "answers = []"), end="return answers"):
    lines = [*before, "for question in questions:", *[f"    {step}" for step in steps], end]
    return "def chat(questions):\n" + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("solution", "told"),
    [
        (chat(HISTORY, SEND, KEEP, REMEMBER, end="return answers[-1]"), "Return the list of three"),
        (chat(HISTORY, SEND, KEEP, REMEMBER, end="pass"), "Return the list of three answers, not"),
        (chat(HISTORY, SEND, KEEP), "Do all questions and replies so far go along?"),
        (chat("history = []", HISTORY, SEND, KEEP), "Do all questions and replies so far go"),
        (chat("history = []", HISTORY, SEND, KEEP, REMEMBER), "Do all questions and replies so"),
        (chat(HISTORY, SEND, KEEP, "break"), "Does return stand inside the loop?"),
    ],
)
def test_a_wrong_chat_gets_a_hint(names, capsys, solution, told):
    run(names, solution, LESSON["check-chat"])
    assert told in capsys.readouterr().out


def test_a_chat_that_keeps_the_replys_own_message_passes(names, capsys):
    own = "history.append(reply.choices[0].message)"
    run(names, chat(HISTORY, SEND, KEEP, own), LESSON["check-chat"])
    assert "Yes, it is your shadow." in capsys.readouterr().out
