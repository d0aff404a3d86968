"""Names that stand for students in reports: the same in each report of one course, no other.

A pseudonym is worked out from the student's name and a key that only this course's folder has
(HMAC-SHA-256), so nobody without the key can find out whose it is by trying the names of a class.
"""

import contextlib
import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from course.errors import CourseError

FOLDER = ".pseudonyms"
_DIGITS = 6
_KEY_BYTES = 32


def pseudonyms(students: Iterable[str], *, root: str | Path) -> dict[str, str]:
    """A pseudonym such as "Student 7F3A91" for each student, all different.

    The key is made in the course's folder at the first use, readable by its owner only, and
    kept out of git. Raises CourseError where it can't be made or read.
    """
    key, students = _key(Path(root)), sorted(set(students))
    full = {student: _digest(key, student) for student in students}
    digits = _DIGITS
    while len({text[:digits] for text in full.values()}) < len(full):
        digits += 2  # two students of a class with the same six digits are rare
    return {student: f"Student {full[student][:digits]}" for student in students}


def _digest(key: bytes, student: str) -> str:
    return (
        hmac.new(key, student.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest().upper()
    )


def _key(root: Path) -> bytes:
    folder = root / FOLDER
    path = folder / "key"
    try:
        if not path.exists():
            _make(folder, path)
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise CourseError(
            f"The key of the pseudonyms, {path}, can't be used ({error}); make it readable, or "
            "remove it and all pseudonyms change."
        ) from None
    if len(key) < _KEY_BYTES:
        raise CourseError(f"{path} is too short for a key; remove it and all pseudonyms change.")
    return key


def _make(folder: Path, path: Path) -> None:
    """Write the key in one step, so that two reports at once use the same one."""
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="ascii")
    fresh = folder / f"key-{os.getpid()}-{secrets.token_hex(4)}"
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(_KEY_BYTES) + "\n")
    with contextlib.suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()
