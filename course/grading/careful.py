"""What nbgrader does with a submission before any step of ours is asked, made careful.

`nbgrader autograde` and the formgrader's button copy a submission file by file, follow its links,
and read its time: a link to a device fills the disk, thirty megabytes of digits keep it busy for
hours, a time that is none ends the whole batch. `course grade` reads hand-ins by itself.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from nbgrader.converters import Autograde, base
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc

from course.errors import CourseError
from course.grading import intake
from course.grading.settings import ANSWERS, TIMESTAMP

_COPIED = {ANSWERS: 5_000_000, TIMESTAMP: 4_096, intake.SECRET: 4_096}
"""The files of a hand-in that nbgrader copies, and the most bytes each may have."""
_DONE = "is_careful"


def install() -> None:
    """Have nbgrader take submissions with care, in this process and from now on."""
    if getattr(Autograde, _DONE, False):
        return
    CourseDirectory.get_existing_timestamp = _timestamp
    Autograde.init_assignment = _carefully(Autograde.init_assignment)
    setattr(Autograde, _DONE, True)


def _timestamp(course: CourseDirectory, folder: str) -> object:
    """When a submission was handed in; None where that can't be known, which is not late."""
    text = intake.timestamp(Path(folder))
    return parse_utc(text) if text else None


def _carefully(init: Callable) -> Callable:
    def careful(converter: Autograde, assignment: str, student: str) -> None:
        folder = Path(converter._format_source(assignment, student))
        if folder.is_symlink() or folder.parent.is_symlink():
            raise CourseError(f"The submission of {student} is a link: it is not graded.")
        theirs, base.find_all_files = base.find_all_files, _hand_in
        try:
            init(converter, assignment, student)
        finally:
            base.find_all_files = theirs

    return careful


def _hand_in(folder: str, exclude: Iterable[str] | None = None) -> list[str]:
    """The files of a submission that are copied: plain ones of a sensible size."""
    found = []
    for name, most in _COPIED.items():
        path = Path(folder, name)
        if not os.path.lexists(path) or path.is_symlink() or not path.is_file():
            continue
        if path.stat().st_size <= most:
            found.append(str(path))
    return found
