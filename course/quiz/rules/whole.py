"""A bank as a whole: places and lengths of keys, objectives, levels, keys given away."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from course.quiz.rules import chance, words
from course.quiz.rules.options import size
from course.quiz.rules.rule import Choice, E, Matter, Quiz, Said, Subject, rule

MOST_OBJECTIVES = 4
LEAST_IN_QUIZ = 2
LEAST_IN_COURSE = 3
LONGEST_RUN = 3
JUDGED_FROM = 8
"""Fewer keys than this cannot show a habit, and some numbers (5, 7) have no even distribution."""

_BY_CHANCE = 0.05


def _choices(subjects: tuple[Subject, ...]) -> list[Choice]:
    """The singles and multiples; a cloze's gaps are short words, and left aside."""
    own = [subject for subject in subjects if subject.item.type in ("single", "multiple")]
    return [choice for subject in own for choice in subject.choices]


def _each(matter: Matter) -> Iterator[tuple[str, str, tuple[Subject, ...]]]:
    """Each quiz by itself and, where there are several, all of them: name, file, items."""
    for quiz in matter.quizzes:
        yield "this quiz", quiz.file, matter.of(quiz)
    if len(matter.quizzes) > 1:
        yield "all quizzes together", "solutions", matter.subjects


@rule("key-longest", E, "course", mend="lengthen distractors or shorten keys in some of the items")
def key_longest(matter: Matter) -> Iterator[Said]:
    for name, file, subjects in _each(matter):
        hits, odds = 0, []
        for choice in _choices(subjects):
            longest = max(map(size, choice.options))
            top = [option for option in choice.options if size(option) == longest]
            odds.append(chance.hit(len(choice.options), len(choice.keys), len(top)))
            hits += any(option in choice.keys for option in top)
        likely = chance.at_least(hits, odds)
        if likely < _BY_CHANCE:
            said = f"In {hits} of {len(odds)} items of {name} the key is the longest option"
            yield Said(f"{said}, or among them (by chance {likely:.2%}).", file=file)


@rule("key-positions", E, "course", mend="move keys to the letters that are rarer, and break runs")
def key_positions(matter: Matter) -> Iterator[Said]:
    for name, file, subjects in _each(matter):
        yield from (
            Said(f"In {name} {said}", file=file) for said in told_of_places(_choices(subjects))
        )


def told_of_places(choices: list[Choice]) -> Iterator[str]:
    """What is uneven about the places of the keys, a sentence each."""
    counts = Counter(place for choice in choices for place in _places(choice))
    expected: Counter[int] = Counter()
    for choice in choices:
        for place in range(len(choice.options)):
            expected[place] += len(choice.keys) / len(choice.options)
    if counts.total() >= JUDGED_FROM:
        likely = chance.even([counts[place] for place in expected], [*expected.values()])
        shares = {_letter(place): counts[place] / counts.total() for place in sorted(expected)}
        listed = ", ".join(f"{letter} {share:.0%}" for letter, share in shares.items())
        if likely < _BY_CHANCE:
            yield f"the keys' places are not even (χ²: by chance {likely:.2%}): {listed}."
        elif len(shares) == 4 and not all(0.15 <= share <= 0.35 for share in shares.values()):
            yield f"a place holds under 15 % or over 35 % of the keys: {listed}."
    for letter, run in groupby(_places(choice)[0] for choice in choices if len(choice.keys) == 1):
        length = len([*run])
        if length > LONGEST_RUN:
            yield f"the key is {_letter(letter)} {length} times in a row."


def _places(choice: Choice) -> list[int]:
    return [place for place, option in enumerate(choice.options) if option in choice.keys]


def _letter(place: int) -> str:
    return "ABCDEFGH"[place : place + 1] or str(place + 1)


@rule(
    "objective-count", E, "quiz", mend="join objectives that are close, or make two quizzes of it"
)
def objective_count(quiz: Quiz, _: Matter) -> Iterator[Said]:
    count = len(quiz.bank.objectives)
    if count > MOST_OBJECTIVES:
        yield Said(f"The quiz has {count} objectives; {MOST_OBJECTIVES} are the most.")


@rule(
    "objective-coverage", E, "course", waivable=True,
    mend="write another item for the objective (a later quiz may ask it again)",
)  # fmt: skip
def objective_coverage(matter: Matter) -> Iterator[Said]:
    """An objective's own quiz is the first that names it.

    Its items in the whole bank are counted once a later quiz exists, where it could come again.
    """
    asked = Counter(subject.item.objective for subject in matter.subjects)
    seen: set[str] = set()
    for quiz in matter.quizzes:
        own = Counter(item.objective for item in quiz.bank.items)
        for name in [name for name in quiz.bank.objectives if name not in seen]:
            first = next((item.id for item in quiz.bank.items if item.objective == name), "")
            if own[name] < LEAST_IN_QUIZ:
                said = f"The objective {name} has {own[name]} item(s) in its own quiz; it needs 2."
                yield Said(said, first, quiz.file)
            elif quiz is not matter.quizzes[-1] and asked[name] < LEAST_IN_COURSE:
                said = f"The objective {name} has {asked[name]} items in all quizzes; it needs 3."
                yield Said(said, first, quiz.file)
        seen |= {*quiz.bank.objectives}


@rule("levels", E, "quiz", mend="let more items apply or analyse what recall items only repeat")
def levels(quiz: Quiz, _: Matter) -> Iterator[Said]:
    high = [item for item in quiz.bank.items if item.level in ("apply", "analyse")]
    if 2 * len(high) < len(quiz.bank.items):
        said = f"{len(high)} of {len(quiz.bank.items)} items are at the level apply or analyse"
        yield Said(f"{said}; half of them have to be.")


@rule("key-given-away", E, "quiz", mend="reword one of the two items, or put one into another quiz")
def key_given_away(quiz: Quiz, matter: Matter) -> Iterator[Said]:
    said = {subject.item.id: _normal(subject.item.stem) for subject in matter.of(quiz)}
    for subject in matter.of(quiz):
        for key in _telling_keys(subject):
            for other, stem in said.items():
                if other != subject.item.id and f" {key} " in stem:
                    yield Said(f"The key of {subject.item.id} stands in this stem: “{key}”.", other)


def _telling_keys(subject: Subject) -> Iterator[str]:
    """Keys long enough that nobody meets them in a stem by accident."""
    for choice in subject.choices:
        for key in choice.keys:
            if len(words.content_words(key.text)) >= 3:
                yield _normal(key.text).strip()
    for text in subject.item.accept:
        if re.search(r"\w[\s_]+\w", text.strip()):  # a single word can be anybody's
            yield _normal(text).strip()
    if subject.item.type == "numeric" and subject.item.key is not None:
        value = f"{subject.item.key.normalize():f}"
        if len(re.sub(r"\D|^[0.]+|0+$", "", value)) >= 3:
            yield value


def _normal(text: object) -> str:
    return f" {' '.join(words.all_words(text)).replace(',', '')} "
