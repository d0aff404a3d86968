"""The rules of a meeting: a state that events change, and nothing else does. Pure, no clock.

What somebody asks for becomes an event, or is refused; `apply` takes events in, whether they
happen now or are read from the log, so that a meeting that was read again is the same meeting.

    lobby ─choose→ asked ─open→ open ─close→ closed ─reveal→ revealed ─choose→ asked …
                                  ↑            │
                                  └─open again─┘   (the next vote on the same item)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from course.errors import CourseError
from course.live import names
from course.live.events import Event
from course.quiz import answers, shown

MOST_ANSWERS = 100
"""So often may one person answer in one round; the last one counts."""

Phase = Literal["lobby", "asked", "open", "closed", "revealed", "ended"]


class Refused(CourseError):
    """What the rules do not allow; `why` is a word for programs."""

    def __init__(self, why: str, sentence: str):
        super().__init__(sentence)
        self.why = why


@dataclass(slots=True)
class Person:
    """A student of the meeting, under a name of their choice."""

    who: str
    name: str
    at: float
    removed: bool = False


@dataclass(slots=True)
class Given:
    """The answer of one person in a round that counts: the last. `first_at` is the first's time."""

    response: Any
    confidence: str | None
    key: str
    at: float
    first_at: float
    times: int = 1


@dataclass(slots=True)
class Round:
    """One vote on one item; `number` counts the meeting's rounds, `vote` those on the item."""

    number: int
    item: str
    vote: int
    opened_at: float
    closes_at: float | None
    closed_at: float | None = None
    closed_by: str = ""
    shown: bool = False
    given: dict[str, Given] = field(default_factory=dict)
    keys: dict[tuple[str, str], tuple[Any, str | None]] = field(default_factory=dict)
    """What was saved under (who, key): a message that comes twice is told by it."""


class Meeting:
    """A meeting on `items` (as a student sees them, by id), with the rules on what may happen."""

    def __init__(self, items: Mapping[str, Mapping[str, Any]], *, most: int = 3000):
        self.items, self.most = items, most
        self.seq, self.at = 0, 0.0
        self.people: dict[str, Person] = {}
        self.taken: set[str] = set()
        self.rounds: list[Round] = []
        self.item: str | None = None
        self.revealed: set[str] = set()
        self.locked = self.ended = False

    # what is

    @property
    def open_round(self) -> Round | None:
        """The round that takes answers."""
        last = self.rounds[-1] if self.rounds else None
        return last if last and last.closed_at is None else None

    @property
    def phase(self) -> Phase:
        if self.ended:
            return "ended"
        if self.item is None:
            return "lobby"
        if self.open_round:
            return "open"
        if self.item in self.revealed:
            return "revealed"
        return "closed" if self.votes(self.item) else "asked"

    def votes(self, item: str) -> list[Round]:
        """The rounds on an item, in order."""
        return [one for one in self.rounds if one.item == item]

    def counted(self, one: Round) -> dict[str, Given]:
        """The answers of a round that count: those of everybody who was not removed."""
        return {who: given for who, given in one.given.items() if not self.people[who].removed}

    # what students may do

    def join(self, who: str, name: str, *, at: float) -> Event | None:
        """A student comes: an event, or None for one who is known already."""
        person = self.people.get(who)
        if person and person.removed:
            raise Refused("removed", "Your teacher has taken you out of this meeting.")
        if person:
            return None
        if self.ended:
            raise Refused("ended", "This meeting is over.")
        if self.locked:
            raise Refused("locked", "Nobody new can join now; ask your teacher to open the door.")
        if len(self.people) >= self.most:
            raise Refused("full", f"This meeting is full: it takes {self.most:,} people.")
        return self.event("joined", at, who=who, name=names.free(names.clean(name), self.taken))

    def answer(
        self,
        who: str,
        *,
        round: int,
        item: str,
        key: str,
        response: Any,
        confidence: str | None = None,
        at: float,
    ) -> Event | None:
        """A student answers: an event, or None for an answer that is saved under this key."""
        person = self.people.get(who)
        if person is None or person.removed:
            raise Refused("removed", "You are not in this meeting; join it again.")
        if not 1 <= round <= len(self.rounds) or self.rounds[round - 1].item != item:
            raise Refused("closed", "This question is not open, so your answer does not count.")
        one = self.rounds[round - 1]
        try:
            wanted = answers.check(self.items[item], response), shown.confidence(confidence)
        except CourseError as error:
            raise Refused("invalid", str(error)) from None
        saved = one.keys.get((who, key))
        if saved is not None:
            if saved != wanted:
                raise Refused("key", "Another answer was saved under this key; send a new key.")
            return None
        late = one.closes_at is not None and at >= one.closes_at
        if one.closed_at is not None or late:
            raise Refused("closed", "Your answer came after the close, so it does not count.")
        if who in one.given and one.given[who].times >= MOST_ANSWERS:
            raise Refused("often", f"You have answered {MOST_ANSWERS} times; the last one counts.")
        told = {"round": round, "item": item, "who": who, "key": key}
        return self.event("answered", at, **told, response=wanted[0], confidence=wanted[1])

    def tick(self, at: float) -> Event | None:
        """The end of a round whose time is over."""
        one = self.open_round
        if one is None or one.closes_at is None or at < one.closes_at:
            return None
        return self.event("closed", at, round=one.number, by="timer")

    # what is remembered

    def event(self, kind: str, at: float, **body: Any) -> Event:
        """The event that would come next; time never goes back."""
        return Event(self.seq + 1, max(at, self.at), kind, body)

    def apply(self, event: Event) -> None:
        """Take in an event that has happened; CourseError for one that does not fit."""
        if event.seq != self.seq + 1:
            raise CourseError(
                f"Event {self.seq + 1} of this meeting is missing: {event.seq} came instead."
            )
        try:
            _APPLY[event.kind](self, event.at, **event.body)
        except (KeyError, TypeError, IndexError, AttributeError):
            raise CourseError(
                f"Event {event.seq} of this meeting ({event.kind}) does not fit the ones before."
            ) from None
        self.seq, self.at = event.seq, event.at

    def _joined(self, at: float, who: str, name: str) -> None:
        self.people[who] = Person(who, name, at)
        self.taken.add(name.casefold())

    def _renamed(self, at: float, who: str, name: str) -> None:
        self.taken.discard(self.people[who].name.casefold())
        self.people[who].name = name
        self.taken.add(name.casefold())

    def _chose(self, at: float, item: str) -> None:
        self.items[item]  # KeyError for an item that is not one of this meeting's
        self.item = item

    def _opened(self, at: float, round: int, item: str, vote: int, closes_at: float | None) -> None:
        self.rounds.append(Round(round, item, vote, at, closes_at))

    def _timed(self, at: float, round: int, closes_at: float | None) -> None:
        self.rounds[round - 1].closes_at = closes_at

    def _answered(
        self, at: float, round: int, item: str, who: str, key: str, response: Any, confidence: Any
    ) -> None:
        one, before = self.rounds[round - 1], self.rounds[round - 1].given.get(who)
        one.keys[who, key] = response, confidence
        first_at, times = (before.first_at, before.times + 1) if before else (at, 1)
        one.given[who] = Given(response, confidence, key, at, first_at, times)

    def _closed(self, at: float, round: int, by: str) -> None:
        one = self.rounds[round - 1]
        one.closed_at, one.closed_by = at if by != "timer" else one.closes_at, by


def _set(name: str, value: Any):
    return lambda meeting, at: setattr(meeting, name, value)


_APPLY = {
    "joined": Meeting._joined,
    "renamed": Meeting._renamed,
    "removed": lambda meeting, at, who: setattr(meeting.people[who], "removed", True),
    "readmitted": lambda meeting, at, who: setattr(meeting.people[who], "removed", False),
    "locked": _set("locked", True),
    "unlocked": _set("locked", False),
    "chose": Meeting._chose,
    "opened": Meeting._opened,
    "timed": Meeting._timed,
    "answered": Meeting._answered,
    "closed": Meeting._closed,
    "showed": lambda meeting, at, round: setattr(meeting.rounds[round - 1], "shown", True),
    "hid": lambda meeting, at, round: setattr(meeting.rounds[round - 1], "shown", False),
    "revealed": lambda meeting, at, item: meeting.revealed.add(item),
    "ended": _set("ended", True),
}
