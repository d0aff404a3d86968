"""The rules of OpenAI's own: for schemas of functions, and those of Structured Outputs.

As documented in February 2026 (collected at jsonschemaprofiles.unitvectorylabs.com/schemas/openai):
an object at the root, every property required, `additionalProperties` false, only some keywords,
and the limits below.
"""

from collections.abc import Mapping
from functools import lru_cache

from course.endpoint.simulation.schema.errors import LooksAround, NoInstance, Refused
from course.endpoint.simulation.schema.formats import FORMATS
from course.endpoint.simulation.schema.keywords import STRICT, walk
from course.endpoint.simulation.schema.patterns import read_pattern
from course.endpoint.simulation.schema.reading import patterns_of, read
from course.endpoint.simulation.schema.search import sample

PROPERTIES, LEVELS, CHOICES, CHARACTERS = 5_000, 10, 1_000, 120_000
LONG_ENUM, LONG_ENUM_CHARACTERS = 250, 15_000
"""The texts of an enum of more than 250 may have 15,000 characters in all."""
_TOP = ("oneOf", "anyOf", "allOf", "enum", "not")
_REQUIRED = (
    "'required' is required to be supplied and to be an array including every key in properties."
)
_OPT_OUT = "or use 'strict: false' to opt out of structured outputs."


@lru_cache(64)
def follow(data: bytes, strict: bool, tool: bool) -> None:
    """Refuses a schema (its JSON) that OpenAI's own rules do not allow."""
    root = read(data)[0].root
    if strict or tool:
        named = root.get("type") if isinstance(root, dict) else None
        if named != "object":
            got = f"got 'type: \"{named}\"'."
            raise Refused(f"schema must be a JSON Schema of 'type: \"object\"', {got}")
        if any(word in root for word in _TOP):
            not_these = "/".join(f"'{word}'" for word in _TOP)
            raise Refused(
                f"schema must have type 'object' and not have {not_these} at the top level."
            )
    for path, schema, level in walk(root) if strict or tool else ():
        if isinstance(schema, dict) and (tool or strict):
            _check_parts(path, schema, strict)
        if strict:
            _check_strict(path, schema, level)
    if strict:
        _check_limits(root)
        sample(data)


def _check_parts(path: tuple, schema: Mapping, strict: bool) -> None:
    named = schema.get("type", ())
    if "array" in named and "items" not in schema and "prefixItems" not in schema:
        raise Refused("array schema missing items.", path)
    if named == "object" and not path and "properties" not in schema and not strict:
        raise Refused("object schema missing properties.", path)


def _check_strict(path: tuple, schema: Mapping | bool, level: int) -> None:
    if isinstance(schema, bool):
        if path[-1:] != ("additionalProperties",):
            raise Refused("schema must have a 'type' key.", path)
        return
    for word in schema:
        if word not in STRICT:
            raise Refused(f"'{word:.64}' is not permitted.", path)
    if "$ref" in schema:
        if len(schema) > 1:
            words = ", ".join(f"'{word}'" for word in schema if word != "$ref")
            raise Refused(f"context={path}, $ref cannot have keywords {{{words}}}.")
        return
    if not schema.keys() & {"type", "anyOf", "enum", "const"}:
        raise Refused("schema must have a 'type' key.", path)
    if schema.get("format", "date") not in FORMATS:
        raise Refused(f"'{schema['format']:.64}' is not a valid format.", path)
    _check_pattern(path, schema)
    if "object" in schema.get("type", ()) or "properties" in schema:
        _check_object(path, schema, level)


def _check_pattern(path: tuple, schema: Mapping) -> None:
    """Refuses a pattern that Structured Outputs do not have, or that is not understood here."""
    try:
        for pattern in patterns_of(schema):
            read_pattern(pattern)
    except LooksAround as error:
        at = "".join(f"[{step}]" if step.isdecimal() else f".{step}" for step in path)
        told = f"Invalid JSON schema: {error}. Found at ${at}.pattern."
        raise Refused(told, whole=True) from None
    except NoInstance as error:
        raise Refused(f"{error}.", path) from None


def _check_object(path: tuple, schema: Mapping, level: int) -> None:
    if schema.get("additionalProperties") is not False:
        told = "'additionalProperties' is required to be supplied and to be false."
        raise Refused(told, path)
    named, required = schema.get("properties", {}), set(schema.get("required", ()))
    for name in named:
        if name not in required:
            raise Refused(f"{_REQUIRED} Missing '{name:.64}'.", path)
    for name in schema.get("required", ()):
        if name not in named:
            raise Refused(f"{_REQUIRED} Extra required key '{name:.64}' supplied.", path)
    if level >= LEVELS:
        raise Refused(f"{level + 1} levels of nesting exceeds limit of {LEVELS}.")


def _check_limits(root: Mapping) -> None:
    schemas = [schema for _, schema, _ in walk(root) if isinstance(schema, dict)]
    names = [name for schema in schemas for name in schema.get("properties", ())]
    if len(names) > PROPERTIES:
        raise Refused(f"{len(names)} object properties exceeds limit of {PROPERTIES}.")
    enums = [schema["enum"] for schema in schemas if "enum" in schema]
    values = [value for enum in enums for value in enum]
    if len(values) > CHOICES:
        most = f"Expected at most {CHOICES} enum values in total within a single schema when using"
        advice = f"Consider reducing the number of enums, {_OPT_OUT}"
        raise Refused(f"{most} structured outputs, but received {len(values)}. {advice}")
    for enum in enums:
        if len(enum) > LONG_ENUM and _characters(enum) > LONG_ENUM_CHARACTERS:
            told = f"of more than {LONG_ENUM} values exceeds limit of {LONG_ENUM_CHARACTERS}"
            raise Refused(f"total string length of an enum {told} characters.")
    values += [schema["const"] for schema in schemas if "const" in schema]
    defined = [name for w in ("$defs", "definitions") for s in schemas for name in s.get(w, ())]
    if _characters((*names, *defined, *values)) > CHARACTERS:
        raise Refused(f"total string length exceeds limit of {CHARACTERS} characters.")


def _characters(values: list | tuple) -> int:
    return sum(len(value) for value in values if isinstance(value, str))
