"""The search for a value under a schema.

The shortest way out of a recursive schema is taken, so that every value comes to an end.
"""

import random
from collections.abc import Mapping, Sequence
from functools import lru_cache

from pydantic_core import to_json

from course.endpoint.simulation.schema.errors import GaveUp, NoInstance, Refused
from course.endpoint.simulation.schema.formats import HONEST
from course.endpoint.simulation.schema.kinds import KINDS, kinds, same
from course.endpoint.simulation.schema.reading import Shape, read
from course.endpoint.simulation.schema.sizes import STEPS, size
from course.endpoint.simulation.schema.validity import TESTS, passes
from course.endpoint.simulation.schema.values import leaf

DEEPEST = 100
"""No value is nested deeper than this."""
ROOM = 20
"""Until an answer has so many values more than twice the fewest, longer ways are taken too."""


def find(shape: Shape, sure: bool, values: Mapping[str, object], draw: random.Random) -> object:
    """A valid value, filled with `values` where they fit; NoInstance where none is found.

    What is made is looked at again unless it is `sure` to be valid.
    """
    for _ in range(1 if sure else 5):
        try:
            search = Search(shape, values, draw)
            made = search.make(shape.root)
            if sure or search.valid(shape.root, made):
                return made
            why = "its parts contradict each other"
        except (NoInstance, GaveUp) as error:
            why = str(error)
        except RecursionError:
            why = "it is nested too deeply"
    raise NoInstance(why)


@lru_cache(32)
def sample(data: bytes) -> bytes:
    """The JSON of a value under a schema's JSON; refuses a schema for which none is found."""
    try:
        return to_json(find(*read(data), {}, random.Random(0)))
    except NoInstance as error:
        raise Refused(f"no instance of the schema can be made: {error}.") from None


class Search:
    """One search for a value; it ends, with NoInstance or GaveUp where there is none."""

    def __init__(self, shape: Shape, values: Mapping[str, object], draw: random.Random):
        self.shape, self.values, self.draw = shape, values, draw
        self.steps = STEPS
        self.room = ROOM + 2 * min(shape.sizes.get(id(shape.root), 1), STEPS)

    def valid(self, schema: Mapping | bool, value: object) -> bool:
        """Whether a value is valid under all keywords that Structured Outputs have, and a few."""
        self._step()
        return passes(self, schema, value)

    def make(self, schema: Mapping | bool, depth: int = 0) -> object:
        """A value that is valid, unless parts of the schema speak about the same thing."""
        self._step()
        while isinstance(schema, dict) and "$ref" in schema and len(schema) == 1:
            schema = self.shape.targets[schema["$ref"]]
        if schema is False or depth > DEEPEST:
            raise NoInstance("no value comes to an end")
        if schema is True:
            return HONEST
        if _SEVERAL.isdisjoint(schema) and isinstance(schema.get("type"), str):
            return self._of_kind(schema, schema["type"], depth)
        if "const" in schema or "enum" in schema:
            return self._listed(schema)
        if "allOf" in schema or "$ref" in schema:
            return self.make(self._merged(schema), depth + 1)
        if "anyOf" in schema or "oneOf" in schema:
            return self._branch(schema, depth)
        return self._first(list(kinds(schema)), schema, depth)

    def _step(self) -> None:
        self.steps -= 1
        self.room -= 1
        if self.steps < 0:
            raise GaveUp(f"no value was found in {STEPS:,} steps")

    def _open(self, depth: int) -> int:
        """How large a value may be here that is not the smallest."""
        return self.room if depth < DEEPEST // 10 else 0

    def _listed(self, schema: Mapping) -> object:
        listed = [schema["const"]] if "const" in schema else schema["enum"]
        drawn = [self.draw.choice(listed)] if listed else []
        for value in (*drawn, *listed):
            if self.valid(schema, value):
                return value
        raise NoInstance("none of the listed values is valid")

    def _branch(self, schema: Mapping, depth: int) -> object:
        """A value of a drawn branch, of null rather not, and of the smallest where room ends."""
        branches = list(schema.get("anyOf") or schema.get("oneOf"))
        own = {word: told for word, told in schema.items() if word not in ("anyOf", "oneOf")}
        alone = "oneOf" not in schema and not own.keys() & TESTS.keys()
        room, sizes = self._open(depth), self.shape.sizes
        self.draw.shuffle(branches)
        branches.sort(key=_is_null)
        branches.sort(key=lambda part: _over(sizes.get(id(part), 1), room))
        for branch in branches:
            try:
                value = self.make(branch if alone else {**own, "allOf": [branch]}, depth + 1)
            except NoInstance:
                continue
            if alone or self.valid(schema, value):
                return value
        raise NoInstance("no branch of 'anyOf' has a value")

    def _merged(self, schema: Mapping) -> dict:
        """A schema, its $ref and its allOf in one, as far as they can be put in one."""
        merged = {word: told for word, told in schema.items() if word not in ("allOf", "$ref")}
        parts = [*schema.get("allOf", ()), *({"$ref": schema[w]} for w in ("$ref",) if w in schema)]
        for part in parts:
            while isinstance(part, dict) and "$ref" in part and len(part) == 1:
                part = self.shape.targets[part["$ref"]]
            if part is False:
                raise NoInstance("a part of 'allOf' is false")
            for word, told in {} if part is True else part.items():
                join = _JOINS.get(word, lambda one, _: one)
                merged[word] = join(merged[word], told) if word in merged else told
        return merged

    def _first(self, possible: list, schema: Mapping, depth: int) -> object:
        """A value of the first type that has one, of those for which there is room first."""
        if len(possible) > 1:
            room, sizes = self._open(depth), self.shape.sizes
            possible.sort(key=lambda kind: _over(size(schema, kind=kind, sizes=sizes), room))
        for kind in possible[:-1]:
            try:
                return self._of_kind(schema, kind, depth)
            except NoInstance:
                continue
        return self._of_kind(schema, possible[-1], depth)

    def _of_kind(self, schema: Mapping, kind: str, depth: int) -> object:
        if kind == "object":
            return self._object(schema, depth)
        return self._array(schema, depth) if kind == "array" else leaf(schema, kind, draw=self.draw)

    def _object(self, schema: Mapping, depth: int) -> dict:
        """What is required, what `values` has, and every property where `required` is not said."""
        made, parts = {}, schema.get("properties", {})
        needed = set(schema.get("required", ()))
        every = "required" not in schema
        for name, part in parts.items():
            if name in self.values and self.valid(part, self.values[name]):
                made[name] = self.values[name]
            elif name in needed or (every and self._fits(part, depth)):
                made[name] = self.make(part, depth + 1)
        for name in schema.get("required", ()):
            if name not in parts:
                made[name] = self.make(schema.get("additionalProperties", True), depth + 1)
        return made

    def _array(self, schema: Mapping, depth: int) -> list:
        first, part = schema.get("prefixItems", ()), schema.get("items", True)
        fewest, most = schema.get("minItems", 0), schema.get("maxItems", STEPS)
        if fewest > most:
            raise NoInstance("an array needs too many items")
        wanted = fewest
        if self._fits(part, depth):
            wanted = min(max(fewest, len(first), self.draw.randint(1, 2)), most)
        made = []
        for at in range(int(wanted)):
            try:
                made.append(self._item(first[at] if at < len(first) else part, schema, made, depth))
            except NoInstance:
                if at < fewest:
                    raise
                break
        return made

    def _item(self, part: Mapping | bool, schema: Mapping, made: list, depth: int) -> object:
        for _ in range(20 if schema.get("uniqueItems") else 1):
            value = self.make(part, depth + 1)
            if not schema.get("uniqueItems") or not any(same(value, other) for other in made):
                return value
        raise NoInstance("there are too few different items")

    def _fits(self, part: Mapping | bool, depth: int) -> bool:
        return self.shape.sizes.get(id(part), 1) <= self._open(depth)


def _is_null(schema: Mapping | bool) -> bool:
    return schema == {"type": "null"}


def _over(size: float, room: float) -> float:
    return size if size > room else 0


_SEVERAL = frozenset(("$ref", "allOf", "anyOf", "oneOf", "enum", "const"))
_JOINS = {
    "properties": lambda one, other: (
        one
        | {
            name: {"allOf": [one[name], part]} if name in one else part
            for name, part in other.items()
        }
    ),
    "required": lambda one, other: [*one, *(name for name in other if name not in one)],
    "enum": lambda one, other: [each for each in one if any(same(each, it) for it in other)],
    "type": lambda one, other: [
        kind
        for kind in KINDS
        if {kind, "number" if kind == "integer" else kind} & _types(one)
        and {kind, "number" if kind == "integer" else kind} & _types(other)
    ],
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minItems", "minLength"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxItems", "maxLength"), min),
}


def _types(kind: str | Sequence[str]) -> set[str]:
    return {kind} if isinstance(kind, str) else set(kind)
