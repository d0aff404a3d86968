"""The http clients below openai's own: cache, meter and budget hang on their `send`."""

import asyncio
import contextlib
import json
import re
import ssl

import httpx2
import openai

from course import batch_metering, timing
from course.budget import BudgetExceeded
from course.metering import Call, Terms
from course.passing import Watcher
from course.session import TellingTransport
from course.simulator import Simulator, SocketSimulator
from course.worst_case import APIS, api_of

_CACHED_APIS = ("chat", "responses", "embeddings")
_FREE = re.compile(
    r"/(files|moderations|uploads(/.*)?|(batches|responses)/[^/]+/cancel"
    r"|responses/input_tokens|chat/completions/[^/]+|conversations(/.*)?)$"
)
_SHORTEST_KEY = 8


class _Metered:
    """What the two http clients share: which requests are calls, and where they go."""

    def __init__(self, *, simulator: Simulator | SocketSimulator | None, terms: Terms, **options):
        self._simulator, self._terms = simulator, terms
        if simulator:
            # Never by way of a proxy; and the root certificates, slow to load, are not needed.
            options |= {"trust_env": False, "verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}
        super().__init__(**options)

    def _begin(self, request: httpx2.Request, *, stream: bool) -> Watcher | None:
        timing.send(None)
        if stream:
            request.headers["accept-encoding"] = "identity"  # so that passing bytes can be read
        if self._is_priced_upload(request):
            return batch_metering.Upload(request, self._terms)
        if batch_metering.is_batch(request):
            return batch_metering.BatchLook(request, self._terms)
        return _call(request, self._terms)

    def _is_priced_upload(self, request: httpx2.Request) -> bool:
        return self._terms.budget is not None and batch_metering.is_upload(request)


class MeteredClient(_Metered, openai.DefaultHttpxClient):
    """openai's own http client, with cache, meter and budget in `send`."""

    def __init__(self, *, simulator, **options):
        if simulator and simulator.socket_path:
            limits = openai.DEFAULT_CONNECTION_LIMITS
            options["transport"] = httpx2.HTTPTransport(
                uds=simulator.socket_path,
                limits=limits,
                trust_env=False,
                verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            )
        super().__init__(simulator=simulator, **options)

    def send(self, request, *, stream=False, **options):
        if self._is_priced_upload(request):
            request.read()
        watcher = self._begin(request, stream=stream)
        if isinstance(watcher, Call) and watcher.kept:
            return watcher.replay(request)
        try:
            if watcher:
                watcher.turn_sync()
            response = self._send(request, stream=stream, **options)
            if response.is_error:
                response.read()
                response = _without_key(response, request)
        except BaseException as error:
            if watcher:
                watcher.fail(error)
            raise
        if watcher:
            watcher.watch(response, whole=not stream)
        return response

    def _send(self, request, **options):
        if self._simulator is None:
            return super().send(request, **options)
        address = self._simulator.direct(request)
        try:
            return super().send(request, **options)
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            self._simulator.start(unless=address)
            self._simulator.direct(request)
            return super().send(request, **options)

    def __del__(self):
        with contextlib.suppress(Exception):
            self.close()


class AsyncMeteredClient(_Metered, openai.DefaultAioHttpClient):
    """The same for asyncio, on aiohttp: many calls at once cost it least."""

    def _init_transport(self, **options):
        transport = super()._init_transport(**options)
        if self._simulator and self._simulator.socket_path:
            transport.uds = self._simulator.socket_path
        return TellingTransport(transport)

    def _init_proxy_transport(self, **options):
        return TellingTransport(super()._init_proxy_transport(**options))

    async def send(self, request, *, stream=False, **options):
        if self._is_priced_upload(request):
            # A large file takes seconds to count: no other call waits for it.
            await request.aread()
            watcher = await asyncio.to_thread(self._begin, request, stream=stream)
        else:
            watcher = self._begin(request, stream=stream)
        if isinstance(watcher, Call) and watcher.kept:
            return watcher.replay(request)
        try:
            if watcher:
                await watcher.turn()
            response = await self._send(request, stream=stream, **options)
            if response.is_error:
                await response.aread()
                response = _without_key(response, request)
        except BaseException as error:
            if watcher:
                watcher.fail(error)
            raise
        if watcher:
            watcher.watch(response, whole=not stream)
        return response

    async def _send(self, request, **options):
        if self._simulator is None:
            return await super().send(request, **options)
        address = self._simulator.direct(request)
        try:
            return await super().send(request, **options)
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            await asyncio.to_thread(self._simulator.start, unless=address)
            self._simulator.direct(request)
            return await super().send(request, **options)

    def __del__(self):
        # Its sockets are closed in the first step, for which no event loop need be running.
        closing = self.aclose()
        with contextlib.suppress(Exception):
            closing.send(None)
        closing.close()


def _call(request: httpx2.Request, terms: Terms) -> Call | None:
    """The call that a request is; None for a free one. BudgetExceeded for one without a price."""
    path = request.url.path
    api, free = api_of(path), _FREE.search(path) is not None
    body = _model_call(request)
    if terms.budget and request.method == "POST" and not free:
        _refuse_unpriced(path, api, body)
    if body is None or (free and api != "moderations"):
        return None
    place = None
    # What stands behind a ? may be a key.
    if terms.cache and api in _CACHED_APIS and not request.url.query:
        place = terms.cache.place(terms.service, path, body)
    return Call(body, api, terms, place=place, secret=_key(request))


def _refuse_unpriced(path: str, api: str, body: dict | None) -> None:
    if api not in APIS.values():
        raise BudgetExceeded(
            "Not sent: a budget can only guard chat completions, responses, embeddings and "
            f"batches, not {path}; use a client from connect() without budget_usd for it."
        )
    if body is None:
        raise BudgetExceeded(
            f"Not sent: this request to {path} names no model, so its price is unknown; "
            "pass model=…."
        )


def _model_call(request: httpx2.Request) -> dict | None:
    if request.method != "POST" or "json" not in request.headers.get("content-type", ""):
        return None
    with contextlib.suppress(ValueError, RecursionError, httpx2.RequestNotRead):
        body = json.loads(request.content)
        if isinstance(body, dict) and isinstance(body.get("model"), str):
            return body
    return None


def _key(request: httpx2.Request) -> bytes:
    """The key that a request is sent with; empty if there is none worth hiding."""
    key = request.headers.get("authorization", "").rpartition(" ")[2].encode()
    return key if len(key) >= _SHORTEST_KEY else b""


def _without_key(response: httpx2.Response, request: httpx2.Request) -> httpx2.Response:
    """An error as it came, but for the key: some gateways say which one they refuse."""
    key, said = _key(request), response.content
    if not key or key not in said:
        return response
    packing = ("content-length", "content-encoding", "transfer-encoding")
    headers = [pair for pair in response.headers.multi_items() if pair[0].lower() not in packing]
    cleared = httpx2.Response(
        response.status_code,
        headers=headers,
        content=said.replace(key, b"(the key)"),
        request=request,
        extensions=response.extensions,
    )
    cleared.elapsed = response.elapsed
    return cleared
