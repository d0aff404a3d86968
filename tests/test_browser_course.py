"""The main job in a real browser: a lesson, its quiz, the hand-in, the grade.

In JupyterLab and in Notebook 7, over a copy of the committed course, by keyboard.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from browser import CONTEXT, Page, chromium, jupyter, needs_chromium

from course.facts import facts
from course.quiz import bank

pytestmark = needs_chromium()

ROOT = Path(__file__).parents[1]
LESSON = "01_first_call"
COURSE = [sys.executable, "-c", "from course.cli import main; main()"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("class")
    for app in ("lab", "notebook"):
        for part in ("lessons", "quizzes", "solutions"):
            ignored = shutil.ignore_patterns("answers.jsonl", ".ipynb_checkpoints")
            shutil.copytree(ROOT / part, root / app / part, ignore=ignored)
        shutil.copy(ROOT / "nbgrader_config.py", root / app)
    with jupyter(root, home=tmp_path_factory.mktemp("home")) as server:
        yield server


@pytest.fixture(scope="module")
def browser():
    with chromium(height=1400) as browser:
        yield browser


@pytest.fixture(scope="module")
def items():
    return bank.load(ROOT / "solutions" / LESSON / "bank.toml", facts=facts()).items


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_a_learner_goes_from_the_lesson_to_a_grade(server, browser, items, app):
    course = server.folder / app
    the_lesson_runs(Page.opened(browser, server, f"{app}/lessons/{LESSON}.ipynb", app=app), course)
    path = f"{app}/quizzes/{LESSON}/{LESSON}.ipynb"
    quiz = Page.opened(browser, server, path, app=app)
    run_quiz(quiz)
    for item in items:
        answer_by_keyboard(quiz, item)
    a_dead_kernel_is_told_and_a_new_one_restores(quiz, items)
    quiz.page.close()
    assert graded(course, "ada") == {"ada": float(sum(item.points for item in items))}


def the_lesson_runs(page, course):
    page.run_all()
    page.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    stored = nbformat.read(course / "lessons" / f"{LESSON}.ipynb", as_version=4)
    for cell in stored.cells:
        if cell.cell_type == "code":
            assert cell.execution_count, cell.source
            errors = [out for out in cell.outputs if out.output_type == "error"]
            assert not errors or "raises-exception" in cell.metadata.get("tags", []), errors
    page.page.close()


def run_quiz(quiz):
    quiz.run_all()
    form(quiz, "01-first-call-01").wait_for()


def form(quiz, item_id):
    """The item's form, scrolled to: a notebook shows only the cells that are in view."""
    quiz.page.evaluate(
        """id => {
          const notebook = window.jupyterapp.shell.currentWidget.content;
          const cells = [...notebook.model.cells];
          const at = cells.findIndex(cell => cell.sharedModel.source.includes(`"${id}"`));
          notebook.activeCellIndex = at;
          return notebook.scrollToItem(at, "center");
        }""",
        item_id,
    )
    found = quiz.page.locator(".jp-CodeCell.jp-mod-active form.course-quiz")
    found.wait_for()
    return found


def answer_by_keyboard(quiz, item):
    """The right answer, from the first control on with keys alone."""
    here = form(quiz, item.id)
    here.locator("input").first.focus()
    press = quiz.page.keyboard.press
    if item.type == "numeric":
        right = next(option for option in item.options if option.id == "right")
        quiz.page.keyboard.type(f"{float(right.value):.12g}")
    elif item.type == "single":
        steps = [option.id for option in item.options].index(item.key)
        press("Space")
        for _ in range(steps):
            press("ArrowDown")
    else:
        for option in item.options:
            if option.id in item.key:
                press("Space")
            press("Tab")
    press("Enter")
    here.get_by_role("status").filter(has_text="Saved").wait_for(timeout=7000)
    assert "right" in here.locator(".course-feedback").inner_text().lower()


def a_dead_kernel_is_told_and_a_new_one_restores(quiz, items):
    os.kill(quiz.kernel_pid(), signal.SIGKILL)
    quiz.page.locator(".jp-Dialog button").last.click()
    first = form(quiz, items[0].id)
    first.locator("input").first.focus()
    quiz.page.keyboard.press("Space")
    quiz.page.keyboard.press("Enter")
    told = first.get_by_role("status").filter(has_text="NOT SAVED")
    told.wait_for(timeout=7000)
    assert "run this cell again" in told.inner_text()
    quiz.page.wait_for_function(f"{CONTEXT}.session.kernel.status === 'idle'")
    run_quiz(quiz)
    # what was chosen without a kernel is still there, and told apart from what is saved
    form(quiz, items[0].id).get_by_role("status").filter(has_text="Changed").wait_for()
    for item in items[1:]:
        form(quiz, item.id).get_by_role("status").filter(has_text="Saved").wait_for()
        if item.type != "numeric":
            chosen = form(quiz, item.id).locator("input:checked").all()
            shown = [each.get_attribute("value") for each in chosen]
            assert shown == ([item.key] if item.type == "single" else item.key)


def graded(course, student):
    """Handed in as a learner does, collected and graded as an instructor does."""
    command(course, "submit", LESSON, "--student", student)
    command(course, "collect", ".")
    rows = json.loads(command(course, "grade", LESSON, "--json"))["rows"]
    return {row["student"]: row["score"] for row in rows}


def command(course, *words):
    done = subprocess.run([*COURSE, *words], cwd=course, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
