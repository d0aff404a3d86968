"""What students and instructors read afterwards: feedback pages and a table of scores."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from nbgrader.api import MissingEntry
from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory

from course.errors import CourseError
from course.grading import gradebook, settings

_BESIDE = ("timestamp.txt", "submission_secret.txt")
"""What nbgrader's release_feedback needs beside a page; nothing else stays there."""


@dataclass(frozen=True)
class Score:
    """A student's recorded points; `by_hand` when a person has still to look at them."""

    student: str
    score: float
    max: float
    by_hand: bool


def feedback(quiz: str, *, root: str | Path) -> list[Path]:
    """Write feedback/STUDENT/`quiz`/`quiz`.html for each graded submission; the pages' paths.

    A page shows the student's own notebook, answers, points and reasons, and no key. Pages of
    submissions that are not graded any more are removed. Raises CourseError.
    """
    root = Path(root).absolute()
    graded = sorted(path.parent.parent for path in root.glob(f"autograded/*/{quiz}/{quiz}.ipynb"))
    students = [folder.name for folder in graded]
    for old in root.glob(f"feedback/*/{quiz}"):
        if old.parent.name not in students:
            shutil.rmtree(old)
    if not students:
        raise CourseError(f"No submission of {quiz} is graded here: run `course grade {quiz}`.")
    trouble = _generate(quiz, root)
    pages = [_page(root / "feedback" / student / quiz) for student in students]
    if trouble:
        raise CourseError(f"nbgrader could not write all feedback of {quiz}: {trouble}")
    return pages


def scores(quiz: str, *, root: str | Path) -> list[Score]:
    """The recorded scores of a quiz by student; [] for a quiz that was never graded."""
    if not (Path(root) / "gradebook.db").exists():
        return []
    with gradebook.opened(Path(root).absolute()) as book:
        try:
            found = book.find_assignment(quiz).submissions
        except MissingEntry:
            return []
        rows = [Score(one.student.id, gradebook.points(one), one.max_score, one.needs_manual_grade)
                for one in found]  # fmt: skip
    return sorted(rows, key=lambda row: row.student)


def _generate(quiz: str, root: Path) -> str:
    """Have nbgrader write the pages; returns why not all are there, or ""."""
    config = settings.load(root)
    config.CourseDirectory.assignment_id = quiz
    config.GenerateFeedback.force = True
    with settings.quiet() as (log, lines):
        course = CourseDirectory(config=config, log=log)
        try:
            GenerateFeedback(coursedir=course, config=config, log=log).start()
        except (NbGraderException, SystemExit):
            return settings.cause(lines) or "no reason given"
    return ""


def _page(folder: Path) -> Path:
    """The page in the folder, after all else that nbgrader copied there is removed."""
    page = folder / f"{folder.name}.html"
    for other in folder.glob("*"):
        if other != page and other.name not in _BESIDE:
            shutil.rmtree(other) if other.is_dir() else other.unlink()
    return page
