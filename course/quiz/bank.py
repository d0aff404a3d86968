"""The bank of a quiz: `solutions/NN_name/bank.toml`, read by one schema.

`load` gives a Bank whose texts and keys are worked out from the facts it is handed.
What must be right for an item to be scored is checked here; what makes an item good
(lengths, levels, wording) is the linter's work, and what a release still needs is told
by `complete`. Pure: nothing here knows where facts, quizzes or students live.
"""

import difflib
import hashlib
import json
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from course.errors import CourseError
from course.quiz import resolve
from course.quiz.complete import complete
from course.quiz.fields import Bound, Bounds, Case, Option, Tolerance
from course.quiz.items import TYPES, Bank, Gap, Item, Policy

__all__ = [
    "TYPES",
    "Bank",
    "Bounds",
    "Case",
    "Gap",
    "Item",
    "Option",
    "Policy",
    "Tolerance",
    "complete",
    "load",
]


def load(path: str | Path, *, facts: Mapping[str, object]) -> Bank:
    """The bank in a TOML file, its texts and numbers worked out from `facts` (name -> value).

    All mistakes of the file come as one CourseError that names file, item and field.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise CourseError(f"The bank {path} cannot be read: {error.strerror}.") from None
    return parse(content, path, facts=facts)


def parse(content: bytes, path: str | Path, *, facts: Mapping[str, object]) -> Bank:
    """The bank in the bytes of the TOML file `path`, as `load` gives it."""
    table = _read(content, path)
    try:
        bank = Bank.model_validate(table)
    except ValidationError as error:
        raise _told(path, [_sentence(table, problem) for problem in error.errors()]) from None
    items, problems = resolve.items(bank.items, facts, assignment=bank.quiz)
    if problems:
        raise _told(path, problems)
    items = tuple(_with_digest(item, facts) for item in items)
    return bank.model_copy(update={"items": items, "digest": _digest(bank, items)})


def _read(content: bytes, path: str | Path) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode(), parse_float=Decimal)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise CourseError(f"{path}, line {line}: save the file as UTF-8.") from None
    except RecursionError:
        raise CourseError(f"{path} is nested too deeply to be a bank.") from None
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{path} is not valid TOML: {error}.") from None


def _told(path: object, problems: list[str]) -> CourseError:
    if len(problems) == 1:
        return CourseError(f"{path}: {problems[0]}")
    return CourseError("\n- ".join([f"{path} has {len(problems)} problems:", *problems]))


def _sentence(table: dict[str, Any], problem: Mapping[str, Any]) -> str:
    """One of pydantic's errors as: item, field, what was found, what was expected."""
    about, field = _place(table, problem["loc"])
    match problem["type"]:
        case "missing":
            return f"{about}field {field}: it is missing."
        case "extra_forbidden":
            near = difflib.get_close_matches(field.split(".")[-1], _FIELDS, n=1)
            hint = f"; is it {near[0]} that is meant?" if near else "."
            return f"{about}field {field}: this field is not known here{hint}"
        case "string_pattern_mismatch":
            said = "letters, digits, - and _ only"
        case kind:
            said = _IN_TOML.get(kind, problem["msg"])
            said = said.removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{about}field {field}: {str(problem['input'])[:60]!r} found, expected {said}."


def _place(table: dict[str, Any], place: tuple[int | str, ...]) -> tuple[str, str]:
    """Where a problem is, as an author says it: `item 02-tokens-04, `, `options.B.text`."""
    names, here = [], table
    for part in place:
        here = _inside(here, part)
        name = here.get("id") if isinstance(here, dict) and isinstance(part, int) else None
        names.append(name if isinstance(name, str) else _counted(part))
    if names[:1] == ["items"] and len(names) > 1:
        return f"item {names[1]}, ", ".".join(names[2:]) or "(all)"
    return "", ".".join(names)


def _inside(table: Any, part: int | str) -> Any:
    try:
        return table[part]
    except (KeyError, IndexError, TypeError):
        return None


def _counted(part: int | str) -> str:
    return f"number {part + 1}" if isinstance(part, int) else part


_FIELDS = sorted(
    {
        field.alias or name
        for model in (Bank, Policy, Item, Gap, Option, Case, Bound, Bounds, Tolerance)
        for name, field in model.model_fields.items()
    }
)
_IN_TOML = {
    "model_type": "a table",
    "dict_type": "a table",
    "tuple_type": "an array",
    "string_type": "text in quotes",
    "timezone_aware": "a time with its zone, such as 2026-09-01T08:00:00Z",
}


def _with_digest(item: Item, facts: Mapping[str, object]) -> Item:
    """Only what is public goes in: a digest over keys would let them be found by trying."""
    made = item.drawn or (item,)
    used = {name: str(facts[name]) for name in item.facts.values()}
    digest = _hashed({"items": [each.public() for each in made], "facts": used})
    drawn = tuple(each.model_copy(update={"digest": digest}) for each in item.drawn)
    return item.model_copy(update={"digest": digest, "drawn": drawn})


def _digest(bank: Bank, items: tuple[Item, ...]) -> str:
    digests = {item.id: item.digest for item in items}
    return _hashed({"quiz": bank.quiz, "title": bank.title, "items": digests})


def _hashed(seen: dict[str, Any]) -> str:
    text = json.dumps(seen, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
