"""The parts that an item of bank.toml is made of, below the item itself."""

import json
import math
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,80}$")]

MOST_VALUES = 100_000
_LONGEST_CASE = 20_000


def decimal(value: object) -> Decimal:
    """A TOML number; sizes that no quiz means, and that could stall arithmetic, are refused."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("a number")
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite() or (number and not -30 <= number.adjusted() <= 30):
        raise ValueError("a number of ordinary size")
    return number


def not_written(_: object) -> object:
    """For fields that stand in the model and never in a file."""
    raise ValueError("nothing: the course works this out itself")


def read_tolerance(value: object) -> object:
    """The short form of a tolerance, a number or an expression, is an absolute one."""
    if isinstance(value, str | int | float | Decimal) and not isinstance(value, bool):
        return {"absolute": value}
    if value is None or isinstance(value, Tolerance) or (isinstance(value, dict) and value):
        return value
    raise ValueError("a number, or a table with absolute, relative or both")


def _points(value: object) -> int | float:
    """Points as JSON has them: 1, not 1.0."""
    number = decimal(value)
    return int(number) if number == int(number) else float(number)


def _count(value: object) -> int:
    if type(value) is not int:
        raise ValueError("a whole number")
    return value


def _text(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError("text or a number")
    return value


def _number_or_text(value: object) -> object:
    """A parameter's value: a text as it is, a number as a Decimal that keeps its digits."""
    return value if isinstance(value, str) else decimal(value)


def _at_least_nothing(value: object) -> object:
    """A part of a tolerance: an expression as it is, for it is not worked out yet."""
    if isinstance(value, str):
        return value
    number = decimal(value)
    if number < 0:
        raise ValueError("greater than or equal to 0")
    return number


def _at_most_half(value: object) -> object:
    size = _at_least_nothing(value)
    if isinstance(size, Decimal) and size > Decimal("0.5"):
        raise ValueError("less than or equal to 0.5")
    return size


def _bound(value: object) -> object:
    """The short form of a bound is the most that is allowed."""
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return {"most": value} if is_number else value


def _choices(value: object) -> object:
    return {"choices": value} if isinstance(value, list) else value


def plain_json(value: Any, deep: int = 0) -> Any:
    """A value of a TOML file as JSON holds it; dates, NaN and what nests endlessly are refused."""
    if deep > 20:
        raise ValueError("less nesting")
    if isinstance(value, list | tuple):
        return [plain_json(each, deep + 1) for each in value]
    if isinstance(value, dict):
        return {str(name): plain_json(each, deep + 1) for name, each in value.items()}
    if isinstance(value, Decimal | float):
        value = float(value)
        if not math.isfinite(value):
            raise ValueError("a finite number")
    if value is not None and not isinstance(value, str | bool | int | float):
        raise ValueError("text, a number, true or false, an array or a table")
    return value


def _case_value(value: Any) -> Any:
    plain = plain_json(value)
    if len(json.dumps(plain)) > _LONGEST_CASE:
        raise ValueError(f"a value of at most {_LONGEST_CASE:,} characters")
    return plain


Points = BeforeValidator(_points)
Count = BeforeValidator(_count)
_Value = BeforeValidator(_case_value)
_Bounded = BeforeValidator(_bound)


class Record(BaseModel):
    """A frozen part of a bank that knows its fields and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Tolerance(Record):
    """How far from the key a number may lie: absolute (in the item's unit) or relative (0.02).

    Until the bank is worked out either may be an expression in quotes.
    """

    absolute: Annotated[Decimal | str, BeforeValidator(_at_least_nothing)] = Decimal(0)
    relative: Annotated[Decimal | str, BeforeValidator(_at_most_half)] = Decimal(0)


class Option(Record):
    """One answer on offer; for a numeric item one anticipated answer, `value` its number."""

    id: Id
    text: Annotated[str | int | Decimal, BeforeValidator(_text)]
    feedback: str = ""
    misconception: str = ""
    value: Annotated[Decimal | None, BeforeValidator(not_written)] = None

    def public(self) -> dict[str, str]:
        """What a student may see of it."""
        return {"id": self.id, "text": self.text}


class Case(Record):
    """One call of a student's function, and the JSON value that it has to return.

    `message` says in words what a failing case tests. Cases that are not visible never leave
    the grader's computer.
    """

    arguments: Annotated[list[Any], _Value] = []
    named: Annotated[dict[str, Any], _Value] = {}
    expected: Annotated[Any, _Value]
    tolerance: Annotated[Tolerance | None, BeforeValidator(read_tolerance)] = None
    visible: bool = False
    message: str = ""

    def public(self) -> dict[str, Any]:
        """The case as JSON, for those who may see it."""
        shown = {"arguments": self.arguments, "named": self.named, "expected": self.expected}
        if self.tolerance is not None:
            sizes = self.tolerance.model_dump()
            shown["tolerance"] = {name: float(size) for name, size in sizes.items() if size}
        return shown | ({"message": self.message} if self.message else {})


class Bound(Record):
    """The most and the least of something that may be used; one of them may be missing."""

    most: Annotated[int | float | None, Points, Field(ge=0)] = None
    least: Annotated[int | float | None, Points, Field(ge=0)] = None

    @model_validator(mode="after")
    def _says_something(self) -> "Bound":
        if self.most is None and self.least is None:
            raise ValueError("a number, or a table with most, least or both")
        if None not in (self.most, self.least) and self.least > self.most:
            raise ValueError("least not above most")
        return self


class Bounds(Record):
    """What a measured function may use, as the endpoint's log tells it."""

    calls: Annotated[Bound | None, _Bounded] = None
    tokens: Annotated[Bound | None, _Bounded] = None
    cost_usd: Annotated[Bound | None, _Bounded] = None
    at_once: Annotated[Bound | None, _Bounded] = None
    seconds: Annotated[Bound | None, _Bounded] = None


class _Parameter(Record):
    start: Annotated[Decimal | None, BeforeValidator(decimal), Field(alias="from")] = None
    to: Annotated[Decimal | None, BeforeValidator(decimal)] = None
    step: Annotated[Decimal, BeforeValidator(decimal), Field(gt=0)] = Decimal(1)
    choices: tuple[Annotated[Decimal | str, BeforeValidator(_number_or_text)], ...] = ()

    @model_validator(mode="after")
    def _says_what_to_draw(self) -> "_Parameter":
        ranged = self.start is not None or self.to is not None
        if ranged == bool(self.choices) or (ranged and None in (self.start, self.to)):
            raise ValueError("either from and to, or choices")
        if ranged and self.to < self.start:
            raise ValueError("from not above to")
        if ranged and (self.to - self.start) / self.step >= MOST_VALUES:
            raise ValueError(f"at most {MOST_VALUES:,} steps")
        if len(set(self.choices)) < len(self.choices):
            raise ValueError("choices that differ")
        return self

    def count(self) -> int:
        """How many values there are to draw."""
        return len(self.choices) or int((self.to - self.start) / self.step) + 1

    def value(self, number: int) -> Decimal | str:
        """The value of that number, from 0."""
        return self.choices[number] if self.choices else self.start + number * self.step


Parameter = Annotated[_Parameter, BeforeValidator(_choices)]
