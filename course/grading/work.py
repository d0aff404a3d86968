"""Grading one submission: bytes in, bytes out, no gradebook and no folder of the course.

This is what a worker does, on this computer or on another: everything it needs is in an
`Assignment` (the same for all) and a `Task`, everything that is to be recorded in a `Result`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbgrader.preprocessors import (
    CheckCellMetadata,
    IgnorePattern,
    LimitOutput,
    OverwriteCells,
    SaveAutoGrades,
)
from traitlets.config import Config

from course.errors import CourseError
from course.grading import cells, edition, scorer, sheet
from course.grading.marks import NOT_RUN, Marks
from course.grading.preprocessors import FlagByHand, WriteMarks
from course.grading.running import FILES, SANDBOX, RunCells
from course.grading.settings import ANSWERS, ITEMS, TIMESTAMP
from course.grading.where import NOTE, QUIZ

if TYPE_CHECKING:
    from course.grading.sandbox import Sandbox


@dataclass(frozen=True)
class Assignment:
    """All that a worker needs of a quiz; it can be pickled.

    `files` holds the bank, the instructor's notebook and the released items.json by name;
    `settings` holds, as plain data, "steps" (what nbgrader_config.py sets for the steps that a
    worker takes), "mode" and "limits" (how students' code is run, see `code`); `version` is the
    course's own, and `digest` stands for all of it.
    """

    name: str
    files: Mapping[str, bytes] = field(repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Task:
    """One submission as it was handed in, read with care.

    `digest` stands for all that decides its marks; `refused` says why it can't be graded, if so;
    `handed_in` is the time of handing in as nbgrader writes it ("" when it is not known);
    `unread` says why a file of the submission could not be read, by its name.
    """

    student: str
    digest: str
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    refused: str = ""
    handed_in: str = ""
    unread: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What became of a task: a graded notebook and its rows, or a `problem` and neither."""

    student: str
    digest: str
    notebook: bytes | None = field(default=None, repr=False)
    grades: tuple[tuple[str, float | None, bool], ...] = ()
    """Of each graded cell its id, its score (None: a person has to give it), and whether a
    person should look at it."""
    comments: tuple[tuple[str, str | None], ...] = ()
    """Of each cell for answers its id and nbgrader's comment on it, if any."""
    not_run: int = 0
    """How many functions wait because they could not be run."""
    remarks: tuple[str, ...] = ()
    """What was noticed, as sentences for the student."""
    problem: str = ""
    """Why it could not be graded; "" when it was."""
    seconds: float = 0.0
    """How long the worker took."""


def beside(items: bytes | None, task: Task) -> dict[str, bytes]:
    """What lies beside the notebook of a graded submission: `items` are the released questions."""
    kept = {ANSWERS: task.files.get(ANSWERS), ITEMS: items}
    kept[TIMESTAMP] = task.handed_in.encode() or None
    return {name: content for name, content in kept.items() if content is not None}


def failed(task: Task, problem: str, *, seconds: float = 0.0) -> Result:
    """The result of a task that could not be graded."""
    return Result(task.student, task.digest, problem=problem, seconds=round(seconds, 3))


def grade_one(assignment: Assignment, task: Task, *, sandbox: Sandbox | None) -> Result:
    """Grade one submission; whatever a student did is told in the result, never raised.

    Without a sandbox no code of a student's is run, and functions wait for a person.
    """
    begin, problem = time.perf_counter(), task.refused
    if not problem:
        try:
            result = _Kit.of(assignment).grade(task, sandbox)
            return replace(result, seconds=round(time.perf_counter() - begin, 3))
        except CourseError as error:
            problem = str(error)
        except MemoryError:
            problem = "It needs more memory than a submission may take."
        except Exception as error:  # a fault of ours: this submission is lost, no other
            problem = f"It could not be graded ({type(error).__name__}: {error})"[:500]
    return failed(task, problem, seconds=time.perf_counter() - begin)


class _Kit:
    """What grading needs of an assignment, made once in each worker."""

    _made: tuple[str, _Kit] | None = None

    def __init__(self, assignment: Assignment):
        self.name, self.items = assignment.name, assignment.files.get(ITEMS)
        folder = Path("solutions", assignment.name)
        self.quiz = scorer.parse(assignment.name, assignment.files, folder=folder)
        self.config = Config(assignment.settings.get("steps", {}))
        self.released = sheet.released(self.quiz.released.cells)
        self.own = {"config": self.config, "log": _nowhere()}
        # what nbgrader knows of a cell comes from the release, so that once is enough
        CheckCellMetadata(**self.own).preprocess(self.quiz.released, {})
        self.overwrite, self.save = OverwriteCells(**self.own), SaveAutoGrades(**self.own)
        self.steps = [step(**self.own) for step in (WriteMarks, IgnorePattern, LimitOutput)]
        self.flag = FlagByHand(**self.own)

    @classmethod
    def of(cls, assignment: Assignment) -> _Kit:
        """The kit of this assignment; a worker keeps the last one."""
        if cls._made is None or cls._made[0] != assignment.digest:
            cls._made = assignment.digest, cls(assignment)
        return cls._made[1]

    def grade(self, task: Task, sandbox: Sandbox | None) -> Result:
        """What nbgrader's Autograde does, in one pass and in memory."""
        marks, notebook = self._read(task)
        page = sheet.Sheet(self.released)
        about = {"student": task.student, "assignment": self.name, "notebook": self.name}
        resources = {"nbgrader": about, "course": marks, QUIZ: self.quiz}
        resources |= {SANDBOX: sandbox, FILES: beside(self.items, task)}
        _each_cell(self.overwrite, page, notebook, resources)
        for step in (RunCells(**self.own), *self.steps):
            notebook, resources = step(notebook, resources)
        _each_cell(self.save, page, notebook, resources)
        marks = resources["course"]
        self.flag.flag(page, marks.waiting, about)
        return Result(
            task.student,
            task.digest,
            cells.as_bytes(notebook),
            tuple((name, one.auto_score, one.needs_manual_grade)
                  for name, one in page.grades.items()),
            tuple((name, one.auto_comment) for name, one in page.comments.items()),
            not_run=sum(mark.state == NOT_RUN for mark in marks.by_item.values()),
            remarks=marks.remarks,
        )  # fmt: skip

    def _read(self, task: Task) -> tuple[Marks, Any]:
        """The marks of the recorded answers, and the notebook in the released shape."""
        marks = scorer.mark_answers(
            self.quiz,
            task.files.get(ANSWERS, b""),
            student=task.student,
            trouble=task.unread.get(ANSWERS, ""),
        )
        file = f"{self.name}.ipynb"
        restored = edition.restore(task.files.get(file), self.quiz.released)
        trouble = [f"{task.unread[file]}."] if file in task.unread else []
        remarks = (*trouble, *restored.remarks, *marks.remarks)
        restored.notebook.metadata[NOTE] = {"runs": restored.runs}
        return replace(marks, remarks=remarks), restored.notebook


def _each_cell(step: Any, page: sheet.Sheet, notebook: Any, resources: dict) -> None:
    """A step of nbgrader's that wants a gradebook, over all cells; here it gets a sheet."""
    about = resources["nbgrader"]
    step.gradebook, step.notebook_id = page, about["notebook"]
    step.assignment_id, step.student_id = about["assignment"], about["student"]
    for index, cell in enumerate(notebook.cells):
        notebook.cells[index], _ = step.preprocess_cell(cell, resources, index)


def _nowhere() -> logging.Logger:
    """A log that is not kept: what matters is in the marks."""
    log = logging.Logger("course.grading", logging.CRITICAL)
    log.addHandler(logging.NullHandler())
    return log
