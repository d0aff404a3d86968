"""The course that is attacked: two quizzes, and submissions whose marks are worked out by hand.

`h` has recorded answers, one that a person grades, and two functions; `m` has a function whose
calls to the endpoint are measured.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import sample_course
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sample_course import ask, line

from course.grading import generate, scorer

SECRETS = ("978.75", "977.5", "seventeen", "Hidden question")
"""Hidden inputs and what is expected of them: for nobody's eyes."""
KEY = "4711.5"
"""Only for those who have found it."""

_LETTERS = """options = [
  {id = "A", text = "The letter A", feedback = "Said of A."},
  {id = "B", text = "The letter B", feedback = "Said of B."},
  {id = "C", text = "The letter C", feedback = "Said of C."},
]"""
_HEAD = 'title = "A quiz"\nobjectives = ["know"]\npolicy = "after_release"\n'
BANKS = {
    "h": f"""quiz = "h"
{_HEAD}
[[items]]
id = "h-01"
type = "single"
stem = "Which letter is it?"
key = "B"
{_LETTERS}

[[items]]
id = "h-02"
type = "multiple"
stem = "Which 2 letters are they?"
points = 3
key = ["A", "C"]
{_LETTERS}

[[items]]
id = "h-03"
type = "numeric"
stem = "How many dollars are there?"
points = 2
key = {KEY}
unit = "USD"
tolerance = 0.5

[[items]]
id = "h-04"
type = "code"
stem = "Write `total(numbers)`."
points = 4
function = "total"
cases = [
  {{arguments = [[1, 2, 3]], expected = 6, visible = true, message = "Add all the numbers."}},
  {{arguments = [[]], expected = 0}},
  {{arguments = [[5, -5]], expected = 0}},
  {{arguments = [[1.25, 977.5]], expected = 978.75}},
]

[[items]]
id = "h-05"
type = "code"
stem = "Write `longest(words)`."
points = 2
function = "longest"
cases = [
  {{arguments = [["ccc", "bb"]], expected = "ccc", visible = true}},
  {{arguments = [["nine", "seventeen"]], expected = "seventeen"}},
]

[[items]]
id = "h-06"
type = "text"
stem = "Why did you choose it?"
points = 3
""",
    "m": f"""quiz = "m"
{_HEAD}
[[items]]
id = "m-01"
type = "single"
stem = "Which letter is it?"
key = "B"
{_LETTERS}

[[items]]
id = "m-02"
type = "measured"
stem = "Write `ask_all(questions)`."
points = 4
function = "ask_all"
bounds = {{calls = {{most = 3, least = 3}}, tokens = 5000}}
cases = [
  {{arguments = [["Hello!"]], expected = 1, visible = true}},
  {{arguments = [["Hello!", "Hidden question"]], expected = 2}},
]
""",
}
ITEMS = {
    "h": ("h-01", "h-02", "h-03", "h-04", "h-05", "h-06"),
    "m": ("m-01", "m-02"),
}
_FIRST = {
    "h": "from course import connect, quiz",
    "m": "from course import connect, quiz\nclient = connect()",
}
_FUNCTIONS = {
    "h": {"total": ("numbers", "sum(numbers)"), "longest": ("words", "max(words, key=len)")},
    "m": {"ask_all": ("questions", "len(questions)")},
}

ASK = """
def ask(question):
    messages = [{"role": "user", "content": question}]
    return client.chat.completions.create(model="gpt-4o-mini", messages=messages, max_tokens=5)
"""
CODE = {
    "right": {
        "total": "def total(numbers):\n    return sum(numbers)",
        "longest": "def longest(words):\n    return max(words, key=len)",
        "ask_all": f"{ASK}\ndef ask_all(questions):\n    return len([ask(q) for q in questions])",
    },
    "half": {
        # [1, 2, 3] and [] are right, [5, -5] gives 10, [1.25, 977.5] gives 0: 2 of 4
        "total": "def total(numbers):\n    return sum(abs(n) for n in numbers if n == int(n))",
        "longest": "def longest(words):\n    return words[0]",  # 1 of 2
        # the double of all calls, 6, is too many: 2 cases and 1 bound of 4
        "ask_all": f"{ASK}\ndef ask_all(questions):\n"
        "    return len([ask(q) and ask(q) for q in questions])",
    },
    "wrong": {
        "total": "def total(numbers):\n    return 'no'",
        "longest": "def longest(words):\n    return 0",
        "ask_all": "def ask_all(questions):\n    return 'no'",
    },
}
ANSWERS = {
    "right": {
        "h-01": "B",
        "h-02": ["A", "C"],
        "h-03": {"value": 4711.5, "unit": "USD"},
        "h-06": "Because I know.",
        "m-01": "B",
    },
    "half": {
        "h-01": "B",  # 1 of 1
        "h-02": ["A"],  # 1 of 2: 1.5 of 3
        "h-03": {"value": 1, "unit": "USD"},
        "h-06": "I guessed.",
        "m-01": "A",
    },
    "wrong": {
        "h-01": "A",
        "h-02": ["B"],
        "h-03": {"value": 1, "unit": "USD"},
        "h-06": "No idea.",
        "m-01": "A",
    },
}
MARKS = {
    "right": {"h-01": 1, "h-02": 3, "h-03": 2, "h-04": 4, "h-05": 2, "h-06": None,
              "m-01": 1, "m-02": 4},
    "half": {"h-01": 1, "h-02": 1.5, "h-03": 0, "h-04": 2, "h-05": 1, "h-06": None,
             "m-01": 0, "m-02": 3},
    "wrong": {"h-01": 0, "h-02": 0, "h-03": 0, "h-04": 0, "h-05": 0, "h-06": None,
              "m-01": 0, "m-02": 0},
}  # fmt: skip
"""Points by item; None waits for a person."""


@dataclass
class Sheet:
    """A submission in the making: what a student hands in, to be changed by an attack."""

    root: Path
    quiz: str
    student: str
    notebook: nbformat.NotebookNode | bytes | None
    answers: bytes | None
    after: list = field(default_factory=list)
    """What is done to the folder when all else is written."""
    facts: dict = field(default_factory=dict)
    """What an attack may know of this computer, by the name its code has for it."""

    def cell(self, name: str) -> nbformat.NotebookNode:
        """The released cell of that grade_id."""
        return next(
            cell
            for cell in self.notebook.cells
            if cell.metadata.get("nbgrader", {}).get("grade_id") == name
        )

    def run(self, *sources: str) -> None:
        """Put code cells of the student's own before the first question."""
        self.notebook.cells[2:2] = [new_code_cell(source) for source in sources]

    def write(self, function: str, source: str) -> None:
        """Write another answer into the cell of a function."""
        self.cell(f"write-{function}").source = source


def solutions_notebook(quiz: str) -> nbformat.NotebookNode:
    asks = [ask(item, quiz=quiz) for item in ITEMS[quiz]]
    return new_notebook(
        cells=[
            new_markdown_cell("# A quiz"),
            new_code_cell(_FIRST[quiz]),
            *(_place(name, *parts) for name, parts in _FUNCTIONS[quiz].items()),
            *asks,
            new_code_cell(f'quiz("{quiz}").submit()'),
        ]
    )


def _place(name: str, argument: str, value: str) -> nbformat.NotebookNode:
    mark = {"grade": False, "solution": True, "locked": False, "schema_version": 3}
    mark |= {"grade_id": f"write-{name}", "cell_type": "code"}
    source = f"def {name}({argument}):\n    ### BEGIN SOLUTION\n    return {value}\n"
    return new_code_cell(f"{source}    ### END SOLUTION", metadata={"nbgrader": mark})


def released(root: Path) -> Path:
    """The course with both quizzes released, and its own nbgrader_config.py; returns `root`."""
    for quiz, bank in BANKS.items():
        folder = root / "solutions" / quiz
        folder.mkdir(parents=True)
        (folder / "bank.toml").write_text(bank)
        nbformat.write(solutions_notebook(quiz), folder / f"{quiz}.ipynb")
    generate.release(list(BANKS), root=root)
    return root


def journal(root: Path, quiz: str, answers: dict, **changes) -> bytes:
    """A journal of these answers."""
    bank = scorer.quiz(quiz, root=root).bank
    given = [(item.id, answers[item.id]) for item in bank.items if item.id in answers]
    more = {"assignment": quiz, "bank": bank.digest} | changes
    return b"".join(line(*pair, seq=seq, **more) for seq, pair in enumerate(given, start=1))


def sheet(root: Path, student: str, kind: str, *, quiz: str = "h") -> Sheet:
    """A right, half-right or wrong submission; its marks are in MARKS."""
    notebook = sample_course.notebook_of(root, quiz)
    made = Sheet(root, quiz, student, notebook, journal(root, quiz, ANSWERS[kind]))
    for function in _FUNCTIONS[quiz]:
        made.write(function, CODE[kind][function])
    return made


def as_bytes(made: Sheet) -> bytes:
    """The notebook as it is: nbformat would mend it."""
    return json.dumps(made.notebook).encode()


def hand_in(made: Sheet) -> Path:
    """Lay the submission into submitted/; returns its folder."""
    folder = made.root / "submitted" / made.student / made.quiz
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(made.notebook, bytes):
        (folder / f"{made.quiz}.ipynb").write_bytes(made.notebook)
    elif made.notebook is not None:
        (folder / f"{made.quiz}.ipynb").write_bytes(as_bytes(made))
    if made.answers is not None:
        (folder / "answers.jsonl").write_bytes(made.answers)
    (folder / "timestamp.txt").write_text("2026-11-21 10:00:00.000000 UTC")
    for change in made.after:
        change(folder)
    return folder


def marks(kind: str, quiz: str = "h") -> dict[str, float | None]:
    """What a submission of this kind earns, item by item."""
    return {item: MARKS[kind][item] for item in ITEMS[quiz]}
