"""Safe arithmetic over names, and texts filled from it.

An item declares names for facts (`in_price = "gpt-4o-mini.input_price"`). Its key can then be
`"50000 * 200 * in_price / 1000000"`, and its texts can say `{in_price}` or
`{= 50000 * 200 * in_price / 1000000 :.2f}`. Nothing but arithmetic is ever run.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    localcontext,
)

from course.errors import CourseError

# Enough digits for money; bounds small enough that no expression can run away.
_ARITHMETIC = Context(prec=40, Emax=400, Emin=-400)
_LONGEST = 500
_PLACE = re.compile(r"\{(=?)([^{}]*)\}")
_NAME = re.compile(r"\s*([A-Za-z_]\w*)\s*(?::(.*))?", re.DOTALL)
_SPEC = re.compile(r"[-+ ,_.0-9%A-Za-z/]{0,20}")


def evaluate(expression: str, names: Mapping[str, object]) -> Decimal:
    """The value of an arithmetic expression over `names`, as a Decimal.

    Allowed: + - * / // % ** ( ), round, min, max, ceil, floor, numbers and the names given.
    `//` and `%` round down and `round` takes a half to the even digit, as in Python.
    Anything else, and a result that is no finite number, raises CourseError.

    >>> evaluate("50000 * 200 * price / 1000000", {"price": Decimal("0.15")})
    Decimal('1.5')
    """
    shown = repr(expression.strip()[:80])
    try:
        tree = _parse(expression)
        with localcontext(_ARITHMETIC):
            value = _value(tree, names)
        if not value.is_finite():
            raise OverflowError
    except (DecimalException, OverflowError) as error:
        raise CourseError(f"{shown} has no usable value ({_arithmetic_problem(error)}).") from None
    except CourseError as error:
        raise CourseError(f"{shown} cannot be worked out: {error}") from None
    return _plain(value)


def fill(text: str, names: Mapping[str, object]) -> str:
    """`text` with `{name}`, `{name:format}` and `{= expression :format}` replaced.

    Formats are Python's (`.2f`, `,`; `%d %B %Y` for dates). Braces around anything that is
    not one of `names` stay as they are, so that JSON and code can stand in a text.
    """
    return _PLACE.sub(lambda place: _filled(place, names), text)


def only_place(text: str, names: Mapping[str, object]) -> object | None:
    """The value where `text` is one place to fill and nothing else, such as "{= 2 * price}".

    None for every other text, also for one that has a format.
    """
    place = _PLACE.fullmatch(text.strip())
    if place is None or ":" in place[2]:
        return None
    return evaluate(place[2], names) if place[1] else names.get(place[2].strip())


def is_function(name: str) -> bool:
    """Whether expressions already use this name for a function."""
    return name in _FUNCTIONS


def plain(value: object) -> str:
    """A value as texts show it: numbers without an exponent or idle zeros."""
    return f"{_plain(Decimal(value)):f}" if _is_number(value) else str(value)


def _filled(place: re.Match, names: Mapping[str, object]) -> str:
    equals, inside = place.groups()
    if equals:
        expression, _, spec = inside.partition(":")
        return _formatted(evaluate(expression, names), spec.strip())
    name = _NAME.fullmatch(inside)
    if name is None or name[1] not in names:
        return place[0]
    value = names[name[1]]
    # A fact keeps its own digits ($0.60 stays 0.60), a computed value loses idle zeros.
    return _formatted(value, name[2].strip()) if name[2] else str(value)


def _formatted(value: object, spec: str) -> str:
    if not spec:
        return plain(value)
    sizes = [int(number) for number in re.findall(r"\d+", spec)]
    try:
        if not _SPEC.fullmatch(spec) or max(sizes, default=0) > 60:
            raise ValueError
        if isinstance(value, date):
            return value.strftime(spec)
        if _is_number(value):
            value = Decimal(value)
            value = int(value) if spec.endswith("d") and value == int(value) else value
        return format(value, spec)
    except ValueError:
        raise CourseError(
            f"{spec!r} is not a format for {plain(value)}; use one such as .2f or a comma."
        ) from None


def _parse(expression: str) -> ast.expr:
    if len(expression) > _LONGEST:
        raise CourseError(f"it is longer than {_LONGEST} characters.")
    try:
        return ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise CourseError("this is not arithmetic that can be read.") from None


def _value(node: ast.expr, names: Mapping[str, object]) -> Decimal:
    match node:
        case ast.Constant(value=bool()):
            raise CourseError("True and False are not numbers.")
        case ast.Constant(value=int() | float() as number):
            return Decimal(repr(number))
        case ast.Name(id=name):
            return _named(name, names)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, names)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand, names)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            return _OPERATIONS[type(op)](_value(left, names), _value(right, names))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
            return _called(name, [_value(argument, names) for argument in args])
    raise CourseError(
        "only numbers, declared names, + - * / // % ** ( ) and "
        f"{', '.join(_FUNCTIONS)} can stand in an expression."
    )


def _named(name: str, names: Mapping[str, object]) -> Decimal:
    if name not in names:
        declared = f"declared are {', '.join(names)}" if names else "no name is declared"
        raise CourseError(f"the name {name!r} is not declared under facts ({declared}).")
    if not _is_number(names[name]):
        raise CourseError(f"{name!r} is {str(names[name])[:40]!r}, which is not a number.")
    return Decimal(names[name])


def _called(name: str, arguments: list[Decimal]) -> Decimal:
    function, fewest, most = _FUNCTIONS[name]
    if not fewest <= len(arguments) <= most:
        count = str(fewest) if fewest == most else f"{fewest} to {most}"
        raise CourseError(f"{name} takes {count} numbers, not {len(arguments)}.")
    return function(*arguments)


def _floor_divide(above: Decimal, below: Decimal) -> Decimal:
    return (above - _remainder(above, below)) / below


def _remainder(above: Decimal, below: Decimal) -> Decimal:
    if not below:
        raise DivisionByZero
    rest = above % below  # Decimal's has the sign of `above`, Python's that of `below`
    return rest + below if rest and (rest < 0) != (below < 0) else rest


def _round(value: Decimal, digits: Decimal = Decimal(0)) -> Decimal:
    if digits != int(digits) or abs(digits) > 28:
        raise CourseError("round takes a whole number of digits, at most 28.")
    return Decimal(round(value, int(digits)))


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _plain(value: Decimal) -> Decimal:
    """Without idle zeros and without an exponent: 1.500 -> 1.5, 1E+3 -> 1000."""
    whole = value == value.to_integral_value()
    return value.quantize(Decimal(1), context=_WIDE) if whole else value.normalize(_WIDE)


def _arithmetic_problem(error: Exception) -> str:
    name = type(error).__name__
    return "it divides by zero" if "Division" in name else "it is too large or not a number"


_WIDE = Context(prec=1000, Emax=9999, Emin=-9999)
_OPERATIONS: dict[type, Callable[[Decimal, Decimal], Decimal]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: _floor_divide,
    ast.Mod: _remainder,
    ast.Pow: operator.pow,
}
_FUNCTIONS: dict[str, tuple[Callable[..., Decimal], int, int]] = {
    "round": (_round, 1, 2),
    "min": (min, 1, 20),
    "max": (max, 1, 20),
    "ceil": (lambda value: value.to_integral_value(ROUND_CEILING), 1, 1),
    "floor": (lambda value: value.to_integral_value(ROUND_FLOOR), 1, 1),
}
