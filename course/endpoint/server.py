"""Makes the application, finds it a port, and runs it on uvicorn, on loopback only."""

import asyncio
import contextlib
import errno
import json
import math
import os
import socket
from pathlib import Path

import uvicorn

from course import tokens
from course.endpoint.app import SERVICE, App
from course.endpoint.chat import Chat
from course.endpoint.replies import Book, read_book
from course.errors import CourseError

HOST = "127.0.0.1"
MAX_BODY = 32 * 1024 * 1024
BACKLOG = 2048


def create_app(
    *, seed: int = 0, speed: float = 1.0, book: Book | None = None, max_body: int = MAX_BODY
) -> App:
    """The ASGI application; `book` defaults to the course's replies.

    `speed` 1 is each model's own, 2 twice as fast, 0 never waits. Raises CourseError for a
    speed that is none and for a broken book.
    """
    if not (math.isfinite(speed) and speed >= 0):
        raise CourseError(f"The speed is {speed}; use 0 for no waiting, 1 for a model's own speed.")
    chat = Chat(seed=seed, speed=speed, book=book or read_book())
    return App(chat, seed=seed, speed=speed, max_body=max_body)


def serve(
    *,
    port: int,
    speed: float = 1.0,
    seed: int = 0,
    until_unused: bool = False,
    state: Path | None = None,
) -> None:
    """Run the endpoint until Ctrl-C, or with `until_unused` until its last lease is gone.

    Prints its address. `state` is a file to write port and process into, once it answers.
    Port 0 is any free one; a port that can't be had is a CourseError.
    """
    app = create_app(seed=seed, speed=speed)
    with listen(port) as listener:
        port = listener.getsockname()[1]
        print(f"Simulated endpoint: http://{HOST}:{port}/v1 (any key that is not empty)")
        print("All replies are simulated: none comes from a language model, nothing is charged.")
        print("It ends when unused." if until_unused else "Stop it with Ctrl-C.", flush=True)
        server = Server(app, until_unused=until_unused, state=state)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(server.serve(sockets=[listener]))


def listen(port: int) -> socket.socket:
    """A listening socket on loopback; CourseError where the port can't be had."""
    # With the protocol named, asyncio switches Nagle's delay (40 ms a reply) off.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # On Windows SO_REUSEADDR would let two programs share the port.
    reuse = socket.SO_REUSEADDR if os.name == "posix" else socket.SO_EXCLUSIVEADDRUSE
    try:
        listener.setsockopt(socket.SOL_SOCKET, reuse, 1)
        listener.bind((HOST, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        taken = getattr(error, "errno", None) == errno.EADDRINUSE
        why = "is in use by another program" if taken else f"can't be used ({error})"
        raise CourseError(
            f"Port {port} on {HOST} {why}; choose another with --port, or 0 for any free one."
        ) from None
    listener.setblocking(False)
    return listener


class Server(uvicorn.Server):
    """uvicorn, quiet, that ends when unused and lets go of its leases when it ends."""

    def __init__(self, app: App, *, until_unused: bool, state: Path | None):
        config = uvicorn.Config(
            app,
            http="httptools",
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)
        self._app, self._until_unused, self._state = app, until_unused, state

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
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
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.closing.set()
        await super().shutdown(sockets)
