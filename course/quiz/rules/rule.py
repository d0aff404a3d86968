"""What a rule is, what it looks at, and what it finds. Pure: a rule reads no file and no clock.

A rule is a function with a decorator that says its id, how grave a breach is, how to mend it and
which types of items it is for. It yields a sentence for each breach. Its scope is what it is
handed: `item` (a Subject), `choice` (one set of options: an item's, or those of one gap),
`quiz` (a Quiz) or `course` (the Matter: all banks there are, with facts and the day).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from course.quiz.fields import Option
from course.quiz.items import TYPES, Bank, Item

E, W = "E", "W"


@dataclass(frozen=True, slots=True)
class Finding:
    """A breach of a rule: where, which, how grave ("E", "W"), what is wrong, how to mend it.

    `waived` is the author's reason for leaving it, or "".
    """

    file: str
    item: str
    rule: str
    severity: str
    said: str
    mend: str
    waived: str = ""

    @property
    def stops(self) -> bool:
        """Whether a check of the banks fails by it."""
        return not self.waived

    def __str__(self) -> str:
        place = " · ".join(filter(None, [self.file, self.item, self.rule]))
        ending = f"waived: {self.waived}" if self.waived else f"mend: {self.mend}"
        return f"{place} ({self.severity}): {self.said} {ending}"


@dataclass(frozen=True)
class Quiz:
    """A bank: worked out from the facts (`bank`), and as its author wrote it (`written`).

    `released` has (path, text) of each file in the quiz's folder in quizzes/.
    """

    file: str
    bank: Bank
    written: Bank
    released: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Matter:
    """All that is linted together: the quizzes in order, the facts by name, and the day."""

    quizzes: tuple[Quiz, ...]
    facts: Mapping[str, Any]
    day: date

    @cached_property
    def subjects(self) -> tuple["Subject", ...]:
        return tuple(subject for quiz in self.quizzes for subject in self.of(quiz))

    def of(self, quiz: Quiz) -> tuple["Subject", ...]:
        """The quiz's items, each in its place."""
        pairs = zip(quiz.bank.items, quiz.written.items, strict=True)
        return tuple(Subject(self, quiz, *pair) for pair in pairs)


@dataclass(frozen=True)
class Choice:
    """A set of options to choose from; `place` is "" or names the gap they fill."""

    place: str
    stem: str
    options: tuple[Option, ...]
    key: tuple[str, ...]

    @property
    def keys(self) -> list[Option]:
        return [option for option in self.options if option.id in self.key]

    @property
    def distractors(self) -> list[Option]:
        return [option for option in self.options if option.id not in self.key]


@dataclass(frozen=True)
class Subject:
    """One item: worked out (one variant, if it has several), as written, and where it stands."""

    matter: Matter = field(repr=False)
    quiz: Quiz = field(repr=False)
    item: Item
    written: Item

    @cached_property
    def choices(self) -> tuple[Choice, ...]:
        """The sets of options of the item that are on offer and have a key."""
        parts = [("", self.item), *((f"Gap {gap.id}: ", gap) for gap in self.item.gaps)]
        found = [
            Choice(place, self.item.stem, part.options, _key(part.key))
            for place, part in parts
            if part.type in ("single", "multiple")
        ]
        return tuple(choice for choice in found if choice.keys and choice.distractors)

    def variants(self) -> list["Subject"]:
        """The item in each of its variants; itself when it has no parameters."""
        return [replace(self, item=drawn) for drawn in self.item.drawn] or [self]


def _key(key: Any) -> tuple[str, ...]:
    return tuple(key) if isinstance(key, list | tuple) else (key,)


@dataclass(frozen=True)
class Said:
    """What a rule of a wider scope says: the sentence, and the item or file it is about."""

    said: str
    item: str = ""
    file: str = ""


@dataclass(frozen=True)
class Rule:
    """A rule; `waivable` says whether a reason in the bank may let a breach of it stand."""

    id: str
    severity: str
    scope: str
    mend: str
    check: Callable[..., Iterable[Any]]
    types: frozenset[str] = frozenset(TYPES)
    waivable: bool = False

    def findings(self, matter: Matter) -> Iterator[Finding]:
        """All that the rule finds, before waivers are looked at."""
        if self.scope == "course":
            for said in self.check(matter):
                yield self._finding(said.file, said)
        elif self.scope == "quiz":
            for quiz in matter.quizzes:
                for said in self.check(quiz, matter):
                    yield self._finding(quiz.file, said)
        else:
            for subject in matter.subjects:
                if subject.item.type in self.types:
                    for said in self._first(subject):
                        yield self._finding(subject.quiz.file, Said(said, subject.item.id))

    def _first(self, subject: Subject) -> Iterator[str]:
        """What is said of the first variant in which there is something to say."""
        for variant in subject.variants():
            if found := list(self._about(variant)):
                number = variant.item.number
                ending = "" if number in (None, 0) else f" (In variant {number}.)"
                yield from (said + ending for said in found)
                return

    def _about(self, subject: Subject) -> Iterator[str]:
        if self.scope == "item":
            yield from self.check(subject)
            return
        for choice in subject.choices:
            yield from (choice.place + said for said in self.check(choice))

    def _finding(self, file: str, said: Said) -> Finding:
        return Finding(
            said.file or file, said.item, self.id, self.severity, said.said, self.mend
        )  # fmt: skip


RULES: dict[str, Rule] = {}
"""Every rule by its id, in the order in which the modules define them."""


def rule(
    name: str,
    severity: str,
    scope: str,
    *,
    mend: str,
    types: Iterable[str] = TYPES,
    waivable: bool = False,
) -> Callable:
    """Make a function a rule; a W can always be waived."""

    def keep(check: Callable[..., Iterable[Any]]) -> Callable[..., Iterable[Any]]:
        may_stay = waivable or severity == W
        RULES[name] = Rule(name, severity, scope, mend, check, frozenset(types), may_stay)
        return check

    return keep


def waived(finding: Finding, reason: str) -> Finding:
    """The finding with its author's reason for leaving it."""
    return replace(finding, waived=reason)
