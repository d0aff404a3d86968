"""What the gradebook has recorded of a quiz, of the whole class in a few queries."""

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime

from nbgrader.api import (
    Assignment,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    SolutionCell,
    SubmittedAssignment,
    SubmittedNotebook,
)


@dataclass(frozen=True, slots=True)
class Graded:
    """One item: its points so far, what it is worth, and who has decided.

    `auto` is the scorer's, `by_hand` a person's number of points; None where there is none yet.
    """

    points: float
    possible: float
    auto: float | None
    by_hand: float | None
    flagged: bool

    @property
    def is_open(self) -> bool:
        """Whether nobody has given points yet, neither the scorer nor a person."""
        return self.auto is None and self.by_hand is None


@dataclass(frozen=True, slots=True)
class Recorded:
    """One student's hand-in of a quiz. Times are in UTC; `penalty` is for coming late."""

    student: str
    handed_in: datetime | None
    due: datetime | None
    penalty: float = 0.0
    grades: dict[str, Graded] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """The points so far, less the penalty; never under 0."""
        return max(0.0, math.fsum(one.points for one in self.grades.values()) - self.penalty)

    @property
    def possible(self) -> float:
        return math.fsum(one.possible for one in self.grades.values())

    @property
    def waiting(self) -> int:
        """How many items a person has still to see to."""
        return sum(one.flagged or one.is_open for one in self.grades.values())

    @property
    def is_graded(self) -> bool:
        """Whether anything is; nothing is of a hand-in that could not be graded."""
        return not all(one.is_open for one in self.grades.values())


def recorded(
    book: Gradebook, quiz: str, *, students: Collection[str] | None = None
) -> dict[str, Recorded]:
    """What is recorded of `quiz` (for all `students`, or for those named), by student."""
    found, owners = {}, {}
    for name, handed_in, due, extension, penalty, notebook in _rows(
        book, quiz, students,
        SubmittedAssignment.student_id, SubmittedAssignment.timestamp, Assignment.duedate,
        SubmittedAssignment.extension, SubmittedNotebook.late_submission_penalty,
        SubmittedNotebook.id,
    ):  # fmt: skip
        own = due + extension if due and extension else due
        found[name] = Recorded(name, _aware(handed_in), _aware(own), float(penalty or 0.0))
        owners[notebook] = found[name]
    for notebook, item, possible, *marks in _joined(
        book, quiz, students, Grade, GradeCell,
        SubmittedNotebook.id, GradeCell.name, GradeCell.max_score,
        Grade.score, Grade.auto_score, Grade.manual_score, Grade.needs_manual_grade,
    ):  # fmt: skip
        owners[notebook].grades[item] = _graded(possible, *marks)
    for notebook, cell, said in _joined(
        book, quiz, students, Comment, SolutionCell,
        SubmittedNotebook.id, SolutionCell.name, Comment.manual_comment,
    ):  # fmt: skip
        if said and said.strip():
            owners[notebook].comments[cell] = said.strip()
    return found


def _rows(book: Gradebook, quiz: str, students: Collection[str] | None, *columns):
    query = (
        book.db.query(*columns)
        .select_from(SubmittedNotebook)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Assignment, SubmittedAssignment.assignment_id == Assignment.id)
        .filter(Assignment.name == quiz)
    )
    if students is not None:
        query = query.filter(SubmittedAssignment.student_id.in_(students))
    return query


def _joined(book: Gradebook, quiz: str, students: Collection[str] | None, kind, cell, *columns):
    query = _rows(book, quiz, students, *columns)
    return query.join(kind, kind.notebook_id == SubmittedNotebook.id).join(
        cell, kind.cell_id == cell.id
    )


def _graded(possible, points, auto, by_hand, flagged) -> Graded:
    return Graded(float(points), float(possible), auto, by_hand, bool(flagged))


def _aware(naive: datetime | None) -> datetime | None:
    """The gradebook's times are in UTC, and do not say so."""
    return naive.replace(tzinfo=UTC) if naive else None
