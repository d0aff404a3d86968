"""What a reader found in a file: questions, before they have ids and a place in a bank."""

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any


@dataclass
class Answer:
    """One answer in a file: its text (Markdown, or a plain text to type) or number.

    `share` is the part of the points that it earns, from -1 to 1.
    """

    text: str = ""
    share: Decimal = Decimal(0)
    feedback: str = ""
    value: Decimal | None = None
    tolerance: Decimal = Decimal(0)


@dataclass
class Question:
    """A question or a gap; `type` is the bank's. `pairs` are (prompt, right option or "").

    `title` and `section` are where the question stands in its bank."""

    type: str
    answers: list[Answer] = field(default_factory=list)
    stem: str = ""
    name: str = ""
    feedback: str = ""
    line: int = 0
    points: Decimal | None = None
    pairs: list[tuple[str, str]] = field(default_factory=list)
    gaps: list["Question"] = field(default_factory=list)
    weight: Decimal = Decimal(1)
    unit: str = ""
    units: tuple[str, ...] = ()
    tags: list[str] = field(default_factory=list)
    title: str = ""
    section: str = ""
    pattern: str = ""
    kept: dict[str, Any] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def add_typed(self, answer: Answer) -> None:
        """A text to be typed: a star stands for anything in Moodle, which a pattern can say."""
        parts = re.split(r"(?<!\\)\*", answer.text)
        texts = [part.replace("\\*", "*") for part in parts]
        if len(parts) == 1:
            answer.text = texts[0]
            self.answers.append(answer)
        elif answer.share > 0:
            written = ".*".join(map(re.escape, texts))
            self.pattern = f"{self.pattern}|{written}" if self.pattern else written
        else:
            self.lost.append(f"the wrong answer {answer.text[:40]!r}, with a star, is left out")

    def text(self, said: tuple[str, list[str]]) -> str:
        """The text of a (text, losses) pair, its losses noted."""
        self.lost += said[1]
        return said[0]


def number(text: str) -> Decimal | None:
    """A number as formats write it (a comma counts as a point), or None."""
    try:
        found = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    ordinary = found.is_finite() and len(text) <= 60 and (not found or abs(found.adjusted()) <= 28)
    return found if ordinary else None
