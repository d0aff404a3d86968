"""From recorded answers to marks, in the grader's own process.

Everything here happens before any student's code runs, from two files only: the bank in
solutions/ and the journal in submitted/. A student's items.json or notebook has no say.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course.errors import CourseError
from course.facts import facts
from course.grading import edition, functions
from course.grading.counting import Counting, counting, student_of
from course.grading.marks import NOT_RUN, Mark, Marks, clamp
from course.grading.settings import ANSWERS, BANK
from course.quiz import bank as banks
from course.quiz import seal
from course.quiz.bank import Bank, Item
from course.quiz.journal import Event, Journal, parse_events
from course.quiz.score import PROGRAMS, score

__all__ = ["Mark", "Marks", "Quiz", "as_text", "clamp", "mark", "quiz"]


_MOST_HEARD = 5_000
"""Responses whose feedback is kept at hand: opening it is made to be slow."""


@dataclass(frozen=True)
class Quiz:
    """What grading needs of a quiz: its bank, and the notebook as it is released."""

    name: str
    bank: Bank
    released: NotebookNode
    _sealed: dict[tuple[str, int | None], dict] = field(default_factory=dict, compare=False)
    _heard: dict[tuple, tuple[str, ...]] = field(default_factory=dict, compare=False)

    def sealed(self, item: Item) -> dict:
        """The item (or variant) as a student may see it, with its feedback, whatever the policy."""
        name = item.id, item.number
        if name not in self._sealed:
            box = seal.seal(item, quiz=self.name, digest=self.bank.digest)
            self._sealed[name] = item.public() | {"sealed": box}
        return self._sealed[name]

    def feedback(self, item: Item, response: object) -> tuple[str, ...]:
        """The texts that open with a response; a class gives the same few answers."""
        said = json.dumps(response, sort_keys=True, default=repr)
        name = item.id, item.number, hashlib.sha256(said.encode(errors="replace")).digest()
        if name not in self._heard:
            if len(self._heard) >= _MOST_HEARD:
                self._heard.clear()
            self._heard[name] = _feedback(self.sealed(item), response)
        return self._heard[name]


def quiz(name: str, *, root: Path) -> Quiz:
    """The quiz in solutions/`name`, or CourseError."""
    return parse(name, files(name, root=root), folder=root / "solutions" / name)


def files(name: str, *, root: Path) -> dict[str, bytes]:
    """The two files that make the quiz in solutions/`name`, by name, or CourseError."""
    found = {}
    for part in (f"{name}.ipynb", BANK):
        path = root / "solutions" / name / part
        if not path.is_file():
            raise CourseError(f"There is no {path}; solutions/ holds one folder for each quiz.")
        found[part] = path.read_bytes()
    return found


def parse(name: str, files: Mapping[str, bytes], *, folder: Path) -> Quiz:
    """The quiz in the bytes of its files; `folder` is where they lie, for what is said of them."""
    notebook, bank = folder / f"{name}.ipynb", folder / BANK
    loaded = banks.parse(files[BANK], bank, facts=facts())
    if loaded.quiz != name:
        raise CourseError(f"{bank} says quiz = {loaded.quiz!r}; its folder is called {name}.")
    try:
        written = nbformat.reads(files[notebook.name].decode(), as_version=4)
    except Exception as error:  # nbformat has no one kind of error for a file it can't read
        raise CourseError(f"{notebook} is no notebook that can be read ({error}).") from error
    return Quiz(name, loaded, edition.student_edition(written, loaded))


def as_text(items: dict) -> str:
    """items.json as it is written: the same bytes for the same bank."""
    return json.dumps(items, ensure_ascii=False, indent=1) + "\n"


def mark(quiz: Quiz, folder: Path) -> Marks:
    """The marks for the journal in a submission's folder; a bad journal is told, never raised.

    Functions wait: the journal does not hold them.
    """
    student = folder.absolute().parent.name
    try:
        answers, trouble = Journal(folder / ANSWERS, quiz.name).written(), ""
    except (CourseError, OSError) as error:
        answers, trouble = b"", without_path(error, folder)
    return mark_answers(quiz, answers, student=student, trouble=trouble)


def mark_answers(quiz: Quiz, answers: bytes, *, student: str, trouble: str = "") -> Marks:
    """The marks for the bytes of a journal, handed in by `student`; functions wait.

    `trouble` says why the journal could not be read, if so.
    """
    events, remarks = parse_events(answers, quiz.name)
    if trouble:
        remarks = [f"The answers file was not used: {trouble}"]
    asks = any(item.type not in PROGRAMS for item in quiz.bank.items)
    if not events and not remarks and asks:
        remarks.append("No answers are recorded in this submission.")
    chosen = _chosen(quiz, events)
    counted = [one.event for one in chosen if one.event]
    remarks += _changed(quiz, counted)
    remarks += _gone(quiz, events)
    remarks += _names(quiz, events, student)
    remarks += [remark for one in chosen for remark in one.remarks]
    marks = [_mark(one, quiz) for one in chosen]
    return Marks({mark.item: mark for mark in marks}, tuple(map(_in_a_line, remarks)))


def _in_a_line(remark: str) -> str:
    """The remark without what a terminal obeys or a page turns round: it may hold a stranger's."""
    return "".join(sign if sign.isprintable() else " " for sign in remark)


def _chosen(quiz: Quiz, events: Sequence[Event]) -> list[Counting]:
    by_item = defaultdict(list)
    for event in events:
        by_item[event.item].append(event)
    student = student_of(events)
    return [
        counting(item, by_item[item.id], quiz.bank.policy_of(item), quiz=quiz.name, student=student)
        for item in quiz.bank.items
    ]


def _changed(quiz: Quiz, events: Sequence[Event]) -> list[str]:
    """Answers to questions that read otherwise then are scored as they are, and told."""
    older = [event.item for event in events if not _is_to(quiz.bank, event)]
    if not older:
        return []
    return [f"Answered in another version of the question: {', '.join(older)}."]


def _is_to(bank: Bank, event: Event) -> bool:
    if event.digest is None:
        return event.bank == bank.digest
    return event.digest == bank.item(event.item).digest


def _gone(quiz: Quiz, events: Sequence[Event]) -> list[str]:
    known = {item.id for item in quiz.bank.items}
    gone = sorted({event.item for event in events} - known)
    if not gone:
        return []
    shown = ", ".join(name[:80] for name in gone[:10]) + (" and more" if gone[10:] else "")
    return [f"Answers to questions that the quiz does not have (any more): {shown}."]


def _names(quiz: Quiz, events: Sequence[Event], student: str) -> list[str]:
    """Names matter where they decide which numbers a student has."""
    drawn = {item.id for item in quiz.bank.items if item.drawn}
    if not any(event.item in drawn for event in events):
        return []
    names = list(dict.fromkeys(event.student for event in events if event.student))
    if len(names) > 1:
        return [f"The answers were recorded under {len(names)} names: {', '.join(names)[:200]}."]
    if names and names[0] != student:
        return [f"The answers were recorded under the name {names[0]}."]
    return []


def without_path(error: Exception, folder: Path) -> str:
    """What the error says, without the instructor's folders."""
    return str(error).replace(f"{folder.absolute()}/", "")


def _mark(one: Counting, quiz: Quiz) -> Mark:
    item, event = one.item, one.event
    possible = float(item.points)
    if item.type in PROGRAMS:
        return Mark(item.id, 0.0, possible, NOT_RUN, functions.WAITING, None, item.public())
    response = event.response if event else None
    verdict = score(item, response)
    points, state, reason = verdict.points, verdict.state, verdict.reason
    if one.refused:
        points, state, reason = 0.0, "invalid", f"It earns nothing: {one.refused}"
    return Mark(
        item.id,
        clamp(points, possible),
        possible,
        state,
        reason,
        response,
        item.public(),
        feedback=() if one.refused else quiz.feedback(item, response),
        confidence=event.confidence if event else None,
    )


def _feedback(item: dict, response: object) -> tuple[str, ...]:
    """The texts that open with the response, as they do in practice."""
    heard = seal.open_feedback(item, response)
    if heard is None:
        return ()
    parts = tuple(f"{part.option}: {part.text}" for part in heard.parts if part.text)
    if item["type"] == "multiple":
        return parts
    return (heard.text,) if item["type"] == "single" else (*parts, heard.text)
