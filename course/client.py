"""`connect()`: a stock openai client for the course's simulator, OpenAI, or a gateway.

    client = connect()
    client.chat.completions.create(model=…, messages=[…])

Without a key it is the simulator on this computer; OPENAI_API_KEY makes it OpenAI, and
OPENAI_BASE_URL any service that speaks the same language. The learner gets openai's own client:
the meter and the budget hang on the http client below it.
"""

import asyncio
import contextlib
import json
import secrets
import ssl
import threading
from typing import TYPE_CHECKING

import httpx2
import openai

from course import mistakes, prices, service
from course.budget import Budget
from course.endpoint import local
from course.metering import Call, only_chat

if TYPE_CHECKING:
    from decimal import Decimal

SIMULATOR_LINE = (
    "Connected to the course's simulator on this computer: "
    "replies are simulated, nothing is charged."
)


class Simulator:
    """The embedded endpoint as this process knows it: where it is, and the lease on it."""

    def __init__(self):
        # A key of its own, so that cached prefixes belong to this process alone.
        self.key = f"course-{secrets.token_hex(8)}"
        self._lock = threading.Lock()
        self._address = self._lease = None

    def start(self, *, unless: "local.Address | None" = None) -> "local.Address":
        """Where it runs, started where needed; at once if it is no longer where `unless` says."""
        with self._lock:
            if unless is None or self._address is unless:
                self._address = local.ensure(port=self._address.port if self._address else None)
                self._lease = local.lease(self._address)
            return self._address

    def direct(self, request: httpx2.Request) -> "local.Address":
        """Point a request to where the endpoint is now."""
        address = self._address
        if request.url.port != address.port:
            request.url = request.url.copy_with(host=address.host, port=address.port)
            request.headers["host"] = f"{address.host}:{address.port}"
        return address


_simulator = Simulator()


class _Metered:
    """What the two http clients share: which requests are calls, and where they go."""

    def __init__(self, *, simulator: Simulator | None, budget: Budget | None, **options):
        self._simulator, self._budget = simulator, budget
        if simulator:
            # Never by way of a proxy; and the root certificates, slow to load, are not needed.
            options |= {"trust_env": False, "verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)}
        super().__init__(**options)

    def _begin(self, request: httpx2.Request, *, stream: bool) -> Call | None:
        if stream:
            request.headers["accept-encoding"] = "identity"  # so that passing bytes can be read
        body = _model_call(request)
        if body is None:
            if self._budget and request.method == "POST":
                only_chat(request.url.path)  # a batch names no model, and costs
            return None
        simulated = self._simulator is not None
        return Call(body, request.url.path, budget=self._budget, simulated=simulated)


class MeteredClient(_Metered, openai.DefaultHttpxClient):
    """openai's own http client, with the meter and the budget in `send`."""

    def send(self, request, *, stream=False, **options):
        call = self._begin(request, stream=stream)
        try:
            response = self._send(request, stream=stream, **options)
        except BaseException as error:
            if call:
                call.fail(error)
            raise
        if call:
            call.watch(response, whole=not stream)
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

    async def send(self, request, *, stream=False, **options):
        call = self._begin(request, stream=stream)
        try:
            response = await self._send(request, stream=stream, **options)
        except BaseException as error:
            if call:
                call.fail(error)
            raise
        if call:
            call.watch(response, whole=not stream)
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


def _model_call(request: httpx2.Request) -> dict | None:
    if request.method != "POST" or "json" not in request.headers.get("content-type", ""):
        return None
    with contextlib.suppress(ValueError, httpx2.RequestNotRead):
        body = json.loads(request.content)
        if isinstance(body, dict) and isinstance(body.get("model"), str):
            return body
    return None


def connect(
    *,
    asynchronous: bool = False,
    budget_usd: "str | Decimal | int | float | Budget | None" = None,
    timeout: float | None = None,
    max_retries: int | None = None,
) -> openai.OpenAI | openai.AsyncOpenAI:
    """A client to call models with, openai.OpenAI or (asynchronous) openai.AsyncOpenAI.

    It says in one line what it is connected to. `budget_usd`, such as "0.25", is the most that
    all its calls may cost: a call whose worst case would pass it is not sent (BudgetExceeded).
    A `Budget` can be given instead, to look at later or to share between clients.
    `timeout` (seconds) and `max_retries` are openai's own settings. A refused key, a host that
    cannot be reached and a malformed setting are a CourseError each.
    """
    shared = budget_usd is None or isinstance(budget_usd, Budget)
    budget = budget_usd if shared else Budget(budget_usd)
    asked_for = service.asked_for()
    if asked_for is None:
        simulator, key, line = _simulator, _simulator.key, SIMULATOR_LINE
        url = simulator.start().url
    else:
        line = service.check(asked_for)
        simulator, key, url = None, asked_for.key or "none", asked_for.url
    prices.load()
    options = {"timeout": timeout, "max_retries": max_retries}
    options = {name: value for name, value in options.items() if value is not None}
    metered = AsyncMeteredClient if asynchronous else MeteredClient
    stock = openai.AsyncOpenAI if asynchronous else openai.OpenAI
    http_client = metered(simulator=simulator, budget=budget)
    client = stock(api_key=key, base_url=url, http_client=http_client, **options)
    mistakes.shorten()
    print(line)
    return client
