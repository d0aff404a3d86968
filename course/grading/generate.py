"""From solutions/ to what students receive, and to what the gradebook knows of a quiz."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import compute_checksum, is_grade, is_locked, is_solution
from traitlets.config import Config

from course.errors import CourseError
from course.grading import gradebook, late, scorer, settings
from course.grading.settings import quizzes
from course.quiz.bank import complete
from course.quiz.release import student_items

__all__ = ["before_grading", "quizzes", "record", "release"]


def release(names: Iterable[str], *, root: str | Path) -> list[str]:
    """Make quizzes/NAME from solutions/NAME for each name, and return the names.

    Only NAME.ipynb and items.json come out, the same bytes each time, each replaced in one step;
    answers and other files that lie in quizzes/NAME stay as they are. No gradebook is touched.
    Raises CourseError before anything in quizzes/ is changed.
    """
    root, names = Path(root).absolute(), list(names)
    for name in names:
        bank = scorer.quiz(name, root=root).bank
        if complete(bank):
            student_items(bank)  # says what the bank needs
    with _workshop(root) as workshop:
        for name in names:
            config = _config(root, name, workshop)
            config.GenerateAssignment.no_database = True
            config.GenerateAssignment.preprocessors.remove(settings.SAVE_CELLS)
            _generate(config)
        for name in names:
            _put(workshop / name, root / "quizzes" / name)
    return names


def record(name: str, *, root: str | Path) -> bool:
    """Tell gradebook.db the quiz's cells, points and due date; False when it knew the cells.

    Raises CourseError where submissions are graded that had other items.
    """
    root = Path(root).absolute()
    with gradebook.opened(root) as book:
        return tell(book, name, root=root)


def tell(book: Gradebook, name: str, *, root: Path) -> bool:
    """What `record` does, in a gradebook that is open already."""
    is_new = _known(book, name) != _expected(scorer.quiz(name, root=root))
    book.db.rollback()  # nbgrader writes on a connection of its own
    if is_new:
        with _workshop(root) as workshop:
            config = _config(root, name, workshop)
            config.GenerateAssignment.preprocessors.remove(settings.WRITE_ITEMS)
            _generate(config)
    late.note_due_date(book, name, settings.load(root))
    return is_new


def before_grading(*, assignment: str, student: str, notebooks: list[str]) -> None:
    """nbgrader's hook: `nbgrader autograde` and formgrader work without a step before them."""
    with settings.quiet():
        record(assignment, root=Path.cwd())  # nbgrader works in the course's folder


def _config(root: Path, name: str, workshop: Path) -> Config:
    config = settings.load(root)
    config.CourseDirectory.assignment_id = name
    config.CourseDirectory.notebook_id = name
    config.CourseDirectory.release_directory = workshop.name
    return config


def _generate(config: Config) -> None:
    name = config.CourseDirectory.assignment_id
    with settings.quiet() as (log, lines):
        course = CourseDirectory(config=config, log=log)
        try:
            GenerateAssignment(coursedir=course, config=config, log=log).start()
        except (NbGraderException, SystemExit) as error:
            raise CourseError(_told(name, lines)) from error


def _told(name: str, lines: list[str]) -> str:
    said = "\n".join(lines)
    if "Cannot add or remove cells" in said or "Cannot modify existing" in said:
        return (
            f"Submissions of {name} are graded already, with other items than its bank has now: "
            "move gradebook.db away, then grade every quiz again."
        )
    return f"nbgrader could not make {name}: {settings.cause(lines)}"


@contextmanager
def _workshop(root: Path) -> Iterator[Path]:
    """A folder beside quizzes/ to work in; a release that fails leaves nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix=".release-", dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put(made: Path, folder: Path) -> None:
    """Each file takes its place in one step, so that a reader finds the old or the new one."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (settings.ITEMS, f"{folder.name}.ipynb"):
        (made / name).replace(folder / name)


def _expected(quiz: scorer.Quiz) -> dict[str, tuple[float | None, str]]:
    """Points (None where no points are) and checksum of each cell that nbgrader keeps."""
    return {
        cell.metadata.nbgrader.grade_id: (
            float(cell.metadata.nbgrader.points) if is_grade(cell) else None,
            compute_checksum(cell),
        )
        for cell in quiz.released.cells
        if is_grade(cell) or is_locked(cell) or is_solution(cell)
    }


def _known(book: Gradebook, name: str) -> dict[str, tuple[float | None, str]]:
    try:
        notebook = book.find_notebook(name, name)
    except MissingEntry:
        return {}
    points = {cell.name: cell.max_score for cell in notebook.grade_cells}
    return {cell.name: (points.get(cell.name), cell.checksum) for cell in notebook.source_cells}
