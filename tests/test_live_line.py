"""One connection among many: slow listeners, commits in groups, limits on speaking."""

import asyncio

import pytest

from course.live.events import Event
from course.live.limits import Bucket, Wrong
from course.live.line import BURST, MOST_WAITING, Line
from course.live.messages import TOO_MUCH
from course.live.store import StoreError
from course.live.writer import Writer


class Listener:
    """An ASGI `send` that takes a message only when it is let to."""

    def __init__(self):
        self.got, self.may = [], asyncio.Event()

    async def send(self, message):
        await self.may.wait()
        self.got.append(message)


def test_a_listener_who_does_not_listen_delays_nobody_and_is_cut_off():
    async def play():
        listener = Listener()
        line = Line(listener.send, address="192.0.2.1")
        running = asyncio.create_task(line.run())
        line.say("first")
        await asyncio.sleep(0)
        line.say("x" * MOST_WAITING)
        assert not line.is_over
        line.say("one too many")
        assert line.is_over
        listener.may.set()
        await running
        return listener.got

    got = asyncio.run(play())
    assert got[0] == {"type": "websocket.send", "text": "first"}
    assert (got[-1]["type"], got[-1]["code"]) == ("websocket.close", TOO_MUCH)
    assert len(got) == 2  # what waited is thrown away: a state that comes later holds all of it


def test_messages_keep_their_order_when_the_short_way_is_closed_for_a_while():
    async def play():
        listener, said, is_free = Listener(), [], True

        def now(text):
            if is_free:
                listener.got.append({"text": text})
            return is_free

        line = Line(listener.send, address="192.0.2.1", now=now)
        running = asyncio.create_task(line.run())
        await asyncio.sleep(0)
        for number in range(6):
            is_free = number not in (2, 3)  # 4 must wait behind 2 and 3
            line.say(str(number))
            if number == 4:
                listener.may.set()
                await asyncio.sleep(0.01)
        line.end(1000, "")
        await running
        said += [message["text"] for message in listener.got if "text" in message]
        return said

    assert asyncio.run(play()) == ["0", "1", "2", "3", "4", "5"]


class Disk:
    """A store that takes its time, and fails where it is told to."""

    def __init__(self, *, fails_at: int | None = None):
        self.groups, self.fails_at = [], fails_at

    def append(self, code, events):
        if any(event.seq == self.fails_at for event in events):
            raise StoreError("The disk is full.")
        self.groups.append([event.seq for event in events])


def written(disk, count):
    """What is acknowledged of so many events, and how often the disk failed."""

    async def play():
        saved, failures = [], []

        async def failed():
            failures.append(len(saved))

        writer = Writer(disk, "ABCDEF", failed=failed)
        running = asyncio.create_task(writer.run())
        for seq in range(1, count + 1):
            writer.put(Event(seq, 0.0, "locked", {}), lambda seq=seq: saved.append(seq))
        writer.put(None, lambda: saved.append("after"))
        await writer.empty()
        running.cancel()
        writer.close()
        return saved, failures

    return asyncio.run(play())


def test_events_that_come_together_are_written_together_and_acknowledged_in_order():
    disk = Disk()
    saved, failures = written(disk, 500)
    assert saved == [*range(1, 501), "after"] and not failures
    assert disk.groups == [list(range(1, 501))]


def test_what_was_not_written_is_not_acknowledged():
    disk = Disk(fails_at=3)
    assert written(disk, 5) == ([], [0])
    assert disk.groups == []


def test_who_speaks_too_fast_is_slowed_to_the_rate():
    bucket = Bucket(rate=2.0, burst=3.0, at=100.0)
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]
    assert bucket.wait_s(100.0) == pytest.approx(0.5)
    assert [bucket.take(100.5), bucket.take(100.5)] == [True, False]
    line = Line(None, address="192.0.2.1")
    assert sum(line.may_speak() for _ in range(int(BURST) * 2)) <= BURST + 1


def test_wrong_codes_count_by_address_and_an_ipv6_network_is_one():
    wrong = Wrong()
    for number in range(60):
        wrong.add(f"2001:db8:1:2::{number:x}", 100.0)
    assert wrong.wait_s("2001:db8:1:2:ffff::9", 100.0) == pytest.approx(1.0)
    assert wrong.wait_s("2001:db8:1:3::1", 100.0) == 0
    assert wrong.wait_s("192.0.2.1", 100.0) == 0
    wrong.add("::ffff:192.0.2.1", 100.0)
    assert len(wrong._buckets) == 2
    wrong.add("192.0.2.1", 100.0)
    assert len(wrong._buckets) == 2
