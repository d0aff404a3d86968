"""Take the README's pictures of a quiz from the real thing: `python tests/pictures.py`."""

import shutil
import sys
import tempfile
from pathlib import Path

from browser import Page, chromium, jupyter

ROOT = Path(__file__).parents[1]
QUIZ = "02_tokens_and_cost"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


def take(into: Path) -> None:
    """Answer two items of a quiz in JupyterLab and store quiz_light.png and quiz_dark.png."""
    with tempfile.TemporaryDirectory() as folder:
        course, home = Path(folder, "course"), Path(folder, "home")
        shutil.copytree(ROOT / "quizzes" / QUIZ, course / QUIZ)
        with chromium(width=1100, height=760) as browser, jupyter(course, home=home) as server:
            page = Page.opened(browser, server, f"{QUIZ}/{QUIZ}.ipynb", app="lab")
            page.run_all()
            page.page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
            answer(page.page)
            for name, theme in THEMES.items():
                page.theme(theme)
                page.screenshot(into / f"quiz_{name}.png")


def answer(page) -> None:
    # a wrong answer: a picture in the README gives no key away
    numeric = page.locator("form.course-quiz").first
    numeric.locator("input").fill("43")
    choice = page.locator("form.course-quiz:has(input[type='radio'])").first
    choice.locator("input").first.check()
    for form in (choice, numeric):
        form.get_by_role("button").click()
        form.get_by_role("status").filter(has_text="Saved").wait_for()
    page.evaluate(
        "window.jupyterapp.shell.currentWidget.content.scrollToItem(3, 'start')"  # the first item
    )
    page.mouse.move(0, 0)


if __name__ == "__main__":
    take(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "lessons" / "pictures")
