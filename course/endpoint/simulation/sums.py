"""Plain sums in a message: tasks that need no file, for their answers can be worked out."""

import operator
import re
from fractions import Fraction

from course.endpoint.simulation.reference import LEAST, Item

_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.\d{1,6})?"
_SIGN = r"(?:\+|-|−|\*|x|×|/|÷|plus|minus|times|(?:divided|multiplied) by)"
_GAP = "[ \\t]{0,3}"
_SUM = rf"\({{0,8}}-?{_NUMBER}\){{0,8}}(?:{_GAP}{_SIGN}{_GAP}\({{0,8}}{_NUMBER}\){{0,8}}){{1,8}}"
_ASKED = re.compile(
    r"(?:what is|what's|how much is|calculate|compute|work out)[ \t]{1,3}"
    rf"(?P<asked>{_SUM})(?={_GAP}(?:[?=!;,.]|$))"
    rf"|^{_GAP}(?:\d{{1,4}}[.)]{_GAP})?(?P<bare>{_SUM}){_GAP}=",
    re.IGNORECASE | re.MULTILINE,
)
_TOKEN = re.compile(rf"{_NUMBER}|{_SIGN}|[()]", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_DATE = re.compile(r"\d{4}([-/])\d\d?\1\d\d?")
_LEADING = re.compile(r"0\d")
_WORDS = {"plus": "+", "minus": "-", "−": "-", "divided by": "/", "÷": "/"}
_RANK = {"+": 1, "-": 1, "*": 2, "/": 2}
_WORKED = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
SUM_DIFFICULTY = {"start": -3.0, "+": 0.25, "-": 0.25, "*": 0.5, "/": 0.5}
"""ASSUMPTION, in logits: a sum starts at -3; plus and minus add 0.25 for each digit of the two
numbers together, times and division 0.5 for each digit of the one times each of the other."""


def sums(text: str) -> list[Item]:
    """The plain sums that a text asks for: "What is 17 * 23?", "48 plus 57 =" at a line's start.

    Numbers of up to 12 digits and brackets; what does not come out in six decimals is left alone.
    """
    if not _may_ask(text):
        return []
    return [
        item for match in _ASKED.finditer(text) if (item := _sum(match["asked"] or match["bare"]))
    ]


def _may_ask(text: str) -> bool:
    """Whether a sum can be asked for: a look for parts of words, because that is quick."""
    said = text.lower()
    return (
        "=" in said
        or "what" in said
        or "how m" in said
        or "comp" in said
        or "calc" in said
        or "work o" in said
    ) and _DIGIT.search(text) is not None


def _sum(told: str) -> Item | None:
    tokens = [token.lower().replace(",", "") for token in _TOKEN.findall(told)]
    tokens = [
        _WORDS.get(token, token if token[0] in "0123456789()+-/" else "*") for token in tokens
    ]
    left = list(tokens)
    if _DATE.fullmatch(told.strip()) or any(_LEADING.match(token) for token in tokens):
        return None
    try:
        value, cost = _reckoned(left)
    except (ValueError, IndexError, ZeroDivisionError):
        return None
    scaled = value * 10**6
    if left or scaled.denominator != 1:
        return None
    return Item(
        id=f"sum {' '.join(tokens)}",
        kind="arithmetic",
        text=f"sum: {told}".ljust(LEAST, "?"),
        answer=_plain(value),
        wrong=[_plain(one) for one in _slips(value)],
        difficulty=min(SUM_DIFFICULTY["start"] + cost, 10.0),
    )


def _reckoned(tokens: list[str], least: int = 1) -> tuple[Fraction, float]:
    """The value of the tokens, which are used up, and what its operations add in difficulty."""
    value, cost = _operand(tokens)
    while tokens and _RANK.get(tokens[0], 0) >= least:
        sign = tokens.pop(0)
        other, more = _reckoned(tokens, _RANK[sign] + 1)
        one, two = (len(str(abs(number.numerator))) for number in (value, other))
        cost += more + SUM_DIFFICULTY[sign] * (one + two if _RANK[sign] == 1 else one * two)
        value = _WORKED[sign](value, other)
    return value, cost


def _operand(tokens: list[str]) -> tuple[Fraction, float]:
    token = tokens.pop(0)
    if token == "-":
        value, cost = _operand(tokens)
        return -value, cost
    if token != "(":
        return Fraction(token), 0.0
    value, cost = _reckoned(tokens)
    if tokens.pop(0) != ")":
        raise ValueError(token)
    return value, cost


def _slips(value: Fraction) -> list[Fraction]:
    """Plausible wrong results: a carry lost, ten off, two digits swapped, one off if small."""
    unit = next(Fraction(1, 10**places) for places in range(7) if not value * 10**places % 1)
    whole = abs(int(value / unit))
    digits = str(whole)
    swaps = [at for at in range(1, len(digits) - 1) if digits[at] != digits[at + 1]]
    slips = [whole - 10, whole + 10] if whole >= 20 else [whole + 1]
    slips += [whole - 1] if 0 < whole < 20 else []
    slips += [whole - 100] if whole >= 200 else []
    if swaps:
        at = swaps[-1]
        slips.append(int(digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]))
    return [(-one if value < 0 else one) * unit for one in slips]


def _plain(value: Fraction) -> str:
    """391, -7 or 2.5: a number that comes out in six decimals, without zeros at its end."""
    whole, part = divmod(abs(int(value * 10**6)), 10**6)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{part:06}".rstrip("0").rstrip(".")
