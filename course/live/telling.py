"""What a reveal says: the key, what is said to each option, and to one's own answer. Pure.

It is what the widget shows, in the same words: feedback comes out of the same sealed boxes.
"""

from functools import cached_property
from typing import Any

from course.quiz import Answer, answers, markup, seal, static, widget_view
from course.quiz.bank import Bank
from course.quiz.items import Item


class Telling:
    """The items of a bank as a meeting shows them: to all the same variant, in the same order."""

    def __init__(self, bank: Bank, item: Item):
        self.bank, self.item = bank, item.variant(0) if item.drawn else item
        self.policy = {"confidence": bank.policy_of(self.item).confidence}

    @cached_property
    def public(self) -> dict[str, Any]:
        """The item as a student may see it before the reveal."""
        return self.item.public()

    @cached_property
    def asked(self) -> dict[str, Any]:
        """The item as the widget draws it: its `item`, but for the key of a notebook, and points:
        nothing is worth any here."""
        told = {"id": self.item.id, "task": static.todo(self.public)}
        return widget_view.shown(self.public, self.policy) | told

    @cached_property
    def _sealed(self) -> dict[str, Any]:
        box = seal.seal(self.item, quiz=self.bank.quiz, digest=self.bank.digest)
        return self.public | {"sealed": box}

    def heard(self, response: Any, confidence: str | None = None) -> dict[str, Any]:
        """What is said to a checked response: the widget's `state` (takes milliseconds)."""
        feedback = None if self.item.is_by_hand else seal.open_feedback(self._sealed, response)
        told = widget_view.told(Answer(self.public, response, None, feedback))
        return told | {"confidence": confidence}

    @cached_property
    def solution(self) -> dict[str, Any]:
        """The right answer with what is said to it, and to each option that is not it."""
        right = self.right
        told = {} if right is None else self.heard(right)
        options = [_option(self.item, option) for option in self.item.options]
        by_option = self.item.type in ("single", "multiple")
        return {
            "response": right,
            "feedback": told.get("feedback"),
            "options": options if by_option else [],
        }

    @property
    def right(self) -> Any:
        """A response that is right; None where only a person can tell."""
        if self.item.type == "cloze":
            return {gap.id: _right(gap) for gap in self.item.gaps if _right(gap) is not None}
        return _right(self.item)


def _right(question: Any) -> Any:
    match question.type:
        case "numeric":
            return _number(question)
        case "text":
            return question.accept[0] if question.accept else None
        case "multiple" | "order":
            return list(question.key)
        case "match":
            return dict(question.key)
    return question.key


def _number(question: Any) -> dict[str, Any]:
    return answers.check(question.public(), {"value": str(question.key), "unit": question.unit})


def _option(item: Item, option: Any) -> dict[str, Any]:
    keys = item.key if item.type == "multiple" else [item.key]
    told = {"id": option.id, "right": option.id in keys}
    return told | {"text": markup.parse(str(option.text)), "said": markup.parse(option.feedback)}


def tellings(bank: Bank) -> dict[str, Telling]:
    """The bank's items that can be answered live, by id: all but functions."""
    return {one.id: Telling(bank, one) for one in bank.items if one.type not in answers.PROGRAMS}
