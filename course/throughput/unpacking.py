"""Reading the reply to a pack: which number has which answer, and why the others have none.

Nothing is guessed: an answer counts only under its own number, once, whole, and in a reply whose
numbers are the pack's.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from course.errors import CourseError

FENCE = re.compile(r"```[\w-]*[ \t]*\n(.*?)(?:\n[ \t]*```|\Z)", re.DOTALL)
NOT_JSON = "invalid: the reply is not JSON but"
"""So begins why there is no answer in a reply that has no JSON at all."""
_STRING = r'"(?:[^"\\\x00-\x1f]|\\.)*"'
_MEMBER = re.compile(rf"\s*({_STRING})\s*:\s*({_STRING}|-?[\d.eE+-]+(?=\s*[,}}]))\s*,?")
_NUMBERING = ("number", "id", "index")
_ANSWERS = ("answer", "label", "category", "class", "value", "result")
# Objects become tuples of pairs, so that a key that comes twice is seen.
_decode = json.JSONDecoder(object_pairs_hook=tuple).raw_decode


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for a pack: its text, or a refusal; `cut` where it met its cap on tokens."""

    text: str = ""
    refusal: str = ""
    cut: bool = False


def read_reply(reply: object) -> Reply:
    """The text of a chat completion or a response (openai's object or a dict), or of a text."""
    if reply is None or isinstance(reply, str):
        return Reply(reply or "")
    choices, text = _get(reply, "choices"), _get(reply, "output_text")
    if isinstance(choices, list):
        choice = choices[0] if choices else None
        message = _get(choice, "message")
        said, refusal = _get(message, "content"), _get(message, "refusal")
        return Reply(said or "", refusal or "", _get(choice, "finish_reason") == "length")
    if isinstance(text, str):
        return Reply(text, cut=_get(reply, "status") == "incomplete")
    raise CourseError(
        f"The reply to a pack is of type {type(reply).__name__}; return what "
        "client.chat.completions.create(…) returned, or its text."
    )


def _get(holder: object, name: str) -> object:
    return holder.get(name) if isinstance(holder, Mapping) else getattr(holder, name, None)


def read_answers(reply: Reply, count: int) -> tuple[dict[int, object], dict[int, str]]:
    """By number from 1 to `count`: the answers, and why the others have none.

    A reply is a JSON object such as {"1": …, "2": …}, or one with a list of objects that have a
    number and an answer each; it may stand in a fence or between words. Of a reply that was cut
    off, what is whole counts.
    """
    pairs, wrong = _pairs(reply)
    numbers = range(1, count + 1)
    strange = [number for number, _ in pairs if number not in numbers]
    if strange:
        pairs, wrong = [], _RENUMBERED.format(strange[0], count)
    answers, doubled = {}, set()
    for number, value in pairs:
        doubled |= {number} & answers.keys()
        answers[number] = value
    missing = wrong or "missing: the reply has no answer with this number"
    whys = {number: missing for number in numbers if number not in answers}
    whys |= dict.fromkeys(doubled, "doubled: the reply has several answers with this number")
    return {n: value for n, value in answers.items() if n not in whys}, whys


_EMPTY = "empty: the reply has no text"
_RENUMBERED = (
    "renumbered: the reply has an answer number {}, but the pack goes from 1 to {}, so none of "
    "its answers can be matched surely"
)


def _pairs(reply: Reply) -> tuple[list[tuple[int, object]], str]:
    """Numbers with answers as they stand in the reply, and what is wrong with it, if anything."""
    text = reply.text.strip()
    if reply.refusal:
        return [], f"refused: {reply.refusal.strip():.100}"
    if text[:1] not in ("{", "[") and (fenced := FENCE.search(text)):
        text = fenced[1].strip()
    start = min((at for mark in "{[" if (at := text.find(mark)) >= 0), default=None)
    if start is None:
        told = f"{NOT_JSON} {text[:40]!r}" if text else _EMPTY
        return [], "cut off: the reply met its cap before any answer" if reply.cut else told
    try:
        value, end = _decode(text, start)
    except RecursionError:
        return [], "invalid: the reply is nested too deeply"
    except json.JSONDecodeError as error:
        if not (reply.cut or _is_cut(error, text)):
            return [], f"invalid: the reply is not JSON at character {error.pos + 1}"
        whole = tuple(_whole_members(text, start + 1))
        return list(_numbered(whole)), "cut off: the reply ended before this answer was whole"
    if "{" in text[end:]:
        return [], "invalid: the reply has more than one JSON object"
    return list(_numbered(value)), ""


def _is_cut(error: json.JSONDecodeError, text: str) -> bool:
    """Whether the text is the beginning of a JSON text."""
    return error.pos >= len(text) or error.msg.startswith("Unterminated string")


def _whole_members(text: str, at: int) -> Iterator[tuple[str, object]]:
    """The members of an object up to the place where it was cut."""
    while member := _MEMBER.match(text, at):
        try:
            yield json.loads(member[1]), json.loads(member[2])
        except ValueError:
            return
        at = member.end()


def _numbered(value: object) -> Iterator[tuple[int, object]]:
    """The numbers and answers of {"1": …}, or of a list of {"number": 1, "answer": …}."""
    members = value if isinstance(value, tuple) else ()
    direct = [(number, one) for key, one in members if (number := _number(key)) is not None]
    if direct:
        yield from direct
        return
    lists = [value, *(one for _, one in members)]
    for one in next((one for one in lists if isinstance(one, list)), ()):
        fields = dict(one) if isinstance(one, tuple) else {}
        number = next((_number(fields.pop(name)) for name in _NUMBERING if name in fields), None)
        if number is not None:
            yield number, _answer(fields)


def _number(value: object) -> int | None:
    """The whole number in 7 or "7"; None for anything else."""
    text = str(value).strip() if isinstance(value, str | int) else ""
    digits = text.removeprefix("-")
    is_number = digits.isascii() and digits.isdecimal() and len(digits) < 10
    return int(text) if is_number and not isinstance(value, bool) else None


def _answer(fields: Mapping[str, object]) -> object:
    """The only field, or the one that is called answer, label …; None if it can't be told."""
    if len(fields) == 1:
        return next(iter(fields.values()))
    return next((fields[name] for name in _ANSWERS if name in fields), None)
