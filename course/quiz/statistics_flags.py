"""From figures to what a teacher should look at, in words. Pure.

The thresholds are rules of thumb of classical item analysis, not laws: under `ACT` responses a
flag asks to wait and see, from there on to mend the item.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from course.quiz.statistics import EARLY
from course.quiz.statistics_records import Figure, ItemFigures, QuizFigures

ACT = 100
"""Responses from which a flag is reason enough to change an item."""
HARD, EASY, TOO_EASY = 0.30, 0.90, 0.95
KEEP, REVISE, PULL = 0.20, 0.10, 0.0
DEAD = 0.05
FAST_S = 5.0
SURE_AND_WRONG = 0.30
VARIANTS_P = 0.01
RELIABLE, RELIABLE_FROM_ITEMS = 0.70, 10


@dataclass(frozen=True, slots=True)
class Flag:
    """Something to look at: the item's id ("" for the quiz), its kind, and a sentence."""

    item: str
    kind: str
    words: str
    act: bool
    """There are answers enough to change the item; otherwise wait for more."""


def flags(quiz: QuizFigures) -> tuple[Flag, ...]:
    """The flags of a quiz, item after item; none where there are under `EARLY` answers."""
    found = [flag for item in quiz.items for flag in item_flags(item)]
    return (*found, *_reliability(quiz))


def item_flags(item: ItemFigures) -> tuple[Flag, ...]:
    """The flags of one item."""
    if item.n < EARLY:
        return ()
    tests = (_difficulty, _discrimination, _dead, _fast, _sure_and_wrong, _variants)
    return tuple(
        Flag(item.question.id, kind, words, item.n >= ACT)
        for test in tests
        for kind, words in test(item)
    )


def verdict(item: ItemFigures) -> str:
    """What the item's discrimination asks for, in a word: keep, watch, revise or pull; or ""."""
    value = item.discrimination.value
    if value is None or item.n < EARLY:
        return ""
    names = ((PULL, "pull"), (REVISE, "revise"), (KEEP, "watch"))
    return next((name for limit, name in names if value < limit), "keep")


def _difficulty(item: ItemFigures) -> Iterator[tuple[str, str]]:
    value = item.difficulty.value
    if value is None:
        return
    share = f"on average {_percent(value)} of its points are reached"
    if value > TOO_EASY:
        yield "too-easy", f"Nearly everyone gets it: {share}. It tells students apart no more."
    elif value > EASY:
        yield "easy", f"Easy: {share}."
    elif value < HARD:
        yield "hard", f"Hard: {share}. Was it taught, and is the stem clear?"


def _discrimination(item: ItemFigures) -> Iterator[tuple[str, str]]:
    said = verdict(item)
    limit, words = {
        "pull": (PULL, "Pull it and check the key: those who do well on the rest do worse here"),
        "revise": (REVISE, "Revise it: it hardly goes with the rest of the quiz"),
        "watch": (KEEP, "Watch it: it goes weakly with the rest of the quiz"),
    }.get(said, (0.0, ""))
    if words:
        figure = item.discrimination
        unsure = figure.high is not None and figure.high >= limit
        chance = f", so chance may have put it below {_signed(limit)}" if unsure else ""
        stronger = "" if said == "watch" else _stronger(item)
        yield said, f"{words} (r = {_interval(figure)}{chance}).{stronger}"


def _stronger(item: ItemFigures) -> str:
    """A wrong option that draws better students than every right one may be the real key."""
    rests = [use.rest for use in item.options if use.option.right and use.rest is not None]
    drawn = [
        use.option.id
        for use in item.options
        if not use.option.right and use.share >= DEAD and rests and use.rest > max(rests)
    ]
    if not drawn:
        return ""
    many = len(drawn) > 1
    return f" Option{'s' * many} {_listed(drawn)} {'draw' if many else 'draws'} stronger students."


def _dead(item: ItemFigures) -> Iterator[tuple[str, str]]:
    if item.difficulty.value is not None and item.difficulty.value > TOO_EASY:
        return  # where nearly all are right every distractor is dead
    dead = [use.option.id for use in item.options if not use.option.right and use.share < DEAD]
    if dead and item.n - item.omitted >= EARLY:
        many = len(dead) > 1
        yield (
            "dead-distractor",
            (
                f"Option{'s' * many} {_listed(dead)} {'are' if many else 'is'} dead: chosen by "
                f"under {_percent(DEAD)}{' each' * many}."
            ),
        )


def _fast(item: ItemFigures) -> Iterator[tuple[str, str]]:
    if item.seconds is not None and item.timed >= EARLY and item.seconds < FAST_S:
        yield (
            "fast",
            (f"Answered in {item.seconds:.1f} seconds (median): hardly read with care."),
        )


def _sure_and_wrong(item: ItemFigures) -> Iterator[tuple[str, str]]:
    said = item.calibration
    if said and said.sure + said.guess >= EARLY and said.sure_and_wrong > SURE_AND_WRONG:
        yield (
            "sure-and-wrong",
            (
                f"{_percent(said.sure_and_wrong)} were sure and wrong: a misconception to teach "
                "about, or a wrong key."
            ),
        )


def _variants(item: ItemFigures) -> Iterator[tuple[str, str]]:
    if item.variants_p is not None and item.variants_p < VARIANTS_P:
        ends = sorted(item.variants, key=lambda variant: variant.difficulty)
        yield (
            "variants-differ",
            (
                f"Its variants are not equally hard (number {ends[0].number}: "
                f"{_percent(ends[0].difficulty)}, number {ends[-1].number}: "
                f"{_percent(ends[-1].difficulty)}; chance does this in under "
                f"{_percent(VARIANTS_P)} of classes)."
            ),
        )


def _reliability(quiz: QuizFigures) -> Iterator[Flag]:
    alpha = quiz.alpha
    items = len(quiz.items) - len(quiz.left_out)
    if alpha.value is None or quiz.n < EARLY or items < RELIABLE_FROM_ITEMS:
        return
    if alpha.value < RELIABLE:
        words = (
            f"The scores are not reliable enough to compare single students (alpha "
            f"{_interval(alpha)}; {RELIABLE:.2f} and more is wanted from {RELIABLE_FROM_ITEMS} "
            "items on)."
        )
        yield Flag("", "unreliable", words, quiz.n >= ACT)


def _interval(figure: Figure) -> str:
    ends = (
        "" if figure.low is None else f", 95 % from {_signed(figure.low)} to {_signed(figure.high)}"
    )
    return _signed(figure.value) + ends


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
