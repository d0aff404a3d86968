"""Options in a row: one form, numbers in order, ranges that do not overlap."""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import combinations

from course.quiz.fields import Option
from course.quiz.rules import words
from course.quiz.rules.rule import Choice, E, Subject, rule

_NUMBER = r"[-−]?[$€£]?(\d[\d,]*(?:\.\d+)?)"
_AMOUNT = re.compile(rf"(?:about |exactly )?{_NUMBER}\s*(.{{0,40}})")
_RANGE = re.compile(rf"(?:from |between )?{_NUMBER}\D{{0,12}}?\s*(?:-|–|to|and)\s*{_NUMBER}\b(.*)")
_HALF_OPEN = (
    (re.compile(rf"(?:under|below|less than|fewer than) {_NUMBER}(.*)"), False, False),
    (re.compile(rf"(?:at most|up to|no more than) {_NUMBER}(.*)"), False, True),
    (re.compile(rf"(?:over|above|more than) {_NUMBER}(.*)"), True, False),
    (re.compile(rf"(?:at least|from|no less than|no fewer than) {_NUMBER}(.*)"), True, True),
)
_OPENERS = {
    "to": re.compile(r"to [a-z]+"),
    "because": re.compile(r"because|since|as it"),
    "-ing": re.compile(r"(?!thing|nothing|something|during|string|king)[a-z]{2,}ing\b"),
    "when": re.compile(r"when|whenever"),
    "if": re.compile(r"if|unless"),
    "by": re.compile(r"by [a-z]+ing"),
    "it": re.compile(r"(?:it|they|its)\b"),
}
_EDGE = Decimal("1e30")


def _said(option: Option) -> str:
    return " ".join(words.shown(option.text).split()).lower()


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


@rule("option-ranges", E, "choice", mend="let each range begin after the one before it has ended")
def option_ranges(choice: Choice) -> Iterator[str]:
    spans = {option.id: _span(_said(option)) for option in choice.options}
    known = {name: span for name, span in spans.items() if span}
    for (one, first), (other, second) in combinations(known.items(), 2):
        low, high = max(first[0], second[0]), min(first[1], second[1])
        if first[2] == second[2] and low <= high:
            yield f"The ranges {one} and {other} overlap."


def _span(said: str) -> tuple[Decimal, Decimal, str] | None:
    """Lowest and highest number of a range, and its unit; None for what is no range."""
    for pattern, upwards, whole in _HALF_OPEN:
        if found := pattern.fullmatch(said):
            edge = _number(found[1]) + (0 if whole else Decimal("1e-9") * (1 if upwards else -1))
            return (edge, _EDGE, found[2].strip()) if upwards else (-_EDGE, edge, found[2].strip())
    if found := _RANGE.fullmatch(said):
        return _number(found[1]), _number(found[2]), found[3].strip()
    return None


@rule("option-order", E, "choice", mend="sort the numbers, smallest first")
def option_order(choice: Choice) -> Iterator[str]:
    found = [_AMOUNT.fullmatch(_said(option)) for option in choice.options]
    if all(found) and len({amount[2].rstrip(" .") for amount in found}) == 1:
        yield from _unsorted(_number(amount[1]) for amount in found)


@rule("answers-order", E, "item", types=["numeric"], mend="sort the anticipated answers by value")
def answers_order(subject: Subject) -> Iterator[str]:
    if subject.item.number is None:  # with parameters the order changes from variant to variant
        values = [option.value for option in subject.item.options if option.value is not None]
        yield from _unsorted(values)


def _unsorted(numbers: Iterable[Decimal]) -> Iterator[str]:
    numbers = list(numbers)
    if numbers not in (sorted(numbers), sorted(numbers, reverse=True)):
        listed = ", ".join(f"{number.normalize():f}" for number in numbers)
        yield f"The numbers are not in order: {listed}."


@rule("option-forms", E, "choice", mend="give all options the same form")
def option_forms(choice: Choice) -> Iterator[str]:
    for name, form in (("what they are", _kind), ("the sign at the end", _ending),
                       ("the first letter", _initial)):  # fmt: skip
        forms = {option.id: form(option) for option in choice.options}
        if len({*forms.values()} - {""}) > 1:
            listed = ", ".join(f"{option} {said}" for option, said in forms.items() if said)
            yield f"The options differ in {name}: {listed}."
    yield from _different_opener(choice)


def _kind(option: Option) -> str:
    said = _said(option)
    if words.codes(option.text) and words.prose(option.text).strip(" .") == "code":
        return "code"
    found = _AMOUNT.fullmatch(said)
    return "a number" if found and len(found[2].split()) <= 3 else "words"


def _ending(option: Option) -> str:
    said = _said(option)
    return "a full stop" if said.endswith((".", "?", "!")) else "none"


def _initial(option: Option) -> str:
    first = words.prose(option.text).strip("*_“\"'‘ ")[:1]
    if not first.isalpha() or words.prose(option.text).startswith("code"):
        return ""
    return "capital" if first.isupper() else "small"


def _different_opener(choice: Choice) -> Iterator[str]:
    for name, opener in _OPENERS.items():
        alike = [option.id for option in choice.options if opener.match(_said(option))]
        if len(alike) >= 2 and len(alike) == len(choice.options) - 1:
            odd = next(option.id for option in choice.options if option.id not in alike)
            yield f"All options but {odd} begin with “{name}”."
