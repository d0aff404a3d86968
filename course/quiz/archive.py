"""The zip that a quiz is handed in as: manifest.json, the notebook, the answers, nothing else.

`write` makes one, `read` takes one from a stranger: each refusal is one sentence, nothing is
unpacked to the disk, and never more bytes are read than a hand-in can have.
"""

import hashlib
import io
import json
import os
import re
import stat
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from course.errors import CourseError
from course.quiz import journal

MANIFEST = "manifest.json"
MOST_NOTEBOOK_BYTES = 20_000_000
_MOST_MANIFEST_BYTES = 20_000
_MOST_ZIP_BYTES = MOST_NOTEBOOK_BYTES + journal.MOST_BYTES + 1_000_000
_QUIZ = re.compile(r"[A-Za-z0-9_-]{1,80}")
_WINDOWS_DEVICES = {"CON", "PRN", "AUX", "NUL"} | {
    f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10)
}
_SPOILS_PATHS = set('/\\+*?[]{}"<>|:')
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class HandIn:
    """One student's hand-in: the files by name, when it was made (UTC), the journal's last seq."""

    student: str
    quiz: str
    at: datetime
    files: dict[str, bytes]
    last_seq: int = 0


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    v: int
    student: str
    quiz: str
    at: str
    last_seq: int
    files: dict[str, str]


def name_problem(student: str) -> str:
    """Why a text can't be a student's name here, as words after "it"; "" when it can."""
    if not student:
        return "is empty"
    if student.casefold() == "your name":
        return "stands there for you to write your own"
    if student.partition(".")[0].upper() in _WINDOWS_DEVICES:
        return "is the name of a device on Windows"
    if len(student) > 64:
        return "has more than 64 characters"
    if student.startswith(".") or student != student.strip():
        return "begins with a point, or begins or ends with a space"
    if not student.isprintable():
        return "has a character that can't be seen"
    if spoilt := sorted(_SPOILS_PATHS & set(student)):
        return f"has {' and '.join(spoilt)} in it"
    return ""


def read_file(path: Path, *, most: int) -> bytes | None:
    """The bytes of a regular file, None when there is none; CourseError for anything else.

    Links are not followed, pipes not waited for, and never more than `most` bytes are read.
    """
    try:
        file = os.open(path, os.O_RDONLY | _FLAGS)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CourseError(f"{path.name} is a link, or can't be read ({error.strerror})") from error
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise CourseError(f"{path.name} is no plain file")
        with os.fdopen(file, "rb", closefd=False) as stream:
            found = stream.read(most + 1)
    finally:
        os.close(file)
    if len(found) > most:
        raise CourseError(f"{path.name} has more than {most / 1e6:g} MB")
    return found


def write(path: Path, handed_in: HandIn) -> None:
    """Write the zip in one step: whoever reads `path` finds the old zip or the whole new one."""
    manifest = {
        "v": 1,
        "student": handed_in.student,
        "quiz": handed_in.quiz,
        "at": handed_in.at.isoformat(),
        "last_seq": handed_in.last_seq,
        "files": {name: _hash(content) for name, content in handed_in.files.items()},
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".handin-", delete=False) as stream:
        try:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in {MANIFEST: text.encode(), **handed_in.files}.items():
                    archive.writestr(name, content)
            stream.flush()
            os.fsync(stream.fileno())
            Path(stream.name).chmod(0o644)
            stream.close()
            Path(stream.name).replace(path)
        except BaseException:
            Path(stream.name).unlink(missing_ok=True)
            raise


def read(path: Path) -> HandIn:
    """The hand-in in a zip, every promise of its manifest checked; CourseError says what is off."""
    content = read_file(path, most=_MOST_ZIP_BYTES)
    if content is None:
        raise CourseError(f"{path.name} is not there")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = _entries(archive)
            manifest, at = _manifest(_unpacked(archive, entries, MANIFEST))
            allowed = {f"{manifest.quiz}.ipynb", journal.FILE}
            if set(entries) - {MANIFEST} != set(manifest.files) or set(manifest.files) - allowed:
                raise CourseError(f"it holds other files than {', '.join(sorted(allowed))}")
            files = {name: _unpacked(archive, entries, name) for name in sorted(manifest.files)}
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, RuntimeError):
        raise CourseError("it is damaged, or no zip at all") from None
    for name, found in files.items():
        if _hash(found) != manifest.files[name]:
            raise CourseError(f"{name} is not what its manifest says (wrong sha256)")
    return HandIn(manifest.student, manifest.quiz, at, files, manifest.last_seq)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _entries(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    entries = archive.infolist()
    if len(entries) > 3:
        raise CourseError(f"it holds {len(entries)} files; a hand-in has three at most")
    for entry in entries:
        if problem := _entry_problem(entry):
            raise CourseError(f"{entry.filename[:80]!r} in it {problem}")
    if len({entry.filename for entry in entries}) < len(entries):
        raise CourseError("it holds two files of one name")
    return {entry.filename: entry for entry in entries}


def _entry_problem(entry: zipfile.ZipInfo) -> str:
    name, mode = entry.filename, entry.external_attr >> 16
    if "/" in name or "\\" in name or ":" in name or name in ("", ".", ".."):
        return "is a path that leads out of the hand-in's folder"
    if stat.S_ISLNK(mode):
        return "is a link"
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "is no plain file"
    if entry.flag_bits & 0x1:
        return "is encrypted"
    if entry.compress_type not in _PLAIN:
        return "is packed in a way that is not used here"
    if entry.file_size > _most(name):
        return f"would unpack to {entry.file_size / 1e6:,.0f} MB"
    return ""


def _most(name: str) -> int:
    if name == MANIFEST:
        return _MOST_MANIFEST_BYTES
    return journal.MOST_BYTES if name == journal.FILE else MOST_NOTEBOOK_BYTES


def _unpacked(archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo], name: str) -> bytes:
    if name not in entries:
        raise CourseError(f"there is no {name} in it")
    with archive.open(entries[name]) as stream:
        found = stream.read(_most(name) + 1)
    if len(found) > _most(name):
        raise CourseError(f"{name} in it unpacks to more than it says")
    return found


def _manifest(content: bytes) -> tuple[_Manifest, datetime]:
    try:
        manifest = _Manifest.model_validate_json(content)
        at = datetime.fromisoformat(manifest.at).astimezone(UTC)
    except (ValidationError, ValueError, OverflowError):
        raise CourseError(f"its {MANIFEST} is not as it should be") from None
    if manifest.v != 1:
        raise CourseError("another version of the course made it")
    if problem := name_problem(manifest.student):
        raise CourseError(f"the student's name in it {problem}")
    if not _QUIZ.fullmatch(manifest.quiz):
        raise CourseError("the quiz's name in it is no name of a quiz")
    return manifest, at
