"""What a response is worth.

`check` reads a response before it is saved and says what is wrong with it; `score` gives a
verdict on any JSON value at all, because a journal comes from a student's folder. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from course.errors import CourseError
from course.quiz import units

if TYPE_CHECKING:  # a student's notebook scores nothing and need not wait for pydantic
    from course.quiz.items import Item, Tolerance

SCORED = ("single", "multiple", "numeric")
State = Literal["right", "partly", "wrong", "unanswered", "invalid"]

_NUMBER = re.compile(
    r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)"  # the number
    r"\s*([^\s\d.,'_+-].*|)"  # perhaps a unit: 1,50 and 1 500 are not units
)
_SUM = re.compile(r"[\d.)]\s*[-+*/×÷·^xX:]+\s*[\d.(]")  # 3/4, 285 x 10, but not 1e-5
_LONGEST = 100
# A float holds 15 digits for sure: 0.1 + 0.2 is meant as 0.3.
_SURE_DIGITS = Context(prec=15, Emax=9999, Emin=-9999)
_BITS = 1100  # larger than any float


@dataclass(frozen=True)
class Verdict:
    """Points from 0 to `possible` (finite), the state, and a reason that tells no key."""

    points: float
    possible: float
    state: State
    reason: str


class Unanswered(CourseError):
    """Nothing was answered."""


def check(public_item: Mapping[str, Any], response: Any) -> Any:
    """The response in its plain form, ready for the journal, or CourseError saying what to mend.

    An option id (single), a list of option ids in the order of the options (multiple), or
    `{"value": number, "unit": unit}` (numeric; a bare number, "0.5" and "0.5 USD" are read too).
    """
    kind = public_item["type"]
    if kind not in SCORED:
        raise CourseError(f"This edition cannot take answers to items of type {kind} yet.")
    if _is_empty(response):
        raise Unanswered("Nothing is answered yet.")
    if kind == "numeric":
        return _numeric(public_item, response)
    ids = [option["id"] for option in public_item["options"]]
    return _single(ids, response) if kind == "single" else _multiple(ids, response)


def score(item: Item, response: Any) -> Verdict:
    """The verdict on any JSON value as a response to an item of the bank; never an exception."""
    if item.type not in SCORED:
        return _verdict(item, "invalid", f"This edition cannot score type {item.type} yet.")
    if item.key is None:
        return _verdict(item, "invalid", "This item has no key in its bank.")
    try:
        answer = check(item.public(), response)
    except Unanswered as error:
        return _verdict(item, "unanswered", str(error))
    except units.WrongDimension as error:
        return _verdict(item, "wrong", str(error))
    except CourseError as error:
        return _verdict(item, "invalid", str(error))
    judge = {"single": _judge_single, "multiple": _judge_multiple, "numeric": _judge_numeric}
    return judge[item.type](item, answer)


def interval(key: Decimal, tolerance: Tolerance) -> tuple[Decimal, Decimal]:
    """The lowest and highest right value: key ± the larger of absolute and relative · |key|."""
    half = max(tolerance.absolute, units.EXACT.multiply(tolerance.relative, abs(key)))
    return units.EXACT.subtract(key, half), units.EXACT.add(key, half)


def amount(public_item: Mapping[str, Any], answer: Mapping[str, Any]) -> Decimal:
    """The number of a checked numeric response, in the item's own unit."""
    return units.convert(_read_number(answer["value"]), answer["unit"], public_item.get("unit", ""))


def _verdict(item: Item, state: State, reason: str, *, share: Fraction = Fraction(0)) -> Verdict:
    points = float(share * Fraction(item.points))
    return Verdict(points, float(item.points), state, reason)


def _judge_single(item: Item, answer: str) -> Verdict:
    if answer == item.key:
        return _verdict(item, "right", "The right option is chosen.", share=Fraction(1))
    return _verdict(item, "wrong", "Another option is right.")


def _judge_multiple(item: Item, answer: list[str]) -> Verdict:
    keys = set(item.key)
    distractors = {option.id for option in item.options} - keys
    right, wrong = len(keys.intersection(answer)), len(distractors.intersection(answer))
    reason = f"{right} of {len(keys)} right options chosen, {wrong} wrong."
    if right == len(keys) and not wrong:
        return _verdict(item, "right", reason, share=Fraction(1))
    share = Fraction(right, len(keys)) - (Fraction(wrong, len(distractors)) if wrong else 0)
    if share <= 0 or item.scoring == "all-or-nothing":
        return _verdict(item, "wrong", reason)
    return _verdict(item, "partly", reason, share=share)


def _judge_numeric(item: Item, answer: dict[str, Any]) -> Verdict:
    value = amount(item.public(), answer)
    low, high = interval(item.key, item.tolerance)
    if low <= value <= high:
        return _verdict(item, "right", "The number is right.", share=Fraction(1))
    return _verdict(item, "wrong", "The number is outside the tolerance.")


def _is_empty(response: Any) -> bool:
    if isinstance(response, str):
        return not response.strip()
    if isinstance(response, dict) and set(response) <= {"value", "unit"}:
        value = response.get("value")
        return value is None or (isinstance(value, str) and not value.strip())
    return response is None or (
        isinstance(response, list | tuple | set | frozenset) and not response
    )


def _single(ids: list[str], response: Any) -> str:
    if not isinstance(response, str):
        raise CourseError(f"Choose one option: {', '.join(ids)}.")
    return _option(ids, response)


def _multiple(ids: list[str], response: Any) -> list[str]:
    if not isinstance(response, list | tuple | set | frozenset) or not all(
        isinstance(part, str) for part in response
    ):
        raise CourseError(f"Give a list of options, each one of {', '.join(ids)}.")
    chosen = [_option(ids, part) for part in response]
    for part in chosen:
        if chosen.count(part) > 1:
            raise CourseError(
                f"Option {part} is chosen {chosen.count(part)} times; once is enough."
            )
    return sorted(chosen, key=ids.index)


def _option(ids: Iterable[str], written: str) -> str:
    wanted = written.strip()
    near = [name for name in ids if name.casefold() == wanted.casefold()]
    if wanted in near:
        return wanted
    if len(near) != 1:
        raise CourseError(f"{wanted[:20]!r} is not an option here; choose from {', '.join(ids)}.")
    return near[0]


def _numeric(public_item: Mapping[str, Any], response: Any) -> dict[str, Any]:
    value, unit = response, None
    if isinstance(response, dict):
        if not set(response) <= {"value", "unit"}:
            raise CourseError('Give a number, or {"value": number, "unit": unit}.')
        value, unit = response.get("value"), response.get("unit")
    if isinstance(value, str):
        value, written = _split(value)
        if unit and written and _unit(public_item, written) != _unit(public_item, unit):
            raise CourseError(f"The number says {written} and the unit {unit}; give one of them.")
        unit = unit or written
    number = _read_number(value)
    unit = _unit(public_item, unit)
    units.convert(number, unit, public_item.get("unit", ""))
    return {"value": _json_number(number), "unit": unit}


def _split(text: str) -> tuple[str, str]:
    """The number and the unit of "0.5 USD" or "$0.5"; the number is read later."""
    if len(text) > _LONGEST:
        return text, ""
    written = text.strip().replace("−", "-")
    if _SUM.search(written):
        raise CourseError("Give one number, no sum: work it out and write only its result.")
    dollar = "$" if written.startswith("$") else ""
    found = _NUMBER.fullmatch(written.removeprefix("$").lstrip())
    return (found[1], f"{dollar} {found[2]}".strip()) if found else (text, "")


def _read_number(value: Any) -> Decimal:
    if isinstance(value, str):
        found = _NUMBER.fullmatch(value) if len(value) <= _LONGEST else None
        number = Decimal(found[1]) if found and not found[2] else Decimal("NaN")
    elif isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        number = Decimal("NaN")
    elif isinstance(value, int):
        number = Decimal(value if value.bit_length() < _BITS else "NaN")
    else:
        number = Decimal(value)
    if not number.is_finite():
        raise CourseError(
            "Give a number such as 1250.5: a point before the decimals, nothing between thousands."
        )
    if abs(number.adjusted()) > 300:
        raise CourseError("This number is too large or too small to be meant.")
    return number if isinstance(value, int) else _SURE_DIGITS.plus(number)


def _unit(public_item: Mapping[str, Any], unit: Any) -> str:
    """The unit as the item spells it, where it does; a missing one is the item's own."""
    if unit is None or (isinstance(unit, str) and not unit.strip()):
        return public_item.get("unit", "")
    if not isinstance(unit, str):
        raise CourseError(f"Give the unit as text, such as {public_item['unit']!r}.")
    accepted = public_item.get("units") or [public_item.get("unit", "")]
    name = units.unit(unit.strip(), accepted).name
    same = [known for known in accepted if units.unit(known).name == name]
    return same[0] if same else name


def _json_number(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)
