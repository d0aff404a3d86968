"""The embedded endpoint as this process knows it: where it is, and the lease that keeps it alive.

It is found, or started, on a port of this computer; or it was started elsewhere and listens on a
Unix socket, for places without any network (COURSE_ENDPOINT_SOCKET=/path/to.sock).
"""

import contextlib
import os
import secrets
import socket
import threading
from collections.abc import Mapping

import httpx2

from course.endpoint import local
from course.errors import CourseError

SOCKET_NAME = "COURSE_ENDPOINT_SOCKET"
_LOOK_S = 5.0


class Simulator:
    """The endpoint with these options (none: the one that all of this user's programs share)."""

    socket_path: str | None = None

    def __init__(self, options: Mapping[str, object] | None = None):
        self._options = dict(options or {})
        # A key of its own, so that cached prefixes belong to this process alone.
        self.key = _first_key(self._options) or f"course-{secrets.token_hex(8)}"
        self._lock = threading.Lock()
        self._address = self._lease = None

    def start(self, *, unless: "local.Address | None" = None) -> "local.Address":
        """Where it runs, started where needed; at once if it is no longer where `unless` says."""
        with self._lock:
            if unless is None or self._address is unless:
                self._address = self._ensure(self._address.port if self._address else None)
                self._lease = local.lease(self._address)
            return self._address

    def _ensure(self, port: int | None) -> "local.Address":
        if self._options:
            return local.ensure(self._options, port=port)
        return local.ensure(port=port)

    def direct(self, request: httpx2.Request) -> "local.Address":
        """Point a request to where the endpoint is now."""
        address = self._address
        if request.url.port != address.port:
            request.url = request.url.copy_with(host=address.host, port=address.port)
            request.headers["host"] = f"{address.host}:{address.port}"
        return address


class SocketAddress:
    """The base_url for a client; the host in it is not looked up, for nothing goes by TCP."""

    url = "http://localhost/v1"


class SocketSimulator:
    """An endpoint that was started elsewhere, on a Unix socket; it cannot be started from here."""

    def __init__(self, path: str):
        self.socket_path = path
        self.key = f"course-{secrets.token_hex(8)}"
        self._lock = threading.Lock()
        self._lease = None

    def start(self, *, unless: SocketAddress | None = None) -> SocketAddress:
        """See that it is there, and hold a lease on it; a CourseError if it is not."""
        with self._lock:
            if self._lease is None or not self._lease.alive:
                self._lease = _lease(self.socket_path)
        return SocketAddress()

    def direct(self, request: httpx2.Request) -> SocketAddress:
        """Nothing to do: it never moves."""
        return SocketAddress()


def _first_key(options: Mapping[str, object]) -> str | None:
    """Of an endpoint that takes certain keys only (KEY or KEY=TIER), the first."""
    keys = options.get("key")
    first = keys[0] if isinstance(keys, list | tuple) and keys else keys
    return first.partition("=")[0] if isinstance(first, str) and first else None


def _lease(path: str) -> local.Lease | None:
    """A lease on the endpoint at a socket; None if what answers there gives none."""
    connection = None
    try:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(_LOOK_S)
        connection.connect(path)
        connection.sendall(b"GET /lease HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b""
        while b"held\n" not in answer:
            if not (more := connection.recv(4096)):
                break
            answer += more
        if not answer:
            raise OSError("it closed the connection")
        connection.setblocking(False)
    except (OSError, AttributeError, ValueError) as error:  # AttributeError: no such sockets here
        with contextlib.suppress(AttributeError):
            connection.close()
        why = getattr(error, "strerror", None) or error
        raise CourseError(
            f"No endpoint answers at {path}, which {SOCKET_NAME} names ({why}); start one with "
            f"`course endpoint --uds {path}`, or unset {SOCKET_NAME}."
        ) from None
    if b"held\n" in answer:
        return local.Lease(connection)
    connection.close()
    return None


_by_socket: dict[str, SocketSimulator] = {}


def at_socket() -> SocketSimulator | None:
    """The endpoint at the socket that the environment names; None if it names none."""
    path = os.environ.get(SOCKET_NAME, "").strip()
    return _by_socket.setdefault(path, SocketSimulator(path)) if path else None
