"""Taking zips into submitted/: nobody's hand-in is lost, mixed up, or silently replaced."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from course.errors import CourseError
from course.quiz import archive
from course.quiz.archive import HandIn
from course.quiz.collect import collect, settle

AT = datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC)


def hand_in(folder, *, student="ana", first="a", minutes=0, more="", name=None):
    """A zip whose journal begins with the line `first`."""
    answers = f"{first}\n{more}".encode() if first else None
    files = {"q.ipynb": b"{}"} | ({"answers.jsonl": answers} if answers else {})
    path = folder / (name or f"{student}-{first}-{minutes}.zip")
    path.parent.mkdir(parents=True, exist_ok=True)
    archive.write(path, HandIn(student, "q", AT + timedelta(minutes=minutes), files, 1))
    return path


@pytest.fixture
def inbox(tmp_path):
    return tmp_path / "inbox"


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "course"
    folder.mkdir()
    return folder


def answers(root, student="ana"):
    return (root / "submitted" / student / "q" / "answers.jsonl").read_text()


def statuses(taken):
    return [one.status for one in taken]


def test_a_hand_in_lands_where_nbgrader_looks_for_it(root, inbox):
    (one,) = collect([hand_in(inbox)], root=root)
    assert (one.status, one.student, one.quiz, one.ok) == ("new", "ana", "q", True)
    assert str(one) == "ana-a-0.zip: taken into submitted/ana/q."
    folder = root / "submitted" / "ana" / "q"
    assert sorted(path.name for path in folder.iterdir()) == [
        "answers.jsonl",
        "q.ipynb",
        "timestamp.txt",
    ]
    assert (folder / "timestamp.txt").read_text() == "2026-11-21 10:00:00.000000 UTC"


def test_folders_are_searched_and_other_files_left_alone(root, inbox):
    hand_in(inbox / "a", student="ana")
    hand_in(inbox / "b" / "deep", student="ben", name="B.ZIP")
    (inbox / "readme.txt").write_text("no zip")
    assert [one.student for one in collect([inbox], root=root)] == ["ana", "ben"]


def test_a_mailed_notebook_is_told_and_not_taken(root, inbox):
    (root / "quizzes" / "q").mkdir(parents=True)
    inbox.mkdir()
    (inbox / "q.ipynb").write_text("{}")
    (inbox / "other.ipynb").write_text("{}")
    (told,) = collect([inbox], root=root)
    assert str(told).startswith("q.ipynb: not taken") and told.ok


def test_a_newer_one_replaces_an_older_one(root, inbox):
    hand_in(inbox)
    hand_in(inbox, minutes=1, more="b\n")
    assert statuses(collect([inbox], root=root)) == ["new", "replaced"]
    assert answers(root) == "a\nb\n"


def test_an_older_one_is_left_aside_and_said_so_unless_forced(root, inbox):
    old, new = hand_in(inbox), hand_in(inbox, minutes=1, more="b\n")
    _, older = collect([new, old], root=root)
    assert (older.status, older.ok) == ("older", True)
    assert "left aside: submitted/ana/q is newer" in older.said and "--force" in older.said
    assert answers(root) == "a\nb\n"
    assert statuses(collect([old], root=root, force=True)) == ["replaced"]
    assert answers(root) == "a\n"


def test_the_same_one_again_is_already_there(root, inbox):
    path = hand_in(inbox)
    collect([path], root=root)
    (again,) = collect([path], root=root)
    assert again.status == "already there"


def test_two_students_of_one_name_stay_two(root, inbox):
    first = hand_in(inbox, first="a")
    second = hand_in(inbox, first="z", minutes=5)
    _, other = collect([first, second], root=root)
    assert (other.status, other.student) == ("new", "ana-2")
    assert "another ana handed in q already, with other answers" in other.said
    assert (answers(root), answers(root, "ana-2")) == ("a\n", "z\n")


def test_each_of_two_namesakes_finds_their_own_folder_again(root, inbox):
    collect([hand_in(inbox, first="a"), hand_in(inbox, first="z")], root=root)
    later = hand_in(inbox, first="z", minutes=9, more="more\n")
    assert [(one.status, one.student) for one in collect([later], root=root)] == [
        ("replaced", "ana-2")
    ]
    assert (answers(root), answers(root, "ana-2")) == ("a\n", "z\nmore\n")


def test_a_hand_in_without_answers_never_takes_the_place_of_answers(root, inbox):
    collect([hand_in(inbox, first="a"), hand_in(inbox, first="", minutes=5)], root=root)
    assert answers(root) == "a\n"
    assert (root / "submitted" / "ana-2" / "q" / "q.ipynb").exists()


def test_answers_take_the_place_of_a_hand_in_without_any(root, inbox):
    hand_in(inbox, first="", name="1.zip")
    hand_in(inbox, first="a", minutes=5, name="2.zip")
    assert statuses(collect([inbox], root=root)) == ["new", "replaced"]
    assert answers(root) == "a\n"


def test_a_bad_zip_stops_no_other(root, inbox):
    hand_in(inbox, name="1.zip")
    (inbox / "2.zip").write_bytes(b"no zip")
    hand_in(inbox, student="ben", name="3.zip")
    taken = collect([inbox], root=root)
    assert statuses(taken) == ["new", "refused", "new"]
    assert [one.ok for one in taken] == [True, False, True]
    assert str(taken[1]) == "2.zip: refused: it is damaged, or no zip at all."


def test_a_folder_that_is_not_there_is_named(root, inbox):
    with pytest.raises(CourseError, match=r"There is no .*inbox"):
        collect([inbox], root=root)
    assert list(root.iterdir()) == []


def test_a_link_in_submitted_is_not_followed(root, inbox, tmp_path):
    (root / "submitted" / "ana").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (root / "submitted" / "ana" / "q").symlink_to(tmp_path / "elsewhere")
    (one,) = collect([hand_in(inbox)], root=root)
    assert one.status == "refused" and "is a link" in one.said
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("step", [1, 2])
def test_a_replacement_cut_off_in_the_middle_leaves_the_old_or_the_new(
    root, inbox, monkeypatch, step
):
    collect([hand_in(inbox)], root=root)
    rename, calls = Path.rename, []

    def killed(self, target):
        calls.append(self)
        if len(calls) == step:
            raise KeyboardInterrupt
        return rename(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            collect([hand_in(inbox, minutes=1, more="b\n")], root=root)
    settle(root / "submitted")
    assert answers(root) == {1: "a\n", 2: "a\nb\n"}[step]
    assert [path.name for path in (root / "submitted" / "ana").iterdir()] == ["q"]


def test_one_journal_under_two_names_is_told(tmp_path):
    zips = [hand_in(tmp_path / "zips", student=name) for name in ("ana", "ben")]
    first, second = collect(zips, root=tmp_path)
    assert "ask whose they are" not in first.said
    assert "Its answers begin as those of ana: ask whose they are." in second.said
