"""Where the course's folder is."""

from pathlib import Path

from course.errors import CourseError

PACKAGE = Path(__file__).resolve().parent


def find_root(*needed: str, start: Path | None = None) -> Path:
    """The nearest folder, from `start` (default: here) upwards, that holds all of `needed`.

    Falls back on the folder the package lies in (an editable install). Raises CourseError.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents, PACKAGE.parent):
        if all((folder / name).is_dir() for name in needed):
            return folder
    raise CourseError(
        f"No course here: {here} and the folders above it have no {' and '.join(needed)} folder; "
        "change into the course's folder and try again."
    )
