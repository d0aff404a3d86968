"""Reading what a student handed in, without trusting a name, a link or a size in it."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nbgrader.utils import parse_utc

from course.errors import CourseError
from course.grading.settings import ANSWERS, ITEMS
from course.quiz.archive import MOST_NOTEBOOK_BYTES, name_problem, read_file
from course.quiz.journal import MOST_BYTES as MOST_ANSWERS_BYTES

_MOST_SMALL_BYTES = 4_096
_TIMESTAMP = "timestamp.txt"
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?( [A-Za-z0-9+:-]{1,9})?")
"""nbgrader would look in any file for the time zone that a student names."""
_SECRET = "submission_secret.txt"


@dataclass(frozen=True)
class Submission:
    """One student's hand-in of one quiz: where it lies, and why it can't be taken, if so."""

    student: str
    folder: Path
    refused: str = ""


def submissions(quiz: str, *, root: Path) -> list[Submission]:
    """What lies in submitted/STUDENT/`quiz`, in the order of the students' names."""
    place = root / "submitted"
    if not place.is_dir():
        return []
    found = []
    for home in sorted(place.iterdir()):
        folder = home / quiz
        if home.name.startswith(".") or not os.path.lexists(folder):
            continue
        refused = ""
        if home.is_symlink() or folder.is_symlink() or not folder.is_dir():
            refused = "the submission is a link or no folder"
        elif problem := name_problem(home.name):
            refused = f"the student's folder has a name that {problem}"
        found.append(Submission(home.name, folder, refused))
    return found


def read_notebook(path: Path) -> tuple[bytes | None, str]:
    """A submitted notebook's bytes (None when there is none to use) and what is wrong with it."""
    try:
        return read_file(path, most=MOST_NOTEBOOK_BYTES), ""
    except CourseError as error:
        return None, str(error)


@contextmanager
def staged(submission: Submission, *, root: Path) -> Iterator[str]:
    """A clean copy of one submission for nbgrader: yields its `submitted_directory` in `root`.

    Only files that a hand-in has are in it, and only where they are plain files of a sensible
    size; a notebook that is missing or can't be used is an empty file, for the exporter to mend.
    The questions are the released ones, for cells of the student's own that open the quiz.
    """
    home = Path(tempfile.mkdtemp(prefix=".grading-", dir=root))
    try:
        quiz = submission.folder.name
        folder = home / submission.student / quiz
        folder.mkdir(parents=True)
        notebook, _ = read_notebook(submission.folder / f"{quiz}.ipynb")
        (folder / f"{quiz}.ipynb").write_bytes(notebook or b"")
        kept = {
            ANSWERS: _usable(submission.folder / ANSWERS, most=MOST_ANSWERS_BYTES),
            _SECRET: _usable(submission.folder / _SECRET, most=_MOST_SMALL_BYTES),
            ITEMS: _usable(root / "quizzes" / quiz / ITEMS, most=MOST_NOTEBOOK_BYTES),
        }
        for name, content in kept.items():
            if content is not None:
                (folder / name).write_bytes(content)
        if handed_in := timestamp(submission.folder):
            (folder / _TIMESTAMP).write_text(handed_in)
        yield home.name
    finally:
        shutil.rmtree(home, ignore_errors=True)


def timestamp(folder: Path) -> str:
    """When a submission was handed in, as nbgrader writes it; "" when that can't be known."""
    text = (_usable(folder / _TIMESTAMP, most=_MOST_SMALL_BYTES) or b"").decode(errors="replace")
    try:
        return text.strip() if _TIME.fullmatch(text.strip()) and parse_utc(text.strip()) else ""
    except (ValueError, OverflowError, TypeError):
        return ""


def _usable(path: Path, *, most: int) -> bytes | None:
    try:
        return read_file(path, most=most)
    except CourseError:
        return None
