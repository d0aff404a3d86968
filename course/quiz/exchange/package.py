"""A zip from a stranger: its XML files, read in memory, with bounds on names, number and size."""

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath

from course.errors import CourseError
from course.quiz.exchange.safe_xml import MOST_BYTES

MOST_FILES = 2_000
MOST_UNPACKED = 60_000_000
_PLAIN = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENDINGS = (".xml", ".qti")


def files(data: bytes, name: str) -> Iterator[tuple[str, bytes]]:
    """Path and content of each XML file in the zip called `name`; CourseError for a bad zip."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check(entries, name)
            left = MOST_UNPACKED
            for entry in _wanted(entries):
                with archive.open(entry) as stream:
                    content = stream.read(min(MOST_BYTES, left) + 1)
                left -= len(content)
                if len(content) > MOST_BYTES or left < 0:
                    raise CourseError(f"{name}: {entry.filename[:80]!r} in it unpacks to too much.")
                yield entry.filename, content
    except (
        zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, RuntimeError, OverflowError,
    ):  # fmt: skip
        raise CourseError(f"{name} is a damaged zip, or only a part of one.") from None


def _wanted(entries: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The XML files; of Canvas's two forms of a quiz only the full one (.qti)."""
    found = [entry for entry in entries if entry.filename.lower().endswith(_ENDINGS)]
    full = [entry for entry in found if entry.filename.lower().endswith(".qti")]
    return full or found


def _check(entries: list[zipfile.ZipInfo], name: str) -> None:
    if len(entries) > MOST_FILES:
        raise CourseError(
            f"{name} holds {len(entries):,} files; a quiz has {MOST_FILES:,} at most."
        )
    if len({entry.filename for entry in entries}) < len(entries):
        raise CourseError(f"{name} holds two files of one name.")
    for entry in entries:
        if problem := _problem(entry):
            raise CourseError(f"{name}: {entry.filename[:80]!r} in it {problem}.")
    if (size := sum(entry.file_size for entry in entries)) > MOST_UNPACKED * 10:
        raise CourseError(f"{name} would unpack to {size / 1e6:,.0f} MB, which no quiz needs.")


def _problem(entry: zipfile.ZipInfo) -> str:
    path, mode = entry.filename, entry.external_attr >> 16
    parts = PurePosixPath(path).parts
    if path.startswith("/") or "\\" in path or ":" in path or ".." in parts:
        return "is a path that leads out of the package"
    if stat.S_ISLNK(mode):
        return "is a link"
    if entry.flag_bits & 0x1:
        return "is encrypted"
    if entry.compress_type not in _PLAIN:
        return "is packed in a way that is not used here"
    if path.lower().endswith(_ENDINGS) and entry.file_size > MOST_BYTES:
        return f"would unpack to {entry.file_size / 1e6:,.0f} MB"
    return ""
