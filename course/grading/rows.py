"""nbgrader's rows for many submissions at once, as its own Gradebook would write them."""

from collections.abc import Sequence

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    SolutionCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
    TaskCell,
    new_uuid,
)
from nbgrader.utils import parse_utc
from sqlalchemy import bindparam, insert, select, update

from course.grading.work import Result, Task

STUDENT, SUBMISSION, PART, GRADE, COMMENT = (
    kind.__table__ for kind in (Student, SubmittedAssignment, SubmittedNotebook, Grade, Comment)
)


class Rows:
    """The rows of one quiz, in an open session; whoever uses it commits."""

    def __init__(self, db, quiz: str):
        self._db, self._quiz = db, quiz
        self._id = db.execute(select(Assignment.id).where(Assignment.name == quiz)).scalar_one()
        books = db.execute(
            select(Notebook.id, Notebook.name).where(Notebook.assignment_id == self._id)
        ).all()
        self._own = next(book.id for book in books if book.name == quiz)
        graded, commented = (GradeCell, TaskCell), (SolutionCell, TaskCell)
        self._graded = {book.id: self._cells(book.id, graded) for book in books}
        self._commented = {book.id: self._cells(book.id, commented) for book in books}
        db.rollback()

    def _cells(self, notebook: str, kinds: tuple) -> list[str]:
        return [
            name
            for kind in kinds
            for name in self._db.scalars(select(kind.id).where(kind.notebook_id == notebook))
        ]

    def add(self, students: Sequence[str]) -> None:
        """Rows for students and submissions that the gradebook does not have yet."""
        known = self._all(select(STUDENT.c.id).where(STUDENT.c.id.in_(students)))
        self._insert(STUDENT, [{"id": name} for name in students if name not in known])
        known = self._all(
            select(SUBMISSION.c.student_id).where(
                SUBMISSION.c.assignment_id == self._id, SUBMISSION.c.student_id.in_(students)
            )
        )
        new = {name: new_uuid() for name in students if name not in known}
        parts = [(owner, book, new_uuid()) for owner in new.values() for book in self._graded]
        self._insert(
            SUBMISSION,
            [
                {"id": own, "assignment_id": self._id, "student_id": name}
                for name, own in new.items()
            ],
        )
        self._insert(
            PART,
            [
                {"id": part, "assignment_id": owner, "notebook_id": book}
                for owner, book, part in parts
            ],
        )
        for table, cells in ((GRADE, self._graded), (COMMENT, self._commented)):
            self._insert(
                table,
                [
                    {"id": new_uuid(), "cell_id": cell, "notebook_id": part}
                    for _, book, part in parts
                    for cell in cells[book]
                ],
            )

    def grade(self, done: Sequence[tuple[Task, Result]]) -> None:
        """What workers found; a score that a person has given stands, and is flagged again."""
        times = [
            {"student": task.student, "at": parse_utc(task.handed_in)}
            for task, _ in done
            if task.handed_in
        ]
        self._update(
            update(SUBMISSION)
            .where(
                SUBMISSION.c.assignment_id == self._id,
                SUBMISSION.c.student_id == bindparam("student"),
            )
            .values(timestamp=bindparam("at")),
            times,
        )
        students = [task.student for task, _ in done]
        found = {
            (result.student, name): [(score, flag)]
            for _, result in done
            for name, score, flag in result.grades
        }
        rows = [
            {"row": row.id, "auto": auto, "flag": flag or row.manual_score is not None}
            for row in self._of(GRADE, students, GRADE.c.manual_score)
            for auto, flag in found.get((row.student_id, row.name), ())
        ]
        self._score(rows)
        said = {
            (result.student, name): text for _, result in done for name, text in result.comments
        }
        self._update(
            update(COMMENT)
            .where(COMMENT.c.id == bindparam("row"))
            .values(auto_comment=bindparam("said")),
            [
                {"row": row.id, "said": said[row.student_id, row.name]}
                for row in (self._of(COMMENT, students) if said else ())
                if (row.student_id, row.name) in said
            ],
        )

    def lose(self, students: Sequence[str]) -> None:
        """Nothing of an earlier grading stands; what a person has given does."""
        if not students:
            return
        rows = self._of(GRADE, students, PART.c.id.label("part"))
        self._score([{"row": row.id, "auto": None, "flag": True} for row in rows])
        parts = {row.part for row in rows}
        self._db.execute(
            update(PART).where(PART.c.id.in_(parts)).values(late_submission_penalty=None)
        )

    def _score(self, rows: list[dict]) -> None:
        self._update(
            update(GRADE)
            .where(GRADE.c.id == bindparam("row"))
            .values(auto_score=bindparam("auto"), needs_manual_grade=bindparam("flag")),
            rows,
        )

    def _of(self, table, students: Sequence[str], *more):
        """The rows of these students' notebooks in a table, with the names of their cells."""
        cell = BaseCell.__table__
        return self._db.execute(
            select(table.c.id, SUBMISSION.c.student_id, cell.c.name, *more)
            .join(PART, table.c.notebook_id == PART.c.id)
            .join(SUBMISSION, PART.c.assignment_id == SUBMISSION.c.id)
            .join(cell, table.c.cell_id == cell.c.id)
            .where(
                SUBMISSION.c.assignment_id == self._id,
                SUBMISSION.c.student_id.in_(students),
                PART.c.notebook_id == self._own,
            )
        ).all()

    def _all(self, query) -> set[str]:
        return set(self._db.scalars(query))

    def _insert(self, table, rows: list[dict]) -> None:
        if rows:
            self._db.execute(insert(table), rows)

    def _update(self, statement, rows: list[dict]) -> None:
        if rows:
            self._db.connection().execute(statement, rows)
