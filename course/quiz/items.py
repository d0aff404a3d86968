"""The schema of bank.toml: what an item, its options and a quiz may say.

Every item type of the course can be written down; `score.SCORED` are those this edition scores.
Rules of good writing (lengths, feedback for each option) are the linter's, not the schema's.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from course.errors import CourseError

TYPES = ("single", "multiple", "numeric", "order", "match", "cloze", "text", "code", "measured")
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,80}$")]


def _decimal(value: object) -> Decimal:
    """A TOML number; sizes that no quiz means, and that could stall arithmetic, are refused."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("a number")
    number = Decimal(value)
    if not number.is_finite() or (number and not -30 <= number.adjusted() <= 30):
        raise ValueError("a number of ordinary size")
    return number


def _points(value: object) -> int | float:
    """Points as JSON has them: 1, not 1.0."""
    number = _decimal(value)
    return int(number) if number == int(number) else float(number)


def _text(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("text or a number")
    return value


def _tolerance(value: object) -> object:
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return {"absolute": value}
    if isinstance(value, dict) and value:
        return value
    raise ValueError("a number, or a table with absolute, relative or both")


def _policy(value: object) -> object:
    return {"feedback": value} if isinstance(value, str) else value


def _objectives(value: object) -> object:
    return dict.fromkeys(value, "") if isinstance(value, list) else value


def _not_written(_: object) -> object:
    raise ValueError("nothing: the course works this out itself")


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Policy(_Record):
    """When feedback is shown, and how often, when and in which order an item is answered."""

    feedback: Literal["instant", "after_release"] = "instant"
    attempts: int | None = Field(default=None, ge=1)
    shuffle: bool | None = None
    opens: datetime | None = None
    closes: datetime | None = None
    confidence: bool | None = None


class Tolerance(_Record):
    """How far from the key a number may lie: absolute (in the item's unit) or relative (0.02)."""

    absolute: Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0)] = Decimal(0)
    relative: Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0, le=Decimal("0.5"))] = (
        Decimal(0)
    )


class Option(_Record):
    """One answer on offer; for a numeric item one anticipated answer, `value` its number."""

    id: Id
    text: Annotated[str | int | Decimal, BeforeValidator(_text)]
    feedback: str = ""
    misconception: str = ""
    value: Annotated[Decimal | None, BeforeValidator(_not_written)] = None


class Item(_Record):
    """One question. `key` is an option id, a list of them, or a Decimal (numeric)."""

    id: Id
    type: Literal[TYPES]
    stem: str
    points: Annotated[int | float, BeforeValidator(_points), Field(ge=0, le=1000)] = 1
    section: str = ""
    objective: str = ""
    level: Literal["recall", "apply", "analyse"] | None = None
    key: Any = None
    options: tuple[Option, ...] = ()
    feedback: str = ""
    scoring: Literal["share", "all-or-nothing"] = "share"
    policy: Annotated[Policy | None, BeforeValidator(_policy)] = None
    facts: dict[str, str] = {}
    # numeric
    unit: str = ""
    units: tuple[str, ...] = ()
    tolerance: Annotated[Tolerance | None, BeforeValidator(_tolerance)] = None
    # order, match, cloze, text, code, measured: read now, scored by a later edition
    prompts: tuple[Option, ...] = ()
    gaps: tuple[dict[str, Any], ...] = ()
    pattern: str = ""
    function: str = ""
    cases: tuple[dict[str, Any], ...] = ()
    bounds: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    # for authors and the linter
    note: str = ""
    reviewed: date | str | None = None
    valid_until: date | None = None
    waive: dict[str, str] | list[str] = {}

    def public(self) -> dict[str, Any]:
        """What a student may see of the item before answering: no key, no feedback."""
        shown: dict[str, Any] = {
            "id": self.id,
            "type": self.type,
            "points": self.points,
            "section": self.section,
            "stem": self.stem,
            "options": [],
        }
        if self.type == "numeric":  # its options are anticipated answers, not on offer
            return shown | {"unit": self.unit, "units": list(self.accepted_units)}
        shown["options"] = [{"id": option.id, "text": option.text} for option in self.options]
        return shown | ({"choose": len(self.key)} if self.type == "multiple" and self.key else {})

    @property
    def accepted_units(self) -> tuple[str, ...]:
        """The units on offer for a number, the item's own first."""
        return tuple(dict.fromkeys((self.unit, *self.units)))


class Bank(_Record):
    """A quiz with its items in order; `digest` changes when what a student sees changes."""

    quiz: Id
    title: str = ""
    objectives: Annotated[dict[str, str], BeforeValidator(_objectives)] = {}
    policy: Annotated[Policy, BeforeValidator(_policy)] = Policy()
    items: tuple[Item, ...] = ()
    digest: Annotated[str, BeforeValidator(_not_written)] = ""

    def item(self, item_id: str) -> Item:
        """The item of that id, or CourseError."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise CourseError(f"The quiz {self.quiz} has no item {item_id!r}.")

    def shows_feedback_at_once(self, item: Item) -> bool:
        """Whether the item's feedback opens as soon as it is answered."""
        return (item.policy or self.policy).feedback == "instant"
