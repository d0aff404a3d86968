"""When bytes came over a connection, whoever is busy meanwhile."""

import asyncio
import contextlib
import socket
import sys
import time

import pytest

from course.stamps import StampedSocket, open_socket

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps when bytes came")


@pytest.fixture
def pair():
    """A connection: its end that notes when bytes come, and its other end."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stamped = StampedSocket(socket.AF_INET, socket.SOCK_STREAM, 0)
        stamped.connect(server.getsockname())
        other, _ = server.accept()
        with contextlib.closing(stamped), contextlib.closing(other):
            other.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield stamped, other


@LINUX
def test_bytes_that_are_read_late_came_when_they_came(pair):
    stamped, other = pair
    before = time.perf_counter()
    other.sendall(b"data: 1\n\n")
    after = time.perf_counter()
    time.sleep(0.1)
    assert stamped.recv(1000) == b"data: 1\n\n"
    (came,), by = stamped.take(1, 0.0)
    assert by == "kernel"
    # two clocks are compared: half a millisecond for that
    assert before - 0.0005 <= came <= after + 0.05


def test_without_the_kernel_s_word_it_is_the_time_of_the_reading(pair):
    stamped, other = pair
    stamped._kernel = False
    other.sendall(b"data: 1\n\n")
    time.sleep(0.05)
    before = time.perf_counter()
    stamped.recv(1000)
    (came,), by = stamped.take(1, 0.0)
    assert by == "read"
    assert before <= came <= time.perf_counter()


def test_a_reading_into_a_buffer_is_noted_as_well(pair):
    stamped, other = pair
    other.sendall(b"data: 1\n\n")
    buffer = bytearray(100)
    assert stamped.recv_into(buffer) == 9
    assert bytes(buffer[:9]) == b"data: 1\n\n"
    stamped._kernel = False
    other.sendall(b"data: 2\n\n")
    assert stamped.recv_into(buffer, 4) == 4
    assert stamped.recv_into(memoryview(buffer)[4:]) == 5
    (first, second), _ = stamped.take(2, 0.0)
    assert 0 < first <= second


def readings(*pieces: bytes) -> StampedSocket:
    """A socket that has read these pieces at 1, 2, 3, … seconds."""
    stamped = StampedSocket(socket.AF_INET, socket.SOCK_STREAM, 0)
    for number, piece in enumerate(pieces, start=1):
        stamped._note(piece, float(number))
    return stamped


@pytest.mark.parametrize(
    ("pieces", "events", "times"),
    [
        ([b"a\n\n", b"b\n\n"], 2, [1, 2]),
        ([b"a\n\nb\n\n", b"c\n\n"], 3, [1, 1, 2]),
        ([b"a", b"a\n", b"\nb\n\n"], 2, [3, 3]),  # an end that is cut in two
        ([b"HTTP/1.1 200 OK\r\n\r\n", b"5\r\na\n\n\r\n"], 1, [2]),
        ([b"a\n\n"], 2, [1, 99]),  # the second was never noted
        ([], 1, [99]),
    ],
)
def test_each_event_has_the_time_of_the_reading_that_ended_it(pieces, events, times):
    with readings(*pieces) as stamped:
        told, by = stamped.take(events, 99.0)
        assert told == times
        assert (by == "passed") is (99 in times)


def test_events_are_taken_one_after_another():
    with readings(b"a\n\nb\n\n", b"c\n\n") as stamped:
        assert [stamped.take(1, 99.0)[0] for _ in range(4)] == [[1], [1], [2], [99]]


def test_what_was_read_before_a_request_belongs_to_another_reply():
    with readings(b"a\n\n", b"b\n\n", b"c\n\n") as stamped:
        stamped.forget(2.0)
        assert stamped.take(2, 99.0)[0] == [2, 3]


@pytest.mark.parametrize(
    ("events", "times"), [(3, [1, 2, 3]), (2, [2, 3]), (5, [1, 1, 1, 2, 3]), (0, [])]
)
def test_of_encrypted_events_the_last_ones_came_with_the_last_readings(events, times):
    with StampedSocket(socket.AF_INET, socket.SOCK_STREAM, 0) as stamped:
        stamped.encrypted = True
        for number in (1, 2, 3):
            stamped._note(b"\x17\x03\x03", float(number))
        assert stamped.take(events, 99.0)[0] == times
        assert stamped.take(1, 99.0) == ([99], "passed")


def test_the_socket_below_a_connection_is_found_while_it_is_open():
    async def main():
        async def hang_up(_, writer):
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            stamped = StampedSocket(socket.AF_INET, socket.SOCK_STREAM, 0)
            stamped.setblocking(False)
            await asyncio.get_running_loop().sock_connect(stamped, ("127.0.0.1", port))
            _, writer = await asyncio.open_connection(sock=stamped)
            found = open_socket(writer.transport)
            _, plain = await asyncio.open_connection("127.0.0.1", port)
            other = open_socket(plain.transport)
            for one in (writer, plain):
                one.close()
                await one.wait_closed()
            return found is stamped, other

    assert asyncio.run(main()) == (True, None)
