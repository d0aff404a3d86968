"""Every row of every table of a gradebook, random ids replaced by the names that they stand for."""

import sqlite3
from collections import Counter
from pathlib import Path

OURS = "course_graded"
"""The one table that is not nbgrader's: what each submission was graded from."""
NAMED = {
    # table: (column that names a row, column that leads to its owner, the owner's table)
    "assignment": ("name", None, None),
    "notebook": ("name", "assignment_id", "assignment"),
    "base_cell": ("name", "notebook_id", "notebook"),
    "submitted_assignment": ("student_id", "assignment_id", "assignment"),
    "submitted_notebook": ("notebook_id", "assignment_id", "submitted_assignment"),
}
LEADS = {"grade_cells": {"id": "base_cell"}, "solution_cells": {"id": "base_cell"},
         "task_cells": {"id": "base_cell"}, "source_cell": {"notebook_id": "notebook"},
         "notebook": {"assignment_id": "assignment"}, "base_cell": {"notebook_id": "notebook"},
         "submitted_assignment": {"assignment_id": "assignment"},
         "submitted_notebook": {"assignment_id": "submitted_assignment", "notebook_id": "notebook"},
         "grade": {"notebook_id": "submitted_notebook", "cell_id": "base_cell"},
         "comment": {"notebook_id": "submitted_notebook", "cell_id": "base_cell"}}  # fmt: skip
RANDOM = {"assignment", "notebook", "base_cell", "submitted_assignment", "submitted_notebook",
          "source_cell", "grade", "comment"}  # fmt: skip


def tables(root: Path) -> dict[str, Counter]:
    """By table, its rows as sorted pairs of column and value; how often each is there."""
    with sqlite3.connect(root / "gradebook.db") as book:
        book.row_factory = sqlite3.Row
        said = "SELECT name FROM sqlite_master WHERE type = 'table'"
        names = {row[0] for row in book.execute(said)}
        whole = {name: [dict(row) for row in book.execute(f"SELECT * FROM {name}")]
                 for name in names - {OURS}}  # fmt: skip
    known = {table: {} for table in NAMED}
    for table, (name, owner, owners) in NAMED.items():
        for row in whole[table]:
            own = row[name] if name != "notebook_id" else known["notebook"][row[name]]
            known[table][row["id"]] = (known[owners][row[owner]] if owner else (), own)
    return {
        table: Counter(tuple(sorted(_named(table, row, known).items(), key=str)) for row in rows)
        for table, rows in whole.items()
    }


def _named(table: str, row: dict, known: dict) -> dict:
    leads = LEADS.get(table, {})
    return {
        column: known[leads[column]][value] if column in leads else value
        for column, value in row.items()
        if not (column == "id" and table in RANDOM)
    }
