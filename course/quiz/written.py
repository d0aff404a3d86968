"""Which functions a notebook holds: their code is the answer to an item, so none is recorded."""

import ast
import json
import re
from collections.abc import Collection, Iterator

_ASSIGNED = r"^\s*(?:async\s+def\s+{0}\s*\(|def\s+{0}\s*\(|{0}\s*=[^=])"


def written(notebook: bytes, names: Collection[str]) -> frozenset[str]:
    """Those of the functions `names` that a notebook's cells define with more than a stub.

    A notebook that can't be read has none. Nothing of it is run.
    """
    return frozenset(name for source in _cells(notebook) for name in names if _has(source, name))


def _cells(notebook: bytes) -> Iterator[str]:
    try:
        cells = json.loads(notebook)["cells"]
        for cell in cells:
            if cell["cell_type"] == "code":
                source = cell["source"]
                yield source if isinstance(source, str) else "".join(source)
    except (ValueError, KeyError, TypeError, RecursionError):
        return


def _has(source: str, name: str) -> bool:
    if name not in source:
        return False
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # a magic, or half a line
        return bool(re.search(_ASSIGNED.format(re.escape(name)), source, re.MULTILINE))
    return any(_defines(statement, name) for statement in body)


def _defines(statement: ast.stmt, name: str) -> bool:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return statement.name == name and not all(map(_is_empty, statement.body))
    if isinstance(statement, ast.Assign):
        return any(isinstance(it, ast.Name) and it.id == name for it in statement.targets)
    if isinstance(statement, ast.ImportFrom):
        return any((it.asname or it.name) == name for it in statement.names)
    return isinstance(statement, ast.ClassDef) and statement.name == name


def _is_empty(statement: ast.stmt) -> bool:
    """A docstring, `...` or `pass`."""
    if isinstance(statement, ast.Pass):
        return True
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
