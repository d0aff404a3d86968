"""GIFT, read as Moodle reads it, with a line for each mistake."""

import re
from collections.abc import Iterator
from decimal import Decimal

from course.errors import CourseError
from course.quiz.exchange import markdown, notes, richtext
from course.quiz.exchange.found import Answer, Question, number
from course.quiz.exchange.gift_text import Text, formatted, typed
from course.quiz.exchange.losses import Losses
from course.quiz.exchange.outside import path_of

_WEIGHT = re.compile(r"%(-?\d{1,3}(?:\.\d*)?)%")
_ORDER = re.compile(r">\s*\d*(?:[ \t]+[A-Za-z0-9_]+)*[ \t]*\n")
_TAG = re.compile(r"\[(id|tag):((?:\\\]|[^\]])+)\]")
_TRUE_FALSE = {"T": True, "TRUE": True, "F": False, "FALSE": False}
_BLANK = "[[\ue0000]]"


def questions(text: str, name: str, losses: Losses) -> Iterator[Question]:
    """The questions of a file called `name`, in order; CourseError where one is broken."""
    title, section = "", ""
    for line, block in _blocks(text):
        comments = [row for row in block if row.lstrip().startswith("//")]
        rows = [" " if row.lstrip().startswith("//") else row for row in block]
        asked = "\n".join(rows).strip()
        if asked.startswith("$CATEGORY:"):
            title, section = path_of(asked.partition(":")[2].strip())
        elif asked:
            try:
                question = _question(Text.read(asked))
            except CourseError as error:
                raise CourseError(f"{name}, line {line}: {error}") from None
            if question is None:
                losses.add("", f"line {line} has a text without a question, which is left out.")
                continue
            question.line, question.title, question.section = line, title, section
            _take_comments(question, "\n".join(comments))
            yield question


def about(text: str) -> dict:
    """What our own exports keep in the comment at the top."""
    return notes.read(text.partition("\n")[0])


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines between empty lines, with the number of their first line."""
    block: list[str] = []
    for line, row in enumerate([*text.split("\n"), ""], start=1):
        if row.strip():
            block.append(row)
        elif block:
            yield line - len(block), block
            block = []


def _take_comments(question: Question, comments: str) -> None:
    for row in comments.split("\n"):
        if kept := notes.read(row):
            question.kept |= kept
            continue
        for kind, value in _TAG.findall(row):
            if kind == "id":
                question.name = value.strip()
            else:
                question.tags.append(value.strip())
    question.kept.pop("title", None)


def _question(text: Text) -> Question | None:
    name = Text.read("")
    if text.starts("::") and (end := text.find("::", 2)) > 0:
        name, text = text[2:end], text[end + 2 :].strip()
    start, end = text.find("{"), text.find("}")
    if start < 0 and end < 0:
        return None
    if start < 0 or end < start:
        raise CourseError("a { or } is missing; a question ends at the next empty line.")
    before, inside, after = text[:start], text[start + 1 : end].strip(), text[end + 1 :].strip()
    if after.find("{") >= 0 or after.find("}") >= 0:
        raise CourseError("a question has one pair of { }; write others as \\{ and \\}.")
    general = inside.rfind("####")
    told = inside[general + 4 :] if general >= 0 else Text.read("")
    inside = inside[:general].strip() if general >= 0 else inside
    lost: list[str] = []
    stem, kind = formatted(before, "moodle", lost)
    question = _of_type(inside, kind)
    question.name, question.lost = typed(name), lost + question.lost
    general, _ = formatted(told, kind, lost)
    if not str(after):
        question.stem, question.feedback = stem, question.feedback or general
        return question
    more, _ = formatted(after, kind, lost)
    return _with_gap(question, f"{stem} {_BLANK} {more}", general)


def _with_gap(question: Question, stem: str, general: str) -> Question:
    """The missing word: what stands behind the answers goes on after a blank."""
    if question.type not in ("single", "numeric", "text") or not question.answers:
        question.stem, question.feedback = stem.replace(_BLANK, "_____"), general
        return question
    whole = Question("cloze", stem=stem, feedback=general, gaps=[question])
    whole.name, whole.lost = question.name, question.lost
    return whole


def _of_type(inside: Text, kind: str) -> Question:
    """Moodle's order of asking: what the answers look like decides what the question is."""
    if not str(inside):
        return Question("text")
    if inside.starts(">") and _ORDER.match(f"{inside}\n"):
        return _order(inside)
    if inside.starts("#"):
        return _numeric(inside[1:], kind)
    if inside.find("~") >= 0:
        return _choice(inside, kind)
    if inside.find("=") >= 0 and inside.find("->") >= 0:
        return _match(inside, kind)
    word = inside[: inside.find("#")] if inside.find("#") > 0 else inside
    if str(word).strip() in _TRUE_FALSE:
        return _true_false(inside, _TRUE_FALSE[str(word).strip()], kind)
    return _text(inside, kind)


def _parts(inside: Text, marks: str) -> list[tuple[str, Text]]:
    """(mark, what follows) for each answer; what stands before the first mark has the mark ""."""
    places = [place for place, letter in enumerate(inside.mask) if letter in marks]
    ends = [*places[1:], len(inside.mask)]
    first = inside[: places[0]] if places else inside
    found = [("", first)] if str(first).strip() else []
    for start, end in zip(places, ends, strict=False):
        found.append((inside.mask[start], inside[start + 1 : end].strip()))
    return found


def _weighed(text: Text, default: Decimal) -> tuple[Decimal, Text]:
    found = _WEIGHT.match(text.mask)
    if not found:
        return default, text
    share = max(Decimal(-1), min(Decimal(1), Decimal(found[1]) / 100))
    return share, text[found.end() :].strip()


def _split(text: Text) -> tuple[Text, Text]:
    """The answer and its feedback."""
    place = text.find("#")
    return (
        (text[:place].strip(), text[place + 1 :].strip()) if place >= 0 else (text, Text.read(""))
    )


def _choice(inside: Text, kind: str) -> Question:
    question = Question("single" if inside.find("=") >= 0 else "multiple")
    for mark, part in _parts(inside, "=~"):
        share, part = _weighed(part, Decimal(0)) if mark == "~" else (Decimal(mark == "="), part)
        text, told = _split(part)
        shown, _ = formatted(text, kind, question.lost)
        question.answers.append(Answer(shown, share, formatted(told, kind, question.lost)[0]))
    return question


def _true_false(inside: Text, is_true: bool, kind: str) -> Question:
    """`{T#wrong#right}`: a single with the options True and False."""
    question = Question("single")
    _, told = _split(inside)
    wrong, right = (formatted(part, kind, question.lost)[0] for part in _split(told))
    for value in (True, False):
        is_right = value is is_true
        question.answers.append(Answer(str(value), Decimal(is_right), right if is_right else wrong))
    return question


def _text(inside: Text, kind: str) -> Question:
    question = Question("text")
    for _, part in _parts(inside, "="):
        share, part = _weighed(part, Decimal(1))
        text, told = _split(part)
        answer = Answer(str(text), share, formatted(told, kind, question.lost)[0])
        if answer.text == "*" and share <= 0:
            question.feedback = answer.feedback
        elif answer.text:
            question.add_typed(answer)
    return question


def _numeric(inside: Text, kind: str) -> Question:
    question = Question("numeric")
    for mark, part in _parts(inside, "=~"):
        share, part = _weighed(part, Decimal(mark != "~"))
        text, told = _split(part)
        feedback, _ = formatted(told, kind, question.lost)
        if str(text) in ("", "*"):
            question.feedback = feedback
            continue
        value, tolerance = _range(str(text))
        question.answers.append(Answer("", share, feedback, value, tolerance))
    return question


def _range(text: str) -> tuple[Decimal, Decimal]:
    low, dots, high = text.partition("..")
    value, _, tolerance = text.partition(":")
    if dots:
        low, high = number(low), number(high)
        if low is not None and high is not None:
            return (low + high) / 2, abs(high - low) / 2
    elif number(value) is not None and number(tolerance or "0") is not None:
        return number(value), abs(number(tolerance or "0"))
    raise CourseError(f"{text[:40]!r} found, expected a number such as 1.5, 1.5:0.1 or 1.4..1.6.")


def _order(inside: Text) -> Question:
    rows = inside.letters.split("\n")[1:]
    question = Question("order")
    for row in filter(str.strip, rows):
        # HTML without a format before it, as Moodle reads it.
        question.answers.append(Answer(question.text(richtext.from_html(row))))
    return question


def _match(inside: Text, kind: str) -> Question:
    question = Question("match")
    for _, part in _parts(inside, "="):
        place = part.find("->")
        if place < 0:
            raise CourseError(f"{str(part)[:40]!r} found, expected a pair such as =left -> right.")
        left, _ = formatted(part[:place].strip(), kind, question.lost)
        right = question.text(markdown.from_plain(str(part[place + 2 :].strip())))
        question.pairs.append((left, right))
    return question
