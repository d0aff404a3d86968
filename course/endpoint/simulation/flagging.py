"""Which texts are flagged, and for what: a rule about words, for lessons. No model is behind it.

For each category the score is 0 where none of its key words is in the text; 0.1 where one is; 0.9
where a phrase is that means it, such as "going to kill you" (but not "kill the process"); 0.99
where two are. From 0.5 up a category is flagged, and a special one, such as self-harm/intent,
flags the one it belongs to. The phrases are English, few and mild: they let a lesson show what the
API answers, and keep nobody safe.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

FLAGGED_FROM = 0.5
_KEY_WORD, _PHRASE, _PHRASES = 0.1, 0.9, 0.99

# "them" is left out: it is processes that are killed most. So is whom one shoots an e-mail to.
_SOMEBODY = (
    r"(?:you|him|her|people|somebody|someone|everybody|everyone|(?:my|the|that|this) (?:teacher|"
    r"neighbou?r|classmate|brother|sister|mother|father|boy|girl|man|woman|guy|family))"
    r"\b(?!['-])(?! (?:an?|the|my|our|some|over|it|that)\b)"
)
_WILL = (
    r"(?:i(?:'ll| will|'m going to| am going to| want to|'m gonna| gonna)|let's|we(?:'ll| will))"
)
_GROUP = (
    r"(?:immigrants|foreigners|refugees|women|men|muslims|jews|christians|hindus|"
    r"(?:black|white|gay|disabled|old) people)\b(?!['-])"
)
_HOW = r"(?:how (?:do i|do you|to|can i|could i|would i)|teach me to|show me how to|help me)"
_WANT = r"(?:write|send|show|find|give|make|want)\b[^.?!]{0,30}"


@dataclass(frozen=True, slots=True)
class _Rule:
    """Key words of a category, and the phrases that mean it, each with a key word in it."""

    words: tuple[str, ...]
    any_word: str
    phrases: tuple[str, ...]


def _rule(words: str, *phrases: str) -> _Rule:
    listed = tuple(words.split(", "))
    any_word = rf"\b(?:{'|'.join(listed)})(?:s|ed|ing|er|ers)?\b"
    return _Rule(listed, any_word, tuple(rf"\b{phrase}" for phrase in phrases))


_RULES = {
    "harassment": _rule(
        "stupid, idiot, loser, worthless, pathetic, nobody, no one",
        r"(?<![a-z] )you(?:'re| are) (?:(?:all|just|such|really|so|a|an|nothing but) )*"
        r"(?:stupid|idiots?|losers?|worthless|pathetic)\b",
        r"(?:nobody|no one) (?:here )?(?:likes|wants|will ever like) you\b",
    ),
    "harassment/threatening": _rule(
        "kill, hurt, stab, strangle, beat",
        rf"{_WILL} (?:kill|hurt|stab|strangle) you\b(?! (?:at|in) \w+)",
        rf"{_WILL} beat you up\b",
    ),
    "sexual": _rule(
        "sex, porn, erotic, nude",
        rf"{_WANT}\b(?:porn|erotic|nude (?:photo|picture)|explicit sex|sex scene)",
    ),
    "hate": _rule(
        "hate, inferior, vermin, subhuman",
        rf"i (?:really )?hate (?:all )?(?:the )?{_GROUP}",
        rf"(?<![a-z] ){_GROUP} are (?:all )?(?:inferior|vermin|subhuman)\b",
    ),
    "hate/threatening": _rule(
        "kill, exterminate, wipe out, shoot",
        rf"(?:{_WILL}|we should|someone should) (?:kill|exterminate|wipe out|shoot) "
        rf"(?:all )?(?:the )?{_GROUP}",
    ),
    "illicit": _rule(
        "steal, shoplift, hack, forge, fake, launder, meth, cocaine, heroin",
        rf"{_HOW} (?:shoplift\b|launder money|hack into |steal (?:an?|my|someone's|somebody's) "
        r"(?!(?:base|glance|look|scene|line|march|kiss|page|moment)\b))",
        rf"{_HOW} (?:forge|fake) (?:an?|my|the) (?:[\w']+ )?"
        r"(?:signature|passport|id|prescription)\b",
        rf"{_HOW} (?:make|buy|cook|sell) (?:meth|cocaine|heroin)\b",
    ),
    "illicit/violent": _rule(
        "bomb, explosive, poison, gun",
        rf"{_HOW} (?:make|build) (?:an? )?(?:pipe |nail |petrol )?(?:bombs?|explosives?)\b"
        r"(?! (?:calorimeter|shelter|disposal))",
        rf"{_HOW} poison {_SOMEBODY}",
        rf"{_HOW} (?:buy|get) a gun (?:without|illegally)\b",
    ),
    "self-harm/intent": _rule(
        "hurt myself, harm myself, kill myself, to die, my life, to live, be alive",
        r"(?:want|going|plan|planning|trying|wish|like) to (?:kill|hurt|harm) myself\b",
        r"i (?:just )?want to die\b(?! (?:of|from|laughing|on this hill))",
        r"i (?:want to|will|am going to) end my life\b",
        r"i (?:don't|do not) want to (?:live|be alive)(?: any ?more| like this)?(?=$|[.!?])",
    ),
    "self-harm/instructions": _rule(
        "myself, yourself, suicide",
        rf"{_HOW} (?:kill|harm|starve) (?:myself|yourself)\b",
        r"ways? to (?:kill (?:myself|yourself)|commit suicide)\b",
    ),
    "self-harm": _rule(
        "suicide, self-harm, cutting myself, starving myself, hurting myself",
        r"i(?:'m| am|'ve been| have been| keep) (?:cutting|starving|hurting) myself\b"
        r"(?! (?:a|some|off|when|while|on|shaving)\b)",
    ),
    "sexual/minors": _rule(
        "nude, erotic, porn",
        rf"{_WANT}\b(?:nude|erotic|porn)\w*\b[^.?!]{{0,40}}"
        r"\b(?:child(?:ren)?|minors?|underage|kids?|pupils?)\b",
    ),
    "violence": _rule(
        "kill, murder, stab, shoot, strangle, beat, attack",
        rf"{_WILL} (?:kill|murder|stab|shoot|strangle) {_SOMEBODY}",
        rf"{_WILL} (?:beat {_SOMEBODY} up\b|attack {_SOMEBODY})",
    ),
    "violence/graphic": _rule(
        "blood, guts, insides, dismembered, decapitated",
        r"(?:splattered|dripping|soaked) with (?:\w+ )?blood\b",
        r"(?:guts|insides) (?:were )?(?:spilling|spilled) out\b",
        r"(?:dismembered|decapitated) (?:body|bodies|corpses?|him|her|them)\b",
    ),
}
CATEGORIES = tuple(_RULES)
"""As in the API, and in its order."""

_TRIGGERS = {
    word: tuple(name for name, rule in _RULES.items() if word in rule.words)
    for rule in _RULES.values()
    for word in rule.words
}


def flagged(text: str) -> str | None:
    """The first category that the rule flags in a text, such as "violence", or None."""
    return next((name for name, score in _scores(text) if score >= FLAGGED_FROM), None)


def scores(text: str) -> dict[str, float]:
    """The score of every category for a text, 0 to 1, by the rule of this module."""
    found = dict.fromkeys(CATEGORIES, 0.0)
    for name, score in _scores(text):
        whole = name.partition("/")[0]
        found[name] = max(found[name], score)
        if score >= FLAGGED_FROM:
            found[whole] = max(found[whole], score)
    return found


def _scores(text: str) -> Iterator[tuple[str, float]]:
    plain = text.lower().replace("\u2019", "'")
    # Looking for plain words first takes microseconds; few texts hold any.
    if not (words := [word for word in _TRIGGERS if word in plain]):
        return
    near = {name for word in words for name in _TRIGGERS[word]}
    for name, rule in _RULES.items():
        # Not compiled above: re keeps what was searched for, and most programs need none of it.
        if name in near and re.search(rule.any_word, plain):
            met = sum(1 for phrase in rule.phrases if re.search(phrase, plain))
            yield name, (_KEY_WORD, _PHRASE, _PHRASES)[min(met, 2)]
