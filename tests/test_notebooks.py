"""What nbval does not see of the committed notebooks."""

import re
from pathlib import Path

import nbformat
import pytest

from course.authoring import OPENING, clean, live_cost, run, with_table
from course.quiz.rules.words import reading_grade

ROOT = Path(__file__).parents[1]
LESSONS = sorted(ROOT.glob("lessons/*.ipynb"))
SOLUTIONS = sorted(ROOT.glob("solutions/*/*.ipynb"))
QUIZZES = sorted(ROOT.glob("quizzes/*/*.ipynb"))


def each(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


@each(LESSONS + SOLUTIONS)
def test_a_notebook_is_stored_without_noise(path):
    stored = nbformat.read(path, as_version=4)
    assert clean(nbformat.read(path, as_version=4), before=stored) == stored
    nbformat.validate(stored)


@each(LESSONS)
def test_a_lessons_cost_is_what_its_calls_cost(path):
    done = run(path)
    stored = OPENING.search(nbformat.read(path, as_version=4).cells[0].source)
    assert stored["live"].replace("`", "") == live_cost(done.cost_usd)


@each(LESSONS)
def test_a_lesson_runs_with_another_model_in_the_small_ones_place(path):
    done = run(path, COURSE_SMALL_MODEL="gpt-6-luna")
    assert "gpt-6-luna" in repr(done.notebook) or path.stem.startswith("00")


@each(LESSONS)
def test_a_lesson_closes_with_what_it_opened_with(path):
    cells = nbformat.read(path, as_version=4).cells
    opened = _points(cells[0].source, "After this you can")
    closing = next(c.source for c in reversed(cells) if "Can you now" in c.source)
    closed = _points(closing, "Can you now")
    assert 3 <= len(opened) <= 5
    assert [point.rstrip("?.") for point in closed] == [point.rstrip("?.") for point in opened]


@each(LESSONS)
def test_prose_reads_at_grade_nine_or_below(path):
    cells = nbformat.read(path, as_version=4).cells
    prose = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert reading_grade("\n\n".join(prose)) <= 9
    for text in prose:
        # A few words make no measure.
        assert len(text.split()) < 40 or reading_grade(text) <= 11, text[:80]


@each(LESSONS)
def test_prose_and_code_keep_the_rhythm(path):
    run_of_code = 0
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            run_of_code = 0
            assert len(cell.source.split()) <= 160, cell.source[:80]
        else:
            run_of_code += 1
            assert run_of_code <= 2, cell.source[:80]
            assert len(cell.source.splitlines()) <= 20, cell.source[:80]


@each(LESSONS + SOLUTIONS)
def test_no_two_dollar_signs_make_a_formula_of_prose(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"`[^`]*`", "", cell.source)
            for paragraph in prose.split("\n\n"):
                assert len(paragraph.split("$")) <= 2, paragraph


@each(LESSONS)
def test_no_price_date_or_model_is_typed_in_a_lesson(path):
    for cell in nbformat.read(path, as_version=4).cells:
        found = LITERAL.findall(OPENING.sub("", cell.source))
        allowed = "typed-model" in cell.metadata.get("tags", [])
        assert not found or allowed, (found, cell.source[:120])


LITERAL = re.compile(
    r"\bgpt-\d[\w.-]*|\bo\d-mini\b|\b20(?:2[3-9]|3\d)-\d\d-\d\d\b|\$\s?\d+\.\d+\s+per|"
    r"\$\d+(?:\.\d+)? (?:a|per) million|"
    r"\b\d[\d,]* (?:requests|tokens) (?:a|per) (?:minute|day)\b|"
    r"\b20(?:2[3-9]|3\d)-\d\d\b|"
    r"\b(?:January|February|March|April|May|June|July|August|September|October|November"
    r"|December) 20(?:2[3-9]|3\d)\b",
    re.IGNORECASE,
)


@each(LESSONS + SOLUTIONS + QUIZZES)
def test_a_picture_has_words(path):
    for cell in nbformat.read(path, as_version=4).cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                assert cell.metadata.get("alt") or "alt" in output.metadata.get("image/png", {}), (
                    cell.source[:120]
                )


def test_the_readmes_table_is_up_to_date():
    assert with_table(ROOT) == (ROOT / "README.md").read_text(encoding="utf-8")


def _points(source, heading):
    after = source.split(heading, 1)[1]
    return [line[2:].strip() for line in after.splitlines() if line.startswith("- ")]
