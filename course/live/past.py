"""A meeting as it is kept, read again: over or going on, from the same log by the same rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from course.errors import CourseError
from course.facts import facts
from course.live.events import Event
from course.live.rounds import Meeting
from course.live.store import About, Store
from course.live.telling import Telling, tellings
from course.quiz import bank as banks
from course.quiz.bank import Bank


@dataclass(frozen=True)
class Past:
    """A meeting with its events. `tellings` are its items that read as they did then."""

    about: About
    title: str
    log: tuple[Event, ...]
    meeting: Meeting
    tellings: dict[str, Telling]
    remarks: tuple[str, ...] = ()


def bank_of(quiz: str, *, root: Path) -> Bank:
    """The bank of a quiz of the course in `root`, or CourseError."""
    path = root / "solutions" / quiz / "bank.toml"
    if not path.is_file():
        raise CourseError(f"There is no {path}; solutions/ holds one folder for each quiz.")
    return banks.load(path, facts=facts())


def read(store: Store, about: About, *, bank: Bank) -> Past:
    """The meeting; an item that was changed since is in its log, but is not scored any more."""
    found = tellings(bank)
    same = {name: one for name, one in found.items() if _digest(one) == about.items.get(name)}
    gone = [name for name in about.items if name not in same]
    log = store.events(about.code)
    meeting = played(log, about.items)
    used = {one.item for one in meeting.rounds}
    remarks = [f"Item {name} reads otherwise now and is left out." for name in gone if name in used]
    return Past(about, bank.title, tuple(log), meeting, same, tuple(remarks))


def played(log: Iterable[Event], items: Iterable[str]) -> Meeting:
    """The meeting that a log has become."""
    meeting = Meeting({name: {} for name in items})
    for event in log:
        meeting.apply(event)
    return meeting


def digests(found: dict[str, Telling]) -> dict[str, str]:
    """The items of a new meeting, as the store keeps them."""
    return {name: _digest(one) for name, one in found.items()}


def _digest(telling: Telling) -> str:
    return telling.item.digest
