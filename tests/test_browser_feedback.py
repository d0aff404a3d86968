"""A feedback page in a real browser: axe-core, the keyboard alone, narrow windows, two themes."""

import pytest
import sample_every_type as every
from axe_playwright_python.base import AXE_SCRIPT
from browser import chromium, needs_chromium
from sample_every_type import BY_HAND, QUIZ

from course.grading import batch, gradebook, report

pytestmark = needs_chromium()

AXE = """axe.run(document, {resultTypes: ['violations', 'incomplete']}).then(found =>
  [...found.violations, ...found.incomplete].map(each =>
    [each.id, ...each.nodes.map(node => node.html + ' ' + node.failureSummary)]))"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The page of a half-right hand-in with a teacher's comment, and what the grader noticed."""
    root = tmp_path_factory.mktemp("course") / "course"
    root.mkdir()
    every.released(root)
    folder = every.hand_in(root, "half", functions={"total": "def total(numbers):\n    return 6"})
    with (folder / "answers.jsonl").open("ab") as journal:
        journal.write(b"torn")
    batch.grade(QUIZ, root=root)
    with gradebook.opened(root) as book:
        book.find_grade(BY_HAND, QUIZ, QUIZ, "half").manual_score = 2.0
        book.find_comment("write-total", QUIZ, QUIZ, "half").manual_comment = "Not yet."
        book.db.commit()
    (page,) = report.feedback(QUIZ, root=root)
    return page.as_uri()


@pytest.fixture(scope="module")
def chrome():
    with chromium() as chrome:
        yield chrome


@pytest.fixture
def page(chrome, address):
    page = chrome.new_page()
    page.on("request", lambda request: asked.append(request.url))
    asked = []
    page.goto(address)
    assert asked == [address]  # nothing else is loaded
    yield page
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(page, theme):
    page.emulate_media(color_scheme=theme)
    # axe-core is put in beside the page's own rule that nothing runs
    session = page.context.new_cdp_session(page)
    session.send("Page.setBypassCSP", {"enabled": True})
    page.reload()
    page.evaluate(AXE_SCRIPT)
    assert page.evaluate(AXE) == []


def test_every_question_is_reached_by_the_keyboard_alone(page):
    reached = []
    for _ in every.POINTS:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.innerText"))
    assert sorted(reached) == sorted(every.POINTS)
    page.keyboard.press("Enter")
    last = page.locator(f"section#{reached[-1]}")
    assert last.evaluate("section => section.matches(':target')")
    top = last.evaluate("section => section.getBoundingClientRect().top")
    assert 0 <= top < page.viewport_size["height"]


def test_a_narrow_window_is_not_scrolled_sideways(page):
    page.set_viewport_size({"width": 320, "height": 800})
    inside, window = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
    assert inside <= window


def test_headings_and_landmarks_tell_the_page_to_a_screen_reader(page):
    assert page.get_by_role("main").count() == 1
    first = page.get_by_role("heading", level=1).first
    assert first.inner_text() == f"{QUIZ}: feedback for half"
    heads = page.locator("section.question > h2").all_inner_texts()
    assert len(heads) == len(every.POINTS)
    assert "a-01: wrong, 0 of 1" in heads
    assert page.get_by_text("Your teacher says: Not yet.").count() == 1
