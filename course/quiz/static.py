"""An item where no widget can be: as text (terminals, grading) and as HTML (GitHub, print)."""

import html
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from course.quiz import markup
from course.quiz.difference import shown
from course.quiz.judge import as_code

Public = Mapping[str, Any]

_BLANK = "______"
_GAP = "____"
_MARK = re.compile(r"\[\[([A-Za-z0-9_-]{1,80})\]\]")
_MEASURED = {
    "calls": "calls",
    "tokens": "tokens",
    "cost_usd": "USD",
    "at_once": "calls at once",
    "seconds": "seconds",
}


def text(item: Public, response: Any = None) -> str:
    """The stem, what to do, and the options, with the recorded response marked."""
    rows = [f"{mark}{words}" for mark, words in _rows(item, response)]
    return "\n".join([markup.plain(_stem(item)), "", *rows, "", task(item)])


def page(item: Public, response: Any = None) -> str:
    """The same as HTML: without ids, scripts or styles, so that any viewer may show it."""
    rows = "".join(f"<div>{row}</div>" for row in _html_rows(item, response))
    body = markup.html(_stem(item)) + rows
    return f'<div dir="auto">{body}<p><small>{html.escape(task(item))}</small></p></div>'


def task(item: Public) -> str:
    """What is asked for and what it is worth: `Choose one. 1 point.`"""
    points = item.get("points", 1)
    return f"{todo(item)} {points} point{'' if points == 1 else 's'}.".strip()


def todo(item: Public) -> str:
    """What is asked for: `Choose one.`"""
    function = item.get("function", "")
    return {
        "single": "Choose one.",
        "multiple": f"Choose {item.get('choose', 'all that apply')}.",
        "numeric": "Give a number.",
        "order": "Put them in order.",
        "match": "Find the match of each.",
        "cloze": "Fill the gaps.",
        "text": "Answer in your own words." if item.get("by_hand") else "Give a short text.",
        "code": f"Write the function {function}.",
        "measured": f"Write the function {function}.",
    }.get(item["type"], "")


def told(item: Public, response: Any) -> str:
    """A response in words: `B`, `A, C`, `0.06 USD`, `p1: A`, `(1) B, (2) 7 s`."""
    match item["type"], response:
        case "match", Mapping():
            return ", ".join(f"{prompt}: {option}" for prompt, option in response.items())
        case "cloze", Mapping():
            given = [
                f"({place}) {told(gap, response[gap['id']])}"
                for place, gap in enumerate(item["gaps"], start=1)
                if gap["id"] in response
            ]
            return ", ".join(given)
        case _, Mapping():
            return number(item, response)
        case _, list():
            return ", ".join(map(str, response))
    return str(response)


def number(item: Public, response: Any) -> str:
    """A number with its unit, or a blank with the unit."""
    given = response if isinstance(response, Mapping) else {"value": _BLANK, "unit": item["unit"]}
    return f"{plain(given['value'])} {given['unit']}"


def plain(value: Any) -> str:
    """A number as people write it: 0.0000285, not 2.85e-05; only a huge or tiny one has an e."""
    if not isinstance(value, int | float):
        return str(value)
    number = Decimal(repr(value))
    readable = number.is_zero() or -15 <= number.adjusted() < 21
    return f"{number:f}" if readable else f"{number.normalize():e}"


def is_chosen(option: str, response: Any) -> bool:
    """Whether the recorded response holds the option."""
    return option == response or (isinstance(response, list) and option in response)


def _stem(item: Public) -> str:
    """The stem with its gaps numbered: ____ (1)."""
    if item["type"] != "cloze":
        return item["stem"]
    places = {gap["id"]: place for place, gap in enumerate(item["gaps"], start=1)}
    return _MARK.sub(
        lambda mark: f"{_GAP} ({places[mark[1]]})" if mark[1] in places else mark[0], item["stem"]
    )


def _rows(item: Public, response: Any) -> Iterator[tuple[str, str]]:
    """What stands below the stem: a mark in front, and plain words."""
    kind = item["type"]
    if kind in ("numeric", "text"):
        yield "Answer: ", _answer(item, response)
    elif kind == "match":
        yield from _matches(item, response)
    elif kind == "cloze":
        yield from _gaps(item, response)
    elif kind in ("code", "measured"):
        yield from (("", line) for line in _calls(item))
    else:
        marks = {"single": ("( ) ", "(•) "), "multiple": ("[ ] ", "[x] ")}
        for option in _ordered(item, response):
            mark = marks.get(kind, ("- ", "- "))[is_chosen(option["id"], response)]
            yield mark, _option(option)


def _html_rows(item: Public, response: Any) -> Iterator[str]:
    marks = {"single": ("○", "●"), "multiple": ("☐", "☑")}.get(item["type"])
    if marks:
        for option in item["options"]:
            mark = marks[is_chosen(option["id"], response)]
            yield f"{mark} <b>{html.escape(option['id'])}</b> {_inside(option['text'])}"
    elif item["type"] == "order":
        for option in _ordered(item, response):
            yield f"<b>{html.escape(option['id'])}</b> {_inside(option['text'])}"
    elif item["type"] == "match":
        yield from _html_matches(item, response)
    elif item["type"] in ("code", "measured"):
        yield from (f"<code>{html.escape(line)}</code>" for line in _calls(item))
    elif item["type"] == "cloze":
        yield from (html.escape(mark + words) for mark, words in _gaps(item, response))
    else:
        yield html.escape(_answer(item, response))


def _answer(item: Public, response: Any) -> str:
    if item["type"] == "numeric":
        return number(item, response)
    return _BLANK if response is None else str(response)


def _ordered(item: Public, response: Any) -> list[Public]:
    """The options, of an order as the response has them."""
    if item["type"] != "order" or not isinstance(response, list):
        return list(item["options"])
    return sorted(item["options"], key=lambda option: response.index(option["id"]))


def _matches(item: Public, response: Any) -> Iterator[tuple[str, str]]:
    given = response if isinstance(response, Mapping) else {}
    for place, prompt in enumerate(item["prompts"], start=1):
        words = markup.plain(prompt["text"])
        yield f"{place}. ", f"{words}: {given.get(prompt['id'], _GAP)}"
    yield "", ""
    for option in item["options"]:
        yield "   ", _option(option)


def _html_matches(item: Public, response: Any) -> Iterator[str]:
    given = response if isinstance(response, Mapping) else {}
    for place, prompt in enumerate(item["prompts"], start=1):
        chosen = html.escape(str(given.get(prompt["id"], _GAP)))
        yield f"{place}. {_inside(prompt['text'])}: <b>{chosen}</b>"
    for option in item["options"]:
        yield f"<b>{html.escape(option['id'])}</b> {_inside(option['text'])}"


def _gaps(item: Public, response: Any) -> Iterator[tuple[str, str]]:
    given = response if isinstance(response, Mapping) else {}
    for place, gap in enumerate(item["gaps"], start=1):
        answer = given.get(gap["id"])
        said = told(gap, answer) if answer is not None else _blank(gap)
        choice = " / ".join(
            f"{each['id']}  {markup.plain(each['text'])}" for each in gap["options"]
        )
        yield f"({place}) ", f"{said}   {choice}".rstrip()


def _blank(gap: Public) -> str:
    return number(gap, None) if gap["type"] == "numeric" else _GAP


def _calls(item: Public) -> Iterator[str]:
    """The calls that a student may see, and what else is tried."""
    for case in item.get("cases", []):
        yield f"{as_code(case, item['function'])} returns {shown(case['expected'])}"
    if item.get("hidden"):
        yield f"and {item['hidden']} more, tried when it is graded"
    for name, bound in item.get("bounds", {}).items():
        for word in ("most", "least"):
            if bound.get(word) is not None:
                whole = "" if name == "at_once" else " in all"
                yield f"at {word} {bound[word]} {_MEASURED.get(name, name)}{whole}"


def _option(option: Public) -> str:
    indented = markup.plain(option["text"]).replace("\n", "\n       ")
    return f"{option['id']}  {indented}"


def _inside(text: str) -> str:
    """An option's one paragraph without its own margins."""
    return markup.html(text).removeprefix("<p>").removesuffix("</p>")
