"""The log of meetings in SQLite and in PostgreSQL: the same answers from both."""

import multiprocessing
import os
import signal
import sqlite3
import stat

import postgres_server
import pytest

from course.live import events, store
from course.live.events import Event
from course.live.store import StoreError
from course.live.store_sqlite import Sqlite

ITEMS = {"q-01": "digest"}


@pytest.fixture(scope="module")
def server():
    pytest.importorskip("psycopg")
    if not postgres_server.is_here():
        pytest.skip(postgres_server.MISSING)
    with postgres_server.running() as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """A path or URL of an empty database."""
    if request.param == "sqlite":
        return str(tmp_path / "live.db")
    server = request.getfixturevalue("server")
    name = f"live_{abs(hash(request.node.name))}"
    server.database(name)
    return server.url(name)


def begun(log, quiz="q"):
    return store.begin(log, quiz=quiz, bank="digest", items=ITEMS)


def answered(seq, who="a", key="key-0001", round=1, response="B"):
    body = {"round": round, "item": "q-01", "who": who, "key": key}
    return Event(seq, 100.25, "answered", body | {"response": response, "confidence": None})


SAID = [
    Event(1, 100.1234, "joined", {"who": "a", "name": "Zoë-Łucja 山田 🚀 \\u0000 '; DROP"}),
    answered(2, response={"value": 0.1, "unit": "USD"}),
    Event(3, 101.0, "ended", {}),
]


def test_what_was_added_is_read_again_as_it_was(place):
    with store.opened(place) as log:
        code = begun(log).code
        log.append(code, SAID[:1])
        log.append(code, SAID[1:])
    with store.opened(place) as log:
        assert log.events(code) == SAID
        assert log.events("NOBODY") == []


def test_meetings_are_listed_with_the_newest_first_and_whether_they_are_over(place):
    with store.opened(place) as log:
        first, second = begun(log, "one"), begun(log, "two")
        log.append(first.code, SAID)
        assert log.meetings() == [(second, False), (first, True)]
        assert store.find(log, first.code) == first
        with pytest.raises(store.CourseError, match="no meeting 'NOCODE'"):
            store.find(log, "NOCODE")


def test_a_code_is_given_once(place):
    with store.opened(place) as log:
        made = begun(log)
        assert log.add_meeting(made) is False


def test_a_group_of_events_is_added_as_a_whole_or_not_at_all(place):
    with store.opened(place) as log:
        code = begun(log).code
        log.append(code, SAID[:1])
        with pytest.raises(StoreError, match="Another server has written"):
            log.append(code, [answered(2), SAID[0]])
        assert log.events(code) == SAID[:1]
        log.append(code, [answered(2)])
        assert len(log.events(code)) == 2


def test_no_answer_is_kept_twice_under_its_key(place):
    with store.opened(place) as log:
        code = begun(log).code
        log.append(code, [answered(1)])
        with pytest.raises(StoreError):
            log.append(code, [answered(2, response="C")])
        log.append(code, [answered(2, who="b"), answered(3, key="key-0002"), answered(4, round=2)])
        assert len(log.events(code)) == 4


def test_a_thousand_events_at_once_keep_their_order(place):
    many = [answered(seq, who=f"s{seq}") for seq in range(1, 1001)]
    with store.opened(place) as log:
        code = begun(log).code
        log.append(code, many)
        assert log.events(code) == many


def test_two_servers_can_not_run_one_meeting(place):
    with store.opened(place) as one, store.opened(place) as other:
        first, second = begun(one), begun(one)
        one.hold(first.code)
        with pytest.raises(StoreError, match=f"Another server runs the meeting {first.code}"):
            other.hold(first.code)
        other.hold(second.code)
    with store.opened(place) as again:
        again.hold(first.code)


def _write_and_wait(place, code, wire):
    """For a process: add events until it is killed, telling of each that it is on the disk."""
    with store.opened(place) as log:
        log.hold(code)
        for seq in range(1, 100_000):
            log.append(code, [answered(seq, who=f"s{seq}")])
            wire.send(seq)


def test_what_was_acknowledged_is_there_after_a_kill_and_the_meeting_is_free_again(place):
    with store.opened(place) as log:
        code = begun(log).code
    spawn = multiprocessing.get_context("spawn")
    mine, theirs = spawn.Pipe()
    process = spawn.Process(target=_write_and_wait, args=(place, code, theirs))
    process.start()
    for _ in range(50):
        assert mine.poll(30)
        last = mine.recv()
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    while mine.poll(0):
        last = mine.recv()
    with store.opened(place) as log:
        found = [event.seq for event in log.events(code)]
        assert found == list(range(1, len(found) + 1))
        assert len(found) in (last, last + 1)  # one may be on the disk and not told yet
        log.hold(code)


def test_a_server_that_was_gone_is_used_again_once_it_is_back(server):
    server.database("live_gone")
    with store.opened(server.url("live_gone")) as log:
        code = begun(log).code
        log.hold(code)
        server.stop()
        try:
            with pytest.raises(StoreError, match="can't be used"):
                log.append(code, SAID[:1])
        finally:
            server.start()
        log.append(code, SAID[:1])
        assert log.events(code) == SAID[:1]
        with store.opened(server.url("live_gone")) as other, pytest.raises(StoreError):
            other.hold(code)  # the lock came back with the connection


def test_a_password_is_never_told(server):
    place = "postgresql://me:SECRET@127.0.0.1:1/none"
    with pytest.raises(StoreError) as error, store.opened(place):
        pass
    assert "SECRET" not in str(error.value) and "127.0.0.1" in str(error.value)


def test_the_file_is_for_its_owner_and_syncs_at_every_commit(tmp_path):
    path = tmp_path / "live.db"
    with store.opened(f"sqlite:///{path}") as log:
        assert isinstance(log, Sqlite) and log.path == path
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert log._wire.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert log._wire.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_place_that_is_no_database_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "text.db").write_text("no database, but long enough to be looked at " * 40)
    for place in (tmp_path / "text.db", tmp_path / "no" / "folder.db", "mysql://here/x"):
        with pytest.raises(StoreError) as error, store.opened(place):
            pass
        assert str(error.value).endswith(".")


def test_an_event_that_is_damaged_on_the_disk_is_told(tmp_path):
    with store.opened(tmp_path / "live.db") as log:
        code = begun(log).code
        log.append(code, SAID[:1])
        with sqlite3.connect(tmp_path / "live.db") as wire:
            wire.execute("UPDATE events SET body = '{\"who\": ' WHERE seq = 1")
        wire.close()
        with pytest.raises(store.CourseError, match="Event 1 of this meeting can't be read"):
            log.events(code)


def test_kinds_are_those_that_the_rules_know():
    from course.live.rounds import _APPLY

    assert set(events.KINDS) == set(_APPLY)
