"""A class of a thousand on loopback: how soon they are in, and how soon an answer is safe.

    python tests/benchmarks/live.py [--students 1000] [--rounds 5] [--only answers kill …]

The server has one core, all students together another. A student is one WebSocket connection of
its own, in the clear; it joins by the meeting's code with a token of its own (no account, no
cookie), and the instructor by the secret. An answer counts as safe when the server's `saved` is
here: its event is committed (SQLite, write-ahead log, synchronous = FULL) by then.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path

import live_servers
import live_troubles
import servers
from live_clients import Teacher
from live_meeting import SPREAD_S, Meeting, compare, echo_all, echo_clients, join, leave, ms
from live_servers import Place

SIZES = (10, 100, 300, 1000, 3000)
PARTS = ("answers", "kill", "churn", "network", "sizes")


def main() -> int:
    asked = _arguments()
    servers.needs("taskset")
    core, own = servers.cores()
    print(servers.machine())
    with tempfile.TemporaryDirectory() as folder:
        root = live_servers.course(Path(folder))
        place = Place(root, asked.db or str(root / "live.db"))
        live_servers.set_core(own)
        print(f"Load on both cores before: {_others(core, own):.0%}; {_disk(root)}")
        failed = []
        for part in asked.only:
            print(f"\n{part}")
            failed += [f"{part}: {one}" for one in _PARTS[part](asked, place, core)]
    for one in failed:
        print(f"FAILED {one}")
    return bool(failed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5, help="answers spread, and at once")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--seconds", type=float, default=20.0, help="of coming and going")
    parser.add_argument("--delay-ms", type=float, default=150.0, help="each way")
    parser.add_argument("--loss", type=float, default=0.05, help="share of packets, each way")
    parser.add_argument("--db", help="postgresql://…, say, instead of a file of SQLite")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    return parser.parse_args()


def _answering(asked, place: Place, core: int) -> list[str]:
    with (
        live_servers.live(place, core=core) as live,
        live_servers.echo(core=core, root=place.root) as at,
    ):
        return asyncio.run(_answering_in(asked, place, live, at))


async def _answering_in(asked, place: Place, live, echo_port: int) -> list[str]:
    students, seconds = await join(live, asked.students)
    print(f"{asked.students} joined in {seconds:.2f} s; {live.memory_mb():.0f} MB")
    teacher = Teacher(live.host, live.port, live.secret)
    await teacher.come()
    meeting, echoes = Meeting(teacher), await echo_clients(echo_port, asked.students)
    seen: dict[str, list[float]] = {}
    for number in range(asked.rounds):
        for name, spread in (("spread", SPREAD_S), ("at once", 0.0)):
            cpu = live.cpu_s()
            times = await meeting.vote(students, spread)
            cpu = (live.cpu_s() - cpu) / asked.students
            bare = await echo_all(echoes, spread)
            print(f"{number + 1} {name:8} class {times} ({cpu * 1e6:.0f} µs CPU); echo {bare}")
            seen.setdefault(name, []).append(times.p99)
            seen.setdefault(f"{name}, echo", []).append(bare.p99)
    for name, found in seen.items():
        low, high = ms(min(found)), ms(max(found))
        print(f"p99 {name}: {low} to {high}, median {ms(statistics.median(found))}")
    failed = compare(place, live.code, students)
    limits = (("spread", 0.1), ("at once", 0.2))
    failed += [f"p99 {name}" for name, most in limits if statistics.median(seen[name]) > most]
    failed += ["joining took over 10 s"] if seconds > 10 else []
    leave(students, teacher)
    return failed


def _growing(asked, place: Place, core: int) -> list[str]:
    """Memory and time by the number of students."""
    failed = []
    print("students  joined in  memory  CPU a join  p99 spread  p99 at once")
    for size in asked.sizes:
        with live_servers.live(place, core=core) as live:
            failed += asyncio.run(_of_size(size, place, live))
    return failed


async def _of_size(size: int, place: Place, live) -> list[str]:
    empty, cpu = live.memory_mb(), live.cpu_s()
    students, seconds = await join(live, size)
    cpu = (live.cpu_s() - cpu) / size
    teacher = Teacher(live.host, live.port, live.secret)
    await teacher.come()
    meeting = Meeting(teacher)
    spread, at_once = [await meeting.vote(students, s) for s in (SPREAD_S, 0.0)]
    memory = live.memory_mb()
    print(f"{size:8}  {seconds:7.2f} s  {memory:3.0f} MB (+{memory - empty:.0f})  "
          f"{cpu * 1e3:.2f} ms  {ms(spread.p99):>9}  {ms(at_once.p99):>9}")  # fmt: skip
    failed = compare(place, live.code, students)
    leave(students, teacher)
    return failed


def _others(*cores: int) -> float:
    """The share of the cores that anything takes while this waits."""
    before = sum(map(servers.busy_s, cores))
    time.sleep(1.0)
    return (sum(map(servers.busy_s, cores)) - before) / len(cores)


def _disk(root: Path) -> str:
    """What one small fsync takes here: the least that a commit costs."""
    took = []
    with (root / "fsync").open("wb") as file:
        for _ in range(50):
            file.write(b"x" * 4096)
            file.flush()
            start = time.perf_counter()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - start)
    return f"an fsync takes {statistics.median(took) * 1000:.2f} ms (worst of 50: {ms(max(took))})"


_PARTS = {
    "answers": _answering,
    "kill": live_troubles.killing,
    "churn": live_troubles.churning,
    "network": live_troubles.over_the_network,
    "sizes": _growing,
}

if __name__ == "__main__":
    raise SystemExit(main())
