"""A zip from a stranger: what is taken, and what is refused in one sentence."""

import hashlib
import json
import os
import stat
import zipfile
from datetime import UTC, datetime

import pytest

from course.errors import CourseError
from course.quiz import archive
from course.quiz.archive import HandIn

AT = datetime(2026, 11, 21, 10, 0, 0, 5, tzinfo=UTC)
FILES = {"answers.jsonl": b'{"v":1}\n', "q.ipynb": b"{}"}
GOOD = {"v": 1, "student": "ana", "quiz": "q", "at": AT.isoformat(), "last_seq": 1}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ana-q.zip"


def zipped(path, *entries, **changes):
    """Write a zip by hand: its manifest (GOOD with changes) and these (ZipInfo or name, bytes)."""
    files = {getattr(name, "filename", name): content for name, content in entries}
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps(GOOD | {"files": hashes} | changes))
        for name, content in entries:
            archive.writestr(name, content)
    return path


def entry(name, mode):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def test_what_is_written_is_read_again(path):
    handed_in = HandIn("ana", "q", AT, FILES, 7)
    archive.write(path, handed_in)
    assert archive.read(path) == handed_in
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_write_that_fails_leaves_the_old_zip_and_nothing_else(path, monkeypatch):
    archive.write(path, HandIn("ana", "q", AT, FILES, 7))
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        archive.write(path, HandIn("ana", "q", AT, {}, 8))
    assert path.read_bytes() == before
    assert [other.name for other in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([("../q.ipynb", b"")], "path that leads out"),
        ([("/etc/q.ipynb", b"")], "path that leads out"),
        ([("a\\b", b"")], "path that leads out"),
        ([("C:q.ipynb", b"")], "path that leads out"),
        ([("folder/", b"")], "path that leads out"),
        ([(entry("q.ipynb", stat.S_IFLNK | 0o777), b"/etc/passwd")], "is a link"),
        ([(entry("q.ipynb", stat.S_IFIFO | 0o777), b"")], "is no plain file"),
        ([("other.ipynb", b"{}")], "holds other files"),
        ([("gradebook.db", b"")], "holds other files"),
        ([("a", b""), ("b", b""), ("c", b"")], "holds 4 files"),
        ([("answers.jsonl", b"x" * 5_000_001)], "would unpack to 5 MB"),
    ],
)
def test_entries_that_a_hand_in_never_has_are_refused(path, entries, said):
    with pytest.raises(CourseError, match=said):
        archive.read(zipped(path, *entries))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"student": "ana/.."}, "student's name in it has / in it"),
        ({"student": "a\u202eb"}, "character that can't be seen"),
        ({"student": ["ana"]}, "manifest.json is not as it should be"),
        ({"quiz": "../q"}, "quiz's name"),
        ({"quiz": "other"}, "holds other files"),
        ({"at": "yesterday"}, "not as it should be"),
        ({"at": 5}, "not as it should be"),
        ({"v": 2}, "another version"),
        ({"more": 1}, "not as it should be"),
        ({"files": {"q.ipynb": "0" * 64}}, "wrong sha256"),
        ({"files": {}}, "holds other files"),
    ],
)
def test_a_manifest_that_is_off_is_refused(path, changes, said):
    with pytest.raises(CourseError, match=said):
        archive.read(zipped(path, ("q.ipynb", b"{}"), **changes))


def test_two_files_of_one_name_are_refused(path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        zipped(path, ("q.ipynb", b"{}"), ("q.ipynb", b"[]"))
    with pytest.raises(CourseError, match="two files of one name"):
        archive.read(path)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" + b"\x00" * 100])
def test_what_is_no_zip_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(CourseError, match="damaged, or no zip"):
        archive.read(path)


def test_a_zip_that_was_cut_or_changed_is_refused(path):
    archive.write(path, HandIn("ana", "q", AT, {"q.ipynb": os.urandom(5000)}, 1))
    whole = path.read_bytes()
    for content in (whole[:3000], whole[:2000] + b"\x00\x01\x02" + whole[2003:]):
        path.write_bytes(content)
        with pytest.raises(CourseError, match="damaged, or no zip"):
            archive.read(path)


def test_an_encrypted_file_is_refused(path):
    zipped(path, ("q.ipynb", b"{}"))
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02")
    content[at + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(CourseError, match="is encrypted"):
        archive.read(path)


def test_a_file_that_lies_about_its_size_is_refused(path):
    bomb = b"x" * 8_000_000
    zipped(path, (zipfile.ZipInfo("answers.jsonl"), bomb))
    content = bytearray(path.read_bytes())
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = (1000).to_bytes(4, "little")  # the declared size
    path.write_bytes(content)
    with pytest.raises(CourseError, match="damaged, or no zip"):
        archive.read(path)


def test_a_link_or_a_pipe_is_not_opened(path, tmp_path):
    archive.write(tmp_path / "real.zip", HandIn("ana", "q", AT, FILES, 1))
    path.symlink_to(tmp_path / "real.zip")
    with pytest.raises(CourseError, match="is a link"):
        archive.read(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(CourseError, match="no plain file"):
        archive.read(path)
