"""The page that a student gets: the total, each question's state, then the notebook.

It loads nothing from anywhere, runs nothing, and can be read in light and in dark. `page` makes
it from a graded notebook and what the gradebook has recorded; nbgrader's own command comes here
through `SumUp` and `FeedbackPage`.
"""

import functools
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup
from nbconvert.exporters import Exporter
from nbconvert.filters.ansi import strip_ansi
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import default

from course.errors import CourseError
from course.grading import edition, late
from course.grading.clean import clean
from course.grading.late import LatePenalty
from course.grading.marks import WAITS, label
from course.grading.recorded import Graded, Recorded, recorded
from course.grading.shown import KEPT, REMARKS, number

TEMPLATE = Path(__file__).with_name("templates") / "feedback.html"
_BY_TEACHER = "graded by your teacher"
_VERBATIM = re.compile(r"<pre>[^<]*</pre>")
"""Another person's text as clean.as_text wrote it: it is no Markdown."""


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

    student: str
    total: str
    rows: tuple[Row, ...]
    handed_in: str = ""
    penalty: str = ""
    comments: dict[str, str] = field(default_factory=dict)

    @property
    def waiting(self) -> str:
        """What the total does not hold yet."""
        count = sum(row.waits for row in self.rows)
        if not count:
            return ""
        answers = "1 answer waits" if count == 1 else f"{count} answers wait"
        return f"{answers} for your teacher; the total may still grow."


@dataclass(frozen=True)
class Part:
    """A piece of the page: a question, code with what it showed, a text, or the remarks."""

    kind: str
    text: str | Markup = ""
    row: Row | None = None
    shown: tuple[tuple[str, str | Markup], ...] = ()
    comment: str = ""


class FeedbackPage(Exporter):
    """nbgrader's generate_feedback writes with this what `course feedback` writes."""

    @default("file_extension")
    def _file_extension_default(self):
        return ".html"

    def from_notebook_node(self, nb, resources=None, **kw):
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        told = resources["course_feedback"]
        return render(nb, told, quiz=resources["nbgrader"]["notebook"]), resources


class SumUp(NbGraderPreprocessor):
    """Feedback, for nbgrader's command: what the gradebook has now of this one student."""

    def preprocess(self, nb, resources):
        about = resources["nbgrader"]
        quiz, student = about["assignment"], about["student"]
        with Gradebook(about["db_url"]) as book:
            late.assign(book, quiz, self.config, students=[student])
            found = recorded(book, quiz, students=[student])
        resources["course_feedback"] = told(nb, found.get(student), LatePenalty(config=self.config))
        return nb, resources


def page(nb: NotebookNode, found: Recorded | None, *, quiz: str, policy: LatePenalty) -> str:
    """The page of one student; `nb` is the graded notebook and is used up.

    Raises CourseError where the gradebook has not recorded what the notebook shows.
    """
    return render(nb, told(nb, found, policy), quiz=quiz)


def told(nb: NotebookNode, found: Recorded | None, policy: LatePenalty) -> Told:
    """The total and the state of each question, as the gradebook has them now: what a person has
    decided since the grading counts."""
    cells = [cell for cell in nb.cells if edition.is_graded(cell)]
    if found is None or any(edition.grade_id(cell) not in found.grades for cell in cells):
        raise CourseError("the gradebook has no points for it: grade it again")
    rows = tuple(_row(cell, found.grades[edition.grade_id(cell)]) for cell in cells)
    total = f"{number(found.score)} of {number(found.possible)} points"
    handed_in = policy.told(found.handed_in)
    return Told(found.student, total, rows, handed_in, _penalty(found, policy), found.comments)


def _penalty(found: Recorded, policy: LatePenalty) -> str:
    if not found.penalty:
        return ""
    due = policy.told(found.due)
    points = "1 point was" if found.penalty == 1 else f"{number(found.penalty)} points were"
    return f"{points} taken off because it came late: it was due {due}."


def _row(cell: NotebookNode, grade: Graded) -> Row:
    item, state = edition.grade_id(cell), _kept(cell).get("state", "")
    possible = number(grade.possible)
    points = f"{number(grade.points)} of {possible}"
    if grade.by_hand is not None:
        return Row(item, _BY_TEACHER, points, "right" if grade.points else "wrong")
    if grade.is_open or state in WAITS:
        return Row(item, label("by-hand"), f"of {possible}", "waits", waits=True)
    return Row(item, label(state), points, state)


def _kept(cell: NotebookNode) -> dict:
    return next((out.metadata[KEPT] for out in cell.outputs if KEPT in out.metadata), {})


def render(nb: NotebookNode, told: Told, *, quiz: str) -> str:
    """The page as HTML."""
    return _template().render(quiz=quiz, told=told, parts=list(_parts(nb, told)))


@functools.cache
def _template():
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))


def _parts(nb: NotebookNode, told: Told) -> Iterator[Part]:
    rows = {row.item: row for row in told.rows}
    for cell in nb.cells:
        name = edition.grade_id(cell)
        if name in rows:
            yield Part("question", row=rows[name], text=_verdict(cell, rows[name]))
        elif cell.cell_type == "code" and cell.source.strip():
            clean(cell)
            shown = tuple(_shown(cell))
            yield Part("code", cell.source, shown=shown, comment=told.comments.get(name, ""))
        elif cell.cell_type == "markdown":
            comment = told.comments.get(name, "")
            kind = "remarks" if cell.get("id") == REMARKS else "text"
            yield Part(kind, _text(cell.source, kind), comment=comment)


def _verdict(cell: NotebookNode, row: Row) -> Markup:
    """What WriteMarks has put under the question, and what a person has decided since."""
    said = [out.data["text/html"] for out in cell.outputs if KEPT in out.metadata]
    if row.label == _BY_TEACHER:
        said.append(f"<p><strong>{_BY_TEACHER}</strong>: {html.escape(row.points)} points.</p>")
    return Markup("".join(said))


def _text(source: str, kind: str) -> Markup:
    if kind == "remarks" or _VERBATIM.fullmatch(source):
        return Markup(source)
    return Markup(_markdown(source))


@functools.lru_cache(maxsize=512)
def _markdown(source: str) -> str:
    """The released text as HTML; a class has the same one in every notebook."""
    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
    return MarkdownWithMath(renderer=renderer).render(source)


def _shown(cell: NotebookNode) -> Iterator[tuple[str, str | Markup]]:
    """What a cell of the student's own showed, as (kind, value); only kinds that are safe."""
    for out in cell.outputs:
        if out.output_type == "stream":
            yield "text", strip_ansi(out.text)
        elif out.output_type == "error":
            yield "text", strip_ansi("\n".join(out.traceback) or f"{out.ename}: {out.evalue}")
        elif "text/html" in out.data:
            yield "html", Markup(out.data["text/html"])
        elif image := next((kind for kind in out.data if kind.startswith("image/")), None):
            yield "image", f"data:{image};base64,{out.data[image]}"
        else:
            yield "text", strip_ansi(out.data["text/plain"])
