"""Workers on other computers: the same tasks, sent through a Dask scheduler.

Tasks go out and results come back as bytes, so the computers share no folder; only the one that
grades writes the gradebook. A task has a name, made of assignment, student and content: whatever
Dask runs twice, because a worker was lost, has one result.

A worker needs this course with what the extra `cluster` installs, in the same versions, and is
started with one thread (`dask worker ADDRESS --nthreads 1`).
"""

from __future__ import annotations

import contextlib
import pickle
import queue
import time
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError
from types import TracebackType
from typing import Any, Self

from course.errors import CourseError
from course.grading import cluster_join, cluster_worker
from course.grading.sandbox import Limits
from course.grading.work import Assignment, Result, Task, failed

IDLE_S = 30.0
"""How long a batch waits for a worker where there is none any more."""
_RESULT_S = 15.0
_LOOK_S = 2.0
_FOR_EACH_WORKER = 2
"""Tasks under way: one that runs and one that waits there already, so that no worker idles."""
_RETRIES = 2
_AGAIN = 3
"""How often a task is sent whose result the cluster has lost."""
DIED = "The workers that graded it ended, again and again; it may need more memory than they have."
_TOO_LARGE = "Sending large graph"
_UNFIT = (
    "The cluster at {} can't grade ({}): install the course for its scheduler and its workers as "
    "it is here, with the extra cluster."
)


class DaskPool:
    """Hands tasks to the workers of the Dask cluster whose scheduler is at `address`.

    Each worker keeps a Sandbox of its own, with these `limits`, `contained` or not. Raises
    CourseError, from the start or from `run`, where there is no such cluster (any more) or one
    that would grade otherwise than this computer.
    """

    def __init__(self, address: str, *, limits: Limits | None = None, contained: bool = True):
        self.address = address
        self._terms = cluster_worker.Terms(limits or Limits(), contained)
        self._client: Any = None

    def __enter__(self) -> Self:
        self._client = cluster_join.joined(self.address)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(Exception):  # a scheduler that is gone is no trouble any more
            self._client.close(timeout=_LOOK_S)

    def run(self, assignment: Assignment, tasks: Iterable[Task]) -> Iterator[Result]:
        """One result for each task, in the order in which they are done, few at a time."""
        run = _Run(self._client, self.address, assignment, self._terms)
        try:
            yield from run.results(iter(tasks))
        finally:
            run.stop()


class _Run:
    """One batch: what is under way, by the name of its future."""

    def __init__(self, client: Any, address: str, assignment: Assignment, terms: Any):
        self._client, self._address, self._terms = client, address, terms
        self._name = assignment.name
        self._done: queue.SimpleQueue = queue.SimpleQueue()
        self._under_way: dict[str, tuple[Any, Task]] = {}
        self._sent: dict[str, int] = {}
        self._lost: list[Task] = []
        self._workers, self._looked, self._idle_since = 0, 0.0, None
        # a task, not scattered data: that would be lost with the worker which has it
        self._assignment = self._submit(
            cluster_worker.kept,
            pickle.dumps(assignment),
            key=f"assignment-{self._name}-{assignment.digest}",
        )

    def results(self, tasks: Iterator[Task]) -> Iterator[Result]:
        """All results; tasks whose workers were killed come last, one at a time."""
        killed: list[Task] = []
        yield from self._graded(tasks, killed)
        for task in killed:
            again: list[Task] = []
            yield from self._graded(iter([task]), again)
            yield from (failed(task, DIED) for task in again)

    def stop(self) -> None:
        """Nothing of this batch goes on; what has a result already is not asked for any more."""
        with contextlib.suppress(Exception):
            self._client.cancel([future for future, _ in self._under_way.values()], force=True)
        self._under_way.clear()

    def _graded(self, tasks: Iterator[Task], killed: list[Task]) -> Iterator[Result]:
        more = True
        while more or self._lost or self._under_way:
            self._look()
            while (more or self._lost) and len(self._under_way) < self._room():
                task = self._lost.pop() if self._lost else next(tasks, None)
                if task is None:
                    more = False
                else:
                    self._send(task)
            if self._under_way:
                yield from self._landed(killed)

    def _landed(self, killed: list[Task]) -> Iterator[Result]:
        """What has come back since the last look, if anything has."""
        try:
            future = self._done.get(timeout=_LOOK_S)
        except queue.Empty:
            return
        _, task = self._under_way.pop(future.key)
        try:
            result = pickle.loads(future.result(timeout=_RESULT_S))
        except cluster_join.distributed.KilledWorker:
            killed.append(task)
        except (TimeoutError, CancelledError, OSError):  # lost with the worker that had it
            self._look(now=True)
            (self._lost if self._sent[task.student] <= _AGAIN else killed).append(task)
        except Exception as error:
            why = f"{type(error).__name__}: {error}".split("\n")[0]
            raise CourseError(_UNFIT.format(self._address, why)) from error
        else:
            if isinstance(result, str):
                raise CourseError(result)
            yield result

    def _send(self, task: Task) -> None:
        """Submit a task, under another name each time: Dask remembers what became of a name."""
        times = self._sent[task.student] = self._sent.get(task.student, 0) + 1
        key = f"grade-{self._name}-{task.student}-{task.digest}"
        key += f"-{times}" if times > 1 else ""
        work = pickle.dumps((task, self._terms))
        future = self._submit(cluster_worker.graded, self._assignment, work, key=key)
        self._under_way[key] = future, task
        future.add_done_callback(self._done.put)

    def _submit(self, *what: Any, key: str) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=_TOO_LARGE)
            try:
                return self._client.submit(*what, key=key, retries=_RETRIES, pure=False)
            except Exception as error:  # the client is closed once its scheduler is gone
                raise cluster_join.gone(self._address) from error

    def _room(self) -> int:
        return max(self._workers * _FOR_EACH_WORKER, 1)

    def _look(self, *, now: bool = False) -> None:
        """See every now and then that the scheduler and a worker are there; else CourseError."""
        if time.monotonic() - self._looked < _LOOK_S and not now:
            return
        self._workers = len(cluster_join.workers(self._client, self._address))
        self._looked = time.monotonic()
        if self._workers:
            self._idle_since = None
        elif self._looked - (self._idle_since or self._looked) > IDLE_S:
            raise cluster_join.idle(self._address)
        else:
            self._idle_since = self._idle_since or self._looked
