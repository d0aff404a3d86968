"""An answer that a person reads, in nbgrader's own formgrader in a real browser."""

import browser
import pytest
import sample_course
import sample_every_type as every
from browser import chromium, jupyter, needs_chromium
from sample_every_type import BY_HAND, QUIZ

from course.grading import batch, gradebook, report
from course.lab import COMMON_CONFIG

pytestmark = needs_chromium()


@pytest.fixture
def course(tmp_path):
    """A graded hand-in of 19 points (no functions are in it), and 5 to be given."""
    root = tmp_path / "course"
    root.mkdir()
    every.released(root)
    sample_course.configure(root)
    every.hand_in(root, "right", functions={})
    assert batch.grade(QUIZ, root=root).rows[0].by_hand == 1
    return root


def test_a_teacher_reads_an_answer_and_gives_points(course, tmp_path, monkeypatch):
    monkeypatch.setattr(browser, "STUDENT_CONFIG", COMMON_CONFIG)  # a teacher's: with formgrader
    with jupyter(course, home=tmp_path / "home") as server, chromium(height=1400) as chrome:
        page = chrome.new_page()
        page.set_extra_http_headers({"Authorization": f"token {server.token}"})
        page.goto(f"{server.url}formgrader/gradebook/{QUIZ}/{QUIZ}")
        page.get_by_text("Submission #1").click()
        cell = page.locator(f".code_cell:has(input#{BY_HAND})")
        cell.wait_for()
        assert "Because <b>I</b> know." in cell.inner_text()
        assert "waits for your teacher" in cell.inner_text()
        box = page.locator(f"input#{BY_HAND}")
        box.fill("3.5")
        with page.expect_response(lambda reply: "/api/grade/" in reply.url and reply.ok):
            box.press("Tab")
    with gradebook.opened(course) as book:
        grade = book.find_grade(BY_HAND, QUIZ, QUIZ, "right")
        assert (grade.manual_score, bool(grade.needs_manual_grade)) == (3.5, False)
    assert [(row.score, row.by_hand) for row in report.scores(QUIZ, root=course)] == [(22.5, False)]
