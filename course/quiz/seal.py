"""Feedback that opens when its answer is given: a curtain, not a lock.

Each piece of feedback lies in a box whose key is worked out from the answer that it is for.
Nobody reads it by looking into items.json, by searching the folder, or by accident; but who
writes a program that tries all four options, or number after number, opens every box. So
sealed feedback belongs to practice. In an exam the policy is `after_release`, and then no box
is there at all.

Choices have one box an option, matches one a pair, an order one for each beginning of the right
order, a cloze the boxes of its gaps. A number opens the box of the bucket it falls into, which
holds the interval it is for and is only read when the number lies inside; a text opens the box
of its folded form. What is said to any other answer lies in a box that any answer opens.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from course.errors import CourseError
from course.quiz import buckets, contents, numbers, words
from course.quiz.answers import check
from course.quiz.boxes import closed, opened

if TYPE_CHECKING:
    from course.quiz.items import Item, Question

_SHELF = 8  # numbers and texts have a multiple of this many boxes
_DAMAGED = (KeyError, TypeError, ValueError, ArithmeticError, IndexError, AttributeError)


@dataclass(frozen=True)
class Part:
    """Feedback on one part of an answer: a chosen option, a prompt, a gap, an option in order."""

    option: str
    right: bool
    text: str


@dataclass(frozen=True)
class Feedback:
    """What a response gets to hear: `right` is the verdict on the whole response.

    `parts` has one entry a chosen option, a matched prompt, an answered gap, or the first option
    of an order that is not in its place; none for numbers and texts. `right_chosen` of `keys`
    says how many options, pairs or gaps are right, both None for other types.
    """

    right: bool
    text: str
    parts: tuple[Part, ...] = ()
    right_chosen: int | None = None
    keys: int | None = None


def seal(item: Item, *, quiz: str, digest: str) -> dict[str, Any]:
    """The sealed feedback of an item or of one variant, for items.json.

    `{"salt", "boxes", "grids"}`, and of a cloze also `"gaps"` with the same for each gap. Items
    whose answers no box can know (functions, texts read by a person) have no boxes.
    """
    variant = "" if item.number is None else f"\n{item.number}"
    about = f"{quiz}\n{item.id}\n{digest}{variant}"
    sealed = _sealed(item, about)
    if item.type == "cloze":
        sealed["gaps"] = {gap.id: _sealed(gap, f"{about}\n{gap.id}") for gap in item.gaps}
    return sealed


def open_feedback(public_item: Mapping[str, Any], response: Any) -> Feedback | None:
    """The feedback on a response.

    None when the item holds no sealed feedback or the response is not one to this item.
    """
    sealed = public_item.get("sealed")
    if not sealed or public_item.get("by_hand"):
        return None
    try:
        answer = check(public_item, response)
    except CourseError:
        return None
    try:
        return _OPEN[public_item["type"]](public_item, sealed, answer)
    except _DAMAGED:
        raise CourseError(
            f"The feedback of {public_item['id']} in items.json is damaged; "
            "copy items.json from the quiz you were given again (your answer is not touched)."
        ) from None


def _sealed(question: Question, about: str) -> dict[str, Any]:
    salt = hashlib.sha256(about.encode()).digest()[:16]
    inside = contents.contents(question)
    shelf = _SHELF if question.type in ("numeric", "text") else 1
    return {
        "salt": salt.hex(),
        "grids": contents.grids(question),
        "boxes": closed(salt, inside, shelf=shelf) if inside else [],
    }


Public = Mapping[str, Any]


def _open_single(public: Public, sealed: Public, answer: str) -> Feedback:
    part = _part(sealed, answer, f"option {answer}")
    return Feedback(part.right, part.text, (part,))


def _open_multiple(public: Public, sealed: Public, answer: list[str]) -> Feedback:
    parts = tuple(_part(sealed, option, f"option {option}") for option in answer)
    right, keys = sum(part.right for part in parts), public["choose"]
    text = f"{right} of the {keys} right options chosen, {len(parts) - right} wrong."
    return Feedback(right == keys == len(parts), text, parts, right, keys)


def _open_number(public: Public, sealed: Public, answer: Public) -> Feedback:
    value = numbers.amount(public, answer)
    found = [
        content
        for grid in sealed["grids"]
        for content in opened(sealed, buckets.name(grid, value))
        if Decimal(content["low"]) <= value <= Decimal(content["high"])
    ]
    found = sorted(found, key=lambda content: content["rank"]) or opened(sealed, "any number")
    return Feedback(found[0]["right"], found[0]["feedback"])


def _open_text(public: Public, sealed: Public, answer: str) -> Feedback:
    found = opened(sealed, f"text {words.fold(answer)}")
    if found:
        return Feedback(found[0]["right"], found[0]["feedback"])
    other = opened(sealed, "any text")[0]
    if other["pattern"] and words.matches(other["pattern"], answer):
        return Feedback(True, other["praise"])
    return Feedback(False, other["feedback"])


def _open_order(public: Public, sealed: Public, answer: list[str]) -> Feedback:
    length = 0
    while length < len(answer) and opened(sealed, f"order {' '.join(answer[: length + 1])}"):
        length += 1
    other = opened(sealed, "any order")[0]["feedback"]
    if length == len(answer):
        return Feedback(True, f"All {length} are in the right order.")
    first = answer[length]
    said = opened(sealed, f"option {first}")[0]["feedback"]
    begins = "Another one comes first."
    if length:
        are = "The first is" if length == 1 else f"The first {length} are"
        begins = f"{are} right, then comes another."
    parts = (Part(first, False, said),) if said else ()
    return Feedback(False, f"{begins}\n\n{other}".strip(), parts)


def _open_match(public: Public, sealed: Public, answer: dict[str, str]) -> Feedback:
    parts = [_part(sealed, name, f"pair {name} {option}") for name, option in answer.items()]
    return _counted(sealed, parts, len(public["prompts"]), "pairs")


def _open_cloze(public: Public, sealed: Public, answer: dict[str, Any]) -> Feedback:
    parts = []
    for gap in public["gaps"]:
        if gap["id"] in answer:
            said = _OPEN[gap["type"]](gap, sealed["gaps"][gap["id"]], answer[gap["id"]])
            parts.append(Part(gap["id"], said.right, said.text))
    return _counted(sealed, parts, len(public["gaps"]), "gaps")


def _counted(sealed: Public, parts: list[Part], whole: int, what: str) -> Feedback:
    right = sum(part.right for part in parts)
    text = f"{right} of {whole} {what} are right."
    if right < whole:
        text = f"{text}\n\n{opened(sealed, f'any {what}')[0]['feedback']}".strip()
    return Feedback(right == whole, text, tuple(parts), right, whole)


def _part(sealed: Public, name: str, secret: str) -> Part:
    content = opened(sealed, secret)[0]
    return Part(name, content["right"], content["feedback"])


_OPEN = {
    "single": _open_single,
    "multiple": _open_multiple,
    "numeric": _open_number,
    "text": _open_text,
    "order": _open_order,
    "match": _open_match,
    "cloze": _open_cloze,
}
