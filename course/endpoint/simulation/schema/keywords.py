"""The keywords of JSON schema: what each is followed by, and where parts of a schema stand."""

from collections.abc import Iterator

from course.endpoint.simulation.schema.errors import Refused
from course.endpoint.simulation.schema.kinds import KINDS, is_kind


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ONE = _words(
    "items contains not if then else propertyNames additionalProperties unevaluatedItems"
    " unevaluatedProperties contentSchema"
)
_SOME = _words("anyOf oneOf allOf prefixItems")
IN_PLACE = _words("anyOf oneOf allOf")
"""Keywords whose parts speak of the same value as the schema they are in."""
_NAMED = _words("properties patternProperties dependentSchemas $defs definitions")
_NUMBERS = _words("minimum maximum exclusiveMinimum exclusiveMaximum multipleOf")
_COUNTS = _words(
    "minLength maxLength minItems maxItems minProperties maxProperties minContains maxContains"
)
_TEXTS = _words(
    "title description format pattern $ref $id $schema $anchor $comment $dynamicRef $dynamicAnchor"
    " contentEncoding contentMediaType"
)
_KINDS_OF = (
    dict.fromkeys(_NUMBERS, "number")
    | dict.fromkeys(_COUNTS, "integer")
    | dict.fromkeys(_TEXTS, "string")
    | dict.fromkeys(("uniqueItems", "readOnly", "writeOnly", "deprecated"), "boolean")
    | dict.fromkeys((*_SOME, "enum", "examples", "required"), "array")
    | dict.fromkeys((*_NAMED, "dependentRequired"), "object")
)
NOTES = _words("title description $schema $comment $defs definitions")
"""Keywords that say nothing of a value."""
STRICT = (NOTES | _NUMBERS) | _words(
    "type properties required additionalProperties items enum const anyOf $ref pattern format"
    " minLength maxLength minItems maxItems"
)
"""The keywords that Structured Outputs have."""


def walk(root: object) -> Iterator[tuple[tuple, object, int]]:
    """Every part that is a schema: its path, itself, and in how many objects it is nested."""
    left = [((), root, 0)]
    while left:
        path, schema, level = left.pop()
        yield path, schema, level
        left += reversed(list(parts(path, schema, level)))


def parts(path: tuple, schema: object, level: int) -> Iterator[tuple[tuple, object, int]]:
    """The same of the parts directly in a schema that stands at a path and level."""
    for word, told in schema.items() if isinstance(schema, dict) else ():
        if word in _ONE:
            yield (*path, word), told, level
        elif word in _SOME:
            for at, part in enumerate(told):
                yield (*path, word, str(at)), part, level
        elif word in _NAMED:
            for name, part in told.items():
                yield (*path, word, name), part, level + (word == "properties")


def check_words(path: tuple, schema: object) -> None:
    """Refuses keywords whose value is of a wrong type, as JSON schema's own schema does."""
    if not isinstance(schema, dict | bool):
        raise Refused(f"{schema!r:.100} is not of type 'object', 'boolean'.", path or None)
    for word, told in schema.items() if isinstance(schema, dict) else ():
        kind = _KINDS_OF.get(word)
        if kind and not is_kind(told, kind):
            raise Refused(f"{told!r:.100} is not of type '{kind}'.", path or None)
        if not _is_meant(word, told):
            raise Refused(f"{told!r:.100} is not valid as '{word}'.", path or None)


def _is_meant(word: str, told: object) -> bool:
    if word == "type":
        named = [told] if isinstance(told, str) else told
        good = isinstance(named, list) and bool(named) and _are_names(named)
        return good and KINDS.keys() >= {*named}
    if word == "required":
        return _are_names(told)
    if word == "dependentRequired":
        return all(isinstance(names, list) and _are_names(names) for names in told.values())
    if word in _SOME:
        return len(told) > 0
    return told > 0 if word == "multipleOf" else told >= 0 if word in _COUNTS else True


def _are_names(told: list) -> bool:
    return all(isinstance(name, str) for name in told) and len(set(told)) == len(told)
