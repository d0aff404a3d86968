"""The one writer of the gradebook: many submissions in a transaction, each all or not at all.

The rows are nbgrader's own. One table more, `course_graded`, holds for each submission what it
was graded from, written in the same transaction as its marks; so a grading that was killed at
any moment is known for what it is, and a second run does only what is missing.
"""

import contextlib
import hashlib
import json
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from nbgrader.api import Gradebook
from sqlalchemy import Column, MetaData, String, Table, Text, delete, insert, select
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from traitlets.config import Config

from course.errors import CourseError
from course.grading import generate, gradebook, late
from course.grading.code import NOT_RUN
from course.grading.folders import Autograded, contents
from course.grading.recorded import Recorded, recorded
from course.grading.rows import Rows
from course.grading.work import Assignment, Result, Task, failed
from course.quiz.archive import name_problem

Done = tuple[Task, Result]

_TRIES = 5
_WAIT_S = 0.3
_GRADED = Table(
    "course_graded",
    MetaData(),
    Column("assignment", String(128), primary_key=True),
    Column("student", String(128), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("notebook", String(64), nullable=False),
    Column("said", Text, nullable=False),
)


@dataclass(frozen=True)
class Standing:
    """How a submission stands: the gradebook's rows, and what it was graded from, if known."""

    rows: Recorded | None = None
    digest: str = ""
    notebook: str = ""
    grades: tuple[tuple[str, float | None, bool], ...] = ()
    remarks: tuple[str, ...] = ()
    not_run: int = 0
    seconds: float = 0.0

    def is_from(self, digest: str) -> bool:
        """Whether the gradebook has what was graded from this, and nobody changed it since."""
        if self.rows is None or digest != self.digest:
            return False
        found = {name: grade.auto for name, grade in self.rows.grades.items()}
        return found == {name: score for name, score, _ in self.grades}


class Writer:
    """Writes what workers found into the gradebook of the course in `root` and its folders."""

    def __init__(self, assignment: Assignment, *, root: Path, config: Config):
        self._assignment, self._quiz, self._root = assignment, assignment.name, root
        self._config, self.folders = config, Autograded(root, config)
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        self._book: Gradebook = self._stack.enter_context(gradebook.opened(self._root))
        _GRADED.create(self._book.engine, checkfirst=True)
        generate.tell(self._book, self._quiz, root=self._root)
        self._rows = Rows(self._book.db, self._quiz)
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)

    @property
    def possible(self) -> float:
        """The points that a submission can have."""
        return float(self._book.find_assignment(self._quiz).max_score)

    def standing(self, students: Collection[str]) -> dict[str, Standing]:
        """How these students' submissions stand; one that is not there yet has no rows."""
        rows = recorded(self._book, self._quiz, students=students)
        query = select(_GRADED).where(
            _GRADED.c.assignment == self._quiz, _GRADED.c.student.in_(students)
        )
        kept = {row.student: row for row in self._book.db.execute(query)}
        found = {name: _standing(rows.get(name), kept.get(name)) for name in students}
        self._book.db.rollback()  # nothing is held while workers work
        return found

    def is_current(self, task: Task, standing: Standing) -> bool:
        """Whether the task is graded already, in the gradebook and in its folder.

        Functions that should have been run and could not be are tried again.
        """
        tries = self._assignment.settings.get("mode") != NOT_RUN
        if not standing.is_from(task.digest) or (standing.not_run and tries):
            return False
        lies_there = self.folders.notebook(task.student, self._quiz)
        return lies_there is not None and _hash(lies_there) == standing.notebook

    def penalties(self, students: Collection[str]) -> set[str]:
        """Work out what coming late costs these students, by the rules as they are now.

        Returns those for whom the instructor's rules fail: they are to be graded again, which
        says why.
        """
        try:
            self._penalties(students)
        except (CourseError, SQLAlchemyError):
            raise
        except Exception:
            self._book.db.rollback()
            if len(students) == 1:
                return set(students)
            return set().union(*(self.penalties([name]) for name in students))
        return set()

    def _penalties(self, students: Collection[str]) -> None:
        late.assign(self._book, self._quiz, self._config, students=students)

    def write(self, done: Sequence[Done]) -> Iterator[tuple[Result, Standing]]:
        """Record what became of these tasks; each with how it stands now.

        Where the rows of one can't be written, that one has failed, and no other.
        """
        try:
            self._write(done)
        except (CourseError, KeyboardInterrupt):
            raise
        except Exception as error:
            self._book.db.rollback()
            if len(done) > 1:
                for one in done:
                    yield from self.write([one])
                return
            ((task, result),) = done
            if result.problem:
                raise
            why = f"It could not be recorded ({type(error).__name__}: {error})"[:500]
            done = [(task, failed(task, why, seconds=result.seconds))]
            self._write(done)
        standing = self.standing([task.student for task, _ in done])
        yield from ((result, standing[task.student]) for task, result in done)

    def _write(self, done: Sequence[Done]) -> None:
        graded = [(task, result) for task, result in done if not result.problem]
        lost = [task.student for task, result in done if result.problem]
        lost = [student for student in lost if not name_problem(student)]
        for task, result in graded:
            files = contents(self._assignment, task, result)
            self.folders.stage(task.student, self._quiz, files)
        self._patiently(graded, lost)
        for task, _ in graded:
            self.folders.swap(task.student, self._quiz)
        for student in lost:
            self.folders.remove(student, self._quiz)

    def _patiently(self, graded: Sequence[Done], lost: Sequence[str]) -> None:
        """The transaction; another program that writes to the gradebook is waited for."""
        for left in reversed(range(_TRIES)):
            try:
                return self._commit(graded, lost)
            except (OperationalError, IntegrityError) as error:
                self._book.db.rollback()
                if not left:
                    raise CourseError(
                        f"The gradebook can't be written to ({str(error.orig)[:200]}): close "
                        "other programs that use it, then grade again."
                    ) from error
                time.sleep(_WAIT_S)
        return None

    def _commit(self, graded: Sequence[Done], lost: Sequence[str]) -> None:
        """No old score may stand for what was not graded: it waits for a person."""
        db, students = self._book.db, [*(task.student for task, _ in graded), *lost]
        self._rows.add(students)
        self._rows.grade(graded)
        self._rows.lose(lost)
        db.execute(
            delete(_GRADED).where(
                _GRADED.c.assignment == self._quiz, _GRADED.c.student.in_(students)
            )
        )
        if graded:
            db.execute(insert(_GRADED), [self._kept(result) for _, result in graded])
            self._penalties([task.student for task, _ in graded])  # may end the transaction
        db.commit()
        if lost:  # a person may have given some of them points
            self.penalties(lost)

    def _kept(self, result: Result) -> dict[str, str]:
        said = {
            "grades": result.grades,
            "remarks": result.remarks,
            "not_run": result.not_run,
            "seconds": result.seconds,
        }
        return {
            "assignment": self._quiz,
            "student": result.student,
            "digest": result.digest,
            "notebook": _hash(result.notebook or b""),
            "said": json.dumps(said),
        }


def _standing(rows: Recorded | None, kept) -> Standing:
    if kept is None:
        return Standing(rows)
    said = json.loads(kept.said)
    grades = tuple((name, score, flag) for name, score, flag in said["grades"])
    remarks = tuple(said["remarks"])
    return Standing(
        rows, kept.digest, kept.notebook, grades, remarks, said["not_run"], said["seconds"]
    )


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
