"""Workers on this computer, one submission each at a time.

A worker is a fork of the grader, which has imported everything already. It runs no code of a
student's itself, but it reads what strangers wrote: should it die of that, one task is lost and
no other.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import connection, get_all_start_methods, get_context
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from course.grading.work import Assignment, Result, Task, failed, grade_one

if TYPE_CHECKING:
    from course.grading.sandbox import Sandbox

SECONDS = 900.0
"""What a worker may take for one submission: more than a sandbox lets its code run."""
_MOST_MORE_BYTES = 2 * 1024**3
"""The memory that a worker may take beyond what it starts with."""
_DIED = "The process that graded it ended twice ({}); it may need more memory than there is."
_STUCK = "It took over {:g} minutes and was stopped."
_LAST_WORDS_S = 5.0
_DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class Pool(Protocol):
    """What hands tasks to workers: LocalPool here, DaskPool of `cluster` on a cluster.

    `run` takes tasks from the iterable only as workers become free (few in flight, so that
    memory does not grow with the class), yields exactly one Result for each task, in the order
    in which they are done, and never raises for what became of a task.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def run(self, assignment: Assignment, tasks: Iterable[Task]) -> Iterator[Result]: ...


@dataclass(eq=False)
class _Worker:
    process: Any
    pipe: connection.Connection
    task: Task | None = None
    end: float = 0.0

    def why(self) -> str:
        """How the process ended, in words."""
        self.process.join(5)
        code = self.process.exitcode
        return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


class LocalPool:
    """`workers` processes (default: one for each processor) that share one warm sandbox."""

    def __init__(
        self,
        workers: int | None = None,
        *,
        sandbox: Sandbox | None = None,
        seconds: float = SECONDS,
    ):
        self._count, self._sandbox, self._seconds = workers or processors(), sandbox, seconds
        self._workers: list[_Worker] = []
        self._assignment: Assignment | None = None

    def __enter__(self) -> Self:
        """Start the workers now: later this process holds databases, which no fork should have."""
        if "fork" in get_all_start_methods():
            gc.freeze()  # what is never looked at again stays shared between the processes
            for _ in range(self._count):
                self._workers.append(self._start())
            gc.unfreeze()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.pipe.close()
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
        self._workers = []

    def run(self, assignment: Assignment, tasks: Iterable[Task]) -> Iterator[Result]:
        """Grade all tasks; one whose worker dies is tried once more, alone, after all others."""
        self._assignment, again = assignment, deque()
        if not self._workers:  # no fork on this system: here and now, one after another
            yield from (grade_one(assignment, task, sandbox=self._sandbox) for task in tasks)
            return
        for task, result in self._in_parallel(iter(tasks)):
            if result is None:
                again.append(task)
            else:
                yield result
        while again:
            for task, result in self._in_parallel(iter([again.popleft()])):
                yield result or failed(task, _DIED.format(self._why))

    def _in_parallel(self, tasks: Iterator[Task]) -> Iterator[tuple[Task, Result | None]]:
        """Each task with its result, or with None where its worker has died."""
        self._restore()
        free, more = list(self._workers), True
        while True:
            while more and free:
                task = next(tasks, None)
                more = task is not None
                if more:
                    self._hand(free.pop(), task)
            busy = [worker for worker in self._workers if worker.task]
            if not busy:
                return
            for worker in self._ready(busy):
                task, result = worker.task, self._taken(worker)
                worker.task = None
                yield task, result
                free = [one for one in self._workers if not one.task]

    def _hand(self, worker: _Worker, task: Task) -> None:
        worker.task, worker.end = task, time.monotonic() + self._seconds
        with contextlib.suppress(OSError):  # it has died: that is seen when it is waited for
            worker.pipe.send(task)

    def _ready(self, busy: list[_Worker]) -> list[_Worker]:
        """Workers that have answered, died, or had all their time."""
        left = min(worker.end for worker in busy) - time.monotonic()
        waited = connection.wait(
            [part for one in busy for part in (one.pipe, one.process.sentinel)], max(left, 0.0)
        )
        now = time.monotonic()
        return [
            one
            for one in busy
            if one.pipe in waited or one.process.sentinel in waited or one.end <= now
        ]

    def _taken(self, worker: _Worker) -> Result | None:
        """The result of a worker that is ready; None when it has died. It is replaced then."""
        late = worker.end <= time.monotonic()
        with contextlib.suppress(EOFError, OSError):
            if not late:  # it may be about to end, after its last words
                worker.process.join(0 if worker.pipe.poll() else _LAST_WORDS_S)
            if worker.pipe.poll():
                return worker.pipe.recv()
        if late:
            worker.process.kill()
        self._why = worker.why()
        worker.pipe.close()
        self._workers[self._workers.index(worker)] = self._start()
        return failed(worker.task, _STUCK.format(self._seconds / 60)) if late else None

    def _restore(self) -> None:
        """Workers that know the assignment, in the place of those that do not."""
        for worker in self._workers:
            with contextlib.suppress(OSError):
                worker.pipe.send(self._assignment)

    def _start(self) -> _Worker:
        context = get_context("fork")
        ours, theirs = context.Pipe()
        inherited = [ours, *(worker.pipe for worker in self._workers)]
        arguments = (theirs, inherited, self._sandbox, os.getpid())
        process = context.Process(target=_work, args=arguments, daemon=True)
        process.start()
        theirs.close()
        worker = _Worker(process, ours)
        if self._assignment:
            worker.pipe.send(self._assignment)
        return worker


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _work(
    pipe: connection.Connection, inherited: list, sandbox: Sandbox | None, parent: int
) -> None:
    """A worker's life: it takes an assignment or a task, gives a result, ends with its parent."""
    for other in inherited:
        other.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which ends us
    _end_with(parent)
    _limit_memory()
    assignment = None
    while True:
        try:
            got = pipe.recv()
            if isinstance(got, Assignment):
                assignment = got
            else:
                pipe.send(grade_one(assignment, got, sandbox=sandbox))
        except (EOFError, OSError):
            return


def _end_with(parent: int) -> None:
    """On Linux a worker is killed with its parent; elsewhere it ends when it next speaks to it."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _limit_memory() -> None:
    """A notebook that unpacks to gigabytes is a MemoryError here, not trouble for the computer."""
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(OSError, ValueError):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * os.sysconf("SC_PAGE_SIZE") + _MOST_MORE_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))
