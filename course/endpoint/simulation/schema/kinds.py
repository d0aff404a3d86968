"""The seven types of JSON values: which a value is of, and which a schema has."""

from collections.abc import Mapping, Sequence

KINDS = {
    "object": dict,
    "array": list,
    "string": str,
    "number": int,
    "integer": int,
    "boolean": bool,
    "null": type(None),
}
_TELLING = {
    "object": ("properties", "required", "additionalProperties", "minProperties"),
    "array": ("items", "prefixItems", "minItems", "contains"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}


def kinds(schema: Mapping) -> Sequence[str]:
    """The types of a schema's values, "null" last; where none is named, its keywords tell."""
    named = schema.get("type")
    if isinstance(named, str):
        return (named,)
    if named:
        return sorted(named, key="null".__eq__)
    told = (kind for kind, words in _TELLING.items() if any(word in schema for word in words))
    return (next(told, "string"),)


def is_kind(value: object, kind: str) -> bool:
    """Whether a value is of one of JSON schema's seven types; 2.0 is an integer."""
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, float):
        return kind == "number" or (kind == "integer" and value.is_integer())
    return isinstance(value, KINDS[kind])


def same(one: object, other: object) -> bool:
    """Whether two values are equal as JSON: 1 is 1.0, but true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    return one == other
