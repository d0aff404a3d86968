"""A quiz with an item of every type, and four students' answers to it.

`all` is worth 32 points, 5 of them given by a person. What each answer is worth is worked out
beside it.
"""

from pathlib import Path

import nbformat
import sample_course
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sample_course import ask, line

from course.grading import generate, scorer
from course.quiz import drawn

QUIZ = "all"
POINTS = {
    "a-01": 1, "a-02": 3, "a-03": 2, "a-04": 3, "a-05": 3, "a-06": 4,
    "a-07": 1, "a-08": 5, "a-09": 4, "a-10": 4, "a-11": 2,
}  # fmt: skip
BY_HAND, CODE, MEASURED, DRAWN = "a-08", "a-09", "a-10", "a-11"

_LETTERS = """options = [
  {id = "A", text = "The letter A", feedback = "Said of A."},
  {id = "B", text = "The letter B", feedback = "Said of B."},
  {id = "C", text = "The letter C", feedback = "Said of C."},
  {id = "D", text = "The letter D", feedback = "Said of D."},
]"""
BANK = """
quiz = "all"
title = "Every type"
objectives = ["know"]
policy = "after_release"

[[items]]
id = "a-01"
type = "single"
stem = "Which letter is it?"
key = "B"
{letters}

[[items]]
id = "a-02"
type = "multiple"
stem = "Which 2 letters are they?"
points = 3
key = ["A", "C"]
{letters}

[[items]]
id = "a-03"
type = "numeric"
stem = "How many dollars are there?"
points = 2
key = 4711.5
unit = "USD"
tolerance = 0.5

[[items]]
id = "a-04"
type = "order"
stem = "Put the letters in order."
points = 3
key = ["B", "A", "C", "D"]
{letters}

[[items]]
id = "a-05"
type = "match"
stem = "Match the numbers and the letters."
points = 3
key = {p1 = "A", p2 = "B", p3 = "C"}
prompts = [{id = "p1", text = "One"}, {id = "p2", text = "Two"}, {id = "p3", text = "Three"}]
{letters}

[[items]]
id = "a-06"
type = "cloze"
stem = "The letter is [[g1]], the number is [[g2]] USD, the word is [[g3]]."
points = 4
[[items.gaps]]
id = "g1"
type = "single"
key = "C"
{letters}
[[items.gaps]]
id = "g2"
type = "numeric"
key = 8.25
unit = "USD"
tolerance = 0
[[items.gaps]]
id = "g3"
type = "text"
weight = 2
accept = ["zephyr"]

[[items]]
id = "a-07"
type = "text"
stem = "What is the password?"
accept = ["xylophone", "an organ"]

[[items]]
id = "a-08"
type = "text"
stem = "Why did you choose it?"
points = 5

[[items]]
id = "a-09"
type = "code"
stem = "Write `total(numbers)`."
points = 4
function = "total"
cases = [
  {arguments = [[1, 2, 3]], expected = 6, visible = true, message = "Add all the numbers."},
  {arguments = [[]], expected = 0},
  {arguments = [[5, -5]], expected = 0},
  {arguments = [[1.25, 977.5]], expected = 978.75},
]

[[items]]
id = "a-10"
type = "measured"
stem = "Write `ask_all(questions)`."
points = 4
function = "ask_all"
bounds = {calls = {most = 3, least = 3}, tokens = 5000}
cases = [
  {arguments = [["Hello!"]], expected = 1, visible = true},
  {arguments = [["Hello!", "Hidden question"]], expected = 2},
]

[[items]]
id = "a-11"
type = "numeric"
stem = "How many tokens are {n} times three tokens?"
points = 2
parameters = {n = {from = 100, to = 900}}
key = "n * 3"
unit = "tokens"
tolerance = 0
"""

CONNECT = "from course import connect, quiz\nclient = connect()"
STUBS = {
    "total": 'def total(numbers):\n    """Their sum."""\n    ### BEGIN SOLUTION\n'
    "    return sum(numbers)\n    ### END SOLUTION",
    "ask_all": 'def ask_all(questions):\n    """How many were answered."""\n'
    "    ### BEGIN SOLUTION\n    return len([ask(question) for question in questions])\n"
    "    ### END SOLUTION",
}
_ASK = """
def ask(question):
    messages = [{"role": "user", "content": question}]
    return client.chat.completions.create(model="gpt-4o-mini", messages=messages, max_tokens=5)
"""
CODE_OF = {
    "right": {
        "total": "def total(numbers):\n    print('adding')\n    return sum(numbers)",  # 4 of 4
        # 3 calls, of 3: 2 calls right, 2 bounds kept: 4 of 4
        "ask_all": f"{_ASK}\ndef ask_all(questions):\n    return len([ask(q) for q in questions])",
    },
    "half": {
        # [1, 2, 3] and [] are right, [5, -5] is 10, [1.25, 977.5] is 0: 2 of 4
        "total": "def total(numbers):\n    return sum(abs(n) for n in numbers if n == int(n))",
        # 6 calls are too many: 2 calls right, 1 of 2 bounds kept: 3 of 4
        "ask_all": f"{_ASK}\ndef ask_all(questions):\n"
        "    return len([ask(q) and ask(q) for q in questions])",
    },
    "wrong": {
        "total": "def total(numbers):\n    raise ZeroDivisionError('oh')",
        "ask_all": "def ask_all(questions):\n    return {1, 2}",  # uses little, and is wrong: 0
    },
}
ANSWERS = {
    "right": {
        "a-01": "B",
        "a-02": ["A", "C"],
        "a-03": {"value": 4711.5, "unit": "USD"},
        "a-04": ["B", "A", "C", "D"],
        "a-05": {"p1": "A", "p2": "B", "p3": "C"},
        "a-06": {"g1": "C", "g2": {"value": 8.25, "unit": "USD"}, "g3": "Zephyr."},
        "a-07": "An  organ!",
        "a-08": "Because <b>I</b> know.",
        "a-11": 0,  # none off
    },
    "half": {
        "a-01": "A",  # 0 of 1
        "a-02": ["A"],  # 1 of 2: 1.5 of 3
        "a-03": {"value": 4711.5, "unit": "USD"},  # 2 of 2
        "a-04": ["B", "A", "D", "C"],  # of BA, AC, CD only BA: 1 of 3
        "a-05": {"p1": "A", "p2": "B", "p3": "A"},  # 2 of 3
        # weights 1 + 1 of 1 + 1 + 2: 2 of 4
        "a-06": {"g1": "C", "g2": {"value": 8.25, "unit": "USD"}, "g3": "wind"},
        "a-07": "a guitar",  # 0 of 1
        "a-08": "I guessed.",
        "a-11": 1,  # one off: 0 of 2
    },
    "wrong": {
        "a-01": "A",
        "a-02": ["B", "D"],
        "a-03": {"value": 1, "unit": "USD"},
        "a-04": ["D", "C", "A", "B"],  # DC, CA, AB: no pair of the key
        "a-05": {"p1": "D", "p2": "D", "p3": "D"},
        "a-06": {"g1": "A", "g2": {"value": 9, "unit": "USD"}, "g3": "wind"},
        "a-07": "a guitar",
        "a-08": "No idea.",
        "a-11": 5,
    },
    "silent": {},
}
SCORES = {
    "right": 27.0,  # 32 without the 5 by hand
    "half": 13.5,  # 0 + 1.5 + 2 + 1 + 2 + 2 + 0 + 2 + 3 + 0
    "wrong": 0.0,
    "silent": 0.0,
}
SECRETS = ("4711.5", "8.25", "zephyr", "xylophone", "978.75", "977.5", "Hidden question")


def _function(name: str):
    mark = {"grade": False, "solution": True, "locked": False, "schema_version": 3}
    mark |= {"grade_id": f"write-{name}", "cell_type": "code"}
    return new_code_cell(STUBS[name], metadata={"nbgrader": mark})


def solutions_notebook():
    asks = {item: ask(item, quiz=QUIZ) for item in POINTS}
    plain = [asks[item] for item in POINTS if item not in (CODE, MEASURED)]
    return new_notebook(
        cells=[
            new_markdown_cell("# Every type"),
            new_code_cell(CONNECT),
            _function("total"),
            asks[CODE],
            _function("ask_all"),
            asks[MEASURED],
            *plain,
            new_code_cell(f'quiz("{QUIZ}").submit()'),
        ]
    )


def released(root: Path, *, bank: str = BANK) -> Path:
    """A course with this quiz alone, released; returns `root`."""
    folder = root / "solutions" / QUIZ
    folder.mkdir(parents=True)
    (folder / "bank.toml").write_text(bank.replace("{letters}", _LETTERS))
    nbformat.write(solutions_notebook(), folder / f"{QUIZ}.ipynb")
    generate.release([QUIZ], root=root)
    return root


def journal(root: Path, student: str, answers: dict) -> bytes:
    """The student's journal; what a-11 is answered with is how far it is off."""
    bank = scorer.quiz(QUIZ, root=root).bank
    lines = []
    for seq, (name, response) in enumerate(answers.items(), start=1):
        item, more = bank.item(name), {"student": student}
        if item.drawn:
            own = item.drawn[drawn.number(QUIZ, name, student, len(item.drawn))]
            more["variant"] = own.number
            response = {"value": int(own.key) + response, "unit": "tokens"}
        more |= {"assignment": QUIZ, "bank": bank.digest, "digest": item.digest}
        lines.append(line(name, response, seq=seq, **more))
    return b"".join(lines)


def notebook(root: Path, functions: dict[str, str]):
    """The released notebook with these functions written into it."""
    made = sample_course.notebook_of(root, QUIZ)
    for cell in made.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "").removeprefix("write-")
        cell.source = functions.get(name, cell.source)
    return made


def hand_in(root: Path, student: str, *, answers=None, functions=None) -> Path:
    """One of the four students' hand-in, or that of another with these answers and functions."""
    answers = ANSWERS[student] if answers is None else answers
    functions = CODE_OF.get(student, {}) if functions is None else functions
    return sample_course.hand_in(
        root,
        student,
        notebook=notebook(root, functions),
        answers=journal(root, student, answers) if answers else None,
        quiz=QUIZ,
    )
