"""Grade all that was handed in of a quiz: workers mark, one writer records.

A submission is graded when its content, the quiz, the settings or the course has changed since,
or when its rows or its graded notebook are no longer what they were; the others stay as they are.
"""

import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from nbgrader.utils import parse_utc

from course.errors import CourseError
from course.grading import code, intake, scorer, settings, tasks
from course.grading.code import Code
from course.grading.intake import Submission
from course.grading.pool import LocalPool, Pool
from course.grading.progress import Progress, Silent, watching
from course.grading.summary import Row, Summary
from course.grading.work import Assignment, Task
from course.grading.writer import Done, Standing, Writer
from course.quiz.collect import settle

__all__ = ["LOCK", "Row", "Summary", "grade"]

LOCK = "gradebook.db.lock"
PATIENCE_S = 5.0
AT_ONCE = 20
"""Submissions in one transaction."""
EVERY_S = 0.5
"""How long marks wait to be recorded while others come."""
_MOST_WAITING_BYTES = 30_000_000
_LOOKED_AT = 50
_LEFT_BEHIND = (".grading-*", ".release-*")


def grade(
    quiz: str,
    *,
    root: str | Path,
    students: Collection[str] | None = None,
    since: datetime | None = None,
    force: bool = False,
    workers: int | None = None,
    pool: Pool | None = None,
    run: Code | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Grade submitted/STUDENT/`quiz` (of all `students`, or of those named) into the gradebook.

    `since` leaves out what was handed in before; `force` grades what has not changed as well.
    `workers` processes work on this computer, or those of a `pool` that is given. `run` says how
    students' code is run (default: as `code.shared()` has it). Trouble with one submission is told
    in its row and stops no other; a failed one loses its old score and waits for a person.
    Raises CourseError for a quiz that is not there, or while another grading works here.
    """
    begin, root = time.perf_counter(), Path(root).absolute()
    scorer.quiz(quiz, root=root)  # says what is wrong with it before anything is touched
    with ExitStack() as stack:
        stack.enter_context(_alone(root))
        _tidy(root)
        waiting = _chosen(intake.submissions(quiz, root=root), students, since)
        if not waiting:
            return Summary(quiz, ())
        run = run or code.shared()
        if pool is None:  # before a database is open: workers are forks of this process
            pool = stack.enter_context(LocalPool(workers, sandbox=run.sandbox))
        config = settings.load(root)
        assignment = tasks.assignment(
            quiz, root=root, config=config, mode=run.mode, limits=asdict(run.limits)
        )
        with Writer(assignment, root=root, config=config) as writer:
            rows = _Batch(assignment, pool, writer, force, progress or Silent()).grade(waiting)
    rows = tuple(sorted(rows, key=lambda row: row.student))
    return Summary(quiz, rows, time.perf_counter() - begin, run.why)


class _Batch:
    """One grading at work; only what has not been recorded yet is in memory."""

    def __init__(
        self,
        assignment: Assignment,
        pool: Pool,
        writer: Writer,
        force: bool,
        progress: Progress,
    ):
        self._assignment, self._pool, self._writer = assignment, pool, writer
        self._force, self._progress = force, progress
        self._in_work: dict[str, Task] = {}
        self._done: list[Done] = []
        self._rows: list[Row] = []

    def grade(self, waiting: Sequence[Submission]) -> list[Row]:
        """One row for each submission, in the order in which they were done."""
        with watching(self._progress, len(waiting)):
            last = time.monotonic()
            try:
                for result in self._pool.run(self._assignment, self._tasks(waiting)):
                    self._done.append((self._in_work.pop(result.student), result))
                    if self._is_enough() or time.monotonic() - last >= EVERY_S:
                        self._record()
                        last = time.monotonic()
            finally:  # of a run that is stopped here, what is done is kept
                self._record()
        return self._rows

    def _tasks(self, waiting: Sequence[Submission]) -> Iterator[Task]:
        """What has to be graded, read when a worker is free for it."""
        for at in range(0, len(waiting), _LOOKED_AT):
            some = waiting[at : at + _LOOKED_AT]
            names = [one.student for one in some]
            again = self._writer.penalties(names)
            standing = self._writer.standing(names)
            for one in some:
                task = tasks.task(self._assignment, one)
                stands = standing[one.student]
                is_old = self._force or one.student in again or one.refused
                if is_old or not self._writer.is_current(task, stands):
                    self._in_work[task.student] = task
                    yield task
                else:
                    self._told(_row(stands, "unchanged"))

    def _is_enough(self) -> bool:
        size = sum(
            sum(map(len, task.files.values())) + len(result.notebook or b"")
            for task, result in self._done
        )
        return len(self._done) >= AT_ONCE or size > _MOST_WAITING_BYTES

    def _record(self) -> None:
        done, self._done = self._done, []
        if not done:
            return
        for result, stands in self._writer.write(done):
            if result.problem:
                possible = self._writer.possible
                self._told(Row(result.student, None, possible, "failed", result.problem))
            else:
                self._told(_row(stands, "graded"))

    def _told(self, row: Row) -> None:
        self._rows.append(row)
        self._progress.step(row.status)


def _row(stands: Standing, status: str) -> Row:
    rows = stands.rows
    flagged = sum(one.flagged for one in rows.grades.values())
    return Row(
        rows.student,
        rows.score,
        rows.possible,
        status,
        " ".join(stands.remarks),
        stands.seconds,
        by_hand=max(0, flagged - stands.not_run),
        not_run=stands.not_run,
        late=rows.penalty,
    )


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Only one grading at a time works in a course."""
    lock = FileLock(root / LOCK, timeout=PATIENCE_S)
    try:
        lock.acquire()
    except Timeout:
        raise CourseError(f"Another grading works in {root}: wait until it is done.") from None
    try:
        yield
    finally:
        lock.release()


def _tidy(root: Path) -> None:
    """Finish or undo what a killed run left half done."""
    settle(root / "submitted")
    settle(root / "autograded")
    for pattern in _LEFT_BEHIND:
        for folder in root.glob(pattern):
            shutil.rmtree(folder, ignore_errors=True)


def _chosen(
    found: list[Submission], students: Collection[str] | None, since: datetime | None
) -> list[Submission]:
    if students is not None:
        missing = sorted(set(students) - {one.student for one in found})
        if missing:
            raise CourseError(f"Nothing of this quiz was handed in by {', '.join(missing)}.")
        found = [one for one in found if one.student in students]
    return [one for one in found if since is None or _handed_in(one) >= since]


def _handed_in(one: Submission) -> datetime:
    """When a submission was handed in; where it does not say so, when it was put there."""
    said = "" if one.refused else intake.timestamp(one.folder)
    if said:
        return parse_utc(said).replace(tzinfo=UTC)
    return datetime.fromtimestamp(one.folder.lstat().st_mtime, UTC)
