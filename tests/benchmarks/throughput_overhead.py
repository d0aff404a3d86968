"""What `measure` costs for each call: CPU and time, beside the loops that one would write oneself.

    python tests/benchmarks/throughput_overhead.py [--stream] [-- ARGUMENTS OF THE ENDPOINT]

In turns, from one process on one core, against the endpoint on another, which does not let
anybody wait for tokens: what is measured is the client.
"""

import argparse
import asyncio
import contextlib
import gc
import io
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
import openai
import servers

from course import connect
from course.throughput import measure

KEY = "overhead"
BASE = "connect()"
"""Whose cost the others' is told in."""


@dataclass(frozen=True)
class Cost:
    """What a call cost in one round, in µs."""

    cpu: float
    time: float


Call = Callable[[int], Awaitable[object]]
Loop = Callable[[list[int]], Awaitable[object]]


def main() -> int:
    asked = _arguments()
    servers.needs("taskset")
    print(servers.machine())
    server_core, own_core = servers.cores()
    command = servers.endpoint(["--speed", "0", "--tier", "none", *asked.endpoint])
    with servers.running("endpoint", command, core=server_core) as server:
        os.sched_setaffinity(0, {own_core})
        url = f"http://127.0.0.1:{server.port}/v1"
        os.environ |= {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": KEY}
        _report(asyncio.run(_rounds(url, asked)), asked)
    return 0


def _arguments() -> argparse.Namespace:
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--rounds", type=int, default=9)
    reader.add_argument("--calls", type=int, default=1000, help="in each round, of each loop")
    reader.add_argument("--concurrency", type=int, default=32)
    reader.add_argument("--stream", action="store_true", help="calls that stream")
    reader.add_argument("endpoint", nargs="*", default=[], help="after --: for the endpoint")
    return reader.parse_args()


async def _rounds(url: str, asked: argparse.Namespace) -> dict[str, list[Cost]]:
    seen: dict[str, list[Cost]] = {}
    headers = {"Authorization": f"Bearer {KEY}"}
    with contextlib.redirect_stdout(io.StringIO()):
        metered = connect(asynchronous=True)
    async with (
        aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as session,
        openai.AsyncOpenAI(http_client=openai.DefaultAioHttpClient()) as plain,
        metered,
    ):
        loops = {
            "bare aiohttp": _gathered(_bare(session, url, asked.stream), asked),
            "AsyncOpenAI on aiohttp": _gathered(_sdk(plain, asked.stream), asked),
            BASE: _gathered(_sdk(metered, asked.stream), asked),
            "connect() in measure": _measured(_sdk(metered, asked.stream), asked),
        }
        for number in range(-1, asked.rounds):
            for name, loop in loops.items():
                # the first round, a short one, only warms up
                calls = asked.calls if number >= 0 else min(asked.calls, 100)
                cost = await _cost(loop, [number * asked.calls + place for place in range(calls)])
                if number >= 0:
                    seen.setdefault(name, []).append(cost)
    return seen


async def _cost(loop: Loop, inputs: list[int]) -> Cost:
    gc.collect()
    cpu, began = time.process_time(), time.perf_counter()
    await loop(inputs)
    cpu, took = time.process_time() - cpu, time.perf_counter() - began
    return Cost(1e6 * cpu / len(inputs), 1e6 * took / len(inputs))


def _gathered(call: Call, asked: argparse.Namespace) -> Loop:
    """The loop that one writes oneself: all at once, a semaphore lets so many through."""

    async def loop(inputs: list[int]) -> object:
        turn = asyncio.Semaphore(asked.concurrency)

        async def one(given: int) -> object:
            async with turn:
                return await call(given)

        return await asyncio.gather(*map(one, inputs))

    return loop


def _measured(call: Call, asked: argparse.Namespace) -> Loop:
    async def loop(inputs: list[int]) -> object:
        run = await measure(call, inputs, concurrency=asked.concurrency, stagger_s=0)
        if (run.calls.error != "").any():
            raise SystemExit(f"A call failed: {run.calls.error.max()}")
        return run

    return loop


def _body(given: int, stream: bool) -> dict:
    asked = f"Question {given}: which of these words is the longest?"
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": asked}]}
    return body | {"stream": True} if stream else body


def _bare(session: aiohttp.ClientSession, url: str, stream: bool) -> Call:
    async def call(given: int) -> object:
        address = f"{url}/chat/completions"
        async with session.post(address, json=_body(given, stream)) as reply:
            reply.raise_for_status()
            return await (reply.read() if stream else reply.json())

    return call


def _sdk(client: openai.AsyncOpenAI, stream: bool) -> Call:
    async def call(given: int) -> object:
        reply = await client.chat.completions.create(**_body(given, stream))
        return [event async for event in reply] if stream else reply

    return call


def _report(seen: dict[str, list[Cost]], asked: argparse.Namespace) -> None:
    kind = "streamed" if asked.stream else "whole"
    print(f"\n{asked.rounds} rounds of {asked.calls:,} calls, replies {kind}, ", end="")
    print(f"{asked.concurrency} in flight.\n")
    print(f"| loop | CPU µs a call (min–max) | of {BASE} | time µs a call | of {BASE} |")
    print("|---|---|---|---|---|")
    for name, costs in seen.items():
        pairs = list(zip(costs, seen[BASE], strict=True))
        cpu = _spread([one.cpu / base.cpu for one, base in pairs], ".2f")
        took = _spread([one.time / base.time for one, base in pairs], ".2f")
        print(
            f"| {name} | {_spread([one.cpu for one in costs], ',.0f')} | {cpu} "
            f"| {_spread([one.time for one in costs], ',.0f')} | {took} |"
        )


def _spread(values: list[float], how: str) -> str:
    return f"{statistics.median(values):{how}} ({min(values):{how}}–{max(values):{how}})"


if __name__ == "__main__":
    sys.exit(main())
