"""What lies in the sealed boxes of an item: the feedback, each piece under its own secret."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from course.quiz import buckets, numbers, words
from course.quiz.boxes import Content

if TYPE_CHECKING:
    from course.quiz.items import Item, Option, Question


def contents(question: Question) -> list[Content]:
    """(secret, content) of each box of an item or gap; [] where no box can know the answer."""
    return list(_CONTENTS.get(question.type, lambda _: ())(question))


def _choices(question: Question) -> Iterator[Content]:
    keys = [question.key] if question.type == "single" else question.key
    for option in question.options:
        right = option.id in keys
        yield f"option {option.id}", {"right": right, "feedback": option.feedback}


def _numbers(question: Question) -> Iterator[Content]:
    """The key's rank is 0: it wins where intervals overlap."""
    for rank, (name, value, feedback) in enumerate(_answers(question)):
        low, high = numbers.interval(value, question.tolerance)
        content = {"right": name == "right", "feedback": feedback}
        content |= {"low": str(low), "high": str(high), "rank": rank}
        grid = buckets.grid(value, question.tolerance)
        yield from ((secret, content) for secret in buckets.names(grid, low, high))
    yield "any number", {"right": False, "feedback": question.feedback}


def _answers(question: Question) -> list[tuple[str, Decimal, str]]:
    told = {option.id: (option.value, option.feedback) for option in question.options}
    answers = {"right": (question.key, "")} | told
    return [(name, value, feedback) for name, (value, feedback) in answers.items()]


def grids(question: Question) -> list[list[Any]]:
    """The scales in use for a number, so that its bucket can be found; [] for other types."""
    if question.type != "numeric":
        return []
    found = [buckets.grid(value, question.tolerance) for _, value, _ in _answers(question)]
    return sorted(grid for place, grid in enumerate(found) if grid not in found[:place])


def _texts(question: Question) -> Iterator[Content]:
    if question.is_by_hand:
        return
    praise = next((each.feedback for each in question.options if each.id == "right"), "")
    accepted = dict.fromkeys(map(words.fold, question.accept))
    for text in accepted:
        yield f"text {text}", {"right": True, "feedback": praise}
    for option in _wrong_texts(question):
        yield f"text {words.fold(option.text)}", {"right": False, "feedback": option.feedback}
    # The pattern lies with what any text opens: without it a right text could not be told.
    other = {"right": False, "feedback": question.feedback}
    yield "any text", other | {"pattern": question.pattern, "praise": praise}


def _wrong_texts(question: Question) -> list[Option]:
    wrong = {}
    for option in question.options:
        right = words.is_accepted(option.text, question.accept, question.pattern)
        if option.id != "right" and not right:
            wrong.setdefault(words.fold(option.text), option)
    return list(wrong.values())


def _order(item: Item) -> Iterator[Content]:
    for option in item.options:
        yield f"option {option.id}", {"feedback": option.feedback}
    for length in range(1, len(item.key) + 1):
        yield f"order {' '.join(item.key[:length])}", {"right": length == len(item.key)}
    yield "any order", {"feedback": item.feedback}


def _pairs(item: Item) -> Iterator[Content]:
    """A right pair hears what its prompt says, a wrong one what its option says."""
    for prompt in item.prompts:
        for option in item.options:
            right = item.key[prompt.id] == option.id
            said = prompt.feedback if right else option.feedback
            yield f"pair {prompt.id} {option.id}", {"right": right, "feedback": said}
    yield "any pairs", {"feedback": item.feedback}


def _gaps(item: Item) -> Iterator[Content]:
    yield "any gaps", {"feedback": item.feedback}


_CONTENTS = {
    "single": _choices,
    "multiple": _choices,
    "numeric": _numbers,
    "text": _texts,
    "order": _order,
    "match": _pairs,
    "cloze": _gaps,
}
