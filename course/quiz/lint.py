"""The linter of question banks: every rule of good items over the banks in solutions/.

`report` reads banks, facts and what is released; the rules (in `course.quiz.rules`) are pure.
For instructors and CI: nothing that a student's notebook imports imports this.
"""

import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

from course import facts
from course.errors import CourseError
from course.quiz import bank as banks
from course.quiz import rules
from course.quiz.bank import Bank
from course.quiz.rules import E, Finding, Matter, Quiz

READABLE = "readable"
_LARGEST = 5_000_000
"""Bytes of a released file that are read; nothing that a quiz is made of is larger."""

_MOST_MEMBERS = 200


@dataclass(frozen=True)
class _Banks:
    """The banks that could be read, with the quiz's name, and findings on those that could not."""

    read: dict[str, Quiz]
    unread: list[Finding]


def report(
    names: Iterable[str] = (), *, root: str | Path, today: date | None = None
) -> tuple[list[Finding], str]:
    """What the rules find in the quizzes of these names (none: all), and a text that tells it.

    `today` is the day on which facts are too old; without it, it is `course.facts.today()`. All
    banks are read in any case, since some rules look at the whole course. Whether a check fails
    is `stops(findings)`. Raises CourseError for a quiz that has no bank.
    """
    root, day = Path(root), today or facts.today()
    known = sorted(path.parent.name for path in root.glob("solutions/*/bank.toml"))
    names = list(names) or known
    if strangers := [name for name in names if name not in known]:
        raise CourseError(f"There is no solutions/{strangers[0]}/bank.toml; there are {known}.")
    found = _read(known, root, facts.facts())
    matter = Matter(tuple(found.read.values()), facts.facts(), day)
    shown = [
        finding
        for finding in found.unread + rules.apply(matter)
        if _folder(finding.file) in names or _folder(finding.file) not in known
    ]
    return shown, text(shown, quizzes=names, items=_count(found.read, names))


def report_file(path: str | Path, *, today: date | None = None) -> tuple[list[Finding], str]:
    """The same for one bank that lies anywhere, judged by itself."""
    known = facts.facts()
    findings = check(path, facts=known, today=today or facts.today())
    try:
        items = len(banks.load(path, facts=known).items)
    except CourseError:
        items = 0
    return findings, text(findings, quizzes=[str(path)], items=items)


def check(path: str | Path, *, facts: Mapping[str, Any], today: date) -> list[Finding]:
    """What the rules find in one bank, wherever it lies."""
    path = Path(path)
    try:
        quiz = _quiz(path, facts, file=path.name)
    except CourseError as error:
        return [_unreadable(path.name, error)]
    return rules.apply(Matter((quiz,), facts, today))


def stops(findings: Iterable[Finding]) -> bool:
    """Whether a check of the banks fails: an E, or a W without a waiver."""
    return any(finding.stops for finding in findings)


def text(findings: Iterable[Finding], *, quizzes: Iterable[str], items: int) -> str:
    """The findings, one a line, and a line that sums them up."""
    findings = list(findings)
    open_ones = [finding for finding in findings if finding.stops]
    errors = sum(finding.severity == E for finding in open_ones)
    counts = f"{errors} E, {len(open_ones) - errors} W, {len(findings) - len(open_ones)} waived"
    looked = f"{_some(len(list(quizzes)), 'quiz', 'quizzes')}, {_some(items, 'item', 'items')}"
    said = "mend them" if open_ones else "nothing to mend"
    return "\n".join([*map(str, findings), f"{looked}: {counts}; {said}."])


def _some(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _count(read: Mapping[str, Quiz], names: Iterable[str]) -> int:
    return sum(len(read[name].bank.items) for name in names if name in read)


def _read(names: list[str], root: Path, known: Mapping[str, Any]) -> _Banks:
    found = _Banks({}, [])
    for name in names:
        file = f"solutions/{name}/bank.toml"
        try:
            released = tuple(_released(root, name, known=names))
            found.read[name] = _quiz(root / file, known, file=file, released=released)
        except CourseError as error:
            found.unread.append(_unreadable(file, error))
    return found


def _quiz(
    path: Path, known: Mapping[str, Any], *, file: str, released: tuple[tuple[str, str], ...] = ()
) -> Quiz:
    bank = banks.load(path, facts=known)
    written = Bank.model_validate(tomllib.loads(path.read_text("utf-8"), parse_float=Decimal))
    return Quiz(file, bank, written, released)


def _unreadable(file: str, error: CourseError) -> Finding:
    said = " ".join(str(error).split())
    return Finding(file, "", READABLE, E, said, "correct the bank until it can be read")


def _folder(file: str) -> str:
    """The quiz's name in solutions/NAME/… and quizzes/NAME/…"""
    return "".join(file.split("/")[1:2])


def _released(root: Path, name: str, *, known: list[str]) -> Iterator[tuple[str, str]]:
    """(path, text) of each file in quizzes/NAME or in no quiz's folder, and of what zips hold."""
    for path in sorted((root / "quizzes").rglob("*")):
        shown = path.relative_to(root).as_posix()
        is_ours = _folder(shown) == name or _folder(shown) not in known
        if is_ours and path.is_file() and path.stat().st_size <= _LARGEST:
            content = path.read_bytes()
            inside = [(f"{shown}/{name}", said) for name, said in _members(content)]
            yield from inside or [(shown, _decoded(content))]


def _members(content: bytes) -> Iterator[tuple[str, str]]:
    if not content.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            for member in archive.infolist()[:_MOST_MEMBERS]:
                if not member.is_dir() and member.file_size <= _LARGEST:
                    yield member.filename, _decoded(archive.read(member))
    except (zipfile.BadZipFile, OSError, RuntimeError, EOFError, ValueError):
        return


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", "replace")
