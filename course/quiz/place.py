"""Where a quiz lies: its folder, which edition it is, its items, and where answers go.

Searched from the folder in which the kernel started, so that `os.chdir` in a notebook changes
nothing, then from the working directory. The path of the journal is absolute from the start.
"""

import atexit
import difflib
import getpass
import hashlib
import os
import re
import shutil
import sys
import tempfile
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from course.errors import CourseError
from course.quiz import journal
from course.quiz.itemsfile import content
from course.quiz.shown import to_student

ITEMS, BANK = "items.json", "bank.toml"
LONGEST_NAME = 200
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")

Edition = Literal["student", "solutions", "grading"]


@dataclass(frozen=True)
class Place:
    """A quiz as it was found; `bank` is the digest of its bank.

    `items` are by id in their order, as `student` sees them: the own variants in the own order.
    """

    name: str
    title: str
    folder: Path
    edition: Edition
    items: dict[str, dict[str, Any]]
    bank: str
    journal_path: Path
    student: str
    policy: dict[str, Any]
    released: dict[str, dict[str, Any]]
    """The items by id as the file has them, with all variants."""


def locate(name: str, start: Path | None = None) -> Place:
    """The quiz of that name, from `start` (default: where the kernel runs) or from its parents.

    In each of them the folder itself is looked at, then `quizzes/NAME` in it. Raises CourseError
    when there is none, or when the first one found is damaged.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise CourseError(f"{name!r} names no quiz; write it as in quiz('01_first_call').")
    starts = [Path(start).resolve()] if start else _starts()
    for folder in dict.fromkeys(found for begin in starts for found in _candidates(begin, name)):
        # Beside a bank no answer is ever written; while grading, a student's bank is no bank.
        looks = (_student, _solutions) if execution() else (_solutions, _student)
        for look in looks:
            if place := look(folder, name):
                return place
    raise CourseError(_not_found(name, starts))


def execution() -> str:
    """What nbgrader runs the notebook for: "autograde", "validate", or "" for a person."""
    return os.environ.get("NBGRADER_EXECUTION", "")


def _starts() -> list[Path]:
    here = Path.cwd()
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    begin = getattr(shell, "starting_dir", None)
    if execution() or not begin:  # a grader's shell may be older than the submission's folder
        return [here]
    return list(dict.fromkeys([Path(begin).resolve(), here]))


def _candidates(start: Path, name: str) -> Iterator[Path]:
    yield start
    if execution():  # never another folder's answers
        return
    for base in (start, *start.parents):
        yield base
        yield base / "quizzes" / name


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a parent that may not be looked into
        return False


def _student(folder: Path, name: str) -> Place | None:
    path = folder / ITEMS
    if not _is_file(path):
        return None
    found = content(path)
    if found["quiz"] != name:
        if folder.name == name:
            raise CourseError(
                f"{path} holds the quiz {found['quiz']!r}, not {name!r}: get the folder again, "
                f"or run `course release {name}`."
            )
        return None
    edition = "grading" if execution() else "student"
    return _place(folder, found, edition, folder / journal.FILE)


def _solutions(folder: Path, name: str) -> Place | None:
    path = folder / BANK
    if not _is_file(path):
        return None
    try:
        if tomllib.loads(path.read_text(encoding="utf-8")).get("quiz") != name:
            return None
    except (OSError, ValueError):
        if folder.name != name:
            return None  # else loading it says what is wrong with it
    found = _released(path, path.stat().st_mtime_ns)
    kept = _trial_folder() / hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    kept.mkdir(exist_ok=True)
    return _place(folder, found, "solutions", kept / journal.FILE)


def student() -> str:
    """The name that variants are drawn for: COURSE_STUDENT, the hub's, or the account's."""
    for variable in ("COURSE_STUDENT", "JUPYTERHUB_USER"):
        name = unicodedata.normalize("NFC", os.environ.get(variable, "")).strip()
        if name:
            return name[:LONGEST_NAME]
    try:
        return getpass.getuser()[:LONGEST_NAME]
    except (OSError, KeyError, ImportError):
        return "student"


def _place(folder: Path, found: dict[str, Any], edition: Edition, path: Path) -> Place:
    name, policy = found["quiz"], found.get("policy", {})
    who = _recorded_name(path, name) or student()
    released = {item["id"]: item for item in found["items"]}
    items = {
        item_id: to_student(item, assignment=name, student=who, policy=policy)
        for item_id, item in released.items()
    }
    title, bank = found["title"], found["bank"]
    return Place(name, title, folder, edition, items, bank, path, who, policy, released)


def _recorded_name(path: Path, name: str) -> str | None:
    """The name in the journal: who has begun as one student goes on as the same."""
    try:
        events = journal.Journal(path, name).events()
    except CourseError:  # told by whoever reads or writes answers
        return None
    return next((event.student for event in events if event.student), None)


@lru_cache(maxsize=8)
def _released(path: Path, changed: int) -> dict[str, Any]:
    """The bank as a student would get it; sealing takes a moment, so once a version."""
    from course.facts import facts  # a student's edition needs neither
    from course.quiz import bank, release

    return release.student_items(bank.load(path, facts=facts()))


@cache
def _trial_folder() -> Path:
    """Answers tried out on solutions live as long as this process, and never beside a bank."""
    folder = Path(tempfile.mkdtemp(prefix="course-"))
    owner = os.getpid()

    def remove() -> None:
        if os.getpid() == owner:  # a forked child leaves it to its parent
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder


def _not_found(name: str, starts: list[Path]) -> str:
    bases = [base for start in starts for base in (start, *start.parents)]
    known = {path.parent.name for base in bases for path in base.glob(f"quizzes/*/{ITEMS}")}
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or sorted(known)[:8]
    hint = f" There is {', '.join(near)}." if near else ""
    return (
        f"No quiz {name!r} was found from {' or '.join(map(str, starts))} upwards, nor in a "
        "quizzes folder there: change into the course's folder, or open the notebook that lies "
        f"in the quiz's own folder.{hint}"
    )
