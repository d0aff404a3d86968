"""Which quiz and which folders nbgrader is working on, in the words of its own settings."""

from pathlib import Path
from typing import Any

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from course.grading import scorer

NOTE = "course"
"""Our key in the notebook's metadata between the two passes of autograde."""


def folder_of(config: Config, step: str, resources: Any) -> Path:
    """The folder of this quiz (and student) in one of nbgrader's directories."""
    course, who = CourseDirectory(config=config), resources["nbgrader"]
    place = getattr(course, f"{step}_directory")
    return Path(course.format_path(place, who["student"], who["assignment"]))


def quiz_of(config: Config, resources: Any) -> scorer.Quiz:
    """The quiz that is being worked on, with its keys."""
    root = Path(CourseDirectory(config=config).root)
    return scorer.quiz(resources["nbgrader"]["assignment"], root=root)
