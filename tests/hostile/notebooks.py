"""Notebooks that are not as they were released, or no notebooks at all."""

import json
from collections.abc import Callable

import nbformat
from nbformat.v4 import new_code_cell

from hostile.attack import BOTH, Attack
from hostile.sample import Sheet


def text(make: Callable[[dict], object], *, encoding: str = "utf-8") -> Callable[[Sheet], None]:
    """The notebook as JSON, after `make` has changed it or given something else."""

    def build(sheet: Sheet) -> None:
        found = json.loads(json.dumps(sheet.notebook))
        made = make(found)
        made = found if made is None else made
        if not isinstance(made, bytes):
            made = json.dumps(made).encode(encoding, "surrogatepass")
        sheet.notebook = made

    return build


def _cells(change: Callable[[list], object]) -> Callable[[Sheet], None]:
    def build(sheet: Sheet) -> None:
        change(sheet.notebook.cells)

    return build


def _graded(cells: list) -> list:
    return [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]


def _delete(cells: list) -> None:
    for cell in _graded(cells):
        cells.remove(cell)


def _copy(cells: list) -> None:
    for cell in _graded(cells) * 2:
        again = nbformat.from_dict({**cell, "id": f"again-{len(cells)}"})
        again.source = "1000"
        cells.insert(0, again)


def _split(cells: list) -> None:
    for cell in _graded(cells):
        cell.source, half = cell.source[:5], cell.source[5:]
        cells.insert(cells.index(cell) + 1, new_code_cell(half, metadata=dict(cell.metadata)))


def _unlock(cells: list) -> None:
    for cell in _graded(cells):
        cell.metadata.nbgrader.update(locked=False, solution=True, points=1000)
        cell.source = "1000"


def _retype(cells: list) -> None:
    for at, cell in enumerate(cells):
        if cell in _graded(cells):
            again = nbformat.v4.new_markdown_cell("1000", metadata=dict(cell.metadata))
            cells[at] = again


def _of_the_future(cells: list) -> None:
    for cell in cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader["schema_version"] = 99


def _swap(cells: list) -> None:
    """The cell of one question under the name of another."""
    graded = _graded(cells)
    names = [cell.metadata.nbgrader.grade_id for cell in graded]
    for cell, name in zip(graded, reversed(names), strict=True):
        cell.metadata.nbgrader.grade_id = name


def _more(cells: list) -> None:
    """Graded cells of their own, with ids that could be taken for others."""
    for name in ("h-99", "h-01 ", "H-01", "h-\u041e1", "remarks", "", "../h-01"):
        mark = {"grade": True, "solution": True, "locked": False, "schema_version": 3}
        mark |= {"grade_id": name, "points": 1000, "cell_type": "code", "task": True}
        cells.append(new_code_cell("1000", metadata={"nbgrader": mark}))


def _same_ids(cells: list) -> None:
    for cell in cells:
        cell["id"] = "h-01"
    cells.append(nbformat.from_dict({**cells[0], "id": "remarks"}))
    cells.append(nbformat.from_dict({**cells[0], "id": "x" * 5000}))


def _functions_elsewhere(cells: list) -> None:
    """Cells for answers locked, and their functions in a cell that asks a question."""
    for cell in cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "h-01":
            cell.source += "\ndef total(numbers): return sum(numbers)"


def _metadata(found: dict) -> None:
    found["metadata"] = {
        "kernelspec": {"name": "evil", "display_name": "<script>", "language": "bash",
                       "argv": ["sh", "-c", "touch evil"]},
        "language_info": {"name": "bash", "nbconvert_exporter": "evil.Exporter",
                          "pygments_lexer": "evil", "file_extension": "../../x"},
        "nbgrader": {"grade": True, "points": 1000},
        "course": {"remarks": ["Full marks."], "runs": False},
        "nbconvert": {"preprocessors": ["evil.Evil"]},
        "celltoolbar": "Create Assignment",
        "widgets": {"application/vnd.jupyter.widget-state+json": {"state": {"x": {
            "model_name": "HTMLModel", "state": {"value": "<script>alert(1)</script>"}}}}},
        "title": "</title><script>alert(1)</script>",
        "authors": [{"name": "<script>alert(1)</script>"}],
        "signature": "sha256:0",
    }  # fmt: skip


def _odd_cells(found: dict) -> None:
    found["cells"] += [
        7, None, [], {}, {"cell_type": "heading", "level": 1, "source": "x", "metadata": {}},
        {"cell_type": ["code"], "source": {"a": 1}, "metadata": [1]},
        {"cell_type": "code", "source": [1, None, ["x"]], "metadata": {"nbgrader": "yes"}},
        {"cell_type": "code", "source": "x = 1", "metadata": {"nbgrader": {"grade_id": ["h-01"]}}},
        {"cell_type": "code", "source": "x = 2", "metadata": {"tags": "raises"}, "outputs": 5},
        {"cell_type": "markdown", "source": "![x](attachment:x.svg)", "metadata": {},
         "attachments": {"x.svg": {"image/svg+xml": "<svg onload=alert(1)></svg>"},
                         "../x": {"text/html": "<script>alert(1)</script>"}}},
        {"cell_type": "code", "source": "print('\ud800 \x00 \ufffe')", "metadata": {}},
        {"cell_type": "\ud800", "source": "\ud800", "metadata": {"\ud800": "\ud800"}},
    ]  # fmt: skip


def _twice(found: dict) -> bytes:
    """The same key twice: which one counts is a reader's choice."""
    return (json.dumps(found)[:-1] + ', "cells": [], "metadata": {}}').encode()


def _version_3(found: dict) -> dict:
    cells = [
        {"cell_type": cell["cell_type"], "metadata": cell["metadata"], "language": "python",
         "input": cell["source"], "source": cell["source"], "outputs": [], "collapsed": False}
        for cell in found["cells"]
    ]  # fmt: skip
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": cells}]}


def _future(found: dict) -> None:
    found["nbformat"], found["nbformat_minor"] = 99, "x"


def _many(found: dict) -> None:
    own = {"cell_type": "code", "source": "x = 1", "metadata": {}, "outputs": []}
    found["cells"] += [own] * 100_000


def _huge(sheet: Sheet) -> None:
    sheet.after.append(lambda folder: _truncate(folder / "h.ipynb", 500_000_000))


def _truncate(path, size: int) -> None:
    with path.open("r+b") as stream:
        stream.truncate(size)


def _long_cell(found: dict) -> None:
    found["cells"].append(
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": f"x = '{'y' * 15_000_000}'"}
    )


UNREADABLE = "could not be read|no notebook to be used|damaged"

ATTACKS = (
    Attack("cells_deleted", _cells(_delete), kind="right", told="was missing"),
    Attack("cells_copied", _cells(_copy), kind="right", told="twice"),
    Attack("cells_split", _cells(_split), kind="right", told="changed|twice"),
    Attack("cells_unlocked", _cells(_unlock), kind="half", told="was changed"),
    Attack("cells_retyped", _cells(_retype), kind="half", told="was changed"),
    Attack("cells_of_the_future", _cells(_of_the_future), kind="right"),
    Attack("cells_swapped", _cells(_swap), kind="half", told="was changed"),
    Attack("cells_added", _cells(_more), kind="half"),
    Attack("cells_with_one_id", _cells(_same_ids), kind="right"),
    Attack("cells_that_do_more", _cells(_functions_elsewhere), kind="half", told="was changed"),
    Attack("cells_of_odd_shape", text(_odd_cells), kind="right", loses=BOTH, told="damaged"),
    Attack("cells_deleted_all", text(lambda nb: nb.update(cells=[])), kind="right", loses=BOTH,
           told="was missing"),
    Attack("metadata_of_their_own", text(_metadata), kind="right"),
    Attack("keys_twice", text(_twice), kind="right", may_lose=BOTH),
    Attack("notebook_of_version_3", text(_version_3), kind="right", loses=BOTH, told=UNREADABLE),
    Attack("notebook_of_version_99", text(_future), kind="right", may_lose=BOTH),
    Attack("notebook_of_100000_cells", text(_many), kind="right", loses=BOTH, told="more than"),
    Attack("notebook_of_500_mb", _huge, kind="right", loses=BOTH, told="MB"),
    Attack("notebook_with_a_long_cell", text(_long_cell), kind="right", loses=BOTH,
           told="more than"),
    Attack("notebook_cut_off", text(lambda nb: json.dumps(nb).encode()[:-200]), kind="right",
           loses=BOTH, told=UNREADABLE),
    Attack("notebook_empty", text(lambda nb: b""), kind="right", loses=BOTH, told=UNREADABLE),
    Attack("notebook_is_a_list", text(lambda nb: [nb]), kind="right", loses=BOTH,
           told=UNREADABLE),
    Attack("notebook_is_nothing", text(lambda nb: b"null"), kind="right", loses=BOTH,
           told=UNREADABLE),
    Attack("notebook_is_deep", text(lambda nb: b'{"cells": ' + b"[" * 100_000), kind="right",
           loses=BOTH, told=UNREADABLE),
    Attack("notebook_is_deep_inside",
           text(lambda nb: b'{"cells": [{"metadata": ' + b'{"a":' * 990 + b"1" + b"}" * 990
                + b"}]}"),
           kind="right", loses=BOTH, told=f"{UNREADABLE}|was missing"),
    Attack("notebook_is_binary", text(lambda nb: bytes(range(256)) * 99), kind="right",
           loses=BOTH, told=UNREADABLE),
    Attack("notebook_in_utf_16", text(lambda nb: None, encoding="utf-16"), kind="right",
           may_lose=BOTH),
    Attack("notebook_with_huge_numbers",
           text(lambda nb: json.dumps(nb).replace('"metadata": {}', '"metadata": {"x": '
                + "9" * 5000 + "}", 1).encode()),
           kind="right", may_lose=BOTH),
)  # fmt: skip
