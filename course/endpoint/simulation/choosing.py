"""Which tools the simulator calls, and with what: a rule about words, no language model."""

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from course.endpoint.simulation import schema
from course.endpoint.simulation.ask import Tool

LOOKED_AT = 10_000
"""So many characters of the user's text are looked at."""
SHARE = 0.6
"""A tool is called if this share of its name's or description's words is in the user's text."""

_ASKING = frozenset(
    re.findall(
        r"\w+",
        """
        a an and any are at by can could current currently do fetch find for from function get
        give given has have how i in is it its list look lookup me my of on or please query read
        retrieve return search show some tell that the their these this to tool use user using
        want was what when where which who will with would you your
        """,
    )
)
"""Words that say nothing of what a tool is about, or that a user asks with."""
_BEFORE_NAMES = frozenset(("in", "for", "to", "at", "from", "of", "near"))
_WHOLE = frozenset(("query", "question", "text", "prompt", "input"))
"""Properties of these names get the whole text."""
_TO = frozenset(("to", "recipient", "recipients", "cc", "bcc"))
"""Properties of these names, and of any with "mail", get an e-mail address or a name."""
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_NUMBER = re.compile(r"(?<![\w.-])-?\d{1,15}(?:\.\d{1,9})?(?![\w-]|\.\d)")
_QUOTED = re.compile(r"[\"“„]([^\"“”„]{1,500})[\"”“]|(?<!\w)['‘]([^'‘’]{1,500})['’](?!\w)")
_TOKEN = re.compile(r"[\w'’-]+|[,.!?;:]")


def choose(
    tools: Sequence[Tool],
    tool_choice: str | Tool,
    *,
    parallel: bool,
    text: str,
    values: Mapping[str, object],
    draw: random.Random,
) -> list[tuple[Tool, dict]]:
    """The calls that the simulator makes, with their arguments; it is no language model.

    The rule: words of a tool's name and of its description are looked for in `text`, the user's
    last message, without those that only ask ("get", "find", "the"). With "auto" every tool is
    called of whose name or description at least 60 % of the words are there, the greatest share
    first; with "required" at least the one with the greatest share; a Tool is always called.
    Without `parallel` there is one call at most; with it, there is one for each of several names
    that are joined in the text ("in Paris and in Rome"). Arguments are instances of the tool's
    schema, with `values` and what `found` sees in the text where that is valid.
    """
    if tool_choice == "none" or not tools:
        return []
    text = text[:LOOKED_AT]
    if isinstance(tool_choice, Tool):
        chosen = [tool_choice]
    else:
        there = set(_words(text))
        shares = [_share(tool, there) for tool in tools]
        order = sorted(range(len(tools)), key=lambda at: -shares[at])
        chosen = [tools[at] for at in order if shares[at] >= SHARE]
        if not chosen and tool_choice == "required":
            chosen = [tools[order[0]]]
    calls = []
    for tool in chosen if parallel else chosen[:1]:
        ways = found(tool, text)
        for way in ways if parallel else ways[:1]:
            made = schema.instance(tool.parameters, values=way | dict(values), draw=draw)
            calls.append((tool, made if isinstance(made, dict) else {}))
    return calls


def _share(tool: Tool, there: set[str]) -> float:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|[_-]", " ", tool.name)
    best = 0.0
    for words in (set(_words(spaced)), set(_words(tool.description))):
        told = {word for word in words if word not in _ASKING} or words
        best = max(best, len(told & there) / len(told) if told else 0.0)
    return best


def _words(text: str) -> Iterator[str]:
    """The words in small letters, without hyphens and the s of a plural: "E-mails" is "email"."""
    for word in re.findall(r"\w+(?:-\w+)*", text.lower()):
        joined = word.replace("-", "")
        yield joined[:-1] if len(joined) > 3 and joined[-1] == "s" != joined[-2] else joined


def found(tool: Tool, text: str) -> list[dict]:
    """What the text says on a tool's properties, in order; several where names are joined.

    Properties with an `enum` get the first member in the text; dates and e-mail addresses (by
    `format` or name) the next one, or a name to write to; numbers the next number; texts the next
    quoted part, else the next name in capitals after "in", "for", "to"…; lists of texts all joined
    names.
    """
    properties = tool.parameters.get("properties", {})
    dates, mails = iter(_DATE.findall(text)), iter(_EMAIL.findall(text))
    names = iter(_names(_EMAIL.sub("", _QUOTED.sub("", text))))
    numbers = iter(_NUMBER.findall(_DATE.sub("", text)))
    quotes = iter([one or other for one, other in _QUOTED.findall(text)])
    base, several = {}, ("", [])
    for name, part in properties.items():
        part = _first_branch(part)
        kind, shape = part.get("type"), part.get("format")
        kinds = kind if isinstance(kind, list) else [kind]
        told = None
        if "enum" in part:
            told = _mentioned(part["enum"], text)
        elif "integer" in kinds or "number" in kinds:
            told = next(numbers, None)
            told = told and (float(told) if "." in told else int(told))
        elif shape == "email" or name in _TO or "mail" in name.lower():
            told = next(mails, None) or next(names, [None])[0]
        elif shape == "date" or "date" in name.lower():
            told = next(dates, None)
        elif "array" in kinds:
            told = next(names, None)
        elif "string" in kinds:
            told = next(quotes, None) or (text if name in _WHOLE else None)
            joined = next(names, []) if told is None else []
            told = joined[0] if joined else told
            several = (name, joined) if len(joined) > 1 and not several[1] else several
        if told is not None:
            base[name] = told
    return [base | {several[0]: each} for each in several[1]] or [base]


def _first_branch(part: object) -> Mapping:
    for branch in part.get("anyOf", ()) if isinstance(part, dict) else ():
        if isinstance(branch, dict) and branch.get("type") != "null":
            return branch
    return part if isinstance(part, dict) else {}


def _mentioned(members: Sequence, text: str) -> object:
    """The member that the text has first, as words of its own, or None."""
    folded = f" {' '.join(_words(text))} "
    at = {}
    for number, member in enumerate(members):
        words = " ".join(_words(member)) if isinstance(member, str) else ""
        if words and f" {words} " in folded:
            at[number] = folded.index(f" {words} ")
    return members[min(at, key=at.get)] if at else None


def _names(text: str) -> list[list[str]]:
    """Names in capitals after "in", "for", "to"…, those joined by commas or "and" together.

    Where there are none, all words in capitals that do not begin a sentence.
    """
    tokens = _TOKEN.findall(text)
    groups, at = [], 0
    while at < len(tokens):
        if tokens[at].lower() in _BEFORE_NAMES:
            group, at = _joined(tokens, at + 1)
            groups += [group] if group else []
        else:
            at += 1
    within = [token for before, token in pairwise(tokens) if before not in ".!?"]
    return groups or [[token] for token in within if _is_name(token)]


def _joined(tokens: Sequence[str], at: int) -> tuple[list[str], int]:
    """The names from a place on, and where they end."""
    group = []
    while True:
        end = at
        while end < len(tokens) and _is_name(tokens[end]):
            end += 1
        if end == at:
            return group, at
        group.append(" ".join(tokens[at:end]))
        at = end
        while end < len(tokens) and tokens[end].lower() in {",", "and", *_BEFORE_NAMES}:
            end += 1
        if not {",", "and"} & set(tokens[at:end]) or end == len(tokens):
            return group, at
        if not _is_name(tokens[end]):
            return group, at
        at = end


def _is_name(token: str) -> bool:
    return token[0].isupper() and token not in ("I", "I'm", "I’m")
