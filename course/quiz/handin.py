"""Handing a quiz in: through the class's nbgrader exchange where there is one, else as a zip."""

import contextlib
import getpass
import os
import re
import subprocess
import sys
import tempfile
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_core.paths import jupyter_config_path

from course.errors import CourseError
from course.quiz import archive, journal
from course.quiz.archive import HandIn
from course.quiz.collect import Collected, collect
from course.quiz.gather import answered_in, gather
from course.quiz.place import Place, execution, locate

if TYPE_CHECKING:
    from course.quiz import Quiz

__all__ = ["Collected", "Receipt", "collect", "submit"]

_EXCHANGE_S = 120
_CHANGE_NAME = 'say who you are with submit(student="NAME") or `course submit QUIZ --student NAME`'


@dataclass(frozen=True)
class Receipt:
    """What was handed in, or why nothing was: `where` is the zip, the exchange's folder, or None.

    `answered` and `unanswered` are item ids; `remarks` what the learner should know besides.
    """

    quiz: str
    student: str
    where: Path | None
    at: datetime | None
    answered: tuple[str, ...]
    unanswered: tuple[str, ...]
    remarks: tuple[str, ...]
    next: str

    def __repr__(self) -> str:
        if self.where is None:
            return self.next
        items = len(self.answered) + len(self.unanswered)
        missing = f"; not answered: {', '.join(self.unanswered)}" if self.unanswered else ""
        done = "Ready to hand in" if self.where.suffix == ".zip" else "Handed in"
        lines = [
            f"{done}: {self.quiz}, as {self.student}, at {self.at:%Y-%m-%d %H:%M} UTC",
            f"{len(self.answered)} of {items} items answered{missing}",
            f"Saved in: {self.where}",
            *self.remarks,
            f"Next: {self.next}",
        ]
        return "\n".join(lines)


def submit(
    quiz: "str | Quiz", *, student: str | None = None, root: str | Path | None = None
) -> Receipt:
    """Hand in a quiz, by its name (looked for here, or from `root`) or as it is open.

    The receipt says where it went, what is not answered, and what to do next. The name of who
    hands in: `student`, else COURSE_STUDENT, else this computer's account; with an empty
    `student` nothing is handed in. Handing in again is always possible. Raises CourseError for
    a name that can't be used, or no place to write.
    """
    place = locate(quiz, Path(root) if root else None) if isinstance(quiz, str) else quiz.place
    if place.edition != "student" or (student is not None and not student.strip()):
        return _nothing(place)
    student, remarks = _identity(student)
    at = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="handin-") as desk:
        folder = Path(desk) / place.name
        folder.mkdir()
        remarks += gather(place, folder)
        recorded = journal.Journal(folder / journal.FILE, place.name).read()
        files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        answered = answered_in(place, recorded, files.get(f"{place.name}.ipynb", b""))
        last = max((event.seq for event in recorded.values()), default=0)
        where, steps = _to_exchange(place, student, Path(desk))
        remarks += steps
        if where is None:
            desks = [Path.cwd(), place.folder, Path.home()]
            if not isinstance(quiz, str):  # from its notebook: beside it, wherever os.chdir went
                desks[:2] = [place.folder, Path.cwd()]
            handed_in = HandIn(student, place.name, at, files, last)
            where, steps = _to_zip(desks, handed_in)
            remarks += steps
            what_next = "send this file to your instructor, or upload it where your class does."
        else:
            what_next = "nothing; your instructor collects it from there."
    unanswered = tuple(name for name in place.items if name not in answered)
    if not answered:
        remarks.append("Nothing is answered yet: answer, then hand in again.")
    return Receipt(place.name, student, where, at, answered, unanswered, tuple(remarks), what_next)


def _nothing(place: Place) -> Receipt:
    if execution():
        said = "While a notebook is graded or validated, nothing is handed in."
    elif place.edition == "student":
        said = "Nothing is handed in yet: write your name between the quotes, then do this again."
    else:
        said = f"This is the instructor's edition of {place.name}: there is nothing to hand in."
    return Receipt(place.name, "", None, None, (), tuple(place.items), (), said)


def _identity(student: str | None) -> tuple[str, list[str]]:
    given = student if student is not None else os.environ.get("COURSE_STUDENT")
    remarks = []
    if given is None:
        given = _account()
        remarks = [
            f"The name is that of this computer's account; if it is not yours, {_CHANGE_NAME}."
        ]
    name = unicodedata.normalize("NFC", str(given)).strip()
    if problem := archive.name_problem(name):
        raise CourseError(
            f"The name {name[:70]!r} can't be used: it {problem}; {_CHANGE_NAME}, such as ana-k."
        )
    return name, remarks


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        raise CourseError(
            f"This computer does not tell whose account it is: {_CHANGE_NAME}."
        ) from None


def _to_zip(desks: list[Path], handed_in: HandIn) -> tuple[Path, list[str]]:
    """Write NAME-QUIZ.zip on the first desk that takes it; the file and what should be said."""
    name = f"{handed_in.student}-{handed_in.quiz}.zip"
    reason = ""
    for folder in dict.fromkeys(desks):
        path = folder / name
        again = ["It replaces the zip that you made before."] if path.exists() else []
        try:
            archive.write(path, handed_in)
        except OSError as error:
            reason = reason or f"{folder} can't be written ({error.strerror})"
            continue
        elsewhere = [f"{reason}: the zip is elsewhere."] if reason else []
        return path, elsewhere + again + _shared(folder, handed_in)
    raise CourseError(f"The zip can't be saved: {reason}; change to a folder of your own.")


def _shared(folder: Path, handed_in: HandIn) -> list[str]:
    """Told when the zip of another name beside it holds the same answers' beginning."""
    begins = handed_in.files.get(journal.FILE, b"").split(b"\n")[0]
    for path in sorted(folder.glob(f"*-{handed_in.quiz}.zip")):
        with contextlib.suppress(CourseError, OSError):
            other = archive.read(path)
            same = begins and other.files.get(journal.FILE, b"").split(b"\n")[0] == begins
            if same and other.student != handed_in.student:
                return [
                    f"These answers lie in {path.name} too, as {other.student}'s: two people need "
                    "a copy of the folder each."
                ]
    return []


def _to_exchange(place: Place, student: str, desk: Path) -> tuple[Path | None, list[str]]:
    """Hand in with nbgrader's own submit; None where there is no exchange, or it says no."""
    if not _has_exchange():
        return None, []
    begin = next((up for up in place.folder.parents if (up / "nbgrader_config.py").exists()), desk)
    try:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "nbgrader", "submit", place.name),
                *(f"--student={student}", f"--Exchange.assignment_dir={desk}"),
            ],
            cwd=begin,
            capture_output=True,
            text=True,
            timeout=_EXCHANGE_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, [f"The class's exchange did not take it ({type(error).__name__})."]
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stderr + done.stdout)
    if done.returncode == 0 and (found := re.search(r"Destination: (.+)", said)):
        return Path(found[1].strip()), []
    reasons = re.findall(r"\| (?:ERROR|CRITICAL)\] (.+)", said) or ["no reason given"]
    return None, [f"The class's exchange did not take it ({reasons[0].strip()})."]


def _has_exchange() -> bool:
    """Whether somebody has set nbgrader up here, beyond the course's own settings."""
    if os.environ.get("NBGRADER_EXCHANGE", "").strip():
        return True
    folders = [Path(folder) for folder in jupyter_config_path()]
    return any((folder / f"nbgrader_config.{end}").exists()
               for folder in folders for end in ("py", "json"))  # fmt: skip
