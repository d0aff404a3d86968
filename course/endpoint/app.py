"""The endpoint as an ASGI application: its routes and what keeps it alive.

Raw ASGI and no framework: a learner's load test should measure itself, not us.
"""

import asyncio
import logging
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from functools import partial

from pydantic_core import to_json

from course.endpoint import exchange as http
from course.endpoint import page
from course.endpoint.api import moderations, responses
from course.endpoint.exchange import ClientGone, Exchange
from course.endpoint.refusals import read_object
from course.endpoint.service import Service
from course.endpoint.version import fingerprint
from course.endpoint.wire import WireError, model_json, new_id

SERVICE = "gpt-4o-mini-course endpoint"
UNUSED_S, NEVER_USED_S = 4.0, 15.0
"""So long does an endpoint that ends when unused wait after its last lease (a kernel may be
restarting), and so long for its first."""

PIECE = 64 * 1024

log = logging.getLogger("course.endpoint")

Answerer = Callable[..., Awaitable[None]]


class App:
    """The ASGI application. `leases` counts the users that keep it alive."""

    def __init__(self, service: Service, *, max_body: int):
        self.service, self.max_body = service, max_body
        self.leases = 0
        self.closing = asyncio.Event()
        self.about = {
            "service": SERVICE,
            "instance": secrets.token_hex(8),
            "fingerprint": fingerprint(),
            "pid": os.getpid(),
            "options": service.options.told(),
        }
        self._needed_until = time.monotonic() + NEVER_USED_S
        self._routes = self._all_routes()
        every = self._routes.items()
        self._plain = {f"/{'/'.join(path)}": known for path, known in every if None not in path}

    def _all_routes(self) -> dict[tuple[str | None, ...], dict[str, Answerer]]:
        """What answers which path and method; None in a path stands for an id."""
        files, batches = self.service.files, self.service.batches
        told, stored = self._told, self.service.conversations
        calls = {
            tuple(path.strip("/").split("/")): {"POST": partial(self._call, read)}
            for path, read in self.service.readers.items()
        }
        return calls | {
            ("v1", "responses", None): {"GET": told(stored.get), "DELETE": told(stored.delete)},
            ("v1", "responses", None, "input_items"): {"GET": told(stored.items, query=True)},
            ("v1", "responses", None, "cancel"): {"POST": told(stored.cancel)},
            ("v1", "responses", "input_tokens"): {"POST": self._input_tokens},
            ("v1", "moderations"): {"POST": self._moderate},
            ("v1", "models"): {"GET": self._models},
            ("v1", "models", None): {"GET": self._model},
            ("v1", "files"): {"GET": told(files.list, query=True), "POST": self._upload},
            ("v1", "files", None): {"GET": told(files.get), "DELETE": told(files.delete)},
            ("v1", "files", None, "content"): {"GET": self._content},
            ("v1", "batches"): {"GET": told(batches.list, query=True), "POST": self._batch},
            ("v1", "batches", None): {"GET": told(batches.get)},
            ("v1", "batches", None, "cancel"): {"POST": told(batches.cancel)},
            ("",): {"GET": self._page},
            ("health",): {"GET": self._health},
            ("v1", "truth"): {"GET": self._truth},
            ("truth",): {"GET": self._truth},
            ("lease",): {"GET": self._lease},
        }

    @property
    def unused(self) -> bool:
        """Whether nobody has needed this endpoint for some seconds."""
        return not self.leases and time.monotonic() > self._needed_until

    async def __call__(self, scope: dict, receive, send) -> None:
        if scope["type"] != "http":
            return
        exchange = Exchange(scope, receive, send)
        try:
            await self._route(exchange)
        except ClientGone:
            pass
        except WireError as error:
            await _refuse(exchange, error)
        except Exception:
            log.exception("%s %s failed", exchange.method, exchange.path)
            if exchange.answering:
                raise
            told = "The simulator made a mistake; its log says which. The request may be right."
            await _refuse(exchange, WireError(500, told, code="server_error"))

    async def _route(self, exchange: Exchange) -> None:
        known, ids = self._plain.get(exchange.path), ()
        if known is None:
            known, ids = self._find(tuple(exchange.path.strip("/").split("/")))
        if known is None:
            told = f"Invalid URL ({exchange.method} {exchange.path:.200})"
            raise WireError(404, told, code="unknown_url")
        answer = known.get(exchange.method)
        if answer is None:
            allowed = ", ".join(known)
            told = f"Only {allowed} requests are accepted at {exchange.path:.200}, "
            told += f"not {exchange.method}."
            allow = (b"allow", allowed.encode())
            raise WireError(405, told, code="method_not_supported", headers=(allow,))
        await answer(exchange, *ids)

    def _told(self, find: Callable[..., object], *, query: bool = False) -> Answerer:
        """A route that answers with what `find` tells of the key's things, as JSON."""

        async def answer(exchange: Exchange, *ids: str) -> None:
            more = (exchange.query,) if query else ()
            await _answer(exchange, find(self._key(exchange), *ids, *more))

        return answer

    def _find(self, steps: tuple[str, ...]) -> tuple[dict[str, Answerer] | None, tuple[str, ...]]:
        """What answers a path, and the id in it."""
        known, ids = self._routes.get(steps), ()
        if known is None and len(steps) > 2:
            known, ids = self._routes.get((*steps[:2], None, *steps[3:])), steps[2:3]
        return known, ids

    async def _call(self, read: Callable, exchange: Exchange) -> None:
        await self.service.calls.serve(exchange, read, max_body=self.max_body)

    async def _models(self, exchange: Exchange) -> None:
        self._key(exchange)
        every, as_of = self.service.simulator.profiles.items(), self.service.options.as_of
        rows = [model_json(name, about) for name, about in every if not about.gone(as_of)]
        await _answer(exchange, {"object": "list", "data": rows})

    async def _model(self, exchange: Exchange, name: str) -> None:
        self._key(exchange)
        await _answer(exchange, model_json(name, self.service.simulator.profile(name)))

    async def _moderate(self, exchange: Exchange) -> None:
        self._key(exchange)
        asked = moderations.read(await exchange.body(self.max_body))
        await exchange.answer(moderations.answer(asked), http.JSON, _request_id())

    async def _upload(self, exchange: Exchange) -> None:
        key = self._key(exchange)
        kind = exchange.header(b"content-type")
        await _answer(exchange, await self.service.files.upload(key, kind, exchange.pieces()))

    async def _content(self, exchange: Exchange, file_id: str) -> None:
        path = self.service.files.content(self._key(exchange), file_id)
        with path.open("rb") as file:
            length = (b"content-length", b"%d" % os.fstat(file.fileno()).st_size)
            await exchange.begin(http.BYTES, length, _request_id())
            while piece := file.read(PIECE):
                await exchange.write(piece)
        await exchange.write(b"", more=False)

    async def _batch(self, exchange: Exchange) -> None:
        key = self._key(exchange)
        asked = read_object(await exchange.body(self.max_body))
        await _answer(exchange, self.service.batches.create(key, asked))

    async def _input_tokens(self, exchange: Exchange) -> None:
        key, service = self._key(exchange), self.service
        counted = responses.count_tokens(
            await exchange.body(self.max_body),
            key,
            simulator=service.simulator,
            conversations=service.conversations,
        )
        await _answer(exchange, counted)

    async def _page(self, exchange: Exchange) -> None:
        host, port = exchange.scope["server"] or ("127.0.0.1", None)
        where = f"http://{host}:{port}" if port else "http://simulator"
        service = self.service
        shown = page.render(
            where, service.simulator.profiles, about=self.about, calls=service.calls
        )
        await exchange.answer(shown, http.HTML, http.FRESH)

    async def _health(self, exchange: Exchange) -> None:
        self._still_needed()
        told = self.about | {"active": self.service.calls.active, "leases": self.leases}
        await exchange.answer(to_json(told), http.JSON, http.FRESH)

    async def _truth(self, exchange: Exchange) -> None:
        """The key's own calls that ended after the one numbered ?since=N, oldest first."""
        key, since = self._key(exchange), exchange.query.get("since", "0")
        if not since.isdecimal():
            raise WireError(400, "since must be a whole number, as in /truth?since=0.")
        rows = await asyncio.to_thread(self.service.truth.since, int(since), key=key)
        await _answer(exchange, {"object": "list", "data": rows})

    async def _lease(self, exchange: Exchange) -> None:
        """Held open: this endpoint is needed for as long as the client keeps the connection."""
        self._still_needed()
        gone = exchange.leaving()
        closing = asyncio.create_task(self.closing.wait())
        self.leases += 1
        try:
            await exchange.begin(http.TEXT, http.FRESH)
            await exchange.write(b"held\n")
            await asyncio.wait({gone, closing}, return_when=asyncio.FIRST_COMPLETED)
            await exchange.write(b"", more=False)
        finally:
            self.leases -= 1
            self._needed_until = time.monotonic() + UNUSED_S
            gone.cancel()
            closing.cancel()

    def _still_needed(self) -> None:
        """Whoever looks is about to use it, unless it is already on its way out."""
        if self.closing.is_set():
            raise WireError(503, "This endpoint is closing.", code="closing")
        self._needed_until = max(self._needed_until, time.monotonic() + UNUSED_S)

    def _key(self, exchange: Exchange) -> str:
        return self.service.admission.key(exchange.header(b"authorization"))


def _request_id() -> tuple[bytes, bytes]:
    return b"x-request-id", new_id("req_").encode()


async def _answer(exchange: Exchange, told: object) -> None:
    await exchange.answer(to_json(told), http.JSON, _request_id())


async def _refuse(exchange: Exchange, error: WireError) -> None:
    headers = error.headers
    if not any(name == b"x-request-id" for name, _ in headers):
        headers = (*headers, _request_id())
    await exchange.answer(error.json(), http.JSON, *headers, status=error.status)
