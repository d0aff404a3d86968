"""From recorded answers to marks, in the grader's own process.

Everything here happens before any student's code runs, from two files only: the bank in
solutions/ and the journal in submitted/. A student's items.json or notebook has no say.
"""

import html
import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_output

from course.errors import CourseError
from course.facts import facts
from course.grading import edition
from course.grading.settings import ANSWERS, BANK
from course.quiz import bank as banks
from course.quiz import markup, seal, static
from course.quiz.bank import Bank, Item
from course.quiz.journal import Event, Journal
from course.quiz.score import check, score

_MOST_SHOWN = 300
"""Characters of a response that a page shows."""


@dataclass(frozen=True)
class Quiz:
    """What grading needs of a quiz: its bank, and the notebook as it is released."""

    name: str
    bank: Bank
    released: NotebookNode

    @cached_property
    def sealed(self) -> dict[str, dict]:
        """Each item as a student may see it, with its feedback, whatever the policy."""
        name, digest = self.name, self.bank.digest
        boxes = {item.id: seal.seal(item, quiz=name, digest=digest) for item in self.bank.items}
        return {item.id: item.public() | {"sealed": boxes[item.id]} for item in self.bank.items}


@dataclass(frozen=True)
class Mark:
    """One item's points: finite, from 0 to `possible`."""

    item: str
    points: float
    possible: float
    state: str
    reason: str
    response: object
    question: dict
    """The item as a student sees it."""
    feedback: tuple[str, ...] = ()
    """What the bank says to this response, in its Markdown; nothing of other answers."""


@dataclass(frozen=True)
class Marks:
    """A submission's marks by item, and what should be said about its answers."""

    by_item: dict[str, Mark]
    remarks: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        return math.fsum(mark.points for mark in self.by_item.values())

    @property
    def possible(self) -> float:
        return math.fsum(mark.possible for mark in self.by_item.values())

    @property
    def answered(self) -> int:
        return sum(mark.state != "unanswered" for mark in self.by_item.values())


def quiz(name: str, *, root: Path) -> Quiz:
    """The quiz in solutions/`name`, or CourseError."""
    folder = root / "solutions" / name
    notebook, bank = folder / f"{name}.ipynb", folder / BANK
    for path in (notebook, bank):
        if not path.is_file():
            raise CourseError(f"There is no {path}; solutions/ holds one folder for each quiz.")
    loaded = banks.load(bank, facts=facts())
    if loaded.quiz != name:
        raise CourseError(f"{bank} says quiz = {loaded.quiz!r}; its folder is called {name}.")
    try:
        written = nbformat.read(notebook, as_version=4)
    except Exception as error:  # nbformat has no one kind of error for a file it can't read
        raise CourseError(f"{notebook} is no notebook that can be read ({error}).") from error
    return Quiz(name, loaded, edition.student_edition(written, loaded))


def as_text(items: dict) -> str:
    """items.json as it is written: the same bytes for the same bank."""
    return json.dumps(items, ensure_ascii=False, indent=1) + "\n"


def mark(quiz: Quiz, folder: Path) -> Marks:
    """The marks for the journal in a submission's folder; a bad journal is told, never raised."""
    journal = Journal(folder / ANSWERS, quiz.name)
    try:
        events, remarks = journal.read(), list(journal.problems)
    except (CourseError, OSError) as error:
        events, remarks = {}, [f"The answers file was not used: {_without_path(error, folder)}"]
    if not events and not remarks:
        remarks.append("No answers are recorded in this submission.")
    if older := sum(event.bank != quiz.bank.digest for event in events.values()):
        remarks.append(f"{older} answer(s) were given to another version of the questions.")
    marks = (_mark(item, events.get(item.id), quiz) for item in quiz.bank.items)
    return Marks({mark.item: mark for mark in marks}, tuple(remarks))


def _without_path(error: Exception, folder: Path) -> str:
    return str(error).replace(f"{folder.absolute()}/", "")


def _mark(item: Item, event: Event | None, quiz: Quiz) -> Mark:
    response = event.response if event else None
    verdict = score(item, response)
    possible = float(item.points)
    return Mark(
        item.id,
        clamp(verdict.points, possible),
        possible,
        verdict.state,
        verdict.reason,
        response,
        item.public(),
        _feedback(quiz.sealed[item.id], response),
    )


def _feedback(item: dict, response: object) -> tuple[str, ...]:
    """The texts that open with the response, as they do in practice."""
    heard = seal.open_feedback(item, response)
    if heard is None:
        return ()
    if item["type"] == "multiple":
        return tuple(f"{part.option}: {part.text}" for part in heard.parts)
    return (heard.text,)


def clamp(points: float, possible: float) -> float:
    """A finite number from 0 to `possible`; nbgrader gives full points to anything else."""
    value = float(points)
    return min(max(value, 0.0), possible) if math.isfinite(value) else 0.0


def outputs(mark: Mark, *, count: int | None = None) -> list[NotebookNode]:
    """What stands under a graded cell: the number nbgrader reads, then the page's words."""
    response = _readable(mark)
    points = f"{_number(mark.points)} of {_number(mark.possible)} points"
    raw = "" if mark.response is None else f" The answers file says: {_shown(mark.response)}"
    reason = mark.reason + (raw if response is None else "")
    said = f"{static.text(mark.question, response)}\n\n{mark.state}: {points}. {reason}"
    said = "\n".join([said, *map(markup.plain, mark.feedback)])
    page = (  # nbgrader's pages take $…$ for a formula: here it is money
        '<div class="tex2jax_ignore mathjax_ignore">'
        f"{static.page(mark.question, response)}"
        f"<p><strong>{html.escape(mark.state)}</strong>: {points}. {html.escape(reason)}</p>"
        f"{''.join(map(markup.html, mark.feedback))}</div>"
    )
    return [
        new_output("execute_result", {"text/plain": repr(mark.points)}, execution_count=count),
        new_output("display_data", {"text/html": page, "text/plain": said}),
    ]


def _number(points: float) -> str:
    return f"{points:.4g}"


def _readable(mark: Mark) -> object:
    """The response as the item reads it, or None for one that does not fit it."""
    try:
        return check(mark.question, mark.response)
    except CourseError:
        return None


def _shown(response: object) -> str:
    text = response if isinstance(response, str) else json.dumps(response, ensure_ascii=False)
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
