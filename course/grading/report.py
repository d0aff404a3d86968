"""What students and instructors read afterwards: feedback pages and a table of scores."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat.v4

from course.errors import CourseError
from course.grading import clean, gradebook, late, settings
from course.grading import feedback as pages
from course.grading.late import LatePenalty
from course.grading.recorded import Recorded, recorded

_BESIDE = ("timestamp.txt", "submission_secret.txt")
"""What nbgrader's release_feedback needs beside a page; nothing else stays there."""
_MADE = ".made-{quiz}.json"
"""In feedback/: of which graded notebook and marks each page was made, and what the page was."""


@dataclass(frozen=True)
class Score:
    """A student's recorded points; `by_hand` when a person has still to look at them."""

    student: str
    score: float
    max: float
    by_hand: bool


def feedback(quiz: str, *, root: str | Path) -> list[Path]:
    """Write feedback/STUDENT/`quiz`/`quiz`.html for each graded submission; the pages' paths.

    A page shows the student's own notebook, answers, points and reasons, and no key. Penalties
    for coming late are worked out anew first. A page that would be the same is not written
    again; pages of submissions that are not graded any more are removed. Raises CourseError,
    after all pages that can be written are.
    """
    root = Path(root).absolute()
    graded = sorted(root.glob(f"autograded/*/{quiz}/{quiz}.ipynb"))
    students = [path.parent.parent.name for path in graded]
    for old in root.glob(f"feedback/*/{quiz}"):
        if old.parent.name not in students:
            shutil.rmtree(old)
    if not students:
        settings.check(quiz, root)
        raise CourseError(f"No submission of {quiz} is graded here: run `course grade {quiz}`.")
    config = settings.load(root)
    with gradebook.opened(root) as book:
        late.assign(book, quiz, config)
        found = recorded(book, quiz)
    with _Pages(root / "feedback", quiz, LatePenalty(config=config)) as desk:
        for student, path in zip(students, graded, strict=True):
            desk.make(student, path, found.get(student))
    if desk.problems:
        raise CourseError(f"Not all feedback of {quiz} could be written: {_few(desk.problems)}.")
    return [root / "feedback" / student / quiz / f"{quiz}.html" for student in students]


def scores(quiz: str, *, root: str | Path) -> list[Score]:
    """The recorded scores of a quiz by student; [] for a quiz that was never graded."""
    root = Path(root).absolute()
    if not gradebook.kept(root):
        return []
    with gradebook.opened(root) as book:
        found = recorded(book, quiz)
    rows = [Score(one.student, one.score, one.possible, bool(one.waiting))
            for one in found.values()]  # fmt: skip
    return sorted(rows, key=lambda row: row.student)


class _Pages:
    """The desk where a quiz's pages are made; it remembers what each one was made of."""

    def __init__(self, folder: Path, quiz: str, policy: LatePenalty):
        self.folder, self.quiz, self.policy = folder, quiz, policy
        self.problems: list[str] = []
        self._memory = folder / _MADE.format(quiz=quiz)
        self._made: dict[str, list[str]] = {}
        self._before = _remembered(self._memory)
        self._edition = _edition(policy)

    def __enter__(self) -> "_Pages":
        self.folder.mkdir(exist_ok=True)
        return self

    def __exit__(self, broken_off, *_) -> None:
        made = self._before | self._made if broken_off else self._made
        _write(self._memory, json.dumps(made).encode())

    def make(self, student: str, graded: Path, found: Recorded | None) -> None:
        """Write one student's page, unless it is there already as it would be written."""
        target = self.folder / student / self.quiz / f"{self.quiz}.html"
        try:
            source = graded.read_bytes()
            made_of = _digest(self._edition, source, _facts(found))
            known = self._before.get(student, [])
            if known[:1] != [made_of] or known[1:] != [_of_file(target)]:
                text = self._page(source, found).encode()
                target.parent.mkdir(parents=True, exist_ok=True)
                _write(target, text)
                known = [made_of, _digest(text)]
            _tidy(target, graded.parent)
        except (CourseError, OSError) as error:
            target.unlink(missing_ok=True)
            self.problems.append(f"{student}: {error}")
        else:
            self._made[student] = known

    def _page(self, source: bytes, found: Recorded | None) -> str:
        try:
            nb = nbformat.v4.reads(source.decode())
            return pages.page(nb, found, quiz=self.quiz, policy=self.policy)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            said = "its graded notebook is damaged: grade it again"
            raise CourseError(said) from error


def _remembered(path: Path) -> dict[str, list[str]]:
    """What was noted of the pages when they were made; {} where that can't be known."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        noted = json.loads(path.read_bytes())
        return {name: made for name, made in noted.items() if isinstance(made, list)}
    return {}


def _edition(policy: LatePenalty) -> bytes:
    """Stands for all that decides how a page looks, beside the notebook and the marks."""
    files = [pages.TEMPLATE, Path(pages.__file__), Path(clean.__file__), Path(late.__file__)]
    return _digest(*(path.read_bytes() for path in files), policy.zone_name.encode()).encode()


def _facts(found: Recorded | None) -> bytes:
    """What is recorded, in one order: a database may tell it in any."""
    if found is None:
        return b""
    order = sorted(found.grades.items()), sorted(found.comments.items())
    return repr((found.student, found.handed_in, found.due, found.penalty, order)).encode()


def _digest(*parts: bytes) -> str:
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()


def _of_file(path: Path) -> str:
    try:
        return _digest(path.read_bytes())
    except OSError:
        return ""


def _write(path: Path, content: bytes) -> None:
    """Whoever reads `path` finds the old content or the whole new one."""
    number, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(number, "wb") as stream:
            stream.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _tidy(page: Path, graded: Path) -> None:
    """Beside the page lies what nbgrader needs there, and nothing else."""
    for name in _BESIDE:
        with contextlib.suppress(FileNotFoundError):
            content = (graded / name).read_bytes()
            if _of_file(page.parent / name) != _digest(content):
                _write(page.parent / name, content)
    for other in _others(page):
        shutil.rmtree(other) if other.is_dir() and not other.is_symlink() else other.unlink()


def _others(page: Path) -> Iterator[Path]:
    kept = {page.name, *_BESIDE}
    return (path for path in list(page.parent.iterdir()) if path.name not in kept)


def _few(problems: list[str]) -> str:
    more = f"; and {len(problems) - 3} more" if len(problems) > 3 else ""
    return "; ".join(problems[:3]) + more
