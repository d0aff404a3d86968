"""nbgrader's own `autograde` beside submissions that would fill its disk or end its batch."""

import subprocess
import sys

import pytest
from sample_course import configure, hand_in, released

from course.grading import gradebook
from course.grading.recorded import recorded


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course in which nbgrader itself has graded six careless hand-ins and an honest one."""
    root = released(tmp_path_factory.mktemp("course"))
    configure(root)
    (root / "private.txt").write_text("not a student's")
    link, beside, digits, never, large, _ = (
        hand_in(root, name) for name in ("link", "beside", "digits", "never", "large", "zz_honest")
    )
    for file in link.iterdir():
        file.unlink()
    link.rmdir()
    link.symlink_to(beside)
    (beside / "private.txt").symlink_to(root / "private.txt")
    (beside / "more.txt").write_text("x")
    (digits / "timestamp.txt").write_text("9" * 1_000_000)
    (never / "timestamp.txt").write_text("2026-13-45 99:00:00")
    (large / "answers.jsonl").write_bytes(b"\n" * 5_000_001)
    command = [sys.executable, "-m", "nbgrader", "autograde", "q"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)
    return root, done.stderr


@pytest.fixture(scope="module")
def marks(course):
    with gradebook.opened(course[0]) as book:
        return recorded(book, "q")


def test_the_honest_one_is_graded_though_others_come_before(marks):
    assert marks["zz_honest"].score == marks["zz_honest"].possible > 0


def test_a_submission_that_is_a_link_is_refused_in_a_sentence(course, marks):
    assert "The submission of link is a link: it is not graded." in course[1]
    assert "link" not in marks


def test_only_the_files_of_a_hand_in_are_copied(course, marks):
    copied = course[0] / "autograded" / "beside" / "q"
    assert not {"private.txt", "more.txt"} & {path.name for path in copied.iterdir()}
    assert marks["beside"].score == marks["zz_honest"].score


@pytest.mark.parametrize("student", ["digits", "never"])
def test_a_time_that_is_none_costs_nothing(marks, student):
    assert marks[student].score == marks["zz_honest"].score


def test_answers_that_are_too_large_are_not_copied(course, marks):
    assert not (course[0] / "autograded" / "large" / "q" / "answers.jsonl").exists()
    assert marks["large"].score == 0
