"""A task with a reference answer: one item, and where a request asks about it."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

ABSENT = "not in the text"
"""The right answer to a question that the text before the model does not answer."""
LABEL = re.compile(r"(?<!\d)(\d{1,6})\W{0,3}$")
LEAST = 12
"""So many characters a text must have; by as many first ones it is looked up."""
Value = Annotated[str | int | float | dict, Field(union_mode="left_to_right")]


class Item(BaseModel):
    """A task with its reference answer; `wrong` and `injected` are plausible wrong answers.

    For fields, answers are mappings, and a wrong one only has the fields that differ. For tools
    an answer has `tool` (or "none") and `arguments`. `difficulty` is in logits, 0 as hard as the
    benchmark's mean. `needs` are passages that must be in the conversation to know the answer,
    `picture` the SHA-256 of an image's bytes; `group` and `language` are for tables of errors.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: Annotated[str, Field(min_length=1)]
    kind: Literal["classification", "extraction", "document", "arithmetic", "tools", "picture"]
    answer: Value
    wrong: Annotated[list[Value], Field(min_length=1)]
    text: str = ""
    difficulty: Annotated[float, Field(ge=-10, le=10)] = 0.0
    injected: Value | None = None
    picture: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    needs: list[str] = []
    when: str = ""
    group: str = ""
    language: str = "en"

    @model_validator(mode="after")
    def _check(self) -> "Item":
        for wrong in (*self.wrong, *([] if self.injected is None else [self.injected])):
            if isinstance(wrong, dict) != isinstance(self.answer, dict):
                raise ValueError("answers are all mappings or none is")
            if isinstance(wrong, dict) and not wrong.keys() <= self.answer.keys():
                raise ValueError("a wrong answer has a field that the right one lacks")
            if self.wrongly(wrong) == self.answer:
                raise ValueError("a wrong answer is the right one")
        if self.kind == "tools" and self._lacks("tool", "arguments"):
            raise ValueError("an answer about tools needs `tool` and `arguments`")
        if self.needs and all(wrong == ABSENT for wrong in self.wrong):
            raise ValueError(f"with needs, a wrong answer besides {ABSENT!r} is wanted")
        return self

    def _lacks(self, *fields: str) -> bool:
        return not isinstance(self.answer, dict) or set(fields) != self.answer.keys()

    def wrongly(self, wrong: Value) -> Value:
        """A wrong answer in full: with all fields of the right one."""
        return self.answer | wrong if isinstance(wrong, dict) else wrong


@dataclass(frozen=True, slots=True)
class Found:
    """An item found in a request, the number it has there, and whether it can be known there.

    `beside` says that it is about the same text as the one before.
    """

    item: Item
    number: int = 1
    known: bool = True
    beside: bool = False
