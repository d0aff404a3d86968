"""The page that a student gets: the total, each question's state, then the notebook.

It loads nothing from anywhere, runs nothing, and can be read in light and in dark.
"""

import html
from dataclasses import dataclass, field

from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from nbgrader.api import Grade, Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool

from course.grading import edition
from course.grading.marks import WAITS, label
from course.grading.shown import KEPT, number

_BY_TEACHER = "graded by your teacher"


@dataclass(frozen=True)
class Row:
    """One question on the page: its state in words, its points, and how it looks."""

    item: str
    label: str
    points: str
    look: str
    waits: bool = False


@dataclass(frozen=True)
class Told:
    """What stands on top of a page."""

    total: str
    rows: tuple[Row, ...]
    penalty: str = ""
    by_item: dict[str, Row] = field(default_factory=dict)

    @property
    def waiting(self) -> str:
        """What the total does not hold yet."""
        count = sum(row.waits for row in self.rows)
        if not count:
            return ""
        answers = "1 answer waits" if count == 1 else f"{count} answers wait"
        return f"{answers} for your teacher; the total may still grow."


class FeedbackPage(HTMLExporter):
    """nbconvert's HTML with the course's own template."""

    exclude_anchor_links = Bool(True)


class SumUp(NbGraderPreprocessor):
    """Feedback, after GetGrades: the total and the state of each question, as the gradebook has
    them now; what a person has decided since the grading stands on the page."""

    def preprocess(self, nb, resources):
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as book:
            found = book.find_submission_notebook(
                about["notebook"], about["assignment"], about["student"]
            )
            grades = {grade.name: grade for grade in found.grades}
            cells = [cell for cell in nb.cells if edition.is_graded(cell)]
            rows = tuple(_row(cell, grades[edition.grade_id(cell)]) for cell in cells)
        by_item = {row.item: row for row in rows}
        for cell in cells:
            _settle(cell, by_item[edition.grade_id(cell)])
        total = f"{number(max(about['score'], 0.0))} of {number(about['max_score'])} points"
        late = about["late_penalty"]
        penalty = f"{number(late)} points were taken off because it came late." if late else ""
        resources["course_feedback"] = Told(total, rows, penalty, by_item)
        return nb, resources


def _row(cell: NotebookNode, grade: Grade) -> Row:
    item = edition.grade_id(cell)
    kept = next((out.metadata[KEPT] for out in cell.outputs if KEPT in out.metadata), {})
    state = kept.get("state", "")
    possible = number(grade.max_score)
    if grade.manual_score is not None:
        points = f"{number(grade.score)} of {possible}"
        return Row(item, _BY_TEACHER, points, "right" if grade.score else "wrong")
    if grade.auto_score is None or state in WAITS:
        return Row(item, label("by-hand"), f"of {possible}", "waits", waits=True)
    return Row(item, label(state), f"{number(grade.score)} of {possible}", state)


def _settle(cell: NotebookNode, row: Row) -> None:
    """The words under a question that a person has given points for since."""
    if row.label != _BY_TEACHER:
        return
    said = f"<p><strong>{_BY_TEACHER}</strong>: {html.escape(row.points)} points.</p>"
    for output in cell.outputs:
        if KEPT in output.metadata:
            output.data["text/html"] += said
