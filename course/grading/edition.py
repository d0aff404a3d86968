"""A quiz's notebook as a student receives it, and a submitted one put back into that shape. Pure.

`solutions/Q/Q.ipynb` has one graded cell per item of the bank, which asks it:
`quiz("Q").ask("item-id")`, with the item's id as nbgrader's grade_id. The function of a code
item stands in a cell of its own, marked as a solution.
"""

import ast
import copy
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import nbformat
from nbformat import NotebookNode

from course.errors import CourseError
from course.grading import cells as made
from course.grading import stubs
from course.grading.clean import as_text
from course.quiz.bank import Bank

WORKED_ANSWER = "worked-answer"
PLAIN = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_KEPT = ("nbgrader", "deletable", "editable")
_MOST_CELLS = 2_000
_MOST_CHARACTERS = 2_000_000


def student_edition(notebook: NotebookNode, bank: Bank) -> NotebookNode:
    """The notebook without worked answers, solutions, outputs and noise, with each item's points.

    Raises CourseError where the notebook does not ask every item of the bank exactly once, or
    has no place for a function that is asked for.
    """
    edition = copy.deepcopy(notebook)
    edition.cells = [cell for cell in edition.cells if WORKED_ANSWER not in _tags(cell)]
    _check(edition, bank)
    points = {item.id: item.points for item in bank.items}
    edition.metadata = nbformat.from_dict(PLAIN)
    for number, cell in enumerate(edition.cells, start=1):
        if is_graded(cell):
            cell.metadata.nbgrader.points = points[grade_id(cell)]
        cell.source = stubs.stub(cell)
        _plain(cell, name=f"cell-{number:02}")
    edition.nbformat_minor = max(edition.nbformat_minor, 5)
    return edition


def grade_id(cell: NotebookNode) -> str | None:
    """nbgrader's name of the cell, or None for a cell that is the reader's own."""
    marked = cell.metadata.get("nbgrader")
    name = marked.get("grade_id") if isinstance(marked, dict) else None
    return name if isinstance(name, str) and name else None


def is_graded(cell: NotebookNode) -> bool:
    """Whether nbgrader takes points from the cell."""
    return grade_id(cell) is not None and bool(cell.metadata.nbgrader.get("grade"))


def _check(edition: NotebookNode, bank: Bank) -> None:
    items = [item.id for item in bank.items]
    graded = Counter(grade_id(cell) for cell in edition.cells if is_graded(cell))
    asked = Counter(name for cell in edition.cells for name in _asked(cell))
    problems = [
        *(f"item {name} has {graded[name] or 'no'} graded cell(s)" for name in items
          if graded[name] != 1),
        *(f"item {name} is asked {asked[name]} times" for name in items if asked[name] != 1),
        *(f"{name} is no item of the bank" for name in sorted({*graded, *asked} - {*items})),
        *(f"the graded cell {grade_id(cell)} asks {', '.join(_asked(cell)) or 'nothing'}"
          for cell in edition.cells if is_graded(cell) and [*_asked(cell)] != [grade_id(cell)]),
        *(f"item {item.id} calls {item.function}, which no cell marked as a solution defines"
          for item in bank.items if item.function and item.function not in _defined(edition)),
    ]  # fmt: skip
    if problems:
        raise CourseError(
            f"The notebook of {bank.quiz} must ask every item once, each in its own graded cell: "
            f"{'; '.join(problems)}."
        )


def _defined(edition: NotebookNode) -> set[str]:
    cells = [cell for cell in edition.cells if grade_id(cell) and stubs.is_solution(cell)]
    return set().union(*(stubs.functions(cell.source) for cell in cells))


def _asked(cell: NotebookNode) -> Iterator[str]:
    """The ids in `….ask("id")` calls; magics and slips in other cells are no matter here."""
    try:
        tree = ast.parse(cell.source) if cell.cell_type == "code" else ast.Module([], [])
    except SyntaxError:
        return
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="ask"), args=[ast.Constant(value=item), *_]):
                yield str(item)


def _tags(cell: NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", []))


def _plain(cell: NotebookNode, *, name: str) -> None:
    """Nothing in the cell that differs from run to run."""
    cell.metadata = nbformat.from_dict(
        {key: cell.metadata[key] for key in _KEPT if key in cell.metadata}
    )
    cell.id = (grade_id(cell) or name)[:64]
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None


@dataclass(frozen=True)
class Restored:
    """A submitted notebook in the released shape; `runs` when it holds code of the student's."""

    notebook: NotebookNode
    remarks: tuple[str, ...]
    runs: bool


def restore(submitted: bytes | None, released: NotebookNode) -> Restored:
    """The student's own cells, and every cell of the release as it was released.

    `submitted` is the file as it came (None or empty: there is none). Whatever a student did to
    released cells (deleted, copied, retyped, unlocked, changed) is undone, and told in `remarks`.
    """
    cells, trouble = _read(submitted)
    if trouble:
        remark = f"{trouble}; the recorded answers were graded with a fresh notebook."
        return Restored(_blank(released), (remark,), runs=False)
    official = {grade_id(cell): cell for cell in released.cells if grade_id(cell)}
    known_sources = {_nameless(cell.source) for cell in released.cells}
    result, remarks, runs = [], [], False
    seen: set[str] = set()
    for number, cell in enumerate(cells, start=1):
        name = grade_id(cell)
        if name in official and name not in seen:
            seen.add(name)
            if _differs(cell, official[name]):
                remarks.append(f"Cell {name} was changed; it was put back as released.")
            runs |= _is_code_of_their_own(cell, official[name])
            cell = _official(official[name], cell.source)
        else:
            if name in seen:
                remarks.append(f"Cell {name} was there twice; the first one counts.")
            is_new = _nameless(cell.source) not in known_sources | {""}
            runs |= is_new and cell.cell_type == "code"
            cell = _own(cell, is_new, name=f"own-{number:04}")
        result.append(cell)
    remarks += _put_back(result, released, seen)
    return Restored(_notebook(result), tuple(remarks), runs)


def _nameless(source: str) -> str:
    """The code without the name that a student writes into the cell that hands in."""
    return re.sub(r"""(\.submit\(student=)(["']).*?\2""", r'\1""', source.strip())


def _is_code_of_their_own(cell: NotebookNode, official: NotebookNode) -> bool:
    """Whether a cell made for answers holds more than the stub that was released in it."""
    is_place = official.cell_type == "code" and stubs.is_solution(official)
    return is_place and cell.source.strip() not in ("", official.source.strip())


def _put_back(cells: list[NotebookNode], released: NotebookNode, seen: set[str]) -> list[str]:
    """Insert each missing released cell behind the one it follows in the release."""
    remarks, place = [], 0
    for cell in released.cells:
        name = grade_id(cell)
        if name in seen:
            place = 1 + next(at for at, own in enumerate(cells) if grade_id(own) == name)
        elif name:
            cells.insert(place, _official(cell, ""))
            place += 1
            remarks.append(f"Cell {name} was missing; it was put back as released.")
    return remarks


def _blank(released: NotebookNode) -> NotebookNode:
    return _notebook([_official(cell, "") for cell in released.cells])


def _own(cell: NotebookNode, is_new: bool, *, name: str) -> NotebookNode:
    if is_new and cell.cell_type != "code":
        return made.cell("markdown", as_text(cell.source), name=name)
    return made.cell(cell.cell_type, cell.source, name=name)


def _official(cell: NotebookNode, source: str) -> NotebookNode:
    """A fresh copy of a released cell; only a cell made for answers takes the student's source.

    nbgrader gives full points to a graded cell that shows nothing: until the scorer speaks, 0.
    """
    fresh = copy.deepcopy(cell)
    if grade_id(cell) and stubs.is_solution(cell):
        is_text = cell.cell_type != "code" and source.strip() != cell.source.strip()
        fresh.source = as_text(source) if is_text else source
    elif cell.cell_type == "code" and is_graded(cell):
        fresh.outputs = [made.result("0")]
    return fresh


def _differs(cell: NotebookNode, official: NotebookNode) -> bool:
    ours = official.metadata.nbgrader
    theirs = cell.metadata.nbgrader
    same = all(theirs.get(key) == ours.get(key) for key in ("grade", "solution", "locked"))
    locked = not stubs.is_solution(official)
    changed = locked and cell.source.strip() != official.source.strip()
    return cell.cell_type != official.cell_type or changed or not same


def _notebook(cells: list[NotebookNode]) -> NotebookNode:
    return made.notebook(cells, PLAIN)


def _read(submitted: bytes | None) -> tuple[list[NotebookNode], str]:
    """Type, source and nbgrader's mark of each cell, and nothing else that a file may hold."""
    if not submitted:
        return [], "There is no notebook to be used in the submission"
    try:
        given = json.loads(submitted)["cells"]
        cells = [_cell(cell) for cell in given[: _MOST_CELLS + 1] if isinstance(cell, dict)]
    except (ValueError, KeyError, TypeError, RecursionError):
        return [], "The notebook is damaged and could not be read"
    if len(cells) > _MOST_CELLS:
        return [], f"The notebook has more than {_MOST_CELLS:,} cells"
    if sum(len(cell.source) for cell in cells) > _MOST_CHARACTERS:
        return [], f"The notebook's cells have more than {_MOST_CHARACTERS:,} characters"
    return cells, ""


def _cell(raw: dict) -> NotebookNode:
    source = raw.get("source", "")
    source = "".join(source) if isinstance(source, list) else str(source)
    # a lone surrogate is JSON, but no text that can be written to a file
    source = source.encode("utf-8", "replace").decode()
    kind = raw.get("cell_type")
    cell = made.cell(kind if kind in made.KINDS else "raw", source)
    marked = raw.get("metadata")
    marked = marked.get("nbgrader") if isinstance(marked, dict) else None
    if isinstance(marked, dict):
        cell.metadata["nbgrader"] = NotebookNode(marked)
    return cell
