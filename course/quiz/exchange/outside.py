"""How the bank's words are said in the formats of others: shares, tags and categories."""

import re
from decimal import ROUND_HALF_UP, Decimal

from course.quiz.items import Bank, Item, Option, Question

_TAG = re.compile(r"\w(?:[\w .:-]{0,38}\w)?")
_FIFTH = Decimal("0.00001")


def share(item: Item, option: str) -> str:
    """The part of the points that choosing an option of a multiple earns, in percent.

    The bank's own rule: right chosen / keys - wrong chosen / others. Five digits, as Moodle has.
    """
    keys = len(item.key)
    count = keys if option in item.key else keys - len(item.options)
    value = (Decimal(100) / count).quantize(_FIFTH, rounding=ROUND_HALF_UP)
    written = f"{value:f}"
    return written.rstrip("0").rstrip(".")


def tags(item: Item) -> list[str]:
    """Objective and level, as tags that a person can read there."""
    found = [f"objective:{item.objective}"] if can_be_tag(item.objective) else []
    return found + ([f"level:{item.level}"] if item.level else [])


def can_be_tag(name: str) -> bool:
    """Whether Moodle takes the name as (a part of) a tag and gives it back as it is."""
    return bool(_TAG.fullmatch(name))


def category(bank: Bank, item: Item) -> str:
    """The path of Moodle's question category: the bank's title, then the item's section."""
    parts = [bank.title or bank.quiz, item.section]
    names = [" ".join(part.split()).replace("/", "//") for part in parts]
    return "/".join(["$course$/top", *filter(None, names)])


def right_option(question: Question) -> Option | None:
    """The option called `right` of a number or text, with what is said to a right answer."""
    return next((option for option in question.options if option.id == "right"), None)


def path_of(category: str) -> tuple[str, str]:
    """Title and section from a category's path; "" where it says none."""
    parts = [part.replace("//", "/") for part in re.split(r"(?<!/)/(?!/)", category)]
    own = [part for part in parts if part not in ("$course$", "$system$", "top", "")]
    return (own[0], " / ".join(own[1:])) if own else ("", "")
