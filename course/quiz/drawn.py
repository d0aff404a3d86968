"""The numbers and names that a variant of an item has, and which student has which variant.

Everything is drawn from a hash of names, so the same bank gives the same variants for ever, on
every computer. Pure.
"""

import hashlib
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a student's notebook only asks for a number
    from course.quiz.items import Item

_TRIES = 1000


def number(assignment: str, item: str, student: str, count: int) -> int:
    """Which of `count` variants of the item this student has: always the same."""
    return _hash(assignment, item, student) % count


def values(item: "Item", *, assignment: str) -> list[dict[str, Decimal | str]]:
    """The parameters' values, variant by variant; all variants differ.

    There are as many as the item asks for, or fewer where its parameters allow no more.
    """
    combinations = math.prod(parameter.count() for parameter in item.parameters.values())
    taken: list[int] = []
    for variant in range(min(item.variants, combinations)):
        taken.append(_fresh(taken, combinations, (assignment, item.id, str(variant))))
    return [_combination(item.parameters, place) for place in taken]


def shuffled(names: list[str], *seed: str) -> list[str]:
    """The names in an order that depends on the seed alone, not on the order they come in."""
    return sorted(names, key=lambda name: (_hash(*seed, name), name))


def _fresh(taken: list[int], combinations: int, seed: tuple[str, ...]) -> int:
    """A combination not taken yet; when luck runs out, the next free one."""
    for turn in range(_TRIES):
        place = _hash(*seed, str(turn)) % combinations
        if place not in taken:
            return place
    return next(place for place in range(combinations) if place not in taken)


def _combination(parameters: Mapping[str, object], place: int) -> dict[str, Decimal | str]:
    """The values at a place in the row of all combinations, counted like a number's digits."""
    found = {}
    for name in sorted(parameters):
        place, digit = divmod(place, parameters[name].count())
        found[name] = parameters[name].value(digit)
    return found


def _hash(*parts: str) -> int:
    text = "|".join(parts).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(text).digest())
