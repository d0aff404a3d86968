"""How fast many short texts are classified in packs: run_packed, the plain SDK, bare aiohttp.

    python tests/benchmarks/packed_volume.py [--entries 100000] [--pack 20] [-- ARGUMENTS]

The endpoint has one core and waits 1.2 s before each answer; the ways have the other core
in turns, with the same packs. Every entry must be answered once, with the answer that the
reference says this very text gets, or the run ends with an error.
"""

import argparse
import asyncio
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import servers
from mails import LABELS, MODEL, answers_to, order_mails
from packed_ways import KEY, WAYS, request
from servers import Server

from course.endpoint.limits import needed, tier
from course.endpoint.simulation.reference import Item
from course.throughput.packing import Pack, pack
from course.tokens import count_request

LATENCY = (
    *("--time-to-first-token", "1.2", "--time-to-first-token-std-dev", "0"),
    *("--inter-token-latency", "0", "--prefill-time-per-token", "0"),
)
"""1.2 s from request to reply, always; no further time for a token of the prompt or the answer."""
TIERS = ("1", "2", "3", "5")


@dataclass(frozen=True)
class Round:
    """One way in one round: entries a second, CPU time for an entry on either side in µs.

    `others` is the share of both cores that other programs, and other machines, took.
    """

    rate: float
    own_us: float
    server_us: float
    others: float


def main() -> int:
    asked = _arguments()
    servers.needs("taskset")
    server_core, own_core = servers.cores()
    os.sched_setaffinity(0, {own_core})
    print(servers.machine())
    items = order_mails(asked.entries)
    packs = pack([item.text for item in items], asked.pack, labels=LABELS)
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder) / "entries.jsonl"
        book.write_text("\n".join(item.model_dump_json() for item in items), encoding="utf-8")
        line = servers.endpoint([*LATENCY, "--tasks", str(book), *asked.endpoint])
        began = time.perf_counter()
        with servers.running("endpoint", line, core=server_core) as server:
            took_s = time.perf_counter() - began
            print(f"The endpoint ({' '.join(LATENCY + tuple(asked.endpoint))}) was there in")
            print(f"{took_s:.1f} s, {asked.entries:,} entries with their references among it.")
            _compare(server, packs, items, asked)
    _print_limits(packs)
    return 0


def _arguments() -> argparse.Namespace:
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--entries", type=int, default=100_000)
    reader.add_argument("--pack", type=int, default=20, help="entries in a request")
    reader.add_argument("--in-flight", type=int, default=256, help="requests at once")
    reader.add_argument("--rounds", type=int, default=3)
    reader.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    reader.add_argument("endpoint", nargs="*", default=[], help="after --: for the endpoint")
    return reader.parse_args()


def _compare(
    server: Server, packs: Sequence[Pack], items: Sequence[Item], asked: argparse.Namespace
) -> None:
    expected = answers_to(packs, items)
    right = sum(item.answer == said for item, said in zip(items, expected, strict=True))
    least_s = -(-len(packs) // asked.in_flight) * 1.2
    print(f"{len(packs):,} packs of {asked.pack}, {asked.in_flight} in flight; waiting alone")
    print(f"takes {least_s:.1f} s. By the reference {right / len(items):.1%} of answers are right.")
    seen: dict[str, list[Round]] = {name: [] for name in asked.ways}
    for number in range(-1, asked.rounds):
        # The first round, a short one, only warms up; each later one begins with another way.
        some = packs if number >= 0 else packs[: 2 * asked.in_flight]
        for name in (*asked.ways[number:], *asked.ways[:number]) if number > 0 else asked.ways:
            one = _round(server, name, some, expected, asked.in_flight)
            if number >= 0:
                seen[name].append(one)
    _report(seen, len(items))


def _round(
    server: Server, name: str, packs: Sequence[Pack], expected: Sequence[str], in_flight: int
) -> Round:
    gc.collect()
    called, before = _calls(server), _used(server)
    answers = asyncio.run(WAYS[name](f"http://127.0.0.1:{server.port}/v1", packs, in_flight))
    seconds, own, its, all_s = (b - a for a, b in zip(before, _used(server), strict=True))
    count = sum(map(len, packs))
    if sorted(answers) != list(range(count)):
        raise SystemExit(f"{name}: {len(answers):,} of {count:,} entries are answered.")
    if wrong := sum(said != expected[at] for at, said in answers.items()):
        raise SystemExit(f"{name}: {wrong:,} entries have another's answer.")
    if (calls := _calls(server) - called) != len(packs):
        raise SystemExit(f"{name}: {calls:,} calls were made for {len(packs):,} packs.")
    others = max(all_s - own - its, 0) / seconds / 2
    return Round(count / seconds, own / count * 1e6, its / count * 1e6, others)


def _used(server: Server) -> tuple[float, float, float, float]:
    """The clock, and CPU time: this process's, the endpoint's, all programs' on both cores."""
    busy = sum(map(servers.busy_s, servers.cores()))
    return time.perf_counter(), time.process_time(), server.cpu_s(), busy


def _calls(server: Server) -> int:
    """How many calls the endpoint's truth log has, by the number of the last."""
    told = json.loads(server.ask("GET", "/truth?since=0", key=KEY))["data"]
    return max((record["number"] for record in told), default=0)


def _report(seen: dict[str, list[Round]], count: int) -> None:
    print(
        "\n| way | entries/s | all in | CPU here | CPU of the endpoint | rate by SDK's | others |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, rounds in seen.items():
        rates = [one.rate for one in rounds]
        own, its, others = (_median(rounds, of) for of in ("own_us", "server_us", "others"))
        ratios = [a.rate / b.rate for a, b in zip(rounds, seen.get("SDK", rounds), strict=True)]
        print(
            f"| {name} | {_spread(rates, '{:,.0f}')} | {count / statistics.median(rates):.1f} s "
            f"| {own:.0f} µs | {its:.0f} µs | {_spread(ratios, '{:.2f}')} | {others:.0%} |"
        )
    if "run_packed" in seen and "SDK on aiohttp" in seen:
        pairs = zip(seen["run_packed"], seen["SDK on aiohttp"], strict=True)
        extra = [ours.own_us / bare.own_us - 1 for ours, bare in pairs]
        print(f"\nrun_packed's CPU over that of the client below it: {_spread(extra, '{:+.0%}')}.")


def _median(rounds: Sequence[Round], of: str) -> float:
    return statistics.median(getattr(one, of) for one in rounds)


def _spread(values: Sequence[float], how: str) -> str:
    """The median, and the lowest and the highest."""
    shown = map(how.format, (statistics.median(values), min(values), max(values)))
    return "{} ({} to {})".format(*shown)


def _print_limits(packs: Sequence[Pack]) -> None:
    """Which tier's limits let 100,000 entries a minute through."""
    some = [packs[0], packs[len(packs) // 2], packs[-1]]
    each = statistics.mean(needed(count_request(request(one)), None) / len(one) for one in some)
    requests, tokens = 100_000 / len(packs[0]), 100_000 * each
    print(
        f"100,000 entries a minute are {requests:,.0f} requests and {tokens:,.0f} tokens a minute."
    )
    for limits in (tier(name, MODEL) for name in TIERS):
        most = min(limits.requests_per_minute / requests, limits.tokens_per_minute / tokens)
        a_day = f", {per_day:,} a day" if (per_day := limits.requests_per_day) else ""
        print(
            f"  tier {limits.name}: {limits.requests_per_minute:,} requests{a_day} and "
            f"{limits.tokens_per_minute:,} tokens let {100_000 * most:,.0f} entries through."
        )


if __name__ == "__main__":
    sys.exit(main())
