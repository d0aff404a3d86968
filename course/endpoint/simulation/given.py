"""The answers that a model gives to tasks: right or wrong by its ability, and written down."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from course.endpoint.simulation.abilities import Abilities, lowered
from course.endpoint.simulation.reference import ABSENT, Found, Item, Value


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
    items = sum(not one.beside for one in found)
    return [
        _given(one, model, abilities=abilities, items=items, draw=draw, tools=tools)
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
    """The answers as text: one alone, several as one numbered line each; or as a JSON object.

    What is told of the same item is one answer: a JSON object of all its fields.
    """
    groups = by_item(givens)
    if not as_json:
        told = [one[0].text if len(one) == 1 else _told(_fields(one)) for one in groups.values()]
        return told[0] if len(told) == 1 else "\n".join(map("{}. {}".format, groups, told))
    told = [_fields(one) for one in groups.values()]
    if len(told) > 1:
        numbered = [{"number": n} | one for n, one in zip(groups, told, strict=True)]
        told = [{"answers": numbered}]
    return json.dumps(told[0], ensure_ascii=False)


def by_item(givens: Sequence[Given]) -> dict[int, list[Given]]:
    """The answers by the number of what they are about."""
    groups: dict[int, list[Given]] = {}
    for given in givens:
        groups.setdefault(given.number, []).append(given)
    return groups


def calls(givens: Sequence[Given]) -> list[tuple[str, Mapping]]:
    """The tools to call and their arguments, without the answers that need no tool."""
    told = [given.value for given in givens if given.item.kind == "tools"]
    return [(one["tool"], one["arguments"]) for one in told if one["tool"] != "none"]


def _fields(group: Sequence[Given]) -> dict:
    """All that is told of one item, by name; what has none is called label beside others."""
    fields = {}
    for given in group:
        alone = "answer" if len(group) == 1 else given.item.when or "label"
        fields |= given.value if isinstance(given.value, dict) else {alone: given.value}
    return fields


def _told(value: Value) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
