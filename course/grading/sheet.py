"""Stands in for the gradebook where nbgrader's own steps work on one submission, in memory.

A worker has no gradebook. `OverwriteCells` asks what a cell was released as, `SaveAutoGrades` and
our `FlagByHand` write down scores: a `Sheet` answers the first from the released notebook, and
keeps the second until the one writer records them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import MissingEntry
from nbgrader.utils import compute_checksum, is_grade, is_locked, is_solution


@dataclass(frozen=True)
class Cell:
    """A cell as it was released, in the words of nbgrader's SourceCell and GradeCell."""

    name: str
    cell_type: str
    locked: bool
    source: str
    checksum: str
    max_score: float | None


@dataclass
class Grade:
    """What is to be recorded of a graded cell."""

    auto_score: float | None = None
    needs_manual_grade: bool = True
    manual_score: None = None


@dataclass
class Comment:
    """What is to be recorded of a cell for answers."""

    auto_comment: str | None = None


class _Memory:
    def commit(self) -> None:
        """Nothing is kept anywhere else."""


@dataclass
class Sheet:
    """The scores and comments of one submission; `cells` are the released ones by name."""

    cells: dict[str, Cell]
    grades: dict[str, Grade] = field(default_factory=dict)
    comments: dict[str, Comment] = field(default_factory=dict)
    db: Any = field(default_factory=_Memory)

    def find_source_cell(self, name: str, *where: str) -> Cell:
        if name not in self.cells:
            raise MissingEntry(f"No such cell: {name}")
        return self.cells[name]

    def find_graded_cell(self, name: str, *where: str) -> Cell:
        return self.find_source_cell(name)

    def find_grade(self, name: str, *where: str) -> Grade:
        return self.grades.setdefault(name, Grade())

    def find_comment(self, name: str, *where: str) -> Comment:
        return self.comments.setdefault(name, Comment())


def released(cells: Iterable[NotebookNode]) -> dict[str, Cell]:
    """Each cell that nbgrader keeps in its gradebook, by name."""
    found = {}
    for cell in cells:
        if is_grade(cell) or is_locked(cell) or is_solution(cell):
            marked = cell.metadata.nbgrader
            points = float(marked.points) if is_grade(cell) else None
            found[marked.grade_id] = Cell(
                marked.grade_id,
                cell.cell_type,
                bool(is_locked(cell)),
                cell.source,
                compute_checksum(cell),
                points,
            )
    return found
