"""Options: nothing in their length, wording or form may tell the key from the distractors."""

import re
from collections.abc import Iterator
from itertools import combinations
from statistics import mean

from course.quiz.fields import Option
from course.quiz.rules import words
from course.quiz.rules.rule import Choice, E, W, rule

FEW_CHARACTERS = 8
"""A difference of fewer characters is no hint that a reader sees."""

_COMBINED = re.compile(
    r"\b(?:all|none|any|both|neither|each|either|some) of (?:the|these|those) (?:above|others?|"
    r"options?|answers?)\b|^(?:all|none|both|neither) of (?:these|those|them)\W*$|"
    r"^none\W*$|\b(?:both|neither|only|either) [A-H] (?:and|or|nor) [A-H]\b|"
    r"^[A-H] (?:and|or|nor) [A-H]\W*$|\b(?:all|none) above\b",
)
_JOKE = re.compile(r"[\U0001F300-\U0001FAFF\u2600-\u27BF]|\b(?:ha){2,}\b|\blol\b|!", re.IGNORECASE)
_ABSOLUTE = re.compile(r"\b(?:always|never|only|every|all|cannot|can't)\b", re.IGNORECASE)
_HEDGE = re.compile(
    r"\b(?:may|might|could|usually|often|sometimes|mostly|generally|typically|normally|tends?|"
    r"likely|probably|perhaps|roughly|in general|as a rule|in most cases)\b|"
    r"(?<!the )(?<!at )\bmost (?=[a-z]+s\b)",
    re.IGNORECASE,
)


def size(option: Option) -> int:
    """The characters of the option as it is read."""
    return len(words.shown(option.text))


@rule("option-combined", E, "choice", mend="offer a single answer that a real mistake leads to")
def option_combined(choice: Choice) -> Iterator[str]:
    for option in choice.options:
        said = words.shown(option.text)
        if _COMBINED.search(said[:1].lower() + said[1:]) or _COMBINED.search(said):
            yield f"Option {option.id} speaks of other options: “{said[:50]}”."


@rule("option-joke", E, "choice", mend="offer a mistake that somebody makes in earnest")
def option_joke(choice: Choice) -> Iterator[str]:
    for option in choice.options:
        if _JOKE.search(words.prose(option.text)):
            yield f"Option {option.id} does not sound serious: “{words.shown(option.text)[:50]}”."


@rule("key-length", E, "choice", mend="shorten the key, or give the distractors as much detail")
def key_length(choice: Choice) -> Iterator[str]:
    others = [size(option) for option in choice.distractors]
    for key in choice.keys:
        limits = {"mean": 1.25 * mean(others), "longest": 1.15 * max(others)}
        far = {"mean": mean(others), "longest": max(others)}
        beyond = [
            name
            for name, limit in limits.items()
            if size(key) > limit and size(key) - far[name] >= FEW_CHARACTERS
        ]
        if beyond:
            told = f"{mean(others):.0f} in the mean and {max(others)} at most"
            yield f"The key {key.id} has {size(key)} characters, the distractors {told}."


@rule("option-length", E, "choice", mend="bring the options to about one length")
def option_length(choice: Choice) -> Iterator[str]:
    short, long = (edge(choice.options, key=size) for edge in (min, max))
    if size(long) > 2 * size(short) and size(long) - size(short) >= FEW_CHARACTERS:
        yield f"Option {long.id} has {size(long)} characters, option {short.id} {size(short)}."


@rule("absolute-words", E, "choice", mend="say it without the absolute word, or in the key as well")
def absolute_words(choice: Choice) -> Iterator[str]:
    strict = [option for option in choice.options if _says(_ABSOLUTE, option)]
    wrong = choice.distractors
    if any(option in strict for option in choice.keys) or not strict:
        return
    if len(strict) == len(wrong) or (len(strict) >= 2 and len(strict) >= len(wrong) / 2):
        listed = ", ".join(f"{option.id} ({_says(_ABSOLUTE, option)})" for option in strict)
        yield f"Only distractors have absolute words: {listed}."


@rule("hedged-key", E, "choice", mend="say the key as plainly as the distractors")
def hedged_key(choice: Choice) -> Iterator[str]:
    hedged = [option for option in choice.options if _says(_HEDGE, option)]
    if hedged and hedged == choice.keys:
        listed = ", ".join(f"{option.id} ({_says(_HEDGE, option)})" for option in hedged)
        yield f"Nothing but the key is hedged: {listed}."


def _says(pattern: re.Pattern, option: Option) -> str:
    found = pattern.search(words.prose(option.text))
    return found[0].strip().lower() if found else ""


@rule("key-echo", E, "choice", mend="say the key in words that the stem does not have")
def key_echo(choice: Choice) -> Iterator[str]:
    stem = words.content_words(choice.stem)
    shared = {option.id: words.content_words(option.text) & stem for option in choice.options}
    most = max(len(shared[option.id]) for option in choice.distractors)
    if min(len(shared[key.id]) for key in choice.keys) >= most + 2:
        key = choice.keys[0]
        listed = ", ".join(sorted(shared[key.id]))
        yield f"The key {key.id} repeats the stem ({listed}); no distractor has more than {most}."


@rule("option-alike", E, "choice", mend="make them differ in more than a word, or cut one")
def option_alike(choice: Choice) -> Iterator[str]:
    for one, other in combinations(choice.options, 2):
        alike = words.jaccard(words.all_words(one.text), words.all_words(other.text))
        same = " ".join(words.shown(one.text).split()) == " ".join(words.shown(other.text).split())
        if same or (alike >= 0.8 and not _code_or_number(one, other)):
            yield f"The options {one.id} and {other.id} share {alike:.0%} of their words."


def _code_or_number(*options: Option) -> bool:
    """Whether the options differ in what words do not tell: signs in code, one number."""
    return all(words.codes(option.text) or len(words.words(option.text)) < 3 for option in options)


def overlaps(choice: Choice) -> dict[str, float]:
    """The mean share of words that each option has in common with the others."""
    bags = {option.id: words.content_words(option.text) for option in choice.options}
    return {
        name: mean(words.jaccard(bag, other) for rest, other in bags.items() if rest != name)
        for name, bag in bags.items()
    }


@rule("key-overlap", W, "choice", mend="let a distractor share as many words with the others")
def key_overlap(choice: Choice) -> Iterator[str]:
    found = overlaps(choice)
    lead = min(found[key.id] for key in choice.keys) - max(
        found[option.id] for option in choice.distractors
    )
    if len(choice.keys) == 1 and lead >= 0.15:
        yield f"The key {choice.keys[0].id} has the most in common with the others (by {lead:.2f})."


@rule("odd-one-out", W, "choice", mend="put such a detail into a distractor too, or into none")
def odd_one_out(choice: Choice) -> Iterator[str]:
    signs = {"a number": r"\d", "code": r"", "brackets": r"[(\[{]"}
    for name, sign in signs.items():
        have = [
            option
            for option in choice.options
            if (
                words.codes(option.text)
                if name == "code"
                else re.search(sign, words.prose(option.text))
            )
        ]
        if len(have) == 1 and have == choice.keys:
            yield f"The key {have[0].id} is the only option with {name}."
