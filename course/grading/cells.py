"""Cells, outputs and whole notebooks as nbformat makes and writes them. Pure.

nbformat checks each cell and output it makes against its schema, which costs more than all else
in a grading; what is made here is right by construction, so it is not checked.
"""

import json
from typing import Any

from nbformat import NotebookNode, from_dict
from nbformat.v4.rwbase import split_lines, strip_transient

KINDS = ("code", "markdown", "raw")
_MINOR = 5
"""The minor version of the format in which each cell has an id."""


def cell(kind: str, source: str, *, name: str = "") -> NotebookNode:
    """A cell of one of `KINDS` with the id `name`."""
    made = NotebookNode(id=name, cell_type=kind, metadata=NotebookNode(), source=source)
    if kind == "code":
        made.update(execution_count=None, outputs=[])
    return made


def output(kind: str, **fields: Any) -> NotebookNode:
    """An output with all the fields that its kind has."""
    return from_dict({"output_type": kind, **fields})


def result(text: str, *, count: int | None = None) -> NotebookNode:
    """An execute_result that is a text."""
    data = {"text/plain": text}
    return output("execute_result", execution_count=count, data=data, metadata={})


def display(data: dict[str, str], metadata: dict[str, Any]) -> NotebookNode:
    """A display_data output."""
    return output("display_data", data=data, metadata=metadata)


def notebook(cells: list[NotebookNode], metadata: dict[str, Any]) -> NotebookNode:
    """A notebook of these cells."""
    return NotebookNode(
        cells=cells, metadata=from_dict(metadata), nbformat=4, nbformat_minor=_MINOR
    )


def as_bytes(notebook: NotebookNode) -> bytes:
    """The file that nbgrader would write; the notebook itself is of no use afterwards."""
    whole = strip_transient(split_lines(notebook))
    text = json.dumps(
        whole, indent=1, sort_keys=True, separators=(",", ": "), ensure_ascii=False
    )  # fmt: skip
    return f"{text}\n".encode()
