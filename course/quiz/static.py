"""An item where no widget can be: as text (terminals, grading) and as HTML (GitHub, print)."""

import html
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from course.quiz import markup

_BLANK = "______"


def text(item: Mapping[str, Any], response: Any = None) -> str:
    """The stem, what to do, and the options, with the recorded response marked."""
    lines = [markup.plain(item["stem"]), "", *_options(item, response)]
    return "\n".join([*lines, "", task(item)])


def page(item: Mapping[str, Any], response: Any = None) -> str:
    """The same as HTML: without ids, scripts or styles, so that any viewer may show it."""
    marks = {"single": ("○", "●"), "multiple": ("☐", "☑")}.get(item["type"], ("", ""))
    rows = [
        f"<div>{marks[chosen]} <b>{html.escape(option['id'])}</b> {_inside(option['text'])}</div>"
        for option in item["options"]
        for chosen in [is_chosen(option["id"], response)]
    ]
    if item["type"] == "numeric":
        rows = [f"<div>{html.escape(number(item, response))}</div>"]
    body = markup.html(item["stem"]) + "".join(rows)
    return f'<div dir="auto">{body}<p><small>{html.escape(task(item))}</small></p></div>'


def task(item: Mapping[str, Any]) -> str:
    """What is asked for and what it is worth: `Choose one. 1 point.`"""
    todo = {
        "single": "Choose one.",
        "multiple": f"Choose {item.get('choose', 'all that apply')}.",
        "numeric": "Give a number.",
    }.get(item["type"], "")
    points = item.get("points", 1)
    return f"{todo} {points} point{'' if points == 1 else 's'}.".strip()


def told(item: Mapping[str, Any], response: Any) -> str:
    """A response in words: `B`, `A, C` or `0.06 USD`."""
    if isinstance(response, Mapping):
        return number(item, response)
    return ", ".join(response) if isinstance(response, list) else str(response)


def number(item: Mapping[str, Any], response: Any) -> str:
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


def _options(item: Mapping[str, Any], response: Any) -> Iterator[str]:
    if item["type"] == "numeric":
        yield "Answer: " + number(item, response)
    marks = ("( )", "(•)") if item["type"] == "single" else ("[ ]", "[x]")
    for option in item["options"]:
        indented = markup.plain(option["text"]).replace("\n", "\n       ")
        yield f"{marks[is_chosen(option['id'], response)]} {option['id']}  {indented}"


def _inside(text: str) -> str:
    """An option's one paragraph without its own margins."""
    return markup.html(text).removeprefix("<p>").removesuffix("</p>")
