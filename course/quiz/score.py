"""What a response is worth.

`check` reads a response before it is saved and says what is wrong with it; `score` gives a
verdict on any JSON value at all, because a journal comes from a student's folder. What a
student's function is worth is told by `score_cases`, from what it gave back. Pure.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from course.errors import CourseError
from course.quiz import numbers, units, words
from course.quiz.answers import PROGRAMS, Unanswered, check
from course.quiz.judge import explain_case, score_bounds, score_cases
from course.quiz.numbers import amount, interval
from course.quiz.verdict import State, Verdict, shared, verdict

if TYPE_CHECKING:  # a student's notebook scores nothing and need not wait for pydantic
    from course.quiz.items import Item, Question

__all__ = [
    "PROGRAMS",
    "State",
    "Unanswered",
    "Verdict",
    "amount",
    "check",
    "explain_case",
    "interval",
    "score",
    "score_bounds",
    "score_cases",
]


def score(item: Item, response: Any) -> Verdict:
    """The verdict on any JSON value as a response to an item of the bank; never an exception."""
    if item.type in PROGRAMS:
        return verdict(item.points, "invalid", "It is graded from the notebook.")
    if item.type == "cloze":
        return _cloze(item, response)
    return _question(item, response, item.points, scoring=item.scoring)


def _question(question: Question, response: Any, points: float, *, scoring: str) -> Verdict:
    """The verdict on an item's own question or on that of a gap."""
    try:
        answer = check(question.public(), response)
    except Unanswered as error:
        return verdict(points, "unanswered", str(error))
    except units.WrongDimension as error:
        return verdict(points, "wrong", str(error))
    except CourseError as error:
        return verdict(points, "invalid", str(error))
    if question.is_by_hand:
        return verdict(points, "by-hand", "A person reads this answer and gives the points.")
    if question.key is None and question.type != "text":
        return verdict(points, "invalid", "This item has no key in its bank.")
    share, reason = _SHARES[question.type](question, answer)
    return shared(points, share, reason, scoring=scoring)


def _single(question: Question, answer: str) -> tuple[Fraction, str]:
    if answer == question.key:
        return Fraction(1), "The right option is chosen."
    return Fraction(0), "Another option is right."


def _multiple(item: Item, answer: list[str]) -> tuple[Fraction, str]:
    """Right chosen / keys − wrong chosen / distractors, so that choosing all earns nothing."""
    keys = set(item.key)
    distractors = {option.id for option in item.options} - keys
    right, wrong = len(keys.intersection(answer)), len(distractors.intersection(answer))
    share = Fraction(right, len(keys)) if keys else Fraction(0)
    share -= Fraction(wrong, len(distractors)) if wrong else 0
    return share, f"{right} of {len(keys)} right options chosen, {wrong} wrong."


def _numeric(question: Question, answer: dict[str, Any]) -> tuple[Fraction, str]:
    low, high = numbers.interval(question.key, question.tolerance)
    if low <= numbers.amount(question.public(), answer) <= high:
        return Fraction(1), "The number is right."
    return Fraction(0), "The number is outside the tolerance."


def _text(question: Question, answer: str) -> tuple[Fraction, str]:
    if words.is_accepted(answer, question.accept, question.pattern):
        return Fraction(1), "The text is right."
    return Fraction(0), "Another text is right."


def _order(item: Item, answer: list[str]) -> tuple[Fraction, str]:
    """The share of neighbours in the key that are neighbours, in that order, in the answer."""
    pairs = list(pairwise(item.key))
    kept = len(set(pairs).intersection(pairwise(answer)))
    reason = f"{kept} of {len(pairs)} steps follow as they should."
    return (Fraction(kept, len(pairs)) if pairs else Fraction(1)), reason


def _match(item: Item, answer: dict[str, str]) -> tuple[Fraction, str]:
    right = sum(answer.get(prompt) == option for prompt, option in item.key.items())
    return Fraction(right, len(item.key) or 1), f"{right} of {len(item.key)} pairs are right."


def _cloze(item: Item, response: Any) -> Verdict:
    """Each gap as its own type, the points shared out by the gaps' weights."""
    answers = response if isinstance(response, dict) else {}
    if response is not None and response != {} and not set(answers) & {gap.id for gap in item.gaps}:
        return _refused(item, response)
    found = [
        (gap.weight, _question(gap, answers.get(gap.id), gap.weight, scoring="share"))
        for gap in item.gaps
    ]
    whole = sum(Fraction(weight) for weight, _ in found) or Fraction(1)
    share = sum(Fraction(each.points) for _, each in found) / whole
    states = [each.state for _, each in found]
    reason = f"{states.count('right')} of {len(states)} gaps are right."
    for state in ("unanswered", "invalid"):
        if set(states) <= {state}:
            return verdict(item.points, state, reason)
    return shared(item.points, share, reason, scoring=item.scoring)


def _refused(item: Item, response: Any) -> Verdict:
    """The verdict on what is no table of this item's gaps."""
    try:
        check(item.public(), response)
    except Unanswered as error:
        return verdict(item.points, "unanswered", str(error))
    except CourseError as error:
        return verdict(item.points, "invalid", str(error))
    return verdict(item.points, "invalid", "None of the gaps is answered.")


_SHARES = {
    "single": _single,
    "multiple": _multiple,
    "numeric": _numeric,
    "text": _text,
    "order": _order,
    "match": _match,
}
