"""How large the smallest value of each part of a schema is, so that a search comes to an end."""

import math
from collections import deque
from collections.abc import Mapping

from course.endpoint.simulation.schema.errors import Refused
from course.endpoint.simulation.schema.keywords import parts
from course.endpoint.simulation.schema.kinds import kinds
from course.endpoint.simulation.schema.values import has_leaf

STEPS = 100_000
"""So many values are looked at or made for one answer before the search is given up."""
DEAD_ENDS = 20
"""ASSUMPTION: most parts without a value; for speed's sake."""


def find_sizes(schemas: list, targets: Mapping, inside: Mapping[int, list]) -> dict[int, float]:
    """The size of the smallest value of each part, found from the innermost parts outwards."""
    sizes = {id(schema): math.inf for schema in schemas}
    left, waiting, work, dead_ends = deque(reversed(schemas)), set(sizes), 3 * STEPS, 0
    while left and work > 0:
        schema = left.popleft()
        waiting.discard(id(schema))
        found = _size(schema, targets, sizes)
        work -= 1 if isinstance(schema, bool) else 1 + len(schema.get("required", ()))
        if found < sizes[id(schema)]:
            sizes[id(schema)] = found
            outer = [each for each in inside.get(id(schema), ()) if id(each) not in waiting]
            waiting.update(map(id, outer))
            left += outer
        elif not any(True for _ in parts((), schema, 0)):
            dead_ends += isinstance(schema, dict) and "$ref" not in schema
            if dead_ends > DEAD_ENDS:
                raise Refused("too many of its parts can have no value.")
    return sizes


def _size(schema: Mapping | bool, targets: Mapping, sizes: Mapping[int, float]) -> float:
    if isinstance(schema, bool):
        return 1 if schema else math.inf
    if "const" in schema or "enum" in schema:
        return 1 if schema.get("enum", True) else math.inf
    added = [sizes[id(part)] for part in schema.get("allOf", ())]
    if "$ref" in schema:
        added.append(1 + sizes[id(targets[schema["$ref"]])])
    branches = schema.get("anyOf") or schema.get("oneOf")
    if branches:
        added.append(min(sizes[id(branch)] for branch in branches))
    if added:
        return sum(added)
    return min(
        size(schema, kind=kind, sizes=sizes)
        if kind in ("object", "array")
        else (1 if has_leaf(schema, kind) else math.inf)
        for kind in kinds(schema)
    )


def size(schema: Mapping, *, kind: str, sizes: Mapping[int, float]) -> float:
    """How many values the smallest one of this type has, itself counted; `inf` if there is none."""
    if kind == "object":
        named = schema.get("properties", {})
        return 1 + sum(sizes.get(id(named.get(name)), 1) for name in schema.get("required", ()))
    if kind == "array":
        fewest = schema.get("minItems", 0)
        small = fewest <= schema.get("maxItems", fewest)
        each = sizes.get(id(schema.get("items")), 1) if fewest else 0
        return 1 + fewest * each if small and fewest < STEPS else math.inf
    return 1
