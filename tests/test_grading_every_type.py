"""A quiz with every type of item, graded from end to end for four students."""

import shutil
import subprocess
import sys

import nbformat
import pytest
import sample_course
import sample_every_type as every
from sample_every_type import BY_HAND, CODE, MEASURED, POINTS, QUIZ, SCORES, SECRETS, hand_in

from course.errors import CourseError
from course.grading import batch, code, gradebook, report, running, shown

STATES = {
    "right": dict.fromkeys(POINTS, "right") | {BY_HAND: "by-hand"},
    "half": {
        "a-01": "wrong",
        "a-02": "partly",
        "a-03": "right",
        "a-04": "partly",
        "a-05": "partly",
        "a-06": "partly",
        "a-07": "wrong",
        "a-08": "by-hand",
        "a-09": "partly",
        "a-10": "partly",
        "a-11": "wrong",
    },
    "wrong": dict.fromkeys(POINTS, "wrong") | {BY_HAND: "by-hand"},
    "silent": dict.fromkeys(POINTS, "unanswered"),
}
MARKS = {"a-01": 0, "a-02": 1.5, "a-03": 2, "a-04": 1, "a-05": 2, "a-06": 2, "a-07": 0,
         "a-08": 0, "a-09": 2, "a-10": 3, "a-11": 0}  # fmt: skip
"""Those of the student called half, item by item."""


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    root = every.released(tmp_path_factory.mktemp("every"))
    for student in SCORES:
        hand_in(root, student)
    return root


@pytest.fixture(scope="module")
def graded(handed_in, tmp_path_factory):
    """(root, summary) of `course grade`, with student code run."""
    root = shutil.copytree(handed_in, tmp_path_factory.mktemp("graded") / "course")
    return root, batch.grade(QUIZ, root=root)


def autograded(root, student):
    path = root / "autograded" / student / QUIZ / f"{QUIZ}.ipynb"
    return nbformat.read(path, as_version=4)


def under(root, student, item):
    """What a student reads under an item."""
    cells = autograded(root, student).cells
    cell = next(cell for cell in cells if f'"{item}"' in cell.source)
    return cell.outputs[1].data["text/plain"]


def grades(root, student):
    with gradebook.opened(root) as book:
        (notebook,) = book.find_submission(QUIZ, student).notebooks
        return {one.name: (one.auto_score, bool(one.needs_manual_grade)) for one in notebook.grades}


def test_a_student_receives_stubs_and_no_solution_key_or_hidden_case(handed_in):
    folder = handed_in / "quizzes" / QUIZ
    text = "".join(path.read_text() for path in folder.iterdir())
    assert "return sum(numbers)" not in text and "SOLUTION" not in text
    for secret in SECRETS:
        assert secret not in text
    cells = sample_course.notebook_of(handed_in, QUIZ).cells
    stub = next(cell for cell in cells if cell.source.startswith("def total"))
    assert stub.source == (
        'def total(numbers):\n    """Their sum."""\n    # Your code here\n    ...'
    )
    assert stub.metadata.get("editable", True)


def test_marks_are_those_worked_out_by_hand(graded):
    root, summary = graded
    assert summary.ok
    assert {row.student: row.score for row in summary.rows} == SCORES
    assert {row.max for row in summary.rows} == {32.0}
    assert {item: points for item, (points, _) in grades(root, "half").items()} == MARKS | {
        BY_HAND: None
    }


@pytest.mark.parametrize("student", SCORES)
def test_each_item_has_its_state(graded, student):
    assert shown.states(autograded(graded[0], student)) == STATES[student]


def test_what_waits_for_a_person_is_flagged_and_counted(graded):
    root, summary = graded
    rows = {row.student: row for row in summary.rows}
    assert {name: row.by_hand for name, row in rows.items()} == {
        "right": 1,
        "half": 1,
        "wrong": 1,
        "silent": 0,
    }
    assert grades(root, "right")[BY_HAND] == (None, True)
    assert grades(root, "silent")[BY_HAND] == (0.0, False)
    assert [name for name, (_, waits) in grades(root, "half").items() if waits] == [BY_HAND]
    assert "3 answers to grade by hand, in the formgrader." in str(summary)
    assert "27 of 32  1 by hand." in str(summary)
    by_hand = {row.student: row.by_hand for row in report.scores(QUIZ, root=root)}
    assert by_hand == {"right": True, "half": True, "wrong": True, "silent": False}


def test_visible_cases_are_explained_and_hidden_ones_only_counted(graded):
    root = graded[0]
    told = under(root, "half", CODE)
    assert "total([1, 2, 3]) returned 6: right." in told
    assert "hidden example 1: right" in told
    assert "hidden example 2: not right\nhidden example 3: not right" in told
    wrong = under(root, "wrong", CODE)
    assert "stopped with: ZeroDivisionError: oh" in wrong and "Add all the numbers." in wrong
    assert "adding" not in under(root, "right", CODE)


def test_broken_bounds_are_told(graded):
    told = under(graded[0], "half", MEASURED)
    assert "6 calls used; at most 3 may be." in told
    assert "a set came back" in under(graded[0], "wrong", MEASURED)


def test_no_hidden_case_reaches_a_graded_notebook_or_a_page(graded):
    root = graded[0]
    pages = report.feedback(QUIZ, root=root)
    shown_to = {
        "right": nbformat.writes(autograded(root, "right")),
        "wrong": nbformat.writes(autograded(root, "wrong")),
    }
    for text in [*shown_to.values(), *(page.read_text() for page in pages)]:
        assert "978.75" not in text and "977.5" not in text and "Hidden question" not in text
    for secret in SECRETS:
        assert secret not in shown_to["wrong"]


def test_nbgraders_own_command_gives_the_same_marks(handed_in, graded, tmp_path):
    root = shutil.copytree(handed_in, tmp_path / "course")
    sample_course.configure(root)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", QUIZ],
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for student in SCORES:
        assert grades(root, student) == grades(graded[0], student)
        assert shown.states(autograded(root, student)) == STATES[student]


def test_functions_wait_where_student_code_is_not_run(handed_in, tmp_path, monkeypatch):
    monkeypatch.setattr(code, "available", lambda: "There is no bubblewrap here.")
    root = shutil.copytree(handed_in, tmp_path / "course")
    summary = batch.grade(QUIZ, root=root)
    rows = {row.student: row for row in summary.rows}
    assert summary.ok
    # half: 13.5 without the 2 and the 3 of its functions
    assert {name: (row.score, row.not_run) for name, row in rows.items()} == {
        "right": (19.0, 2),
        "half": (8.5, 2),
        "wrong": (0.0, 2),
        "silent": (0.0, 0),
    }
    assert "6 functions not run" in str(summary)
    assert grades(root, "right")[CODE] == (None, True)
    assert grades(root, "silent")[CODE] == (0.0, False)
    assert "the teacher has not run your code yet" in under(root, "right", CODE)
    monkeypatch.setenv("COURSE_RUN_STUDENT_CODE", "1")
    again = batch.grade(QUIZ, root=root, students=["half"])
    assert [(row.score, row.not_run) for row in again.rows] == [(13.5, 0)]
    assert grades(root, "half")[CODE] == (2.0, False)


def test_points_given_by_hand_survive_and_reach_the_page(handed_in, tmp_path):
    root = tmp_path / "course"
    for part in ("solutions", "quizzes"):
        shutil.copytree(handed_in / part, root / part)
    hand_in(root, "right", functions={})  # without its functions: 19 points
    batch.grade(QUIZ, root=root)
    page = report.feedback(QUIZ, root=root)[0].read_text()
    assert "19 of 32 points" in page
    assert "1 answer waits for your teacher; the total may still grow." in page
    give(root, "right", 3.5)
    assert batch.grade(QUIZ, root=root).rows[0].score == 22.5
    page = report.feedback(QUIZ, root=root)[0].read_text()
    assert "22.5 of 32 points" in page and "graded by your teacher" in page
    assert "&lt;b&gt;I&lt;/b&gt;" in page and "<b>I</b>" not in page


def give(root, student, points):
    with gradebook.opened(root) as book:
        book.find_grade(BY_HAND, QUIZ, QUIZ, student).manual_score = points
        book.db.commit()


@pytest.fixture
def course(handed_in, tmp_path):
    """The course without hand-ins."""
    for part in ("solutions", "quizzes"):
        shutil.copytree(handed_in / part, tmp_path / part)
    return tmp_path


def test_where_calls_cannot_be_counted_functions_wait(course, monkeypatch):
    def none(**_):
        raise CourseError("Calls can only be counted on a computer with Unix sockets: use Linux.")

    monkeypatch.setattr(running, "counted", none)
    hand_in(course, "half")
    (row,) = batch.grade(QUIZ, root=course).rows
    assert (row.score, row.by_hand, row.not_run) == (8.5, 1, 2)  # 13.5 without 2 and 3
    assert "only be counted on a computer with Unix sockets" in row.reason


def test_code_that_ends_its_process_earns_nothing_for_functions_alone(course):
    functions = every.CODE_OF["right"] | {"total": "import os\nos._exit(1)"}
    hand_in(course, "right", functions=functions)
    (row,) = batch.grade(QUIZ, root=course).rows
    assert (row.score, row.not_run) == (19.0, 0)  # 27 without 4 and 4
    assert "ended the process it runs in (exit code 1)" in row.reason
    assert shown.states(autograded(course, "right"))[CODE] == "wrong"


def test_slow_calls_share_the_time_of_their_item(course):
    sample_course.configure(course, "c.RunCells.call_timeout = 1", "c.RunCells.item_timeout = 2")
    slow = "def total(numbers):\n    while numbers != []:\n        pass\n    return 0"
    hand_in(course, "right", functions=every.CODE_OF["right"] | {"total": slow})
    (row,) = batch.grade(QUIZ, root=course).rows
    # [1, 2, 3] is stopped after a second, [] is right, [5, -5] has what is left, the last none
    assert row.score == 24.0  # 27 − 4 + 1
    assert "TimeoutError" in under(course, "right", CODE)


def test_an_asynchronous_function_is_measured_too(course):
    functions = {
        "ask_all": "import asyncio\nothers = connect(asynchronous=True)\n"
        "async def ask(q):\n"
        "    messages = [{'role': 'user', 'content': q}]\n"
        "    return await others.chat.completions.create(\n"
        "        model='gpt-4o-mini', messages=messages, max_tokens=5)\n"
        "async def ask_all(questions):\n"
        "    return len(await asyncio.gather(*map(ask, questions)))",
    }
    hand_in(course, "right", functions=functions)
    (row,) = batch.grade(QUIZ, root=course).rows
    assert row.score == 23.0  # 27 without the 4 of the function that is still a stub


def test_what_a_function_does_to_the_process_it_runs_in_earns_nothing(course):
    cheat = (
        "import json, base64, builtins, sys\n"
        "json.dumps = lambda *_, **__: '{\"points\": 99}'\n"
        "base64.b64encode = lambda *_: b'eyJwb2ludHMiOiA5OX0='\n"
        "class Always(int):\n"
        "    __eq__ = lambda *_: True\n"
        "    __hash__ = None\n"
        "def total(numbers):\n"
        "    return Always(5)"
    )
    hand_in(course, "wrong", functions={"total": cheat})
    (row,) = batch.grade(QUIZ, root=course).rows
    assert row.score == 0.0
    assert not grades(course, "wrong")[CODE][1]
