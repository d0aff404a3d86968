"""Lesson 00: the error on purpose, and the one exercise."""

from pathlib import Path

import nbformat
import pytest

from course import connect

LESSON = nbformat.read(Path(__file__).parents[1] / "lessons/00_start_here.ipynb", as_version=4)


def cell(tag):
    return next(cell.source for cell in LESSON.cells if tag in cell.metadata.get("tags", []))


def test_the_cell_that_is_wrong_on_purpose_adds_a_number_to_text():
    with pytest.raises(TypeError, match="can only concatenate str"):
        exec(cell("raises-exception"), {})


def test_the_cell_works_once_it_is_mended_as_the_text_says():
    exec(cell("raises-exception").replace('" + cents', '" + str(cents)'), {})


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("Write your own question here.", "Not yet: change the text"),
        ("Why is the sea salty?", "Sent: Why is the sea salty?"),
    ],
)
def test_the_check_tells_a_changed_question_from_an_unchanged_one(question, told, capsys):
    names = {"my_question": question, "my_guess": "", "client": connect(), "MINI": "gpt-4o-mini"}
    capsys.readouterr()
    exec(cell("exercise-question").replace("Write your own question here.", question), names)
    capsys.readouterr()
    exec(cell("check-question"), names)
    assert capsys.readouterr().out.startswith(told)
    assert names["refused"]  # the book has no answer to either
