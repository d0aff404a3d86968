"""Reads tasks with reference answers from files."""

import tomllib
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from course.endpoint.options import TASK_LINE
from course.endpoint.simulation.reference import Item
from course.errors import CourseError


def task_files(path: Path) -> list[Path]:
    """The files of tasks (.toml, .jsonl) at a path; CourseError where there is none."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    files = [file for file in files if file.suffix in (".toml", ".jsonl")]
    if not files or not path.exists():
        raise CourseError(
            f"There are no tasks at {path}; name {TASK_LINE}, a .toml file or a folder."
        )
    return files


def read_items(path: Path) -> list[Item]:
    """The items of one file; what is missing or broken is a CourseError that names it."""
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".jsonl":
            lines = [line for line in text.splitlines() if line.strip()]
            return _reader().validate_json(f"[{','.join(lines)}]")
        book = tomllib.loads(text)
        rows = [{"kind": book.get("kind")} | row for row in book.get("item", [])]
        return _reader().validate_python(rows)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        number, *at = found["loc"] or ("?",)
        where = f"item {number + 1}" if isinstance(number, int) else "a line"
        field = f" {at[0]}:" if at else ""
        raise CourseError(f"{path.name}, {where}:{field} {found['msg']}; mend it there.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError) as error:
        raise CourseError(f"{path.name} can't be read: {error}; mend the file.") from None


@cache
def _reader() -> TypeAdapter:
    return TypeAdapter(list[Item])
