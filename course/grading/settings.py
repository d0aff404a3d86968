"""nbgrader's settings for this course, in one place for its command, formgrader and ours."""

import contextlib
import difflib
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from jupyter_core.paths import jupyter_config_path
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from course.errors import CourseError

COURSE_ID = "gpt-4o-mini-course"
CONFIG_FILE = "nbgrader_config.py"
BANK = "bank.toml"
ITEMS = "items.json"
ANSWERS = "answers.jsonl"
TIMESTAMP = "timestamp.txt"

IGNORED = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", BANK, "*.zip"]
"""nbgrader's own list, the keys, and hand-ins lying about; never the answers: they travel."""

_OURS = "course.grading.preprocessors."
_THEIRS = "nbgrader.preprocessors."
SAVE_CELLS = _THEIRS + "SaveCells"
WRITE_ITEMS = _OURS + "WriteItems"
RELEASE = [  # StudentEdition has put stubs in the place of solutions
    _OURS + "StudentEdition",
    _THEIRS + "LockCells",
    _THEIRS + "ClearOutput",
    _THEIRS + "CheckCellMetadata",
    _THEIRS + "ComputeChecksums",
    SAVE_CELLS,
    _THEIRS + "ClearHiddenTests",
    _THEIRS + "ClearMarkScheme",
    _THEIRS + "ComputeChecksums",
    _THEIRS + "CheckCellMetadata",
    WRITE_ITEMS,
]
SANITIZE = [  # the exporter has put the notebook back into the released shape already
    _THEIRS + "OverwriteKernelspec",
    _THEIRS + "OverwriteCells",
    _THEIRS + "CheckCellMetadata",
]
AUTOGRADE = [
    _OURS + "ReadAnswers",
    "course.grading.running.RunCells",
    _OURS + "WriteMarks",
    _THEIRS + "IgnorePattern",
    _THEIRS + "LimitOutput",
    _THEIRS + "SaveAutoGrades",
    _OURS + "FlagByHand",
    _THEIRS + "AssignLatePenalties",
    _THEIRS + "CheckCellMetadata",
]

FEEDBACK = ["course.grading.feedback.SumUp"]

_NOISE = r"Object of type <.+> not in session, add operation along"
"""SQLAlchemy about nbgrader 0.9.6, three times in each submission that is new to a gradebook."""


def apply(config: Config, *, root: str | Path) -> None:
    """Set nbgrader up for the course in the folder `root`, on a traitlets Config.

    The environment variable NBGRADER_EXCHANGE names the folder of the class's exchange.
    """
    root = Path(root).absolute()
    _find_own_programs()
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.course_id = COURSE_ID
    config.CourseDirectory.source_directory = "solutions"
    config.CourseDirectory.release_directory = "quizzes"
    config.CourseDirectory.ignore = list(IGNORED)
    if exchange := os.environ.get("NBGRADER_EXCHANGE", "").strip():
        config.Exchange.root = str(Path(exchange).absolute())
    config.GenerateAssignment.preprocessors = list(RELEASE)
    config.Autograde.exporter_class = _OURS + "Submitted"
    config.Autograde.exclude_overwriting = {
        quiz: _not_to_copy(root / "solutions" / quiz) for quiz in quizzes(root)
    }
    config.Autograde.sanitize_preprocessors = list(SANITIZE)
    config.Autograde.autograde_preprocessors = list(AUTOGRADE)
    config.RunCells.own_code = os.environ.get("COURSE_RUN_STUDENT_CODE", "").strip() == "1"
    config.Autograde.pre_convert_hook = "course.grading.generate.before_grading"
    config.GenerateFeedback.exporter_class = "course.grading.feedback.FeedbackPage"
    config.GenerateFeedback.preprocessors = list(FEEDBACK)
    config.AssignLatePenalties.plugin_class = "course.grading.late.LatePenalty"
    if "nbgrader.converters.autograde" in sys.modules:  # nbgrader's own ways: they copy first
        from course.grading import careful

        careful.install()


def load(root: str | Path) -> Config:
    """The settings that nbgrader itself would work with in `root`: a site's, then the course's.

    An instructor's own lines in nbgrader_config.py (late penalties, a database) hold here too.
    """
    config, root = Config(), Path(root).absolute()
    for folder in [*reversed(jupyter_config_path()), str(root)]:
        if folder == str(root):
            apply(config, root=root)
        if Path(folder, CONFIG_FILE).is_file():
            config.merge(PyFileConfigLoader(CONFIG_FILE, path=folder).load_config())
    return config


def quizzes(root: Path) -> list[str]:
    """The names of the quizzes that have a bank in solutions/, in order."""
    return sorted(path.parent.name for path in (root / "solutions").glob(f"*/{BANK}"))


def check(quiz: str, root: Path) -> None:
    """CourseError for a quiz that the course does not have."""
    known = quizzes(root)
    if quiz not in known:
        raise CourseError(f"There is no quiz {quiz} in {root / 'solutions'}{meant(quiz, known)}.")


def meant(written: str, known: Sequence[str]) -> str:
    """ " (did you mean …?)", or "" where no name is like it."""
    near = difflib.get_close_matches(written, known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _not_to_copy(solutions: Path) -> list[str]:
    """nbgrader lays copies of solutions/ over each submission: here, of nothing at all."""
    found = {str(path.relative_to(solutions)) for path in solutions.rglob("*") if path.is_file()}
    return sorted(found | {ANSWERS, ITEMS})


def _find_own_programs() -> None:
    """nbgrader starts `alembic` by name: have it found without an activated environment."""
    own = str(Path(sys.executable).parent)
    if own not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join(filter(None, [own, os.environ.get("PATH")]))


class _Kept(logging.Handler):
    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextlib.contextmanager
def quiet() -> Iterator[tuple[logging.Logger, list[str]]]:
    """A log for nbgrader's parts whose lines are kept, not printed; its known noise is off.

    nbgrader leaves NBGRADER_EXECUTION and the folder changed when it fails: both are put back.
    """
    log, kept = logging.Logger("course.grading", logging.WARNING), _Kept()
    log.addHandler(kept)
    folder, before = Path.cwd(), os.environ.get("NBGRADER_EXECUTION")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=_NOISE)
        try:
            yield log, kept.lines
        finally:
            os.chdir(folder)
            os.environ.pop("NBGRADER_EXECUTION", None)
            if before is not None:
                os.environ["NBGRADER_EXECUTION"] = before


def cause(lines: list[str]) -> str:
    """The line that says why, out of what nbgrader logged: the last one of a traceback."""
    said = "\n".join(lines)
    found = re.findall(r"^(\w[\w.]*(?:Error|Exception|Exit|Entry)\b.*)$", said, re.MULTILINE)
    return (found[-1] if found else said.strip().split("\n")[-1])[:300]
