"""What an instructor should know before grading a class, as sentences; nothing is changed here.

Here is what the hand-ins tell: copies, shared accounts, clocks. What others on this computer can
reach is in `reach`.
"""

import contextlib
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nbgrader.api import MissingEntry
from nbgrader.utils import parse_utc
from traitlets.config import Config

from course.errors import CourseError
from course.grading import gradebook, intake, settings
from course.grading.late import LatePenalty
from course.grading.reach import MOST_NAMED, computer, listed
from course.grading.settings import ANSWERS
from course.quiz.archive import read_file
from course.quiz.journal import MOST_BYTES, Event, Journal

try:
    import pwd
except ImportError:  # Windows
    pwd = None

_CLOCKS_DIFFER = timedelta(minutes=5)


def preflight(root: str | Path, quiz: str) -> list[str]:
    """Sentences to read before `quiz` is graded; [] where nothing is amiss."""
    return [*hand_ins(root, quiz), *due_dates(root, quiz), *computer(root)]


def due_dates(root: str | Path, quiz: str) -> list[str]:
    """What is odd about the due dates in nbgrader_config.py: names of no quiz, and old dates."""
    root = Path(root).absolute()
    due, known = LatePenalty(config=settings.load(root)).due, settings.quizzes(root)
    said = [
        f"nbgrader_config.py has a due date for {name}, which is no quiz here"
        f"{settings.meant(name, known)}."
        for name in due
        if name not in known
    ]
    kept = None if quiz in due else _kept_date(root, quiz)
    if kept:
        said.append(
            f"{quiz} has no due date in nbgrader_config.py, but {kept} (UTC) in the gradebook, and "
            f'that one counts; c.LatePenalty.due = {{"{quiz}": ""}} takes it out.'
        )
    return said


def _kept_date(root: Path, quiz: str) -> str:
    """The due date in the gradebook, as text; "" for none."""
    if not gradebook.kept(root):
        return ""
    with gradebook.opened(root) as book, contextlib.suppress(MissingEntry):
        at = book.find_assignment(quiz).duedate
        return f"{at:%Y-%m-%d %H:%M}" if at else ""
    return ""


def hand_ins(root: str | Path, quiz: str) -> list[str]:
    """What is odd about the answers of a quiz as they lie in submitted/, and in the exchange."""
    root = Path(root).absolute()
    found = [one for one in intake.submissions(quiz, root=root) if not one.refused]
    contents = {one.student: _answers(one.folder) for one in found}
    events = {one.student: _events(one.folder, quiz) for one in found}
    times = {one.student: intake.timestamp(one.folder) for one in found}
    same = _groups({name: _hash(text) for name, text in contents.items() if text.strip()})
    starts = _groups({name: _hash(_first(text)) for name, text in contents.items() if text.strip()})
    return [
        *_few(f"{listed(names)} handed in the same answers file, byte for byte."
              for names in same),
        *_few(f"The answers of {listed(names)} begin with the same line: one file was copied."
              for names in starts if names not in same),
        *_few(_names(events, copied=starts)),
        *_clocks(events, times),
        *_accounts(quiz, settings.load(root)),
    ]  # fmt: skip


def _answers(folder: Path) -> bytes:
    try:
        return read_file(folder / ANSWERS, most=MOST_BYTES) or b""
    except CourseError:
        return b""


def _events(folder: Path, quiz: str) -> list[Event]:
    try:
        return Journal(folder / ANSWERS, quiz).events()
    except (CourseError, OSError):
        return []


def _names(events: Mapping[str, list[Event]], *, copied: list[list[str]]) -> Iterator[str]:
    """Journals that were written under one name, though handed in under several."""
    users = defaultdict(set)
    for student, answers in events.items():
        for event in answers:
            if event.student:
                users[event.student].add(student)
    for name, students in sorted(users.items()):
        students = sorted(students | ({name} & events.keys()))
        if len(students) > 1 and students not in copied:
            yield (
                f"The answers of {listed(students)} were recorded under one name, {name[:80]}: "
                "they share an account, or one handed in the other's work."
            )


def _clocks(events: Mapping[str, list[Event]], times: Mapping[str, str]) -> Iterator[str]:
    early = []
    for student, handed_in in times.items():
        last = max(filter(None, map(_time, events[student])), default=None)
        at = parse_utc(handed_in).replace(tzinfo=UTC) if handed_in else None
        if last and at and last - at > _CLOCKS_DIFFER:
            early.append(student)
    if early:
        yield (
            f"{listed(early)} handed in before the last answer was recorded, by their own "
            "computer's times: a clock was wrong, or was changed."
        )


def _time(event: Event) -> datetime | None:
    with contextlib.suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(event.at)
        return at.astimezone(UTC) if at.tzinfo else None


def _accounts(quiz: str, config: Config) -> Iterator[str]:
    """Hand-ins of several students in the exchange that one account of the computer owns."""
    inbound = Path(config.Exchange.get("root", ""), config.CourseDirectory.course_id, "inbound")
    owners = defaultdict(set)
    for path in inbound.glob(f"*+{quiz}+*") if "root" in config.Exchange else ():
        with contextlib.suppress(OSError):
            owners[path.lstat().st_uid].add(path.name.split(f"+{quiz}+")[0])
    for owner, students in sorted(owners.items()):
        if len(students) > 1:
            yield (
                f"In the exchange one account of this computer ({_account(owner)}) owns the "
                f"hand-ins of {listed(sorted(students))}: nothing but the name tells them apart."
            )


def _account(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except (KeyError, AttributeError):
        return f"number {number}"


def _groups(marks: Mapping[str, str]) -> list[list[str]]:
    """The students that have one mark, in groups of two or more."""
    groups = defaultdict(list)
    for student, mark in marks.items():
        groups[mark].append(student)
    return [sorted(names) for names in groups.values() if len(names) > 1]


def _few(sentences: Iterable[str]) -> list[str]:
    """The first of many sentences of one kind, and how many more there are."""
    found = list(sentences)
    more = len(found) - MOST_NAMED
    return [*found[:MOST_NAMED], *[f"The same is to be said of {more} more groups."] * (more > 0)]


def _first(text: bytes) -> bytes:
    return text.split(b"\n", 1)[0].strip()


def _hash(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
