"""Values that hold no others (numbers, strings, booleans, null), made under a schema."""

import math
import random
from collections.abc import Iterator, Mapping
from fractions import Fraction

from course.endpoint.simulation.schema.errors import NoInstance
from course.endpoint.simulation.schema.formats import FORMATS, HONEST, Format
from course.endpoint.simulation.schema.patterns import LONGEST, read_pattern

SPREAD = 100
"""A number with one bound only is at most so many steps away from it."""
_OF_TEXTS = frozenset(("pattern", "format", "minLength", "maxLength"))


def leaf(schema: Mapping, kind: str, *, draw: random.Random) -> object:
    """A value of a type that holds no other values; else NoInstance."""
    if kind == "string":
        return text(schema, draw=draw)
    if kind == "boolean":
        return draw.random() < 0.5
    return None if kind == "null" else number(schema, whole=kind == "integer", draw=draw)


def has_leaf(schema: Mapping, kind: str) -> bool:
    """Whether there is a value of a type that holds no others."""
    try:
        leaf(schema, kind, draw=random.Random(0))
    except NoInstance:
        return False
    return True


def number(schema: Mapping, *, whole: bool, draw: random.Random) -> int | float:
    """A number within the bounds of a schema, a whole one where possible; else NoInstance."""
    if BOUNDS.keys().isdisjoint(schema):
        return draw.randint(0, SPREAD)
    step = _exact(schema.get("multipleOf", 1))
    step = Fraction(step.numerator) if whole else step
    lows = [_exact(schema[word]) for word in ("minimum", "exclusiveMinimum") if word in schema]
    highs = [_exact(schema[word]) for word in ("maximum", "exclusiveMaximum") if word in schema]
    last = math.floor(min(highs) / step) if highs else None
    least = 0 if last is None or last >= 0 else last - SPREAD
    first = math.ceil(max(lows) / step) if lows else least
    last = first + SPREAD if last is None else last
    tried = [draw.randint(first, min(last, first + SPREAD)) for _ in range(9) if first <= last]
    found = [times * step for times in (*tried, first, first + 1, last, last - 1, 0)]
    if not whole and "multipleOf" not in schema and lows and highs:
        found.append((max(lows) + min(highs)) / 2)
    for value in map(_plain, found):
        if all(BOUNDS[word](value, schema[word]) for word in BOUNDS if word in schema):
            return value
    raise NoInstance("no number is within the bounds")


def _exact(value: int | float) -> Fraction:
    return Fraction(value if isinstance(value, int) else repr(value))


def _plain(value: Fraction) -> int | float:
    try:
        return value.numerator if value.denominator == 1 else float(value)
    except OverflowError:
        raise NoInstance("the bounds are too large") from None


def _multiple(value: int | float, of: int | float) -> bool:
    """As the programs that check it divide: by this rule 0.3 is not a multiple of 0.1."""
    try:
        return value % of == 0 if isinstance(of, int) else (value / of).is_integer()
    except OverflowError:
        return False


BOUNDS = {
    "minimum": lambda value, bound: value >= bound,
    "maximum": lambda value, bound: value <= bound,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "exclusiveMaximum": lambda value, bound: value < bound,
    "multipleOf": _multiple,
}


def text(schema: Mapping, *, draw: random.Random) -> str:
    """A text of the wanted pattern, format and length; else NoInstance."""
    if _OF_TEXTS.isdisjoint(schema):
        return HONEST
    fewest, most = schema.get("minLength", 0), schema.get("maxLength", LONGEST)
    pattern, form = schema.get("pattern"), FORMATS.get(schema.get("format"))
    if pattern is None and form is None:
        length = min(max(fewest, len(HONEST)), most)
        if fewest <= length <= LONGEST:
            return ((HONEST + " ") * (length // len(HONEST) + 1))[:length]
        raise NoInstance("no text is as long as wanted")
    for made in _texts(pattern, form, fewest, draw):
        fits = fewest <= len(made) <= most and (form is None or form.fits(made))
        if fits and (pattern is None or read_pattern(pattern).fits(made)):
            return made
    wanted = f"of the format {schema['format']!r}" if pattern is None else f"of {pattern!r:.100}"
    raise NoInstance(f"no text {wanted} and of that length was found")


def _texts(
    pattern: str | None, form: Format | None, fewest: int, draw: random.Random
) -> Iterator[str]:
    """Candidates for a text: of the format, and of the pattern with few to many repeats."""
    if form:
        yield from (form.make(draw) for _ in range(3))
    if pattern is not None:
        read = read_pattern(pattern)
        for more in (2, 1, 0, 3, *range(max(fewest - 9, 4), fewest + 1), fewest // 2):
            for plain in (True, True, True, False, False, False):
                grown = read.grow(draw, min(more, LONGEST), plain=plain)
                yield grown
                yield grown + "x" * min(fewest - len(grown), LONGEST)
