"""What must be right about an item, type by type, before anything can be scored by it.

Each function gives (field, what is wrong) pairs; a key that is still missing is no mistake here,
for a draft has none (`bank.complete` tells it).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal

from course.errors import CourseError
from course.quiz import units, words
from course.quiz.items import GAP_TYPES, Gap, Item, Question

Problem = tuple[str, str]

MARK = re.compile(r"\[\[([A-Za-z0-9_-]{1,80})\]\]")
"""A gap in the stem of a cloze."""

# Fields that only some types have; anywhere else they would be ignored in silence.
_ONLY = {
    "options": ("single", "multiple", "numeric", "order", "match", "text"),
    "unit": ("numeric",),
    "units": ("numeric",),
    "tolerance": ("numeric",),
    "accept": ("text",),
    "pattern": ("text",),
    "prompts": ("match",),
    "gaps": ("cloze",),
    "function": ("code", "measured"),
    "cases": ("code", "measured"),
    "bounds": ("measured",),
    "parameters": ("single", "multiple", "numeric", "order", "match", "cloze", "text"),
    "key": ("single", "multiple", "numeric", "order", "match"),
}


def problems(item: Item) -> Iterator[Problem]:
    """What is wrong with the item's own fields, gaps included."""
    yield from _question(item)
    if item.type == "match":
        yield from _match(item)
    if item.type == "cloze":
        yield from _cloze(item)
    if item.function and not (item.function.isidentifier() and item.function.isascii()):
        yield "function", f"{item.function!r} found, expected the name of a function."


def _question(item: Question) -> Iterator[Problem]:
    yield from _strays(item)
    yield from _twice("options", item.options)
    yield from _CHECKS.get(item.type, lambda _: ())(item)


def _strays(item: Question) -> Iterator[Problem]:
    for field, types in _ONLY.items():
        if field in item.model_fields_set and item.type not in types and getattr(item, field):
            yield field, f"an item of type {item.type} has none; {' and '.join(types)} items do."


def _twice(field: str, parts: Iterable[object]) -> Iterator[Problem]:
    for name, count in Counter(part.id for part in parts).items():
        if count > 1:
            yield field, f"{count} {field} have the id {name!r}."


def _single(item: Question) -> Iterator[Problem]:
    ids = [option.id for option in item.options]
    if item.key is not None and item.key not in ids:
        yield "key", f"{item.key!r} found, expected one of {', '.join(ids)}."


def _multiple(item: Question) -> Iterator[Problem]:
    key, ids = item.key, [option.id for option in item.options]
    if key is None:
        return
    if not isinstance(key, list) or not all(isinstance(part, str) for part in key):
        yield "key", f"{key!r} found, expected a list of option ids."
        return
    for part in dict.fromkeys(key):
        if part not in ids:
            yield "key", f"{part!r} found, expected some of {', '.join(ids)}."
        if key.count(part) > 1:
            yield "key", f"{part!r} stands in the list {key.count(part)} times."


def _order(item: Question) -> Iterator[Problem]:
    mistakes = list(_multiple(item))
    yield from mistakes
    missing = [option.id for option in item.options if option.id not in (item.key or [])]
    if item.key is not None and not mistakes and missing:
        yield "key", f"{', '.join(missing)} left out; expected every option, in the right order."


def _numeric(item: Question) -> Iterator[Problem]:
    if item.tolerance is None:
        yield "tolerance", "it is missing; expected a number or a table, 0 for exact."
    if not item.unit:
        yield "unit", f"it is missing; expected one such as {units.known()[0]}."
        return
    try:
        units.unit(item.unit)
    except CourseError as error:
        yield "unit", str(error)
        return
    for name in item.units:
        try:
            units.convert(Decimal(1), name, item.unit)
        except CourseError as error:
            yield "units", str(error)


def _text(item: Question) -> Iterator[Problem]:
    if item.pattern:
        try:
            words.compiled(item.pattern)
        except CourseError as error:
            yield "pattern", str(error)
    for text in item.accept:
        if not text.strip() or len(text) > words.LONGEST:
            yield "accept", f"{text[:40]!r} found, expected a short text."


def _match(item: Item) -> Iterator[Problem]:
    yield from _twice("prompts", item.prompts)
    key = item.key
    if key is None:
        return
    prompts, ids = [prompt.id for prompt in item.prompts], [option.id for option in item.options]
    if not isinstance(key, dict):
        yield "key", f"{key!r} found, expected a table of prompt = option."
        return
    for prompt in [name for name in prompts if name not in key]:
        yield "key", f"the prompt {prompt} has no option."
    for prompt, option in key.items():
        if prompt not in prompts:
            yield "key", f"{prompt!r} found, expected one of the prompts {', '.join(prompts)}."
        elif option not in ids:
            yield f"key.{prompt}", f"{option!r} found, expected one of {', '.join(ids)}."


def _cloze(item: Item) -> Iterator[Problem]:
    yield from _twice("gaps", item.gaps)
    marks = Counter(MARK.findall(item.stem))
    for gap in item.gaps:
        if marks[gap.id] != 1:
            yield "stem", f"the gap [[{gap.id}]] stands in it {marks[gap.id]} times, expected once."
        yield from ((f"gaps.{gap.id}.{field}", said) for field, said in _gap(gap))
    names = [gap.id for gap in item.gaps]
    yield from (("stem", f"there is no gap {name!r}.") for name in marks if name not in names)


def _gap(gap: Gap) -> Iterator[Problem]:
    yield from _question(gap)
    if gap.is_by_hand:
        yield "accept", "it is missing; expected what is right, or a pattern."


_CHECKS = {
    "single": _single,
    "multiple": _multiple,
    "order": _order,
    "numeric": _numeric,
    "text": _text,
}
assert set(GAP_TYPES) <= set(_CHECKS)
