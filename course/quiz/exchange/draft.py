"""A draft of bank.toml from the questions found in a file.

Whatever comes out can be read by `bank.load`: each item is tried, and one that cannot be
made to fit is left out and told.
"""

import re
import tomllib
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from course.errors import CourseError
from course.quiz import resolve
from course.quiz.exchange import fields, toml_text
from course.quiz.exchange.found import Question
from course.quiz.exchange.losses import Losses
from course.quiz.items import Item

MOST_ITEMS = 5_000
_LEVELS = ("recall", "apply", "analyse")
_HEAD = (
    "A draft, read from {source}. The note of each item says what is still to be written;",
    "`course bank lint` says what else is missing. Check each key.",
)


class Draft:
    """Collects questions, then writes them: `toml()` gives the text of bank.toml."""

    def __init__(self, source: str, losses: Losses, about: dict[str, Any]):
        self.source, self.losses, self.about = source, losses, about
        self.objectives: dict[str, str] = dict(about.get("objectives", {}))
        self.title = ""
        self.items: dict[str, str] = {}

    def add(self, question: Question) -> None:
        """Take a question in, or note why it is left out."""
        if len(self.items) >= MOST_ITEMS:
            raise CourseError(f"{self.source} has more than {MOST_ITEMS:,} questions; split it.")
        name = self._id(question.name)
        self.title = self.title or question.title
        for lost in dict.fromkeys(question.lost):
            self.losses.add(name, f"{lost}.")
        table = {"id": name} | self._tagged(question) | fields.of(question, name, self.losses)
        table["note"] = _note(table, f"Read from {self.source}, line {question.line}.")
        written = _written(table)
        if problem := _problem(written):
            self.losses.add(name, f"left out, for {problem}")
        else:
            self.items[name] = written

    def toml(self) -> str:
        """The bank as text, with what was lost told in its head."""
        head = [line.format(source=self.source) for line in _HEAD]
        if told := self.losses.told():
            head += [
                "",
                "What the file says and this draft does not:",
                *(f"- {each}" for each in told),
            ]
        table = {
            "quiz": self.about.get("quiz") or _plain_id(self.source.partition(".")[0]) or "imported"
        }
        table["title"] = self.about.get("title") or self.title
        lines = [*map(toml_text.comment, head), "", *toml_text.pairs(table)]
        if self.objectives:
            lines += ["", "[objectives]", *toml_text.pairs(self.objectives)]
        return "\n".join([*lines, "", *self.items.values()])

    def _id(self, name: str) -> str:
        wanted = _plain_id(name) or f"item-{len(self.items) + 1:02}"
        known, name, count = {each.casefold() for each in self.items}, wanted, 1
        while name.casefold() in known:
            count += 1
            name = f"{wanted[:74]}-{count}"
        return name

    def _tagged(self, question: Question) -> dict[str, str]:
        """Objective, level and section from the tags that our own exports write."""
        found = {"section": question.section} if question.section else {}
        for tag in question.tags:
            field, _, value = tag.partition(":")
            if field == "level" and value in _LEVELS:
                found["level"] = value
            elif field == "objective" and 0 < len(value) <= 80 and value.isprintable():
                found["objective"] = value
                self.objectives.setdefault(value, "")
            else:
                self.losses.add("", f"the tag {tag[:60]!r} has no place in a bank.")
        return found


def _note(table: dict[str, Any], source: str) -> str:
    missing = [name for name in ("objective", "level") if name not in table]
    if table["type"] in ("single", "multiple", "numeric", "text") and table.get("options"):
        missing.append("a misconception for each wrong option")
        told = all(option.get("feedback") for option in table["options"])
        missing += [] if told else ["feedback for each option"]
    return f"{source} Still to write: {', '.join(missing)}." if missing else source


def _plain_id(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:80]


def _written(table: dict[str, Any]) -> str:
    own = {
        name: value for name, value in table.items() if name not in ("options", "prompts", "gaps")
    }
    lines = ["[[items]]", *toml_text.pairs(own), ""]
    for part in table.get("prompts", []):
        lines += ["[[items.prompts]]", *toml_text.pairs(part), ""]
    for part in table.get("options", []):
        lines += ["[[items.options]]", *toml_text.pairs(part), ""]
    for gap in table.get("gaps", []):
        own = {name: value for name, value in gap.items() if name != "options"}
        lines += ["[[items.gaps]]", *toml_text.pairs(own), ""]
        for part in gap.get("options", []):
            lines += ["[[items.gaps.options]]", *toml_text.pairs(part), ""]
    return "\n".join(lines)


def _problem(written: str) -> str:
    """Why the item cannot be loaded, or ""."""
    table = tomllib.loads(written, parse_float=Decimal)["items"][0]
    try:
        item = Item.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        return f"its field {'.'.join(map(str, first['loc']))} cannot be used ({first['msg']})."
    _, problems = resolve.items([item], {})
    return problems[0].removeprefix(f"item {item.id}, ") if problems else ""
