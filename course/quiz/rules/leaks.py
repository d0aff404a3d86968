"""Keys in the clear: what of a bank stands readable in the folder that students receive."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from course.quiz.items import Item, Question
from course.quiz.rules import words
from course.quiz.rules.rule import E, Matter, Quiz, Said, rule

SECRET_FIELDS = frozenset(
    [
        "key",
        "keys",
        "correct",
        "right",
        "answer",
        "answers",
        "solution",
        "tolerance",
        "feedback",
        "misconception",
        "accept",
        "pattern",
        "waive",
        "note",
        "expected_key",
        "is_correct",
        "right_option",
    ]
)
"""Names that have no business in items.json outside a visible example's own values."""

_LONG_ENOUGH = 5
"""Words: a shorter sentence can stand in two places by accident."""

_STATED = (
    r"\b(?:keys?|answers?|correct|right|solutions?|marked)\b[\"'`*_)\]]*\s*(?:is|are|option|:|=)+"
)
_TOLERANCE = re.compile(r"\btolerance[\"']?\s*[:=]\s*\{?[\"']?[\w. =]*\d", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:[-.,][^\W_]+)*")
_BANK = re.compile(r"^\s*\[\[items(?:\.\w+)?\]\]", re.MULTILINE)


@rule("key-in-clear", E, "quiz", mend="take it out of the quiz, then run `course release`")
def key_in_clear(quiz: Quiz, _: Matter) -> Iterator[Said]:
    sealed = _sealed(quiz)
    for path, text in quiz.released:
        if path.endswith("answers.jsonl"):
            continue  # a learner's own answers
        seen: dict[tuple[str, str], None] = {}
        for part in _parts(path, text):
            for said in _told(quiz, sealed, part):
                seen[said] = None
        if path.endswith("items.json"):
            seen |= dict.fromkeys(_fields(text))
        yield from (Said(said, item, path) for said, item in seen)


def _parts(path: str, text: str) -> list[str]:
    """The file as it is and, of JSON, each text in it: there they stand without escapes."""
    loaded = _json(text) if path.endswith((".json", ".ipynb")) else None
    return [text] if loaded is None else [*_strings(loaded), _flat(loaded)]


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _strings(value: Any) -> Iterator[str]:
    """The texts in a JSON value; a notebook's list of lines is one text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        lines = value and all(isinstance(each, str) for each in value)
        yield from (
            ["".join(value)] if lines else (said for each in value for said in _strings(each))
        )
    elif isinstance(value, dict):
        yield from (said for each in value.values() for said in _strings(each))


def _flat(value: Any) -> str:
    """Names with their short values, one a line: `metadata.key = "C"` in whatever depth."""
    if isinstance(value, list):
        return "\n".join(map(_flat, value))
    if not isinstance(value, dict):
        return ""
    lines = [f"{name} = {json.dumps(each)}" for name, each in value.items() if _is_short(each)]
    return "\n".join([*lines, *map(_flat, value.values())])


def _is_short(value: Any) -> bool:
    return isinstance(value, str | int | float | list) and len(json.dumps(value)) <= 40


def _told(quiz: Quiz, sealed: dict[str, tuple[str, str]], text: str) -> Iterator[tuple[str, str]]:
    """(what is in the clear, the item it belongs to) of one text."""
    if _BANK.search(text):
        yield "A part of a bank lies here.", ""
    if found := _TOLERANCE.search(text):
        yield f"A tolerance is told: {found[0]!r}.", ""
    flowing = _normal(text)
    for said, (item, what) in sealed.items():
        if said in flowing:
            yield f"{what} stands here in the clear: “{said.strip()[:60]}…”.", item
    for item in quiz.bank.items:
        for found in _keys_told(item, text):
            yield f"The key is told: {found!r}.", item.id


def _keys_told(item: Item, text: str) -> Iterator[str]:
    """Where a text names the item and its key in one breath, or says of a value: the answer is."""
    for variant in item.drawn or (item,):
        for asked in (variant, *variant.gaps):
            if not (key := _key(asked)):
                continue
            after_id = (
                rf"(?<![\w-]){re.escape(item.id)}\b[\"'`*]*\W{{1,8}}(?:is |answer\W+|key\W+)*{key}"
            )
            found = re.search(after_id, text)
            if not found and _is_telling(asked):
                found = re.search(rf"{_STATED}\s*{key}", text, re.IGNORECASE)
            if found:
                yield found[0]


def _is_telling(asked: Question) -> bool:
    """“Answers: 3” may be about anything; a longer number or a letter is about a question."""
    return asked.type != "numeric" or abs(asked.key) >= 10 or asked.key != int(asked.key)


def _key(asked: Question) -> str:
    """A pattern for the key as somebody would type it."""
    quote = r"[\"'`*(\[]*"
    if asked.type == "numeric" and asked.key is not None:
        digits = f"{asked.key.normalize():f}"
        grouped = f"{asked.key:,}" if asked.key == asked.key.to_integral_value() else digits
        return rf"{quote}\$?(?:{re.escape(digits)}|{re.escape(grouped)})(?![\w]|[.,]\d)"
    if asked.type == "single" and isinstance(asked.key, str):
        article = r"|\s+[a-z]" if asked.key == "A" else ""  # “the answer is A program that …”
        return rf"{quote}{_cased(asked.key)}(?!\w|['’]\w{article})"
    if asked.type in ("multiple", "order") and isinstance(asked.key, list | tuple):
        return quote + r"[\"'`,;\s&]*(?:and )?[\"'`]*".join(map(_cased, asked.key)) + r"\b"
    if asked.type == "match" and isinstance(asked.key, dict):
        return r"\W*" + r"\W+".join(
            f"{_cased(one)}\\W+{_cased(other)}" for one, other in asked.key.items()
        )
    return ""


def _cased(name: str) -> str:
    """Option ids are compared as they are written: “the answer is a …” tells nothing."""
    return f"(?-i:{re.escape(name)})"


def _sealed(quiz: Quiz) -> dict[str, tuple[str, str]]:
    """Sentences that no released file may hold -> (the item's id, what they are)."""
    public = _normal(" ".join(_public(quiz)))
    found: dict[str, tuple[str, str]] = {}
    for item in quiz.bank.items:
        for what, text in _hidden(item):
            for said in map(_normal, [text] if " " not in text else words.sentences(text)):
                is_telling = len(said.split()) >= _LONG_ENOUGH or ("-" in text and " " not in text)
                if is_telling and said not in public:
                    found.setdefault(said, (item.id, what))
    return found


def _hidden(item: Item) -> Iterator[tuple[str, str]]:
    yield "The author's note", item.note
    for variant in item.drawn or (item,):
        for asked in (variant, *variant.gaps):
            yield "Feedback", asked.feedback
            for option in asked.options:
                yield f"Feedback on {option.id}", option.feedback
                yield "A misconception's name", option.misconception
            yield from (("An accepted answer", text) for text in asked.accept)
        hidden = [case for case in variant.cases if not case.visible]
        yield from (("A hidden case", case.message) for case in hidden)


def _public(quiz: Quiz) -> Iterator[str]:
    for item in quiz.bank.items:
        for variant in item.drawn or (item,):
            yield from _strings(variant.public())


def _normal(text: str) -> str:
    return f" {' '.join(_WORD.findall(text.lower()))} "


def _fields(text: str) -> Iterable[tuple[str, str]]:
    """Each field of items.json that only the bank may have."""
    content = _json(text)
    items = content.get("items", []) if isinstance(content, dict) else []
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict):
            for name in sorted(_names(item) & SECRET_FIELDS):
                yield f"items.json has the field {name!r}.", str(item.get("id", ""))


def _names(value: Any) -> set[str]:
    """The names of fields, leaving out a visible example's values, which may be named anyhow."""
    if isinstance(value, list):
        return {name for each in value for name in _names(each)}
    if not isinstance(value, dict):
        return set()
    inner = {
        name: each for name, each in value.items() if name not in ("cases", "bounds", "policy")
    }
    return {*value, *(name for each in inner.values() for name in _names(each))}
