"""Structure: key, options, feedback, misconceptions, objectives, and ids and stems that differ."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from course.quiz import score
from course.quiz.items import Question
from course.quiz.rules import words
from course.quiz.rules.rule import E, Matter, Said, Subject, rule

CHOICES = ("single", "multiple")
OFFERED = (*CHOICES, "cloze")
KEYED = (*CHOICES, "numeric", "order", "match")
TALKING = (*KEYED, "cloze", "text")
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven"}
_EMPTY = re.compile(
    r"^\W*(?:(?:that|this|it)(?:'s| is| was) )?(?:correct|right|wrong|incorrect|yes|no|true|false|"
    r"not quite|well done|good job|try again)\s*(?:[.!]|$)|\b(?:see|as|like) above\b|"
    r"\bsee (?:option )?[A-H]\b(?! \w)|\bsame as (?:option )?[A-H]\b",
    re.IGNORECASE,
)


@rule("key-missing", E, "item", mend="name the key, and complete the item or take it out")
def key_missing(subject: Subject) -> Iterator[str]:
    item = subject.item
    if item.type in KEYED and not _has_key(item):
        yield "The item has no key."
    if item.type == "multiple" and item.key and len(item.key) == 1:
        yield "A multiple has one key only."
    yield from (f"The gap {gap.id} has no key." for gap in item.gaps if not _has_key(gap))


def _has_key(asked: Question) -> bool:
    return asked.key not in (None, "", [], {}) or bool(asked.accept or asked.pattern)


@rule(
    "count-in-stem", E, "item", types=["multiple"],
    mend="say in the stem how many options are right, as in “Choose two.”",
)  # fmt: skip
def count_in_stem(subject: Subject) -> Iterator[str]:
    count = len(subject.item.key or ())
    said = words.words(subject.item.stem)
    if count > 1 and not {str(count), _NUMBERS.get(count)} & {*said}:
        yield f"{count} options are right, and the stem does not say so."


@rule(
    "option-count", E, "item", types=(*OFFERED, "order", "match"),
    mend="offer three or four options; cut the weakest, or find another real mistake",
)  # fmt: skip
def option_count(subject: Subject) -> Iterator[str]:
    item = subject.item
    if item.type in CHOICES and not 3 <= len(item.options) <= 4:
        yield f"There are {len(item.options)} options."
    if item.type == "order" and not 3 <= len(item.options) <= 7:
        yield f"There are {len(item.options)} steps to put in order; three to seven can be held."
    if item.type == "match" and not 3 <= len(item.prompts) <= 7:
        yield f"There are {len(item.prompts)} prompts to match; three to seven can be held."
    for gap in item.gaps:
        if gap.type == "single" and not 2 <= len(gap.options) <= 4:
            yield f"The gap {gap.id} offers {len(gap.options)} options."


def feedback_texts(subject: Subject) -> dict[str, str]:
    """Each feedback that the item has to have or has, by the place it stands in."""
    texts = _question_texts("", subject.item)
    for gap in subject.item.gaps:
        texts |= _question_texts(f"gap {gap.id}, ", gap)
    return texts


def _question_texts(at: str, asked: Question) -> dict[str, str]:
    texts = {f"{at}option {option.id}": option.feedback for option in asked.options}
    if asked.type in ("order", "match"):  # one feedback for all, and more if the author likes
        texts = {place: text for place, text in texts.items() if text.strip()}
    needs_one = asked.type in ("numeric", "order", "match", "text") and not asked.is_by_hand
    return texts | ({f"{at}any other answer": asked.feedback} if needs_one else {})


@rule(
    "feedback-missing", E, "item", types=TALKING,
    mend="say why this answer tempts, why it fails, and where to look",
)  # fmt: skip
def feedback_missing(subject: Subject) -> Iterator[str]:
    texts = feedback_texts(subject)
    empty = [place for place, text in texts.items() if not text.strip()]
    if empty:
        yield f"There is no feedback for {', '.join(empty)}."
    for at, asked in (("", subject.item), *((f"gap {gap.id}, ", gap) for gap in subject.item.gaps)):
        if asked.type == "numeric" and f"{at}option right" not in texts:
            yield f"There is no {at}option right, with the feedback on the key."


@rule("feedback-length", E, "item", mend="write 8 to 60 words")
def feedback_length(subject: Subject) -> Iterator[str]:
    for place, text in feedback_texts(subject).items():
        count = len(words.words(text))
        if count and not 8 <= count <= 60:
            yield f"The feedback for {place} has {count} word{'s' * (count != 1)}."


@rule("feedback-empty", E, "item", mend="say what is right or wrong about the answer, and why")
def feedback_empty(subject: Subject) -> Iterator[str]:
    for place, text in feedback_texts(subject).items():
        if found := _EMPTY.search(words.prose(text)):
            yield f"The feedback for {place} says {found[0].strip()!r}, which explains nothing."


@rule("feedback-alike", E, "item", mend="say about each answer what is true of it alone")
def feedback_alike(subject: Subject) -> Iterator[str]:
    texts = {place: text for place, text in feedback_texts(subject).items() if text}
    for one, other in combinations(texts, 2):
        alike = words.similarity(texts[one], texts[other])
        if alike >= 0.8:
            yield f"The feedback for {one} and for {other} is the same to {alike:.0%}."


@rule(
    "misconception-missing", E, "item", types=[*OFFERED, "numeric"],
    mend='name the mistake behind the answer, as in misconception = "million-vs-thousand"',
)  # fmt: skip
def misconception_missing(subject: Subject) -> Iterator[str]:
    wrong = [option for choice in subject.choices for option in choice.distractors]
    if subject.item.type == "numeric":
        wrong = [option for option in subject.item.options if option.id != "right"]
    nameless = [option.id for option in wrong if not option.misconception.strip()]
    if nameless:
        yield f"No misconception is named for {', '.join(nameless)}."


@rule("objective-unknown", E, "item", mend="use an objective of the bank's head, or add it there")
def objective_unknown(subject: Subject) -> Iterator[str]:
    item, known = subject.item, subject.quiz.bank.objectives
    if item.objective not in known:
        listed = ", ".join(known) or "none"
        yield f"The objective {item.objective!r} is none of the bank's ({listed})."


@rule("id-unique", E, "course", mend="give each item in the course an id of its own")
def id_unique(matter: Matter) -> Iterator[Said]:
    count = Counter(subject.item.id for subject in matter.subjects)
    for subject in matter.subjects:
        if count[subject.item.id] > 1:
            said = f"{count[subject.item.id]} items in the course's banks have this id."
            yield Said(said, subject.item.id, subject.quiz.file)


@rule("stem-alike", E, "course", mend="ask it in another situation, or drop one of the two")
def stem_alike(matter: Matter) -> Iterator[Said]:
    bags = [Counter(words.all_words(subject.item.stem)) for subject in matter.subjects]
    numbered = list(zip(matter.subjects, bags, strict=True))
    for (one, bag), (other, other_bag) in combinations(numbered, 2):
        shared, size = (bag & other_bag).total(), bag.total() + other_bag.total()
        if 2 * shared < 0.85 * size or one.item.id == other.item.id:
            continue  # the ratio cannot be higher than this
        alike = words.similarity(one.item.stem, other.item.stem)
        if alike >= 0.85:
            said = f"Its stem is the same as that of {one.item.id} to {alike:.0%}."
            yield Said(said, other.item.id, other.quiz.file)


@rule(
    "answers-apart", E, "item", types=["numeric"],
    mend="make the tolerance smaller, or leave the anticipated answer out",
)  # fmt: skip
def answers_apart(subject: Subject) -> Iterator[str]:
    item = subject.item
    options = [option for option in item.options if option.value is not None]
    if item.key is None or item.tolerance is None:
        return
    for one, other in combinations(options, 2):
        (low, high), (other_low, other_high) = (
            score.interval(option.value, item.tolerance) for option in (one, other)
        )
        if low <= other_high and other_low <= high:
            yield f"The tolerance lets {one.id} and {other.id} overlap."
