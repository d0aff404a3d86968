"""Workers on this computer: each task has one result, whatever becomes of the worker."""

import os
import signal
import time
from multiprocessing import get_context
from pathlib import Path

import pytest

from course.grading import pool
from course.grading.pool import LocalPool
from course.grading.work import Assignment, Result, Task

ASSIGNMENT = Assignment("q", {})


def tasks(*students):
    return [Task(student, f"digest of {student}") for student in students]


@pytest.fixture
def grading(monkeypatch):
    """Has workers do something else than grade: `grading(what)`, called with the task."""

    def use(what):
        def grade_one(assignment, task, *, sandbox):
            return what(task) or Result(task.student, task.digest, remarks=(assignment.name,))

        monkeypatch.setattr(pool, "grade_one", grade_one)

    use(lambda task: None)
    return use


def results(many, *, workers=2, **more):
    with LocalPool(workers, **more) as local:
        return {one.student: one for one in local.run(ASSIGNMENT, many)}


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def test_every_task_has_its_own_result(grading):
    names = [f"s{number}" for number in range(50)]
    with LocalPool(3) as local:
        found = list(local.run(ASSIGNMENT, tasks(*names)))
    assert sorted(one.student for one in found) == sorted(names)
    assert {one.digest for one in found} == {f"digest of {name}" for name in names}
    assert {one.remarks for one in found} == {("q",)}


def test_no_tasks_have_no_results(grading):
    assert results([]) == {}


def test_tasks_are_taken_only_as_workers_become_free(grading):
    taken, given = [], []

    def lazily():
        for task in tasks(*"abcdefghij"):
            taken.append(task.student)
            yield task

    with LocalPool(2) as local:
        for one in local.run(ASSIGNMENT, lazily()):
            given.append(one.student)
            assert len(taken) - len(given) <= 2


def test_one_pool_can_grade_one_assignment_after_another(grading):
    with LocalPool(2) as local:
        for name in ("q", "r"):
            found = list(local.run(Assignment(name, {}), tasks("a", "b", "c")))
            assert [one.remarks for one in found] == [(name,)] * 3


def test_a_task_whose_worker_dies_is_tried_again_and_no_other_is_lost(grading, tmp_path):
    def once(task):
        mark = tmp_path / task.student
        if task.student in ("bad", "worse") and not mark.exists():
            mark.touch()
            die()

    grading(once)
    found = results(tasks("a", "bad", "b", "worse", "c"))
    assert sorted(found) == ["a", "b", "bad", "c", "worse"]
    assert not any(one.problem for one in found.values())


def test_the_second_try_is_alone(grading, tmp_path):
    """Where memory is short for two at a time, one may do."""

    def crowded(task):
        (tmp_path / f"in-{task.student}").touch()
        time.sleep(0.2)
        if len(list(tmp_path.glob("in-*"))) > 1:
            (tmp_path / f"in-{task.student}").unlink()
            die()
        time.sleep(0.2)
        (tmp_path / f"in-{task.student}").unlink()

    grading(crowded)
    found = results(tasks("a", "b"))
    assert not any(one.problem for one in found.values())


def test_a_task_whose_workers_die_twice_has_failed_with_a_reason(grading):
    grading(lambda task: die() if task.student == "bad" else None)
    found = results(tasks("a", "bad", "b"), workers=1)
    assert "ended twice (signal 9)" in found["bad"].problem
    assert found["bad"].digest == "digest of bad"
    assert not found["a"].problem and not found["b"].problem


def test_a_worker_that_exits_is_no_different(grading):
    grading(lambda task: os._exit(3) if task.student == "bad" else None)
    assert "ended twice (exit code 3)" in results(tasks("bad", "a"))["bad"].problem


def test_a_task_without_end_is_stopped_and_told(grading):
    grading(lambda task: time.sleep(60) if task.student == "slow" else None)
    found = results(tasks("slow", "a", "b", "c"), seconds=1.5)
    assert "was stopped" in found["slow"].problem
    assert not any(found[name].problem for name in "abc")


def test_a_large_submission_passes_through(grading):
    many = [Task("big", "d", {"q.ipynb": b"x" * 20_000_000})]
    assert results(many)["big"].digest == "d"


def test_ctrl_c_is_for_the_grader_not_for_the_workers(grading):
    grading(lambda task: os.kill(os.getpid(), signal.SIGINT))
    assert not any(one.problem for one in results(tasks("a", "b")).values())


def is_there(number):
    try:
        stat = Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return False
    return stat.split(")")[1].split()[0] not in "ZX"


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs /proc")
def test_workers_end_when_the_grader_is_killed(grading):
    grading(lambda task: time.sleep(60))
    ours, theirs = get_context("fork").Pipe()

    def grader():
        with LocalPool(2) as local:
            theirs.send([worker.process.pid for worker in local._workers])
            list(local.run(ASSIGNMENT, tasks("a", "b")))

    process = get_context("fork").Process(target=grader)
    process.start()
    workers = ours.recv()
    assert all(map(is_there, workers))
    process.kill()
    process.join()
    end = time.monotonic() + 10
    while any(map(is_there, workers)) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(map(is_there, workers))


def test_leaving_a_pool_ends_its_workers_in_the_middle_of_their_work(grading):
    grading(lambda task: time.sleep(60))
    with LocalPool(2) as local:
        running = local.run(ASSIGNMENT, tasks("a", "b"))
        workers = [worker.process for worker in local._workers]
        running.close()
    assert not any(process.is_alive() for process in workers)


def test_without_fork_it_grades_here_one_after_another(grading, monkeypatch):
    monkeypatch.setattr(pool, "get_all_start_methods", lambda: ["spawn"])
    assert sorted(results(tasks("a", "b"))) == ["a", "b"]
