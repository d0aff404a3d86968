"""The columns of a table of results: which are needed, which are used, what others may mean."""

import difflib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from course.errors import CourseError
from course.upgrade.values import some

if TYPE_CHECKING:
    from pandas import DataFrame

NEEDED = ("item", "model", "correct", "cost_usd")
OPTIONAL = ("latency_s", "confidence", "source", "cluster")
_KNOWN = (
    *("answer", "label", "repeat", "error", "task", "batch", "images", "tier"),
    *("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens"),
)
_MEANT = {
    "item": ("id", "ids", "ticket", "question", "row", "nr", "no", "number", "example", "case"),
    "model": ("llm", "engine", "name", "deployment"),
    "correct": ("right", "ok", "hit", "result", "solved", "success"),
    "cost_usd": ("cost", "costs", "price", "usd", "dollars", "dollar", "spend"),
}
_OF_A_SUMMARY = ("rate", "score", "mean", "percent", "size", "total", "passed")


def named(frame: "DataFrame") -> "DataFrame":
    """The frame with lower-case names of columns; an index by item or model becomes columns."""
    held = [str(name) for name in frame.index.names if name is not None]
    if any(name.strip().lower() in NEEDED for name in held):
        frame = frame.reset_index()
    frame = frame.rename(columns=lambda name: str(name).strip().lower())
    doubled = [name for name in (*NEEDED, *OPTIONAL) if list(frame.columns).count(name) > 1]
    if doubled:
        raise CourseError(f"The results have two columns {doubled[0]!r}; keep one of them.")
    return frame


def check(frame: "DataFrame") -> None:
    """CourseError unless there are all needed columns and at least one row."""
    missing = [name for name in NEEDED if name not in frame.columns]
    if {"item", "correct"} & set(missing) and (words := _summary_columns(frame)):
        raise CourseError(summary(f"a column {words[0]!r}"))
    if missing == ["cost_usd"] and "prompt_tokens" in frame.columns:
        raise CourseError(
            "The results have tokens but no cost_usd; course.upgrade.priced(results) adds it."
        )
    if missing:
        absent = ", ".join(missing[:-1]) + " or " * (len(missing) > 1) + missing[-1]
        raise CourseError(f"The results have no column {absent}; {_hint(frame, missing)}")
    if frame.empty:
        raise CourseError("The results have names of columns but no row; run the evaluation first.")


def _hint(frame: "DataFrame", missing: list[str]) -> str:
    there = [str(name) for name in frame.columns if name not in (*NEEDED, *OPTIONAL, *_KNOWN)]
    meant = {}
    for name in missing:
        left = [one for one in there if one not in meant]
        if found := near(name, left) or _by_meaning(name, left):
            meant[found] = name
    if not meant:
        return f"each row needs {', '.join(NEEDED)}."
    if len(meant) == 1:
        [(found, name)] = meant.items()
        return f"if {found!r} is it, rename it to {name!r}."
    renamed = [f"{found!r} to {name!r}" for found, name in meant.items()]
    return f"if these are they, rename {', '.join(renamed[:-1])} and {renamed[-1]}."


def _by_meaning(name: str, names: list[str]) -> str | None:
    """The first of the names that has a word which mostly means this column."""
    words = _MEANT.get(name, ())
    return next((one for one in names if set(re.split(r"[^a-z]+", one)) & set(words)), None)


def _summary_columns(frame: "DataFrame") -> list[str]:
    words = {name: re.split(r"[^a-z]+", name) for name in frame.columns}
    return [
        name
        for name, parts in words.items()
        if any(part in _OF_A_SUMMARY or part.startswith("acc") for part in parts)
    ]


def summary(what: str) -> str:
    """The sentence that refuses a table of summaries, which is known by `what`."""
    return (
        f"The results are a summary ({what}): the verdict needs one row for each item and model, "
        "with item, model, correct and cost_usd, because only the same items side by side show "
        "what chance there is in the difference."
    )


def near(name: str, names: Iterable[str]) -> str | None:
    """The one of the names that is most like this one, or None if none is."""
    known = {str(each).strip().lower(): str(each) for each in names}
    name = name.strip().lower()
    if name in known:
        return known[name]
    longer = [each for each in known if each.startswith(name) or (each and name.startswith(each))]
    close = longer or difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return known[close[0]] if close else None


def ignored(frame: "DataFrame") -> str:
    """A note on columns that are not used; one that looks like a used one misspelt is named so."""
    used = (*NEEDED, *OPTIONAL, *_KNOWN)
    others = [str(name) for name in frame.columns if name not in used]
    if not others:
        return ""
    absent = [name for name in OPTIONAL if name not in frame.columns]
    hints = [f"{name} looks like {like}" for name in others if (like := near(name, absent))]
    meant = f" ({'; '.join(hints)}: rename it if it is)" if hints else ""
    return f"Columns that are not used: {some(others)}{meant}."
