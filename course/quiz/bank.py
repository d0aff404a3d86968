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
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from course.errors import CourseError
from course.quiz import resolve, score
from course.quiz.items import TYPES, Bank, Item, Option, Policy, Tolerance
from course.quiz.score import SCORED

__all__ = ["SCORED", "TYPES", "Bank", "Item", "Option", "Policy", "Tolerance", "complete", "load"]


def load(path: str | Path, *, facts: Mapping[str, object]) -> Bank:
    """The bank in a TOML file, its texts and numbers worked out from `facts` (name -> value).

    All mistakes of the file come as one CourseError that names file, item and field.
    """
    table = _read(Path(path))
    try:
        bank = Bank.model_validate(table)
    except ValidationError as error:
        raise _told(path, [_sentence(table, problem) for problem in error.errors()]) from None
    items, problems = resolve.items(bank.items, facts)
    if problems:
        raise _told(path, problems)
    return bank.model_copy(update={"items": items, "digest": _digest(bank, items, facts)})


def complete(bank: Bank) -> list[str]:
    """What the quiz still needs before it can be released, one sentence each; [] when nothing."""
    needs = [] if bank.title else ["The quiz has no title."]
    needs += [] if bank.items else ["The quiz has no items."]
    needs += _unkept("The quiz", bank.policy)
    for item in bank.items:
        about = f"Item {item.id}"
        needs += [f"{about} {need}" for need in _item_needs(item)]
        needs += _unkept(about, item.policy) if item.policy else []
        if bank.shows_feedback_at_once(item) and item.type in SCORED:
            needs += [f"{about} {need}" for need in _feedback_needs(item)]
    return needs


def _item_needs(item: Item) -> Iterator[str]:
    if item.type not in SCORED:
        yield f"is of type {item.type}, which this edition cannot score yet."
        return
    if not item.stem.strip():
        yield "has no stem."
    if item.key in (None, []):
        yield "has no key."
    if item.feedback and item.type != "numeric":
        yield "has a feedback of its own, which only numeric items show; put it on the options."
    if item.parameters:
        yield "has parameters, which this edition cannot draw yet."
    yield from _numeric_needs(item) if item.type == "numeric" else _choice_needs(item)


def _choice_needs(item: Item) -> Iterator[str]:
    if len(item.options) < 3:
        yield f"has too few options ({len(item.options)}; it needs at least 3)."
    empty = [option.id for option in item.options if not str(option.text).strip()]
    if empty:
        yield f"has options without a text: {', '.join(empty)}."
    if item.type == "multiple" and item.key:
        if len(item.key) < 2:
            yield "has one key only; make it a single, or declare two keys and more."
        if len(item.key) == len(item.options):
            yield "has no wrong option."


def _numeric_needs(item: Item) -> Iterator[str]:
    if item.key is None:
        return
    low, high = score.interval(item.key, item.tolerance)
    for option in item.options:
        if option.id != "right" and low <= option.value <= high:
            yield f"counts its anticipated wrong answer {option.id} as right (tolerance too wide)."


def _feedback_needs(item: Item) -> Iterator[str]:
    silent = [option.id for option in item.options if not option.feedback.strip()]
    if silent:
        yield f"has options without feedback: {', '.join(silent)}."
    if item.type == "numeric":
        if not item.feedback.strip():
            yield "has no feedback for a number nobody anticipated (its field feedback)."
        if "right" not in [option.id for option in item.options]:
            yield "has no option called right with the feedback for the key."


def _unkept(about: str, policy: Policy) -> list[str]:
    """A rule that would be ignored in silence is worse than one refused."""
    later = ("attempts", "shuffle", "opens", "closes", "confidence")
    asked = [name for name in later if getattr(policy, name) not in (None, False)]
    return [f"{about} asks for policy.{name}, which this edition does not keep." for name in asked]


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode(), parse_float=Decimal)
    except OSError as error:
        raise CourseError(f"The bank {path} cannot be read: {error.strerror}.") from None
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


_FIELDS = sorted({*Bank.model_fields, *Item.model_fields, *Option.model_fields})
_IN_TOML = {
    "model_type": "a table",
    "dict_type": "a table",
    "tuple_type": "an array",
    "string_type": "text in quotes",
}


def _digest(bank: Bank, items: tuple[Item, ...], facts: Mapping[str, object]) -> str:
    """Only what is public goes in: a digest over keys would let them be found by trying."""
    used = {name: str(facts[name]) for item in items for name in item.facts.values()}
    seen = {
        "quiz": bank.quiz,
        "title": bank.title,
        "items": [item.public() for item in items],
        "facts": used,
    }
    text = json.dumps(seen, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
