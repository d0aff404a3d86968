"""Where the course hangs in nbgrader: steps of generate_assignment and of autograde.

nbgrader makes these itself from the names in settings, so its command, the formgrader's button
and `course grade` do the same to a submission: read its answers, run its code, write its marks.
"""

import html
from dataclasses import replace
from pathlib import Path

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from course.grading import cells, edition, intake, scorer, shown
from course.grading.settings import ITEMS
from course.grading.where import NOTE, folder_of, quiz_of
from course.quiz.release import student_items

NOTICED = "Noticed: "
"""How a line in nbgrader's log begins that tells what WriteMarks tells the student."""


class StudentEdition(NbGraderPreprocessor):
    """Release, first: worked answers out, points from the bank in, each item asked once."""

    def preprocess(self, nb, resources):
        return edition.student_edition(nb, quiz_of(self.config, resources).bank), resources


class WriteItems(NbGraderPreprocessor):
    """Release, last: items.json, the questions without their keys."""

    def preprocess(self, nb, resources):
        folder = folder_of(self.config, "release", resources)
        folder.mkdir(parents=True, exist_ok=True)
        items = student_items(quiz_of(self.config, resources).bank)
        (folder / ITEMS).write_text(scorer.as_text(items), encoding="utf-8")
        return nb, resources


class Submitted(NotebookExporter):
    """Reads a submitted notebook in the released shape, whatever was done to it.

    The second pass of autograde, over what the first one wrote, is nbgrader's as ever.
    """

    def from_filename(self, filename, resources=None, **kw):
        path = Path(filename)
        if path.parent != folder_of(self.config, "submitted", resources):
            return super().from_filename(filename, resources, **kw)
        found, trouble = intake.read_notebook(path)
        restored = edition.restore(found, quiz_of(self.config, resources).released)
        remarks = ([f"{trouble}."] if trouble else []) + list(restored.remarks)
        note = {"remarks": remarks, "runs": restored.runs}
        restored.notebook.metadata[NOTE] = nbformat.from_dict(note)
        resources["metadata"] = {"name": path.stem, "path": str(path.parent)}
        return self.from_notebook_node(restored.notebook, resources, **kw)


class ReadAnswers(NbGraderPreprocessor):
    """Autograde, first: the marks, settled before any of the student's code runs."""

    def preprocess(self, nb, resources):
        folder = folder_of(self.config, "submitted", resources)
        marks = scorer.mark(quiz_of(self.config, resources), folder)
        noted = nb.metadata.get(NOTE, {}).get("remarks", [])
        resources["course"] = replace(marks, remarks=(*noted, *marks.remarks))
        return nb, resources


class WriteMarks(NbGraderPreprocessor):
    """Autograde, third: each graded cell shows its mark, whatever happened before."""

    def preprocess(self, nb, resources):
        marks = resources["course"]
        for cell in nb.cells:
            mark = marks.by_item.get(edition.grade_id(cell)) if edition.is_graded(cell) else None
            if mark:
                cell.outputs = shown.outputs(mark)
        if marks.remarks:
            for remark in marks.remarks:
                self.log.warning("%s%s", NOTICED, remark)
            nb.cells.insert(0, cells.cell("markdown", _told(marks.remarks), name="remarks"))
        nb.metadata = nbformat.from_dict(edition.PLAIN)
        return nb, resources


class FlagByHand(NbGraderPreprocessor):
    """Autograde, after SaveAutoGrades: what waits for a person has no score and is flagged.

    A score that a person has given stands; the formgrader shows it again for a look.
    """

    def preprocess(self, nb, resources):
        about, waiting = resources["nbgrader"], resources["course"].waiting
        if not waiting:
            return nb, resources
        with Gradebook(about["db_url"]) as book:
            self.flag(book, waiting, about)
            book.db.commit()
        return nb, resources

    def flag(self, book, waiting, about):
        """Flag the cells named `waiting` in a gradebook, or in what stands in for one."""
        for name in waiting:
            grade = book.find_grade(name, about["notebook"], about["assignment"], about["student"])
            grade.auto_score, grade.needs_manual_grade = None, True


def _told(remarks: tuple[str, ...]) -> str:
    """As HTML, each on one line: after an empty line Markdown, with its links, would begin."""
    lines = "".join(f"<li>{html.escape(' '.join(remark.split()))}</li>" for remark in remarks)
    return f"<p><strong>What the grader noticed</strong></p>\n<ul>{lines}</ul>"
