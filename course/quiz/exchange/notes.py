"""What a format has no place for, kept in a comment of the file, for the way back.

Other programs pass over the comment; `course bank import` finds option ids, units and the like
in it again. Nothing in it is trusted: what is not of the expected form is passed over as well,
and where the file itself says something else, the file is right.
"""

import json
import re
from decimal import Decimal
from typing import Any

from course.quiz.items import Bank, Item, Question

_MARK = "course-bank:"
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_LONGEST = 20_000


def of_bank(bank: Bank) -> str:
    """The comment that opens a file."""
    return _written({"quiz": bank.quiz, "title": bank.title, "objectives": bank.objectives})


def of_item(item: Item, *, also: tuple[str, ...] = ()) -> str:
    """The comment before an item; `also` names fields the format at hand has no place for."""
    kept = _of_question(item)
    kept |= {name: value for name in also if (value := getattr(item, name)) not in ("", None)}
    if item.scoring != "share":
        kept["scoring"] = item.scoring
    if item.prompts:
        kept["prompts"] = [prompt.id for prompt in item.prompts]
    if item.type in ("order", "match"):
        kept["key"] = in_file(item)
    if item.gaps:
        kept["gaps"] = [
            {"id": gap.id, "weight": gap.weight, **_of_question(gap)} for gap in item.gaps
        ]
    return _written(kept) if kept else ""


def in_file(item: Item) -> list[str]:
    """The options' ids in the order in which files have them: as the key names them, then the rest.

    Other files tell the right order, or the pairs, by the place; ours show them mixed.
    """
    named = item.key.values() if isinstance(item.key, dict) else item.key
    return list(dict.fromkeys([*named, *(option.id for option in item.options)]))


def _of_question(question: Question) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    if question.options:
        kept["options"] = [option.id for option in question.options]
    if question.type == "numeric":
        kept |= {"unit": question.unit, "units": list(question.units)}
        kept["relative"] = str(question.tolerance.relative)
    return kept


def _written(kept: dict[str, Any]) -> str:
    # Two hyphens would end an XML comment; inside a JSON string a hyphen can be escaped.
    return f"{_MARK} {json.dumps(kept, default=str)}".replace("--", "-\\u002d")


def read(comment: str) -> dict[str, Any]:
    """What such a comment keeps, field by field checked; {} for any other text."""
    _, mark, written = comment.partition(_MARK)
    if not mark or len(written) > _LONGEST:
        return {}
    try:
        kept = json.loads(written)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(kept, dict):
        return {}
    return {name: value for name, value in kept.items() if name in _FORMS and _FORMS[name](value)}


def ids(kept: dict[str, Any], field: str, count: int, default: str) -> list[str]:
    """`count` ids: those kept if they are as many, else A, B, … or p1, p2, …"""
    found = kept.get(field, [])
    if len(found) == count:
        return list(found)
    return [name_of(place, default) for place in range(count)]


def name_of(place: int, default: str) -> str:
    """The id of the part at that place: A, B, …, Z, A2, …, or p1, p2, … if `default` is p."""
    if default != "A":
        return f"{default}{place + 1}"
    return chr(ord("A") + place % 26) + (str(place // 26 + 1) if place >= 26 else "")


def _are_ids(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(set(map(str, value))) == len(value)
        and all(map(_is_id, value))
    )


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and bool(_ID.fullmatch(value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 1000 and value.isprintable()


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1000


def _is_share(value: Any) -> bool:
    return (
        isinstance(value, str)
        and bool(re.fullmatch(r"0(\.\d{1,30})?", value))
        and Decimal(value) <= Decimal("0.5")
    )


def _are_gaps(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_gap, value))


def _is_gap(gap: Any) -> bool:
    return (
        isinstance(gap, dict)
        and _is_id(gap.get("id"))
        and _is_number(gap.get("weight"))
        and all(_FORMS[name](value) for name, value in gap.items() if name in _FORMS)
    )


_FORMS = {
    "quiz": _is_id,
    "title": _is_text,
    "objectives": lambda value: isinstance(value, dict) and all(map(_is_text, value.values())),
    "options": _are_ids,
    "prompts": _are_ids,
    "key": _are_ids,
    "gaps": _are_gaps,
    "unit": _is_text,
    "units": lambda value: isinstance(value, list) and all(map(_is_text, value)),
    "relative": _is_share,
    "points": _is_number,
    "section": _is_text,
    "pattern": lambda value: isinstance(value, str) and len(value) <= 1000,
    "scoring": lambda value: value in ("share", "all-or-nothing"),
}
