"""One quiz and one class of honest students: as this course's own, and in plain parts for others.

The questions are those of quiz 05 that need no service: three functions, called 17 times in all,
and eight questions with a choice, a match or a number. What each student earns is worked out
here, by the bank's points; a grader that finds something else is not measured.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from course.grading import generate, scorer
from course.quiz import drawn
from course.quiz.items import Item

QUIZ = "05_sort_and_extract"
MEASURED = "05-sort-03", "write-classify"
"""The question that calls the service, and its function: left out."""
IMPORTS = "import json"
_SOURCE = Path(__file__).parents[2] / "solutions" / QUIZ


@dataclass(frozen=True)
class Student:
    """One of the class: every fourth has all right, the others a fifth wrong."""

    number: int

    @property
    def name(self) -> str:
        return f"student-{self.number:04}"

    def is_right(self, at: int) -> bool:
        """Whether the question at this place is answered as the bank has it."""
        return self.number % 4 == 0 or (self.number * 7 + at * 3) % 5 != 0

    def points(self, items: list[Item]) -> float:
        """What these answers earn: all of an item's points or, where they are wrong, none."""
        return float(sum(item.points for at, item in enumerate(items) if self.is_right(at)))

    def function(self, cell: NotebookNode, *, right: bool) -> str:
        """The worked function, or one that gives nothing back; each student's text differs."""
        lines = [line for line in cell.source.split("\n") if not line.strip().startswith("### ")]
        return "\n".join([f"# {self.name}", *(lines if right else [*lines[:2], "    return None"])])


def questions(folder: Path) -> list[Item]:
    """The quiz's items in a course made by `course_of`, in order."""
    return list(scorer.quiz(QUIZ, root=folder).bank.items)


@cache
def notebook() -> NotebookNode:
    """The instructor's notebook without worked examples, practice and what calls the service."""
    found = nbformat.read(_SOURCE / f"{QUIZ}.ipynb", as_version=4)
    made = new_notebook(metadata=found.metadata)
    for cell in found.cells:
        if cell.source.startswith(IMPORTS):
            made.cells.append(new_code_cell(f"{IMPORTS}\n\nfrom course import quiz"))
        elif "submit(" in cell.source or (name_of(cell) and name_of(cell) not in MEASURED):
            made.cells.append(cell)
    return made


def name_of(cell: NotebookNode) -> str:
    """The name that nbgrader knows a cell by, "" when it has none."""
    return cell.metadata.get("nbgrader", {}).get("grade_id", "")


def wrong(item: Item) -> object:
    """A response that earns nothing."""
    if item.type == "single":
        return next(option.id for option in item.options if option.id != item.key)
    if item.type == "match":
        return dict.fromkeys(item.key, "D")
    return -1


def course_of(folder: Path, *, students: int) -> None:
    """This course with the quiz alone, released, and handed in by `students`."""
    solutions = folder / "solutions" / QUIZ
    solutions.mkdir(parents=True)
    head, *items = (_SOURCE / "bank.toml").read_text(encoding="utf-8").split("[[items]]\n")
    kept = [item for item in items if not item.startswith(f'id = "{MEASURED[0]}"')]
    (solutions / "bank.toml").write_text("[[items]]\n".join([head, *kept]), encoding="utf-8")
    nbformat.write(notebook(), solutions / f"{QUIZ}.ipynb")
    generate.release([QUIZ], root=folder)
    given = nbformat.read(folder / "quizzes" / QUIZ / f"{QUIZ}.ipynb", as_version=4)
    for number in range(students):
        _hand_in(folder, given, Student(number))


def _hand_in(folder: Path, given: NotebookNode, student: Student) -> None:
    place = folder / "submitted" / student.name / QUIZ
    place.mkdir(parents=True)
    bank = scorer_bank(folder)
    worked = {name_of(cell): cell for cell in notebook().cells}
    lines = []
    for at, item in enumerate(bank.items):
        if item.function:
            cell = next(each for each in given.cells if name_of(each) == f"write-{item.function}")
            cell.source = student.function(worked[name_of(cell)], right=student.is_right(at))
        else:
            lines.append(_line(bank.digest, item, student, right=student.is_right(at)))
    (place / "answers.jsonl").write_text("".join(lines), encoding="utf-8")
    (place / "timestamp.txt").write_text("2026-11-21 10:00:00.000000 UTC")
    nbformat.write(given, place / f"{QUIZ}.ipynb")


@cache
def scorer_bank(folder: Path):
    """The bank in a course; read once."""
    return scorer.quiz(QUIZ, root=folder).bank


def _line(digest: str, item: Item, student: Student, *, right: bool) -> str:
    """An answer as the journal keeps it; of an item in variants the student's own is asked."""
    event = {"v": 1, "assignment": QUIZ, "item": item.id, "seq": 1, "bank": digest}
    event |= {"digest": item.digest, "student": student.name, "at": "2026-11-21T10:00:00.000Z"}
    key = item.key
    if item.drawn:
        number = drawn.number(QUIZ, item.id, student.name, len(item.drawn))
        own = item.drawn[number]
        key, event["variant"] = own.key, own.number
    response = key if right else wrong(item)
    if item.type == "numeric":
        response = {"value": float(response), "unit": item.unit}
    return json.dumps(event | {"response": response}) + "\n"
