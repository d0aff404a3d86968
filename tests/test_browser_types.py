"""Every type of item in a real browser: by keyboard alone, by name and role, at any size."""

import json
from contextlib import contextmanager

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from browser import CONTEXT, Page, chromium, jupyter, needs_chromium
from sample_quiz import TYPES, TYPES_NAME, types_learner

pytestmark = needs_chromium()

APPS = {"lab": "Lab", "notebook": "Notebook 7"}
FORMS = "form.course-quiz"
AXE = f"""axe.run('{FORMS}', {{resultTypes: ['violations', 'incomplete']}}).then(found =>
  [...found.violations, ...found.incomplete].map(each =>
    [each.id, ...each.nodes.map(node => node.html + ' ' + node.failureSummary)]))"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    for name in ("lab", "notebook", "states", "stored"):
        types_learner(root / name)
    with jupyter(root, home=tmp_path_factory.mktemp("home")) as server:
        yield server


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


class Quiz(Page):
    """A page with an item of every type; `item("order")` is the form of that one."""

    @classmethod
    @contextmanager
    def at(cls, browser, server, folder, app):
        path = f"{folder}/quizzes/{TYPES_NAME}/{TYPES_NAME}.ipynb"
        quiz = cls.opened(browser, server, path, app=app)
        quiz.run_all()
        quiz.page.wait_for_function(
            f"count => document.querySelectorAll('{FORMS}').length >= count", arg=len(TYPES) - 2
        )
        yield quiz
        quiz.page.close()

    def item(self, kind):
        """By what it asks, for where the answer is a function there may be no form."""
        return self.page.locator(f"{FORMS}:has([id$='-stem'])").filter(has_text=STEMS[kind])

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def focused(self):
        """The name that a screen reader says for what has the focus."""
        session = self.page.context.new_cdp_session(self.page)
        nodes = session.send("Accessibility.getFullAXTree")["nodes"]
        session.detach()
        for node in nodes:
            values = {each["name"]: each["value"].get("value") for each in node["properties"]} if (
                "properties" in node) else {}  # fmt: skip
            if values.get("focused") and node["role"]["value"] != "RootWebArea":
                return node["name"]["value"]
        return ""

    def tab_to(self, name, most=30):
        for _ in range(most):
            self.press("Tab")
            if self.focused() == name:
                return
        raise AssertionError(f"{name} was not reached; the focus is on {self.focused()!r}")

    def status(self, kind, words):
        line = self.item(kind).get_by_role("status").filter(has_text=words)
        line.wait_for(timeout=7000)
        return line.inner_text()


STEMS = {
    "single": "how many tokens were billed",
    "multiple": "does a shorter prompt lower",
    "numeric": "400,000 prompt tokens",
    "order": "Put the steps",
    "match": "Which error",
    "cloze": "is the unit that is billed",
    "text": "name of the setting",
    "essay": "Explain to a friend",
    "hebrew": "מה נשלח",
}


def saved(folder):
    path = folder / "quizzes" / TYPES_NAME / "answers.jsonl"
    events = map(json.loads, path.read_text().splitlines() if path.exists() else [])
    return {event["item"].removeprefix("91-"): event for event in events}


@pytest.mark.parametrize("app", APPS)
def test_every_type_is_answered_from_first_to_last_by_keyboard(server, browser, app):
    with Quiz.at(browser, server, app, app) as quiz:
        quiz.item("single").locator("input").first.scroll_into_view_if_needed()
        quiz.page.locator(".jp-CodeCell").first.locator(".jp-InputPrompt").click()
        quiz.tab_to("A choices")
        quiz.press("ArrowDown", "x", "b", "d", "d")
        quiz.tab_to("Sure")
        quiz.press("Space", "Enter")
        assert quiz.status("single", "Saved").startswith("✓ Saved.")

        quiz.tab_to("A What the call costs")
        quiz.press("Space")
        quiz.tab_to("C The time until the first token")
        quiz.press("Space", "Enter")
        quiz.status("multiple", "Saved")

        quiz.tab_to("Your number")
        quiz.press(*"6")
        quiz.tab_to("Unit")
        quiz.press("c", "Enter")
        quiz.status("numeric", "Saved")

        put_in_order(quiz)
        quiz.tab_to("Submit")
        quiz.press("Enter")
        quiz.status("order", "Saved")

        quiz.tab_to("Status 401")
        choose(quiz, "match", "Status 401", "not accepted")
        quiz.tab_to("Status 429")
        choose(quiz, "match", "Status 429", "is reached")
        quiz.tab_to("Submit")
        quiz.press("Space")
        quiz.status("match", "Saved")

        quiz.tab_to("Gap 1 of 3")
        quiz.press("t")
        quiz.tab_to("Gap 2 of 3, a number")
        quiz.press(*"0.15")
        quiz.tab_to("Unit of gap 2 of 3")
        quiz.press("U")
        quiz.tab_to("Gap 3 of 3")
        quiz.press(*"message", "Enter")
        quiz.status("cloze", "Saved")

        quiz.tab_to("Your answer")
        quiz.press(*"max_completion_tokens", "Enter")
        quiz.status("text", "Saved")
        quiz.tab_to("Your answer")
        quiz.press(*"dd", "Enter", *"xb")
        quiz.tab_to("Submit")
        quiz.press("Enter")
        assert "A person reads this" in quiz.status("essay", "Saved")

        quiz.tab_to("A כל ההודעות של השיחה")
        quiz.press("Space", "Enter")
        quiz.status("hebrew", "Saved")
        assert "9 of 9 saved in this quiz." in quiz.item("hebrew").text_content()
        for kind in ("single", "multiple", "numeric", "order", "match", "cloze", "text"):
            heard = quiz.item(kind).locator(".course-heard").first
            assert "right." in heard.text_content().lower()
            assert "not right" not in quiz.item(kind).text_content()

    events = saved(server.folder / app)
    assert {kind: event["response"] for kind, event in events.items()} == {
        "single": "B",
        "multiple": ["A", "C"],
        "numeric": {"value": 6, "unit": "cent"},
        "order": ["B", "C", "A", "D"],
        "match": {"p1": "B", "p2": "A"},
        "cloze": {"g1": "A", "g2": {"value": 0.15, "unit": "USD"}, "g3": "message"},
        "text": "max_completion_tokens",
        "essay": "dd\nxb",
        "hebrew": "A",
    }
    assert events["single"]["confidence"] == "sure"


def put_in_order(quiz):
    """Each step as far up as it belongs, told by the names of the buttons alone."""
    steps = ["The program sends messages", "The service counts the tokens",
             "The model writes tokens", "The bill grows"]  # fmt: skip
    rows = quiz.item("order").locator("ol > li")
    for wanted, step in enumerate(steps):
        at = [step in text for text in rows.all_inner_texts()].index(True)
        if at == wanted:
            continue
        quiz.item("order").locator("button").first.focus()
        quiz.press("Shift+Tab")
        quiz.tab_to(f"Up {step}")
        quiz.press(*["Enter"] * (at - wanted))
        assert quiz.focused() == f"Up {step}"
        told = quiz.item("order").locator("[aria-live].course-unseen")
        assert told.inner_text() == f"{step}, now {wanted + 1} of 4"


def choose(quiz, kind, name, words):
    """With the arrows, until the list shows the choice."""
    field = quiz.item(kind).get_by_role("combobox", name=name)
    for _ in range(4):
        quiz.press("ArrowDown")
        if words in field.evaluate("list => list.selectedOptions[0].text"):
            return
    raise AssertionError(words)


@pytest.fixture(scope="module")
def states(server, browser):
    with Quiz.at(browser, server, "states", "notebook") as quiz:
        quiz.page.evaluate(AXE_SCRIPT)
        yield quiz


def answer_some(quiz):
    """Right, partly, wrong, refused, and one that cannot be sent."""
    quiz.item("single").get_by_role("radio", name="B usage").check()
    quiz.item("multiple").get_by_role("checkbox").first.check()
    quiz.item("numeric").get_by_role("textbox").fill("a lot")
    quiz.item("match").get_by_role("combobox").first.select_option(index=1)
    quiz.item("cloze").get_by_role("combobox").first.select_option(index=1)
    quiz.item("text").get_by_role("textbox").fill("nothing")
    for kind in ("single", "multiple", "order", "match", "cloze", "text"):
        quiz.item(kind).get_by_role("button", name="Submit").click()
        quiz.status(kind, "Saved")
    quiz.item("numeric").get_by_role("button", name="Submit").click()
    quiz.status("numeric", "Not saved")


def test_every_control_has_role_name_and_state_in_the_accessibility_tree(states):
    session = states.page.context.new_cdp_session(states.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    found = {}
    for node in nodes:
        if not node["ignored"]:
            name = node.get("name", {}).get("value", "")
            found.setdefault((node["role"]["value"], name), node)
    for role, name in [
        ("radio", "B usage"),
        ("radio", "A guess"),
        ("checkbox", "D The number of models"),
        ("textbox", "Your number"),
        ("combobox", "Unit"),
        ("button", "Up The bill grows"),
        ("button", "Down The bill grows"),
        ("combobox", "Status 401"),
        ("combobox", "Gap 1 of 3"),
        ("textbox", "Gap 2 of 3, a number"),
        ("textbox", "Gap 3 of 3"),
        ("textbox", "Your answer"),
        ("group", "How sure are you?"),
        ("group", "Which error has which cause?"),
        ("button", "Submit"),
    ]:
        assert (role, name) in found, (role, name)
    group = found["group", "Which part of a reply says how many tokens were billed?"]
    assert group["description"]["value"] == "Choose one. 1 point. 2 attempts left."
    text = found["textbox", "Your answer"]
    assert text["description"]["value"] == "0 of 2,000 characters."
    assert not [node for node in nodes if is_nameless(node)]


def is_nameless(node):
    """Whether one of our controls is called nothing (Jupyter's own are not ours to judge)."""
    fields = ("radio", "checkbox", "combobox", "spinbutton")
    role, name = node.get("role", {}).get("value"), node.get("name", {}).get("value", "")
    return not node["ignored"] and role in fields and not name


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_in_any_state(states, theme):
    states.theme(theme)
    assert states.page.evaluate(AXE) == []
    answer_some(states)
    assert states.page.evaluate(AXE) == []


@pytest.mark.parametrize(("width", "what"), [(320, "a small telephone"), (550, "zoom of 200 %")])
def test_in_a_narrow_window_nothing_is_cut_off_or_scrolled_sideways(states, width, what):
    before = states.page.viewport_size
    states.page.set_viewport_size({"width": width, "height": 800})
    try:
        states.page.wait_for_timeout(300)
        page = "[document.scrollingElement.scrollWidth, innerWidth]"
        inside, window = states.page.evaluate(page)
        assert inside <= window, what
        for form in states.page.locator(FORMS).all():
            size = (
                "form => [form.scrollWidth, form.clientWidth, form.getBoundingClientRect().right]"
            )
            inside, outside, right = form.evaluate(size)
            assert inside <= outside <= right <= width, form.inner_text()
    finally:
        states.page.set_viewport_size(before)


def test_with_the_kernel_gone_axe_finds_nothing_either_and_answers_can_be_taken_along(states):
    states.page.evaluate(f"{CONTEXT}.shutdown()")
    field = states.item("text").get_by_role("textbox")
    field.fill("kept")
    states.item("text").get_by_role("button", name="Submit").click()
    states.status("text", "NOT SAVED")
    assert states.page.evaluate(AXE) == []
    with states.page.expect_download() as download:
        states.item("text").get_by_role("button", name="Download my answers").click()
    assert download.value.suggested_filename == f"answers-{TYPES_NAME}.jsonl"


@pytest.mark.parametrize("app", APPS)
def test_a_notebook_opened_without_its_kernel_shows_the_stored_questions(server, browser, app):
    with Quiz.at(browser, server, "stored", app) as quiz:
        quiz.save()
        quiz.reload()
        quiz.page.wait_for_selector(FORMS)  # the kernel lives: so does the widget
        quiz.page.evaluate(f"{CONTEXT}.shutdown()")
        quiz.page.wait_for_function(f"!{CONTEXT}.session?.kernel")
        quiz.reload()
        quiz.page.get_by_text("Put the steps of a call").wait_for()
        quiz.page.get_by_text("Run this cell to answer.").first.wait_for()
        assert quiz.page.get_by_text("model not found").count() == 0
        assert quiz.page.locator(FORMS).count() == 0
        quiz.run_all()
        quiz.item("order").wait_for()
