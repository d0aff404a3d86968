"""Which quiz and which folders nbgrader is working on, in the words of its own settings."""

from pathlib import Path
from typing import Any

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from course.grading import scorer
from course.grading.settings import ITEMS

NOTE = "course"
"""Our key in the notebook's metadata between the two passes of autograde."""
QUIZ = "course_quiz"
"""Our key in the resources, where the quiz is known already."""


def folder_of(config: Config, step: str, resources: Any) -> Path:
    """The folder of this quiz (and student) in one of nbgrader's directories."""
    course, who = CourseDirectory(config=config), resources["nbgrader"]
    place = getattr(course, f"{step}_directory")
    return Path(course.format_path(place, who["student"], who["assignment"]))


def released_items(config: Config, resources: Any) -> dict[str, bytes]:
    """The questions as they were released, by file: a student's may be missing, or altered."""
    course = CourseDirectory(config=config)
    quiz = resources["nbgrader"]["assignment"]
    items = Path(course.root, course.release_directory, quiz, ITEMS)
    return {ITEMS: items.read_bytes()} if items.is_file() else {}


def quiz_of(config: Config, resources: Any) -> scorer.Quiz:
    """The quiz that is being worked on, with its keys."""
    if QUIZ in resources:
        return resources[QUIZ]
    root = Path(CourseDirectory(config=config).root)
    return scorer.quiz(resources["nbgrader"]["assignment"], root=root)
