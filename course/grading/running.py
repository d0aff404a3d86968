"""Runs a submission's own code in a kernel, and has it call the functions that are graded."""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbgrader.preprocessors import Execute
from traitlets import Bool, Integer

from course.errors import CourseError
from course.grading import edition, functions
from course.grading.calls import LATE, Caller, Outcome
from course.grading.clean import clean
from course.grading.counted import Counted, counted, sum_up
from course.grading.marks import Marks
from course.grading.where import NOTE, quiz_of
from course.quiz.fields import Case
from course.quiz.items import Item
from course.simulator import SOCKET_NAME

_KERNEL_SEES = (
    "PATH HOME LANG LC_ALL LC_CTYPE TZ TMPDIR TEMP TMP SYSTEMROOT VIRTUAL_ENV PYTHONPATH "
    "COURSE_DATE COURSE_SMALL_MODEL COURSE_SPEED NBGRADER_EXECUTION"
)
"""All that student code gets of the grader's environment: no key, so no live service."""
_NOTHING = Case(expected=None)


class _OutOfTime(Exception):
    """The notebook as a whole has run for too long."""


class RunCells(Execute):
    """Autograde, second: the student's own code, in a kernel, which touches no recorded answer.

    Without `own_code` nothing of a student's is run, and functions wait for a person. Cells that
    ask an item never are, and where a student has added nothing no kernel is started.
    """

    own_code = Bool(False, help="Run the student's own cells, without a sandbox.").tag(config=True)

    timeout = Integer(30, help="Seconds a cell may run.").tag(config=True)
    total = Integer(120, help="Seconds a notebook may run.").tag(config=True)
    call_timeout = Integer(10, help="Seconds one call of a function may take.").tag(config=True)
    measured_timeout = Integer(
        60, help="Seconds one call of a function that calls the endpoint may take."
    ).tag(config=True)
    item_timeout = Integer(120, help="Seconds all calls of an item may take.").tag(config=True)

    def preprocess(self, nb, resources, km=None):
        marks, runs = resources["course"], nb.metadata.get(NOTE, {}).get("runs")
        if not runs:
            resources["course"] = functions.not_written(marks)
        elif self.own_code:
            self._run(nb, resources, km)
        else:
            resources["course"] = functions.not_run(marks)
        for cell in nb.cells:
            clean(cell)
        return nb, resources

    def _run(self, nb, resources, km) -> None:
        marks = resources["course"]
        bank = quiz_of(self.config, resources).bank if functions.of(marks) else None
        items = [bank.item(name) for name in functions.of(marks)]
        self._end = time.monotonic() + self.total
        self.timeout_func = self._seconds
        self._items, self._found, self._counted, self._is_up = items, {}, None, False
        remark = ""
        try:
            with self._endpoint(items) as self._counted:
                super().preprocess(nb, resources, km)
        except Exception as error:  # whatever went wrong, the recorded answers are graded
            if not self._is_up:  # this computer's trouble: no student may lose by it
                resources["course"] = _not_run(marks, error)
                return
            remark = _trouble(error)
        resources["course"] = _marked(marks, items, self._found, remark)

    def preprocess_cell(self, cell, resources, index):
        if edition.is_graded(cell) and not cell.metadata.nbgrader.get("solution"):
            return cell, resources
        return super().preprocess_cell(cell, resources, index)

    @contextlib.contextmanager
    def setup_kernel(self, **kwargs):
        with tempfile.TemporaryDirectory(prefix="grading-") as profile:
            seen = {name: os.environ[name] for name in _KERNEL_SEES.split() if name in os.environ}
            # a start-up file left in a shared profile would run in the next student's kernel
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            env = seen | {"IPYTHONDIR": profile}
            if self._counted:
                env[SOCKET_NAME] = str(self._counted.path)
            with super().setup_kernel(env=env, **quiet, **kwargs):
                self._is_up = True
                yield
                self._call()

    def _call(self) -> None:
        """Every case of every function, once the notebook's cells have run."""
        caller = Caller(self.kc, self.km) if self._items else None
        for item in self._items:
            end, outcomes, used = time.monotonic() + self.item_timeout, [], []
            for case in item.cases or (_NOTHING,):
                before = self._counted.ended() if item.type == "measured" else 0
                outcomes.append(self._outcome(caller, item, case, end))
                used += [self._counted.used(before)] if item.type == "measured" else []
            self._found[item.id] = outcomes, sum_up(used) if used else None

    def _outcome(self, caller: Caller, item: Item, case: Case, end: float) -> Outcome:
        most = self.measured_timeout if item.type == "measured" else self.call_timeout
        seconds = min(most, end - time.monotonic())
        return caller.outcome(item.function, case, seconds=seconds) if seconds > 0 else LATE

    @contextlib.contextmanager
    def _endpoint(self, items: list[Item]) -> Iterator[Counted | None]:
        """A simulator of this submission's own where calls are measured, as fast as bounds let."""
        measured = [item for item in items if item.type == "measured"]
        in_time = any(item.bounds.seconds or item.bounds.at_once for item in measured)
        with contextlib.ExitStack() as stack:
            yield stack.enter_context(counted(speed=float(in_time))) if measured else None

    def _seconds(self, cell: NotebookNode) -> int:
        left = self._end - time.monotonic()
        if left <= 0:
            raise _OutOfTime
        return max(1, min(self.timeout, int(left)))


def _marked(
    marks: Marks, items: list[Item], found: dict[str, tuple[list, Any]], remark: str
) -> Marks:
    """The marks with those of functions; one that could not be called has no value."""
    by_item = dict(marks.by_item)
    for item in items:
        lost = [{"raised": remark}] * max(len(item.cases), 1)
        outcomes, used = found.get(item.id, (lost, None))
        by_item[item.id] = functions.marked(by_item[item.id], item, outcomes, used)
    remarks = (*marks.remarks, *filter(None, [remark]))
    return replace(marks, by_item=by_item, remarks=remarks)


def _not_run(marks: Marks, error: Exception) -> Marks:
    why = str(error) if isinstance(error, CourseError) else f"{type(error).__name__}: {error}"
    remark = f"The code in the notebook could not be run here ({why[:300]})."
    waiting = functions.not_run(marks, reason="your code could not be run yet.")
    return replace(waiting, remarks=(*marks.remarks, remark))


def _trouble(error: Exception) -> str:
    if isinstance(error, DeadKernelError):
        happened = "ended its own kernel"
    elif isinstance(error, _OutOfTime | CellTimeoutError):
        happened = "ran for too long and was stopped"
    else:
        happened = f"could not be run to its end ({type(error).__name__})"
    return f"The code in the notebook {happened}; the recorded answers are graded all the same."
