"""What a file could not hold, told in plain sentences: never dropped in silence."""

from collections.abc import Mapping
from typing import Any

from course.quiz.exchange.outside import can_be_tag
from course.quiz.items import Bank, Item

KINDS = ("single", "multiple", "numeric", "order", "match", "cloze", "text")
"""The item types that question formats know; code and measured live in notebooks only."""


class Losses:
    """Sentences by item; the same sentence about many items is told once, with their names."""

    def __init__(self) -> None:
        self._told: dict[str, list[str]] = {}

    def add(self, about: str, sentence: str) -> None:
        """Note a loss about an item (its id), or about the whole bank ("")."""
        names = self._told.setdefault(sentence, [])
        if about and about not in names:
            names.append(about)

    def told(self) -> list[str]:
        """All losses, in the order in which they were first noted."""
        return [
            f"{_listed(names)}: {text}" if names else text for text, names in self._told.items()
        ]


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:12])
    return f"{shown} and {len(names) - 12} more" if len(names) > 12 else shown


def of_bank(
    bank: Bank, facts: Mapping[str, Any], losses: Losses, *, held: tuple[str, ...] = ()
) -> list[Item]:
    """The items that can go over, with what is lost in every format noted in `losses`.

    `held` names the fields of the policy that the format at hand has a place for.
    """
    for name in ("feedback", "attempts", "shuffle", "opens", "closes", "confidence"):
        value = getattr(bank.policy, name)
        if value and name not in held:
            losses.add("", f"The policy's {name} ({value}) is not in the file: set it there.")
    if any(bank.objectives.values()):
        losses.add("", "The wording of the objectives stays behind; their names are tags there.")
    kept = [item for item in bank.items if _goes_over(item, losses)]
    for item in kept:
        _of_item(item, facts, losses)
    return kept


def _goes_over(item: Item, losses: Losses) -> bool:
    if item.type not in KINDS:
        losses.add(item.id, f"left out, for no question format holds the type {item.type}.")
    elif item.key in (None, [], {}) and item.type not in ("text", "cloze"):
        losses.add(item.id, "left out, for it has no key yet.")
    else:
        return True
    return False


def _of_item(item: Item, facts: Mapping[str, Any], losses: Losses) -> None:
    for name in item.facts.values():
        losses.add(item.id, _written_out(name, facts))
    if item.parameters:
        drawn = f"the first of its {len(item.drawn)} variants is written, with its numbers"
        losses.add(item.id, f"{drawn}; its parameters stay behind.")
    if any(each.accept for each in (item, *item.gaps)):
        losses.add(item.id, "there, punctuation around a typed text counts.")
    parts = (*item.options, *item.prompts, *(each for gap in item.gaps for each in gap.options))
    told = (*item.options, *item.prompts) if item.type in ("order", "match") else item.prompts
    lost = {
        "the misconceptions of its options": any(part.misconception for part in parts),
        "the feedback of its single parts": any(part.feedback for part in told),
        "its objective, which can be no tag": bool(item.objective)
        and not can_be_tag(item.objective),
        "a policy of its own": item.policy is not None,
        "its note for authors": bool(item.note),
        "when it was reviewed": item.reviewed is not None,
        "its valid_until": item.valid_until is not None,
        "its waivers for the linter": bool(item.waive),
    }
    for what in [what for what, is_there in lost.items() if is_there]:
        losses.add(item.id, f"what stays behind: {what}.")


def _written_out(name: str, facts: Mapping[str, Any]) -> str:
    fact = facts.get(name)
    checked = getattr(fact, "checked", None)
    said = f"{fact} (checked {checked})" if checked else f"{fact}"
    value = said if fact is not None else "its value"
    return f"the fact {name} is written out as {value}; the file will not follow it."
