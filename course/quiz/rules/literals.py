"""What the facts know, typed into a text: prices, models, dates, limits; and misspelt names.

Whatever stands in braces is taken out first. A number counts as a fact only in the company that
gives it this meaning ("per million", "requests per minute"): plain numbers belong to the author.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from course.quiz.rules import words

_BRACED = re.compile(r"\{[^{}]*\}")
_NAME = re.compile(r"\{\s*([A-Za-z_]\w*)\s*(?::[^{}\"']*)?\}|\{=[^{}]*(?:\}|$)")
_NUMBER = r"\d[\d,]*(?:\.\d+)?|\.\d+"
_MONEY = re.compile(
    rf"(?:\$|USD|US\$)\s?(?P<before>{_NUMBER})|"
    rf"(?P<after>{_NUMBER})\s?(?P<unit>\$|USD|US dollars?|dollars?|cents?|¢)(?!\w)",
    re.IGNORECASE,
)
_PER = re.compile(
    r"(?:per|an?|each|every|for)\s+(?:1|one\s+)?\s?(?:million|M\b|thousand|k\b)|"
    r"\bper 1,?000(?:,000)?\b|\bprice list\b|\blist price",
    re.IGNORECASE,
)
_IN_EXPRESSION = re.compile(r"(?<![\w.])\d*\.\d+(?![\w.])")
_MILLION = re.compile(r"1_?000_?000|1e6|10 ?\*\* ?6", re.IGNORECASE)
_MODEL = re.compile(
    r"(?<![\w-])(?:gpt-?\d[\w.]*(?:-\w[\w.]*)*|o[134](?:-(?:mini|pro|preview)[\w-]*)?(?!\w)|"
    r"dall-e(?:-\d)?|text-embedding-[\w-]+|whisper-\d|tts-\d[\w-]*|"
    r"(?:claude|gemini|llama|mistral|deepseek|qwen)-[\w.]+(?:-[\w.]+)*|claude(?= )|claude$)",
    re.IGNORECASE,
)
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = re.compile(
    r"\b(?:(?P<iso>\d{4}-\d{2}-\d{2})|"
    rf"(?P<day>\d{{1,2}})\.? (?P<month>{_MONTHS}) (?P<year>\d{{4}})|"
    rf"(?P<first>{_MONTHS}) (?P<second>\d{{1,2}}),? (?P<third>\d{{4}})|"
    rf"(?P<short>(?:{_MONTHS}) \d{{4}}))\b",
)
_CUES = {
    "tokens per minute": r"tokens (?:per|a|each) minute|TPM",
    "requests per minute": r"(?:requests|calls|entries|messages) (?:per|a|each) minute|RPM",
    "requests per day": r"(?:requests|calls) (?:per|a|each) day|RPD",
    "tokens queued": r"queue",
    "context_window": r"context|window",
    "max_input": r"(?:most|maximum|largest|limit|at most|up to).{0,40}(?:input|prompt)",
    "max_output": r"(?:most|maximum|largest|limit|at most|up to).{0,40}(?:output|answer)",
    "long_prompt_starts": r"long prompt",
    "cache_minimum": r"cach(?:e|ed|ing)",
    "dimensions": r"dimension|vector",
    "embedding_inputs": r"inputs",
    "embedding_request_tokens": r"tokens (?:per|a|in one) request",
}


def plain(text: str) -> str:
    """The text with what is worked out from facts taken out."""
    return words.shown(_BRACED.sub(" ", text))


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.?!;])\s+|\n", plain(text))


def _prices(facts: Mapping[str, Any]) -> dict[Decimal, str]:
    """Amounts of US dollars with the first fact that says so."""
    found: dict[Decimal, str] = {}
    for name, fact in facts.items():
        if str(getattr(fact, "unit", "")).startswith("USD") or name.endswith("_price"):
            found.setdefault(Decimal(fact), name)
    return found


def amounts(
    text: str, facts: Mapping[str, Any], *, whole: str = "", in_expression: bool = False
) -> Iterator[tuple[str, str]]:
    """(what is said, the fact's name) of each price that the facts know.

    Money is a price where its sentence says "per million" or the like, or where the item speaks
    of the very model. In an expression it is a fraction beside a division by a million.
    """
    prices = _prices(facts)
    if in_expression:
        found = _IN_EXPRESSION.findall(text) if _MILLION.search(text) else []
        yield from ((said, prices[Decimal(said)]) for said in found if Decimal(said) in prices)
        return
    named = {model.lower() for model in models(f"{text} {whole}")}
    for sentence in _sentences(text):
        for said in _MONEY.finditer(sentence):
            amount = Decimal((said["before"] or said["after"]).replace(",", ""))
            amount /= 100 if (said["unit"] or "").lower()[:1] in ("c", "¢") else 1
            own = [name for name in facts if name.rpartition(".")[0] in named
                   and "price" in name and facts[name] == amount]  # fmt: skip
            if own or (amount in prices and _PER.search(sentence)):
                yield said[0].strip(), own[0] if own else prices[amount]


def models(text: str) -> list[str]:
    """The ids and names of models in a text, each once."""
    return list(dict.fromkeys(_MODEL.findall(plain(text))))


def dates(text: str, facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(what is said, the fact's name) of each date that the facts know, however it is written."""
    known = {_day(fact): name for name, fact in reversed([*facts.items()]) if _day(fact)}
    for said in _DATE.finditer(plain(text)):
        meant = said["short"] or _read(said)
        if meant in known:
            yield said[0], known[meant]


def _day(fact: Any) -> date | str | None:
    if isinstance(fact, date):
        return date(fact.year, fact.month, fact.day)
    is_month = isinstance(fact, str) and getattr(fact, "unit", "") == "month"
    return str(fact) if is_month else None


def _read(said: re.Match) -> date | None:
    day, month = said["day"] or said["second"], said["month"] or said["first"]
    try:
        if said["iso"]:
            return date.fromisoformat(said["iso"])
        return datetime.strptime(
            f"{day} {month} {said['year'] or said['third']}", "%d %B %Y"
        ).date()
    except ValueError:
        return None


def limits(text: str, facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(what is said, the fact's name) of each limit of 1,000 or more beside a word for it."""
    for sentence in _sentences(text):
        for said in re.findall(r"(?<![\w.,$])\d[\d,]{3,}(?![\w.]|,\d)", sentence):
            for name, fact in facts.items():
                if _is_limit(fact, int(said.replace(",", ""))) and _cued(name, fact, sentence):
                    yield said, name
                    break


def _is_limit(fact: Any, number: int) -> bool:
    return isinstance(fact, int) and number >= 1000 and int(fact) == number


def _cued(name: str, fact: Any, sentence: str) -> bool:
    cue = _CUES.get(str(getattr(fact, "unit", ""))) or _CUES.get(name.rpartition(".")[2])
    return bool(cue and re.search(rf"\b(?:{cue})", sentence, re.IGNORECASE))


def undeclared(text: str, names: set[str]) -> Iterator[str]:
    """Each {name} that nothing will be put in for; in code only what is nearly one of `names`."""
    code = " ".join(words.codes(text))
    for found in _NAME.finditer(text):
        name = found[1]
        if name is None or name in names:
            continue
        near = difflib.get_close_matches(name, [*names], n=1, cutoff=0.75)
        if near or found[0] not in code:
            yield found[0]
