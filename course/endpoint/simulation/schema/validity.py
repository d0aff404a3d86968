"""Whether a value is valid: one test for each keyword of a schema that speaks of its values."""

from collections.abc import Mapping
from typing import Protocol

from course.endpoint.simulation.schema.formats import FORMATS
from course.endpoint.simulation.schema.kinds import is_kind, same
from course.endpoint.simulation.schema.patterns import read_pattern
from course.endpoint.simulation.schema.reading import Shape
from course.endpoint.simulation.schema.values import BOUNDS


class Searching(Protocol):
    """What the tests need of a search: what each $ref means, and its look at a part of a value."""

    shape: Shape

    def valid(self, schema: Mapping | bool, value: object) -> bool: ...


def passes(search: Searching, schema: Mapping | bool, value: object) -> bool:
    """Whether a value passes the tests of all keywords that Structured Outputs have, and a few."""
    if isinstance(schema, bool):
        return schema
    for word, wanted in schema.items():
        kind, test = TESTS.get(word, (None, None))
        if kind and isinstance(value, kind) and not test(search, wanted, value, schema):
            return False
    return True


def _items(search: Searching, wanted: Mapping | bool, value: list, schema: Mapping) -> bool:
    return all(search.valid(wanted, item) for item in value[len(schema.get("prefixItems", ())) :])


def _rest(search: Searching, wanted: Mapping | bool, value: dict, schema: Mapping) -> bool:
    named = schema.get("properties", {})
    return "patternProperties" in schema or all(
        search.valid(wanted, value[name]) for name in value if name not in named
    )


def _unique(search: Searching, wanted: bool, value: list, schema: Mapping) -> bool:
    pairs = ((one, other) for at, one in enumerate(value) for other in value[:at])
    return not wanted or not any(same(*pair) for pair in pairs)


_ANY = object
_NUMBER = (int, float)
# what a keyword speaks about, and its test: of a search, the keyword's value, the value, the schema
TESTS = {
    "type": (
        _ANY,
        lambda s, wanted, value, _: any(
            is_kind(value, kind) for kind in ((wanted,) if isinstance(wanted, str) else wanted)
        ),
    ),
    "enum": (_ANY, lambda s, wanted, value, _: any(same(value, one) for one in wanted)),
    "const": (_ANY, lambda s, wanted, value, _: same(value, wanted)),
    "$ref": (_ANY, lambda s, wanted, value, _: s.valid(s.shape.targets[wanted], value)),
    "anyOf": (_ANY, lambda s, wanted, value, _: any(s.valid(one, value) for one in wanted)),
    "allOf": (_ANY, lambda s, wanted, value, _: all(s.valid(one, value) for one in wanted)),
    "oneOf": (_ANY, lambda s, wanted, value, _: sum(s.valid(one, value) for one in wanted) == 1),
    "not": (_ANY, lambda s, wanted, value, _: not s.valid(wanted, value)),
    "required": (dict, lambda s, wanted, value, _: all(name in value for name in wanted)),
    "properties": (
        dict,
        lambda s, wanted, value, _: all(
            s.valid(wanted[name], value[name]) for name in wanted if name in value
        ),
    ),
    "additionalProperties": (dict, _rest),
    "minProperties": (dict, lambda s, wanted, value, _: len(value) >= wanted),
    "maxProperties": (dict, lambda s, wanted, value, _: len(value) <= wanted),
    "items": (list, _items),
    "prefixItems": (list, lambda s, wanted, value, _: all(map(s.valid, wanted, value))),
    "uniqueItems": (list, _unique),
    "minItems": (list, lambda s, wanted, value, _: len(value) >= wanted),
    "maxItems": (list, lambda s, wanted, value, _: len(value) <= wanted),
    "minLength": (str, lambda s, wanted, value, _: len(value) >= wanted),
    "maxLength": (str, lambda s, wanted, value, _: len(value) <= wanted),
    "pattern": (str, lambda s, wanted, value, _: read_pattern(wanted).fits(value)),
    "format": (
        str,
        lambda s, wanted, value, _: wanted not in FORMATS or FORMATS[wanted].fits(value),
    ),
}
for _word in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"):
    TESTS[_word] = (
        _NUMBER,
        lambda s, wanted, value, _, word=_word: (
            isinstance(value, bool) or BOUNDS[word](value, wanted)
        ),
    )
