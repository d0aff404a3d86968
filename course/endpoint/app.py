"""The endpoint as an ASGI application: routes, keys, waits, leases.

Raw ASGI and no framework: a learner's load test should measure itself, not us.
"""

import asyncio
import logging
import os
import secrets
import time

from pydantic_core import to_json

from course.endpoint import exchange as http
from course.endpoint import page
from course.endpoint.chat import Chat, Plan
from course.endpoint.exchange import ClientGone, Exchange
from course.endpoint.version import fingerprint
from course.endpoint.wire import WireError, model_json, new_id

SERVICE = "gpt-4o-mini-course endpoint"
BIG_BODY = 128 * 1024
"""Bytes: a larger body is planned in a thread, so that nobody else waits for it."""
FLUSH = 16 * 1024
UNUSED_S, NEVER_USED_S = 4.0, 15.0
"""So long does an endpoint that ends when unused wait after its last lease (a kernel may be
restarting), and so long for its first."""

log = logging.getLogger("course.endpoint")


class App:
    """The ASGI application. `active` counts the chat requests in work, `leases` the users."""

    def __init__(self, chat: Chat, *, seed: int, speed: float, max_body: int):
        self.chat, self.max_body = chat, max_body
        self.active = self.leases = 0
        self.closing = asyncio.Event()
        self.about = {
            "service": SERVICE,
            "instance": secrets.token_hex(8),
            "fingerprint": fingerprint(),
            "pid": os.getpid(),
            "seed": seed,
            "speed": speed,
        }
        self._needed_until = time.monotonic() + NEVER_USED_S
        self._routes = {
            "/v1/chat/completions": ("POST", self._chat),
            "/v1/models": ("GET", self._models),
            "/": ("GET", self._page),
            "/health": ("GET", self._health),
            "/lease": ("GET", self._lease),
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
        path = exchange.path
        known = self._routes.get(path)
        if known is None and path.startswith("/v1/models/"):
            known = "GET", self._model
        if known is None:
            told = f"Invalid URL ({exchange.method} {path:.200})"
            raise WireError(404, told, code="unknown_url")
        method, answer = known
        if exchange.method != method:
            told = f"Only {method} requests are accepted at {path}, not {exchange.method}."
            allow = (b"allow", method.encode())
            raise WireError(405, told, code="method_not_supported", headers=(allow,))
        await answer(exchange)

    async def _chat(self, exchange: Exchange) -> None:
        started = time.perf_counter()
        key = _key(exchange)
        data = await exchange.body(self.max_body)
        if len(data) > BIG_BODY:
            plan = await asyncio.to_thread(self.chat.plan, data, key)
        else:
            plan = self.chat.plan(data, key)
        self.active += 1
        try:
            await (_stream if plan.stream else _whole)(exchange, plan, started)
        finally:
            self.active -= 1

    async def _models(self, exchange: Exchange) -> None:
        _key(exchange)
        rows = [model_json(name, profile) for name, profile in self.chat.profiles.items()]
        await exchange.answer(to_json({"object": "list", "data": rows}), http.JSON, _request_id())

    async def _model(self, exchange: Exchange) -> None:
        _key(exchange)
        name = exchange.path.removeprefix("/v1/models/")
        row = model_json(name, self.chat.profile(name))
        await exchange.answer(to_json(row), http.JSON, _request_id())

    async def _page(self, exchange: Exchange) -> None:
        host, port = exchange.scope["server"]
        about = page.render(f"http://{host}:{port}", self.chat.profiles, about=self.about)
        await exchange.answer(about, http.HTML, http.FRESH)

    async def _health(self, exchange: Exchange) -> None:
        self._still_needed()
        told = self.about | {"active": self.active, "leases": self.leases}
        await exchange.answer(to_json(told), http.JSON, http.FRESH)

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


def _key(exchange: Exchange) -> str:
    """The bearer key; raises WireError 401 when there is none. Any key but an empty one is good."""
    scheme, _, key = exchange.header(b"authorization").decode("latin-1").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        told = (
            "You didn't provide an API key. Send one in a header, like this: "
            "Authorization: Bearer YOUR_KEY (this simulator takes any key that is not empty)."
        )
        raise WireError(401, told, code="invalid_api_key")
    return key.strip()


def _request_id() -> tuple[bytes, bytes]:
    return b"x-request-id", new_id("req_").encode()


async def _refuse(exchange: Exchange, error: WireError) -> None:
    await exchange.answer(
        error.json(), http.JSON, _request_id(), *error.headers, status=error.status
    )


async def _whole(exchange: Exchange, plan: Plan, started: float) -> None:
    if (wait_s := plan.end_s + started - time.perf_counter()) > 0:
        gone = exchange.leaving()
        await asyncio.wait({gone}, timeout=wait_s)
        if gone.done():
            raise ClientGone
        gone.cancel()
    spent_ms = b"%d" % ((time.perf_counter() - started) * 1000)
    timing = (b"openai-processing-ms", spent_ms)
    await exchange.answer(plan.body(), http.JSON, _request_id(), timing)


async def _stream(exchange: Exchange, plan: Plan, started: float) -> None:
    gone = exchange.leaving()
    ready = bytearray()
    try:
        for due_s, event in plan.events():
            wait_s = started + due_s - time.perf_counter() if due_s else 0
            if wait_s > 0 or len(ready) > FLUSH:
                if ready:
                    await exchange.write(bytes(ready))
                    ready.clear()
                await asyncio.sleep(wait_s)
            if gone.done():
                raise ClientGone
            if not exchange.answering:
                await exchange.begin(http.EVENTS, http.FRESH, _request_id())
            ready += event
        await exchange.write(bytes(ready), more=False)
    finally:
        gone.cancel()
