"""A class of honest and hostile submissions, graded in one go and by all three ways in."""

import json
import os
import shutil
import subprocess
import sys
from datetime import datetime

import nbformat
import pytest
import sample_course
from filelock import FileLock
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from sample_course import hand_in, journal, notebook_of, with_code
from traitlets.config import Config

from course.errors import CourseError
from course.grading import batch, gradebook, report, settings


def break_cells(notebook):
    kept = [cell for cell in notebook.cells if "q-02" not in cell.source]
    again = nbformat.from_dict({**kept[3], "id": "again"})
    notebook.cells = [*kept, again, nbformat.v4.new_markdown_cell("my own words")]
    notebook.cells[4].metadata.nbgrader.update(points=1000, locked=False, schema_version=99)
    return notebook


CHEATS = (
    "from pathlib import Path\n"
    "for path in Path('..').resolve().parents[0].rglob('answers.jsonl'): path.unlink()\n"
    "for path in Path().glob('*'): path.chmod(0o600); path.write_bytes(b'')",
    "from IPython import get_ipython\n"
    "get_ipython().display_formatter.format = lambda *_: ({'text/plain': 5}, {})\n"
    "1",
    "class Any(dict):\n    __eq__ = lambda *_: True\nimport json\njson.loads = Any\n1e9",
)

SUBMISSIONS = {
    "honest": {},
    "half": {"answers": {"q_02": ["A"], "q_03": None}},
    "exits": {"code": ["import os; os._exit(3)"]},
    "kills": {"code": ["import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"]},
    "prints": {"code": ["10**30", "print(-1)", "float('nan')"], "answers": {"q_01": "A"}},
    "cheats": {"code": CHEATS, "answers": {"q_01": "A", "q_02": ["B"], "q_03": None}},
    "not_json": {"notebook": b"\x00 no notebook"},
    "cells": {"change": break_cells},
    "garbage": {"bytes": b"\x00\xff garbage\n"},
}
EXPECTED = {
    "honest": 6.0,
    "half": 2.5,  # 1 + 3 · 1/2
    "exits": 6.0,
    "kills": 6.0,
    "prints": 5.0,
    "cheats": 0.0,
    "not_json": 6.0,
    "cells": 6.0,
    "garbage": 0.0,
}


def hand_all_in(root):
    for student, kind in SUBMISSIONS.items():
        notebook = kind.get("notebook")
        if "code" in kind:
            notebook = with_code(root, *kind["code"])
        if "change" in kind:
            notebook = kind["change"](notebook_of(root))
        answers = kind.get("bytes") or journal(root, **kind.get("answers", {}))
        hand_in(root, student, notebook=notebook, answers=answers)


def scores(root):
    return {row.student: row.score for row in report.scores("q", root=root)}


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """A course with all submissions, not yet graded."""
    root = sample_course.released(tmp_path_factory.mktemp("handed-in"))
    hand_all_in(root)
    (root / "solutions" / "q" / "notes.txt").write_text("the key is B")
    return root


@pytest.fixture(scope="module")
def graded(handed_in, tmp_path_factory):
    """A copy of it, graded by `course grade`'s function: (root, summary)."""
    root = shutil.copytree(handed_in, tmp_path_factory.mktemp("graded") / "course")
    os.environ["OPENAI_API_KEY"] = "sk-of-the-instructor"
    try:
        return root, batch.grade("q", root=root)
    finally:
        del os.environ["OPENAI_API_KEY"]


def rows(summary):
    return {row.student: row for row in summary.rows}


def autograded(root, student):
    return nbformat.read(root / "autograded" / student / "q" / "q.ipynb", as_version=4)


def test_every_submission_gets_the_marks_of_its_recorded_answers(graded):
    root, summary = graded
    assert summary.ok
    assert {row.student: row.score for row in summary.rows} == EXPECTED
    assert scores(root) == EXPECTED


def test_what_happened_is_told_in_the_row_and_to_the_student(graded):
    root, summary = graded
    said = {
        "exits": "ended the process it runs in (exit code 3)",
        "kills": "crashed (segmentation fault)",
        "not_json": "could not be read",
        "cells": "Cell q-02 was missing",
        "garbage": "was passed over",
    }
    for student, words in said.items():
        assert words in rows(summary)[student].reason
        assert words in autograded(root, student).cells[0].source
    assert rows(summary)["honest"].reason == ""


def test_the_summary_can_be_read_by_programs_and_by_people(graded):
    summary = graded[1]
    record = json.loads(json.dumps(summary.as_dict()))["rows"][0]
    assert (record["student"], record["score"], record["max"]) == ("cells", 6.0, 6.0)
    assert "9 graded, 0 failed." in str(summary)
    assert "2.5 of 6" in str(summary)


def test_grading_leaves_nothing_lying_about(graded):
    root = graded[0]
    assert [path.name for path in root.glob(".*")] == []
    assert "NBGRADER_EXECUTION" not in os.environ


def test_an_answer_in_a_cell_is_no_answer_and_no_error(handed_in, tmp_path):
    root = course_with(handed_in, tmp_path)
    late = "from course import quiz\nquiz('q').answer('q-01', 'B')"
    hand_in(root, "late", notebook=with_code(root, late), answers=journal(root, q_01="A"))
    (row,) = batch.grade("q", root=root).rows
    assert row.score == 5.0
    assert "This run is for grading." in nbformat.writes(autograded(root, "late"))


def test_student_code_sees_no_key(handed_in, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-instructor")
    monkeypatch.setenv("JUPYTER_TOKEN", "token-of-the-instructor")
    root = course_with(handed_in, tmp_path)
    look = "import os; print(sorted(os.environ)); print(os.environ['NBGRADER_EXECUTION'])"
    hand_in(root, "curious", notebook=with_code(root, look))
    batch.grade("q", root=root)
    text = nbformat.writes(autograded(root, "curious"))
    assert "autograde" in text
    assert "OPENAI" not in text and "JUPYTER_TOKEN" not in text


def course_with(handed_in, tmp_path):
    """A course like it, without submissions."""
    root = tmp_path / "course"
    for name in ("solutions", "quizzes"):
        shutil.copytree(handed_in / name, root / name)
    return root


def test_code_without_end_is_stopped_and_costs_nothing(handed_in, tmp_path):
    root = course_with(handed_in, tmp_path)
    sample_course.configure(root, "c.RunCells.timeout = 1", "c.RunCells.total = 2")
    loop = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    hand_in(root, "loops", notebook=with_code(root, loop, "1", "2", "3"))
    (row,) = batch.grade("q", root=root).rows
    assert row.score == 6.0
    assert "was stopped" in row.reason
    assert row.seconds < 30


def by_command(root):
    """`nbgrader autograde`, as an instructor types it."""
    sample_course.configure(root)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", "q"],
        cwd=root,
        env=os.environ | {"OPENAI_API_KEY": "sk-of-the-instructor"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def by_formgrader(root):
    """What the formgrader's button calls, for each student in turn."""
    config = Config()
    settings.apply(config, root=root)
    with settings.quiet() as (log, _):
        course = CourseDirectory(config=config, log=log)
        config.Exchange.root = str(root)
        api = NbGraderAPI(course, config=config, log=log)
        for student in SUBMISSIONS:
            assert api.autograde("q", student)["success"]


@pytest.mark.parametrize("way_in", [by_command, by_formgrader])
def test_nbgraders_own_ways_give_the_same_marks(handed_in, graded, tmp_path, way_in):
    root = shutil.copytree(handed_in, tmp_path / "course")
    way_in(root)
    assert scores(root) == EXPECTED
    for student in SUBMISSIONS:
        ours, theirs = autograded(graded[0], student), autograded(root, student)
        marks = [[cell.outputs for cell in notebook.cells if "ask(" in cell.source]
                 for notebook in (ours, theirs)]  # fmt: skip
        assert marks[0] == marks[1]
        assert not (root / "autograded" / student / "q" / "notes.txt").exists()


def test_one_student_can_be_graded_alone(handed_in, tmp_path):
    root = course_with(handed_in, tmp_path)
    hand_in(root, "ana")
    hand_in(root, "ben")
    assert [row.student for row in batch.grade("q", root=root, students=["ben"]).rows] == ["ben"]
    with pytest.raises(CourseError, match="handed in by zoe"):
        batch.grade("q", root=root, students=["zoe"])


def test_nothing_handed_in_is_said(handed_in, tmp_path):
    summary = batch.grade("q", root=course_with(handed_in, tmp_path))
    assert summary.rows == ()
    assert "Nothing was handed in" in str(summary)


def test_links_pipes_and_odd_names_cost_others_nothing(handed_in, tmp_path):
    root = course_with(handed_in, tmp_path)
    hand_in(root, "ana")
    linked = hand_in(root, "linked", answers=None)
    (linked / "answers.jsonl").symlink_to(root / "submitted" / "ana" / "q" / "answers.jsonl")
    (linked / "key.txt").symlink_to(root / "solutions" / "q" / "bank.toml")
    piped = hand_in(root, "piped")
    os.mkfifo(piped / "more")
    (piped / "timestamp.txt").unlink()
    os.mkfifo(piped / "timestamp.txt")
    hand_in(root, "no_notebook", notebook=b"")
    (root / "submitted" / "no_notebook" / "q" / "q.ipynb").unlink()
    (root / "submitted" / "whole").symlink_to(root / "submitted" / "ana")
    hand_in(root, "odd*name")
    with (hand_in(root, "huge") / "q.ipynb").open("wb") as stream:
        stream.truncate(20_000_001)
    (root / "submitted" / "huge" / "q" / "timestamp.txt").write_text("2026-11-21 10:00:00 ../../x")
    summary = batch.grade("q", root=root)
    assert {row.student: row.score for row in summary.rows} == {
        "ana": 6.0,
        "huge": 6.0,
        "linked": 0.0,
        "piped": 6.0,
        "no_notebook": 6.0,
        "whole": None,
        "odd*name": None,
    }
    assert [row.student for row in summary.failed] == ["odd*name", "whole"]
    assert not (root / "autograded" / "linked" / "q" / "key.txt").exists()


def test_a_failed_grading_never_leaves_the_old_score_standing(handed_in, tmp_path, monkeypatch):
    root = course_with(handed_in, tmp_path)
    hand_in(root, "ana")
    hand_in(root, "ben")
    assert scores_after(root) == {"ana": 6.0, "ben": 6.0}

    def die(self, nb, resources):
        if resources["nbgrader"]["student"] == "ana":
            raise OSError("the disk is full")
        return nb, resources

    monkeypatch.setattr("nbgrader.preprocessors.LimitOutput.preprocess", die)
    summary = batch.grade("q", root=root, force=True)
    ana, ben = summary.rows
    assert (ana.score, ana.status, ben.score) == (None, "failed", 6.0)
    assert "the disk is full" in ana.reason
    assert not summary.ok
    assert scores(root) == {"ana": 0.0, "ben": 6.0}
    assert [row.by_hand for row in report.scores("q", root=root)] == [True, False]
    assert [page.parent.parent.name for page in report.feedback("q", root=root)] == ["ben"]
    monkeypatch.undo()
    assert [row.status for row in batch.grade("q", root=root).rows] == ["graded", "unchanged"]
    assert scores(root) == {"ana": 6.0, "ben": 6.0}


def scores_after(root):
    batch.grade("q", root=root)
    return scores(root)


def test_a_score_given_by_hand_survives(handed_in, tmp_path):
    root = course_with(handed_in, tmp_path)
    hand_in(root, "ana", answers=journal(root, q_01="A"))
    assert scores_after(root) == {"ana": 5.0}
    with gradebook.opened(root) as book:
        book.find_grade("q-01", "q", "q", "ana").manual_score = 0.5
        book.db.commit()
    assert scores_after(root) == {"ana": 5.5}


def test_late_penalties_of_nbgraders_config_hold_here_too(handed_in, tmp_path):
    root = course_with(handed_in, tmp_path)
    sample_course.configure(
        root,
        "from nbgrader.plugins import LateSubmissionPlugin",
        "class Half(LateSubmissionPlugin):",
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):",
        "        return score / 2",
        "c.AssignLatePenalties.plugin_class = Half",
    )
    hand_in(root, "ana")
    batch.grade("q", root=root)
    with gradebook.opened(root) as book:
        book.find_assignment("q").duedate = datetime(2026, 11, 21, 9, 59, 0)  # a minute before
        book.db.commit()
    assert batch.grade("q", root=root).rows[0].score == 3.0
    assert scores(root) == {"ana": 3.0}


def test_two_gradings_at_once_are_refused(handed_in, tmp_path, monkeypatch):
    root = course_with(handed_in, tmp_path)
    monkeypatch.setattr(batch, "PATIENCE_S", 0.1)
    with (
        FileLock(root / batch.LOCK),
        pytest.raises(CourseError, match="Another grading works"),
    ):
        batch.grade("q", root=root)


def test_what_a_killed_run_left_is_cleared_away(handed_in, tmp_path):
    root = course_with(handed_in, tmp_path)
    (root / ".grading-killed").mkdir()
    hand_in(root, "ana")
    assert scores_after(root) == {"ana": 6.0}
    assert not (root / ".grading-killed").exists()


def test_what_a_student_wrote_is_not_run_unless_the_grader_says_so(tmp_path, monkeypatch):
    root = sample_course.released(tmp_path)
    mark = tmp_path / "it-ran"
    code = with_code(root, f"from pathlib import Path; Path({str(mark)!r}).touch()")
    hand_in(root, "eve", notebook=code, answers=journal(root, q_01="B"))
    assert [row.score for row in batch.grade("q", root=root).rows] == [6.0]
    assert not mark.exists()
    monkeypatch.setenv("COURSE_RUN_STUDENT_CODE", "1")
    assert [row.score for row in batch.grade("q", root=root).rows] == [6.0]
    assert mark.exists()
