"""The widget in a real browser: answered by keyboard alone, honest when the kernel is gone."""

import json
import os
import signal
from pathlib import Path

import pytest
from browser import CONTEXT, Page, chromium, jupyter, needs_chromium
from sample_quiz import NAME, learner

pytestmark = needs_chromium()

TWICE = (
    f'from IPython.display import display\nw = quiz("{NAME}").ask("90-sample-02")\ndisplay(w, w)'
)
RAN_AGAIN = """([at, before]) => {
  const cell = window.jupyterapp.shell.currentWidget.content.model.cells.get(at);
  return cell.executionCount > before && cell.sharedModel.executionState !== 'running'
    && !document.querySelector('[data-earlier]')
    && document.querySelectorAll('form.course-quiz').length >= 4
    && document.activeElement.matches('.jp-Cell')
    && document.activeElement.querySelector('.jp-cell-toolbar jp-button');  // drawn a little later
}"""
APPS = {"lab": "Lab", "notebook": "Notebook 7"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    for app in APPS:
        learner(root / app)
    learner(root / "looks", TWICE)
    with jupyter(root, home=tmp_path_factory.mktemp("home")) as server:
        yield server


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    wanted = os.environ.get("COURSE_SCREENSHOTS")
    return Path(wanted) if wanted else tmp_path_factory.mktemp("pictures")


class Quiz(Page):
    """A page with the sample quiz; `item(n)` is the form of its nth item."""

    def shown(self):
        self.run_all()
        self.page.wait_for_function("document.querySelectorAll('form.course-quiz').length >= 4")
        return self

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def item(self, number):
        return self.page.locator("form.course-quiz").nth(number - 1)

    def status(self, number, words):
        """The status line, once it holds the words."""
        line = self.item(number).get_by_role("status").filter(has_text=words)
        line.wait_for(timeout=7000)
        return line.inner_text()

    def focused(self):
        """What has the focus, as `radio B`, `submit`, `text 0.06`."""
        return self.page.evaluate(
            "(e => [e.type ?? e.tagName, e.type === 'submit' ? '' : e.value ?? ''].join(' '))"
            "(document.activeElement)"
        ).strip()

    def chosen(self, number):
        inputs = self.item(number).locator("input:checked").all()
        return [each.get_attribute("value") for each in inputs]

    def runs(self, number):
        """The execution count of the cell that asks the nth item."""
        return self.page.evaluate(
            "at => window.jupyterapp.shell.currentWidget.content.model.cells.get(at)"
            ".executionCount",
            number + 1,  # a text and the import come first
        )

    def sources(self):
        return self.page.evaluate(
            "[...window.jupyterapp.shell.currentWidget.content.model.cells]"
            ".map(cell => cell.sharedModel.source)"
        )


def journal(folder):
    path = folder / "quizzes" / NAME / "answers.jsonl"
    return path.read_text().splitlines() if path.exists() else []


def saved(folder):
    events = map(json.loads, journal(folder))
    return {event["item"][-2:]: event["response"] for event in events}


@pytest.mark.parametrize("app", APPS)
def test_a_learner_answers_by_keyboard_and_nothing_is_lost_with_the_kernel(
    server, browser, pictures, app
):
    folder = server.folder / app
    quiz = Quiz.opened(browser, server, f"{app}/quizzes/{NAME}/{NAME}.ipynb", app=app).shown()
    cells = quiz.sources()
    answer_by_keyboard(quiz)
    assert saved(folder) == {
        "01": "B",
        "02": ["A", "C"],
        "03": {"value": 6, "unit": "cent"},
        "04": {"value": 12, "unit": "tokens"},
    }
    assert quiz.sources() == cells  # no key has reached the notebook
    keys_that_run_a_cell_run_it_and_submit_nothing(quiz, folder)
    assert quiz.sources() == cells
    quiz.item(1).scroll_into_view_if_needed()
    quiz.screenshot(pictures / f"{app}-answered-light.png")
    reload_restores(quiz)
    a_killed_kernel_is_told(quiz, folder)
    quiz.screenshot(pictures / f"{app}-not-saved.png")
    a_new_kernel_brings_all_back(quiz, folder)
    quiz.page.close()


def answer_by_keyboard(quiz):
    quiz.item(1).locator("input").first.scroll_into_view_if_needed()
    quiz.page.locator(".jp-CodeCell").first.locator(".jp-InputPrompt").click()
    for _ in range(6):  # the cell's own buttons come first
        quiz.press("Tab")
        if quiz.focused() == "radio A":
            break
    assert quiz.focused() == "radio A"
    quiz.press("ArrowDown", "x", "b", "d", "d", "a", "j", "0", "0", "ArrowDown", "ArrowDown")
    assert quiz.focused() == "radio A"  # down three times, in a group of three
    quiz.press("ArrowUp", "Enter")
    assert quiz.status(1, "Saved") == "✓ Saved."
    assert quiz.chosen(1) == ["C"]
    feedback = quiz.item(1).locator(".course-feedback")
    assert feedback.inner_text().startswith("✗ C: not right yet.")
    quiz.press("ArrowUp")
    quiz.status(1, "Changed")
    quiz.press("Tab", "Space")  # the button
    quiz.status(1, "Saved")
    assert feedback.inner_text().splitlines() == [
        "✓ B: right.",
        "401 means that the key was not accepted.",
    ]

    quiz.press("Tab", "Tab", "Tab", "Tab", "Tab", "Enter")  # past the boxes, on to the button
    assert quiz.focused() == "submit"
    assert quiz.status(2, "Not saved") == "⚠ Not saved: Nothing is answered yet."
    quiz.press("Shift+Tab", "Shift+Tab", "Space", "Shift+Tab", "Shift+Tab", "Space", "Enter")
    quiz.status(2, "Saved")
    assert quiz.chosen(2) == ["A", "C"]
    assert "2 of the 2 right options chosen" in quiz.item(2).inner_text()

    quiz.press(*["Tab"] * 5)
    quiz.press(*"a lot", "Enter")
    assert "Give a number such as 1250.5" in quiz.status(3, "Not saved")
    assert quiz.focused() == "text a lot"
    quiz.press("Control+a", *"6x", "Backspace", "Tab", "c", "Shift+Tab", "Enter")
    quiz.status(3, "Saved")
    assert "0.4 million times 0.15" in quiz.item(3).inner_text()

    quiz.press(*["Tab"] * 3)
    quiz.press(*"12", "Enter")
    assert "Feedback comes later" in quiz.status(4, "Saved")


def keys_that_run_a_cell_run_it_and_submit_nothing(quiz, folder):
    lines = journal(folder)
    for key, number, start, ways_back in [
        ("Control+Enter", 1, "radio B", ["Tab", "Tab"]),
        ("Shift+Enter", 1, "submit", ["Shift+Tab", "Shift+Tab"]),
        ("Control+Enter", 3, "text 6", ["Tab", "Tab"]),
    ]:
        role = {"radio": "input:checked", "submi": "[type=submit]", "text ": "input"}[start[:5]]
        quiz.item(number).locator(role).focus()
        assert quiz.focused() == start
        before = quiz.runs(number)
        quiz.item(number).evaluate("form => form.dataset.earlier = 'view'")
        quiz.press(key)
        quiz.page.wait_for_function(RAN_AGAIN, arg=[number + 1, before])
        quiz.status(number, "Saved")
        quiz.press(*ways_back)
        assert quiz.focused() == ("text 6" if number == 3 else "radio B"), key
    assert journal(folder) == lines


def reload_restores(quiz):
    quiz.save()
    quiz.reload()
    quiz.page.wait_for_function("document.querySelectorAll('form.course-quiz').length === 4")
    assert quiz.status(1, "Saved") == "✓ Saved."
    assert (quiz.chosen(1), quiz.chosen(2)) == (["B"], ["A", "C"])
    assert quiz.item(3).get_by_label("Your number").input_value() == "6"
    assert quiz.item(3).get_by_label("Unit").input_value() == "cent"
    assert "✓ B: right." in quiz.item(1).inner_text()


def a_killed_kernel_is_told(quiz, folder):
    before = saved(folder)
    os.kill(quiz.kernel_pid(), signal.SIGKILL)
    quiz.item(1).locator("input").first.focus()
    quiz.press("Space", "Enter")
    assert "run this cell again" in quiz.status(1, "NOT SAVED")
    assert quiz.chosen(1) == ["A"]  # still there
    assert saved(folder) == before
    close_dialog(quiz)


def close_dialog(quiz):
    """Jupyter tells that the kernel died, and starts another one by itself."""
    button = quiz.page.locator(".jp-Dialog button").last
    button.wait_for()
    button.click()
    quiz.page.wait_for_function(f"{CONTEXT}.session.kernel.status === 'idle'")


def a_new_kernel_brings_all_back(quiz, folder):
    quiz.shown()
    assert quiz.status(1, "Changed") == "Changed: press Submit to save."
    assert quiz.chosen(1) == ["A"]  # what was chosen before, marked as not saved
    assert "✓ B: right." in quiz.item(1).inner_text()  # what is saved
    assert quiz.chosen(2) == ["A", "C"]
    quiz.item(1).get_by_role("button").focus()
    quiz.press("Enter")
    quiz.status(1, "Saved")
    assert saved(folder)["01"] == "A"


CONTRAST = """form => {
  const numbers = text => text.match(/[\\d.]+/g).map(Number);
  const over = ([r, g, b, a = 1], [R, G, B]) => [r*a + R*(1-a), g*a + G*(1-a), b*a + B*(1-a)];
  const ground = node => {
    if (!node) return [255, 255, 255];
    const own = numbers(getComputedStyle(node).backgroundColor);
    return own.length === 3 || own[3] === 1 ? own : over(own, ground(node.parentElement));
  };
  const light = rgb => {
    const linear = v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = rgb.map(v => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const texts = [...form.querySelectorAll('*')].filter(
    node => [...node.childNodes].some(child => child.nodeType === 3 && child.data.trim()));
  return texts.map(node => {
    const behind = ground(node);
    const pair = [light(over(numbers(getComputedStyle(node).color), behind)), light(behind)];
    return [(Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05), node.textContent];
  });
}"""


@pytest.fixture(scope="module")
def looks(server, browser):
    """A page whose last cell shows the multiple a second and a third time."""
    path = f"looks/quizzes/{NAME}/{NAME}.ipynb"
    quiz = Quiz.opened(browser, server, path, app="notebook").shown()
    quiz.item(6).wait_for()
    yield quiz
    quiz.page.close()


def test_an_answer_need_not_wait_for_a_cell_that_runs(looks):
    slow = "{code: 'import time; time.sleep(3)'}"
    looks.page.evaluate(
        f"window.finished = false; {CONTEXT}.session.kernel.requestExecute({slow})"
        ".done.then(() => window.finished = true); 0"
    )
    looks.page.wait_for_function(f"{CONTEXT}.session.kernel.status === 'busy'")
    looks.item(4).get_by_label("Your number").fill("11")
    looks.item(4).get_by_label("Your number").press("Enter")
    looks.status(4, "Saved")
    assert looks.page.evaluate("window.finished") is False
    looks.page.wait_for_function("window.finished")


def test_two_views_of_one_widget_stay_in_step(looks):
    looks.item(5).get_by_label("B").check()
    assert looks.chosen(6) == ["B"]
    looks.item(6).get_by_label("D").check()
    looks.item(6).get_by_role("button", name="Submit").click()
    for number in (5, 6):
        assert looks.status(number, "Saved") == "✓ Saved."
        assert looks.chosen(number) == ["B", "D"]
        assert "0 of the 2 right options chosen, 2 wrong." in looks.item(number).inner_text()


def test_every_control_has_a_name_and_keeps_its_keys(looks):
    radios = looks.item(1).get_by_role("radio")
    names = [each.get_attribute("name") for each in radios.all()]
    assert len(set(names)) == 1
    assert looks.item(1).get_by_role("group", name="Your script stops with").count() == 1
    assert looks.item(1).get_by_role("radio", name="B The key in the environment").count() == 1
    assert looks.item(4).get_by_role("textbox", name="Your number").count() == 1
    for form in looks.page.locator("form.course-quiz").all():
        assert form.locator("input, select, button").count() == (
            form.locator("[data-lm-suppress-shortcuts]").count()
        )


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_texts_stand_out_from_their_ground(looks, pictures, theme):
    looks.theme(theme)
    looks.item(1).get_by_role("radio", name="C The length").check()
    looks.item(1).get_by_role("button", name="Submit").click()
    looks.status(1, "Saved")
    for form in looks.page.locator("form.course-quiz").all():
        weak = [(ratio, text) for ratio, text in form.evaluate(CONTRAST) if ratio < 4.5]
        assert weak == []
    looks.item(1).scroll_into_view_if_needed()
    looks.screenshot(pictures / f"notebook-{theme.split()[1].lower()}.png")


def test_a_narrow_window_cuts_nothing_off(looks, pictures):
    before = looks.page.viewport_size
    looks.page.set_viewport_size({"width": 320, "height": 800})
    try:
        looks.item(1).scroll_into_view_if_needed()
        for form in looks.page.locator("form.course-quiz").all():
            inside, outside = form.evaluate("form => [form.scrollWidth, form.clientWidth]")
            assert inside <= outside <= 320
        looks.screenshot(pictures / "notebook-narrow.png")
    finally:
        looks.page.set_viewport_size(before)


def test_an_answer_that_cannot_be_written_is_told_with_its_reason(looks, server, pictures):
    path = server.folder / "looks" / "quizzes" / NAME / "answers.jsonl"
    path.unlink()
    path.mkdir()
    looks.item(3).get_by_label("Your number").fill("0.06")
    looks.item(3).get_by_role("button", name="Submit").click()
    told = looks.status(3, "NOT SAVED")
    assert "is a link or no plain file; rename it" in told
    assert looks.item(3).get_by_label("Your number").input_value() == "0.06"
    path.rmdir()
    looks.item(3).get_by_role("button", name="Submit").click()
    looks.status(3, "Saved")
