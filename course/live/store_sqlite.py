"""The log in an SQLite file: what `append` returns from survives a kill and a power cut.

With a write-ahead log and `synchronous = FULL` a commit ends when the disk has it (SQLite's
documentation of PRAGMA synchronous). Events go in as one JSON text, which SQLite takes apart
itself: row by row from Python, the thread that writes and the one that answers would wait for
each other's interpreter lock at every row.
"""

import contextlib
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import filelock

from course.live import events
from course.live.events import Event
from course.live.store import COLUMNS, About, StoreError, about

WAIT_S = 5.0
_TABLES = """
CREATE TABLE IF NOT EXISTS meetings (
    code TEXT PRIMARY KEY, secret TEXT NOT NULL, quiz TEXT NOT NULL, bank TEXT NOT NULL,
    began REAL NOT NULL, items TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS events (
    meeting TEXT NOT NULL REFERENCES meetings (code), seq INTEGER NOT NULL, at REAL NOT NULL,
    kind TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (meeting, seq)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS one_answer_a_key ON events (
    meeting, json_extract(body, '$.round'), json_extract(body, '$.who'),
    json_extract(body, '$.key')
) WHERE kind = 'answered';
"""
_ADD = """
INSERT INTO events (meeting, seq, at, kind, body)
SELECT ?, json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]'),
    json_extract(value, '$[3]')
FROM json_each(?)
"""


class Sqlite:
    """A Store in a file."""

    def __init__(self, path: Path):
        self.path, self.where = path.absolute(), str(path)
        self._lock = threading.Lock()  # the thread that writes, and the one that reads again
        self._held: filelock.BaseFileLock | None = None
        with _told(self.where):
            _make_private(self.path)
            self._wire = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False, timeout=WAIT_S
            )
            self._wire.execute("PRAGMA journal_mode = WAL")
            self._wire.execute("PRAGMA synchronous = FULL")
            self._wire.executescript(_TABLES)

    def add_meeting(self, meeting: About) -> bool:
        places = ", ".join("?" * len(COLUMNS))
        command = f"INSERT OR IGNORE INTO meetings ({', '.join(COLUMNS)}) VALUES ({places})"
        with self._lock, _told(self.where):
            return self._wire.execute(command, meeting.row()).rowcount == 1

    def meetings(self) -> list[tuple[About, bool]]:
        over = "EXISTS (SELECT 1 FROM events WHERE meeting = code AND kind = 'ended')"
        command = f"SELECT {', '.join(COLUMNS)}, {over} FROM meetings ORDER BY began DESC"
        with self._lock, _told(self.where):
            return [(about(row), bool(ended)) for *row, ended in self._wire.execute(command)]

    def append(self, code: str, events: Sequence[Event]) -> None:
        rows = json.dumps([(one.seq, one.at, one.kind, one.text()) for one in events])
        with self._lock, _told(self.where):
            self._wire.execute(_ADD, (code, rows))

    def events(self, code: str) -> list[Event]:
        command = "SELECT seq, at, kind, body FROM events WHERE meeting = ? ORDER BY seq"
        with self._lock, _told(self.where):
            rows = self._wire.execute(command, (code,)).fetchall()
        return [events.read(*row) for row in rows]

    def hold(self, code: str) -> None:
        """A lock of the system's on a file beside it: it goes when the process goes."""
        lock = filelock.FileLock(f"{self.path}.{code}.lock", timeout=0)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise StoreError(f"Another server runs the meeting {code}; stop that one first.") from (
                None
            )
        except OSError as error:
            raise StoreError(f"{lock.lock_file} can't be made ({error.strerror}).") from None
        self._held = lock

    def close(self) -> None:
        with self._lock:
            self._wire.close()
        if self._held:
            self._held.release()
            Path(self._held.lock_file).unlink(missing_ok=True)


def _make_private(path: Path) -> None:
    """It holds who answered what, and the secrets of meetings: for the owner's eyes only."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


@contextlib.contextmanager
def _told(where: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError:
        raise StoreError(
            f"Another server has written to this meeting in {where}; run only one of them."
        ) from None
    except (sqlite3.Error, OSError) as error:
        why = getattr(error, "strerror", None) or error
        raise StoreError(f"The database {where} can't be used ({why}).") from None
