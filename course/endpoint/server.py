"""Makes the application, finds it a port or a socket, and runs it on uvicorn, on this computer."""

import asyncio
import contextlib
import errno
import gc
import json
import socket
import time
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from course import tokens
from course.endpoint.app import SERVICE, App
from course.endpoint.options import Options
from course.endpoint.service import Service
from course.endpoint.simulation.replies import Book
from course.errors import CourseError
from course.listening import BACKLOG, listen

HOST = "127.0.0.1"
MAX_BODY = 32 * 1024 * 1024
HEADER_S = 30.0
"""Seconds that a connection may take to send a whole request's headers."""
SWEEP_TICKS = 50
"""uvicorn ticks ten times a second."""


def create_app(
    options: Options | None = None, *, book: Book | None = None, max_body: int = MAX_BODY
) -> App:
    """The ASGI application; `book` defaults to the course's replies.

    Raises CourseError for options that can't be and for a broken book.
    """
    return App(Service(options or Options(), book=book), max_body=max_body)


def serve(
    options: Options,
    *,
    port: int,
    uds: Path | None = None,
    until_unused: bool = False,
    state: Path | None = None,
) -> None:
    """Run the endpoint until Ctrl-C, or with `until_unused` until its last lease is gone.

    Prints its address. `state` is a file to write port and process into, once it answers.
    Port 0 is any free one; with `uds` it listens on that Unix socket and on no port. A port or
    a socket that can't be had is a CourseError.
    """
    app = create_app(options)
    with listen(port) if uds is None else listen_unix(uds) as listener:
        where = f"unix socket {uds}" if uds else f"http://{HOST}:{listener.getsockname()[1]}/v1"
        print(f"Simulated endpoint: {where} (any key that is not empty)")
        print("All replies are simulated: none comes from a language model, nothing is charged.")
        print("It ends when unused." if until_unused else "Stop it with Ctrl-C.", flush=True)
        server = Server(app, until_unused=until_unused, state=state)
        _leave_alone_what_stays()
        try:
            with contextlib.suppress(KeyboardInterrupt):
                asyncio.run(server.serve(sockets=[listener]))
        finally:
            if uds is not None:
                uds.unlink(missing_ok=True)


def listen_unix(path: Path) -> socket.socket:
    """A listening Unix socket that only this user can reach; a dead one there is replaced."""
    if not hasattr(socket, "AF_UNIX"):
        raise CourseError("This computer has no Unix sockets; use --port.")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_dead(path)
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        why = error.strerror or error
        raise CourseError(f"The socket {path} can't be used ({why}); name another.") from None
    listener.setblocking(False)
    return listener


def _remove_dead(path: Path) -> None:
    """Take away a socket that nobody listens on; OSError where somebody does, or it is a file."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        if trial.connect_ex(str(path)) == 0:
            raise OSError(errno.EADDRINUSE, "it is in use by another program")
    path.unlink()


class Together:
    """A transport that sends an answer's headers with the start of its body: one call, not two."""

    def __init__(self, transport: asyncio.Transport):
        self._transport, self._held = transport, b""

    def write(self, data: bytes) -> None:
        if self._held:
            data, self._held = self._held + data, b""
        elif data.startswith(b"HTTP/"):
            self._held = data
            asyncio.get_running_loop().call_soon(self.flush)  # for an answer without a body
            return
        self._transport.write(data)

    def flush(self) -> None:
        if self._held:
            data, self._held = self._held, b""
            self._transport.write(data)

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str):
        return getattr(self._transport, name)


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which also knows since when a request is only half there."""

    half_since: float | None = None

    def connection_made(self, transport) -> None:
        super().connection_made(transport)
        self.transport = Together(transport)
        self.half_since = time.monotonic()

    def data_received(self, data: bytes) -> None:
        if self.half_since is None and (self.cycle is None or self.cycle.response_complete):
            self.half_since = time.monotonic()
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self.half_since = None
        super().on_headers_complete()


class Server(uvicorn.Server):
    """uvicorn, quiet, that ends when unused and lets go of its leases when it ends."""

    def __init__(self, app: App, *, until_unused: bool, state: Path | None):
        config = uvicorn.Config(
            app,
            http=Protocol,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)
        self._app, self._until_unused, self._state = app, until_unused, state

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        _allow_many_connections()
        await super().startup(sockets)
        if self._state is not None:
            told = self._app.about | {"port": sockets[0].getsockname()[1]}
            fresh = self._state.with_suffix(".new")
            fresh.write_text(json.dumps(told), encoding="utf-8")
            fresh.replace(self._state)
        # Read while nobody waits for it yet: the first count needs the vocabulary.
        self._warm = asyncio.create_task(asyncio.to_thread(tokens.count, SERVICE))

    async def on_tick(self, counter: int) -> bool:
        if self._until_unused and self._app.unused:
            self.should_exit = True
        if counter % SWEEP_TICKS == 0:
            self._sweep()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.closing.set()
        await super().shutdown(sockets)
        await self._app.service.close()

    def _sweep(self) -> None:
        """Close the connections that have been sending headers for too long."""
        late = time.monotonic() - HEADER_S
        for connection in list(self.server_state.connections):
            if connection.half_since is not None and connection.half_since < late:
                connection.transport.close()


def _allow_many_connections() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))


def _leave_alone_what_stays() -> None:
    """Keep the garbage collector off all that was made by now, and from coming too often.

    Otherwise a full collection stops every stream for 20 to 80 ms.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
