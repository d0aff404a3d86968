"""A bank as GIFT, the text format of Moodle that many tools read.

Written after Moodle's own reader: ids and tags stand in a comment before each question (Moodle
3.6 and later take them), title and sections are categories, texts are `[markdown]`. GIFT has
no points, units or partial credit for a text; `losses` says so for each item.
"""

import re
from collections.abc import Iterator

from course.quiz import markup, numbers, variants
from course.quiz.exchange import notes
from course.quiz.exchange.losses import Losses
from course.quiz.exchange.markdown import clean
from course.quiz.exchange.outside import category, right_option, share, tags
from course.quiz.items import Bank, Item, Question
from course.quiz.keys import MARK

_ESCAPED = str.maketrans({letter: f"\\{letter}" for letter in "\\~=#{}:"} | {"\n": "\\n"})
_IN_LIST = str.maketrans(
    {"\\": "&bsol;", "{": "&lbrace;", "}": "&rbrace;", "#": "&num;", "\n": "&NewLine;"}
)
_PLACEHOLDER = re.compile(r"&&\d{3};")


def write(bank: Bank, items: list[Item], losses: Losses) -> bytes:
    """The file's bytes; what GIFT cannot hold goes to `losses`."""
    blocks, here = [f"// {notes.of_bank(bank)}"], None
    for item in items:
        asked = "\n".join(_asked(item, losses))
        if not asked:
            continue
        if (place := category(bank, item)) != here:
            blocks.append(f"$CATEGORY: {place}")
            here = place
        blocks.append("\n".join([*_comments(item), asked]))
        _note_losses(item, asked, losses)
    return ("\n\n".join(blocks) + "\n").encode()


def _comments(item: Item) -> Iterator[str]:
    marks = [f"[id:{item.id}]", *(f"[tag:{tag}]" for tag in tags(item))]
    yield f"// {' '.join(marks)}"
    also = ("points", "pattern") if item.points != 1 else ("pattern",)
    if kept := notes.of_item(item, also=(*also, "section")):
        yield f"// {kept}"


def _note_losses(item: Item, asked: str, losses: Losses) -> None:
    if item.points != 1:
        losses.add(item.id, f"GIFT has no points; its {item.points} count as 1 there.")
    if item.type == "numeric":
        losses.add(item.id, f"GIFT has no units; the number is in {item.unit}.")
        if item.tolerance.relative:
            losses.add(item.id, "its relative tolerance is written as an absolute one.")
    if item.scoring != "share":
        losses.add(item.id, "GIFT gives a part of the points for a part of the answer.")
    if item.type in ("order", "match") and item.feedback:
        losses.add(item.id, "its feedback for wrong answers is shown for every answer.")
    if _PLACEHOLDER.search(asked):
        losses.add(item.id, "Moodle reads && with three digits and ; as another letter.")


def _asked(item: Item, losses: Losses) -> Iterator[str]:
    """The lines of a question; none if GIFT cannot hold it."""
    start = f"::{item.id}::"
    if item.type == "cloze":
        yield from _missing_word(item, start, losses)
        return
    kind = "#" if item.type == "numeric" else ""
    answers = list(_answers(item, losses))
    if item.type == "order":
        kind = f">{len(item.options)} ALL VERTICAL RELATIVE_NEXT_EXCLUDE_LAST SHOW none"
    # Numbers and texts tell a wrong answer by an answer of its own, the others tell everyone.
    told = "" if answers and item.type in ("numeric", "text") else item.feedback
    general = [f"\t####{_text(told)}"] if told.strip() else []
    yield f"{start}{_text(item.stem, mark=True)}{{{kind}"
    yield from answers
    yield from general
    yield "}"


def _answers(item: Item, losses: Losses) -> Iterator[str]:
    match item.type:
        case "single":
            return _single(item)
        case "multiple":
            return _multiple(item)
        case "numeric":
            return _numeric(item)
        case "text":
            return _accepted(item, item.id, losses)
        case "order":
            return _ordered(item)
    return _matched(item, losses)


def _missing_word(item: Item, start: str, losses: Losses) -> Iterator[str]:
    """A cloze with one gap: what stands behind the answers goes on after the blank."""
    if len(item.gaps) != 1:
        losses.add(item.id, f"left out, for GIFT holds one gap and it has {len(item.gaps)}.")
        return
    gap = item.gaps[0]
    made = {"single": _single, "numeric": _numeric}.get(gap.type)
    answers = list(made(gap) if made else _accepted(gap, item.id, losses))
    if not answers:
        losses.add(item.id, "left out, for GIFT holds no pattern in a gap.")
        return
    before, after = MARK.split(item.stem)[::2]
    if not after.strip():
        losses.add(item.id, "its gap, at the end, is asked as a question there.")
    general = [f"\t####{_text(item.feedback)}"] if item.feedback.strip() else []
    kind = "#" if gap.type == "numeric" else ""
    yield f"{start}{_text(before, mark=True)} {{{kind}"
    yield from answers
    yield from general
    yield f"}} {_escaped(after).lstrip()}"


def _single(question: Question) -> Iterator[str]:
    for option in question.options:
        mark = "=" if option.id == question.key else "~"
        yield _answer(mark, str(option.text), option.feedback)


def _multiple(item: Item) -> Iterator[str]:
    for option in item.options:
        yield _answer(f"~%{share(item, option.id)}%", str(option.text), option.feedback)


def _numeric(question: Question) -> Iterator[str]:
    told = right_option(question)
    yield _number(question, question.key, "=", told.feedback if told else "")
    for option in question.options:
        if option.id != "right":
            yield _number(question, option.value, "=%0%", option.feedback)
    if question.feedback.strip():
        yield f"\t~#{_text(question.feedback)}"


def _number(question: Question, value: object, mark: str, feedback: str) -> str:
    low, high = numbers.interval(value, question.tolerance)
    written = f"{variants.plain(value)}:{variants.plain((high - low) / 2)}"
    return f"\t{mark}{written}{_told(feedback)}"


def _accepted(question: Question, name: str, losses: Losses) -> Iterator[str]:
    told = right_option(question)
    usable = [text for text in question.accept if "->" not in text]
    if len(usable) < len(question.accept):
        losses.add(name, "GIFT takes -> for a pair; texts with it are left out.")
    if not usable:
        if question.accept or question.pattern:
            losses.add(name, "what is right stays behind, so a person has to grade it there.")
        return
    if question.pattern:
        losses.add(name, "its pattern stays behind; what only it accepts is wrong there.")
    for text in usable:
        yield f"\t=%100%{_escaped(_typed(text))}{_said(told.feedback if told else '')}"
    for option in question.options:
        if option.id != "right" and "->" not in str(option.text):
            yield f"\t=%0%{_escaped(_typed(str(option.text)))}{_said(option.feedback)}"
    if question.feedback.strip():
        yield f"\t=%0%*{_said(question.feedback)}"


def _ordered(item: Item) -> Iterator[str]:
    """One line each, as Moodle's ordering plugin reads them: HTML, for it undoes no escapes."""
    texts = {option.id: _with_quotes(str(option.text)) for option in item.options}
    for name in item.key:
        inside = texts[name].removeprefix("<p>").removesuffix("</p>")
        is_plain = f"<p>{inside}</p>" == texts[name] and "<p>" not in inside
        # Bare only where it is one paragraph, and not taken for a comment.
        line = inside if is_plain and not inside.startswith("/") else texts[name]
        yield line.translate(_IN_LIST)


def _with_quotes(text: str) -> str:
    """HTML whose quotes are bare: there are no attributes here that they could end."""
    return markup.html(clean(text)).replace("&#x27;", "'").replace("&quot;", '"')


def _matched(item: Item, losses: Losses) -> Iterator[str]:
    texts = {option.id: markup.plain(clean(str(option.text))) for option in item.options}
    if any(texts[option.id] != str(option.text).strip() for option in item.options):
        losses.add(item.id, "the right sides of its pairs are plain text there.")
    for prompt in item.prompts:
        left = _without_arrow(str(prompt.text))
        yield f"\t={left} -> {_escaped(texts[item.key[prompt.id]])}"
    for option in item.options:
        if option.id not in item.key.values():
            yield f"\t= -> {_escaped(texts[option.id])}"


def _answer(mark: str, text: str, feedback: str) -> str:
    # An answer that begins with a % would be taken for a weight; and some readers, though not
    # Moodle's, take a right answer with an arrow for a pair.
    guard = "%0%" if mark == "~" and text.lstrip().startswith("%") else ""
    if mark == "=":
        return f"\t={_without_arrow(text)}{_said(feedback)}"
    return f"\t{mark}{guard}{_text(text)}{_told(feedback)}"


def _told(feedback: str) -> str:
    return f"#{_text(feedback)}" if feedback.strip() else ""


def _said(feedback: str) -> str:
    """Feedback to a typed text: an arrow in it would make the whole a question of pairs."""
    return f"#{_without_arrow(feedback)}" if feedback.strip() else ""


def _without_arrow(text: str) -> str:
    if "->" not in text:
        return _text(text)
    return f"[html]{_escaped(markup.html(clean(text)).replace('->', '-&gt;'))}"


def _text(text: str, *, mark: bool = False) -> str:
    """Markdown; said to be so where it must be: in stems, and before a bracket."""
    is_marked = mark or text.lstrip().startswith("[")
    return ("[markdown]" if is_marked else "") + _escaped(text)


def _typed(text: str) -> str:
    """A text to be typed: a star would stand for anything."""
    return clean(text).replace("*", "\\*")


def _escaped(text: str) -> str:
    return clean(text).strip().translate(_ESCAPED)
