"""Taking handed-in zips into submitted/STUDENT/QUIZ, so that no hand-in is lost or mixed up."""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from course.errors import CourseError
from course.quiz import archive, journal
from course.quiz.archive import HandIn

TIMESTAMP = "timestamp.txt"
_TIME = "%Y-%m-%d %H:%M:%S.%f UTC"
_MOST_NAMESAKES = 99


@dataclass(frozen=True)
class Collected:
    """What became of one file: status new, replaced, already there, older, refused or left."""

    file: Path
    status: str
    said: str
    student: str = ""
    quiz: str = ""

    @property
    def ok(self) -> bool:
        """Whether the zip could be read; an older one that was left aside is no failure."""
        return self.status != "refused"

    def __str__(self) -> str:
        return f"{self.file.name}: {self.said}"


def collect(
    folders: Sequence[str | Path], *, root: str | Path, force: bool = False
) -> list[Collected]:
    """Take zips, or folders of zips, into submitted/ under `root`: one record for each.

    Whose hand-in it is, is told by name and by the first line of the answers: a namesake with
    other first answers is kept as NAME-2. An older zip replaces a newer one only with `force`.
    A zip that is not as it should be is refused with one sentence, and the others go on.
    """
    zips, submitted = list(_zips(folders)), Path(root).absolute() / "submitted"
    settle(submitted)
    taken = [_collect(path, submitted, force=force) for path in zips]
    return [*taken, *_left(folders, Path(root))]


def _left(folders: Sequence[str | Path], root: Path) -> Iterator[Collected]:
    """The notebooks that lie among the zips, as mailed by somebody who did not know better."""
    quizzes = {path.name for path in (root / "quizzes").glob("*")}
    for folder in map(Path, folders):
        for path in sorted(folder.rglob("*.ipynb")) if folder.is_dir() else ():
            if path.stem in quizzes and root.absolute() not in path.absolute().parents:
                said = "not taken: answers lie beside it; ask for the zip of `course submit`."
                yield Collected(path, "left", said)


def settle(submitted: Path) -> None:
    """Finish or undo a replacement that was cut off in the middle: the old or the new, whole."""
    for old in submitted.glob("*/.*.old"):
        folder, new = _beside(old, ".old", ""), _beside(old, ".old", ".new")
        if not folder.exists():
            (new if new.exists() else old).rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    for new in submitted.glob("*/.*.new"):
        shutil.rmtree(new)


def _beside(path: Path, ending: str, other: str) -> Path:
    name = path.name.removesuffix(ending)
    return path.with_name(name + other if other else name.removeprefix("."))


def _zips(folders: Sequence[str | Path]) -> Iterator[Path]:
    for folder in map(Path, folders):
        if folder.is_dir():
            found = (path for path in folder.rglob("*") if path.suffix.lower() == ".zip")
            yield from sorted(path for path in found if not path.is_dir())
        elif os.path.lexists(folder):
            yield folder
        else:
            raise CourseError(f"There is no {folder}; name a zip, or a folder of zips.")


def _collect(path: Path, submitted: Path, *, force: bool) -> Collected:
    try:
        handed_in = archive.read(path)
    except CourseError as error:
        return Collected(path, "refused", f"refused: {error}.")
    try:
        return _take(path, handed_in, submitted, force=force)
    except (CourseError, OSError) as error:
        return Collected(path, "refused", f"could not be taken: {error}.", handed_in.student)


def _take(path: Path, handed_in: HandIn, submitted: Path, *, force: bool) -> Collected:
    folder = _folder(handed_in, submitted)
    student, quiz = folder.parent.name, handed_in.quiz
    where = f"submitted/{student}/{quiz}"
    namesake = (
        f" (another {handed_in.student} handed in {quiz} already, with other answers)"
        if student != handed_in.student
        else ""
    )
    status = "replaced" if folder.exists() else "new"
    if status == "replaced":
        if _same(folder, handed_in):
            return Collected(path, "already there", f"{where} has it already.", student, quiz)
        before = _handed_in_at(folder)
        if not force and (before is None or handed_in.at < before):
            said = (
                f"left aside: {where} is newer ({_told(before)}, this one {_told(handed_in.at)}); "
                "--force takes it all the same."
            )
            return Collected(path, "older", said, student, quiz)
    _put(folder, handed_in)
    words = {"new": "taken into", "replaced": "replaced what was in"}
    twins = _twins(folder, submitted)
    shared = f" Its answers begin as those of {', '.join(twins)}: ask whose they are." * bool(twins)
    return Collected(path, status, f"{words[status]} {where}{namesake}.{shared}", student, quiz)


def _twins(folder: Path, submitted: Path) -> list[str]:
    """Other students whose journal begins with the same line: it was copied, or shared."""
    line = _lineage(archive.read_file(folder / journal.FILE, most=journal.MOST_BYTES))
    twins = []
    for path in sorted(submitted.glob(f"*/{folder.name}/{journal.FILE}")):
        with contextlib.suppress(CourseError, OSError):
            other = archive.read_file(path, most=journal.MOST_BYTES)
            if line and path.parent != folder and _lineage(other) == line:
                twins.append(path.parent.parent.name)
    return twins


def _told(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "its time can't be read"


def _folder(handed_in: HandIn, submitted: Path) -> Path:
    """The student's folder, or the one of a namesake where the first answers differ."""
    line = _lineage(handed_in.files.get(journal.FILE))
    names = [handed_in.student]
    names += [f"{handed_in.student[:60]}-{number}" for number in range(2, _MOST_NAMESAKES)]
    for name in names:
        folder = submitted / name / handed_in.quiz
        if not os.path.lexists(folder):
            return folder
        if folder.is_symlink() or folder.parent.is_symlink():
            raise CourseError(f"{folder} is a link")
        if _lineage(archive.read_file(folder / journal.FILE, most=journal.MOST_BYTES)) in (
            "",
            line,
        ):
            return folder
    raise CourseError(f"more than {_MOST_NAMESAKES} students are called {handed_in.student}")


def _lineage(answers: bytes | None) -> str:
    """Two journals of one learner begin with the same line; "" for one that has none yet."""
    first = (answers or b"").split(b"\n", 1)[0].strip()
    return hashlib.sha256(first).hexdigest() if first else ""


def _same(folder: Path, handed_in: HandIn) -> bool:
    there = {path.name for path in folder.iterdir()} - {TIMESTAMP}
    return there == set(handed_in.files) and all(
        archive.read_file(folder / name, most=archive.MOST_NOTEBOOK_BYTES) == content
        for name, content in handed_in.files.items()
    )


def _handed_in_at(folder: Path) -> datetime | None:
    try:
        text = (archive.read_file(folder / TIMESTAMP, most=200) or b"").decode().strip()
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except (CourseError, ValueError):
        return None


def _put(folder: Path, handed_in: HandIn) -> None:
    """Lay the files down beside, then swap: `settle` mends a swap that was cut off."""
    new, old = folder.with_name(f".{folder.name}.new"), folder.with_name(f".{folder.name}.old")
    new.mkdir(parents=True)
    stamp = handed_in.at.strftime(_TIME).encode()
    for name, content in {**handed_in.files, TIMESTAMP: stamp}.items():
        with (new / name).open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
