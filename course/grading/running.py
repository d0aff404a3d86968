"""Runs a submission's own code in the sandbox, and has it call the functions that are graded."""

import atexit
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Float

from course.errors import CourseError
from course.grading import edition, functions
from course.grading.clean import clean
from course.grading.counted import Counted, counted, sum_up
from course.grading.marks import Marks
from course.grading.sandbox import Limits, Outcome, Run, Sandbox, available
from course.grading.where import NOTE, folder_of, quiz_of, released_items
from course.quiz.fields import Case
from course.quiz.items import Item

SANDBOX = "course_sandbox"
"""Our key in the resources: the Sandbox to use, or None for running no code at all."""
FILES = "course_files"
"""Our key in the resources: what lies beside the notebook, bytes by name."""
LATE: Outcome = {"raised": "TimeoutError: earlier calls have taken all the time there was."}
_STILL = "the recorded answers are graded all the same."
_MOST_FILES = 32 * 1024 * 1024
_NOTHING = Case(expected=None)
_LEAST_S = 0.05
_Called = tuple[Outcome, dict[str, Any] | None]
"""What came of a call, and what it used of the endpoint where that is measured."""


def _seconds(help: str) -> Float:
    return Float(None, allow_none=True, help=f"{help} (as the limits say).").tag(config=True)


class RunCells(NbGraderPreprocessor):
    """Autograde, second: the student's own code, in the sandbox; it touches no recorded answer.

    Cells that ask an item are not run, and where a student has added nothing, nothing is. Where
    there can be no sandbox, functions wait for a person.
    """

    own_code = Bool(
        False, help="Run students' code without a sandbox: only for people you trust."
    ).tag(config=True)
    timeout = _seconds("Seconds a cell may run")
    total = _seconds("Seconds all cells of a notebook may run")
    call_timeout = _seconds("Seconds one call of a function may take")
    measured_timeout = _seconds("Seconds one call of a function that calls the endpoint may take")
    item_timeout = _seconds("Seconds all calls of an item may take")

    def preprocess(self, nb, resources):
        marks, runs = resources["course"], nb.metadata.get(NOTE, {}).get("runs")
        if not runs:
            resources["course"] = functions.not_written(marks)
        else:
            resources["course"] = self._marks(nb, resources)
        for cell in nb.cells:
            clean(cell)
        return nb, resources

    def _marks(self, nb: NotebookNode, resources: Mapping[str, Any]) -> Marks:
        marks = resources["course"]
        contained = not self.own_code
        if SANDBOX in resources:
            sandbox, why = resources[SANDBOX], ""
        else:
            why = available() if contained else ""
            sandbox = None if why else shared(contained=contained)
        if sandbox is None:
            self.log.warning("%s", why) if why else None
            return functions.not_run(marks)
        names = functions.of(marks)
        bank = quiz_of(self.config, resources).bank if names else None
        items = [bank.item(name) for name in names]
        for _ in range(2):
            work, trouble = _Work(self._limits(sandbox.limits), nb, items), ""
            try:
                work.do(sandbox, self._files(resources), resources["nbgrader"]["assignment"])
                break
            except CourseError as error:  # this computer's trouble: no student may lose by it
                trouble = str(error)
        return _waiting(marks, trouble) if trouble else _marked(marks, items, work)

    def _limits(self, limits: Limits) -> Limits:
        set_here = {
            "cell_seconds": self.timeout,
            "cells_seconds": self.total,
            "call_seconds": self.call_timeout,
            "measured_seconds": self.measured_timeout,
            "item_seconds": self.item_timeout,
        }
        return replace(limits, **{name: most for name, most in set_here.items() if most})

    def _files(self, resources: Mapping[str, Any]) -> Mapping[str, bytes]:
        if FILES in resources:
            return resources[FILES]
        lying = _lying(folder_of(self.config, "autograded", resources))
        return lying | released_items(self.config, resources)


class _Work:
    """One notebook, run; `found` has the outcomes and what was used, by item."""

    def __init__(self, limits: Limits, nb: NotebookNode, items: list[Item]):
        self._limits, self._nb, self._items = limits, nb, items
        self.found: dict[str, tuple[list[Outcome], dict[str, Any] | None]] = {}
        self.remarks: list[str] = []
        self._called: dict[str, dict[int, _Called]] = {item.id: {} for item in items}
        self._spent = {item.id: 0.0 for item in items}
        self._broken: dict[str, str] = {}

    def do(self, sandbox: Sandbox, files: Mapping[str, bytes], quiz: str) -> None:
        """Run the cells, then call the functions; CourseError for this computer's trouble.

        A function that ends the process costs the others nothing: they get a fresh one.
        """
        end, again = time.monotonic() + self._limits.seconds, True
        with self._endpoint() as endpoint:
            path = endpoint.path if endpoint else None
            while again:
                with sandbox.submission(files, quiz, path) as run:
                    self._cells(run)
                    again = self._calls(run, endpoint)
                    if again and time.monotonic() > end:  # the rest is lost with this one
                        again = self._calls(run, endpoint)
                    if run.lost:
                        said = f"{run.lost} What was answered before it counts; {_STILL}"
                        self.remarks.append(said)
        for name, called in self._called.items():
            outcomes, used = zip(*(called[number] for number in sorted(called)), strict=True)
            self.found[name] = list(outcomes), sum_up(list(used)) if used[0] else None

    def _cells(self, run: Run) -> None:
        end = time.monotonic() + self._limits.cells_seconds
        for cell in self._nb.cells:
            if cell.cell_type != "code" or _is_asking(cell):
                continue
            cell.outputs, cell.execution_count = [], None
            left = end - time.monotonic()
            if run.lost or not cell.source.strip():
                continue
            if left < _LEAST_S:
                self.remarks.append(f"The code in the notebook ran for too long; {_STILL}")
                return
            ran = run.cell(cell.source, seconds=min(self._limits.cell_seconds, left))
            cell.outputs = ran.outputs
            if ran.problem.startswith("TimeoutError: the cell"):
                self.remarks.append(
                    f"A cell of the notebook ran for too long and was stopped; {_STILL}"
                )

    def _calls(self, run: Run, endpoint: Counted | None) -> bool:
        """The calls that are still to be made; whether a function has ended the process.

        Hidden cases come last of all: what a page shows comes of code that has not seen them.
        """
        lost_before = bool(run.lost)
        for hidden in (False, True):
            for item in self._items:
                for number, case in enumerate(item.cases or (_NOTHING,)):
                    is_hidden = not case.visible and case is not _NOTHING
                    if is_hidden is hidden and number not in self._called[item.id]:
                        self._called[item.id][number] = self._call(run, item, case, endpoint)
                    if run.lost and not lost_before:
                        self._broken[item.id] = run.lost
                        return True
        return False

    def _call(self, run: Run, item: Item, case: Case, endpoint: Counted | None) -> _Called:
        limits, measured = self._limits, item.type == "measured"
        begin, before = time.monotonic(), endpoint.ended() if measured else 0
        most = limits.measured_seconds if measured else limits.call_seconds
        seconds = min(most, limits.item_seconds - self._spent[item.id])
        if item.id in self._broken:
            outcome = {"raised": self._broken[item.id]}
        elif seconds < _LEAST_S:
            outcome = LATE
        else:
            outcome = run.call(item.function, case, seconds=seconds)
        used = endpoint.used(before) if measured else None
        self._spent[item.id] += time.monotonic() - begin
        return outcome, used

    @contextmanager
    def _endpoint(self) -> Iterator[Counted | None]:
        """A simulator of this submission's own where calls are measured, as fast as bounds let."""
        measured = [item for item in self._items if item.type == "measured"]
        in_time = any(item.bounds.seconds or item.bounds.at_once for item in measured)
        with ExitStack() as stack:
            yield stack.enter_context(counted(speed=float(in_time))) if measured else None


def _is_asking(cell: NotebookNode) -> bool:
    return edition.is_graded(cell) and not cell.metadata.nbgrader.get("solution")


_shared: dict[tuple[int, bool], Sandbox] = {}


def shared(*, contained: bool = True) -> Sandbox:
    """This process's own sandbox, started when it is first needed, closed at its end."""
    which = os.getpid(), contained
    if which not in _shared:
        _shared[which] = Sandbox(contained=contained)
    return _shared[which]


@atexit.register
def _close() -> None:
    for (owner, _), sandbox in list(_shared.items()):
        if owner == os.getpid():
            sandbox.close()


def _lying(folder: Path) -> dict[str, bytes]:
    """The plain files of a folder but notebooks, up to a size."""
    found, left = {}, _MOST_FILES
    for path in sorted(folder.glob("*")) if folder.is_dir() else []:
        if path.is_symlink() or not path.is_file() or path.suffix == ".ipynb":
            continue
        if (size := path.stat().st_size) <= left:
            found[path.name] = path.read_bytes()
            left -= size
    return found


def _marked(marks: Marks, items: list[Item], work: _Work) -> Marks:
    """The marks with those of functions."""
    by_item = dict(marks.by_item)
    for item in items:
        by_item[item.id] = functions.marked(by_item[item.id], item, *work.found[item.id])
    return replace(marks, by_item=by_item, remarks=(*marks.remarks, *dict.fromkeys(work.remarks)))


def _waiting(marks: Marks, why: str) -> Marks:
    """The marks with functions that wait, for a reason that is not the student's."""
    remark = f"The code in the notebook could not be run here ({why.rstrip('.')})."
    waiting = functions.not_run(marks, reason="your code could not be run yet.")
    return replace(waiting, remarks=(*marks.remarks, remark))
