"""How a QTI 2.1 item is scored and what is told, as responseProcessing and modalFeedback.

The rules are the bank's own: neighbours for an order, pairs for a match, right minus wrong for
a multiple, weights for gaps.
"""

import itertools
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from course.quiz import markup, variants
from course.quiz.exchange.markdown import clean
from course.quiz.exchange.safe_xml import element, escape
from course.quiz.items import Item, Question

_Part = tuple[Question, str, Fraction]


def identifier(name: str) -> str:
    """An id as QTI takes it: one that begins with no letter gets a `_` before it."""
    return name if name[0].isalpha() else f"_{name}"


def decimal(value: Fraction) -> str:
    """A share as QTI's float has it, without an exponent."""
    return variants.plain(Decimal(repr(float(value))))


def processing(item: Item, parts: list[_Part]) -> tuple[str, list[str]]:
    """The responseProcessing ("" where a person grades) and the feedback that it shows."""
    if item.is_by_hand:
        return "", []
    told: dict[str, str] = {}
    steps = [step for part in parts for step in _steps(item, *part, told)]
    if item.feedback.strip() and item.type not in ("numeric", "text"):
        told["other"] = item.feedback
        nearly = Fraction(str(item.points)) * Fraction(999_999, 1_000_000)  # thirds may not add up
        missed = element("lt", _variable("SCORE"), _base("float", decimal(nearly)))
        steps.append(_if(missed, _tell("other")))
    feedback = [
        element(
            "modalFeedback",
            markup.html(clean(text)),
            outcomeIdentifier="FEEDBACK",
            identifier=name,
            showHide="show",
        )
        for name, text in told.items()
    ]
    return element("responseProcessing", *steps), feedback


def _steps(
    item: Item, question: Question, name: str, points: Fraction, told: dict[str, str]
) -> Iterator[str]:
    """The conditions for one response; feedback that they show is put into `told`."""
    if question.type in ("numeric", "text"):
        yield _typed(question, name, points, told)
        return
    whole = element("match", _variable(name), element("correct", identifier=name))
    if question.type in ("multiple", "match") and item.scoring == "share":
        yield _add(element("mapResponse", identifier=name))
    elif question.type == "order" and item.scoring == "share" and len(question.key) > 1:
        yield from _neighbours(question.key, name, points)
    else:
        yield _if(whole, _add(_base("float", decimal(points))))
    if question.type in ("single", "multiple"):
        yield from _by_option(question, name, told)


def _by_option(question: Question, name: str, told: dict[str, str]) -> Iterator[str]:
    for option in question.options:
        if option.feedback.strip():
            label = _label(name, option.id)
            told[label] = option.feedback
            chosen = _base("identifier", identifier(option.id))
            kind = "member" if question.type == "multiple" else "match"
            yield _if(element(kind, chosen, _variable(name)), _tell(label))


def _neighbours(key: list[str], name: str, points: Fraction) -> Iterator[str]:
    """One part of the points for each two that follow each other as in the key, wherever."""
    worth = _base("float", decimal(points / (len(key) - 1)))
    for first, second in itertools.pairwise(key):
        places = [
            element("and", _at(name, place, first), _at(name, place + 1, second))
            for place in range(1, len(key))
        ]
        yield _if(element("or", *places), _add(worth))


def _at(name: str, place: int, option: str) -> str:
    there = element("index", _variable(name), n=place)
    return element("match", there, _base("identifier", identifier(option)))


def _typed(question: Question, name: str, points: Fraction, told: dict[str, str]) -> str:
    """If it is right, else if it was anticipated, else."""
    right = next((each for each in question.options if each.id == "right"), None)
    done = [_add(_base("float", decimal(points)))]
    if right and right.feedback.strip():
        told[_label(name, "right")] = right.feedback
        done.append(_tell(_label(name, "right")))
    branches = [element("responseIf", _is_right(question, name), *done)]
    for option in question.options:
        if option.id != "right" and option.feedback.strip():
            label = _label(name, option.id)
            told[label] = option.feedback
            branches.append(element("responseElseIf", _is(question, name, option), _tell(label)))
    if question.feedback.strip():
        told[_label(name, "any-other")] = question.feedback
        branches.append(element("responseElse", _tell(_label(name, "any-other"))))
    return element("responseCondition", *branches)


def _is_right(question: Question, name: str) -> str:
    if question.type == "numeric":
        return _near(question, name, question.key)
    ways = [_same(name, text) for text in question.accept]
    if question.pattern:
        ways.append(element("patternMatch", _variable(name), pattern=question.pattern))
    return element("or", *ways) if len(ways) > 1 else ways[0]


def _is(question: Question, name: str, option) -> str:
    if question.type == "numeric":
        return _near(question, name, option.value)
    return _same(name, str(option.text))


def _same(name: str, text: str) -> str:
    return element(
        "stringMatch", _variable(name), _base("string", clean(text)), caseSensitive="false"
    )


def _near(question: Question, name: str, value: Decimal) -> str:
    """QTI has both kinds of tolerance, the relative one in percent."""
    absolute, relative = question.tolerance.absolute, question.tolerance.relative
    mode, size = "exact", None
    if relative and absolute < relative * abs(value):
        mode, size = "relative", relative * 100
    elif absolute:
        mode, size = "absolute", absolute
    near = {} if size is None else {"tolerance": f"{variants.plain(size)} {variants.plain(size)}"}
    return element(
        "equal", _variable(name), _base("float", variants.plain(value)), toleranceMode=mode, **near
    )


def _label(response: str, option: str) -> str:
    return f"told-{response}-{option}"


def _if(condition: str, *done: str) -> str:
    return element("responseCondition", element("responseIf", condition, *done))


def _add(value: str) -> str:
    return element("setOutcomeValue", element("sum", _variable("SCORE"), value), identifier="SCORE")


def _tell(label: str) -> str:
    """Feedback is collected: several options may have something to say."""
    more = element("multiple", _variable("FEEDBACK"), _base("identifier", label))
    return element("setOutcomeValue", more, identifier="FEEDBACK")


def _variable(name: str) -> str:
    return element("variable", identifier=name)


def _base(kind: str, value: str) -> str:
    return element("baseValue", escape(value), baseType=kind)
