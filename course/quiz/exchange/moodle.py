"""A bank as Moodle XML, the fullest of Moodle's formats.

There is no published schema: the elements are those that Moodle's documentation and its own
exports show (Moodle 4.4 and later have `ordering` built in; before, it was a plugin). Texts are
HTML, written with `&lt;` rather than in CDATA, so that nothing in a text can end it.
"""

from collections.abc import Iterator
from decimal import Decimal

from course.quiz import markup, numbers, units, variants
from course.quiz.exchange import moodle_cloze, notes
from course.quiz.exchange.losses import Losses
from course.quiz.exchange.markdown import clean
from course.quiz.exchange.outside import category, right_option, share, tags
from course.quiz.exchange.safe_xml import element, escape
from course.quiz.items import Bank, Item

_KINDS = {
    "single": "multichoice",
    "multiple": "multichoice",
    "numeric": "numerical",
    "order": "ordering",
    "match": "matching",
    "cloze": "cloze",
    "text": "shortanswer",
}


def write(bank: Bank, items: list[Item], losses: Losses) -> bytes:
    """The file's bytes; what Moodle cannot hold goes to `losses`."""
    lines, here = (
        ['<?xml version="1.0" encoding="UTF-8"?>', _comment(notes.of_bank(bank)), "<quiz>"],
        None,
    )
    for item in items:
        if (place := category(bank, item)) != here:
            lines.append(_category(place))
            here = place
        if kept := notes.of_item(item, also=("pattern", "section")):
            lines.append(_comment(kept))
        lines.append(_question(item, losses, shuffle=bank.policy_of(item).shuffle))
    return "\n".join([*lines, "</quiz>", ""]).encode()


def html(text: object) -> str:
    """A text of the bank as HTML."""
    return markup.html(clean(str(text)))


def _comment(text: str) -> str:
    return f"<!-- {text} -->"


def _category(place: str) -> str:
    inside = element("category", element("text", escape(place)))
    return element("question", "\n  ", inside, "\n", type="category")


def _question(item: Item, losses: Losses, *, shuffle: bool) -> str:
    kind = "essay" if item.type == "text" and not item.accept else _KINDS[item.type]
    stem = moodle_cloze.stem(item, losses) if item.type == "cloze" else html(item.stem)
    general = item.feedback if kind in ("multichoice", "cloze", "essay") else ""
    parts = [
        element("name", _text(item.id)),
        _html("questiontext", stem),
        _html("generalfeedback", html(general)),
        element("defaultgrade", _number(item.points)),
        element("penalty", "0"),
        element("hidden", "0"),
        element("idnumber", escape(item.id)),
        *_of_kind(item, kind, losses, shuffle="true" if shuffle else "false"),
    ]
    found = [element("tag", _text(tag)) for tag in tags(item)]
    parts += [element("tags", *found)] if found else []
    return element("question", *(f"\n  {part}" for part in parts), "\n", type=kind)


def _of_kind(item: Item, kind: str, losses: Losses, *, shuffle: str) -> Iterator[str]:
    match kind:
        case "multichoice":
            yield from _choice(item, losses, shuffle)
        case "numerical":
            yield from _numeric(item, losses)
        case "shortanswer":
            yield from _typed(item, losses)
        case "essay":
            yield from _essay(item, losses)
        case "ordering":
            yield from _order(item)
        case "matching":
            yield from _match(item, losses, shuffle)


def _choice(item: Item, losses: Losses, shuffle: str) -> Iterator[str]:
    is_single = item.type == "single"
    if item.scoring != "share":
        losses.add(item.id, "Moodle gives a part of the points for a part of the answer.")
    yield element("single", "true" if is_single else "false")
    yield element("shuffleanswers", shuffle)
    yield element("answernumbering", "ABCD")
    for option in item.options:
        worth = ("100" if option.id == item.key else "0") if is_single else share(item, option.id)
        yield _answer(worth, html(option.text), option.feedback)


def _numeric(item: Item, losses: Losses) -> Iterator[str]:
    told = right_option(item)
    if item.tolerance.relative:
        losses.add(item.id, "its relative tolerance is written as an absolute one.")
    yield _value(item, item.key, "100", told.feedback if told else "")
    for option in item.options:
        if option.id != "right":
            yield _value(item, option.value, "0", option.feedback)
    if item.feedback.strip():
        yield _answer("0", "*", item.feedback, "<tolerance>0</tolerance>", kind="plain_text")
    yield element("units", *(_unit(item.unit, name) for name in item.accepted_units))
    for name, value in (
        ("unitgradingtype", 0),
        ("unitpenalty", 0),
        ("showunits", 0),
        ("unitsleft", 0),
    ):
        yield element(name, str(value))


def _unit(first: str, name: str) -> str:
    """Moodle divides an answer by the multiplier of its unit: 100 cent are 1 USD."""
    times = units.convert(Decimal(1), first, name)
    return element(
        "unit", element("multiplier", _number(times)), element("unit_name", escape(name))
    )


def _value(item: Item, value: Decimal, worth: str, feedback: str) -> str:
    low, high = numbers.interval(value, item.tolerance)
    near = element("tolerance", _number((high - low) / 2))
    return _answer(worth, variants.plain(value), feedback, near, kind="plain_text")


def _typed(item: Item, losses: Losses) -> Iterator[str]:
    told = right_option(item)
    if item.pattern:
        losses.add(item.id, "its pattern stays behind; what only it accepts is wrong there.")
    yield element("usecase", "0")
    for text in item.accept:
        yield _answer("100", starred(text), told.feedback if told else "", kind="plain_text")
    for option in item.options:
        if option.id != "right":
            yield _answer("0", starred(str(option.text)), option.feedback, kind="plain_text")
    if item.feedback.strip():
        yield _answer("0", "*", item.feedback, kind="plain_text")


def starred(text: str) -> str:
    """A text to be typed: a bare star would stand for anything."""
    return clean(text).replace("*", "\\*")


def _essay(item: Item, losses: Losses) -> Iterator[str]:
    if item.pattern:
        losses.add(item.id, "its pattern stays behind, so a person has to grade it there.")
    yield element("responseformat", "plain")
    yield element("responserequired", "1")
    yield element("responsefieldlines", "5")
    yield element("attachments", "0")


def _order(item: Item) -> Iterator[str]:
    """Moodle's grading by next neighbours, the last left out, is the bank's own rule."""
    texts = {option.id: html(option.text) for option in item.options}
    grading = "ALL_OR_NOTHING" if item.scoring != "share" else "RELATIVE_NEXT_EXCLUDE_LAST"
    yield element("layouttype", "VERTICAL")
    yield element("selecttype", "ALL")
    yield element("selectcount", "0")
    yield element("gradingtype", grading)
    yield element("showgrading", "SHOW")
    yield element("numberingstyle", "none")
    yield from _combined(item)
    for place, name in enumerate(item.key, start=1):
        yield _answer(str(place), texts[name], "")


def _match(item: Item, losses: Losses, shuffle: str) -> Iterator[str]:
    texts = {option.id: markup.plain(clean(str(option.text))) for option in item.options}
    if any(texts[option.id] != str(option.text).strip() for option in item.options):
        losses.add(item.id, "the right sides of its pairs are plain text there.")
    if item.scoring != "share":
        losses.add(item.id, "Moodle gives a part of the points for a part of the answer.")
    yield element("shuffleanswers", shuffle)
    yield from _combined(item)
    for prompt in item.prompts:
        yield _pair(html(prompt.text), texts[item.key[prompt.id]])
    for option in item.options:
        if option.id not in item.key.values():
            yield _pair("", texts[option.id])


def _pair(left: str, right: str) -> str:
    return element("subquestion", _text(left), element("answer", _text(right)), format="html")


def _combined(item: Item) -> Iterator[str]:
    yield _html("correctfeedback", "")
    yield _html("partiallycorrectfeedback", html(item.feedback))
    yield _html("incorrectfeedback", html(item.feedback))


def _answer(worth: str, text: str, feedback: str, *more: str, kind: str = "html") -> str:
    told = _html("feedback", html(feedback))
    return element("answer", _text(text), told, *more, fraction=worth, format=kind)


def _html(name: str, text: str) -> str:
    return element(name, _text(text), format="html")


def _text(text: str) -> str:
    return element("text", escape(text))


def _number(value: object) -> str:
    return variants.plain(Decimal(str(value)))
