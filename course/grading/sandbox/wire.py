"""Frames between the grader and the process that runs student code.

A frame is two lengths, a small JSON object, and the texts it speaks of, one after another.
Whoever reads one treats it as a stranger's: it has a cap, and nothing in it is believed.
"""

import socket
import struct
import time
from json import dumps, loads  # by themselves: student code may put others into the module
from typing import Any

_LENGTHS = struct.Struct(">II")
MOST_HEAD = 64 * 1024


class Broken(Exception):
    """What came is no frame."""


class Ended(Exception):
    """The other side has closed the connection."""


class Late(Exception):
    """Nothing whole has come in time."""


def pack(head: dict[str, Any], body: bytes = b"") -> bytes:
    """The frame, to be sent in one go."""
    told = dumps(head, allow_nan=False).encode()
    return _LENGTHS.pack(len(told), len(body)) + told + body


class Reader:
    """Takes frames off a socket; one that is only half there is kept until the rest comes."""

    def __init__(self, connection: socket.socket, *, most_head: int, most_body: int):
        self._connection, self._had = connection, bytearray()
        self._most = most_head, most_body
        self.bytes_read = 0

    def next(self, end: float | None = None) -> tuple[dict[str, Any], bytes]:
        """The next frame: Late at `end` (of time.monotonic), Ended, or Broken."""
        self._fill(_LENGTHS.size, end)
        sizes = _LENGTHS.unpack_from(self._had)
        if any(size > most for size, most in zip(sizes, self._most, strict=True)):
            raise Broken
        whole = _LENGTHS.size + sum(sizes)
        self._fill(whole, end)
        head = bytes(self._had[_LENGTHS.size : _LENGTHS.size + sizes[0]])
        body = bytes(self._had[_LENGTHS.size + sizes[0] : whole])
        del self._had[:whole]
        return read_head(head), body

    def _fill(self, size: int, end: float | None) -> None:
        while len(self._had) < size:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise Late
            self._connection.settimeout(left)
            try:
                more = self._connection.recv(min(max(size - len(self._had), 4096), 1 << 20))
            except TimeoutError:
                raise Late from None
            except OSError:
                raise Ended from None
            if not more:
                raise Ended
            self._had += more
            self.bytes_read += len(more)


def read_head(text: bytes) -> dict[str, Any]:
    """A JSON object, or Broken."""
    try:
        found = loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Broken from None
    if not isinstance(found, dict):
        raise Broken
    return found


def _refuse(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are no JSON
