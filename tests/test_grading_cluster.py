"""Grading through Dask: a scheduler and workers as one starts them, on this computer."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sample_course
import sample_every_type as every
from gradebook_rows import rows
from sample_course import hand_in, journal, with_code

from course.errors import CourseError
from course.grading import batch, cluster, cluster_join, code, gradebook
from course.grading.cluster import DaskPool

DASK = Path(sys.executable).with_name("dask")
START_S = 60.0
SLOW = "import time; time.sleep(0.3)"
SLEEPY = [f"student-{number:02}" for number in range(24)]


@dataclass
class Cluster:
    """A scheduler on loopback and its workers, each a process of its own without a keeper."""

    folder: Path
    address: str = ""
    scheduler: subprocess.Popen | None = None
    workers: list[subprocess.Popen] = field(default_factory=list)

    def start(self, *, workers: int, **env: str) -> "Cluster":
        about = self.folder / "scheduler.json"
        self.scheduler = self._run("scheduler", "--host", "127.0.0.1", "--port", "0",
                                   "--no-dashboard", "--scheduler-file", about, **env)  # fmt: skip
        wait(about.exists)
        self.address = json.loads(about.read_text())["address"]
        for _ in range(workers):
            self.add(**env)
        return self

    def add(self, *, nanny: bool = False, **env: str) -> None:
        folder = self.folder / f"worker-{len(self.workers)}"
        folder.mkdir()
        keeper = "--nanny" if nanny else "--no-nanny"
        words = ["--nthreads", "1", "--no-dashboard", keeper, "--local-directory", folder]
        self.workers.append(self._run("worker", self.address, *words, **env))

    def close(self) -> None:
        for process in [*self.workers, self.scheduler]:
            process.kill()
            process.wait()

    def _run(self, *words: object, **env: str) -> subprocess.Popen:
        home = os.environ | {"HOME": str(self.folder)} | env
        with (self.folder / f"{words[0]}-{len(self.workers)}.log").open("wb") as log:
            return subprocess.Popen([DASK, *map(str, words)], cwd=self.folder, env=home,
                                    stdout=log, stderr=log)  # fmt: skip


def wait(condition) -> None:
    end = time.monotonic() + START_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture(autouse=True, scope="module")
def contained():
    """Student code is contained here, and on every worker."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COURSE_RUN_STUDENT_CODE", raising=False)
        yield


@pytest.fixture
def alone(tmp_path):
    """A cluster for one test, which may do to it what it wants."""
    with contextlib.closing(Cluster(tmp_path)) as made:
        yield made


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    with contextlib.closing(Cluster(tmp_path_factory.mktemp("shared"))) as made:
        yield made.start(workers=0)


@pytest.fixture
def shared(started):
    """A cluster for all tests, with one worker that lives."""
    if not any(worker.poll() is None for worker in started.workers):
        started.add()
    return started


class Told:
    """Hands everything to a pool, and keeps whose results came back."""

    def __init__(self, pool, *, after: int = 0, then=None):
        self.pool, self.after, self.then, self.students = pool, after, then, []

    def run(self, assignment, tasks):
        for result in self.pool.run(assignment, tasks):
            self.students.append(result.student)
            if len(self.students) == self.after:
                self.then()
            yield result


def all_rows(root):
    with gradebook.opened(root) as book:
        return rows(book)


def grade(root, pool, quiz="q", **more):
    return batch.grade(quiz, root=root, pool=pool, run=code.elsewhere(), **more)


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    """A class whose code takes some time, every third with a wrong answer, and its local rows."""
    root = sample_course.released(tmp_path_factory.mktemp("sleepy") / "course")
    for number, student in enumerate(SLEEPY):
        answers = journal(root, q_01="BA"[number % 3 == 0])
        hand_in(root, student, notebook=with_code(root, SLOW), answers=answers)
    here = shutil.copytree(root, root.with_name("here"))
    assert batch.grade("q", root=here).ok
    return root, all_rows(here)


@pytest.fixture
def course(handed_in, tmp_path):
    return shutil.copytree(handed_in[0], tmp_path / "course")


def test_a_worker_killed_in_the_middle_costs_nothing_and_nobody_is_graded_twice(
    alone, handed_in, course
):
    with DaskPool(alone.start(workers=2).address) as pool:
        told = Told(pool, after=6, then=alone.workers[0].kill)
        summary = grade(course, told)
    assert alone.workers[0].wait() == -9
    assert sorted(told.students) == SLEEPY
    assert [(row.student, row.status) for row in summary.rows] == [
        (student, "graded") for student in SLEEPY
    ]
    assert all_rows(course) == handed_in[1]


def test_every_type_of_item_earns_on_a_cluster_what_it_earns_here(shared, tmp_path):
    root = every.released(tmp_path / "every")
    for student in every.SCORES:
        every.hand_in(root, student)
    here = shutil.copytree(root, tmp_path / "here")
    assert batch.grade(every.QUIZ, root=here).ok
    with DaskPool(shared.address) as pool:
        summary = grade(root, pool, every.QUIZ)
        assert {row.student: row.score for row in summary.rows} == every.SCORES
        again = grade(root, pool, every.QUIZ)
    assert {row.status for row in again.rows} == {"unchanged"}
    assert all_rows(root) == all_rows(here)


def test_a_scheduler_that_goes_away_is_said_and_another_one_finishes(
    alone, shared, handed_in, course
):
    with DaskPool(alone.start(workers=1).address) as pool:
        told = Told(pool, after=8, then=alone.scheduler.kill)
        with pytest.raises(CourseError, match=r"does not answer any more: what was graded so far"):
            grade(course, told)
    with gradebook.opened(course) as book:
        kept = {one.student.id for one in book.find_assignment("q").submissions}
    assert set(told.students) == kept and 8 <= len(kept) < len(SLEEPY)
    with DaskPool(shared.address) as pool:
        more = Told(pool)
        assert grade(course, more).ok
    assert sorted(more.students) == sorted(set(SLEEPY) - kept)
    assert all_rows(course) == handed_in[1]


def test_a_submission_that_kills_its_workers_fails_alone(alone, course):
    """Not contained, for only so can it reach a worker: the process above the warm one."""
    kill = """
import os, signal
from pathlib import Path
pid = os.getpid()
while b"warm" in Path(f"/proc/{pid}/cmdline").read_bytes():
    pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
os.kill(pid, signal.SIGKILL)
"""
    hand_in(course, "deadly", notebook=with_code(course, kill))
    alone.start(workers=0, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    alone.add(nanny=True)
    some = ["deadly", *SLEEPY[:4]]
    with DaskPool(alone.address, contained=False) as pool:
        summary = batch.grade("q", root=course, pool=pool, students=some,
                              run=code.elsewhere(contained=False))  # fmt: skip
    found = {row.student: (row.status, row.reason) for row in summary.rows}
    assert found.pop("deadly") == ("failed", cluster.DIED)
    assert set(found.values()) == {("graded", "")}


def test_where_no_scheduler_is_the_address_and_the_command_are_said(monkeypatch):
    monkeypatch.setattr(cluster_join, "CONNECT_S", 0.5)
    with pytest.raises(CourseError, match=r"No Dask scheduler answers at 127.0.0.1:1 .*`dask sch"):
        DaskPool("127.0.0.1:1").__enter__()
    with pytest.raises(CourseError, match="No Dask scheduler answers at nonsense://x"):
        DaskPool("nonsense://x").__enter__()


def test_what_takes_the_call_and_never_answers_is_not_waited_for_forever(monkeypatch):
    monkeypatch.setattr(cluster_join, "CONNECT_S", 1.0)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(CourseError, match="No Dask scheduler answers"),
    ):
        DaskPool(f"127.0.0.1:{silent.getsockname()[1]}").__enter__()


def test_a_cluster_without_workers_says_how_to_start_one(alone, monkeypatch):
    monkeypatch.setattr(cluster_join, "FIRST_WORKER_S", 1.0)
    address = alone.start(workers=0).address
    with pytest.raises(CourseError, match=f"has no worker: start some with `dask worker {address}"):
        DaskPool(address).__enter__()


def test_a_worker_with_another_version_of_the_course_grades_nothing(shared, course, monkeypatch):
    monkeypatch.setattr("course.grading.tasks.version", lambda: "another")
    with (
        DaskPool(shared.address) as pool,
        pytest.raises(CourseError, match="has another version of the course"),
    ):
        grade(course, pool)
    assert all_rows(course).keys().isdisjoint({("student", name) for name in SLEEPY})


def test_a_cluster_that_lacks_the_course_is_said(alone, course, tmp_path):
    absent = tmp_path / "absent" / "course"
    absent.mkdir(parents=True)
    (absent / "__init__.py").write_text("raise ImportError('there is no course here')")
    alone.start(workers=1, PYTHONPATH=str(absent.parent))
    with (
        DaskPool(alone.address) as pool,
        pytest.raises(CourseError, match=r"can't grade .*: install the course"),
    ):
        grade(course, pool)


@pytest.mark.parametrize("place", ["scheduler", "worker"])
def test_other_versions_of_dask_are_named(place):
    packages = {"python": "3.11.7.final.0", "distributed": "2026.8.0", "dask": "2026.8.0",
                "cloudpickle": "3.1.2", "msgpack": "1.2.4"}  # fmt: skip
    about = {
        "client": {"packages": packages | {"python": "3.11.2.final.0"}},
        "scheduler": {"packages": packages},
        "workers": {"tcp://10.0.0.7:4": {"packages": packages}},
    }
    cluster_join.compare(about, "tcp://10.0.0.1:8786")
    other = {"packages": packages | {"distributed": "2026.7.1"}}
    if place == "scheduler":
        about["scheduler"] = other
    else:
        about["workers"]["tcp://10.0.0.9:4"] = other
    named = rf"The {place} at \S+ has distributed 2026.7.1 and this computer 2026.8.0"
    with pytest.raises(CourseError, match=named):
        cluster_join.compare(about, "tcp://10.0.0.1:8786")


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(cluster_join, "distributed", None)
    with pytest.raises(CourseError, match=r"gpt-4o-mini-course\[cluster\]"):
        DaskPool("tcp://127.0.0.1:1").__enter__()


def test_few_tasks_are_under_way_at_a_time(shared, course):
    """Submissions are read when a worker is near: memory does not grow with the class."""
    with DaskPool(shared.address) as pool:
        read, most = 0, 0

        class Counting:
            def run(self, assignment, tasks):
                nonlocal read, most

                def counted():
                    nonlocal read
                    for task in tasks:
                        read += 1
                        yield task

                for done, result in enumerate(pool.run(assignment, counted()), start=1):
                    most = max(most, read - done)
                    yield result

        assert grade(course, Counting()).ok
    assert read == len(SLEEPY) and most <= 2


def test_the_command_takes_a_schedulers_address(shared, handed_in, course):
    command = [sys.executable, "-c", "from course.cli import main; main()"]
    words = ["grade", "q", "--scheduler", shared.address, "--json"]
    done = subprocess.run([*command, *words], cwd=course, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert [(row["student"], row["status"]) for row in rows] == [
        (student, "graded") for student in SLEEPY
    ]
    assert "Traceback" not in done.stderr and "distributed" not in done.stderr
    assert all_rows(course) == handed_in[1]


def test_a_last_worker_that_ends_is_said(shared, course, monkeypatch):
    monkeypatch.setattr(cluster, "IDLE_S", 1.0)
    with DaskPool(shared.address) as pool:
        told = Told(pool, after=3, then=shared.workers[-1].kill)
        with pytest.raises(CourseError, match="has no worker"):
            grade(course, told)
