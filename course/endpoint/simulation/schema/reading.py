"""Schemas read into a `Shape`: what each $ref means and how small values can be."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from pydantic_core import from_json, to_json

from course.endpoint.simulation.schema.errors import NoInstance, NotRegular, Refused
from course.endpoint.simulation.schema.keywords import (
    IN_PLACE,
    NOTES,
    STRICT,
    check_words,
    parts,
    walk,
)
from course.endpoint.simulation.schema.patterns import read_pattern
from course.endpoint.simulation.schema.sizes import find_sizes

LARGEST, PATTERNS = 500_000, 20_000
"""ASSUMPTION: most bytes, and weight of all patterns; for speed's sake."""
_PATTERNED = frozenset(("pattern", "patternProperties"))


@dataclass(frozen=True, slots=True)
class Shape:
    """A schema that was read: what each $ref means, and the size of each part's smallest value.

    `sizes` counts values (an object of two strings is 3) by the id of the part, `inf` where no
    value comes to an end.
    """

    root: Mapping | bool
    targets: Mapping[str, Mapping | bool]
    sizes: Mapping[int, float]


def to_data(schema: object) -> bytes:
    """The schema as JSON, by which what is read of it is kept; refuses one that is too large."""
    try:
        data = to_json(schema)
    except ValueError:
        raise Refused("schema is nested too deeply, or is not JSON.") from None
    if len(data) > LARGEST:
        raise Refused(f"schema has {len(data):,} bytes, which exceeds limit of {LARGEST:,}.")
    return data


@lru_cache(32)
def read(data: bytes) -> tuple[Shape, bool]:
    """The schema's shape, and whether all that is made by it is valid without a further look."""
    try:
        root = from_json(data, allow_inf_nan=False)
    except ValueError:
        raise Refused("schema is nested too deeply, or has a number without end.") from None
    places, inside, weight = {}, {}, 0
    for path, schema, _ in walk(root):
        check_words(path, schema)
        weight += _weight(path, schema)
        if weight > PATTERNS:
            raise Refused("the patterns are too large in all.", path)
        places["/".join(("#", *map(_escaped, path)))] = path, schema
        for _, part, _ in parts(path, schema, 0):
            inside.setdefault(id(part), []).append(schema)
    targets = _targets(places)
    for _, schema in places.values():
        if isinstance(schema, dict) and "$ref" in schema:
            inside.setdefault(id(targets[schema["$ref"]]), []).append(schema)
    schemas = [schema for _, schema in places.values()]
    return Shape(root, targets, find_sizes(schemas, targets, inside)), all(map(_is_sure, schemas))


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _weight(path: tuple, schema: object) -> int:
    """How much time a schema's patterns take, about; refuses what is no regular expression."""
    if isinstance(schema, bool) or _PATTERNED.isdisjoint(schema):
        return 0
    weight = 0
    for pattern in (*schema.get("patternProperties", ()), *patterns_of(schema)):
        try:
            weight += 10 + read_pattern(pattern).weight
        except NotRegular as error:
            raise Refused(f"{error}.", path or None) from None
        except NoInstance:
            weight += PATTERNS // 20
    return weight


def patterns_of(schema: Mapping) -> list[str]:
    """The schema's own pattern, if it has one."""
    return [schema["pattern"]] if "pattern" in schema else []


def _targets(places: Mapping[str, tuple]) -> dict[str, Mapping | bool]:
    """What each $ref means; refuses those to nowhere and those that only lead in a circle."""
    targets = {}
    refs = [place for place in places.values() if isinstance(place[1], dict) and "$ref" in place[1]]
    for path, schema in refs:
        found = places.get(unquote(schema["$ref"]))
        if found is None:
            ref = schema["$ref"][:100]
            told = f"reference to component '{ref}' which was not found in the schema."
            raise Refused(told, path)
        targets[schema["$ref"]] = found[1]
    _check_circles(places, targets)
    return targets


def _check_circles(places: Mapping[str, tuple], targets: Mapping) -> None:
    """Refuses a $ref that leads back to itself without any value in between."""
    ended = set()
    for path, schema in places.values():
        way, left = set(), [(schema, False)]
        while left:
            part, done = left.pop()
            if done:
                way.discard(id(part))
                ended.add(id(part))
            elif id(part) in way:
                raise Refused("reference only leads back to itself.", path)
            elif isinstance(part, dict) and id(part) not in ended:
                way.add(id(part))
                left.append((part, True))
                left += ((each, False) for word in IN_PLACE for each in part.get(word, ()))
                left += ((targets[part[word]], False) for word in ("$ref",) if word in part)


def _is_sure(schema: Mapping | bool) -> bool:
    """Whether no two keywords speak of the same thing, and none is passed over by `Search`."""
    if isinstance(schema, bool) or "enum" in schema or "const" in schema:
        return True
    alone = not schema.keys() & {"anyOf", "$ref"} or len(schema.keys() - NOTES) == 1
    return alone and schema.keys() <= STRICT and _has_all(schema)


def _has_all(schema: Mapping) -> bool:
    return all(name in schema.get("properties", ()) for name in schema.get("required", ()))
