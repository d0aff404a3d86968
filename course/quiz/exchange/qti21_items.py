"""One item as a QTI 2.1 assessmentItem: what is asked, and what is right."""

from collections.abc import Iterator
from fractions import Fraction

from course.quiz import markup, variants
from course.quiz.exchange import qti21_rules as rules
from course.quiz.exchange.losses import Losses
from course.quiz.exchange.markdown import clean
from course.quiz.exchange.qti21_rules import identifier
from course.quiz.exchange.safe_xml import element, escape
from course.quiz.items import Gap, Item, Question
from course.quiz.keys import MARK

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
_SCHEMA = f"{_QTI} http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1.xsd"
_BASES = {"single": "identifier", "multiple": "identifier", "order": "identifier"}
_BASES |= {"match": "directedPair", "numeric": "float", "text": "string"}
_CARDINALITIES = {"multiple": "multiple", "match": "multiple", "order": "ordered"}


def qti_root(name: str, *inside: str, **attributes: object) -> str:
    """A root element in QTI's namespace."""
    spaces = {"xmlns": _QTI, "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance"}
    return element(name, *inside, **spaces, **{"xsi:schemaLocation": _SCHEMA}, **attributes)


def write(item: Item, losses: Losses, *, shuffle: bool) -> str:
    """The item's file."""
    parts = list(_parts(item))
    for question, _, _ in parts:
        _note_losses(item.id, question, losses)
    declared = [_declared(question, name, points, item.scoring) for question, name, points in parts]
    processing, told = rules.processing(item, parts)
    return HEAD + qti_root(
        "assessmentItem",
        *declared,
        *_outcomes(item),
        element("itemBody", *_body(item, parts, shuffle="true" if shuffle else "false")),
        *([processing] if processing else []),
        *told,
        identifier=identifier(item.id),
        title=item.id,
        adaptive="false",
        timeDependent="false",
    )


def _parts(item: Item) -> Iterator[tuple[Question, str, Fraction]]:
    """Each question in the item with the name of its response and its points."""
    points = Fraction(str(item.points))
    if item.type != "cloze":
        yield item, "RESPONSE", points
        return
    whole = sum(Fraction(str(gap.weight)) for gap in item.gaps)
    for place, gap in enumerate(item.gaps, start=1):
        yield gap, f"RESPONSE_{place}", points * Fraction(str(gap.weight)) / whole


def _note_losses(name: str, question: Question, losses: Losses) -> None:
    if isinstance(question, Gap) and question.unit:
        losses.add(name, f"QTI has no units: the number in {question.id} is in {question.unit}.")
    elif len(question.accepted_units) > 1:
        losses.add(name, f"QTI has no units: the number has to be given in {question.unit}.")
    if question.pattern:
        losses.add(name, "its pattern is read as XML Schema reads patterns: capital letters count.")
    if isinstance(question, Gap) and any(_is_marked(str(each.text)) for each in question.options):
        losses.add(name, f"the options of its gap {question.id} are plain text there.")


def _is_marked(text: str) -> bool:
    return markup.plain(clean(text)) != clean(text).strip()


def _declared(question: Question, name: str, points: Fraction, scoring: str) -> str:
    right = [element("value", escape(value)) for value in _right(question)]
    inside = [element("correctResponse", *right)] if right else []
    if (entries := list(_mapped(question, points))) and scoring == "share":
        bounds = {"lowerBound": 0, "upperBound": rules.decimal(points), "defaultValue": 0}
        inside.append(element("mapping", *entries, **bounds))
    return element(
        "responseDeclaration",
        *inside,
        identifier=name,
        cardinality=_CARDINALITIES.get(question.type, "single"),
        baseType=_BASES[question.type],
    )


def _right(question: Question) -> list[str]:
    match question.type:
        case "single":
            return [identifier(question.key)]
        case "multiple" | "order":
            return [identifier(name) for name in question.key]
        case "match":
            return [
                f"{identifier(left)} {identifier(right)}" for left, right in question.key.items()
            ]
        case "numeric":
            return [variants.plain(question.key)]
    return [clean(text) for text in question.accept[:1]]


def _mapped(question: Question, points: Fraction) -> Iterator[str]:
    """What each choice or pair is worth, by the bank's own rules."""
    if question.type == "multiple":
        others = len(question.options) - len(question.key)
        for option in question.options:
            share = (
                Fraction(1, len(question.key))
                if option.id in question.key
                else Fraction(-1, others)
            )
            yield _entry(identifier(option.id), points * share)
    elif question.type == "match":
        for pair in _right(question):
            yield _entry(pair, points / len(question.key))


def _entry(key: str, worth: Fraction) -> str:
    return element("mapEntry", mapKey=key, mappedValue=rules.decimal(worth))


def _outcomes(item: Item) -> Iterator[str]:
    for name, value in (("SCORE", Fraction(0)), ("MAXSCORE", Fraction(str(item.points)))):
        default = element("defaultValue", element("value", rules.decimal(value)))
        yield element(
            "outcomeDeclaration", default, identifier=name, cardinality="single", baseType="float"
        )
    yield element(
        "outcomeDeclaration", identifier="FEEDBACK", cardinality="multiple", baseType="identifier"
    )


def _body(item: Item, parts: list, *, shuffle: str) -> Iterator[str]:
    if item.type == "cloze":
        yield _with_gaps(item, parts, shuffle)
        return
    yield _blocks(item.stem)
    match item.type:
        case "single" | "multiple":
            most = 1 if item.type == "single" else 0
            choices = [_choice(each, "simpleChoice") for each in item.options]
            yield _asked("choiceInteraction", *choices, shuffle=shuffle, maxChoices=most)
        case "order":
            choices = [_choice(each, "simpleChoice") for each in item.options]
            yield _asked("orderInteraction", *choices, shuffle="true")
        case "match":
            left = [_choice(each, "simpleAssociableChoice", matchMax=1) for each in item.prompts]
            right = [_choice(each, "simpleAssociableChoice", matchMax=0) for each in item.options]
            sets = [element("simpleMatchSet", *choices) for choices in (left, right)]
            yield _asked("matchInteraction", *sets, shuffle=shuffle, maxAssociations=0)
        case "text" if item.is_by_hand:
            yield _asked("extendedTextInteraction", expectedLength=2000)
        case _:
            yield element("p", _typed(item, "RESPONSE"))


def _asked(name: str, *inside: str, **attributes: object) -> str:
    return element(name, *inside, responseIdentifier="RESPONSE", **attributes)


def _choice(option, name: str, **attributes: object) -> str:
    return element(name, _blocks(str(option.text)), identifier=identifier(option.id), **attributes)


def _typed(question: Question, name: str) -> str:
    unit = f" {escape(question.unit)}" if question.unit else ""
    return element("textEntryInteraction", responseIdentifier=name, expectedLength=20) + unit


def _with_gaps(item: Item, parts: list, shuffle: str) -> str:
    places = {gap.id: place for place, (gap, _, _) in enumerate(parts)}
    marked = MARK.sub(lambda mark: f"\ue000{places[mark[1]]}\ue001", clean(item.stem))
    text = markup.html(marked)
    for place, (gap, name, _) in enumerate(parts):
        text = text.replace(f"\ue000{place}\ue001", _gap(gap, name, shuffle))
    return text


def _gap(gap: Gap, name: str, shuffle: str) -> str:
    if gap.type != "single":
        return element("textEntryInteraction", responseIdentifier=name, expectedLength=20)
    choices = [
        element(
            "inlineChoice", escape(markup.plain(str(option.text))), identifier=identifier(option.id)
        )
        for option in gap.options
    ]
    return element("inlineChoiceInteraction", *choices, responseIdentifier=name, shuffle=shuffle)


def _blocks(text: str) -> str:
    """Markdown as the XHTML that QTI has: p, pre, lists, code, em and strong."""
    return markup.html(clean(text))
