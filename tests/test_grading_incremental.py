"""`course grade` again: only what has changed is graded, and what is recorded is never doubted
without a reason."""

import json
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import pytest
import sample_course
from filelock import FileLock
from gradebook_tables import tables
from sample_course import hand_in, journal

from course.errors import CourseError
from course.grading import batch, gradebook, report, writer
from course.grading.code import NOT_RUN, Code
from course.grading.sandbox import Limits

COMMAND = "from course.cli import main; main()"
WITHOUT = Code(NOT_RUN, Limits())


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    root = sample_course.released(tmp_path_factory.mktemp("incremental") / "course")
    for student in ("ana", "ben", "cleo"):
        hand_in(root, student, answers=journal(root, q_01="A"))
    assert states(root) == {"ana": "graded", "ben": "graded", "cleo": "graded"}
    return root


@pytest.fixture
def root(graded, tmp_path):
    return shutil.copytree(graded, tmp_path / "course")


def grade(root, **more):
    return batch.grade("q", root=root, run=WITHOUT, workers=2, **more)


def states(root, **more):
    return {row.student: row.status for row in grade(root, **more).rows}


def scores(root):
    return {row.student: row.score for row in report.scores("q", root=root)}


def folder(root, student):
    return root / "submitted" / student / "q"


def test_what_has_not_changed_is_left_as_it_is_and_shown_with_its_score(root):
    before = tables(root)
    summary = grade(root)
    assert summary.counts == {"graded": 0, "unchanged": 3, "failed": 0, "needs_hand_grading": 0}
    assert [(row.score, row.max) for row in summary.rows] == [(5.0, 6.0)] * 3
    assert "0 graded, 3 unchanged, 0 failed." in str(summary)
    assert tables(root) == before


def test_force_grades_all(root):
    assert set(states(root, force=True).values()) == {"graded"}


def test_a_new_hand_in_is_graded_alone(root):
    (folder(root, "ben") / "answers.jsonl").write_bytes(journal(root))
    hand_in(root, "dora")
    found = states(root)
    assert found == {"ana": "unchanged", "ben": "graded", "cleo": "unchanged", "dora": "graded"}
    assert scores(root) == {"ana": 5.0, "ben": 6.0, "cleo": 5.0, "dora": 6.0}


@pytest.mark.parametrize("file", ["solutions/q/bank.toml", "solutions/q/q.ipynb"])
def test_another_bank_or_notebook_grades_all(root, file):
    text = (root / file).read_text()
    (root / file).write_text(text.replace("Which letter is it?", "Which one?") + "\n")
    assert set(states(root).values()) == {"graded"}


def test_another_version_of_the_course_grades_all(root, monkeypatch):
    monkeypatch.setattr("course.grading.tasks.version", lambda: "another")
    assert set(states(root).values()) == {"graded"}


def test_marks_that_nbgrader_has_changed_since_are_graded_again(root):
    with gradebook.opened(root) as book:
        book.find_grade("q-01", "q", "q", "ana").auto_score = 1.0
        book.db.commit()
    assert states(root) == {"ana": "graded", "ben": "unchanged", "cleo": "unchanged"}
    assert scores(root)["ana"] == 5.0


def test_a_graded_notebook_that_is_gone_or_altered_is_graded_again(root):
    shutil.rmtree(root / "autograded" / "ana")
    altered = root / "autograded" / "ben" / "q" / "q.ipynb"
    altered.chmod(0o644)
    altered.write_bytes(altered.read_bytes() + b" ")
    assert states(root) == {"ana": "graded", "ben": "graded", "cleo": "unchanged"}
    assert (root / "autograded" / "ana" / "q" / "q.ipynb").exists()


def test_a_gradebook_that_was_moved_away_is_filled_again(root):
    before = tables(root)
    (root / "gradebook.db").unlink()
    assert set(states(root).values()) == {"graded"}
    assert tables(root) == before


def test_points_by_hand_show_without_grading_again_and_survive_one(root):
    with gradebook.opened(root) as book:
        book.find_grade("q-01", "q", "q", "ana").manual_score = 0.5
        book.db.commit()
    row = grade(root).rows[0]
    assert (row.status, row.score) == ("unchanged", 5.5)
    row = grade(root, force=True).rows[0]
    assert (row.status, row.score, row.by_hand) == ("graded", 5.5, 1)


def test_a_due_date_that_is_set_later_costs_what_is_unchanged_too(root):
    sample_course.configure(
        root,
        "c.LatePenalty.due = {'q': '2026-11-21 09:00'}",
        "c.LatePenalty.percent_per_day = 10",
    )
    assert grade(root).rows[0].score == pytest.approx(4.5)
    assert scores(root)["ana"] == pytest.approx(4.5)


def test_since_leaves_out_what_came_before(root):
    (folder(root, "ben") / "timestamp.txt").write_text("2026-11-25 10:00:00 UTC")
    assert states(root, since=datetime(2026, 11, 25, 9, tzinfo=UTC)) == {"ben": "graded"}
    (folder(root, "cleo") / "timestamp.txt").unlink()  # then the folder's own time is the one
    assert "ana" not in states(root, since=datetime(2026, 11, 25, 9, tzinfo=UTC))


def test_one_submission_whose_rules_fail_costs_no_other(root):
    sample_course.configure(
        root,
        "from nbgrader.plugins import LateSubmissionPlugin",
        "class Bad(LateSubmissionPlugin):",
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):",
        "        return {'ben': None}[student_id] if student_id != 'ana' else 1.0",
        "c.AssignLatePenalties.plugin_class = Bad",
    )
    with gradebook.opened(root) as book:
        book.find_assignment("q").duedate = datetime(2026, 11, 21, 9)
        book.db.commit()
    rows = {row.student: row for row in grade(root, force=True).rows}
    assert (rows["ana"].score, rows["ben"].score) == (4.0, 5.0)
    assert rows["cleo"].status == "failed" and "KeyError" in rows["cleo"].reason
    assert scores(root)["cleo"] == 0.0
    assert states(root) == {"ana": "unchanged", "ben": "unchanged", "cleo": "failed"}


def test_another_program_that_writes_to_the_gradebook_is_waited_for(root, monkeypatch):
    other = sqlite3.connect(root / "gradebook.db", check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    threading.Timer(1.0, other.rollback).start()
    assert set(states(root, force=True).values()) == {"graded"}
    other.close()


def test_a_gradebook_that_stays_locked_is_said_and_nothing_is_lost(root, monkeypatch):
    monkeypatch.setattr(writer, "_TRIES", 1)
    before = tables(root)
    begin = writer.Writer._commit

    def locked(self, *what):
        with sqlite3.connect(root / "gradebook.db") as other:
            other.execute("BEGIN IMMEDIATE")
            self._book.db.connection().exec_driver_sql("PRAGMA busy_timeout = 50")
            begin(self, *what)

    monkeypatch.setattr(writer.Writer, "_commit", locked)
    with pytest.raises(CourseError, match="gradebook can't be written"):
        grade(root, force=True)
    monkeypatch.undo()
    assert tables(root) == before
    assert grade(root).ok


def test_a_submission_taken_away_by_the_instructor_is_no_failure(root):
    shutil.rmtree(root / "submitted" / "ana")
    assert states(root) == {"ben": "unchanged", "cleo": "unchanged"}


def command(root, *words):
    return subprocess.run(
        [sys.executable, "-c", COMMAND, "grade", "q", *words],
        cwd=root,
        capture_output=True,
        text=True,
    )


def test_the_command_prints_a_summary_or_json(root):
    (folder(root, "ben") / "answers.jsonl").write_bytes(journal(root))
    done = command(root, "--workers", "1", "--student", "ben", "--student", "ana", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert {row["student"] for row in found["rows"]} == {"ana", "ben"}
    assert found["failed"] == 0 and found["quiz"] == "q"


def test_the_second_command_at_once_says_so(root):
    with FileLock(root / batch.LOCK):
        done = command(root)
    assert done.returncode == 1
    assert "Another grading works in" in done.stderr and "Traceback" not in done.stderr


def test_a_failed_submission_is_exit_code_1(root):
    (root / "submitted" / "linked").symlink_to(root / "submitted" / "ana")
    done = command(root)
    assert done.returncode == 1
    assert "1 failed." in done.stdout and "a link" in done.stdout


@pytest.mark.parametrize(
    "words", [["--since", "yesterday"], ["--scheduler", "x", "--workers", "2"]]
)
def test_odd_options_are_one_sentence(root, words):
    done = command(root, *words)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_progress_is_told_of_each_submission(root):
    hand_in(root, "dora")
    told = []

    class Heard:
        def start(self, total):
            told.append(total)

        def step(self, status):
            told.append(status)

        def stop(self):
            told.append("end")

    grade(root, progress=Heard())
    assert (told[0], told[-1]) == (4, "end")
    assert sorted(told[1:-1]) == ["graded", "unchanged", "unchanged", "unchanged"]


def test_thousands_of_submissions_are_never_all_in_memory(tmp_path, monkeypatch):
    root = sample_course.released(tmp_path / "course")
    for number in range(60):
        hand_in(root, f"s{number:02}")
    held, batches = [], batch._Batch._record

    def record(self):
        held.append(len(self._in_work) + len(self._done))
        batches(self)

    monkeypatch.setattr(batch._Batch, "_record", record)
    begin = time.monotonic()
    assert grade(root).ok and time.monotonic() > begin
    assert max(held) <= batch.AT_ONCE + 4
