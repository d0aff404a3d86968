"""Opening the course's gradebook: nbgrader's own, gradebook.db unless its settings say else."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import nbgrader
from alembic.script import ScriptDirectory
from nbgrader.api import Base, Gradebook, SubmittedAssignment
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import create_engine, inspect, text

from course.grading import settings


@contextlib.contextmanager
def opened(root: Path) -> Iterator[Gradebook]:
    """The gradebook of the course in `root`, made when there is none, closed again afterwards."""
    config = settings.load(root)
    course = CourseDirectory(config=config)
    with settings.quiet():
        _make(course.db_url)
        with Gradebook(course.db_url, course.course_id) as book:
            yield book


def kept(root: Path) -> bool:
    """Whether there may be a gradebook: a file that is there, or a database on a server."""
    file = CourseDirectory(config=settings.load(root)).db_url.partition("sqlite:///")
    return not file[1] or Path(file[2]).exists()


def points(submission: SubmittedAssignment) -> float:
    """A recorded submission's points, less what coming late costs; never under 0."""
    return max(0.0, float(submission.score) - float(submission.late_submission_penalty))


def _make(url: str) -> None:
    """What nbgrader does for a new gradebook, without starting alembic (4 s) to ask its version."""
    engine = create_engine(url)
    try:
        if inspect(engine).get_table_names():
            return
        scripts = ScriptDirectory(str(Path(nbgrader.__file__).parent / "alembic"))
        Base.metadata.create_all(bind=engine)
        with engine.begin() as connection:
            connection.execute(
                text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
            )
            version = {"version": scripts.get_current_head()}
            connection.execute(text("INSERT INTO alembic_version VALUES (:version)"), version)
    finally:
        engine.dispose()
