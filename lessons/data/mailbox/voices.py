"""How somebody writes: greetings and signatures, short forms, no capitals, typing errors."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from random import Random

from grammar import read_catalogue

UNENDED = ("hello", "end-plain", "end-formal", "end-cold", "end-young", "more", "after")
"""Kinds of lines that need no full stop."""
SHORT = (
    (r"\b([Dd])o not\b", r"\1on't"),
    (r"\b([Dd])oes not\b", r"\1oesn't"),
    (r"\b([Dd])id not\b", r"\1idn't"),
    (r"\b([Cc])annot\b", r"\1an't"),
    (r"\b([Cc])ould not\b", r"\1ouldn't"),
    (r"\b([Ww])ould not\b", r"\1ouldn't"),
    (r"\b([Ii])s not\b", r"\1sn't"),
    (r"\b([Aa])re not\b", r"\1ren't"),
    (r"\b([Ww])as not\b", r"\1asn't"),
    (r"\b([Hh])ave not\b", r"\1aven't"),
    (r"\b([Hh])as not\b", r"\1asn't"),
    (r"\b([Ww])ill not\b", r"\1on't"),
    (
        r"\b(I|[Ww]e|[Yy]ou) have (?=been|already|never|tried|changed|waited|put|told|got\b)",
        r"\1've ",
    ),
    (r"\bI am (?=\w)", "I'm "),
    (r"\b([Ww])e are (?=\w)", r"\1e're "),
    (r"\b([Ii])t is (?=\w)", r"\1t's "),
    (r"\b([Tt])hat is (?=\w)", r"\1hat's "),
    (r"\b([Ww])hat is (?=\w)", r"\1hat's "),
    (r"\bI would (?=like|rather|be|of)", "I'd "),
    (r"\b(I|We) will (?=\w)", r"\1'll "),
)
SLIPS = {
    "address": "adress",
    "already": "allready",
    "because": "becuase",
    "before": "befor",
    "believe": "beleive",
    "calendar": "calender",
    "could": "coud",
    "different": "diffrent",
    "received": "recieved",
    "receive": "recieve",
    "really": "realy",
    "separate": "seperate",
    "should": "shoud",
    "the": "teh",
    "their": "thier",
    "tomorrow": "tommorow",
    "until": "untill",
    "weird": "wierd",
    "which": "wich",
    "with": "wiht",
    "would": "woud",
    "written": "writen",
    "your": "youre",
}
SOLD = {word for one in read_catalogue() for word in f"{one.name} {one.several}".split()}
"""Words in which nobody makes an error, so that what is sold can be found."""
_SMALL = """
A After All Any Can Could Do Does For How If In Is It It's May Maybe My On One Our Please Since
Sorry That's The There This Three Today Two We We're What What's When Where Which Will You Your
"""
SMALL = frozenset(_SMALL.split())
"""First words that lose their capital behind a greeting."""
SPELT = ("public", "shifts")
"""Words that would become others with a letter less."""
OFTEN = {"plain": 0.2, "terse": 0.25, "young": 0.5, "formal": 0.03}
"""How often there are typing errors."""
LIKELY = {
    "plain": {"hello": 0.88, "end": 0.75, "name": 0.85, "role": 0.12, "after": 0.1},
    "formal": {"hello": 1, "end": 1, "name": 0.97, "role": 0.5, "after": 0.12},
    "terse": {"hello": 0.25, "end": 0.1, "name": 0.35, "role": 0, "after": 0.15},
    "young": {"hello": 0.7, "end": 0.45, "name": 0.5, "role": 0, "after": 0.08},
}


def frames(voice: str, mood: str) -> dict[str, str]:
    """The kinds of lines that may stand around what is said."""
    kind = "plain" if voice == "terse" else voice
    told = {"hello": f"hello-{kind}", "end": f"end-{kind}", "after": "after-sign"}
    if mood == "angry" and voice != "young":
        told |= {"hello": "hello-angry", "end": "end-cold"}
    if voice == "formal":
        told["hello"] = "hello-formal"
    calm = voice == "young" and mood == "neutral"
    return told | ({"extra": "more-young"} if calm else {})


def framed(
    parts: Sequence[str],
    lines: Mapping[str, str],
    facts: Mapping[str, str],
    voice: str,
    *,
    rng: Random,
    short: bool = False,
) -> str:
    """The whole of what somebody writes: greeting, parts, end, signature."""
    likely = LIKELY[voice]
    if "extra" in lines and rng.random() < 0.35:
        parts = [*parts, lines["extra"]]
    gap = (
        "\n\n" if voice == "formal" or sum(map(len, parts)) > 500 else rng.choice((" ", " ", "\n"))
    )
    body = _plainer(gap.join(parts), voice, rng)
    if rng.random() < likely["hello"] * (0.6 if short else 1):
        body = _greeted(lines["hello"], body, voice, rng)
    sign = [lines["end"]] if rng.random() < likely["end"] else []
    if rng.random() < (0.95 if sign else likely["name"]):
        sign.append(facts["name"] + facts["initial"])
        sign += [facts["role"]] if facts["role"] and rng.random() < likely["role"] else []
    whole = "\n".join([body, *([""] if sign and voice != "terse" else []), *sign])
    if voice == "young":
        whole = lower(whole)
    return whole + (f"\n\n{lines['after']}" if rng.random() < likely["after"] else "")


def joined(sentences: Sequence[str], rng: Random) -> str:
    """Sentences in one paragraph, now and then with a line of their own."""
    text = sentences[0]
    for sentence in sentences[1:]:
        text += ("\n" if rng.random() < 0.1 else " ") + sentence
    return text


def quoted(text: str, heading: str) -> str:
    """A text as mail programs quote it; a long one is cut."""
    lines = []
    for line in text.split("\n"):
        if line.startswith(">"):
            lines.append(f">{line}")
        else:
            lines += [f"> {part}".rstrip() for part in textwrap.wrap(line, 66) or [""]]
    if len(lines) > 14:
        lines = [*lines[:12], "> [...]"]
    return "\n".join([heading, *lines])


def lower(text: str) -> str:
    """Without capitals and apostrophes; what has digits in it stays as it is."""
    words = re.split(r"(\s+)", text)
    small = [word if re.search(r"\d|@", word) else word.lower().replace("'", "") for word in words]
    return re.sub(r"\.$", "", "".join(small))


def _greeted(hello: str, body: str, voice: str, rng: Random) -> str:
    if voice == "formal" or hello[-1] == ":" or rng.random() < 0.6:
        return f"{hello}\n{chr(10) if rng.random() < 0.6 else ''}{body}"
    first, space, rest = body.partition(" ")
    if hello.endswith(",") and first in SMALL:
        body = first.lower() + space + rest
    return f"{hello} {body}" if hello[-1] in ",!?" else f"{hello}, {body}"


def _plainer(text: str, voice: str, rng: Random) -> str:
    """In the voice's words, typing errors included."""
    if voice != "formal":
        for long, short in SHORT:
            if rng.random() < 0.9:
                text = re.sub(long, short, text)
    if voice == "young":
        for long, short in (("please", "pls"), ("Please", "pls"), (" you ", " u ")):
            if rng.random() < 0.4:
                text = text.replace(long, short)
    if rng.random() < OFTEN[voice]:
        for _ in range(rng.choice((1, 1, 2, 3))):
            text = _slip(text, rng)
    return text


def _slip(text: str, rng: Random) -> str:
    """The text with one typing error: a common one, a letter lost, or two in the wrong order."""
    known = [found for found in re.finditer(r"\b[a-z]+\b", text) if found[0] in SLIPS]
    if known and rng.random() < 0.6:
        words = sorted({found[0] for found in known})
        word = rng.choice(
            words if rng.random() < 0.3 else [w for w in words if w != "the"] or words
        )
        found = next(found for found in known if found[0] == word)
        return text[: found.start()] + SLIPS[found[0]] + text[found.end() :]
    longer = re.finditer(r"(?<![\w-])[a-z]{6,}(?![\w-])", text)
    longer = [found for found in longer if found[0] not in {*SOLD, *SPELT}]
    if not longer:
        return text
    found = rng.choice(longer)
    at = found.start() + rng.randint(1, len(found[0]) - 3)
    if rng.random() < 0.4:
        return text[:at] + text[at + 1 :]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
