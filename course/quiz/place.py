"""Where a quiz lies: its folder, which edition it is, its items, and where answers go.

Searched from the folder in which the kernel started, so that `os.chdir` in a notebook changes
nothing, then from the working directory. The path of the journal is absolute from the start.
"""

import atexit
import difflib
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, StrictStr, ValidationError

from course.errors import CourseError
from course.quiz import journal

ITEMS, BANK = "items.json", "bank.toml"
MOST_BYTES = 5_000_000
_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")

Edition = Literal["student", "solutions", "grading"]


@dataclass(frozen=True)
class Place:
    """A quiz as it was found; `items` by id in their order, `bank` the digest of its bank."""

    name: str
    title: str
    folder: Path
    edition: Edition
    items: dict[str, dict[str, Any]]
    bank: str
    journal_path: Path


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
    content = _content(path)
    if content["quiz"] != name:
        if folder.name == name:
            raise CourseError(
                f"{path} holds the quiz {content['quiz']!r}, not {name!r}: get the folder again, "
                f"or run `course release {name}`."
            )
        return None
    edition = "grading" if execution() else "student"
    return _place(folder, content, edition, folder / journal.FILE)


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
    content = _released(path, path.stat().st_mtime_ns)
    kept = _trial_folder() / hashlib.sha256(str(folder).encode()).hexdigest()[:12]
    kept.mkdir(exist_ok=True)
    return _place(folder, content, "solutions", kept / journal.FILE)


def _place(folder: Path, content: dict[str, Any], edition: Edition, path: Path) -> Place:
    items = {item["id"]: item for item in content["items"]}
    name, title, bank = content["quiz"], content["title"], content["bank"]
    return Place(name, title, folder, edition, items, bank, path)


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="allow")


class _Option(_Lenient):
    id: StrictStr
    text: StrictStr


class _Item(_Lenient):
    id: StrictStr
    type: StrictStr
    stem: StrictStr
    options: list[_Option]
    unit: StrictStr = ""
    units: list[StrictStr] = []


class _Items(_Lenient):
    v: Literal[1]
    quiz: StrictStr
    title: StrictStr
    bank: StrictStr
    items: list[_Item]


def _content(path: Path) -> dict[str, Any]:
    """What items.json holds, or CourseError for one that is damaged."""
    try:
        with path.open("rb") as stream:
            written = stream.read(MOST_BYTES + 1)
        if len(written) > MOST_BYTES:
            raise ValueError("it is too big")
        content = json.loads(written)
        _Items.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        reason = ".".join(map(str, first["loc"])) or "the whole of it"
        raise CourseError(_damaged(path, f"{reason} is not as it should be")) from None
    except OSError as error:
        raise CourseError(_damaged(path, error.strerror or "no access")) from None
    except (ValueError, RecursionError):
        raise CourseError(_damaged(path, "it is not whole")) from None
    return content


def _damaged(path: Path, reason: str) -> str:
    return (
        f"{path} can't be read ({reason}): get that file again from where the quiz came from, "
        f"or run `course release {path.parent.name}`; your answers beside it are not touched."
    )


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
