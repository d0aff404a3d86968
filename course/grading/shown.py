"""What stands under a graded cell: the number that nbgrader reads, then words for people. Pure."""

import html
import json

from nbformat import NotebookNode

from course.errors import CourseError
from course.grading import cells
from course.grading.marks import Mark, label
from course.quiz import markup, static
from course.quiz.score import PROGRAMS, check

KEPT = "course"
"""Our key in an output's metadata: what the feedback page needs to know of the mark."""
REMARKS = "remarks"
"""The id of the cell, on top of a graded notebook, with what the grader noticed."""
_MOST_SHOWN = 300
"""Characters of a response that a page shows."""


def outputs(mark: Mark, *, count: int | None = None) -> list[NotebookNode]:
    """The outputs of a graded cell; the first one is nothing but the points."""
    response = _readable(mark)
    said = [static.text(mark.question, response), "", verdict(mark, is_read=response is not None)]
    said += [*mark.cases, *map(markup.plain, mark.feedback)]
    kept = {"item": mark.item, "state": mark.state, "label": label(mark.state)}
    return [
        cells.result(repr(mark.points), count=count),
        cells.display(
            {"text/html": _page(mark, response), "text/plain": "\n".join(said)}, {KEPT: kept}
        ),
    ]


def states(notebook: NotebookNode) -> dict[str, str]:
    """The state of each item in a notebook that was graded."""
    found = [
        output.metadata[KEPT]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if KEPT in output.get("metadata", {})
    ]
    return {kept["item"]: kept["state"] for kept in found}


def verdict(mark: Mark, *, is_read: bool = True) -> str:
    """The state, the points and the reason in a line."""
    raw = "" if mark.response is None or is_read else f" The answers file says: {_raw(mark)}"
    if mark.waits:
        return f"{label(mark.state)} ({number(mark.possible)} points): {mark.reason}{raw}"
    points = f"{number(mark.points)} of {number(mark.possible)} points"
    return f"{mark.state}: {points}. {mark.reason}{raw}"


def number(points: float) -> str:
    """Points as people write them."""
    return f"{points:.4g}"


def _page(mark: Mark, response: object) -> str:
    state, _, rest = verdict(mark, is_read=response is not None).partition(": ")
    cases = "".join(f"<pre>{html.escape(case)}</pre>" for case in mark.cases)
    return (  # nbgrader's pages take $…$ for a formula: here it is money
        '<div class="tex2jax_ignore mathjax_ignore">'
        f"{static.page(mark.question, response)}"
        f"<p><strong>{html.escape(state)}</strong>: {html.escape(rest)}</p>"
        f"{cases}{''.join(map(markup.html, mark.feedback))}</div>"
    )


def _readable(mark: Mark) -> object:
    """The response as the item reads it, or None for one that does not fit it."""
    if mark.question["type"] in PROGRAMS:
        return None
    try:
        return check(mark.question, mark.response)
    except CourseError:
        return None


def _raw(mark: Mark) -> str:
    response = mark.response
    text = response if isinstance(response, str) else json.dumps(response, ensure_ascii=False)
    text = "".join(sign if sign.isprintable() else " " for sign in text)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
