"""Reads the phrases of the mailbox and puts them together.

A file of phrases has matters or kinds, each opened by a line with `@` and its name. In a matter a
line begins with what it is: s subjects, parted by " | "; c the matter itself; m more about it;
a what is asked for. In a phrase {one|other} is either, [this] is there or not, and <p> is filled
with a fact of the e-mail: <p> the article, <ap> with its a or an, <ps> several, <o> the order.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
CHOICE = re.compile(r"\{([^{}]*)\}")
MAYBE = re.compile(r"\[([^\[\]]*)\]")
FACT = re.compile(r"<(\w+)>")


@dataclass(frozen=True)
class Article:
    """Something that the shop sells; the first of its kinds is its shelf."""

    kinds: tuple[str, ...]
    name: str
    several: str
    price: float


@dataclass
class Matter:
    """What an e-mail can be about, with the phrases for it.

    `articles` are the kinds of article it needs, parted by +, or "any" or "none"; `mood` is "angry"
    or "pleased" where the phrases themselves are, "calm" where nobody would be angry, else empty.
    """

    name: str
    label: str
    articles: str
    mood: str
    subjects: list[str] = field(default_factory=list)
    cores: list[str] = field(default_factory=list)
    more: list[str] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)

    def takes(self, article: Article) -> bool:
        """Whether it can be about the article."""
        kinds = set(self.articles.split("+"))
        return bool(kinds & {"any", "none", *article.kinds})

    @property
    def told(self) -> str:
        """The mood that its phrases tell themselves."""
        return "" if self.mood == "calm" else self.mood


def read_matters(label: str) -> list[Matter]:
    """The matters of one label, from the file of its name."""
    matters = []
    for line in _lines(f"{label}.txt"):
        sign, _, rest = line.partition(" ")
        if sign == "@":
            name, articles, *mood = rest.split()
            matters.append(Matter(name, label, articles, "".join(mood).lstrip("!")))
        elif sign == "s":
            matters[-1].subjects += [one.strip() for one in _parted(rest)]
        else:
            into = {"c": matters[-1].cores, "m": matters[-1].more, "a": matters[-1].asks}[sign]
            into.append(rest)
    return matters


def read_frames() -> dict[str, list[str]]:
    """The lines that stand around a matter, by kind."""
    frames: dict[str, list[str]] = {}
    for line in _lines("frames.txt"):
        if line.startswith("@ "):
            lines = frames.setdefault(line[2:], [])
        else:
            lines.append(line.replace("\\n", "\n"))
    return frames


def read_catalogue() -> list[Article]:
    """What the shop sells."""
    rows = [map(str.strip, line.split("|")) for line in _lines("catalogue.txt")]
    return [Article(tuple(k.split()), name, many, float(cost)) for k, name, many, cost in rows]


def read_names() -> list[str]:
    """First names from many languages."""
    return " ".join(_lines("names.txt")).split()


def expand(phrase: str, facts: Mapping[str, str], rng: Random) -> str:
    """A phrase with its choices made and its facts filled in."""
    for sign, pick in ((CHOICE, _one_of), (MAYBE, _perhaps)):
        while found := sign.search(phrase):
            phrase = phrase[: found.start()] + pick(found[1], rng) + phrase[found.end() :]
    filled = FACT.sub(lambda found: facts[found[1]], phrase)
    return re.sub(r"(^|[.?!]\s)([a-z])", lambda found: found[0].upper(), filled).strip()


def _one_of(inside: str, rng: Random) -> str:
    return rng.choice(inside.split("|"))


def _perhaps(inside: str, rng: Random) -> str:
    return inside if rng.random() < 0.5 else ""


def _parted(subjects: str) -> list[str]:
    """The subjects of a line; a | within braces parts nothing."""
    depth, parts = 0, [""]
    for sign in subjects:
        depth += (sign == "{") - (sign == "}")
        if sign == "|" and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _lines(name: str) -> list[str]:
    text = (HERE / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
