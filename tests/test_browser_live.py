"""The instructor's page and the projector of a live class, in a real browser, by keyboard alone."""

import contextlib
import csv
import json
import os
from pathlib import Path

import live_server
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from browser import chromium, needs_chromium
from live_server import TYPES_QUIZ, course
from sample_quiz import SINGLE

pytestmark = needs_chromium()

AXE = """axe.run(document, {resultTypes: ['violations', 'incomplete']}).then(found =>
  [...found.violations, ...found.incomplete].map(each =>
    [each.id, ...each.nodes.map(node => node.html + ' ' + node.failureSummary)]))"""
SIZES = {"instructor": (1280, 900), "screen": (1280, 720)}


@pytest.fixture(scope="module")
def browser():
    with chromium() as context:
        yield context.browser


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    wanted = os.environ.get("COURSE_SCREENSHOTS")
    return Path(wanted) if wanted else tmp_path_factory.mktemp("pictures")


@pytest.fixture
def live(tmp_path):
    with live_server.running(course(tmp_path)) as found:
        yield found


@pytest.fixture(scope="module")
def every_type(tmp_path_factory):
    with live_server.running(course(tmp_path_factory.mktemp("types")), quiz=TYPES_QUIZ) as found:
        yield found


RESPONSES = {
    "multiple": ["A", "C"],
    "numeric": "6 cent",
    "order": ["B", "C", "A", "D"],
    "match": {"p1": "B", "p2": "A"},
    "cloze": {"g1": "A", "g2": {"value": 15, "unit": "cent"}, "g3": "message"},
    "text": "max_completion_tokens",
    "essay": "A short prompt has fewer tokens.",
}
MARKED = {"multiple": 2, "numeric": 1, "order": 1, "match": 2, "cloze": 2, "text": 0, "essay": 0}
"""Rows that are marked as right; a text that one alone has given is not shown."""


class Side:
    """A page of the live class. `heard` holds the messages that the server has sent to it."""

    def __init__(self, browser, live, path, secret):
        width, height = SIZES[path]
        self.context = browser.new_context(viewport={"width": width, "height": height})
        self.page = self.context.new_page()
        self.heard, self.mistakes = [], []
        self.page.on("pageerror", lambda error: self.mistakes.append(str(error)))
        self.page.on("websocket", lambda wire: wire.on("framereceived", self._hear))
        self.page.goto(f"http://127.0.0.1:{live.port}/{path}#{secret}")

    def _hear(self, text):
        self.heard.append(json.loads(text))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()
        assert self.mistakes == []

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def sees(self, words, *, within="body"):
        """Wait until the words are to be seen."""
        self.page.locator(within).get_by_text(words).first.wait_for()

    def text(self, selector="body"):
        return self.page.locator(selector).inner_text()

    def focused(self):
        """The name of what has the focus, without its key."""
        return self.page.evaluate(
            "(e => (e.getAttribute('aria-label') ?? e.labels?.[0]?.textContent"
            " ?? [...e.childNodes].filter(each => each.tagName !== 'KBD')"
            ".map(each => each.textContent).join('')).trim())(document.activeElement)"
        )

    def tab_to(self, name, most=60):
        for _ in range(most):
            self.press("Tab")
            if self.focused() == name:
                return
        raise AssertionError(f"{name} was not reached; the focus is on {self.focused()!r}")

    def is_fine(self):
        """Nothing for axe to find, light or dark."""
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            self.page.evaluate(AXE_SCRIPT)
            assert self.page.evaluate(AXE) == []
        self.page.emulate_media(color_scheme="light")


def instructor(browser, live):
    return Side(browser, live, "instructor", live.secret)


def screen(browser, live):
    return Side(browser, live, "screen", live.screen_hello["secret"])


@contextlib.contextmanager
def both(browser, live):
    with instructor(browser, live) as teacher, screen(browser, live) as wall:
        yield teacher, wall


@contextlib.contextmanager
def pages(browser, live):
    """The instructor and the screen of a meeting that has not begun, both connected."""
    with both(browser, live) as (teacher, wall):
        teacher.sees("No question is chosen yet")
        wall.sees("with the code")
        yield teacher, wall


def rows(side, selector):
    """The rows of a table of bars, each as its cells' words."""
    return [
        [" ".join(cell.split()) for cell in row.locator("th, td").all_inner_texts()]
        for row in side.page.locator(f"{selector} table").first.locator("tbody tr").all()
    ]


def test_a_class_votes_twice_by_keyboard_and_comes_back_after_a_crash(tmp_path, browser, pictures):
    root = course(tmp_path)
    with live_server.running(root) as live, pages(browser, live) as (teacher, wall):
        assert live.code in wall.text("#main").replace("\n", "").replace(" ", "")
        assert f"127.0.0.1:{live.port}" in wall.text("#main")
        teacher.tab_to("First question")
        teacher.press("Enter")
        wall.sees("Voting is not open yet")
        assert "What is the first thing to look at?" in wall.text("#main")
        with live.student("Ada") as ada, live.student("Bao") as bao:
            first_vote(teacher, wall, ada, bao)
            assert bao.until("state", phase="closed")["histograms"] == []
        for side in (teacher, wall):
            side.is_fine()
        live.kill()
        for side in (teacher, wall):
            side.sees("No connection since")
        assert "Vote 1 is closed" in teacher.text()
        teacher.press("o")
        teacher.sees("There is no connection, so nothing was done.")
        for side in (teacher, wall):
            side.is_fine()
        with live_server.running(root, port=live.port) as again:
            for side in (teacher, wall):
                side.page.locator("#lost").wait_for(state="hidden")
            assert rows(teacher, "#results")[1][1] == "1 (50 %)"
            second_vote(teacher, wall, again)
            for side, name in ((teacher, "instructor"), (wall, "screen")):
                side.is_fine()
                side.page.screenshot(path=pictures / f"live-{name}.png")


def first_vote(teacher, wall, ada, bao):
    assert teacher.focused() == "Next question"  # where the focus was, the words have changed
    teacher.press("Shift+Tab", "Shift+Tab", "Shift+Tab", "Shift+Tab")
    assert teacher.focused() == "Open vote"
    teacher.press("Space")
    number = ada.until("state", phase="open")["round"]
    ada.answer(number, SINGLE, "C")
    wall.sees("1 of 2 answered")
    bao.answer(number, SINGLE, "B")
    for side in (teacher, wall):
        side.sees("2 of 2 answered")
        assert "%" not in side.text()
    teacher.tab_to("Close vote")
    teacher.press("Enter")
    teacher.sees("50 % right: let them convince each other, then vote again.")
    wall.sees("Vote 1 is closed.")
    assert wall.page.locator("table").count() == 0


def second_vote(teacher, wall, live):
    with live.student("Ada") as ada, live.student("Bao") as bao:
        ada.until("welcome")
        bao.until("welcome")
        teacher.press("o")
        number = bao.until("state", phase="open")["round"]
        for one in (ada, bao):
            assert one.answer(number, SINGLE, "B")["type"] == "saved"
        teacher.sees("2 of 2 answered")
        teacher.press("c")
        for side in (teacher, wall):
            side.sees("Vote 2 is closed")
        assert wall.page.locator("table").count() == 0
        teacher.press("h")
        teacher.sees("Hide bars")
        wall.sees("Vote 2", within="table")
        assert rows(wall, "#main")[1][1:] == ["2 (100 %)"]
        assert "right" not in wall.text("#main")
        assert wall.page.locator(".live-right, .live-sign").count() == 0
        teacher.press("h")
        teacher.sees("Show bars")
        wall.page.locator("table").wait_for(state="detached")
        teacher.press("r")
        teacher.sees("The key is revealed")
        wall.sees("The right answer is marked.")
        before = [one for one in wall.heard if one.get("phase", "closed") != "revealed"]
        assert len(before) > 9
        for word in ("right", "accepted", "advice", "tallies"):
            assert word not in json.dumps(before)
    assert [row[1:] for row in rows(wall, "#main")] == [
        ["0 (0 %)", "0 (0 %)"],
        ["1 (50 %)", "2 (100 %)"],
        ["1 (50 %)", "0 (0 %)"],
    ]
    assert "(right)" in wall.page.locator(".live-right th").text_content()
    assert "401 means that the key was not accepted." in wall.text("#main")
    assert "(right)" in teacher.page.locator("#results .live-tables .live-right th").text_content()
    assert "A wrong name gives 404." in teacher.text("#solution")
    teacher.press("n")
    wall.sees("Which 2 of these make a call cheaper?")


def begin(teacher):
    teacher.sees("No question is chosen yet")
    teacher.press("n")
    teacher.sees("The question is chosen, not open yet")


def test_who_moved_from_wrong_to_right_is_told(live, browser):
    with pages(browser, live) as (teacher, wall), contextlib.ExitStack() as stack:
        students = [stack.enter_context(live.student(name)) for name in "ABCDE"]
        begin(teacher)
        for vote, said in enumerate(["CCBBA", "BBBAA"], start=1):
            teacher.press("o")
            for one, response in zip(students, said, strict=True):
                number = one.until("state", phase="open", vote=vote)["round"]
                one.answer(number, SINGLE, response)
            teacher.sees("5 of 5 answered")
            teacher.press("c")
            teacher.sees(f"Vote {vote} is closed")
        moves = teacher.page.locator(".live-moves tbody tr").all_inner_texts()
        assert [" ".join(row.split()) for row in moves] == [
            "Wrong, then right 2 (40 %)",
            "Right, then wrong 1 (20 %)",
            "Right both times 1 (20 %)",
            "Wrong both times 1 (20 %)",
        ]
        assert "changed" not in wall.text()
        teacher.press("r")
        wall.sees("The right answer is marked.")
        assert "2 changed from wrong to right, 1 from right to wrong" in wall.text("#main")


def test_letters_are_left_alone_in_a_field_and_can_be_switched_off(live, browser):
    with instructor(browser, live) as teacher, live.student("Ada"):
        teacher.sees("1 joined")
        begin(teacher)
        teacher.tab_to("1 joined")
        teacher.press("Enter")
        teacher.tab_to("Find a name")
        teacher.press(*"noc")
        assert teacher.page.get_by_label("Find a name").input_value() == "noc"
        teacher.tab_to("One letter is enough for a step")
        assert teacher.page.locator("kbd").count() == 5
        teacher.press("Space", "o")
        assert teacher.page.locator("kbd").count() == 0
        teacher.page.reload()
        teacher.sees("The question is chosen, not open yet")
        teacher.press("o", "n")
        assert teacher.page.locator("kbd").count() == 0
        teacher.tab_to("Open vote")
        teacher.press("Enter")
        teacher.sees("Vote 1 is open")


def test_names_are_moderated_and_the_door_is_locked_by_keyboard(live, browser):
    with instructor(browser, live) as teacher, live.student("Rude") as rude:
        who = rude.until("welcome")["you"]["who"]
        teacher.sees("1 joined")
        teacher.tab_to("New students may join")
        teacher.press("Space")
        teacher.page.locator("#door:not(:checked)").wait_for()
        with live.student("Late") as late:
            assert late.next()["why"] == "locked"
        teacher.tab_to("1 joined")
        teacher.press("Enter")
        teacher.tab_to("Rename Rude")
        teacher.press("Enter", *"Ruth", "Enter")
        teacher.sees("Ruth")
        assert teacher.focused() == "Rename Ruth"
        teacher.press("Tab", "Enter")
        teacher.page.get_by_role("button", name="Readmit Ruth").wait_for()
        assert teacher.focused() == "Readmit Ruth"
        teacher.is_fine()
        with live.student(token=rude.hello["token"]) as again:
            assert again.next()["why"] == "removed"
        teacher.press("Enter")
        teacher.page.get_by_role("button", name="Remove Ruth").wait_for()
        with live.student(token=rude.hello["token"]) as again:
            assert again.until("welcome")["you"] == {"who": who, "name": "Ruth"}
            teacher.sees("here", within=".live-people")


def test_a_name_is_text_and_never_markup(live, browser):
    with instructor(browser, live) as teacher, live.student("<b>Bo</b><img src=x>"):
        teacher.page.locator("#people summary").click()
        teacher.sees("<b>Bo</b><img src=x>")
        assert teacher.page.locator("#people :is(b, img)").count() == 0


def test_a_timer_runs_on_both_pages_and_can_be_lengthened(live, browser):
    with pages(browser, live) as (teacher, wall), live.student("Ada") as ada:
        begin(teacher)
        teacher.tab_to("no limit")
        teacher.press("ArrowDown", "ArrowDown")
        assert teacher.focused() == "60 s"
        teacher.press("o")
        assert 0 < ada.until("state", phase="open")["ends_in_s"] <= 60
        for side in (teacher, wall):
            side.page.get_by_role("timer").filter(has_text=":").wait_for()
        teacher.tab_to("30 s more")
        teacher.press("Enter")
        assert 60 < ada.until("state", phase="open")["ends_in_s"] <= 90
        wall.page.get_by_role("timer").filter(has_text="1:").wait_for()
        teacher.press("f")
        assert ada.until("state", phase="open")["ends_in_s"] is None
        wall.page.get_by_role("timer").wait_for(state="hidden")


def test_the_answers_are_downloaded_and_the_end_is_asked_twice_without_a_dialog(live, browser):
    with pages(browser, live) as (teacher, wall), live.student("Ada") as ada:
        teacher.page.on("dialog", lambda dialog: teacher.mistakes.append(dialog.message))
        begin(teacher)
        teacher.press("o")
        number = ada.until("state", phase="open")["round"]
        ada.answer(number, SINGLE, "B")
        teacher.sees("1 of 1 answered")
        teacher.press("c")
        teacher.sees("Vote 1 is closed")
        teacher.tab_to("Download answers (CSV)")
        with teacher.page.expect_download() as found:
            teacher.press("Enter")
        assert found.value.suggested_filename == f"{live.code}.csv"
        table = Path(found.value.path()).read_text(encoding="utf-8-sig")
        [row] = csv.DictReader(table.splitlines())
        assert (row["name"], row["response"], row["state"]) == ("Ada", "B", "right")
        teacher.tab_to("End the meeting")
        teacher.press("Enter")
        assert teacher.focused() == "Go on with it"
        teacher.is_fine()
        teacher.press("Escape")
        assert teacher.focused() == "End the meeting"
        teacher.press("Enter", "Tab", "Enter")
        teacher.sees("The meeting is over")
        wall.sees("This class is over.")
        for side in (teacher, wall):
            side.is_fine()


@pytest.mark.parametrize("path", SIZES)
@pytest.mark.parametrize("secret", ["", "wrong-secret"])
def test_without_the_right_secret_a_page_says_where_to_find_it(live, browser, path, secret):
    with Side(browser, live, path, secret) as side:
        side.sees("Open the one that was printed when the class was started.")
        assert "first" not in side.text()


@pytest.mark.parametrize(
    "kind", ["multiple", "numeric", "order", "match", "cloze", "text", "essay"]
)
def test_every_type_is_drawn_fitted_and_found_fine(every_type, browser, kind):
    live, item, response = every_type, f"91-{kind}", RESPONSES[kind]
    with (
        live.instructor() as told,
        instructor(browser, live) as teacher,
        screen(browser, live) as wall,
    ):
        told.do("choose", item=item)
        with live.student(kind) as one:
            for vote in (1, 2):
                told.do("open")
                number = told.until("state", phase="open", vote=vote)["round"]
                assert one.answer(number, item, response)["type"] == "saved"
                told.do("close")
            told.do("reveal")
            for side in (teacher, wall):
                side.sees("Vote 2", within="table")
                side.is_fine()
            assert wall.page.evaluate(
                "document.getElementById('main').scrollWidth"
                " <= document.getElementById('main').clientWidth"
            )
            assert wall.page.locator(".live-right").count() == MARKED[kind]


def test_words_are_said_aloud_every_five_seconds_at_most(live, browser):
    with browser.new_context() as context:
        page = context.new_page()
        page.clock.install()
        page.goto(f"http://127.0.0.1:{live.port}/screen")
        page.evaluate(
            """async () => {
              const { calmly } = await import('/page/clock.js');
              window.node = document.createElement('p');
              window.tell = calmly(window.node);
            }"""
        )
        page.clock.pause_at("2030-01-01")
        heard = []
        for words, wait in (("1", 10), ("2", 3000), ("3", 1900), ("4", 200), ("4", 6000)):
            page.evaluate("words => window.tell(words)", words)
            page.clock.run_for(wait)
            heard.append(page.evaluate("window.node.textContent"))
        assert heard == ["1", "1", "1", "4", "4"]


COMES_BACK = {4000: False, 4001: False, 4003: False, 4002: True, 1001: True, 1012: True}


@pytest.mark.parametrize("code", COMES_BACK)
def test_a_page_comes_back_by_itself_only_after_codes_that_allow_it(live, browser, code):
    with browser.new_context() as context:
        page = context.new_page()
        page.clock.install(time=0)
        page.clock.pause_at(1000)
        came = []

        def answer(wire):
            came.append(wire)
            wire.on_message(lambda text: wire.close(code=code, reason="So it is."))

        page.route_web_socket("**/live", answer)
        page.goto(f"http://127.0.0.1:{live.port}/screen#secret")
        comes_back = COMES_BACK[code]
        page.get_by_text("It is tried again" if comes_back else "So it is.").wait_for()
        assert len(came) == 1
        page.clock.run_for(400)
        assert len(came) == 1  # it waits 0.5 seconds at least, 2 at most the first time
        page.clock.run_for(1_700)
        for _ in range(100):
            if len(came) > 1 or not comes_back:
                break
            page.wait_for_timeout(20)
        assert len(came) == (2 if comes_back else 1)
