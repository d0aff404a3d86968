"""Releasing a quiz, and telling the gradebook of it."""

import json
import os
import subprocess
import sys

import nbformat
import pytest
import sample_course

from course.errors import CourseError
from course.grading import generate, gradebook
from course.grading.settings import quizzes


def files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def points(root):
    with gradebook.opened(root) as book:
        return {cell.name: cell.max_score for cell in book.find_notebook("q", "q").grade_cells}


def replace_in_bank(root, old, new):
    bank = root / "solutions" / "q" / "bank.toml"
    assert old in bank.read_text()
    bank.write_text(bank.read_text().replace(old, new))


@pytest.fixture
def course(tmp_path):
    return sample_course.make(tmp_path)


def test_a_release_is_the_notebook_and_the_items_and_no_more(course):
    folder = course / "solutions" / "q"
    for name in ("notes.txt", "answers.jsonl", "helper.py"):
        (folder / name).write_text("SECRET")
    assert generate.release(["q"], root=course) == ["q"]
    made = files(course / "quizzes" / "q")
    assert list(made) == ["items.json", "q.ipynb"]
    text = b"".join(made.values())
    for secret in (b"SECRET", b"4711.5", b"mix-up", b"Said of", b'"key"'):
        assert secret not in text
    assert [item["id"] for item in json.loads(made["items.json"])["items"]] == [
        *sample_course.ITEMS
    ]
    nbformat.validate(nbformat.reads(made["q.ipynb"].decode(), as_version=4))


def test_a_release_makes_no_gradebook_and_leaves_no_workshop(course):
    generate.release(["q"], root=course)
    assert sorted(path.name for path in course.iterdir()) == ["quizzes", "solutions"]


def test_the_same_quiz_gives_the_same_bytes(course):
    generate.release(["q"], root=course)
    first = files(course / "quizzes" / "q")
    nbformat.write(sample_course.solutions_notebook(), course / "solutions" / "q" / "q.ipynb")
    generate.release(["q"], root=course)
    assert files(course / "quizzes" / "q") == first


def test_answers_and_notes_in_the_released_folder_stay(course):
    folder = course / "quizzes" / "q"
    folder.mkdir(parents=True)
    (folder / "answers.jsonl").write_bytes(b"mine\n")
    (folder / "notes.txt").write_text("mine")
    generate.release(["q"], root=course)
    generate.release(["q"], root=course)
    assert list(files(folder)) == ["answers.jsonl", "items.json", "notes.txt", "q.ipynb"]
    assert (folder / "answers.jsonl").read_bytes() == b"mine\n"


def test_a_release_that_fails_half_way_changes_nothing(course, monkeypatch):
    generate.release(["q"], root=course)
    folder = course / "quizzes" / "q"
    (folder / "answers.jsonl").write_bytes(b"mine\n")
    before = files(folder)

    def die(*_):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("nbgrader.preprocessors.LockCells.preprocess_cell", die)
    with pytest.raises(CourseError, match="the disk is full"):
        generate.release(["q"], root=course)
    assert files(folder) == before
    assert [path.name for path in course.glob(".*")] == []


def test_a_bank_that_is_not_complete_is_not_released(course):
    replace_in_bank(course, 'feedback = "Said of any other number."\n', "")
    with pytest.raises(CourseError, match="q-03 has no feedback"):
        generate.release(["q"], root=course)
    assert not (course / "quizzes").exists()


def test_a_notebook_that_misses_an_item_is_not_released(course):
    path = course / "solutions" / "q" / "q.ipynb"
    notebook = nbformat.read(path, as_version=4)
    del notebook.cells[3]
    nbformat.write(notebook, path)
    with pytest.raises(CourseError, match="item q-01 has no graded cell"):
        generate.release(["q"], root=course)


def test_a_quiz_that_is_not_there_is_named(course):
    with pytest.raises(CourseError, match=r"There is no .*nonsense"):
        generate.release(["nonsense"], root=course)


def test_quizzes_are_the_folders_with_a_bank(course):
    (course / "solutions" / "drafts").mkdir()
    assert quizzes(course) == ["q"]


def test_the_gradebook_is_told_once(course):
    assert generate.record("q", root=course)
    assert points(course) == {"q-01": 1.0, "q-02": 3.0, "q-03": 2.0}
    assert not generate.record("q", root=course)
    assert not (course / "quizzes").exists()


def test_the_gradebook_learns_of_changed_points(course):
    generate.record("q", root=course)
    replace_in_bank(course, "points = 2", "points = 4")
    assert generate.record("q", root=course)
    assert points(course)["q-03"] == 4.0


def test_items_that_change_after_grading_are_told(course):
    generate.record("q", root=course)
    with gradebook.opened(course) as book:
        book.add_student("ana")
        book.add_submission("q", "ana")
    text = (course / "solutions" / "q" / "bank.toml").read_text().replace("q-03", "q-04")
    (course / "solutions" / "q" / "bank.toml").write_text(text)
    path = course / "solutions" / "q" / "q.ipynb"
    path.write_text(path.read_text().replace("q-03", "q-04"))
    with pytest.raises(CourseError, match=r"move gradebook\.db away"):
        generate.record("q", root=course)


def test_the_gradebook_is_one_that_nbgrader_calls_its_own(course):
    from nbgrader.api import get_alembic_version
    from sqlalchemy import text

    with gradebook.opened(course) as book:
        version = book.db.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    assert version == get_alembic_version()


def test_nbgraders_own_command_makes_the_same_release(course):
    generate.release(["q"], root=course)
    ours = files(course / "quizzes" / "q")
    sample_course.configure(course)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_assignment", "q", "--force"],
        cwd=course,
        env=os.environ | {"PATH": os.defpath},  # as without an activated environment
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert files(course / "quizzes" / "q") == ours
