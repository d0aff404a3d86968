"""The answers that a model gives to tasks: right or wrong by its ability, and written down."""

import contextlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from course.endpoint.simulation.abilities import Abilities, lowered
from course.endpoint.simulation.reference import ABSENT, LABEL, Found, Item, Value

NAMED = ("answer", "label", "category", "class", "value", "result")
"""Properties of a schema that may hold an answer that is one value."""


@dataclass(frozen=True, slots=True)
class Given:
    """A model's answer to an item: its value, whether it is right, the model's confidence in it.

    `alternatives` are the values it might have given, with probabilities that sum to 1; the
    first is the one given. `right` is None where the reference can't be known from the request:
    then the best answer is ABSENT.
    """

    item: Item
    number: int
    value: Value
    right: bool | None
    confidence: float
    alternatives: tuple[tuple[Value, float], ...]

    @property
    def text(self) -> str:
        """The value alone; fields as JSON."""
        return _told(self.value)


def answer(
    found: Sequence[Found],
    model: str,
    *,
    abilities: Abilities,
    draw: Random | None = None,
    tools: Collection[str] = (),
) -> list[Given]:
    """The model's answers to the items of one request; `tools` names those it may call.

    `draw` makes the answers differ a little from run to run; None (for temperature 0, or where
    the request has a seed) makes every run alike.
    """
    return [
        _given(one, model, abilities=abilities, items=len(found), draw=draw, tools=tools)
        for one in found
    ]


def _given(
    found: Found,
    model: str,
    *,
    abilities: Abilities,
    items: int,
    draw: Random | None,
    tools: Collection[str],
) -> Given:
    item = found.item
    chance = {
        "lowered": lowered(items, injected=item.injected is not None),
        "wobble": draw.random() if draw else None,
    }
    best = item.answer if found.known else ABSENT
    others = [other for other in _wrong(item, tools) if other != best]
    right, sure = abilities.attempt(model, item, **chance) if others else (True, 1.0)
    if right:
        ranked = [best, *others]
    else:
        first = others.pop(abilities.pick(model, item, len(others)) if item.injected is None else 0)
        ranked = [first, best, *others]
    return Given(
        item=item,
        number=found.number,
        value=ranked[0],
        right=right if found.known else None,
        confidence=sure,
        alternatives=tuple(zip(ranked, _shares(sure, len(ranked)), strict=True)),
    )


def _wrong(item: Item, tools: Collection[str]) -> list[Value]:
    """The wrong answers in full, the injected one first; only tools that are there."""
    injected = [] if item.injected is None else [item.injected]
    full = [item.wrongly(wrong) for wrong in (*injected, *item.wrong)]
    if item.kind == "tools":
        none = {"tool": "none", "arguments": {}}
        full = [one for one in full if one["tool"] in tools] or [none]
    return [one for number, one in enumerate(full) if one not in full[:number]]


def _shares(first: float, count: int) -> list[float]:
    """The first share, and what is left of 1 for the others, each with half of the one before."""
    halves = [0.5**place for place in range(1, count)]
    return [first, *((1 - first) * half / sum(halves) for half in halves)]


def written(givens: Sequence[Given], *, as_json: bool = False) -> str:
    """The answers as text: one alone, several as one numbered line each; or as a JSON object."""
    if not as_json:
        if len(givens) == 1:
            return givens[0].text
        return "\n".join(f"{given.number}. {given.text}" for given in givens)
    told = [_fields(given) for given in givens]
    if len(told) > 1:
        numbered = [{"number": g.number} | one for g, one in zip(givens, told, strict=True)]
        told = [{"answers": numbered}]
    return json.dumps(told[0], ensure_ascii=False)


def calls(givens: Sequence[Given]) -> list[tuple[str, Mapping]]:
    """The tools to call and their arguments, without the answers that need no tool."""
    told = [given.value for given in givens if given.item.kind == "tools"]
    return [(one["tool"], one["arguments"]) for one in told if one["tool"] != "none"]


def _fields(given: Given) -> dict:
    return given.value if isinstance(given.value, dict) else {"answer": given.value}


def _told(value: Value) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def values_for(schema: Mapping, givens: Sequence[Given]) -> dict[str, object]:
    """The answers as values for the properties of a JSON schema (an object's).

    Fields go to the properties of their names (case and _ aside); a single value to the property
    whose enum has it, in the enum's spelling, else to one called answer, label, category, class,
    value or result, else to the only one there is. `confidence` gets the confidence, `number`,
    `id` or `index` the item's number. Several answers go as objects or values into the first
    array. What fits nowhere is left out.
    """
    properties = _properties(schema, schema)
    if len(givens) > 1 or not (values := _filled(properties, givens[0])):
        for name, part in properties.items():
            if part.get("type") == "array":
                entry = _resolved(part.get("items", {}), schema)
                return {name: [_entry(entry, given, schema) for given in givens]}
        values = {}
        for given in givens:
            values |= dict(_by_number(properties, given, schema))
    return values


def _by_number(properties: Mapping, given: Given, root: Mapping) -> Iterator[tuple[str, object]]:
    """For properties such as "3" or "email_3", one for each number."""
    for name, part in properties.items():
        number = LABEL.search(name)
        if number and int(number[1]) == given.number:
            yield name, _entry(part, given, root)


def _entry(part: Mapping, given: Given, root: Mapping) -> object:
    if "properties" in part:
        return _filled(_properties(part, root), given)
    value = _fitted(part, given.value)
    return given.text if value is None else value


def _filled(properties: Mapping[str, Mapping], given: Given) -> dict[str, object]:
    """The answer's values by the names of properties that they fit."""
    names = {_same(name): name for name in properties}
    about = {"confidence": round(given.confidence, 4)}
    about |= dict.fromkeys(("number", "id", "index"), given.number)
    fields = given.value
    if not isinstance(fields, dict):
        free = [name for same, name in names.items() if same not in about]
        fields = dict.fromkeys(_holders(properties, free, fields), fields)
    told = {_same(name): value for name, value in (about | fields).items()}
    values = {}
    for same, name in names.items():
        fitted = _fitted(properties[name], told.get(same))
        if fitted is not None:
            values[name] = fitted
    return values if any(_same(name) in names for name in fields) else {}


def _holders(properties: Mapping[str, Mapping], free: Sequence[str], value: Value) -> list[str]:
    """The property that a single value belongs to, or none."""
    fitting = [name for name in free if _fitted(properties[name], value) is not None]
    enums = [name for name in fitting if "enum" in properties[name]]
    named = [name for name in fitting if _same(name) in NAMED]
    return (enums or named or (fitting if len(free) == 1 else []))[:1]


def _properties(schema: Mapping, root: Mapping) -> dict[str, Mapping]:
    parts = _resolved(schema, root).get("properties", {})
    return {name: _resolved(part, root) for name, part in parts.items()}


def _resolved(part: Mapping, root: Mapping) -> Mapping:
    """The schema behind $ref, and of anyOf the first that is not null."""
    for _ in range(8):
        if not isinstance(part, Mapping):
            return {}
        if "$ref" in part:
            part = _pointed(root, part["$ref"])
        elif "anyOf" in part:
            part = next((one for one in part["anyOf"] if one.get("type") != "null"), {})
        else:
            break
    return part


def _pointed(root: Mapping, pointer: str) -> Mapping:
    for step in filter(None, pointer.removeprefix("#").split("/")):
        root = root.get(step.replace("~1", "/").replace("~0", "~"), {})
    return root


def _fitted(part: Mapping, value: object) -> object:
    """The value as the schema wants it: its enum's spelling, its type; None if it can't be."""
    if value is None:
        return None
    if "enum" in part or "const" in part:
        allowed = part.get("enum") or [part.get("const")]
        return next((one for one in allowed if _same(str(one)) == _same(str(value))), None)
    kinds = part.get("type", ())
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if isinstance(value, dict | list | bool):
        return value
    if "string" in kinds or not kinds:
        return str(value)
    if "number" in kinds or "integer" in kinds:
        with contextlib.suppress(ValueError):
            number = float(value)
            return int(number) if number.is_integer() else number if "number" in kinds else None
    return None


def _same(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))
