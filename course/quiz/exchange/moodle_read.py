"""Moodle XML, read: the question types that a bank has words for."""

from collections.abc import Iterator
from decimal import Decimal

from course.errors import CourseError
from course.quiz.exchange import markdown, moodle_cloze, notes, richtext
from course.quiz.exchange.found import Answer, Question, number
from course.quiz.exchange.losses import Losses
from course.quiz.exchange.outside import path_of
from course.quiz.exchange.safe_xml import Node

_KINDS = {
    "multichoice": "single",
    "truefalse": "single",
    "numerical": "numeric",
    "shortanswer": "text",
    "essay": "text",
    "matching": "match",
    "match": "match",
    "ordering": "order",
    "cloze": "cloze",
}


def questions(root: Node, name: str, losses: Losses) -> Iterator[Question]:
    """The questions of a file called `name`; types without a counterpart go to `losses`."""
    if root.name != "quiz":
        raise CourseError(f"{name}, line {root.line}: <{root.name}> found, expected <quiz>.")
    place = ("", "")
    for node in root.nodes("question"):
        kind = node.attributes.get("type", "")
        if kind == "category":
            place = path_of(node.text("category", "text").strip())
        elif kind not in _KINDS:
            title = node.text("name", "text").strip()[:60] or f"line {node.line}"
            losses.add("", f"{title!r} is left out, for a bank has no type like {kind[:40]!r}.")
        else:
            question = _question(node, kind, name)
            question.title, question.section = place
            yield question


def _question(node: Node, kind: str, name: str) -> Question:
    question = Question(_KINDS[kind], line=node.line, kept=notes.read(node.note))
    question.kept.pop("title", None)
    question.name = node.text("idnumber").strip() or node.text("name", "text").strip()
    question.points = _points(node, question)
    question.tags = [tag.text("text").strip() for tag in node.every("tag")]
    _read_stem(node, question)
    question.feedback = _said(node.first("generalfeedback"), question)
    if node.nodes("hint"):
        question.lost.append("its hints are left out")
    if any(True for _ in node.every("file")):
        question.lost.append("its embedded files are left out")
    try:
        _READERS[kind](node, question)
    except CourseError as error:
        raise CourseError(f"{name}, line {node.line}: {error}") from None
    return question


def _points(node: Node, question: Question) -> Decimal | None:
    found = number(node.text("defaultgrade") or "1")
    if found is None or not 0 <= found <= 1000:
        question.lost.append("its points are no number from 0 to 1000 and become 1")
        return None
    return found


def _read_stem(node: Node, question: Question) -> None:
    where = node.first("questiontext")
    if where is None:
        return
    text = where.text("text") or "".join(part for part in where.content if isinstance(part, str))
    if question.type == "cloze":
        text = moodle_cloze.gaps(text, question)
    question.stem = _formatted(text, where.attributes.get("format", ""), question)


def _said(node: Node | None, question: Question) -> str:
    """What a `<… format="html"><text>` says, as the bank's Markdown."""
    if node is None:
        return ""
    return _formatted(node.text("text"), node.attributes.get("format", ""), question)


def _formatted(text: str, kind: str, question: Question) -> str:
    if kind == "moodle_auto_format" and "<" not in text:
        text = text.replace("\n", "<br>")
    read = {"markdown": markdown.from_markdown, "plain_text": markdown.from_plain}
    return question.text(read.get(kind, richtext.from_html)(text))


def _answers(node: Node, question: Question) -> Iterator[tuple[Node, Answer]]:
    for each in node.nodes("answer"):
        share = number(each.attributes.get("fraction", "0"))
        if share is None:
            raise CourseError(f"the fraction {each.attributes['fraction'][:40]!r} is no number.")
        share = max(Decimal(-1), min(Decimal(1), share / 100))
        yield each, Answer("", share, _said(each.first("feedback"), question))


def _choice(node: Node, question: Question) -> None:
    if node.text("single").strip().lower() in ("false", "0"):
        question.type = "multiple"
    _note_combined(node, question)
    for each, answer in _answers(node, question):
        kind = each.attributes.get("format", "")
        answer.text = _formatted(_own_text(each), kind, question)
        question.answers.append(answer)


def _true_false(node: Node, question: Question) -> None:
    for each, answer in _answers(node, question):
        answer.text = _own_text(each).strip().capitalize()
        question.answers.append(answer)


def _own_text(node: Node) -> str:
    """The `<text>`, or in old files the letters that stand there bare."""
    bare = "".join(part for part in node.content if isinstance(part, str))
    return node.text("text") if node.first("text") is not None else bare


def _numeric(node: Node, question: Question) -> None:
    for each, answer in _answers(node, question):
        written = _own_text(each).strip()
        if written == "*":
            question.feedback = answer.feedback or question.feedback
            continue
        answer.value = number(written)
        near = number(each.text("tolerance") or "0")
        if answer.value is None or near is None:
            raise CourseError(f"{written[:40]!r} found, expected a number and its tolerance.")
        answer.tolerance = abs(near)
        question.answers.append(answer)
    found = [
        (number(unit.text("multiplier") or "1"), unit.text("unit_name").strip())
        for unit in node.every("unit")
    ]
    names = [name for times, name in found if times == 1] or [name for _, name in found]
    question.unit = names[0] if names else ""
    question.units = tuple(name for _, name in found if name != question.unit)


def _typed(node: Node, question: Question) -> None:
    if node.text("usecase").strip() == "1":
        question.lost.append("capital letters count in the file; here they do not")
    for each, answer in _answers(node, question):
        answer.text = markdown.clean(_own_text(each)).strip()
        if answer.text == "*" and answer.share <= 0:
            question.feedback = answer.feedback or question.feedback
        elif answer.text:
            question.add_typed(answer)


def _match(node: Node, question: Question) -> None:
    _take_combined(node, question)
    for each in node.nodes("subquestion"):
        left = _formatted(_own_text(each), each.attributes.get("format", ""), question)
        right = question.text(markdown.from_plain(each.text("answer", "text").strip()))
        question.pairs.append((left, right))


def _order(node: Node, question: Question) -> None:
    _take_combined(node, question)
    if node.text("gradingtype").strip() == "ALL_OR_NOTHING":
        question.kept["scoring"] = "all-or-nothing"
    for each in node.nodes("answer"):
        kind = each.attributes.get("format", "")
        question.answers.append(Answer(_formatted(_own_text(each), kind, question)))


def _cloze(node: Node, question: Question) -> None:
    if not question.gaps:
        question.lost.append("it has no gap that can be read")


def _take_combined(node: Node, question: Question) -> None:
    """The bank has one feedback for all but right answers."""
    told = _said(node.first("incorrectfeedback"), question)
    question.feedback = told or question.feedback


def _note_combined(node: Node, question: Question) -> None:
    names = ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback")
    own = {_said(node.first(name), Question("text")) for name in names} - {""}
    if any(len(text.split()) > 5 for text in own):  # shorter ones are Moodle's standard phrases
        question.lost.append("its feedback for right, partly right and wrong answers is left out")


_READERS = {
    "multichoice": _choice,
    "truefalse": _true_false,
    "numerical": _numeric,
    "shortanswer": _typed,
    "essay": lambda node, question: None,
    "matching": _match,
    "match": _match,
    "ordering": _order,
    "cloze": _cloze,
}
