"""The log in PostgreSQL, by URL; several servers may share one database, not one meeting.

A commit ends when the server's disk has it (`synchronous_commit`, on by default). A connection
that was lost is made anew by the next call.
"""

import contextlib
import json
import threading
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from course.live import events
from course.live.events import Event
from course.live.store import COLUMNS, About, StoreError, about

try:
    import psycopg
except ImportError:
    psycopg = None

CONNECT_S = 5
_TABLES = """
CREATE TABLE IF NOT EXISTS live_meetings (
    code TEXT PRIMARY KEY, secret TEXT NOT NULL, quiz TEXT NOT NULL, bank TEXT NOT NULL,
    began DOUBLE PRECISION NOT NULL, items TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS live_events (
    meeting TEXT NOT NULL REFERENCES live_meetings (code), seq INTEGER NOT NULL,
    at DOUBLE PRECISION NOT NULL, kind TEXT NOT NULL, body JSON NOT NULL,
    PRIMARY KEY (meeting, seq)
);
CREATE UNIQUE INDEX IF NOT EXISTS live_one_answer_a_key
ON live_events (meeting, (body ->> 'round'), (body ->> 'who'), (body ->> 'key'))
WHERE kind = 'answered';
"""
_ADD = """
INSERT INTO live_events (meeting, seq, at, kind, body)
SELECT %s, (row ->> 0)::int, (row ->> 1)::float8, row ->> 2, (row ->> 3)::json
FROM json_array_elements(%s::json) AS row
"""


class Postgres:
    """A Store in a database of a PostgreSQL server."""

    def __init__(self, url: str):
        if psycopg is None:
            raise StoreError("PostgreSQL needs one more package: pip install 'psycopg[binary]'.")
        self._url, self.where = url, _without_password(url)
        self._lock, self._held = threading.Lock(), ""
        self._wire: Any = None
        with self._used() as wire:
            _make(wire)

    def add_meeting(self, meeting: About) -> bool:
        places = ", ".join(["%s"] * len(COLUMNS))
        command = f"INSERT INTO live_meetings ({', '.join(COLUMNS)}) VALUES ({places}) "
        with self._used() as wire:
            return wire.execute(f"{command} ON CONFLICT DO NOTHING", meeting.row()).rowcount == 1

    def meetings(self) -> list[tuple[About, bool]]:
        over = "EXISTS (SELECT 1 FROM live_events WHERE meeting = code AND kind = 'ended')"
        command = f"SELECT {', '.join(COLUMNS)}, {over} FROM live_meetings ORDER BY began DESC"
        with self._used() as wire:
            return [(about(row), ended) for *row, ended in wire.execute(command)]

    def append(self, code: str, events: Sequence[Event]) -> None:
        rows = json.dumps([(one.seq, one.at, one.kind, one.text()) for one in events])
        with self._used() as wire:
            wire.execute(_ADD, (code, rows))

    def events(self, code: str) -> list[Event]:
        command = "SELECT seq, at, kind, body::text FROM live_events WHERE meeting = %s "
        with self._used() as wire:
            rows = wire.execute(f"{command} ORDER BY seq", (code,)).fetchall()
        return [events.read(*row) for row in rows]

    def hold(self, code: str) -> None:
        """A lock of this connection's: it goes when the connection goes."""
        self._held = code
        with self._used():
            pass

    def close(self) -> None:
        with self._lock:
            self._drop()

    @contextlib.contextmanager
    def _used(self) -> Iterator[Any]:
        with self._lock:
            try:
                yield self._connected()
            except psycopg.IntegrityError:
                raise StoreError(
                    f"Another server has written to this meeting in {self.where}; run only one."
                ) from None
            except (psycopg.Error, UnicodeError) as error:
                self._drop()
                why = str(error).strip().splitlines() or [type(error).__name__]
                raise StoreError(f"The database {self.where} can't be used ({why[0]}).") from None

    def _connected(self) -> Any:
        if self._wire is None:
            self._wire = psycopg.connect(self._url, autocommit=True, connect_timeout=CONNECT_S)
            if self._held:
                self._lock_meeting()
        elif self._held and not self._locked:
            self._lock_meeting()
        return self._wire

    _locked = False

    def _lock_meeting(self) -> None:
        command = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
        if not self._wire.execute(command, (f"course live {self._held}",)).fetchone()[0]:
            raise StoreError(f"Another server runs the meeting {self._held}; stop that one first.")
        self._locked = True

    def _drop(self) -> None:
        self._locked = False
        if self._wire is not None:
            with contextlib.suppress(psycopg.Error):
                self._wire.close()
            self._wire = None


def _make(wire: Any) -> None:
    """The tables, made by one at a time: two that begin at once would trip over each other."""
    with wire.transaction():
        wire.execute("SELECT pg_advisory_xact_lock(hashtextextended('course live tables', 0))")
        wire.execute(_TABLES)


def _without_password(url: str) -> str:
    told = urlsplit(url)
    return f"postgresql://{told.netloc.rpartition('@')[2]}{told.path}"
