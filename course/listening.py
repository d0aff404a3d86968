"""Ports of this computer that our servers listen on."""

import errno
import os
import socket

from course.errors import CourseError

BACKLOG = 4096
"""Connections that may wait to be taken: a class comes all at once."""


def listen(port: int, host: str = "127.0.0.1") -> socket.socket:
    """A listening socket, of an address of this computer; CourseError where it can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio switches Nagle's delay (40 ms a reply) off.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # On Windows SO_REUSEADDR would let two programs share the port.
    reuse = socket.SO_REUSEADDR if os.name == "posix" else socket.SO_EXCLUSIVEADDRUSE
    try:
        listener.setsockopt(socket.SOL_SOCKET, reuse, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        taken = getattr(error, "errno", None) == errno.EADDRINUSE
        why = "is in use by another program" if taken else f"can't be used ({error})"
        raise CourseError(
            f"Port {port} on {host} {why}; choose another with --port, or 0 for any free one."
        ) from None
    listener.setblocking(False)
    return listener
