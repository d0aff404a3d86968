"""Reading what a student handed in, without trusting a name, a link or a size in it."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from nbgrader.utils import parse_utc

from course.errors import CourseError
from course.grading.scorer import without_path
from course.grading.settings import ANSWERS, TIMESTAMP
from course.quiz.archive import MOST_NOTEBOOK_BYTES, name_problem, read_file
from course.quiz.journal import Journal

SECRET = "submission_secret.txt"
_MOST_SMALL_BYTES = 4_096
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?( [A-Za-z0-9+:-]{1,9})?")
"""nbgrader would look in any file for the time zone that a student names."""


@dataclass(frozen=True)
class Submission:
    """One student's hand-in of one quiz: where it lies, and why it can't be taken, if so."""

    student: str
    folder: Path
    refused: str = ""


@dataclass(frozen=True)
class Files:
    """The files of a hand-in that are read, by name, and why others could not be."""

    content: dict[str, bytes]
    unread: dict[str, str]


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


def read(submission: Submission) -> Files:
    """The notebook, the answers and nbgrader's secret, where they are plain files of a sensible
    size; nothing else of the folder, and nothing of a hand-in that is refused."""
    if submission.refused:
        return Files({}, {})
    folder, content, unread = submission.folder, {}, {}
    notebook = f"{folder.name}.ipynb"
    found, trouble = read_notebook(folder / notebook)
    if found is not None:
        content[notebook] = found
    elif trouble:
        unread[notebook] = trouble
    try:
        if os.path.lexists(folder / ANSWERS):
            content[ANSWERS] = Journal(folder / ANSWERS, folder.name).written()
    except (CourseError, OSError) as error:
        unread[ANSWERS] = without_path(error, folder)
    secret = _usable(folder / SECRET, most=_MOST_SMALL_BYTES)
    if secret is not None:
        content[SECRET] = secret
    return Files(content, unread)


def read_notebook(path: Path) -> tuple[bytes | None, str]:
    """A submitted notebook's bytes (None when there is none to use) and what is wrong with it."""
    try:
        return read_file(path, most=MOST_NOTEBOOK_BYTES), ""
    except CourseError as error:
        return None, str(error)


def timestamp(folder: Path) -> str:
    """When a submission was handed in, as nbgrader writes it; "" when that can't be known."""
    text = (_usable(folder / TIMESTAMP, most=_MOST_SMALL_BYTES) or b"").decode(errors="replace")
    try:
        return text.strip() if _TIME.fullmatch(text.strip()) and parse_utc(text.strip()) else ""
    except (ValueError, OverflowError, TypeError):
        return ""


def _usable(path: Path, *, most: int) -> bytes | None:
    try:
        return read_file(path, most=most)
    except CourseError:
        return None
