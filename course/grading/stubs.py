"""What stands in a student's notebook where the author's solution stood. Pure.

In solutions/ a cell marked as a solution holds lines between `### BEGIN SOLUTION` and
`### END SOLUTION`; students find a line of three dots there, which runs and gives None.
"""

import ast

from nbformat import NotebookNode

from course.errors import CourseError

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"
STUB = ("# Your code here", "...")


def is_solution(cell: NotebookNode) -> bool:
    """Whether nbgrader leaves the cell's source to the student."""
    marked = cell.metadata.get("nbgrader")
    return isinstance(marked, dict) and bool(marked.get("solution"))


def stub(cell: NotebookNode) -> str:
    """The cell's source without its solutions; CourseError where one could be given away."""
    marked, regions = is_solution(cell), cell.source.count(BEGIN)
    if regions != cell.source.count(END):
        raise CourseError(_told(cell, f"has {regions} {BEGIN}, but not as many {END}"))
    if marked and not regions:
        raise CourseError(_told(cell, f"is marked as a solution and has no ### {BEGIN}"))
    if regions and not marked:
        raise CourseError(_told(cell, "holds a solution, but is not marked as one"))
    return "\n".join(_lines(cell)) if regions else cell.source


def functions(source: str) -> set[str]:
    """The names of the functions that a cell defines."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return set()
    return {node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def _lines(cell: NotebookNode) -> list[str]:
    kept, inside = [], False
    for line in cell.source.split("\n"):
        if BEGIN in line:
            if inside:
                raise CourseError(_told(cell, f"has a {BEGIN} inside another"))
            inside, indent = True, line[: len(line) - len(line.lstrip())]
            kept += [f"{indent}{part}" for part in STUB]
        elif END in line:
            if not inside:
                raise CourseError(_told(cell, f"has an {END} before its {BEGIN}"))
            inside = False
        elif not inside:
            kept.append(line)
    return kept


def _told(cell: NotebookNode, problem: str) -> str:
    first = cell.source.strip().split("\n")[0][:60]
    return (
        f"The cell that begins with {first!r} {problem}: put the solution's lines between "
        f'### {BEGIN} and ### {END}, and "solution": true in the cell\'s nbgrader metadata.'
    )
