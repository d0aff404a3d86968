"""The schema of bank.toml: what a quiz, its items and their options may say.

Rules of good writing (lengths, feedback for each option) are the linter's, not the schema's.
"""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BeforeValidator, Field

from course.errors import CourseError
from course.quiz.drawn import shuffled
from course.quiz.fields import (
    Bounds,
    Case,
    Count,
    Id,
    Option,
    Parameter,
    Points,
    Record,
    Tolerance,
    not_written,
    read_tolerance,
)

TYPES = ("single", "multiple", "numeric", "order", "match", "cloze", "text", "code", "measured")
GAP_TYPES = ("single", "numeric", "text")


def _policy(value: object) -> object:
    return {"feedback": value} if isinstance(value, str) else value


def _objectives(value: object) -> object:
    return dict.fromkeys(value, "") if isinstance(value, list) else value


class Policy(Record):
    """When feedback is shown, and how often, when and in which order an item is answered."""

    feedback: Literal["instant", "after_release"] = "instant"
    attempts: Annotated[int | None, Field(ge=1, le=1000)] = None
    shuffle: bool = False
    opens: AwareDatetime | None = None
    closes: AwareDatetime | None = None
    confidence: bool = False


class Question(Record):
    """What an item and a gap in an item have in common: what is right, and what is said to it.

    `key` is an option id (single), a list of them (multiple, order), a Decimal (numeric), or an
    option id for each prompt (match). A text has none: `accept` and `pattern` say what is right.
    The options of numbers and texts are not on offer: they are anticipated answers, and the one
    with the id `right` holds what is said to a right one. `feedback` is for any other answer.
    """

    id: Id
    type: Literal[TYPES]
    key: Any = None
    options: tuple[Option, ...] = ()
    feedback: str = ""
    unit: str = ""
    units: tuple[str, ...] = ()
    tolerance: Annotated[Tolerance | None, BeforeValidator(read_tolerance)] = None
    accept: tuple[str, ...] = ()
    pattern: str = ""

    @property
    def accepted_units(self) -> tuple[str, ...]:
        """The units on offer for a number, the question's own first."""
        return tuple(dict.fromkeys((self.unit, *self.units)))

    @property
    def is_by_hand(self) -> bool:
        """Whether a person has to read the answers: a text that nothing says how to check."""
        return self.type == "text" and not self.accept and not self.pattern

    def asked(self) -> dict[str, Any]:
        """The fields to answer, without key or feedback."""
        if self.type == "numeric":
            return {"options": [], "unit": self.unit, "units": list(self.accepted_units)}
        offered = {each.id: each.public() for each in self.options if self.type != "text"}
        if self.type in ("order", "match"):  # an author writes these in the right order
            return {"options": [offered[name] for name in shuffled(list(offered), self.id)]}
        return {"options": list(offered.values())}


class Gap(Question):
    """A gap in a cloze, marked `[[id]]` in the stem; its weight is its part of the points."""

    type: Literal[GAP_TYPES]
    weight: Annotated[int | float, Points, Field(gt=0, le=1000)] = 1

    def public(self) -> dict[str, Any]:
        """What a student may see of the gap."""
        return {"id": self.id, "type": self.type} | self.asked()


class Item(Question):
    """One item of a quiz; what is worked out from facts and parameters is put in by `bank.load`.

    With parameters, the item itself is its variant 0, and `drawn` holds all of them.
    """

    stem: str
    points: Annotated[int | float, Points, Field(ge=0, le=1000)] = 1
    section: str = ""
    objective: str = ""
    level: Literal["recall", "apply", "analyse"] | None = None
    scoring: Literal["share", "all-or-nothing"] = "share"
    policy: Annotated[Policy | None, BeforeValidator(_policy)] = None
    facts: dict[str, str] = Field(default={})
    prompts: tuple[Option, ...] = ()
    gaps: tuple[Gap, ...] = ()
    function: str = ""
    cases: tuple[Case, ...] = ()
    bounds: Bounds = Bounds()
    parameters: dict[str, Parameter] = Field(default={})
    variants: Annotated[int, Count, Field(ge=2, le=200)] = 12
    # for authors and the linter
    note: str = ""
    reviewed: date | str | None = None
    valid_until: date | None = None
    waive: dict[str, str] | list[str] = Field(default={})
    # worked out
    number: Annotated[int | None, BeforeValidator(not_written)] = None
    drawn: Annotated[tuple["Item", ...], BeforeValidator(not_written)] = ()
    digest: Annotated[str, BeforeValidator(not_written)] = ""

    def public(self) -> dict[str, Any]:
        """What a student may see before answering, of one variant: no key, no feedback.

        Left out as well: tolerances, accepted texts, anticipated answers and hidden cases.
        """
        shown: dict[str, Any] = {
            "id": self.id,
            "type": self.type,
            "points": self.points,
            "section": self.section,
            "stem": self.stem,
            **self.asked(),
        }
        shown |= {} if self.number is None else {"variant": self.number}
        shown |= {"digest": self.digest} if self.digest else {}
        return shown | _of_type(self)

    def variant(self, number: int | None) -> "Item":
        """The variant of that number (None: of an item that has none), or CourseError."""
        if number is None and not self.drawn:
            return self
        if type(number) is int and 0 <= number < len(self.drawn):
            return self.drawn[number]
        raise CourseError(f"The item {self.id} has no variant {number!r}.")


def _of_type(item: Item) -> dict[str, Any]:
    match item.type:
        case "multiple":
            return {"choose": len(item.key)} if item.key else {}
        case "match":
            return {"prompts": [prompt.public() for prompt in item.prompts]}
        case "cloze":
            return {"gaps": [gap.public() for gap in item.gaps]}
        case "text":
            return {"by_hand": True} if item.is_by_hand else {}
        case "code" | "measured":
            return _to_program(item)
    return {}


def _to_program(item: Item) -> dict[str, Any]:
    visible = [case.public() for case in item.cases if case.visible]
    shown = {"function": item.function, "cases": visible, "hidden": len(item.cases) - len(visible)}
    bounds = item.bounds.model_dump(mode="json", exclude_none=True)
    return shown | ({"bounds": bounds} if bounds else {})


class Bank(Record):
    """A quiz with its items in order; `digest` changes when what a student sees changes."""

    quiz: Id
    title: str = ""
    objectives: Annotated[dict[str, str], BeforeValidator(_objectives)] = Field(default={})
    policy: Annotated[Policy, BeforeValidator(_policy)] = Policy()
    items: tuple[Item, ...] = ()
    digest: Annotated[str, BeforeValidator(not_written)] = ""

    def item(self, item_id: str) -> Item:
        """The item of that id, or CourseError."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise CourseError(f"The quiz {self.quiz} has no item {item_id!r}.")

    def policy_of(self, item: Item) -> Policy:
        """The quiz's policy with what the item's own says otherwise."""
        if item.policy is None:
            return self.policy
        own = {name: getattr(item.policy, name) for name in item.policy.model_fields_set}
        return self.policy.model_copy(update=own)

    def shows_feedback_at_once(self, item: Item) -> bool:
        """Whether the item's feedback opens as soon as it is answered."""
        return self.policy_of(item).feedback == "instant"
