"""From folders to what workers take: an Assignment, and a Task for each submission."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from traitlets.config import Config

from course.errors import CourseError
from course.grading import intake, scorer, settings
from course.grading.intake import Submission
from course.grading.settings import ITEMS
from course.grading.work import Assignment, Task
from course.project import PACKAGE
from course.quiz.archive import MOST_NOTEBOOK_BYTES, read_file

_STEPS = """
RunCells Execute ExecutePreprocessor NotebookClient WriteMarks FlagByHand IgnorePattern LimitOutput
SaveAutoGrades OverwriteCells NbGraderPreprocessor Preprocessor NbConvertBase
"""
"""The classes that a worker uses, as nbgrader_config.py names them."""
_DECIDE = ("nbgrader", "nbformat", "ipython", "numpy", "pandas", "openai")
"""Packages whose version can change what a student's code does, or what it earns."""


def assignment(
    quiz: str,
    *,
    root: Path,
    config: Config,
    mode: str = "",
    limits: Mapping[str, Any] | None = None,
) -> Assignment:
    """The quiz in solutions/ as workers need it; `mode` is how students' code is run.

    Raises CourseError for a quiz that is not there, and where nbgrader_config.py has other steps
    than the course's: then marks could differ between `course grade` and `nbgrader autograde`.
    """
    _same_steps(config)
    files = scorer.files(quiz, root=root)
    items = read_file(root / "quizzes" / quiz / ITEMS, most=MOST_NOTEBOOK_BYTES)
    if items is not None:
        files[ITEMS] = items
    chosen = {"steps": _plain(config), "mode": mode, "limits": dict(limits or {})}
    digest = _digest(quiz, version(), chosen, files)
    return Assignment(quiz, files, chosen, version(), digest)


def task(assignment: Assignment, submission: Submission) -> Task:
    """A submission, read with care, and the digest of all that decides its marks."""
    files = intake.read(submission)
    handed_in = "" if submission.refused else intake.timestamp(submission.folder)
    said = [submission.student, submission.refused, handed_in, files.unread]
    digest = _digest(assignment.digest, "", said, files.content)
    return Task(
        submission.student, digest, files.content, submission.refused, handed_in, files.unread
    )


@cache
def version() -> str:
    """A digest of the course's own code and facts, and of the packages that grading rests on."""
    total = hashlib.sha256(" ".join(f"{name} {installed(name)}" for name in _DECIDE).encode())
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in (".py", ".toml") and path.is_file():
            total.update(f"\0{path.relative_to(PACKAGE)}\0".encode())
            total.update(path.read_bytes())
    return total.hexdigest()


def _same_steps(config: Config) -> None:
    for name, ours in (
        ("sanitize_preprocessors", settings.SANITIZE),
        ("autograde_preprocessors", settings.AUTOGRADE),
    ):
        if config.Autograde.get(name, ours) != ours:
            raise CourseError(
                f"nbgrader_config.py sets Autograde.{name}, and `course grade` takes the course's "
                "own steps: remove that line, or grade with `nbgrader autograde`."
            )


def _plain(config: Config) -> dict[str, Any]:
    """What is set for the workers' classes, as far as it is plain data."""
    found: dict[str, Any] = {}
    for name in _STEPS.split():
        for key, value in config.get(name, {}).items():
            try:
                json.dumps(value)
            except TypeError:
                continue
            found.setdefault(name, {})[key] = value
    return found


def _digest(name: str, version: str, said: Any, files: Mapping[str, bytes]) -> str:
    parts = [name, version, json.dumps(said, sort_keys=True)]
    parts += [f"{file} {hashlib.sha256(files[file]).hexdigest()}" for file in sorted(files)]
    return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()
