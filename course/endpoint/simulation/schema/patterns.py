"""The patterns of strings: matched, and grown into texts.

They are read by Python's own parser of regular expressions and matched by Rust's, whose time grows
with the text only, whatever the pattern.
"""

import random
import re
import string
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from re import _parser

from pydantic_core import SchemaError, SchemaValidator, core_schema

from course.endpoint.simulation.schema.errors import LooksAround, NoInstance, NotRegular

LONGEST = 10_000
"""No string is made longer than this, and no pattern is read that weighs more."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression that can be matched and grown into a text."""

    tree: _parser.SubPattern
    weight: int
    matcher: SchemaValidator

    def fits(self, text: str) -> bool:
        """Whether it is found in a text, in time that grows with the text's length only."""
        return self.matcher.isinstance_python(text)

    def grow(self, draw: random.Random, more: int, *, plain: bool) -> str:
        """A text whose repeated parts come `more` times more than they must.

        It is of letters and digits where these will do, if `plain`.
        """
        return _grow(self.tree, draw, more, plain)


@lru_cache(1024)
def read_pattern(pattern: str) -> Pattern:
    """Reads an expression; NoInstance for one that is broken, too large or looks around."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = _parser.parse(pattern)
        weight = _weight(tree)
        if weight > LONGEST:
            raise NoInstance(f"the pattern {pattern!r:.100} is too large")
        flags = "".join(letter for letter, flag in _FLAGS.items() if tree.state.flags & flag)
        rust = (f"(?{flags})" if flags else "") + _rust(tree)
        return Pattern(tree, weight, SchemaValidator(core_schema.str_schema(pattern=rust)))
    except (re.error, OverflowError):
        raise NotRegular(f"{pattern!r:.100} is not a 'regex'") from None
    except (SchemaError, RecursionError):
        raise NoInstance(f"the pattern {pattern!r:.100} is too large") from None


_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
_LETTERS = string.ascii_lowercase + string.digits + string.ascii_uppercase
_OTHERS = " " + string.punctuation
_PLACES = {
    "AT_BEGINNING": "^",
    "AT_BEGINNING_STRING": r"\A",
    "AT_END": "$",
    "AT_END_STRING": r"\z",
    "AT_BOUNDARY": r"\b",
    "AT_NON_BOUNDARY": r"\B",
}
# In Rust's terms, and so that a text outside ASCII is rather not matched than wrongly.
_CLASSES = {
    "CATEGORY_DIGIT": ("0-9", r"\p{Nd}"),
    "CATEGORY_NOT_DIGIT": (r"\P{Nd}", "[^0-9]"),
    "CATEGORY_WORD": ("0-9A-Za-z_", r"\w\p{N}"),
    "CATEGORY_NOT_WORD": (r"[^\w\p{N}]", "[^0-9A-Za-z_]"),
    "CATEGORY_SPACE": (r"\s", r"\s\x1c-\x1f"),
    "CATEGORY_NOT_SPACE": (r"[^\s\x1c-\x1f]", r"\S"),
}


def _weight(tree: Iterable) -> int:
    """About how many places an expression has when each part is repeated as often as it may."""
    total = 1
    for name, about in tree:
        if name.name.endswith("_REPEAT"):
            low, high, part = about
            total += _weight(part) * max(low + 3, high if high < _parser.MAXREPEAT else 0)
        elif name.name == "BRANCH":
            total += sum(map(_weight, about[1]))
        else:
            total += _weight(about[-1]) if name.name == "SUBPATTERN" else 1
    return total


def _rust(tree: Iterable) -> str:
    """A parsed expression in the words of Rust's `regex`."""
    return "".join(_RUST.get(name.name, _unknown)(about) for name, about in tree)


def _unknown(_: object) -> str:
    raise LooksAround("regex lookaround is not supported")


def _group(about: tuple) -> str:
    on, off = (
        "".join(word for word, flag in _FLAGS.items() if flags & flag) for flags in about[1:3]
    )
    return f"(?{on}{'-' + off if off else ''}:{_rust(about[3])})"


def _repeat(about: tuple) -> str:
    low, high, part = about
    return f"(?:{_rust(part)}){{{low},{'' if high == _parser.MAXREPEAT else high}}}"


def _set(about: Sequence) -> str:
    negated = str(about[0][0]) == "NEGATE"
    told = "^" if negated else ""
    for name, code in about[negated:]:
        if name.name == "CATEGORY":
            told += _CLASSES[code.name][negated]
        else:
            told += "-".join(
                rf"\x{{{each:x}}}" for each in (code if name.name == "RANGE" else [code])
            )
    return f"[{told}]"


_RUST = {
    "LITERAL": lambda code: rf"\x{{{code:x}}}",
    "NOT_LITERAL": lambda code: rf"[^\x{{{code:x}}}]",
    "ANY": lambda _: ".",
    "IN": _set,
    "BRANCH": lambda about: f"(?:{'|'.join(map(_rust, about[1]))})",
    "SUBPATTERN": _group,
    "MAX_REPEAT": _repeat,
    "MIN_REPEAT": _repeat,
    "AT": lambda about: _PLACES[about.name],
}


def _grow(tree: Iterable, draw: random.Random, more: int, plain: bool) -> str:
    grown = []
    for name, about in tree:
        match name.name:
            case "LITERAL":
                grown.append(chr(about))
            case "BRANCH":
                grown.append(_grow(draw.choice(about[1]), draw, more, plain))
            case "SUBPATTERN":
                grown.append(_grow(about[-1], draw, more, plain))
            case "MAX_REPEAT" | "MIN_REPEAT":
                low, high, part = about
                times = range(min(high, low + more))
                grown += [_grow(part, draw, min(more, 2), plain) for _ in times]
            case "IN" | "NOT_LITERAL" | "ANY":
                grown.append(draw.choice(_choice(_rust([(name, about)]), plain)))
    return "".join(grown)


@lru_cache(1024)
def _choice(one: str, plain: bool) -> str:
    """The characters of a class to choose from: in ASCII, or wherever it has any."""
    fits = SchemaValidator(core_schema.str_schema(pattern=rf"\A{one}\z")).isinstance_python
    ascii_only = (_LETTERS, _OTHERS) if plain else (_LETTERS + _OTHERS,)
    for some in (*ascii_only, map(chr, range(0xD800))):
        found = "".join(filter(fits, some))
        if found:
            return found
    raise NoInstance(f"no character is of the class {one:.100}")
