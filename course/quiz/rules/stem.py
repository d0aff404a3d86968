"""The stem: a whole question, short and positive, that can be answered before options are read."""

import re
from collections.abc import Iterator

from course.quiz.rules import words
from course.quiz.rules.rule import E, Matter, Said, Subject, W, rule

ASKING = ("single", "multiple", "numeric", "order", "match", "text")
_LONG_TYPES = ("cloze", "code", "measured")
_INSTRUCTION = re.compile(
    r"^(?:then |first |now |please |next )?(?:add|arrange|answer|calculate|call|change|choose|"
    r"collect|compare|complete|compute|correct|count|decide|define|describe|divide|drag|enter|"
    r"estimate|explain|extend|fill|find|fix|give|group|list|mark|match|measure|mend|multiply|name|"
    r"order|pair|pick|place|predict|put|rank|replace|return|rewrite|round|say|select|send|show|"
    r"sort|state|subtract|tell|tick|turn|type|use|work out|write)\b",
    re.IGNORECASE,
)
_GAP = re.compile(
    r"_{2,}|\.{4,}|\[\s*(?:\.{3}|…)?\s*\](?!\()|"
    r"\(\s*(?:blank|gap|\.{3}|…)\s*\)|\[\[\w+\]\]"
)
_NOT = r"(?:not|n't|except|never|least likely)"
_SHOUTED = re.compile(r"\b(?:NOT|EXCEPT|NEVER)\b")
_QUIET = re.compile(
    r"\b(?:which|what|who)\b[^?]{0,60}?(?:\b(?:is|are|was|were|do|does|did|can|could|will|would|has|"
    r"have|must|may|should) not\b|n't\b|\b(?:isn|aren|doesn|don|can|won|wouldn)'t\b)|"
    r"\bexcept\b(?=[^.]*\?)|\b(?:choose|pick|select|mark|find|name)\b[^.?]{0,60}\bnot\b",
    re.IGNORECASE,
)
_COVERED = re.compile(
    r"\bwhich\b[^?.]{0,50}\b(?:is|are|was|were)\s+(?:not\s+)?(?:true|false|correct|incorrect|right|"
    r"wrong|valid)\b(?!\s+(?:share|answer))|\bwhich (?:of (?:the following|these) )?statements?\b|"
    r"\bwhich of (?:the following|these)\s*(?:\?|applies|apply|holds?|fits?)|"
    r"\bwhat (?:is|can be said to be) (?:true|correct|right|false) (?:of|about|for)\b",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"\b(?:best|better|should|(?:most|more) (?:important|appropriate|suitable|sensible|useful)|"
    r"ideal(?:ly)?|optimal|the main|ought)\b",
    re.IGNORECASE,
)
_CRITERION = re.compile(
    r"\b(?:lowest|highest|fewest|least|cheapest|cheaper|fastest|dearest|longest|shortest|smallest|"
    r"largest|at (?:least|most)|no more than|within|under \S*\d|below|above|over \S*\d|per |"
    r"in terms of|judged by|measured by|by (?:cost|price|the|its|how)|so that|according to|"
    r"minimum|maximum|counts|in order to|without|if only|only if|on \w+ alone|limit|rule|"
    r"cost-efficient|as (?:few|little|cheap|fast|short)\w* as)\b",
    re.IGNORECASE,
)


@rule("stem-missing", E, "item", mend="write a stem: what is the situation, and what is asked?")
def stem_missing(subject: Subject) -> Iterator[str]:
    if not subject.item.stem.strip():
        yield "The stem is empty."


@rule(
    "stem-question", E, "item", types=ASKING,
    mend="end the stem with a question, or with an instruction such as “Put the steps in order.”",
)  # fmt: skip
def stem_question(subject: Subject) -> Iterator[str]:
    said = words.sentences(subject.item.stem)
    whole = [part for part in said if part.rstrip("\"”’')*_ ").endswith("?") or _instructs(part)]
    if said and not whole:
        yield f"The stem is neither a question nor a full instruction: “…{said[-1][-60:]}”"


def _instructs(sentence: str) -> bool:
    return bool(_INSTRUCTION.match(sentence)) and len(words.words(sentence)) > 1


@rule("stem-length", E, "item", mend="keep what is needed to answer, in 8 to 60 words")
def stem_length(subject: Subject) -> Iterator[str]:
    count = len(words.words(subject.item.stem))
    most = 150 if subject.item.type in _LONG_TYPES else 60
    if count and not 8 <= count <= most:
        yield f"The stem has {count} words (8 to {most} are asked for)."


@rule(
    "stem-gap", E, "item", types=[*ASKING, "code", "measured"],
    mend="ask a whole question, or make the item a cloze",
)  # fmt: skip
def stem_gap(subject: Subject) -> Iterator[str]:
    if found := _GAP.search(words.prose(subject.item.stem)):
        yield f"There is a gap in the stem: {found[0]!r}."


def negated(subject: Subject) -> str:
    """The words by which the question asks for what is not so, or ""."""
    said = words.prose(subject.item.stem)
    found = _SHOUTED.search(said) or _QUIET.search(said)
    return found[0] if found else ""


@rule(
    "negation", E, "item", types=ASKING, waivable=True,
    mend="ask for what is so; if the exception is the point, write NOT and waive it with a reason",
)  # fmt: skip
def negation(subject: Subject) -> Iterator[str]:
    if _SHOUTED.search(words.prose(subject.item.stem)):
        yield f"The question is turned round by {negated(subject)}."


@rule(
    "negation-hidden", E, "item", types=ASKING,
    mend="ask for what is so; a negation that has to stay is written NOT, so that nobody misses it",
)  # fmt: skip
def negation_hidden(subject: Subject) -> Iterator[str]:
    if negated(subject) and not _SHOUTED.search(words.prose(subject.item.stem)):
        yield f"A small word turns the question round: “{negated(subject)}”."


@rule("negation-share", E, "course", mend="ask some of these the other way round")
def negation_share(matter: Matter) -> Iterator[Said]:
    asking = [subject for subject in matter.subjects if subject.item.type in ASKING]
    turned = [subject for subject in asking if negated(subject)]
    if len(turned) > max(1, 0.05 * len(asking)):
        for subject in turned:
            said = f"{len(turned)} of {len(asking)} questions are turned round; 5 % may be."
            yield Said(said, subject.item.id, subject.quiz.file)


@rule(
    "covered", W, "item", types=["single", "multiple"],
    mend="ask so that a reader who covers the options can say what the answer would be",
)  # fmt: skip
def covered(subject: Subject) -> Iterator[str]:
    if found := _COVERED.search(words.prose(subject.item.stem)):
        yield f"With the options covered there is nothing to answer: “{found[0]}”."


@rule("reading-grade", W, "item", mend="use shorter sentences and commoner words")
def reading_grade(subject: Subject) -> Iterator[str]:
    grade = words.reading_grade(subject.item.stem)
    if grade > 9:
        yield f"The stem reads at grade {grade:.1f} (Flesch–Kincaid); 9 is the most."


@rule("long-sentence", W, "item", mend="make two sentences of it")
def long_sentence(subject: Subject) -> Iterator[str]:
    for said in words.sentences(subject.item.stem):
        if len(words.words(said)) > 25:
            yield f"A sentence of the stem has {len(words.words(said))} words: “{said[:40]}…”"


@rule(
    "no-criterion", W, "item", types=ASKING,
    mend="say by what: cheapest, fewest errors, under a limit, for whom",
)  # fmt: skip
def no_criterion(subject: Subject) -> Iterator[str]:
    said = words.prose(subject.item.stem)
    asked = next(
        (part for part in words.sentences(said) if "?" in part and _VALUE.search(part)), ""
    )
    if asked and not _CRITERION.search(said):
        yield f"“{_VALUE.search(asked)[0]}” has no criterion."
