"""One submission, graded from bytes to bytes."""

import json
import pickle
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
import sample_course
import sample_every_type as every
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_course import hand_in, journal, with_code

from course.errors import CourseError
from course.grading import intake, scorer, tasks, work
from course.grading import settings as nbgraders
from course.grading.work import Task, grade_one


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = sample_course.released(tmp_path_factory.mktemp("work"))
    hand_in(root, "ana")
    hand_in(root, "code", notebook=with_code(root, "1 + 1"))
    return root


@pytest.fixture(scope="module")
def assignment(root):
    return assignment_of(root)


def assignment_of(root, quiz="q", **more):
    return tasks.assignment(quiz, root=root, config=nbgraders.load(root), **more)


def task_of(assignment, root, student):
    found = {one.student: one for one in intake.submissions(assignment.name, root=root)}
    return tasks.task(assignment, found[student])


def test_a_submission_becomes_a_graded_notebook_and_its_rows(root, assignment):
    result = grade_one(assignment, task_of(assignment, root, "ana"), sandbox=None)
    assert result.problem == "" and result.remarks == ()
    assert result.grades == (("q-01", 1.0, False), ("q-02", 3.0, False), ("q-03", 2.0, False))
    notebook = nbformat.reads(result.notebook.decode(), as_version=4)
    nbformat.validate(notebook)
    assert [
        cell.outputs[0].data["text/plain"] for cell in notebook.cells if "ask(" in cell.source
    ] == [
        "1.0",
        "3.0",
        "2.0",
    ]


def test_all_that_travels_can_be_pickled_and_grades_the_same(root, assignment):
    task = task_of(assignment, root, "ana")
    there = pickle.loads(pickle.dumps((assignment, task)))
    result = grade_one(*there, sandbox=None)
    back = pickle.loads(pickle.dumps(result))
    assert replace(back, seconds=0) == replace(grade_one(assignment, task, sandbox=None), seconds=0)


def test_no_folder_of_the_course_is_needed(root, assignment, tmp_path, monkeypatch):
    task = task_of(assignment, root, "ana")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(scorer, "quiz", None)  # which would read solutions/
    assert grade_one(assignment, task, sandbox=None).grades[1] == ("q-02", 3.0, False)


def test_without_a_sandbox_no_code_is_run(root, assignment):
    result = grade_one(assignment, task_of(assignment, root, "code"), sandbox=None)
    cells = nbformat.reads(result.notebook.decode(), as_version=4).cells
    (own,) = [cell for cell in cells if cell.source == "1 + 1"]
    assert own.outputs == [] and result.grades[0] == ("q-01", 1.0, False)


def test_functions_wait_without_a_sandbox(tmp_path):
    root = every.released(tmp_path)
    every.hand_in(root, "right")
    assignment = assignment_of(root, every.QUIZ)
    result = grade_one(assignment, task_of(assignment, root, "right"), sandbox=None)
    waiting = [name for name, score, flag in result.grades if score is None and flag]
    assert sorted(waiting) == sorted([every.BY_HAND, every.CODE, every.MEASURED])
    assert result.not_run == 2


def test_what_is_refused_is_not_graded(assignment):
    task = Task("ana", "d", refused="the submission is a link or no folder")
    result = grade_one(assignment, task, sandbox=None)
    assert (result.problem, result.notebook, result.grades) == (task.refused, None, ())


def test_what_could_not_be_read_is_told(assignment):
    unread = {"answers.jsonl": "it is a link.", "q.ipynb": "q.ipynb has more than 20 MB"}
    result = grade_one(assignment, Task("ana", "d", unread=unread), sandbox=None)
    assert result.problem == ""
    assert "The answers file was not used: it is a link." in result.remarks
    assert "q.ipynb has more than 20 MB." in result.remarks
    assert {score for _, score, _ in result.grades} == {0.0}


@pytest.mark.parametrize("error", [MemoryError, RecursionError, CourseError, KeyError])
def test_a_fault_in_the_grader_costs_that_submission_alone(root, assignment, monkeypatch, error):
    task = task_of(assignment, root, "ana")

    def fail(*_):
        raise error("too much")

    with monkeypatch.context() as patch:
        patch.setattr(work.edition, "restore", fail)
        result = grade_one(assignment, task, sandbox=None)
    assert result.problem and result.notebook is None
    assert grade_one(assignment, task, sandbox=None).problem == ""


@settings(max_examples=60)
@given(st.binary(max_size=400), st.binary(max_size=400))
def test_no_bytes_make_it_raise(assignment, notebook, answers):
    task = Task("ana", "d", {"q.ipynb": notebook, "answers.jsonl": answers})
    result = grade_one(assignment, task, sandbox=None)
    assert result.problem == "" and len(result.grades) == 3


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["cell_type", "source", "metadata", "nbgrader", "grade_id", "outputs"])
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100)
@given(st.lists(JSON, max_size=5))
def test_no_cells_make_it_raise(assignment, cells):
    content = json.dumps({"cells": cells}).encode()
    result = grade_one(assignment, Task("ana", "d", {"q.ipynb": content}), sandbox=None)
    assert result.problem == "" and len(result.grades) == 3
    nbformat.validate(nbformat.reads(result.notebook.decode(), as_version=4))


def changed(root, path, content):
    path = root / path
    before = path.read_bytes()
    path.write_bytes(content(before))
    return before


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("solutions/q/bank.toml", lambda old: old.replace(b"points = 3", b"points = 4")),
        ("solutions/q/q.ipynb", lambda old: old.replace(b"A small quiz", b"A tiny quiz")),
        ("quizzes/q/items.json", lambda old: old + b"\n"),
        ("submitted/ana/q/q.ipynb", lambda old: old + b"\n"),
        ("submitted/ana/q/answers.jsonl", lambda old: old + b"\n"),
        ("submitted/ana/q/timestamp.txt", lambda old: b"2026-11-21 11:00:00 UTC"),
    ],
)
def test_the_digest_changes_with_all_that_decides_the_marks(tmp_path, path, content):
    root = sample_course.released(tmp_path)
    hand_in(root, "ana")
    before = task_of(assignment_of(root), root, "ana").digest
    assert task_of(assignment_of(root), root, "ana").digest == before
    changed(root, path, content)
    assert task_of(assignment_of(root), root, "ana").digest != before


def test_the_digest_changes_with_settings_mode_and_version(root, monkeypatch):
    config = nbgraders.load(root)
    before = tasks.assignment("q", root=root, config=config).digest
    assert tasks.assignment("q", root=root, config=config).digest == before
    assert assignment_of(root, mode="contained").digest != before
    assert assignment_of(root, limits={"seconds": 1}).digest != before
    config.LimitOutput.max_lines = 5
    assert tasks.assignment("q", root=root, config=config).digest != before
    monkeypatch.setattr(tasks, "version", lambda: "another")
    assert assignment_of(root).digest != before


def test_the_version_is_that_of_the_code_and_the_facts(tmp_path, monkeypatch):
    package = tmp_path / "course"
    package.mkdir()
    (package / "facts.toml").write_text("a = 1")
    monkeypatch.setattr(tasks, "PACKAGE", package)
    versions = {tasks.version.__wrapped__()}
    for name in ("facts.toml", "new.py"):
        (package / name).write_text("a = 2")
        versions.add(tasks.version.__wrapped__())
    assert len(versions) == 3


def test_other_steps_than_the_courses_are_refused(root):
    config = nbgraders.load(root)
    config.Autograde.autograde_preprocessors = ["nbgrader.preprocessors.Execute"]
    with pytest.raises(CourseError, match=r"sets Autograde\.autograde_preprocessors"):
        tasks.assignment("q", root=root, config=config)


def test_settings_of_the_steps_reach_the_worker(tmp_path):
    root = sample_course.released(tmp_path)
    sample_course.configure(root, "c.RunCells.timeout = 7", "c.LatePenalty.due = {'q': 'x'}")
    assert assignment_of(root).settings["steps"]["RunCells"]["timeout"] == 7


def test_names_that_no_text_can_hold_have_a_digest(assignment):
    one = intake.Submission("a\udcffb", Path("nowhere"), refused="the name")
    assert len(tasks.task(assignment, one).digest) == 64


def test_answers_of_another_quiz_are_no_answers(root, assignment):
    answers = journal(root).replace(b'"assignment": "q"', b'"assignment": "r"')
    result = grade_one(assignment, Task("ana", "d", {"answers.jsonl": answers}), sandbox=None)
    assert {score for _, score, _ in result.grades} == {0.0}
