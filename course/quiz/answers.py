"""Reading a response before it is saved, and saying what to mend in one that does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from course.errors import CourseError
from course.quiz import numbers, words

PROGRAMS = ("code", "measured")
"""Types whose answer is a function in the notebook and never stands in the journal."""


class Unanswered(CourseError):
    """Nothing was answered."""


def check(public_item: Mapping[str, Any], response: Any) -> Any:
    """The response in its plain form, ready for the journal, or CourseError saying what to mend.

    An option id (single), a list of option ids in the order of the options (multiple) or in the
    learner's (order), `{"value": number, "unit": unit}` (numeric; a bare number, "0.5" and
    "0.5 USD" are read too), a table of prompt to option id (match) or of gap to response (cloze),
    of which some may be left out, or a text (text).
    """
    kind = public_item["type"]
    if kind in PROGRAMS:
        raise CourseError(
            f"The answer is the function {public_item.get('function', '')} in the notebook: "
            "write it in a cell of its own, run it, then run this item's cell."
        )
    if kind not in _READ:
        raise CourseError(f"This edition cannot take answers to items of type {kind}.")
    if _is_empty(kind, response):
        raise Unanswered("Nothing is answered yet.")
    return _READ[kind](public_item, response)


def _is_empty(kind: str, response: Any) -> bool:
    if isinstance(response, dict):
        if kind not in ("match", "cloze") and set(response) <= {"value", "unit"}:
            return _is_blank(response.get("value"))
        return all(map(_is_blank, response.values()))
    return _is_blank(response) or (
        isinstance(response, list | tuple | set | frozenset) and not response
    )


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _ids(public_item: Mapping[str, Any]) -> list[str]:
    return [option["id"] for option in public_item["options"]]


def _single(public_item: Mapping[str, Any], response: Any) -> str:
    ids = _ids(public_item)
    if not isinstance(response, str):
        raise CourseError(f"Choose one option: {', '.join(ids)}.")
    return _option(ids, response)


def _multiple(public_item: Mapping[str, Any], response: Any) -> list[str]:
    ids = _ids(public_item)
    return sorted(_chosen(ids, response, list | tuple | set | frozenset), key=ids.index)


def _order(public_item: Mapping[str, Any], response: Any) -> list[str]:
    ids = _ids(public_item)
    chosen = _chosen(ids, response, list | tuple)
    missing = [name for name in ids if name not in chosen]
    if missing:
        raise CourseError(f"Put all options in order; left out: {', '.join(missing)}.")
    return chosen


def _chosen(ids: list[str], response: Any, kinds: Any) -> list[str]:
    if not isinstance(response, kinds) or not all(isinstance(part, str) for part in response):
        raise CourseError(f"Give a list of options, each one of {', '.join(ids)}.")
    chosen = [_option(ids, part) for part in response]
    for part in chosen:
        if chosen.count(part) > 1:
            raise CourseError(
                f"Option {part} is chosen {chosen.count(part)} times; once is enough."
            )
    return chosen


def _match(public_item: Mapping[str, Any], response: Any) -> dict[str, str]:
    ids, prompts = _ids(public_item), [prompt["id"] for prompt in public_item["prompts"]]
    found = {}
    for prompt, option in _table(prompts, response, "prompts").items():
        if not isinstance(option, str):
            raise CourseError(f"Give {prompt} one option: {', '.join(ids)}.")
        found[prompt] = _option(ids, option)
    return found


def _cloze(public_item: Mapping[str, Any], response: Any) -> dict[str, Any]:
    gaps = {gap["id"]: gap for gap in public_item["gaps"]}
    found = {}
    for name, answer in _table(list(gaps), response, "gaps").items():
        try:
            found[name] = check(gaps[name], answer)
        except Unanswered:
            continue
        except CourseError as error:
            raise CourseError(f"Gap {list(gaps).index(name) + 1} ({name}): {error}") from None
    if not found:
        raise Unanswered("Nothing is answered yet.")
    return found


def _table(names: list[str], response: Any, what: str) -> dict[str, Any]:
    """The parts that are answered, in the item's order."""
    if not isinstance(response, dict):
        raise CourseError(f"Give a table with the {what} {', '.join(names)}.")
    strange = [str(name)[:20] for name in response if name not in names]
    if strange:
        raise CourseError(f"{strange[0]!r} is not one of the {what} {', '.join(names)}.")
    return {
        name: response[name] for name in names if name in response and not _is_blank(response[name])
    }


def _text(_: Mapping[str, Any], response: Any) -> str:
    if not isinstance(response, str):
        raise CourseError("Give a text.")
    text = response.strip()
    if len(text) > words.LONGEST:
        raise CourseError(
            f"The text has {len(text):,} characters; at most {words.LONGEST:,} can be saved."
        )
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise CourseError("The text holds a sign that can't be saved; write it anew.")
    return text


def _option(ids: Iterable[str], written: str) -> str:
    wanted = written.strip()
    near = [name for name in ids if name.casefold() == wanted.casefold()]
    if wanted in near:
        return wanted
    if len(near) != 1:
        raise CourseError(f"{wanted[:20]!r} is not an option here; choose from {', '.join(ids)}.")
    return near[0]


_READ = {
    "single": _single,
    "multiple": _multiple,
    "numeric": numbers.read,
    "order": _order,
    "match": _match,
    "cloze": _cloze,
    "text": _text,
}
