"""A folder of the user's own for what says where the endpoint runs."""

import contextlib
import os
import tempfile
from pathlib import Path

import platformdirs

from course.errors import CourseError

NAME = "gpt-4o-mini-course"


def state_folder() -> Path:
    """The user's own folder (nobody else may look in) for files about the running endpoint.

    COURSE_STATE_FOLDER if set, else in the user's cache, else in the temporary folder.
    """
    if chosen := os.environ.get("COURSE_STATE_FOLDER"):
        folders = [Path(chosen).expanduser()]
    else:
        user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
        folders = [
            platformdirs.user_cache_path(NAME, appauthor=False),
            Path(tempfile.gettempdir()) / f"{NAME}-{user}",
        ]
    for folder in folders:
        with contextlib.suppress(OSError):
            return _private(folder)
    raise CourseError(
        f"The simulator needs a folder of your own to start in, and {folders[-1]} is not one; "
        "set COURSE_STATE_FOLDER to a folder that only you can write to."
    )


def _private(folder: Path) -> Path:
    """The folder, made if need be, closed to others. Raises OSError if it is not ours."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = folder.lstat()
    if hasattr(os, "getuid"):
        if folder.is_symlink() or about.st_uid != os.getuid():
            raise PermissionError(f"{folder} belongs to somebody else")
        if about.st_mode & 0o077:
            folder.chmod(0o700)
    with tempfile.TemporaryFile(dir=folder):
        return folder
