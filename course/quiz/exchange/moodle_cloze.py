"""Moodle's embedded answers, `{1:MULTICHOICE:=right#why~wrong#why}`, written and read."""

import html
import math
import re
from decimal import Decimal
from fractions import Fraction

from course.quiz import markup, numbers, variants
from course.quiz.exchange import richtext
from course.quiz.exchange.found import Answer, Question, number
from course.quiz.exchange.losses import Losses
from course.quiz.exchange.markdown import clean
from course.quiz.exchange.outside import right_option
from course.quiz.items import Gap, Item
from course.quiz.keys import MARK

_KINDS = {"single": "MULTICHOICE", "numeric": "NUMERICAL", "text": "SHORTANSWER"}
_READ = {"MC": "single", "MR": "multiple", "NM": "numeric", "SA": "text", "MW": "text"}
_READ |= {"MULTICHOICE": "single", "MULTIRESPONSE": "multiple", "NUMERICAL": "numeric"}
_READ |= {"SHORTANSWER": "text"}
_START = re.compile(
    rf"\{{(\d{{0,4}}):({'|'.join(sorted(_READ, reverse=True))})(?:_?[VHSC]{{1,2}})?:"
)
_END = re.compile(r"(?<!\\)\}")
_NEXT = re.compile(r"(?<!\\)~")
_TOLD = re.compile(r"(?<![\\&])#")
_WORTH = re.compile(r"=|%(-?\d{1,3}(?:[.,]\d*)?)%")
_SPECIAL = re.compile(r"[^\w .,;:!?()*+|-]|_")


def stem(item: Item, losses: Losses) -> str:
    """The stem as HTML, with each gap in place of its mark."""
    weights = _whole([gap.weight for gap in item.gaps])
    if sum(weights) != item.points:
        losses.add(
            item.id, f"Moodle takes the gaps' weights, {sum(weights)} in all, as its points."
        )
    if item.scoring != "share":
        losses.add(item.id, "Moodle gives a part of the points for a part of the answer.")
    places = {gap.id: place for place, gap in enumerate(item.gaps)}
    marked = MARK.sub(lambda mark: f"\ue000{places[mark[1]]}\ue001", clean(item.stem))
    text = markup.html(marked).replace("{", "&#123;")
    for place, (gap, weight) in enumerate(zip(item.gaps, weights, strict=True)):
        text = text.replace(f"\ue000{place}\ue001", _gap(gap, weight, item.id, losses))
    return text


def _whole(weights: list[float]) -> list[int]:
    """The weights as whole numbers in the same proportion: Moodle has no others."""
    exact = [Fraction(str(weight)) for weight in weights]
    times = math.lcm(*(weight.denominator for weight in exact))
    return [int(weight * times) for weight in exact]


def _gap(gap: Gap, weight: int, name: str, losses: Losses) -> str:
    answers = {"single": _single, "numeric": _numeric, "text": _text}[gap.type](gap)
    if gap.pattern:
        losses.add(name, f"in its gap {gap.id} the pattern stays behind.")
    if gap.unit:
        losses.add(name, f"gaps have no units in Moodle; the number in {gap.id} is in {gap.unit}.")
    return f"{{{weight}:{_KINDS[gap.type]}:{'~'.join(answers)}}}"


def _single(gap: Gap) -> list[str]:
    return [
        _alternative("=" if option.id == gap.key else "", _html(option.text), option.feedback)
        for option in gap.options
    ]


def _numeric(gap: Gap) -> list[str]:
    told = right_option(gap)
    found = [_number(gap, gap.key, "=", told.feedback if told else "")]
    found += [
        _number(gap, each.value, "%0%", each.feedback) for each in gap.options if each.id != "right"
    ]
    return found + _any_other(gap)


def _number(gap: Gap, value: Decimal, worth: str, feedback: str) -> str:
    low, high = numbers.interval(value, gap.tolerance)
    text = f"{variants.plain(value)}:{variants.plain((high - low) / 2)}"
    return f"{worth}{text}#{_encoded(_html(feedback))}"


def _text(gap: Gap) -> list[str]:
    told = right_option(gap)
    found = [
        _alternative("=", _starred(text), told.feedback if told else "") for text in gap.accept
    ]
    found += [
        _alternative("%0%", _starred(str(option.text)), option.feedback)
        for option in gap.options
        if option.id != "right"
    ]
    return found + _any_other(gap)


def _any_other(gap: Gap) -> list[str]:
    return [f"%0%*#{_encoded(_html(gap.feedback))}"] if gap.feedback.strip() else []


def _alternative(worth: str, text: str, feedback: str) -> str:
    return f"{worth}{_encoded(text)}#{_encoded(_html(feedback))}"


def _starred(text: str) -> str:
    return clean(text).replace("*", "\\*")


def _html(text: object) -> str:
    """Option and feedback stand in a line: without a paragraph around one paragraph."""
    written = markup.html(clean(str(text)))
    inside = written.removeprefix("<p>").removesuffix("</p>")
    return inside if f"<p>{inside}</p>" == written and "<p>" not in inside else written


def _encoded(text: str) -> str:
    """Everything that could mean something as an entity: Moodle undoes them, and only once."""
    doubled = re.sub(r"\\(?=[}#])", r"\\\\", text)  # Moodle takes one of them away
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", doubled)


def gaps(text: str, question: Question) -> str:
    """Takes the gaps out of a text into `question`; returns it with a mark for each."""
    parts, done = [], 0
    while start := _START.search(text, done):
        end = _END.search(text, start.end())
        kind = _READ.get(start[2])
        if end is None or kind is None:
            parts.append(text[done : start.end()])
            done = start.end()
            continue
        gap = _read_gap(kind, text[start.end() : end.start()], question)
        gap.weight = Decimal(start[1] or 1) or Decimal(1)
        parts += [text[done : start.start()], f"[[\ue000{len(question.gaps)}]]"]
        question.gaps.append(gap)
        done = end.end()
    return "".join([*parts, text[done:]])


def _read_gap(kind: str, inside: str, question: Question) -> Question:
    if kind == "multiple":
        question.lost.append("a gap with several right options keeps the best of them")
    gap = Question("single" if kind == "multiple" else kind)
    for written in _NEXT.split(inside):
        worth = _WORTH.match(written)
        share = Decimal(0)
        if worth:
            share = number(worth[1]) / 100 if worth[1] else Decimal(1)
        text, *told = _TOLD.split(written[worth.end() if worth else 0 :], maxsplit=1)
        feedback = question.text(richtext.from_html(_decoded(told[0]))) if told else ""
        _take(gap, Answer(_decoded(text), share, feedback), question)
    return gap


def _take(gap: Question, answer: Answer, question: Question) -> None:
    if gap.type == "single":
        answer.text = question.text(richtext.from_html(answer.text))
        gap.answers.append(answer)
    elif answer.text.strip() == "*" and answer.share <= 0:
        gap.feedback = answer.feedback
    elif gap.type == "text":
        answer.text = answer.text.strip()
        gap.add_typed(answer)
    else:
        value, _, tolerance = answer.text.partition(":")
        answer.value, answer.tolerance = number(value), number(tolerance or "0") or Decimal(0)
        if answer.value is None:
            question.lost.append(f"the answer {answer.text[:40]!r} is no number and is left out")
        else:
            gap.answers.append(answer)


def _decoded(text: str) -> str:
    """As Moodle does, entities first; what else its manual lets people escape is bare here too."""
    bare = re.sub(r"\\([~/\"])", r"\1", text)
    return re.sub(r"\\([}#])", r"\1", html.unescape(bare))
