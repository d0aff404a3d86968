"""A tiny course of one quiz, its submissions, and what can be done to them.

The quiz `q` has three items worth 1, 3 and 2 points: a single (key B), a multiple (keys A and C
of A, B, C, D) and a numeric (key 4711.5 USD, tolerance 0.5).
"""

import json
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course.grading import generate, scorer

ITEMS = ("q-01", "q-02", "q-03")
POINTS = 6.0
RIGHT = {"q-01": "B", "q-02": ["A", "C"], "q-03": {"value": 4711.5, "unit": "USD"}}
KEY_IN_WORDS = "4711.5"

BANK = """
quiz = "q"
title = "A small quiz"
objectives = ["know"]
policy = "instant"

[[items]]
id = "q-01"
type = "single"
stem = "Which letter is it?"
points = 1
key = "B"
{options}

[[items]]
id = "q-02"
type = "multiple"
stem = "Which two letters are they?"
points = 3
key = ["A", "C"]
{options}

[[items]]
id = "q-03"
type = "numeric"
stem = "How many dollars are there?"
points = 2
key = 4711.5
unit = "USD"
tolerance = 0.5
feedback = "Said of any other number."
[[items.options]]
id = "right"
text = "4711.5"
feedback = "Said of the right number."
"""
OPTION = """[[items.options]]
id = "{id}"
text = "The letter {id}"
feedback = "Said of {id}."
misconception = "mix-up"
"""


def ask(item: str, *, points: int = 1, quiz: str = "q"):
    mark = {"grade": True, "solution": False, "locked": True, "schema_version": 3}
    mark |= {"grade_id": item, "points": points, "cell_type": "code"}
    return new_code_cell(f'quiz("{quiz}").ask("{item}")', metadata={"nbgrader": mark})


def section(name: str, text: str):
    mark = {"grade": False, "solution": False, "locked": True, "schema_version": 3}
    mark |= {"grade_id": name, "cell_type": "markdown"}
    return new_markdown_cell(text, metadata={"nbgrader": mark})


def solutions_notebook():
    worked = new_markdown_cell("It is B: SECRET.", metadata={"tags": ["worked-answer"]})
    cells = [
        new_markdown_cell("# A small quiz"),
        new_code_cell("from course import quiz"),
        section("letters", "## Letters"),
        ask("q-01"),
        worked,
        ask("q-02"),
        ask("q-03"),
        new_code_cell('quiz("q").submit()'),
    ]
    return new_notebook(cells=cells)


def make(root: Path) -> Path:
    """solutions/q under `root`; returns `root`."""
    folder = root / "solutions" / "q"
    folder.mkdir(parents=True)
    options = "".join(OPTION.format(id=name) for name in "ABCD")
    (folder / "bank.toml").write_text(BANK.replace("{options}", options))
    nbformat.write(solutions_notebook(), folder / "q.ipynb")
    return root


def released(root: Path) -> Path:
    """The course with its released quiz; returns `root`."""
    generate.release(["q"], root=make(root))
    return root


def line(item: str, response, *, seq: int = 1, **changes) -> bytes:
    """One line of a journal."""
    event = {"v": 1, "assignment": "q", "item": item, "response": response, "seq": seq}
    event |= {"at": "2026-11-21T10:00:00.000Z", "bank": ""} | changes
    return json.dumps(event).encode() + b"\n"


def journal(root: Path, **answers) -> bytes:
    """A journal with RIGHT answers, or those given as q_01=…; None leaves an item out."""
    digest = scorer.quiz("q", root=root).bank.digest
    chosen = RIGHT | {name.replace("_", "-"): answer for name, answer in answers.items()}
    given = [(item, answer) for item, answer in chosen.items() if answer is not None]
    return b"".join(line(*pair, seq=seq, bank=digest) for seq, pair in enumerate(given, start=1))


def hand_in(
    root: Path, student: str, *, notebook=None, answers: bytes | None = b"", quiz: str = "q"
) -> Path:
    """submitted/STUDENT/q with the released notebook (or one given) and a full right journal
    (or the bytes given; None: no journal); returns the folder."""
    folder = root / "submitted" / student / quiz
    folder.mkdir(parents=True)
    if notebook is None:
        notebook = notebook_of(root, quiz)
    if isinstance(notebook, bytes):
        (folder / f"{quiz}.ipynb").write_bytes(notebook)
    else:
        nbformat.write(notebook, folder / f"{quiz}.ipynb")
    if answers is not None:
        (folder / "answers.jsonl").write_bytes(answers or journal(root))
    (folder / "timestamp.txt").write_text("2026-11-21 10:00:00.000000 UTC")
    return folder


def notebook_of(root: Path, quiz: str = "q"):
    """The released notebook, to be changed."""
    return nbformat.read(root / "quizzes" / quiz / f"{quiz}.ipynb", as_version=4)


def with_code(root: Path, *sources: str):
    """The released notebook with code cells of the student's own before the first item."""
    notebook = notebook_of(root)
    notebook.cells[3:3] = [new_code_cell(source) for source in sources]
    return notebook


def configure(root: Path, *lines: str) -> None:
    """The project's own nbgrader_config.py, and what an instructor adds to it."""
    ours = (Path(__file__).parent.parent / "nbgrader_config.py").read_text()
    added = "\n".join(["c = get_config()", *lines, ""])
    (root / "nbgrader_config.py").write_text(f"{ours}\n{added}")
