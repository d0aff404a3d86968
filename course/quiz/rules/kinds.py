"""Rules for one type of item each: order, match, text, cloze, code and measured."""

from collections.abc import Iterator

from course.quiz.rules import words
from course.quiz.rules.rule import E, Subject, W, rule
from course.quiz.words import fold


@rule("parts-alike", E, "item", types=["order", "match"], mend="make the two differ, or drop one")
def parts_alike(subject: Subject) -> Iterator[str]:
    for name, parts in (("options", subject.item.options), ("prompts", subject.item.prompts)):
        said: dict[str, str] = {}
        for part in parts:
            other = said.setdefault(fold(words.shown(part.text)), part.id)
            if other != part.id:
                yield f"The {name} {other} and {part.id} say the same."


@rule(
    "match-elimination", W, "item", types=["match"],
    mend="offer one option more than there are prompts, or let one be right twice",
)  # fmt: skip
def match_elimination(subject: Subject) -> Iterator[str]:
    item = subject.item
    if isinstance(item.key, dict) and len({*item.key.values()}) == len(item.options):
        yield "Each option is right once, so the last pair is left over by itself."


@rule("answer-in-stem", E, "item", types=["text", "cloze"], mend="ask without saying the answer")
def answer_in_stem(subject: Subject) -> Iterator[str]:
    item = subject.item
    stem = f" {' '.join(words.all_words(item.stem))} "
    for part in (item, *item.gaps):
        for text in part.accept:
            answer = " ".join(words.all_words(text))
            if answer and f" {answer} " in stem:
                yield f"The accepted answer “{text}” stands in the stem."


@rule(
    "cases-two-kinds", E, "item", types=["code", "measured"],
    mend="write a case with visible = true as an example, and others that stay hidden",
)  # fmt: skip
def cases_two_kinds(subject: Subject) -> Iterator[str]:
    shown = [case for case in subject.item.cases if case.visible]
    if subject.item.cases and len(shown) in (0, len(subject.item.cases)):
        missing = "hidden" if shown else "visible"
        yield f"None of the {len(subject.item.cases)} cases is {missing}."


@rule(
    "case-repeated", E, "item", types=["code", "measured"],
    mend="call the function with other values where nobody sees them",
)  # fmt: skip
def case_repeated(subject: Subject) -> Iterator[str]:
    seen = []
    for number, case in enumerate(subject.item.cases, start=1):
        if (call := (case.arguments, case.named)) in seen:
            yield f"Case {number} makes the same call as case {seen.index(call) + 1}."
        seen.append(call)


@rule("bounds-missing", E, "item", types=["measured"], mend="say under bounds what may be used")
def bounds_missing(subject: Subject) -> Iterator[str]:
    if not subject.item.bounds.model_dump(exclude_none=True):
        yield "A measured item has no bounds, so nothing is measured."
