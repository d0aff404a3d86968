"""From an item of a bank and one response to it, to the records of statistics. Pure."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from course.errors import CourseError
from course.quiz import markup, score, variants, words
from course.quiz.items import Item, Option
from course.quiz.statistics_records import Choice, Question

LONGEST = 60
"""Characters of an answer that are shown."""

Wrong = tuple[tuple[str, str], ...]
"""What is not right in an answer, each with the misconception that the bank names for it."""


def question(item: Item, *, first_counts: bool) -> Question:
    """The item as a record, with its options where some of them are chosen."""
    keys = item.key if item.type == "multiple" else [item.key]
    options = item.options if item.type in ("single", "multiple") else ()
    choices = tuple(
        Choice(one.id, one.id in keys, markup.plain(str(one.text)), one.misconception)
        for one in options
    )
    stem = markup.plain(item.stem)
    return Question(item.id, item.type, stem, float(item.points), choices, first_counts)


def chosen(item: Item, response: Any) -> tuple[str, ...]:
    """The options in a response to a single or multiple; () for one that does not fit."""
    answer = _checked(item, response)
    if item.type == "single" and answer is not None:
        return (answer,)
    return tuple(answer or ()) if item.type == "multiple" else ()


def wrong(item: Item, response: Any) -> Wrong:
    """What is not right in a response to a numeric, text, order, match or cloze, as text."""
    answer = _checked(item, response)
    read = {
        "numeric": _wrong_number,
        "text": _wrong_text,
        "order": _wrong_order,
        "match": _wrong_pairs,
        "cloze": _wrong_gaps,
    }.get(item.type)
    if answer is None or read is None:
        return ()
    return tuple((_short(text), misconception) for text, misconception in read(item, answer))


def _checked(item: Any, response: Any) -> Any:
    try:
        return score.check(item.public(), response)
    except CourseError:
        return None


def _wrong_number(item: Any, answer: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The number in the item's own unit; anticipated ones count within the item's tolerance."""
    value = score.amount(item.public(), answer)
    if not _near(item, item.key, value):
        said = [one for one in item.options if one.value is not None and one.id != "right"]
        found = [one for one in said if _near(item, one.value, value)]
        yield f"{variants.plain(value)} {item.unit}".strip(), _misconception(found)


def _near(item: Any, value: Decimal, given: Decimal) -> bool:
    low, high = score.interval(value, item.tolerance)
    return low <= given <= high


def _misconception(options: list[Option]) -> str:
    return options[0].misconception if options else ""


def _wrong_text(item: Any, answer: str) -> Iterator[tuple[str, str]]:
    found = [one for one in item.options if words.is_accepted(answer, [str(one.text)])]
    if not item.is_by_hand and not words.is_accepted(answer, item.accept, item.pattern):
        yield words.fold(answer), _misconception(found)


def _wrong_order(item: Item, answer: list[str]) -> Iterator[tuple[str, str]]:
    if list(answer) != list(item.key):
        yield ", ".join(answer), ""


def _wrong_pairs(item: Item, answer: dict[str, str]) -> Iterator[tuple[str, str]]:
    for prompt, option in answer.items():
        if item.key.get(prompt) != option:
            found = [one for one in item.options if one.id == option]
            yield f"{prompt}: {option}", _misconception(found)


def _wrong_gaps(item: Item, answer: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for gap in item.gaps:
        if gap.id in answer:
            found = _wrong_in_gap(gap, answer[gap.id])
            yield from ((f"{gap.id}: {text}", misconception) for text, misconception in found)


def _wrong_in_gap(gap: Any, answer: Any) -> Iterator[tuple[str, str]]:
    if gap.type == "single" and answer != gap.key:
        yield str(answer), _misconception([one for one in gap.options if one.id == answer])
    elif gap.type == "numeric":
        yield from _wrong_number(gap, answer)
    elif gap.type == "text":
        yield from _wrong_text(gap, answer)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
