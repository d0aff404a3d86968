"""Where the course hangs in nbgrader: steps of generate_assignment and of autograde.

nbgrader makes these itself from the names in settings, so its command, the formgrader's button
and `course grade` do the same to a submission: read its answers, run its code, write its marks.
"""

import html
import os
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import nbformat
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets import Bool, Dict, Integer

from course.grading import edition, intake, scorer
from course.grading.clean import clean
from course.grading.settings import ITEMS
from course.quiz.release import student_items

_NOTE = "course"
"""Our key in the notebook's metadata between the two passes of autograde."""
NOTICED = "Noticed: "
"""How a line in nbgrader's log begins that tells what WriteMarks tells the student."""
_KERNEL_SEES = (
    "PATH HOME LANG LC_ALL LC_CTYPE TZ TMPDIR TEMP TMP SYSTEMROOT VIRTUAL_ENV PYTHONPATH "
    "COURSE_DATE COURSE_SMALL_MODEL COURSE_SPEED NBGRADER_EXECUTION"
)
"""All that student code gets of the grader's environment: no key, so no live service."""


def _folder(config, step: str, resources) -> Path:
    """The folder of this quiz (and student) in one of nbgrader's directories."""
    course, who = CourseDirectory(config=config), resources["nbgrader"]
    place = getattr(course, f"{step}_directory")
    return Path(course.format_path(place, who["student"], who["assignment"]))


def _quiz(config, resources) -> scorer.Quiz:
    root = Path(CourseDirectory(config=config).root)
    return scorer.quiz(resources["nbgrader"]["assignment"], root=root)


class StudentEdition(NbGraderPreprocessor):
    """Release, first: worked answers out, points from the bank in, each item asked once."""

    def preprocess(self, nb, resources):
        return edition.student_edition(nb, _quiz(self.config, resources).bank), resources


class WriteItems(NbGraderPreprocessor):
    """Release, last: items.json, the questions without their keys."""

    def preprocess(self, nb, resources):
        folder = _folder(self.config, "release", resources)
        folder.mkdir(parents=True, exist_ok=True)
        items = student_items(_quiz(self.config, resources).bank)
        (folder / ITEMS).write_text(scorer.as_text(items), encoding="utf-8")
        return nb, resources


class Submitted(NotebookExporter):
    """Reads a submitted notebook in the released shape, whatever was done to it.

    The second pass of autograde, over what the first one wrote, is nbgrader's as ever.
    """

    def from_filename(self, filename, resources=None, **kw):
        path = Path(filename)
        if path.parent != _folder(self.config, "submitted", resources):
            return super().from_filename(filename, resources, **kw)
        found, trouble = intake.read_notebook(path)
        restored = edition.restore(found, _quiz(self.config, resources).released)
        remarks = ([f"{trouble}."] if trouble else []) + list(restored.remarks)
        note = {"remarks": remarks, "runs": restored.runs}
        restored.notebook.metadata[_NOTE] = nbformat.from_dict(note)
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        return self.from_notebook_node(restored.notebook, resources, **kw)


class ReadAnswers(NbGraderPreprocessor):
    """Autograde, first: the marks, settled before any of the student's code runs."""

    ready = Dict(help="Marks by student that were worked out before the batch.").tag(config=True)

    def preprocess(self, nb, resources):
        marks = self.ready.get(resources["nbgrader"]["student"])
        if marks is None:
            folder = _folder(self.config, "submitted", resources)
            marks = scorer.mark(_quiz(self.config, resources), folder)
        noted = nb.metadata.get(_NOTE, {}).get("remarks", [])
        resources["course"] = replace(marks, remarks=(*noted, *marks.remarks))
        return nb, resources


class _OutOfTime(Exception):
    """The notebook as a whole has run for too long."""


class RunCells(Execute):
    """Autograde, second: the student's own code, in a kernel; nothing it does touches a mark.

    No item is graded from code yet, so without `own_code` nothing of a student's is run at all.
    Cells that ask an item never are, and where nothing else was added no kernel is started.
    """

    own_code = Bool(False, help="Run the student's own cells, without a sandbox.").tag(config=True)

    timeout = Integer(30, help="Seconds a cell may run.").tag(config=True)
    total = Integer(120, help="Seconds a notebook may run.").tag(config=True)

    def preprocess(self, nb, resources, km=None):
        if self.own_code and nb.metadata.get(_NOTE, {}).get("runs"):
            self._run(nb, resources, km)
        for cell in nb.cells:
            clean(cell)
        return nb, resources

    def _run(self, nb, resources, km) -> None:
        self._end = time.monotonic() + self.total
        self.timeout_func = self._seconds
        try:
            super().preprocess(nb, resources, km)
        except Exception as error:  # whatever went wrong, the recorded answers are graded
            marks, said = resources["course"], _trouble(error)
            resources["course"] = replace(marks, remarks=(*marks.remarks, said))

    def preprocess_cell(self, cell, resources, index):
        if edition.is_graded(cell) and not cell.metadata.nbgrader.get("solution"):
            return cell, resources
        return super().preprocess_cell(cell, resources, index)

    @contextmanager
    def setup_kernel(self, **kwargs):
        with tempfile.TemporaryDirectory(prefix="grading-") as profile:
            seen = {name: os.environ[name] for name in _KERNEL_SEES.split() if name in os.environ}
            # a start-up file left in a shared profile would run in the next student's kernel
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            env = seen | {"IPYTHONDIR": profile}
            with super().setup_kernel(env=env, **quiet, **kwargs):
                yield

    def _seconds(self, cell: NotebookNode) -> int:
        left = self._end - time.monotonic()
        if left <= 0:
            raise _OutOfTime
        return max(1, min(self.timeout, int(left)))


def _trouble(error: Exception) -> str:
    if isinstance(error, DeadKernelError):
        happened = "ended its own kernel"
    elif isinstance(error, _OutOfTime | CellTimeoutError):
        happened = "ran for too long and was stopped"
    else:
        happened = f"could not be run to its end ({type(error).__name__})"
    return f"The code in the notebook {happened}; the recorded answers are graded all the same."


class WriteMarks(NbGraderPreprocessor):
    """Autograde, third: each graded cell shows its mark, whatever happened before."""

    def preprocess(self, nb, resources):
        marks = resources["course"]
        for cell in nb.cells:
            mark = marks.by_item.get(edition.grade_id(cell)) if edition.is_graded(cell) else None
            if mark:
                cell.outputs = scorer.outputs(mark)
        if marks.remarks:
            for remark in marks.remarks:
                self.log.warning("%s%s", NOTICED, remark)
            nb.cells.insert(0, new_markdown_cell(_told(marks.remarks), id="remarks"))
        nb.metadata = nbformat.from_dict(edition.PLAIN)
        return nb, resources


def _told(remarks: tuple[str, ...]) -> str:
    lines = "".join(f"<li>{html.escape(remark)}</li>" for remark in remarks)
    return f"<p><strong>What the grader noticed</strong></p>\n<ul>{lines}</ul>"
