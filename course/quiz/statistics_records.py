"""The records that statistics are worked out from, and those that come out. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """An option on offer."""

    id: str
    right: bool = False
    text: str = ""
    misconception: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """An item: its points, and its options where some of them are chosen."""

    id: str
    type: str
    stem: str = ""
    points: float = 1.0
    options: tuple[Choice, ...] = ()
    first_counts: bool = False
    """Its feedback shows at once: the first answer tells what a student knew, not the last."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One student's answer to one item. Shares are of the item's points, from 0 to 1."""

    share: float | None
    """Of the answer that counts for the figures; None while it waits for a person."""
    graded: float | None
    """As it stands in the gradebook; None while it waits for a person."""
    answered: bool = True
    chosen: tuple[str, ...] = ()
    wrong: tuple[tuple[str, str], ...] = ()
    """What is not right in it, as it is shown, each with its misconception ("" for none)."""
    variant: int | None = None
    sure: bool | None = None
    seconds: float | None = None
    """From the answer before (to any item) to the first answer to this one."""
    events: int = 0


@dataclass(frozen=True, slots=True)
class Student:
    """A student's answers, by the item's id."""

    name: str
    answers: Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its 95 % interval; `why` says why there is no number, or no interval."""

    value: float | None
    low: float | None = None
    high: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class OptionUse:
    """One option: how many chose it, their share of those who answered, their mean rest score."""

    option: Choice
    count: int
    share: float
    rest: float | None


@dataclass(frozen=True, slots=True)
class WrongValue:
    """A wrong number, word or order, and how many gave it."""

    value: str
    count: int
    misconception: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """Of those who said how sure they were: how many, and the share fully right."""

    sure: int
    guess: int
    right_when_sure: float | None
    right_when_guessing: float | None
    sure_and_wrong: float
    """Share, among all who said, of those who were sure and not fully right."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant of an item: how many had it, and their mean share of the points."""

    number: int
    n: int
    difficulty: float


@dataclass(frozen=True, slots=True)
class ItemFigures:
    """What the answers say about one item. `n` counts marked answers, blanks among them."""

    question: Question
    n: int
    waiting: int
    omitted: int
    difficulty: Figure
    graded: float | None
    """Mean share of the points in the gradebook."""
    discrimination: Figure
    options: tuple[OptionUse, ...]
    wrong: tuple[WrongValue, ...]
    seconds: float | None
    timed: int
    events: float | None
    """Mean number of saved answers, of those who answered."""
    calibration: Calibration | None
    variants: tuple[Variant, ...]
    variants_p: float | None


@dataclass(frozen=True, slots=True)
class QuizFigures:
    """A quiz and its items. `mean`, `sd` and `scores` are of the gradebook's points."""

    n: int
    items: tuple[ItemFigures, ...]
    possible: float
    scores: tuple[float, ...]
    mean: float | None
    sd: float | None
    alpha: Figure
    is_kr20: bool
    sem: Figure
    left_out: tuple[str, ...]
    """Items that wait for a person somewhere, and are in no sum until they are marked."""
