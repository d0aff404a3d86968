"""What `course grade` leaves is what nbgrader's own command leaves, row by row and cell by cell."""

import shutil
import subprocess
import sys

import pytest
import sample_course
import sample_every_type as every
from gradebook_tables import tables

from course.grading import batch, gradebook

LATE = """
from nbgrader.plugins import LateSubmissionPlugin
class Third(LateSubmissionPlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score / 3 if total_seconds_late < 1000 else score + 1
c.AssignLatePenalties.plugin_class = Third
c.LimitOutput.max_lines = 5
"""
CHATTY = "for line in range(30): print(line)"


def by_nbgrader(root):
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", every.QUIZ, "--force"],
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def by_us(root):
    assert batch.grade(every.QUIZ, root=root, force=True).ok


def judge(root):
    """What a person does in the formgrader, and an instructor to the deadline."""
    with gradebook.opened(root) as book:
        place = (every.QUIZ, every.QUIZ)
        book.find_grade(every.BY_HAND, *place, "right").manual_score = 2.5
        book.find_grade(every.CODE, *place, "half").manual_score = 0.25
        book.find_grade("a-01", *place, "half").extra_credit = 1.5
        book.find_comment(_solution(book), *place, "half").manual_comment = "See me."
        book.find_assignment(every.QUIZ).duedate = _before("2026-11-21 09:55:00")
        book.find_submission(every.QUIZ, "wrong").extension = _before(None)
        book.db.commit()


def _solution(book):
    return book.find_notebook(every.QUIZ, every.QUIZ).solution_cells[0].name


def _before(text):
    from datetime import datetime, timedelta

    return datetime.fromisoformat(text) if text else timedelta(days=1)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Two courses of the same submissions: nbgrader's command has graded one, ours the other."""
    root = every.released(tmp_path_factory.mktemp("rows") / "theirs")
    sample_course.configure(root, *LATE.splitlines())
    items = root / "quizzes" / every.QUIZ / "items.json"
    for student in every.SCORES:
        shutil.copy(items, every.hand_in(root, student))
    chatty = every.notebook(root, {})
    chatty.cells.insert(1, sample_course.new_code_cell(CHATTY))
    folder = every.hand_in(root, "chatty", answers=every.ANSWERS["right"])
    shutil.copy(items, folder)
    sample_course.nbformat.write(chatty, folder / f"{every.QUIZ}.ipynb")
    (folder / "timestamp.txt").unlink()
    late = root / "submitted" / "silent" / every.QUIZ / "timestamp.txt"
    late.write_text("2026-11-22 10:00:00 CET")
    ours = shutil.copytree(root, root.parent / "ours")
    (ours / "nbgrader_config.py").write_text((root / "nbgrader_config.py").read_text())
    for course, way in ((root, by_nbgrader), (ours, by_us)):
        way(course)
        judge(course)
        way(course)
    return root, ours


def test_all_rows_of_all_tables_are_those_of_nbgrader(both):
    theirs, ours = map(tables, both)
    assert set(theirs) == set(ours)
    for table in theirs:
        assert ours[table] == theirs[table], table
    assert sum(ours["grade"].values()) == 5 * len(every.POINTS)


def test_the_rows_that_are_compared_hold_late_hand_ins_and_points_by_hand(both):
    rows = tables(both[0])
    penalties = [dict(row)["late_submission_penalty"] for row in rows["submitted_notebook"]]
    assert sum(penalty is not None for penalty in penalties) >= 2
    given = [dict(row) for row in rows["grade"] if dict(row)["manual_score"] is not None]
    assert len(given) == 2
    assert all(row["needs_manual_grade"] for row in given)


def test_graded_notebooks_are_those_of_nbgrader(both):
    theirs, ours = both
    for path in sorted(theirs.glob(f"autograded/*/{every.QUIZ}/*.ipynb")):
        other = ours / path.relative_to(theirs)
        assert other.read_bytes() == path.read_bytes(), path.parent.parent.name
        assert other.stat().st_mode == path.stat().st_mode
