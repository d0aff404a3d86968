"""A live class in real browsers: one student in JupyterLab, one with a phone, both by keyboard."""

import os
from pathlib import Path

import live_server
import nbformat
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from browser import CONTEXT, Page, chromium, jupyter, needs_chromium
from live_server import course, running
from nbformat.v4 import new_code_cell, new_notebook
from sample_quiz import MULTIPLE, NAME, SINGLE, TYPES_NAME, learner

pytestmark = needs_chromium()

PHONE, NARROW = {"width": 390, "height": 844}, {"width": 360, "height": 640}
AXE = """scope => axe.run(scope, {resultTypes: ['violations', 'incomplete']}).then(found => {
  const sign = node => node.any.some(({data}) => data?.messageKey === 'nonBmp');
  const rest = found.incomplete.map(each => ({...each, nodes: each.nodes.filter(n => !sign(n))}));
  return [...found.violations, ...rest.filter(({nodes}) => nodes.length)].map(each =>
    [each.id, ...each.nodes.map(node => node.html + ' ' + node.failureSummary)]);
})"""  # of a lone sign (a check mark beside its word) axe can't tell the contrast
PATIENCE_MS = 30_000


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        browser.set_default_timeout(PATIENCE_MS)
        yield browser


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    wanted = os.environ.get("COURSE_SCREENSHOTS")
    return Path(wanted) if wanted else tmp_path_factory.mktemp("pictures")


class Seat(Page):
    """A student's page: the phone page, or the live class's widget in a notebook."""

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def phase(self, words):
        return self.page.locator(".course-live-phase").filter(has_text=words).wait_for()

    def status(self, words):
        return self.page.locator(".course-live .course-status").filter(has_text=words).wait_for()

    def line(self):
        return self.page.locator(".course-live-line")

    def tab_to(self, wanted, most=60):
        """Tab until what has the focus is `wanted` (a CSS selector)."""
        for _ in range(most):
            self.press("Tab")
            if self.page.evaluate("css => document.activeElement?.matches(css)", wanted):
                return
        raise AssertionError(f"{wanted} was not reached by Tab")

    def answer(self, letter):
        """Choose an option and submit, by keyboard alone."""
        inside = self.page.evaluate("!!document.activeElement?.matches('.course-live input')")
        if not inside:
            self.tab_to(".course-live input")
        for _ in "ABC":
            if self.page.evaluate("v => document.activeElement.value === v", letter):
                break
            self.press("ArrowDown")
        self.press("Space", "Enter")

    def accessible(self, scope):
        self.page.evaluate(AXE_SCRIPT)
        assert self.page.evaluate(AXE, scope) == []

    def fits(self):
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert self.page.evaluate(wide) <= 0


def phone(browser, live, *, code=True):
    """The phone page, on a phone of its own."""
    own = browser.browser.new_context(viewport=PHONE, has_touch=True)
    own.set_default_timeout(PATIENCE_MS)
    return Seat(opened(own, live, code=code))


def opened(own, live, *, code=True):
    page = own.new_page()
    page.goto(f"http://127.0.0.1:{live.port}/{'#' + live.code if code else ''}")
    return page


def join(seat, name="Ada"):
    seat.page.locator("#name").focus()
    seat.press(*name, "Enter")
    seat.phase("You are in")
    return seat


def notebook(root, live):
    folder = learner(root)
    address = f"http://127.0.0.1:{live.port}"
    cells = [
        new_code_cell("from course import quiz"),
        new_code_cell(f'quiz("{NAME}").live("{live.code}", server="{address}", name="Lab")'),
    ]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    made = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(made, folder / "live.ipynb")
    return folder


def test_two_students_vote_twice_by_keyboard_and_a_dead_server_loses_nothing(
    tmp_path, browser, pictures
):
    root = course(tmp_path / "course")
    with running(root) as live:
        folder = notebook(tmp_path / "desk", live)
        with jupyter(tmp_path / "desk", home=tmp_path / "home") as server:
            lab = Seat.opened(browser, server, f"quizzes/{NAME}/live.ipynb", app="lab")
            lab.run_all()
            lab.phase("You are in")
            handy = phone(browser, live)
            handy.accessible("body")
            handy.screenshot(pictures / "phone-join.png")
            join(handy)
            with live.instructor() as teacher:
                first_vote(teacher, lab, handy, pictures)
                live.kill()
            while_it_is_away(lab, handy, pictures)
            with (
                running(root, port=live.port) as again,
                again.instructor() as teacher,
            ):
                assert teacher.next()["state"]["phase"] == "open"
                for seat in (lab, handy):
                    seat.status("Saved.")
                    seat.line().wait_for(state="hidden")
                teacher.until("counts", answered=2)
                second_vote(teacher, lab, handy, pictures)
            assert not (folder / "answers.jsonl").exists()
            lab.page.close()
            handy.page.close()


def first_vote(teacher, lab, handy, pictures):
    teacher.next()
    teacher.do("choose", item=SINGLE)
    for seat in (lab, handy):
        seat.phase("Read the question")
        assert seat.page.locator(".course-live input").count() == 0
    handy.accessible("body")
    teacher.do("open", seconds=600)
    for seat in (lab, handy):
        seat.phase("Open: answer now.")
        seat.page.get_by_role("timer").filter(has_text="Time left: ").wait_for()
    lab.page.locator(".jp-CodeCell").nth(1).locator(".jp-InputPrompt").click()
    busy = "{code: 'import time; time.sleep(600)', store_history: false}"
    lab.page.evaluate(f"window.busy = {CONTEXT}.session.kernel.requestExecute({busy}); null")
    lab.answer("A")
    lab.status("Saved.")  # while a cell runs
    lab.page.evaluate(f"{CONTEXT}.session.kernel.interrupt()")
    handy.answer("A")
    handy.status("Saved.")
    handy.accessible("body")
    lab.accessible(".course-live")
    handy.screenshot(pictures / "phone-saved.png")
    lab.screenshot(pictures / "lab-saved.png")
    handy.page.reload()
    handy.phase("Open: answer now.")
    handy.status("Saved.")
    teacher.until("counts", answered=2, joined=2)


def while_it_is_away(lab, handy, pictures):
    for seat in (lab, handy):
        seat.line().filter(has_text="No connection").wait_for()
        seat.answer("C")
        seat.status("NOT SAVED")
    handy.accessible("body")
    handy.screenshot(pictures / "phone-not-saved.png")
    lab.screenshot(pictures / "lab-not-saved.png")


def second_vote(teacher, lab, handy, pictures):
    teacher.do("close")
    for seat in (lab, handy):
        seat.phase("Closed. Your answer is saved. Wait for your teacher.")
    teacher.do("open")
    for seat in (lab, handy):
        seat.phase("Vote 2 is open")
        assert seat.page.locator(".course-live input:checked").count() == 0
        seat.answer("B")
        seat.status("Saved.")
    teacher.do("close")
    teacher.do("show")
    for seat in (lab, handy):
        seat.phase("This is how the class answered.")
        seat.page.get_by_text("2 of 2 (100 %)").wait_for()
        assert seat.page.get_by_text("right").count() == 0
    handy.accessible("body")
    teacher.do("reveal")
    for seat in (lab, handy):
        seat.phase("The right answer, and why:")
        seat.page.get_by_text("B: right.").wait_for()
        seat.page.get_by_text("401 means that the key was not accepted.").wait_for()
        seat.page.get_by_text("2 people went from wrong to right").wait_for()
    looks(lab, handy, pictures)
    teacher.do("end")
    for seat in (lab, handy):
        seat.phase("The meeting is over.")


def looks(lab, handy, pictures):
    for scheme in ("light", "dark"):
        handy.page.emulate_media(color_scheme=scheme)
        handy.accessible("body")
        handy.screenshot(pictures / f"phone-revealed-{scheme}.png")
        lab.theme(f"JupyterLab {scheme.title()}")
        lab.accessible(".course-live")
        lab.screenshot(pictures / f"lab-revealed-{scheme}.png")
    handy.page.set_viewport_size(NARROW)
    handy.fits()
    handy.page.set_viewport_size(PHONE)


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    with running(course(tmp_path_factory.mktemp("live")), quiz=TYPES_NAME) as found:
        yield found


@pytest.fixture
def teacher(live):
    with live.instructor() as found:
        found.next()
        yield found
        found.do("close")


def test_every_type_fits_a_phone_and_is_accessible_open_and_told(live, teacher, browser, pictures):
    seat = join(phone(browser, live))
    items = [row["id"] for row in teacher.heard[0]["items"]]
    for item in items:
        teacher.do("choose", item=item)
        seat.phase("Read the question")
        teacher.do("open")
        seat.phase("Open: answer now.")
        look(seat, pictures / f"{item}-open.png")
        seat.page.get_by_role("button", name="Submit").click()
        seat.page.locator(".course-status:not(:empty)").filter(has_text="aved").wait_for()
        teacher.do("close")
        teacher.do("show")
        seat.phase("This is how the class answered.")
        teacher.do("reveal")
        seat.phase("The right answer" if not item.endswith("essay") else "Your teacher talks")
        look(seat, pictures / f"{item}-told.png")
    seat.page.close()


def look(seat, picture):
    for scheme in ("light", "dark"):
        seat.page.emulate_media(color_scheme=scheme)
        seat.accessible("body")
    seat.page.emulate_media(color_scheme="light")
    seat.page.set_viewport_size(NARROW)
    seat.fits()
    seat.screenshot(picture)
    seat.page.set_viewport_size(PHONE)


def test_joining_says_what_is_wrong_and_takes_another_try(live, teacher, browser):
    seat = phone(browser, live, code=False)
    page = seat.page
    said = page.get_by_role("status")
    page.locator("#code").focus()
    seat.press("A", "B", "Enter")
    said.filter(has_text="six letters").wait_for()
    page.locator("#code").fill("zzzzzz")
    seat.press("Enter")
    said.filter(has_text="Give a name").wait_for()
    assert page.evaluate("document.activeElement.id") == "name"
    seat.press(*"Ada", "Enter")
    said.filter(has_text="No meeting has this code").wait_for()
    page.locator("#code").fill(f"{live.code[:3].lower()} {live.code[3:]}")
    seat.press("Enter")
    page.locator(".course-live-who").filter(has_text="you are Ada").wait_for()
    page.close()


def test_a_page_whose_browser_keeps_nothing_works_as_long_as_it_is_open(live, teacher, browser):
    page = browser.new_page()
    page.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(window, name, {get() { throw new Error('blocked'); }});"
    )
    page.goto(f"http://127.0.0.1:{live.port}/?code={live.code}")
    seat = Seat(page)
    page.locator("#name").fill("Bao")
    seat.press("Enter")
    page.locator(".course-live-who").filter(has_text="you are Bao").wait_for()
    page.close()


def test_a_second_tab_takes_over_and_the_first_can_take_it_back(live, teacher, browser):
    first = phone(browser, live)
    first.page.locator("#name").fill("Chidi")
    first.press("Enter")
    first.page.locator(".course-live-who").wait_for()
    second = Seat(opened(first.page.context, live, code=False))  # it knows the last class
    second.page.locator(".course-live-who").wait_for()
    first.line().filter(has_text="another place").wait_for()
    first.page.get_by_role("button", name="Go on here").click()
    first.line().wait_for(state="hidden")
    second.line().filter(has_text="another place").wait_for()
    second.page.get_by_role("button", name="Leave").click()
    assert second.page.locator("#join").is_visible()
    first.page.close()
    second.page.close()


def test_who_is_taken_out_is_told_so(live, teacher, browser):
    page = phone(browser, live).page
    page.locator("#name").fill("Rude")
    page.keyboard.press("Enter")
    page.locator(".course-live-who").wait_for()
    while not (rude := [row for row in people(teacher) if row["name"] == "Rude" and row["here"]]):
        teacher.next()
    teacher.do("remove", who=rude[0]["who"])
    page.locator(".course-live-line").filter(has_text="taken you out").wait_for()
    page.close()


def people(teacher):
    return [row for one in teacher.heard if one["type"] == "people" for row in one["people"]]


def test_an_answer_given_without_a_connection_survives_a_reload(tmp_path, browser):
    root = course(tmp_path)
    with running(root) as live:
        seat = join(phone(browser, live))
        with live.instructor() as teacher:
            teacher.next()
            teacher.do("choose", item=MULTIPLE)
            teacher.do("open")
            seat.phase("Open: answer now.")
            seat.page.evaluate("document.querySelectorAll('.course-live input')[0].click()")
            seat.page.evaluate("document.querySelectorAll('.course-live input')[2].click()")
            live.kill()
            seat.line().filter(has_text="No connection").wait_for()
            seat.page.get_by_role("button", name="Submit").click()
            seat.status("NOT SAVED")
        with running(root, port=live.port) as again, again.instructor() as teacher:
            seat.page.reload()
            seat.status("Saved.")
            teacher.until("counts", answered=1)
        seat.page.close()


def test_the_pages_need_nothing_from_elsewhere(live):
    import http.client

    wire = http.client.HTTPConnection("127.0.0.1", live.port, timeout=live_server.WAIT_S)
    for path in ("/", "/page/student.js", "/page/student.css", "/quiz/widget_live.js"):
        wire.request("GET", path)
        found = wire.getresponse().read().decode()
        assert "http://" not in found and "https://" not in found and "<script>" not in found
    wire.close()
