"""Answers put into the properties of a JSON schema."""

import contextlib
from collections.abc import Mapping, Sequence

from course.endpoint.simulation.given import Given, by_item
from course.endpoint.simulation.reference import LABEL, Value

NAMED = ("answer", "label", "category", "class", "value", "result")
"""Properties of a schema that may hold an answer that is one value."""


def values_for(schema: Mapping, givens: Sequence[Given]) -> dict[str, object]:
    """The answers as values for the properties of a JSON schema (an object's).

    Fields go to the properties of their names (case and _ aside); a single value to the property
    whose enum has it, in the enum's spelling, else to one called answer, label, category, class,
    value or result, else to the only one there is. `confidence` gets the confidence, `number`,
    `id` or `index` the item's number. Several answers go as objects or values into the first
    array. Where every property has a number in its name, each answer goes to its own. What fits
    nowhere is left out.
    """
    properties, groups = _properties(schema, schema), by_item(givens)
    by_number = _by_number(properties, groups, schema)
    if by_number and all(map(LABEL.search, properties)):
        return by_number
    if len(groups) > 1 or not (values := _all_filled(properties, givens)):
        for name, part in properties.items():
            if part.get("type") == "array":
                entry = _resolved(part.get("items", {}), schema)
                return {name: [_entry(entry, group, schema) for group in groups.values()]}
        return by_number
    return values


def _by_number(
    properties: Mapping, groups: Mapping[int, list[Given]], root: Mapping
) -> dict[str, object]:
    """For properties such as "3" or "email_3", one for each number."""
    values = {}
    for name, part in properties.items():
        number = LABEL.search(name)
        if number and (group := groups.get(int(number[1]))):
            values[name] = _entry(part, group, root)
    return values


def _entry(part: Mapping, group: Sequence[Given], root: Mapping) -> object:
    if "properties" in part:
        return _all_filled(_properties(part, root), group)
    fitting = (_fitted(part, given.value) for given in group)
    value = next((one for one in fitting if one is not None), None)
    return group[0].text if value is None else value


def _all_filled(properties: Mapping[str, Mapping], group: Sequence[Given]) -> dict[str, object]:
    """The values of all that is told of one item, by the names of properties that they fit."""
    values: dict[str, object] = {}
    for given in group:
        values |= _filled(properties, given)
    return values


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
