"""What a student's function is worth: returned values against expected ones, told in words.

The functions here see values only. Whoever calls the student's function (a notebook for the
visible cases, the grader's executing process for all) hands over one outcome a case:
`{"value": …}`, `{"raised": "ZeroDivisionError: …"}`, `{"missing": true}` where there is no such
function, or `{"refused": why}`. Pure, and total: any JSON is an outcome.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from course.quiz.difference import difference, shown
from course.quiz.verdict import Verdict, shared, verdict

if TYPE_CHECKING:  # the cases in a notebook are plain tables from items.json
    from course.quiz.fields import Case
    from course.quiz.items import Item

_MOST_SAID = 400
_BOUNDS = {
    "calls": "calls",
    "tokens": "tokens",
    "cost_usd": "USD",
    "at_once": "calls at once",
    "seconds": "seconds",
}


def score_cases(item: Item, returned: Any, used: Mapping[str, Any] | None = None) -> Verdict:
    """The verdict on the outcomes of an item's cases, in their order; each case weighs the same.

    Of a measured item each bound weighs as much as a case, by what was `used` (see
    `score_bounds`); bounds earn nothing while no case is right, for doing nothing uses little.
    """
    outcomes = list(returned) if isinstance(returned, list | tuple) else []
    outcomes += [{"missing": True}] * (len(item.cases) - len(outcomes))
    if item.cases and all(_is_missing(each) for each in outcomes[: len(item.cases)]):
        return verdict(item.points, "unanswered", f"There is no function {item.function}.")
    pairs = zip(item.cases, outcomes, strict=False)
    right = sum(is_right(case, outcome) for case, outcome in pairs)
    bounds = _asked(item)
    kept = len(bounds) - len(score_bounds(item, used or {}))
    share = Fraction(right + kept, len(item.cases) + len(bounds) or 1)
    if (item.cases and not right) or not (item.cases or used):
        share = Fraction(0)
    reason = f"{right} of {len(item.cases)} calls gave what was expected."
    reason += f" {kept} of {len(bounds)} bounds were kept." if bounds else ""
    return shared(item.points, share, reason, scoring=item.scoring)


def score_bounds(item: Item, used: Mapping[str, Any]) -> list[str]:
    """A sentence for each bound that is broken; [] when all are kept.

    `used` has numbers named as the bounds are: calls, tokens, cost_usd, at_once, seconds. What
    is bounded and was not measured counts as broken.
    """
    broken = []
    for name, bound in _asked(item).items():
        amount = used.get(name) if isinstance(used, Mapping) else None
        if isinstance(amount, bool) or not _is_size(amount):
            broken.append(f"{_BOUNDS[name]}: nothing was measured.")
        elif bound.most is not None and amount > bound.most:
            broken.append(f"{_amount(amount, name)} used; at most {bound.most} may be.")
        elif bound.least is not None and amount < bound.least:
            broken.append(f"{_amount(amount, name)} used; at least {bound.least} must be.")
    return broken


def _amount(amount: Any, name: str) -> str:
    called = _BOUNDS[name] if amount != 1 else _BOUNDS[name].replace("calls", "call")
    return f"{shown(amount)} {called}"


def is_right(case: Case | Mapping[str, Any], outcome: Any) -> bool:
    """Whether the outcome is the value that the case expects."""
    table = _table(case)
    if not isinstance(outcome, Mapping) or set(outcome) != {"value"}:
        return False
    return difference(table["expected"], outcome["value"], tolerance=table.get("tolerance")) is None


def explain_case(
    case: Case | Mapping[str, Any], outcome: Any, *, function: str = "your_function"
) -> str:
    """What was called, what came back, what was expected, and the first difference."""
    table = _table(case)
    called = as_code(table, function)
    if is_right(case, outcome):
        return f"{called} returned {shown(outcome['value'])}: right."
    lines = [called, *_came_back(outcome, function), f"  expected: {shown(table['expected'])}"]
    if isinstance(outcome, Mapping) and "value" in outcome:
        found = difference(table["expected"], outcome["value"], tolerance=table.get("tolerance"))
        lines.append(f"  first difference: {found}")
    if table.get("message"):
        lines.append(f"  {table['message']}")
    return "\n".join(lines)


def as_code(case: Case | Mapping[str, Any], function: str) -> str:
    """The call as one writes it: `cost(1000, price=0.15)`."""
    table = _table(case)
    given = [shown(value) for value in table.get("arguments") or []]
    named = [f"{name}={shown(value)}" for name, value in (table.get("named") or {}).items()]
    return f"{function}({', '.join(given + named)})"


def _came_back(outcome: Any, function: str) -> list[str]:
    if not isinstance(outcome, Mapping):
        return ["  nothing came back that can be read."]
    if "value" in outcome:
        return [f"  returned: {shown(outcome['value'])}"]
    if "raised" in outcome:
        return [f"  stopped with: {_said(outcome['raised'])}"]
    if "refused" in outcome:
        return [f"  could not be used: {_said(outcome['refused'])}"]
    return [f"  There is no function {function}: write it in a cell and run that cell."]


def _said(text: Any) -> str:
    said = " ".join(text.split()) if isinstance(text, str) else shown(text)
    said = "".join(sign if sign.isprintable() else "?" for sign in said)
    return said if len(said) <= _MOST_SAID else f"{said[:_MOST_SAID]}…"


def _table(case: Case | Mapping[str, Any]) -> Mapping[str, Any]:
    return case if isinstance(case, Mapping) else case.public()


def _is_missing(outcome: Any) -> bool:
    return isinstance(outcome, Mapping) and outcome.get("missing") is True


def _asked(item: Item) -> dict[str, Any]:
    bounds = {name: getattr(item.bounds, name) for name in _BOUNDS}
    return {name: bound for name, bound in bounds.items() if bound is not None}


def _is_size(amount: Any) -> bool:
    try:
        return bool(amount >= 0)  # NaN is not
    except (TypeError, ArithmeticError, ValueError):
        return False
