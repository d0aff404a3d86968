"""nbgrader's own formgrader in a real browser: its button grades, a person reads and gives points.

The hand-in is worth 19 points (no functions are in it) and 5 that a person gives; it came a day
late, which costs 10 %.
"""

import time

import browser
import pytest
import sample_course
import sample_every_type as every
from browser import chromium, jupyter, needs_chromium
from sample_every_type import BY_HAND, QUIZ

from course.grading import gradebook, report
from course.lab import COMMON_CONFIG

pytestmark = needs_chromium()

PATIENCE_S = 180.0
"""For one step of a page while other tests use the same cores."""
STUDENT = "right"
READY = "window.formgrader?.grades?.loaded"
"""Before, what is typed is heard by nobody. (`formgrader.loaded` needs MathJax from a network.)"""
SAVED = f"formgrader.grades.findWhere({{name: '{BY_HAND}'}}).get('manual_score')"


@pytest.fixture
def course(tmp_path):
    """A hand-in that nobody has graded yet."""
    root = tmp_path / "course"
    root.mkdir()
    every.released(root)
    sample_course.configure(
        root,
        f'c.LatePenalty.due = {{"{QUIZ}": "2026-11-20 12:00"}}',  # handed in 11-21 at 10:00
        "c.LatePenalty.percent_per_day = 10",
    )
    every.hand_in(root, STUDENT, functions={})
    return root


@pytest.fixture
def teacher(course, tmp_path, monkeypatch):
    """A page of a teacher's Jupyter server, which has the formgrader, and the server's address."""
    monkeypatch.setattr(browser, "STUDENT_CONFIG", COMMON_CONFIG)
    with jupyter(course, home=tmp_path / "home") as server, chromium(height=1400) as chrome:
        page = chrome.new_page()
        page.set_default_timeout(PATIENCE_S * 1000)
        page.set_extra_http_headers({"Authorization": f"token {server.token}"})
        # MathJax comes from the internet: the same with and without one
        page.route(lambda url: not url.startswith(server.url), lambda route: route.abort())
        yield page, f"{server.url}formgrader"


def opened(page, address: str, *, when: str) -> None:
    """Go there and wait for what the page's own scripts say when they are ready."""
    page.goto(address, wait_until="domcontentloaded")
    page.wait_for_function(f"!!({when})")


def autograde(page) -> None:
    """Press the button of the one hand-in and wait for what the formgrader says."""
    page.locator(".autograde a").click()
    said = page.locator("#success-modal, #error-modal")
    said.wait_for()
    assert said.get_attribute("id") == "success-modal", said.inner_text()


def give(page, points: str) -> None:
    """Type points into the box of the question and leave it, until the page says it is saved."""
    box, end = page.locator(f"input#{BY_HAND}"), time.monotonic() + PATIENCE_S
    while page.evaluate(SAVED) != float(points):
        assert time.monotonic() < end, "the formgrader has not saved the points"
        box.fill("")
        box.fill(points)
        box.press("Tab")
        page.wait_for_timeout(500)


def scores(course) -> list[tuple[float, bool]]:
    return [(row.score, row.by_hand) for row in report.scores(QUIZ, root=course)]


def test_the_button_grades_and_a_teacher_reads_an_answer_and_gives_points(course, teacher):
    page, formgrader = teacher
    opened(page, f"{formgrader}/manage_submissions/{QUIZ}", when="window.models?.loaded")
    assert "needs autograding" in page.locator("#main-table").inner_text()
    autograde(page)
    page.wait_for_function("document.querySelector('.status').innerText == 'needs manual grading'")
    assert page.locator("td.score").inner_text() == "19 / 32"  # before the penalty
    assert scores(course) == [(pytest.approx(17.1), True)]  # 19 less 10 %

    opened(page, f"{formgrader}/gradebook/{QUIZ}/{QUIZ}", when="window.models?.loaded")
    page.get_by_text("Submission #1").click()
    page.wait_for_function(f"!!({READY})")
    shown = page.locator("#notebook-container, body").first.inner_text()
    for answer in ("4711.5 USD", "An  organ!".replace("  ", " "), "right: 2 of 2 points"):
        assert answer in shown
    cell = page.locator(f".code_cell:has(input#{BY_HAND})")
    assert "Because <b>I</b> know." in cell.inner_text()
    assert "waits for your teacher" in cell.inner_text()
    assert page.locator("input#a-01").get_attribute("placeholder") == "1"

    give(page, "3.5")
    with gradebook.opened(course) as book:
        grade = book.find_grade(BY_HAND, QUIZ, QUIZ, STUDENT)
        assert (grade.manual_score, bool(grade.needs_manual_grade)) == (3.5, False)
    (written,) = report.feedback(QUIZ, root=course)
    assert "graded by your teacher" in written.read_text()
    assert scores(course) == [(pytest.approx(20.25), False)]  # 22.5 less 10 %
