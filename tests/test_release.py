"""quizzes/ is what solutions/ gives, byte for byte, and holds no key."""

import re
import shutil
from decimal import Decimal
from pathlib import Path

import nbformat
import pytest

from course.facts import facts
from course.grading import generate
from course.quiz import bank

ROOT = Path(__file__).parents[1]
QUIZZES = generate.quizzes(ROOT)


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    shutil.copytree(ROOT / "solutions", root / "solutions")
    generate.release(QUIZZES, root=root)
    return root / "quizzes"


def test_every_solution_has_a_quiz_and_no_quiz_is_without():
    assert sorted(path.name for path in (ROOT / "quizzes").iterdir()) == QUIZZES


@pytest.mark.parametrize("name", QUIZZES)
def test_a_quiz_is_what_its_solution_gives(released, name):
    for made in released.joinpath(name).iterdir():
        committed = ROOT / "quizzes" / name / made.name
        assert committed.read_bytes() == made.read_bytes(), f"run: course release {name}"


@pytest.mark.parametrize("name", QUIZZES)
def test_no_feedback_misconception_or_worked_answer_is_in_the_clear(name):
    folder = ROOT / "quizzes" / name
    text = "".join(path.read_text(encoding="utf-8") for path in folder.iterdir())
    for item in bank.load(ROOT / "solutions" / name / "bank.toml", facts=facts()).items:
        hidden = [item.feedback, item.note]
        for option in item.options:
            hidden += [option.feedback, option.misconception]
        assert not [secret for secret in hidden if secret and secret in text]
    assert "worked-answer" not in text
    assert '"key"' not in text


@pytest.mark.parametrize("name", QUIZZES)
def test_no_prose_of_a_quiz_shows_the_number_that_is_asked_for(name):
    notebook = nbformat.read(ROOT / "quizzes" / name / f"{name}.ipynb", as_version=4)
    prose = " ".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    numbers = {Decimal(text) for text in re.findall(r"\d+(?:\.\d+)?", prose)}
    for item in bank.load(ROOT / "solutions" / name / "bank.toml", facts=facts()).items:
        assert item.type != "numeric" or item.key not in numbers, item.id
