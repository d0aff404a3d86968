"""A class of simulated students with known parameters, in the folders and gradebook of a course.

Each student has an ability from a normal distribution, each item a slope and a place on the same
scale (the two-parameter logistic model): a student has it right with the chance
1 / (1 + exp(−slope · (ability − place))). Answers stand in real journals; their points come from
the real scorer and stand in a real gradebook. Everything is drawn from one seed.
"""

import json
import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook
from sample_course import ask

from course.grading import gradebook, scorer
from course.quiz import drawn
from course.quiz.items import Item

QUIZ = "70_class"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Made:
    """An item as it was made: what its figures should show."""

    id: str
    slope: float
    place: float
    others: tuple[float, ...] = (1, 1, 1)
    """How the wrong answers share out among the distractors A, B and D; the key is C."""
    seconds: float = 45.0
    sure_when_wrong: float = 0.3
    flag: str = ""


ITEMS = (
    Made("good-1", 1.8, 0.0),
    Made("good-2", 1.6, -0.5),
    Made("good-3", 1.7, 0.5),
    Made("good-4", 1.5, -0.9),
    Made("too-easy", 1.0, -5.5, flag="too-easy"),
    Made("hard", 0.9, 2.6, flag="hard"),
    Made("wrong-key", -1.3, 0.3, others=(0, 9, 1), flag="pull"),
    Made("noise", 0.0, 0.0, flag="revise"),
    Made("dead", 1.6, 0.0, others=(1, 1, 0), flag="dead-distractor"),
    Made("fast", 1.5, 0.2, seconds=3.0, flag="fast"),
    Made("sure", 1.5, 0.4, sure_when_wrong=0.95, flag="sure-and-wrong"),
)
NUMBER, LETTERS = "number", "letters"
"""A numeric item whose variants with an even number are far harder, and a multiple."""

_SINGLE = """
[[items]]
id = "{id}"
type = "single"
stem = "What is the answer to the item called {id}, with a < b & c?"
key = "C"
"""
_OPTION = """[[items.options]]
id = "{id}"
text = "The answer {id}"
misconception = "mix-up-{id}"
"""
_OTHERS = """
[[items]]
id = "number"
type = "numeric"
stem = "What do {calls} calls cost at 2 USD each?"
points = 2
key = "calls * 2"
unit = "USD"
tolerance = 0
variants = 4
[items.parameters.calls]
from = 10
to = 90
step = 10
[[items.options]]
id = "thousand"
text = "calls * 2000"
misconception = "million-vs-thousand"

[[items]]
id = "letters"
type = "multiple"
stem = "Which two letters are they?"
points = 3
key = ["A", "C"]
"""


def bank(feedback: str = "after_release") -> str:
    """The bank as TOML."""
    options = "".join(_OPTION.format(id=name) for name in "ABCD")
    head = f'quiz = "{QUIZ}"\ntitle = "A class & its quiz"\n\n'
    head += f'[policy]\nfeedback = "{feedback}"\nconfidence = true\n'
    singles = "".join(_SINGLE.format(id=made.id) + options for made in ITEMS)
    return head + singles + _OTHERS + options


def item_ids() -> list[str]:
    return [*(made.id for made in ITEMS), NUMBER, LETTERS]


def make(root: Path, *, feedback: str = "after_release") -> Path:
    """solutions/70_class under `root`; returns `root`."""
    folder = root / "solutions" / QUIZ
    folder.mkdir(parents=True)
    (folder / "bank.toml").write_text(bank(feedback), encoding="utf-8")
    cells = [new_markdown_cell("# A class"), *map(ask, item_ids())]
    nbformat.write(new_notebook(cells=cells), folder / f"{QUIZ}.ipynb")
    return root


def hand_in(root: Path, student: str, lines: list[dict], *, more: bytes = b"") -> None:
    """A journal of these answers (each at least an item and a response), and `more` after it."""
    folder = root / "submitted" / student / QUIZ
    folder.mkdir(parents=True)
    digest = scorer.quiz(QUIZ, root=root).bank.digest
    rows = [
        {"v": 1, "assignment": QUIZ, "seq": seq, "bank": digest, "student": student}
        | {"at": _iso(START + timedelta(seconds=30 * seq))}
        | line
        for seq, line in enumerate(lines, start=1)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "answers.jsonl").write_bytes(text.encode() + more)


def handed_in(root: Path, students: int, *, seed: int = 7) -> list[str]:
    """Hand in for a simulated class; returns its students' names."""
    chance = random.Random(seed)
    names = [f"student{number:03}@school" for number in range(students)]
    number = scorer.quiz(QUIZ, root=root).bank.item(NUMBER)
    for name in names:
        hand_in(root, name, _journal(name, chance.gauss(0, 1), number, chance))
    return names


def _journal(student: str, ability: float, number: Item, chance: random.Random) -> list[dict]:
    lines, at = [], START
    for made in ITEMS:
        at += timedelta(seconds=made.seconds * chance.uniform(0.6, 1.5))
        right = _knows(ability, made.slope, made.place, chance)
        response = "C" if right else chance.choices("ABD", made.others)[0]
        sure = chance.random() < (0.8 if right else made.sure_when_wrong)
        said = {"confidence": "sure" if sure else "guess"}
        lines.append({"item": made.id, "response": response, "at": _iso(at)} | said)
    for item, response, more in _others(student, ability, number, chance):
        at += timedelta(seconds=40)
        lines.append({"item": item, "response": response, "at": _iso(at)} | more)
    return lines


def _others(student: str, ability: float, number: Item, chance: random.Random):
    variant = drawn.number(QUIZ, NUMBER, student, len(number.drawn))
    key = number.drawn[variant].key
    right = _knows(ability, 1.4, 1.6 if variant % 2 == 0 else -1.5, chance)
    value = key if right else chance.choice([key * 1000, key + 1])
    yield NUMBER, {"value": int(value), "unit": "USD"}, {"variant": variant}
    found = [name for name in "AC" if _knows(ability, 1.5, 0.0, chance)]
    yield LETTERS, found or ["B"], {}


def _knows(ability: float, slope: float, place: float, chance: random.Random) -> bool:
    return chance.random() < 1 / (1 + math.exp(-slope * (ability - place)))


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def graded(root: Path, students: list[str]) -> None:
    """Write the scorer's points into the gradebook, as grading does, without running notebooks."""
    quiz = scorer.quiz(QUIZ, root=root)
    with gradebook.opened(root) as book:
        book.add_assignment(QUIZ)
        book.add_notebook(QUIZ, QUIZ)
        for item in quiz.bank.items:
            book.add_grade_cell(item.id, QUIZ, QUIZ, max_score=item.points, cell_type="code")
        for name in students:
            marks = scorer.mark(quiz, root / "submitted" / name / QUIZ).by_item
            book.add_student(name)
            for grade in book.add_submission(QUIZ, name).notebooks[0].grades:
                grade.auto_score = marks[grade.name].points
                grade.needs_manual_grade = False
        book.db.commit()


def played(root: Path, students: int, *, feedback: str = "after_release") -> list[str]:
    """A graded class in `root`; returns its students' names."""
    names = handed_in(make(root, feedback=feedback), students)
    graded(root, names)
    return names
