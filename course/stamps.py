"""When bytes came over a connection: sockets that note it, by the kernel's word where it gives it.

A program that is busy reads late, and a time taken then is late as well. Linux keeps with the
bytes that wait to be read the time at which they came (SO_TIMESTAMPNS in socket(7)), so what is
measured does not depend on what else the program does. Elsewhere it is the time of the reading.
"""

import asyncio
import socket
import struct
import sys
import time
import weakref
from collections import deque

_TIMESTAMP = 35 if sys.platform == "linux" else None  # SO_TIMESTAMPNS, which Python does not name
_TIME = struct.Struct("@qq")  # struct timespec: seconds since 1970 and nanoseconds
_SPACE = socket.CMSG_SPACE(_TIME.size) if hasattr(socket, "CMSG_SPACE") else 0
_MOST = 4096
"""So many readings are remembered of a connection; whoever follows it takes them away earlier."""

_LARGEST = 65_536
"""Bytes a reading. asyncio asks for four times as many, and memory of that size is taken from the
system and given back each time: it made a reading five times as dear (50 for 10 µs)."""

_open: "weakref.WeakValueDictionary[int, StampedSocket]" = weakref.WeakValueDictionary()


class StampedSocket(socket.socket):
    """A socket that keeps, of each reading, when its last byte came and how many events ended.

    Times are seconds of time.perf_counter. An event ends in an empty line; in what is encrypted
    no end is seen, and each reading counts as one.
    """

    def __init__(self, family: int, kind: int, protocol: int):
        super().__init__(family, kind, protocol)
        self._readings: deque[tuple[float, int]] = deque(maxlen=_MOST)
        self._last, self.encrypted, self._kernel = b"", False, False
        if _TIMESTAMP and kind == socket.SOCK_STREAM:
            try:
                self.setsockopt(socket.SOL_SOCKET, _TIMESTAMP, 1)
                self._kernel = True
            except OSError:  # it is a system that only looks like Linux
                pass
        _open[self.fileno()] = self

    def recv(self, size: int, flags: int = 0) -> bytes:
        """As of any socket, and noted; at most 64 KiB at once."""
        size = min(size, _LARGEST)
        if self._kernel:
            data, about, _, _ = self.recvmsg(size, _SPACE, flags)
            came = _came(about)
        else:
            data, came = super().recv(size, flags), time.perf_counter()
        self._note(data, came)
        return data

    def recv_into(self, buffer, size: int = 0, flags: int = 0) -> int:
        """As of any socket, and noted."""
        if self._kernel:
            room = memoryview(buffer)[: size or None]
            count, about, _, _ = self.recvmsg_into([room], _SPACE, flags)
            came = _came(about)
        else:
            count, came = super().recv_into(buffer, size, flags), time.perf_counter()
        self._note(memoryview(buffer)[:count], came)
        return count

    def _note(self, data: bytes, came: float) -> None:
        if self.encrypted:
            self._readings.append((came, 1))
            return
        ends = (self._last + data).count(b"\n\n")
        self._last = bytes(data[-1:])
        self._readings.append((came, ends))

    def forget(self, before: float) -> None:
        """Forget what was read before that time: it belongs to another reply."""
        while self._readings and self._readings[0][0] < before:
            self._readings.popleft()

    def take(self, events: int, now: float) -> tuple[list[float], str]:
        """When the next so many events of a reply came, and who says so: "kernel" or "read".

        "passed" and `now` where the end of an event was not noted.
        """
        by = "kernel" if self._kernel else "read"
        noted = self._take_encrypted(events) if self.encrypted else self._take(events)
        if len(noted) < events:
            return noted + [now] * (events - len(noted)), "passed"
        return noted, by

    def _take(self, events: int) -> list[float]:
        times: list[float] = []
        while len(times) < events and self._readings:
            came, ends = self._readings.popleft()
            used = min(ends, events - len(times))
            times += [came] * used
            if used < ends:
                self._readings.appendleft((came, ends - used))
        return times

    def _take_encrypted(self, events: int) -> list[float]:
        # What came together came first: the opening of a stream with its first token.
        times = [came for came, _ in self._readings][-events:] if events else []
        self._readings.clear()
        return times[:1] * (events - len(times)) + times


def open_socket(transport: asyncio.BaseTransport) -> StampedSocket | None:
    """The socket of a connection, if it is one that notes readings."""
    named = transport.get_extra_info("socket")
    found = _open.get(named.fileno()) if named is not None else None
    if found is None or found.fileno() < 0:
        return None
    found.encrypted = transport.get_extra_info("sslcontext") is not None
    return found


def _came(about: list[tuple[int, int, bytes]]) -> float:
    now = time.perf_counter()
    for level, kind, data in about:
        if level == socket.SOL_SOCKET and kind == _TIMESTAMP and len(data) == _TIME.size:
            seconds, nanoseconds = _TIME.unpack(data)
            # The kernel tells the time of day, which may be set at any time: only how long ago
            # it was counts.
            ago = time.time() - seconds - nanoseconds / 1e9
            return now - max(ago, 0.0)
    return now
