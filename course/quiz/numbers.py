"""Numbers as answers: reading them with their units, and when one is near enough to a key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

from course.errors import CourseError
from course.quiz import units

if TYPE_CHECKING:
    from course.quiz.fields import Tolerance

_NUMBER = re.compile(
    r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)"  # the number
    r"\s*([^\s\d.,'_+-].*|)"  # perhaps a unit: 1,50 and 1 500 are not units
)
_SUM = re.compile(r"[\d.)]\s*[-+*/×÷·^xX:]+\s*[\d.(]")  # 3/4, 285 x 10, but not 1e-5
_LONGEST = 100
# A float holds 15 digits for sure: 0.1 + 0.2 is meant as 0.3.
_SURE_DIGITS = Context(prec=15, Emax=9999, Emin=-9999)
_BITS = 1100  # larger than any float


def interval(key: Decimal, tolerance: Tolerance) -> tuple[Decimal, Decimal]:
    """The lowest and highest right value: key ± the larger of absolute and relative · |key|."""
    half = max(tolerance.absolute, units.EXACT.multiply(tolerance.relative, abs(key)))
    return units.EXACT.subtract(key, half), units.EXACT.add(key, half)


def amount(public_item: Mapping[str, Any], answer: Mapping[str, Any]) -> Decimal:
    """The number of a checked numeric response, in the item's own unit."""
    return units.convert(_read_number(answer["value"]), answer["unit"], public_item.get("unit", ""))


def read(public_item: Mapping[str, Any], response: Any) -> dict[str, Any]:
    """The response as `{"value": number, "unit": unit}`, or CourseError saying what to mend."""
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
