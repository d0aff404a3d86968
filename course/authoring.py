"""For authors: run a notebook from a fresh kernel and store its outputs without noise.

`course refresh` runs this over lessons/ and solutions/, fills the line of minutes and costs
that opens each lesson, and rewrites the table in the README from these lines.
"""

import os
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

from course.errors import CourseError

OPENING = re.compile(
    r"^(?P<minutes>\d+) minutes · offline `\$0\.00` · live (?P<live>.*)$", re.MULTILINE
)
"""Amounts stand in code marks: between two bare dollar signs a notebook would set a formula."""
TABLE = re.compile(r"(<!-- lessons -->\n).*?(<!-- /lessons -->)", re.DOTALL)
WALL_CLOCK = re.compile(r"\d+\.\d\d s\b")
"""Seconds as the meter prints them: the one part of its line that differs from run to run."""

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
NOT_NOISE = ("tags", "nbgrader", "editable", "deletable", "alt")
COVERED = {"collapsed": True, "jupyter": {"outputs_hidden": True}}
"""What follows a learner's guess: JupyterLab shows its output once the learner has run it.

Until then it shows the first line; so that line is the guess itself, by COMPARED.
"""
COMPARED = 'print("your guess:", my_guess)'

_COUNT_COSTS = (
    "from course.ledger import Meter as _Meter\n"
    "_cost = _Meter(asked_for=False)\n"
    "_cost.__enter__()\n"
)
_TELL_COSTS = "_cost.__exit__(None, None, None)\nprint(_cost.cost_usd)\n"


@dataclass(frozen=True)
class Run:
    """One notebook, run: the notebook with its outputs and the list price of its calls in USD.

    Calls that are simulated even with a key, by connect(simulate=…), are not in the price.
    """

    notebook: nbformat.NotebookNode
    cost_usd: Decimal


def run(path: Path, *, timeout_s: int = 300, **environment: str) -> Run:
    """Run the notebook at `path` in a fresh kernel and folder of its own; nothing is written.

    `environment` adds variables for the kernel (for example COURSE_SMALL_MODEL="gpt-6-luna").
    Raises nbclient's CellExecutionError where a cell fails that is not tagged `raises-exception`.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, new_code_cell(_COUNT_COSTS))
    notebook.cells.append(new_code_cell(_TELL_COSTS))
    NotebookClient(
        notebook,
        timeout=timeout_s,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
    ).execute(env=os.environ | {"PYTHONHASHSEED": "0"} | environment)
    cost = Decimal(notebook.cells.pop().outputs[0].text.strip())
    notebook.cells.pop(0)
    return Run(notebook, cost)


def clean(
    notebook: nbformat.NotebookNode, *, before: nbformat.NotebookNode
) -> nbformat.NotebookNode:
    """The notebook as it is committed: stable ids and counts, no timing, no widget state.

    An output that differs from the one stored `before` only in its seconds keeps the old text.
    """
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    stored = {cell.source: cell.get("outputs", []) for cell in before.cells}
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number:02}"
        cell.metadata = nbformat.from_dict(
            {name: cell.metadata[name] for name in NOT_NOISE if name in cell.metadata}
        )
        if cell.cell_type == "code":
            cell.outputs = _quiet(cell.outputs, stored.get(cell.source, []))
    _number(notebook)
    _cover(notebook)
    return notebook


def _cover(notebook: nbformat.NotebookNode) -> None:
    """Hide the outputs from where a guess is asked for to where it is compared."""
    guessing = False
    for cell in notebook.cells:
        if cell.cell_type == "code":
            guessing |= cell.source.startswith("my_guess = ")
            if guessing and cell.outputs:
                cell.metadata.update(nbformat.from_dict(COVERED))
            guessing &= COMPARED not in cell.source


def _number(notebook: nbformat.NotebookNode) -> None:
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    for count, cell in enumerate(code, start=1):
        cell.execution_count = count
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count


def _quiet(outputs: list, stored: list) -> list:
    for output in outputs:
        output.get("data", {}).pop(WIDGET_VIEW, None)
        output.pop("transient", None)
        if "metadata" in output:
            output.metadata = nbformat.from_dict({})
    same = [_comparable(output) for output in outputs] == [_comparable(old) for old in stored]
    return stored if same else outputs


def _comparable(output) -> str:
    kept = {name: value for name, value in output.items() if name not in ("execution_count",)}
    return WALL_CLOCK.sub("", repr(sorted(kept.items(), key=str)))


def refresh(paths: list[Path], *, root: Path, say=print) -> None:
    """Run and store each notebook, then bring the README's table of lessons up to date."""
    for path in paths:
        if not path.is_file():
            raise CourseError(f"There is no notebook at {path}; name one under lessons/.")
        before = nbformat.read(path, as_version=4)
        done = run(path)
        notebook = clean(done.notebook, before=before)
        if path.parent.name == "lessons":
            _fill_opening(notebook, done.cost_usd, path)
        nbformat.write(notebook, path)
        say(f"{path.relative_to(root)}: {live_cost(done.cost_usd)} at list price")
    (root / "README.md").write_text(with_table(root), encoding="utf-8")


def _fill_opening(notebook, cost_usd: Decimal, path: Path) -> None:
    first = notebook.cells[0]
    match = OPENING.search(first.source)
    if match is None:
        raise CourseError(
            f"{path.name} must open with a line like "
            "'35 minutes · offline `$0.00` · live about `$0.004`'."
        )
    live = live_cost(cost_usd).replace("$", "`$") + "`"
    line = f"{match['minutes']} minutes · offline `$0.00` · live {live}"
    first.source = OPENING.sub(lambda _: line, first.source)


def live_cost(cost_usd: Decimal) -> str:
    """A lesson's cost at list price, to two significant digits: 'about $0.0012', or '$0.00'."""
    if cost_usd == 0:
        return "$0.00"
    return f"about ${Decimal(f'{cost_usd:.1e}'):f}"


def with_table(root: Path) -> str:
    """README's text with the table of lessons made anew from the opening line of each lesson."""
    readme = (root / "README.md").read_text(encoding="utf-8")
    rows = ["| lesson | minutes | offline | live, at list price | quiz |", "|---|---|---|---|---|"]
    for path in sorted((root / "lessons").glob("[0-9][0-9]_*.ipynb")):
        rows.append(_row(path, root))
    return TABLE.sub(lambda found: found[1] + "\n".join(rows) + "\n" + found[2], readme)


def _row(path: Path, root: Path) -> str:
    first = nbformat.read(path, as_version=4).cells[0].source
    title = first.splitlines()[0].lstrip("# ").strip()
    match = OPENING.search(first)
    live = match["live"].replace("`", "")
    quiz = root / "quizzes" / path.stem / path.name
    link = f"[quiz](quizzes/{path.stem}/{path.name})" if quiz.exists() else "–"
    return f"| [{title}](lessons/{path.name}) | {match['minutes']} | $0.00 | {live} | {link} |"
