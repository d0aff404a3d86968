"""Grade all that was handed in of a quiz, one submission after another, into the gradebook."""

import shutil
import time
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import nbformat
from filelock import FileLock, Timeout
from nbgrader.converters import Autograde
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from course.errors import CourseError
from course.grading import generate, gradebook, intake, scorer, settings, shown
from course.grading.intake import Submission
from course.grading.marks import NOT_RUN
from course.grading.preprocessors import NOTICED
from course.quiz.archive import name_problem
from course.quiz.collect import settle

LOCK = "gradebook.db.lock"
PATIENCE_S = 5.0
_LEFT_BEHIND = (".grading-*", ".release-*")


@dataclass(frozen=True)
class Row:
    """One submission: `score` of `max` points, or status "failed" and no score.

    The score lacks the answers that a person has still to grade in the formgrader (`by_hand`)
    and the functions that were not run (`not_run`); both are numbers of items.
    """

    student: str
    score: float | None
    max: float
    status: str
    reason: str = ""
    seconds: float = 0.0
    by_hand: int = 0
    not_run: int = 0


@dataclass(frozen=True)
class Summary:
    """What became of each submission of a quiz."""

    quiz: str
    rows: tuple[Row, ...]

    @property
    def failed(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.status == "failed")

    @property
    def ok(self) -> bool:
        """Whether every submission has its marks."""
        return not self.failed

    def as_dict(self) -> dict:
        """The summary as plain JSON."""
        return {"quiz": self.quiz, "rows": [asdict(row) for row in self.rows]}

    def __str__(self) -> str:
        if not self.rows:
            return f"Nothing was handed in: submitted/ has no folder STUDENT/{self.quiz}."
        lines = [_line(row) for row in self.rows]
        lines.append(f"{len(self.rows) - len(self.failed)} graded, {len(self.failed)} failed.")
        return "\n".join([*lines, *self._waiting()])

    def _waiting(self) -> Iterator[str]:
        if by_hand := sum(row.by_hand for row in self.rows):
            yield f"{_counted(by_hand, 'answer')} to grade by hand, in the formgrader."
        if not_run := sum(row.not_run for row in self.rows):
            yield (
                f"{_counted(not_run, 'function')} not run: a student's code can do what you can "
                "on this computer. To run it here, grade again with COURSE_RUN_STUDENT_CODE=1."
            )


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"


def _line(row: Row) -> str:
    score = "failed" if row.score is None else f"{row.score:g} of {row.max:g}"
    waits = [f"{row.by_hand} by hand."] * bool(row.by_hand)
    waits += [f"{row.not_run} not run."] * bool(row.not_run)
    return f"{row.student:<20} {score:>12}  {' '.join([*waits, row.reason])}".rstrip()


def grade(quiz: str, *, root: str | Path, students: Collection[str] | None = None) -> Summary:
    """Grade submitted/STUDENT/`quiz` (of all `students`, or of those named) into gradebook.db.

    All answers are read before any student's code runs. Trouble with one submission is told in
    its row and stops no other; a failed one loses its old score and waits for a person.
    Raises CourseError for a quiz that is not there, or while another grading works here.
    """
    root = Path(root).absolute()
    known = scorer.quiz(quiz, root=root)
    lock = FileLock(root / LOCK, timeout=PATIENCE_S)
    try:
        with lock:
            _tidy(root)
            waiting = _chosen(intake.submissions(quiz, root=root), students)
            if not waiting:
                return Summary(quiz, ())
            generate.record(quiz, root=root)
            marks = {one.student: scorer.mark(known, one.folder) for one in waiting}
            return Summary(quiz, tuple(_grade(one, marks[one.student], root) for one in waiting))
    except Timeout:
        raise CourseError(f"Another grading works in {root}: wait until it is done.") from None


def _tidy(root: Path) -> None:
    """Finish or undo what a killed run left half done."""
    settle(root / "submitted")
    for pattern in _LEFT_BEHIND:
        for folder in root.glob(pattern):
            shutil.rmtree(folder, ignore_errors=True)


def _chosen(found: list[Submission], students: Collection[str] | None) -> list[Submission]:
    if students is None:
        return found
    missing = sorted(set(students) - {one.student for one in found})
    if missing:
        raise CourseError(f"Nothing of this quiz was handed in by {', '.join(missing)}.")
    return [one for one in found if one.student in students]


def _grade(one: Submission, marks: scorer.Marks, root: Path) -> Row:
    begin = time.perf_counter()
    if one.refused:
        return _failed(one, marks, root, one.refused)
    try:
        with intake.staged(one, root=root) as folder:
            noticed = _autograde(_config(one, marks, root, folder))
    except (CourseError, OSError) as error:
        return _failed(one, marks, root, str(error))
    reason, seconds = " ".join(noticed), round(time.perf_counter() - begin, 3)
    return replace(_recorded(one, root), reason=reason, seconds=seconds)


def _config(one: Submission, marks: scorer.Marks, root: Path, folder: str) -> Config:
    config = settings.load(root)
    config.CourseDirectory.assignment_id = one.folder.name
    config.CourseDirectory.student_id = one.student
    config.CourseDirectory.submitted_directory = folder
    config.Autograde.force = True
    config.Autograde.pop("pre_convert_hook", None)  # it is done for the whole batch
    config.ReadAnswers.ready = {one.student: marks}
    return config


def _autograde(config: Config) -> list[str]:
    """Run nbgrader's Autograde over one staged submission; what was noticed, as sentences."""
    with settings.quiet() as (log, lines):
        course = CourseDirectory(config=config, log=log)
        try:
            Autograde(coursedir=course, config=config, log=log).start()
        except (NbGraderException, SystemExit) as error:
            raise CourseError(f"nbgrader could not grade it: {settings.cause(lines)}") from error
    return [line.removeprefix(NOTICED) for line in lines if line.startswith(NOTICED)]


def _recorded(one: Submission, root: Path) -> Row:
    """What the gradebook and the graded notebook say of a submission now."""
    quiz = one.folder.name
    path = root / "autograded" / one.student / quiz / f"{quiz}.ipynb"
    not_run = list(shown.states(nbformat.read(path, as_version=4)).values()).count(NOT_RUN)
    with gradebook.opened(root) as book:
        found = book.find_submission(quiz, one.student)
        grades = [grade for notebook in found.notebooks for grade in notebook.grades]
        waiting = sum(bool(grade.needs_manual_grade) for grade in grades)
        score, possible = gradebook.points(found), float(found.max_score)
    return Row(one.student, score, possible, "graded", by_hand=waiting - not_run, not_run=not_run)


def _failed(one: Submission, marks: scorer.Marks, root: Path, reason: str) -> Row:
    """No old score may stand for a submission that was not graded: it waits for a person."""
    quiz = one.folder.name
    shutil.rmtree(root / "autograded" / one.student / quiz, ignore_errors=True)
    if not name_problem(one.student):
        with gradebook.opened(root) as book:
            book.update_or_create_student(one.student)
            found = book.update_or_create_submission(quiz, one.student)
            for grade in (grade for notebook in found.notebooks for grade in notebook.grades):
                grade.auto_score, grade.needs_manual_grade = None, True
            book.db.commit()
    return Row(one.student, None, marks.possible, "failed", reason)
