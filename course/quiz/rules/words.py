"""Words, sentences and likeness of texts: what the rules of good writing count. Pure.

A text is measured as it is read: an inline piece of code is one word, a block of code is none.
"""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cache

from course.quiz import markup

_WORD = re.compile(r"[^\W_]+(?:[-'’.,/][^\W_]+)*")
_END = re.compile(r"(?<=[.?!])[\"”’')]*\s+(?=[\"“‘'(]*[A-Z0-9])|\n+")
_CODE = "code"
_VOWELS = re.compile(r"[aeiouy]+")

_LITTLE = """
    a about after again all also an and another any are as asks at be because been before being
    both but by can case could did do does each every few for from get gets give given gives go had
    has have he her him his how i if in into is it its itself just less made make makes many may me
    more most much must my no nobody none not nothing of off on once one only or other our out over
    own per say says she should so some somebody such than that the their them then there these it
    they this those three through to too two under until up use used uses using very was we were
    what when where which while who whom whose why will with without would you your
"""
STOP_WORDS = frozenset(_LITTLE.split())
"""Words that carry too little meaning to give an answer away."""


def prose(text: object) -> str:
    """The text without marks; inline code becomes one word, blocks of code are left out."""
    return "\n".join(filter(None, (_prose(block) for block in markup.parse(str(text)))))


def shown(text: object) -> str:
    """The text as a reader sees it, with the code and without the marks."""
    return markup.plain(str(text))


def codes(text: object) -> list[str]:
    """The pieces of code in a text, inline and in blocks."""
    return [found for block in markup.parse(str(text)) for found in _codes(block)]


def words(text: object) -> list[str]:
    """The words of a text in lower case; numbers such as 1,200 and 0.15 are words."""
    return _WORD.findall(prose(text).lower().replace("’", "'"))


def all_words(text: object) -> list[str]:
    """As `words`, with the words inside pieces of code: what tells one option from another."""
    return _WORD.findall(shown(text).lower().replace("’", "'"))


def sentences(text: object) -> list[str]:
    """The sentences of a text; a list's entries and paragraphs end one as well."""
    return [part.strip() for part in _END.split(prose(text)) if _WORD.search(part)]


def content_words(text: object) -> set[str]:
    """The words that carry meaning, without their endings: `models` and `model` are one."""
    return {_trunk(word) for word in all_words(text) if word not in STOP_WORDS}


def jaccard(one: Iterable[str], other: Iterable[str]) -> float:
    """Shared words over all words, 0 to 1; two texts without words are equal."""
    one, other = set(one), set(other)
    return len(one & other) / len(one | other) if one | other else 1.0


def similarity(one: object, other: object) -> float:
    """How much of two texts is the same words in the same order, 0 to 1 (difflib's ratio)."""
    first, second = sorted([all_words(one), all_words(other)])
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def reading_grade(text: object) -> float:
    """The school year that reads the text with ease: Flesch and Kincaid's grade level.

    0.39 words per sentence + 11.8 syllables per word - 15.59 (Kincaid et al. 1975, Research
    Branch Report 8-75). Syllables by the rule in `syllables`; 0 for a text without words.
    """
    said, found = sentences(text), words(text)
    if not found:
        return 0.0
    sounds = sum(map(syllables, found))
    return 0.39 * len(found) / len(said) + 11.8 * sounds / len(found) - 15.59


@cache
def syllables(word: str) -> int:
    """Groups of vowels (a, e, i, o, u, y), less a silent e, es or ed at the end; at least 1.

    A number is one syllable, as a figure is read at a glance; a word with hyphens is the sum of
    its parts.
    """
    word = word.removesuffix("'s")
    if not word.isalpha():
        return sum(map(syllables, re.findall(r"[a-z]+", word))) or 1
    sounds = len(_VOWELS.findall(word))
    silent = re.search(r"([^laeiouy]e|[^aeiouycghsxz]es|[^aeioudt]ed|[aeiouy]le)$", word)
    return max(1, sounds - bool(silent))


def _trunk(word: str) -> str:
    """The word without the commonest English endings: enough to see that two are related."""
    for ending in ("'s", "ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending).removesuffix("e")
    return word.removesuffix("e") if len(word) > 4 else word


def _prose(node: markup.Node) -> str:
    if isinstance(node, str):
        return node
    if node[0] == "pre":
        return ""
    if node[0] == "code":
        return _CODE
    between = "\n" if node[0] in ("ul", "ol") else ""
    return between.join(map(_prose, node[1:]))


def _codes(node: markup.Node) -> list[str]:
    if isinstance(node, str):
        return []
    if node[0] in ("pre", "code"):
        return [str(node[1])]
    return [found for child in node[1:] for found in _codes(child)]
