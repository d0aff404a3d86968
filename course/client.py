"""`connect()`: a stock openai client for the course's simulator, OpenAI, or a gateway.

    client = connect()
    client.chat.completions.create(model=…, messages=[…])

Without a key it is the simulator on this computer; OPENAI_API_KEY makes it OpenAI, and
OPENAI_BASE_URL any service that speaks the same language. The learner gets openai's own client:
the meter and the budget hang on the http client below it.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import openai

from course import mistakes, prices, service, turns
from course.budget import Budget
from course.cache import Cache
from course.errors import CourseError
from course.metering import Terms
from course.sending import AsyncMeteredClient, MeteredClient
from course.simulator import Simulator, SocketSimulator, at_socket

if TYPE_CHECKING:
    import os
    from decimal import Decimal

SIMULATOR_LINE = (
    "Connected to the course's simulator on this computer{why}: "
    "replies are simulated, nothing is charged."
)

_simulator = Simulator()
_own_simulators: dict[str, Simulator] = {}


def connect(
    *,
    asynchronous: bool = False,
    budget_usd: "str | Decimal | int | float | Budget | None" = None,
    cache: "str | os.PathLike | None" = None,
    simulate: Mapping[str, object] | None = None,
    pacer: turns.Pacer | None = None,
    timeout: float | None = None,
    max_retries: int | None = None,
) -> openai.OpenAI | openai.AsyncOpenAI:
    """A client to call models with, openai.OpenAI or (asynchronous) openai.AsyncOpenAI.

    It says in one line what it is connected to. `budget_usd`, such as "0.25", is the most that
    all its calls may cost: a call whose worst case would pass it is not sent (BudgetExceeded).
    A `Budget` can be given instead, to look at later or to share between clients.

    `cache` is a folder: a call that was answered before, with the very same body, is answered
    from there, costs nothing, and the meter says so; whatever its temperature. The folder holds
    what models answered, which may be private, but no key.

    `simulate` asks for the simulator even where a key is set, and with options of its own:
    simulate={"tier": "1", "speed": 0}, as `course endpoint --help` lists them.

    `pacer`, a Pacer from course.throughput, lets every call wait for its turn, so that the
    service's rate limits are kept; one can be shared between clients.

    `timeout` (seconds) and `max_retries` are openai's own settings. A refused key, a host that
    cannot be reached and a malformed setting are a CourseError each.
    """
    shared = budget_usd is None or isinstance(budget_usd, Budget)
    budget = budget_usd if shared else Budget(budget_usd)
    folder = None if cache is None else Cache(cache)
    if pacer is not None and not turns.is_pacer(pacer):
        raise CourseError(
            f"pacer is {type(pacer).__name__}; make one with course.throughput.Pacer()."
        )
    simulator, name, why = _chosen_simulator(simulate)
    if simulator:
        key, line, url = simulator.key, SIMULATOR_LINE.format(why=why), simulator.start().url
    else:
        asked_for = service.asked_for()
        line = service.check(asked_for)
        key, url, name = asked_for.key or "none", asked_for.url, asked_for.url
    prices.load()
    options = {"timeout": timeout, "max_retries": max_retries}
    options = {name: value for name, value in options.items() if value is not None}
    metered = AsyncMeteredClient if asynchronous else MeteredClient
    stock = openai.AsyncOpenAI if asynchronous else openai.OpenAI
    terms = Terms(name, budget, folder, pacer)
    http_client = metered(simulator=simulator, terms=terms)
    client = stock(api_key=key, base_url=url, http_client=http_client, **options)
    mistakes.shorten()
    print(line)
    return client


def _chosen_simulator(
    simulate: Mapping[str, object] | None,
) -> tuple[Simulator | SocketSimulator | None, str, str]:
    """The simulator to use, if any; its name for the cache; and what the line says about why."""
    if simulate is not None:
        return *_own(simulate), ", as asked for with simulate=…"
    if simulator := at_socket():
        return simulator, "simulated", ""
    return (None if service.asked_for() else _simulator), "simulated", ""


def _own(options: Mapping[str, object]) -> tuple[Simulator, str]:
    if not isinstance(options, Mapping) or not all(isinstance(name, str) for name in options):
        raise CourseError(
            f"simulate is {type(options).__name__}; write options by name, such as "
            'simulate={"tier": "1", "speed": 0}.'
        )
    if not options:
        return _simulator, "simulated"
    told = json.dumps(dict(options), sort_keys=True, default=str)
    return _own_simulators.setdefault(told, Simulator(options)), f"simulated {told}"
