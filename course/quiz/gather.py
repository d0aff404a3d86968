"""What a hand-in takes along: the answers and the notebook, as they are this moment."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from course.errors import CourseError
from course.quiz import archive, journal, score
from course.quiz.place import Place
from course.quiz.written import written


def gather(place: Place, folder: Path) -> list[str]:
    """Copy notebook and answers to `folder` as they are this moment; what should be said."""
    remarks = []
    try:
        answers = archive.read_file(place.journal_path, most=journal.MOST_BYTES)
    except CourseError as error:
        answers = None
        remarks.append(f"Your answers could not be handed in: {error}.")
    if answers is not None:
        (folder / journal.FILE).write_bytes(answers)
    path, said = _notebook(place)
    if path:
        try:
            content = archive.read_file(path, most=10 * archive.MOST_NOTEBOOK_BYTES) or b""
            content, shortened = _not_too_big(content)
            (folder / f"{place.name}.ipynb").write_bytes(content)
            said += shortened + _as_saved(place, path)
        except CourseError as error:
            said.append(f"The notebook could not be handed in: {error}; your answers were.")
    return remarks + said


def _as_saved(place: Place, path: Path) -> list[str]:
    """What is typed and not yet saved is not handed in: said where functions are asked for."""
    if not any(item["type"] in score.PROGRAMS for item in place.items.values()):
        return []
    saved = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return [
        f"Your functions are handed in as the notebook was saved at {saved:%H:%M:%S} UTC; if you "
        "changed one since, save (Ctrl+S, on a Mac ⌘S) and hand in again."
    ]


def _notebook(place: Place) -> tuple[Path | None, list[str]]:
    """The quiz's notebook, also when it was renamed and is the only one."""
    path = place.folder / f"{place.name}.ipynb"
    if path.exists():
        return path, []
    others = sorted(place.folder.glob("*.ipynb"))
    if len(others) == 1:
        return others[0], [f"The notebook {others[0].name} was handed in as {path.name}."]
    found = f"{len(others)} others and it is not clear which" if others else "none"
    return None, [f"There is no {path.name} ({found}): only your answers were handed in."]


def _not_too_big(content: bytes) -> tuple[bytes, list[str]]:
    if len(content) <= archive.MOST_NOTEBOOK_BYTES:
        return content, []
    try:
        notebook = json.loads(content)
        for cell in notebook["cells"]:
            if cell.get("cell_type") == "code":
                cell["outputs"] = []
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise CourseError("it is very big and can't be read") from None
    text = json.dumps(notebook, ensure_ascii=False).encode("utf-8", "replace")
    if len(text) > archive.MOST_NOTEBOOK_BYTES:
        raise CourseError(f"it has {len(text) / 1e6:.0f} MB without its outputs")
    return text, ["The notebook is very big: it was handed in without its outputs."]


def answered_in(
    place: Place, recorded: Mapping[str, journal.Event], notebook: bytes
) -> tuple[str, ...]:
    """The items with an answer: recorded, or a function that is written in the notebook."""
    asked = {item.get("function", "") for item in place.items.values()} - {""}
    found = written(notebook, asked)
    return tuple(
        name
        for name, item in place.items.items()
        if item.get("function") in found or _is_answered(item, recorded)
    )


def _is_answered(item: Mapping[str, Any], recorded: Mapping[str, journal.Event]) -> bool:
    if item["type"] in score.PROGRAMS or item["id"] not in recorded:
        return False
    try:
        return bool(score.check(item, recorded[item["id"]].response))
    except CourseError:
        return False
