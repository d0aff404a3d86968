"""A graded quiz as records for statistics: points from the gradebook, answers from the journals.

Points are what the gradebook says, before anything is taken off for coming late. Where feedback
shows at once, the points of the first answer count instead: the later ones were given knowing it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbgrader.api import (
    Grade,
    GradeCell,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)

from course.errors import CourseError
from course.grading import gradebook, intake, scorer
from course.grading.counting import Counting, counting, student_of
from course.grading.settings import ANSWERS
from course.quiz import statistics_answers
from course.quiz.bank import Bank, Item
from course.quiz.journal import Event, Journal
from course.quiz.score import PROGRAMS, score
from course.quiz.statistics_records import Answer, Question, Student

LONGEST_GAP_S = 600.0
"""A longer time between two answers was a pause, not work on the second."""


@dataclass(frozen=True)
class Responses:
    """What a class answered, and sentences on what was left out."""

    quiz: str
    title: str
    questions: tuple[Question, ...]
    students: tuple[Student, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """One item's mark in the gradebook: its share of the points (None while it waits for a
    person), and whether a person gave it."""

    share: float | None
    by_person: bool = False


def read(quiz: str, *, root: str | Path) -> Responses:
    """The responses of all whose hand-in of `quiz` is graded.

    Raises CourseError where the quiz is unknown, nothing was handed in, or nothing is graded.
    """
    root = Path(root).absolute()
    bank = scorer.quiz(quiz, root=root).bank
    handed_in = {one.student: one for one in intake.submissions(quiz, root=root)}
    grades = _grades(quiz, root)
    marked = {
        student: found
        for student, found in grades.items()
        if any(one.share is not None for one in found.values())
    }
    if not marked:
        raise CourseError(_nothing(quiz, bool(handed_in or grades)))
    items, remarks = _items(bank, marked.values())
    if waiting := len((handed_in.keys() | grades.keys()) - marked.keys()):
        remarks.append(f"{waiting} hand-in(s) are not graded and are left out.")
    students, more = _students(bank, items, marked, handed_in)
    questions = tuple(
        statistics_answers.question(item, first_counts=_first_counts(bank, item)) for item in items
    )
    return Responses(quiz, bank.title, questions, tuple(students), (*remarks, *more))


def _nothing(quiz: str, handed_in: bool) -> str:
    if handed_in:
        return f"No submission of {quiz} is graded here: run `course grade {quiz}`."
    return f"Nothing was handed in: submitted/ has no folder STUDENT/{quiz}."


def _grades(quiz: str, root: Path) -> dict[str, dict[str, Recorded]]:
    """What the gradebook knows, by student and item; {} where it knows nothing of the quiz."""
    if not gradebook.kept(root):
        return {}
    found: dict[str, dict[str, Recorded]] = {}
    with gradebook.opened(root) as book:
        try:
            assignment = book.find_assignment(quiz)
        except MissingEntry:
            return {}
        rows = (
            book.db.query(
                SubmittedAssignment.student_id,
                GradeCell.name,
                GradeCell.max_score,
                Grade.auto_score,
                Grade.manual_score,
                Grade.needs_manual_grade,
            )
            .select_from(Grade)
            .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
            .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
            .join(GradeCell, Grade.cell_id == GradeCell.id)
            .filter(SubmittedAssignment.assignment_id == assignment.id)
        )
        for student, item, *marks in rows:
            found.setdefault(student, {})[item] = _recorded(*marks)
    return found


def _recorded(possible: float, auto: float | None, by_hand: float | None, waits: bool) -> Recorded:
    """A person's points go before the scorer's, as they do in nbgrader."""
    points = auto if by_hand is None else by_hand
    if points is None or (waits and by_hand is None) or not possible:
        return Recorded(None)
    return Recorded(scorer.clamp(points / possible, 1.0), by_hand is not None)


def _items(bank: Bank, marked: Iterable[Mapping[str, Recorded]]) -> tuple[list[Item], list[str]]:
    """The bank's items that every graded hand-in has, and what is said of the others."""
    common = set.intersection(*map(set, marked))
    worth = [item for item in bank.items if item.points]
    remarks = [
        f"Item {item.id} is worth no points and has no figures."
        for item in bank.items
        if not item.points
    ]
    remarks += [
        f"Item {item.id} is not in every graded hand-in and is left out: grade the quiz again."
        for item in worth
        if item.id not in common
    ]
    known = {item.id for item in bank.items}
    gone = sorted({item for found in marked for item in found} - known)
    remarks += [f"Item {item} is graded, but not in the bank any more: left out." for item in gone]
    return [item for item in worth if item.id in common], remarks


def _first_counts(bank: Bank, item: Item) -> bool:
    in_journal = item.type not in PROGRAMS and not item.is_by_hand
    return in_journal and bank.shows_feedback_at_once(item)


def _students(
    bank: Bank,
    items: list[Item],
    marked: Mapping[str, Mapping[str, Recorded]],
    handed_in: Mapping[str, intake.Submission],
) -> tuple[list[Student], list[str]]:
    students, damaged, missing, blank, older = [], 0, 0, 0, 0
    for name in sorted(marked):
        submission = handed_in.get(name)
        events, is_whole = _journal(submission, bank.quiz)
        damaged, missing = damaged + (not is_whole), missing + (submission is None)
        older += sum(not _is_to(bank, event) for event in events)
        answers = {item.id: _answer(bank, item, marked[name][item.id], events) for item in items}
        if any(one.answered for one in answers.values()):
            students.append(Student(name, answers))
        else:
            blank += 1
    said = {
        "journal(s) are damaged; what could be read of them counts.": damaged,
        "graded student(s) have no hand-in here any more: only their points are known.": missing,
        "hand-in(s) without any answer are left out.": blank,
        "saved answer(s) were given when their question read otherwise.": older,
    }
    return students, [f"{count} {words}" for words, count in said.items() if count]


def _journal(submission: intake.Submission | None, quiz: str) -> tuple[list[Event], bool]:
    """The answers in a journal, in order, and whether it is whole; a bad one is never raised."""
    if submission is None:
        return [], True
    if submission.refused:
        return [], False
    journal = Journal(submission.folder / ANSWERS, quiz)
    try:
        events = journal.events()
    except (CourseError, OSError):
        return [], False
    return events, not journal.problems


def _is_to(bank: Bank, event: Event) -> bool:
    """Whether the answer was given to the item as it stands in the bank."""
    if event.digest is None:
        return event.bank == bank.digest
    return any(item.id == event.item and item.digest == event.digest for item in bank.items)


def _answer(bank: Bank, item: Item, recorded: Recorded, events: Sequence[Event]) -> Answer:
    mine = [event for event in events if event.item == item.id]
    counted = _counted(bank, item, mine, student_of(events))
    event, share = counted.event, recorded.share
    if event is None:
        return Answer(share, share, bool(share) or item.type in PROGRAMS, events=len(mine))
    verdict = score(counted.item, event.response)
    if _first_counts(bank, item) and not recorded.by_person:
        share = 0.0 if counted.refused else verdict.points / verdict.possible
    is_right = verdict.state in ("right", "by-hand")
    return Answer(
        share,
        recorded.share,
        answered=verdict.state != "unanswered",
        chosen=statistics_answers.chosen(counted.item, event.response),
        wrong=() if is_right else statistics_answers.wrong(counted.item, event.response),
        variant=counted.item.number,
        sure={"sure": True, "guess": False}.get(event.confidence),
        seconds=seconds(events, mine[0]),
        events=len(mine),
    )


def _counted(bank: Bank, item: Item, mine: Sequence[Event], student: str | None) -> Counting:
    """The answer that counts: by the quiz's rules, but the first where feedback shows at once."""
    policy = bank.policy_of(item)
    if _first_counts(bank, item):
        policy = policy.model_copy(update={"attempts": 1})
    return counting(item, mine, policy, quiz=bank.quiz, student=student)


def seconds(events: Sequence[Event], event: Event) -> float | None:
    """From the answer before (to any item) to this one.

    None for the first of all, for a pause over `LONGEST_GAP_S`, and where a clock went back.
    """
    place = next(number for number, one in enumerate(events) if one is event)
    times = [_time(one.at) for one in events[max(place - 1, 0) : place + 1]]
    if len(times) < 2 or None in times:
        return None
    passed = (times[1] - times[0]).total_seconds()
    return passed if 0 <= passed <= LONGEST_GAP_S else None


def _time(text: str) -> datetime | None:
    """A time with its zone; None for anything else."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None
