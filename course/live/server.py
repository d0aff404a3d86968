"""Runs the application on uvicorn: one process, one event loop, as many students as come."""

import asyncio
import contextlib
import gc
import socket
from collections.abc import Callable

import uvicorn

from course.errors import CourseError
from course.live.app import App
from course.live.messages import MOST_BYTES

try:
    from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
except ImportError:
    WebSocketsSansIOProtocol = object

PORT = 8020
PING_S = 20.0
"""A connection is asked so often whether it is alive, and has as long to answer."""


class Protocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, with a short way in and out beside ASGI's.

    ASGI hands each text to a task and each answer to another: for short texts that is half of
    all the work. The extension `course.direct` of the scope offers `listen(hear)`, which calls
    `hear(text)` for each text as it comes, and `say(text)`, which sends one at once, or returns
    False where it would have to wait. An application that does not know it works as ever.
    """

    hear: Callable[[str], None] | None = None

    async def run_asgi(self) -> None:
        direct = {"say": self.say_now, "listen": self.listen}
        self.scope["extensions"]["course.direct"] = direct
        await super().run_asgi()

    def listen(self, hear: Callable[[str], None]) -> None:
        self.hear = hear

    def handle_text(self, event) -> None:
        if self.hear is None or not event.fin or not self.queue.empty():
            super().handle_text(event)
            return
        try:
            text = bytes(event.data).decode()
        except UnicodeDecodeError:
            super().handle_text(event)
            return
        if not self.close_sent:
            self.hear(text)

    def say_now(self, text: str) -> bool:
        if self.close_sent or not self.writable.is_set() or self.transport.is_closing():
            return False
        data = text.encode()
        self.transport.write(_head(len(data)) + data)
        return True

    def keepalive_timeout(self) -> None:
        """A connection that does not answer pings is cut, with whatever it has not read."""
        self.transport.abort()


def _head(size: int) -> bytes:
    """The start of a server's frame with a whole text (RFC 6455, section 5.2)."""
    if size < 126:
        return bytes((0x81, size))
    if size < 65_536:
        return b"\x81\x7e" + size.to_bytes(2)
    return b"\x81\x7f" + size.to_bytes(8)


class Server(uvicorn.Server):
    """uvicorn, quiet, that tells when it is ready."""

    def __init__(self, app: App, *, ready: Callable[[], None] = lambda: None):
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
                loop="asyncio",
                ws=Protocol,
                ws_max_size=MOST_BYTES,
                ws_ping_interval=PING_S,
                ws_ping_timeout=PING_S,
                ws_per_message_deflate=False,  # 1,000 compressors are 300 MB, for short texts
                lifespan="on",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=2,
            )
        )
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        _allow_many_connections()
        await super().startup(sockets)
        if not self.should_exit:
            _leave_alone_what_stays()
            self._ready()


def serve(app: App, listener: socket.socket, *, ready: Callable[[], None]) -> None:
    """Run until Ctrl-C; `ready` is called once it answers."""
    if WebSocketsSansIOProtocol is object:
        raise CourseError("The live class needs one more package: pip install websockets.")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(Server(app, ready=ready).serve(sockets=[listener]))


def addresses(listener: socket.socket) -> list[str]:
    """Where others reach it: on all networks, this computer's address in each that can be told."""
    host, port = listener.getsockname()[:2]
    if host not in ("0.0.0.0", "::"):
        hosts = [host]
    else:
        hosts = [*filter(None, [_on_the_network()]), "127.0.0.1"]
    return [f"http://{f'[{one}]' if ':' in one else one}:{port}" for one in hosts]


def _on_the_network() -> str:
    """The address from which this computer would speak to others; nothing is sent for it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.connect(("192.0.2.1", 9))  # an address for documentation (RFC 5737)
            return trial.getsockname()[0]
        except OSError:
            return ""


def _allow_many_connections() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


def _leave_alone_what_stays() -> None:
    """Keep the garbage collector off what was made by now, and from coming too often: a full
    collection would keep a thousand students waiting."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
