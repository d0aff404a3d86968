"""All that a gradebook says of a class, without the random ids of its rows: to be compared."""

from typing import Any

from nbgrader.api import Gradebook

_GIVEN = ("auto_score", "manual_score", "extra_credit", "needs_manual_grade", "score", "max_score")
_SAID = ("auto_comment", "manual_comment")
_CELL = ("cell_type", "locked", "source", "checksum")


def rows(book: Gradebook) -> dict[tuple, Any]:
    """Each row's columns, under the names that lead to it: assignment, student, notebook, cell."""
    found: dict[tuple, Any] = {("student", one.id): _of(one, "first_name", "email")
                               for one in book.students}  # fmt: skip
    for assignment in book.assignments:
        for notebook in assignment.notebooks:
            place = (assignment.name, notebook.name)
            found |= {(*place, "cell", one.name): _of(one, "type", "max_score", "cell_type")
                      for one in notebook.grade_cells}  # fmt: skip
            found |= {(*place, "solution", one.name): one.type for one in notebook.solution_cells}
            found |= {(*place, "source", one.name): _of(one, *_CELL)
                      for one in notebook.source_cells}  # fmt: skip
        for one in assignment.submissions:
            found |= _submission(assignment.name, one)
    return found


def _submission(assignment: str, one: Any) -> dict[tuple, Any]:
    place = (assignment, one.student.id)
    when = one.timestamp.isoformat() if one.timestamp else None
    found: dict[tuple, Any] = {(*place, "when"): (when, one.extension)}
    for notebook in one.notebooks:
        at = (*place, notebook.name)
        found[(*at, "notebook")] = _of(notebook, "flagged", "late_submission_penalty", "score")
        found |= {(*at, "grade", grade.name): _of(grade, *_GIVEN) for grade in notebook.grades}
        found |= {(*at, "comment", said.name): _of(said, *_SAID) for said in notebook.comments}
        found[(*at, "counts")] = (len(notebook.grades), len(notebook.comments))
    return found


def _of(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
