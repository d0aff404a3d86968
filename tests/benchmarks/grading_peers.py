"""The same quiz and class for plain nbgrader and for otter.

The text between the questions and the functions are the course's own. A function's cases, the
visible and the hidden ones, are one assert each (otter: one doctest each); a question with a
choice, a match or a number is a variable that the student sets, and one assert. A question gives
all of its points or none, as do the answers of this class.
"""

import copy
import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import nbformat
from grading_assignment import IMPORTS, QUIZ, Student, name_of, notebook, wrong
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course.quiz.items import Item

OTTER = "7.0.0"
_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
_WHEN = "2026-11-21 10:00:00.000000 UTC"


def nbgrader_course(folder: Path, items: list[Item], *, students: int) -> None:
    """A course for plain nbgrader in `folder`: released by it, and handed in."""
    (folder / "source" / QUIZ).mkdir(parents=True)
    source = _notebook(items, _asserts)
    nbformat.write(source, folder / "source" / QUIZ / f"{QUIZ}.ipynb")
    (folder / "nbgrader_config.py").write_text(settings_of(folder))
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", QUIZ]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    given = nbformat.read(folder / "release" / QUIZ / f"{QUIZ}.ipynb", as_version=4)
    for number in range(students):
        place = folder / "submitted" / Student(number).name / QUIZ
        place.mkdir(parents=True)
        nbformat.write(_answered(given, items, Student(number)), place / f"{QUIZ}.ipynb")
        (place / "timestamp.txt").write_text(_WHEN)


def settings_of(folder: Path) -> str:
    """nbgrader's settings for a course in `folder`: none but that."""
    return f"c = get_config()\nc.CourseDirectory.root = {str(folder)!r}\n"


def otter_assignment(folder: Path, items: list[Item], *, students: int, otter: Path) -> None:
    """autograder.zip, made by otter, and the class's notebooks in `folder`."""
    (folder / "tests").mkdir(parents=True)
    for item in items:
        (folder / "tests" / f"{_variable(item)}.py").write_text(_doctests(item))
    subprocess.run([otter, "generate", "--no-environment"], cwd=folder, check=True,
                   capture_output=True)  # fmt: skip
    given = _notebook(items, None)
    for number in range(students):
        student = Student(number)
        nbformat.write(_answered(given, items, student), folder / f"{student.name}.ipynb")


def install_otter(home: Path) -> Path:
    """otter's command, in a virtual environment of its own in `home`, made if it is not there."""
    if not (home / "complete").exists():
        print(f"Installing otter-grader {OTTER} into {home}.", flush=True)
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        env = {name: value for name, value in os.environ.items() if name != "PIP_CONSTRAINT"}
        pip = [home / "bin" / "python", "-m", "pip", "install", "-q", f"otter-grader=={OTTER}"]
        if subprocess.run([*pip, "ipykernel"], env=env).returncode:
            raise SystemExit(f"otter-grader {OTTER} can't be installed; pip says above why.")
        (home / "complete").touch()
    return home / "bin" / "otter"


def _notebook(items: list[Item], tests) -> NotebookNode:
    """The quiz without this course: a cell for each answer, and one of tests below, if any."""
    known = {item.id: item for item in items}
    made = new_notebook(metadata=notebook().metadata)
    for cell in notebook().cells:
        item = known.get(name_of(cell))
        if cell.cell_type == "markdown":
            made.cells.append(new_markdown_cell(cell.source))
        elif cell.source.startswith(IMPORTS):
            made.cells.append(new_code_cell(IMPORTS))
        elif name_of(cell).startswith("write-"):
            made.cells.append(_code(cell.source, name_of(cell), solution=True))
        elif item:
            if not item.function:
                blank = f"### BEGIN SOLUTION\n{_variable(item)} = None\n### END SOLUTION"
                made.cells.append(_code(blank, f"write-{item.id}", solution=True))
            if tests:
                made.cells.append(_code(tests(item), item.id, points=item.points))
    return made


def _code(source: str, name: str, *, solution: bool = False, points: int = 0) -> NotebookNode:
    mark = {"grade": bool(points), "solution": solution, "locked": bool(points), "task": False}
    mark |= {"grade_id": name, "schema_version": 3, "cell_type": "code"}
    mark |= {"points": points} if points else {}
    return new_code_cell(source, metadata={"nbgrader": mark})


def _answered(given: NotebookNode, items: list[Item], student: Student) -> NotebookNode:
    made = copy.deepcopy(given)
    worked = {name_of(cell): cell for cell in notebook().cells}
    cells = {name_of(cell): cell for cell in made.cells}
    for at, item in enumerate(items):
        right = student.is_right(at)
        if item.function:
            name = f"write-{item.function}"
            cells[name].source = student.function(worked[name], right=right)
        else:
            cells[f"write-{item.id}"].source = f"{_variable(item)} = {_response(item, right)!r}"
    return made


def _variable(item: Item) -> str:
    return f"answer_{item.id.rpartition('-')[2]}"


def _response(item: Item, right: bool) -> object:
    found = item.key if right else wrong(item)
    return float(found) if item.type == "numeric" else found


def _checks(item: Item) -> list[tuple[str, bool]]:
    """Expressions that must be true, and whether a student sees them."""
    if item.type == "numeric":
        off = _room(item.tolerance, float(item.key))
        return [(f"abs({_variable(item)} - {float(item.key)}) <= {off}", False)]
    if not item.function:
        return [(f"{_variable(item)} == {item.key!r}", False)]
    return [(_case(item.function, case), case.visible) for case in item.cases]


def _case(function: str, case) -> str:
    arguments = [repr(value) for value in json.loads(json.dumps(case.arguments))]
    call = f"{function}({', '.join(arguments)})"
    if case.tolerance is None:
        return f"{call} == {case.expected!r}"
    if isinstance(case.expected, dict):
        off = _room(case.tolerance, max(case.expected.values()))
        return f"all(abs({call}[k] - v) <= {off} for k, v in {case.expected!r}.items())"
    return f"abs({call} - {case.expected!r}) <= {_room(case.tolerance, case.expected)}"


def _room(tolerance, value: float) -> float:
    """How far off a number may be."""
    return float(max(tolerance.absolute, tolerance.relative * Decimal(abs(value))))


def _asserts(item: Item) -> str:
    lines = {True: [], False: []}
    for check, visible in _checks(item):
        lines[visible].append(f"assert {check}")
    return "\n".join([*lines[True], _HIDDEN[0], *lines[False], _HIDDEN[1]])


def _doctests(item: Item) -> str:
    cases = [
        {"code": f">>> {check}\nTrue", "hidden": not visible, "locked": False}
        for check, visible in _checks(item)
    ]
    suite = {"cases": cases, "scored": True, "setup": "", "teardown": "", "type": "doctest"}
    name = _variable(item)
    test = {"name": name, "points": item.points, "all_or_nothing": True, "suites": [suite]}
    return f"OK_FORMAT = True\n\ntest = {test!r}\n"


def nbgrader_scores(folder: Path) -> dict[str, float]:
    """What plain nbgrader's gradebook says, by student."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        return {one.student.id: one.score for one in book.assignment_submissions(QUIZ)}


def otter_score(folder: Path) -> float:
    """What one run of otter wrote into its folder of results."""
    found = json.loads((folder / "results.json").read_text())["tests"]
    return sum(test["score"] for test in found if "score" in test)


def emptied(folder: Path) -> Path:
    """The folder, without anything in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
