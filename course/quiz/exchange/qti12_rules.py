"""The conditions of QTI 1.2: which answers earn points, and which show feedback."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Context, Decimal

from course.quiz.exchange.found import number
from course.quiz.exchange.safe_xml import Node

_TWELVE = Context(prec=12)
_LOWER, _UPPER = ("vargte", "vargt"), ("varlte", "varlt")


@dataclass(frozen=True)
class Rule:
    """One respcondition: tests that must hold (kind, response, value), points, and feedback.

    `answers` are the values that must be given; `is_other` is a rule for whatever else is.
    """

    tests: tuple[tuple[str, str, str], ...]
    points: Decimal
    told: tuple[str, ...]
    is_other: bool

    @property
    def answers(self) -> set[str]:
        return {value for kind, _, value in self.tests if kind == "varequal"}


def read(item: Node) -> list[Rule]:
    """The rules of an item, in order."""
    return [_rule(node) for node in item.every("respcondition")]


def worths(rules: list[Rule], response: str, *, one: bool) -> dict[str, Decimal]:
    """What each answer to a response earns: 1 for the best of `one`, else 1/n for each of n."""
    found: dict[str, Decimal] = {}
    for rule in rules:
        for kind, name, value in rule.tests:
            if kind == "varequal" and name == response and rule.points:
                found[value] = max(found.get(value, Decimal(-1)), rule.points)
    most = max(found.values(), default=Decimal(0))
    if one and most > 0:
        return {name: points / most for name, points in found.items()}
    right = [name for name, points in found.items() if points > 0]
    return {name: Decimal(1) / len(right) for name in right}


def in_order(rules: list[Rule], response: str) -> list[str]:
    """The answers of the best rule for a response, in the order of its tests."""
    best = max(rules, key=lambda rule: (rule.points, len(rule.tests)), default=None)
    tests = best.tests if best and best.points > 0 else ()
    return list(
        dict.fromkeys(
            value for kind, name, value in tests if name == response and kind == "varequal"
        )
    )


def texts(rules: list[Rule], response: str) -> dict[str, bool]:
    """The texts that are asked for, and whether they are right."""
    found: dict[str, bool] = {}
    for rule in rules:
        for kind, name, value in rule.tests:
            if kind == "varequal" and name == response and value.strip():
                found[value.strip()] = found.get(value.strip(), False) or rule.points > 0
    return found


def numbers(rules: list[Rule], response: str) -> list[tuple[Decimal, Decimal]]:
    """The right number and how far from it one may be, for each rule that earns points.

    Floats that other programs wrote (3.1300000000000003) are rounded to 12 digits.
    """
    found = []
    for rule in rules:
        tests = [(kind, number(value)) for kind, name, value in rule.tests if name == response]
        low = [value for kind, value in tests if kind in _LOWER and value is not None]
        high = [value for kind, value in tests if kind in _UPPER and value is not None]
        exact = [value for kind, value in tests if kind == "varequal" and value is not None]
        if rule.points > 0 and low and high and low[0] <= high[0]:
            middle = exact[0] if exact else _TWELVE.divide(low[0] + high[0], 2)
            found.append((middle, _TWELVE.divide(high[0] - low[0], 2)))
        elif rule.points > 0:
            found += [(value, Decimal(0)) for value in exact]
    return found


def _rule(node: Node) -> Rule:
    tests, is_other = [], False
    for condition in node.nodes("conditionvar"):
        tests += _tests(condition)
        is_other = is_other or any(True for _ in condition.every("other"))
    points = [number(each.text()) or Decimal(0) for each in node.nodes("setvar")]
    if any(
        each.attributes.get("action", "").lower() == "subtract" for each in node.nodes("setvar")
    ):
        points = [-value for value in points]
    told = tuple(each.attributes.get("linkrefid", "") for each in node.nodes("displayfeedback"))
    return Rule(tuple(tests), max(points, default=Decimal(0)), told, is_other and not tests)


def _tests(node: Node) -> Iterator[tuple[str, str, str]]:
    """The tests under a condition, but for those that must not hold."""
    for part in node.nodes():
        if part.name in ("varequal", *_LOWER, *_UPPER):
            yield part.name, part.attributes.get("respident", ""), part.text()
        elif part.name != "not":
            yield from _tests(part)
