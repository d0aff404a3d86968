"""The log of meetings in a database: events are added and read, and never changed.

`opened` takes a file's path (SQLite) or a URL (`sqlite:///path`, `postgresql://…`).
"""

import contextlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from course.errors import CourseError
from course.live.events import Event
from course.live.names import new_code, new_secret

TRIES = 20
COLUMNS = ("code", "secret", "quiz", "bank", "began", "items")


class StoreError(CourseError):
    """The log can't be read or written: what was to be added is not on the disk, or perhaps is."""


@dataclass(frozen=True, slots=True)
class About:
    """A meeting: its code and secret, its quiz with the digest, when it began (seconds, UTC).

    `items` are the ids of its items with their digests.
    """

    code: str
    secret: str
    quiz: str
    bank: str
    began: float
    items: Mapping[str, str]

    def row(self) -> tuple[str, str, str, str, float, str]:
        """Its columns, as they are stored."""
        return (*self._plain(), self.began, json.dumps(dict(self.items)))

    def _plain(self) -> tuple[str, str, str, str]:
        return self.code, self.secret, self.quiz, self.bank


def about(row: Sequence) -> About:
    """A meeting from its columns."""
    *plain, items = row
    return About(*plain, json.loads(items))


class Store(Protocol):
    """What both databases can do. All raise StoreError."""

    where: str
    """The database, as it may be shown."""

    def add_meeting(self, meeting: About) -> bool:
        """Keep a new meeting; False where its code is taken."""

    def meetings(self) -> list[tuple[About, bool]]:
        """All meetings, the newest first, and whether each is over."""

    def append(self, code: str, events: Sequence[Event]) -> None:
        """Add events, all or none; they are on the disk when it returns."""

    def events(self, code: str) -> list[Event]:
        """All events of a meeting, in order."""

    def hold(self, code: str) -> None:
        """Keep other servers from this meeting until `close`, however this process ends."""

    def close(self) -> None:
        """Let go of the database."""


@contextlib.contextmanager
def opened(place: str | Path) -> Iterator[Store]:
    """The store at a path or URL, made where it is not there yet; StoreError where it can't be."""
    store = _open(str(place))
    try:
        yield store
    finally:
        store.close()


def _open(place: str) -> Store:
    scheme, split, rest = place.partition("://")
    if not split or len(scheme) < 2:  # one letter is a drive of Windows
        from course.live.store_sqlite import Sqlite

        return Sqlite(Path(place))
    if scheme == "sqlite":
        from course.live.store_sqlite import Sqlite

        return Sqlite(Path(rest.removeprefix("/")))
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        from course.live.store_postgres import Postgres

        return Postgres(f"postgresql://{rest}")
    raise StoreError(f"{scheme} is no database known here; use a file's path or postgresql://….")


def begin(store: Store, *, quiz: str, bank: str, items: Mapping[str, str]) -> About:
    """A new meeting in the store, with a code that none there has."""
    for _ in range(TRIES):
        made = About(new_code(), new_secret(), quiz, bank, time.time(), dict(items))
        if store.add_meeting(made):
            return made
    raise StoreError("No free code was found for a new meeting; use another database.")


def find(store: Store, code: str) -> About:
    """The meeting of that code, or CourseError."""
    for one, _ in store.meetings():
        if one.code == code:
            return one
    raise CourseError(f"{store.where} has no meeting {code[:20]!r}; `course live list` lists them.")
