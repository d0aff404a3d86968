"""Where graded submissions lie: autograded/STUDENT/QUIZ, each replaced as a whole."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from traitlets.config import Config

from course.grading.intake import SECRET
from course.grading.settings import ITEMS
from course.grading.work import Assignment, Result, Task, beside
from course.quiz import collect

_SHARED = 0o2770


class Autograded:
    """The folder autograded/ of a course; a submission's place is taken in two steps.

    `stage` writes everything beside it, `swap` puts that there once the gradebook has the marks.
    What a killed grading left between the two is put right by `settle`.
    """

    def __init__(self, root: Path, config: Config):
        self.root = root / "autograded"
        self._shared = bool(config.CourseDirectory.get("groupshared", False))
        default = 664 if self._shared else 444
        self._mode = int(str(config.Autograde.get("permissions", default)), 8)

    def settle(self) -> None:
        """Finish or undo what was cut off in the middle."""
        collect.settle(self.root)

    def notebook(self, student: str, quiz: str) -> bytes | None:
        """The graded notebook as it lies there, or None."""
        try:
            return (self.root / student / quiz / f"{quiz}.ipynb").read_bytes()
        except OSError:
            return None

    def stage(self, student: str, quiz: str, files: Mapping[str, bytes]) -> None:
        """Write the files of a graded submission where `swap` finds them."""
        new = self._place(student, quiz, "new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        for name, content in files.items():
            path = new / name
            path.write_bytes(content)
            path.chmod(self._mode)
        if self._shared:
            for folder in (new, new.parent, self.root):
                folder.chmod((folder.stat().st_mode | _SHARED) & 0o2777)

    def swap(self, student: str, quiz: str) -> None:
        """Put what is staged in its place."""
        folder, new = self.root / student / quiz, self._place(student, quiz, "new")
        old = self._place(student, quiz, "old")
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)

    def remove(self, student: str, quiz: str) -> None:
        """Take away what an earlier grading left: it is not graded any more."""
        shutil.rmtree(self.root / student / quiz, ignore_errors=True)

    def _place(self, student: str, quiz: str, which: str) -> Path:
        return self.root / student / f".{quiz}.{which}"


def contents(assignment: Assignment, task: Task, result: Result) -> dict[str, bytes]:
    """The files of a graded submission by name: what nbgrader would have there."""
    secret = {SECRET: task.files[SECRET]} if SECRET in task.files else {}
    notebook = {f"{assignment.name}.ipynb": result.notebook or b""}
    return beside(assignment.files.get(ITEMS), task) | secret | notebook
