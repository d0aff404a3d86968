"""A grading that is killed at any moment loses nothing, and the next one finishes."""

import os
import random
import signal
import time
from multiprocessing import get_context

import pytest
import sample_course
from gradebook_tables import tables
from sample_course import hand_in, journal

from course.grading import batch, folders, gradebook, report, writer
from course.grading.code import NOT_RUN, Code
from course.grading.sandbox import Limits

STUDENTS = [f"s{number:02}" for number in range(12)]
WITHOUT = Code(NOT_RUN, Limits())
"""No code of a student's is run: these have written none."""
PATIENCE_S = 60.0


def grade(root, **more):
    return batch.grade("q", root=root, run=WITHOUT, workers=2, **more)


def scores(root):
    return {row.student: row.score for row in report.scores("q", root=root)}


def notebooks(root):
    return {path.parent.parent.name: path.read_bytes()
            for path in root.glob("autograded/*/q/q.ipynb")}  # fmt: skip


@pytest.fixture
def root(tmp_path):
    root = sample_course.released(tmp_path / "course")
    for student in STUDENTS:
        hand_in(root, student, answers=journal(root, q_01="A"))
    return root


@pytest.fixture
def expected(tmp_path):
    """What a grading leaves that nobody disturbs: of the second hand-ins."""
    root = sample_course.released(tmp_path / "calm")
    for student in STUDENTS:
        hand_in(root, student)
    grade(root)
    return tables(root), notebooks(root)


def hand_in_again(root):
    for student in STUDENTS:
        (root / "submitted" / student / "q" / "answers.jsonl").write_bytes(journal(root))


def killed(work, *, when=None):
    """Run `work` in a process of its own that is killed, by itself or when `when` says so."""
    process = get_context("fork").Process(target=work)
    process.start()
    end = time.monotonic() + PATIENCE_S
    while when and not when() and process.is_alive() and time.monotonic() < end:
        time.sleep(0.001)
    if when:
        process.kill()
    process.join(PATIENCE_S)
    return process.exitcode


def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def one_at_a_time():
    batch.AT_ONCE = 1


def dies_when_staged():
    one_at_a_time()
    folders.Autograded.swap = die
    writer.Writer._patiently = die


def dies_before_the_commit():
    one_at_a_time()
    writer.Writer._penalties = die


def dies_between_commit_and_rename():
    one_at_a_time()
    folders.Autograded.swap = die


def dies_after_the_first_rename():
    one_at_a_time()
    rename = folders.Path.rename

    def once(self, target):
        rename(self, target)
        die()

    folders.Path.rename = once


def dies_after_the_renames():
    one_at_a_time()
    swap = folders.Autograded.swap

    def last(self, *what):
        swap(self, *what)
        die()

    folders.Autograded.swap = last


MOMENTS = [
    dies_when_staged,
    dies_before_the_commit,
    dies_between_commit_and_rename,
    dies_after_the_first_rename,
    dies_after_the_renames,
]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("before", ["never graded", "graded before"])
def test_killed_at_a_chosen_moment_the_second_run_finishes(root, expected, moment, before):
    if before == "graded before":
        assert set(scores_of(grade(root))) == {5.0}
    hand_in_again(root)

    def work():
        moment()
        grade(root)

    assert killed(work) == -signal.SIGKILL
    assert set(scores(root).values()) <= {5.0, 6.0}
    summary = grade(root)
    assert summary.ok and set(scores_of(summary)) == {6.0}
    assert (tables(root), notebooks(root)) == expected
    assert nothing_is_left(root)
    assert grade(root).counts["unchanged"] == len(STUDENTS)


def scores_of(summary):
    return [row.score for row in summary.rows]


def nothing_is_left(root):
    return not [*root.glob("autograded/*/.*"), *root.glob(".*")]


def test_killed_at_random_moments_again_and_again_a_last_run_finishes(root, expected):
    chance, done = random.Random(7), 0
    hand_in_again(root)

    def work():
        one_at_a_time()
        grade(root)

    for _ in range(8):
        most = chance.randint(1, 3)
        wait = chance.random() * 0.05

        def when(most=done + most, wait=wait):
            if len(notebooks(root)) < most:
                return False
            time.sleep(wait)
            return True

        killed(work, when=when)
        assert len(notebooks(root)) >= done  # what was done is not done again, let alone lost
        done = len(notebooks(root))
    summary = grade(root)
    assert summary.ok and set(scores_of(summary)) == {6.0}
    assert (tables(root), notebooks(root)) == expected
    assert nothing_is_left(root)


def test_a_failed_grading_that_is_killed_leaves_no_old_score(root, monkeypatch):
    grade(root)

    def work():
        one_at_a_time()
        folders.Autograded.remove = die
        fail(monkeypatch)
        grade(root, force=True, students=["s03"])

    assert killed(work) == -signal.SIGKILL
    assert scores(root)["s03"] == 0.0
    with gradebook.opened(root) as book:
        assert book.find_submission("q", "s03").needs_manual_grade
    assert [row.status for row in grade(root, students=["s03", "s04"]).rows] == [
        "graded",
        "unchanged",
    ]
    assert set(scores(root).values()) == {5.0}


def fail(monkeypatch):
    def disk_full(self, nb, resources):
        raise OSError("the disk is full")

    monkeypatch.setattr("nbgrader.preprocessors.LimitOutput.preprocess", disk_full)


def test_ctrl_c_keeps_what_is_done(root, monkeypatch):
    hand_in_again(root)
    monkeypatch.setattr(batch, "AT_ONCE", 100)
    monkeypatch.setattr(batch, "EVERY_S", 1000.0)

    class Interrupts:
        def __init__(self, pool):
            self.pool = pool

        def run(self, assignment, tasks):
            for number, result in enumerate(self.pool.run(assignment, tasks)):
                if number == 5:
                    raise KeyboardInterrupt
                yield result

    with batch.LocalPool(2) as local, pytest.raises(KeyboardInterrupt):
        batch.grade("q", root=root, run=WITHOUT, pool=Interrupts(local))
    assert list(scores(root).values()) == [6.0] * 5
    assert grade(root).counts["unchanged"] == 5
