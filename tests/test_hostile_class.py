"""A class of 300 of whom 30 are hostile, in one run of `course grade`, with the sandbox on.

The 270 honest ones have answers drawn from a seed, with marks worked out here, answer by answer.
"""

import json
import random
import shutil

import pytest
from hostile import sample, seen, table, ways
from hostile.attack import Group
from hostile.sample import CODE
from test_hostile_attacks import expected, had, wrong_marks

from course.grading import report
from course.grading.sandbox import available

pytestmark = pytest.mark.skipif(bool(available()), reason=available() or "contained")

STUDENTS = 300
HOSTILE = (
    "loop", "loop_swallows", "os_exit", "segfault", "kills_all", "forks", "double_fork",
    "background_process", "memory", "memory_of_four_children", "disk", "output",
    "output_past_python", "looks_for_keys", "reads_a_neighbours_answers",
    "writes_into_the_gradebook", "patches_the_course", "patches_json_and_builtins",
    "rewrites_the_runner", "writes_into_every_descriptor", "floods_every_descriptor",
    "leaves_startup_files", "leaves_files_for_the_next", "calls_home", "html", "html_in_remarks",
    "cells_unlocked", "notebook_of_100000_cells", "answers_1_gb", "answers_a_pipe",
)  # fmt: skip
LIMITS = Group("h", cell=4, cells=8, call=2, item=4)
ALONE = 20
MOST_S = 600.0

CHOICES = {
    "h-01": [("B", 1), ("A", 0), ("C", 0), (None, 0)],
    "h-02": [(["A", "C"], 3), (["A"], 1.5), (["C"], 1.5), (["B"], 0), (None, 0)],
    "h-03": [({"value": 4711.5, "unit": "USD"}, 2), ({"value": 4711.9, "unit": "USD"}, 2),
             ({"value": 4713, "unit": "USD"}, 0), (None, 0)],
    "h-06": [("Because.", None), ("I <b>know</b> it.", None), (None, 0)],
}  # fmt: skip
"""What a student may answer, and what it earns: None waits for a person."""
WRITTEN = {
    "total": [(CODE["right"]["total"], 4), (CODE["half"]["total"], 2), (CODE["wrong"]["total"], 0),
              (None, 0), ("def total(numbers):\n    raise ValueError('oh')", 0),
              # of 6, 0, 0 and 978.75 only the last one is no whole number: 1 of 4
              ("import numpy as np\ndef total(numbers):\n    return float(np.sum(numbers))", 1),
              ("def total(numbers):\n    print('adding')\n    return sum(numbers)", 4),
              # [] is not 0 here: 3 of 4
              ("def total(numbers):\n    return sum(numbers) if numbers else None", 3)],
    "longest": [(CODE["right"]["longest"], 2), (CODE["half"]["longest"], 1), (None, 0),
                ("async def longest(words):\n    return sorted(words, key=len)[-1]", 2)],
}  # fmt: skip
OWN = (
    None,
    "x = 1",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
    "import pandas as pd\npd.DataFrame({'a': [1, 2]})",
    "import warnings\nwarnings.warn('careful')",
    "1 / 0",
    "for n in range(100): print(n)",
)
"""Cells of their own."""


def honest(root, student, chance):
    """A drawn hand-in; returns what each item is worth."""
    made = sample.sheet(root, student, "right")
    drawn = {item: chance.choice(options) for item, options in CHOICES.items()}
    answers = {item: answer for item, (answer, _) in drawn.items() if answer is not None}
    made.answers = sample.journal(root, "h", answers) if answers else None
    marks = {item: points for item, (_, points) in drawn.items()}
    for function, item in (("total", "h-04"), ("longest", "h-05")):
        source, marks[item] = chance.choice(WRITTEN[function])
        made.write(function, STUBS[function] if source is None else source)
    if own := chance.choice(OWN):
        made.run(own)
    sample.hand_in(made)
    return {item: points if points is None else (points, points) for item, points in marks.items()}


STUBS = {name: f"def {name}({argument}):\n    # Your code here\n    ..."
         for name, argument in (("total", "numbers"), ("longest", "words"))}  # fmt: skip


@pytest.fixture(scope="module")
def listener(tmp_path_factory):
    with ways.listener(tmp_path_factory.mktemp("l")) as made:
        yield made


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory, listener):
    """(root, marks of the honest, attacks of the hostile), by student."""
    root = sample.released(tmp_path_factory.mktemp("class"))
    ways.configure(root, LIMITS)
    chance, honest_ones, hostile = random.Random(7), {}, {}
    for number in range(STUDENTS):
        student = f"student{number:03}"
        if number % 10 == 4:
            hostile[student] = table.ATTACKS[HOSTILE[number // 10]]
            table.hand_in(root, student, hostile[student], listener.facts)
        else:
            honest_ones[student] = honest(root, student, chance)
    return root, honest_ones, hostile


@pytest.fixture(scope="module")
def graded(handed_in):
    """(rows, what each student has) of one run over all 300."""
    root = handed_in[0]
    run = ways.start("course", "h", root)
    run.wait(MOST_S)
    print(f"{STUDENTS} submissions: {run.seconds:.1f} s")  # for people: pytest -s
    report.feedback("h", root=root)
    return ways.rows(run), seen.graded(root, "h")


def test_270_are_honest_and_30_are_not(handed_in):
    assert (len(handed_in[1]), len(handed_in[2])) == (270, 30)
    assert len({json.dumps(marks) for marks in handed_in[1].values()}) > 100


def test_every_submission_has_a_row(handed_in, graded):
    assert sorted(graded[0]) == [f"student{number:03}" for number in range(STUDENTS)]
    assert {row["status"] for row in graded[0].values()} == {"graded"}


def test_the_honest_have_the_marks_of_their_answers(handed_in, graded):
    problems = {}
    for student, bounds in handed_in[1].items():
        if found := wrong_marks(graded[1][student], bounds):
            problems[student] = found
    assert problems == {}


def test_nothing_is_said_against_the_honest(handed_in, graded):
    said = {student: graded[1][student].remarks for student in handed_in[1]}
    assert {remark for remark in said.values() if "No answers" not in remark} == {""}


def test_each_of_the_hostile_has_what_is_theirs_and_no_more(handed_in, graded):
    problems = {}
    for student, attack in handed_in[2].items():
        bounds = expected(attack.kind, "h", loses=attack.loses, may_lose=attack.may_lose)
        found = wrong_marks(graded[1][student], bounds) + had(graded[1][student], attack.kind)
        if not seen.says(graded[1][student], attack.told):
            found.append(f"{attack.told!r} is not in {graded[1][student].remarks!r}")
        if found:
            problems[attack.name] = found
    assert problems == {}


def test_a_sample_of_the_honest_is_graded_just_so_when_alone(handed_in, graded, tmp_path):
    root, honest_ones, _ = handed_in
    students = random.Random(8).sample(sorted(honest_ones), ALONE)
    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("solutions", "quizzes"):
        shutil.copytree(root / name, alone / name)
    shutil.copy(root / "nbgrader_config.py", alone)
    for student in students:
        shutil.copytree(root / "submitted" / student, alone / "submitted" / student)
    run = ways.start("alone", "h", alone, *students)
    assert run.wait(MOST_S) == 0, run.said()
    theirs = seen.graded(alone, "h")
    for student in students:
        assert theirs[student].marks == graded[1][student].marks
        assert theirs[student].waits == graded[1][student].waits
        assert theirs[student].notebook == graded[1][student].notebook


def test_nothing_is_left_of_the_class(graded, listener):
    assert ways.outlived(listener.mark) == []
    assert ways.left_lying(listener.mark) == []
    assert listener.seen == []
