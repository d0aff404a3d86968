"""A class of a thousand on loopback: how soon they are in, and how soon an answer is safe.

    python tests/benchmarks/live.py [--students 1000] [--rounds 5] [--only answers kill …]

The server has one core, all students together another. A student is one WebSocket connection of
its own, in the clear; it joins by the meeting's code with a token of its own (no account, no
cookie), and the instructor by the secret. An answer counts as safe when the server's `saved` is
here: its event is committed (SQLite, write-ahead log, synchronous = FULL) by then.
"""

import argparse
import asyncio
import contextlib
import random
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import live_network
import live_servers
import servers
from live_clients import Student, Teacher, Wire, frame

SPREAD_S = 1.5
SIZES = (10, 100, 300, 1000, 3000)
CHURN = 200
PARTS = ("answers", "kill", "churn", "network", "sizes")
WAIT_S = 120.0


def main() -> int:
    asked = _arguments()
    servers.needs("taskset")
    core, own = servers.cores()
    print(servers.machine())
    with tempfile.TemporaryDirectory() as folder:
        root = live_servers.course(Path(folder))
        live_servers.set_core(own)
        print(f"Load on both cores before: {_others(core, own):.0%}; {_disk(root)}")
        failed = []
        for part in asked.only:
            print(f"\n{part}")
            failed += [f"{part}: {one}" for one in _PARTS[part](asked, root, core)]
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
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    return parser.parse_args()


# what is measured


@dataclass(frozen=True)
class Times:
    """Seconds from send to acknowledged, of one round."""

    took: list[float]

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.took, n=100)[98] if len(self.took) > 1 else self.took[0]

    def __str__(self) -> str:
        middle, worst = statistics.median(self.took), max(self.took)
        return f"p50 {_ms(middle)}, p99 {_ms(self.p99)}, max {_ms(worst)}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


async def _join(live, count: int) -> tuple[list[Student], float]:
    """That many students, all at once; seconds until the last is in."""
    students = [Student(live.host, live.port, live.code, name=f"S {n}") for n in range(count)]
    start = time.perf_counter()
    coming = [asyncio.create_task(one.come()) for one in students]
    await asyncio.gather(*coming)
    await asyncio.wait_for(asyncio.gather(*(one.joined.wait() for one in students)), WAIT_S)
    return students, time.perf_counter() - start


class Meeting:
    """An instructor who takes one question after the other."""

    def __init__(self, teacher: Teacher):
        self.teacher, self.round, self.item = teacher, 0, ""

    async def open(self) -> None:
        self.item = self.teacher.items[self.round % len(self.teacher.items)]
        await self.teacher.do("choose", item=self.item)
        await self.teacher.do("open")
        await asyncio.sleep(0.3)  # everybody has the question by then
        if self.teacher.state["phase"] != "open":
            raise SystemExit("The question was opened, and nobody was told.")
        self.round = self.teacher.state["round"]

    async def vote(self, students: list[Student], spread_s: float) -> Times:
        """Everybody answers once, at random within so many seconds; until all is safe."""
        await self.open()
        for one in students:
            one.took.clear()
        await _answers(students, self.round, self.item, spread_s)
        await asyncio.wait_for(asyncio.gather(*(one.all_saved.wait() for one in students)), WAIT_S)
        await self.teacher.do("close")
        return Times([took for one in students for took in one.took])


async def _answers(students: list[Student], round: int, item: str, spread_s: float) -> None:
    plan = sorted((random.uniform(0, spread_s), number) for number in range(len(students)))
    start = time.perf_counter()
    for at, number in plan:
        late = start + at - time.perf_counter()
        if late > 0:
            await asyncio.sleep(late)
        students[number].answer(round, item, random.choice("ABCD"))


def _compare(root: Path, code: str, students: list[Student]) -> list[str]:
    """What is lost or doubled in the log, held against what students were told is safe."""
    kept = Counter(live_servers.kept(root, code))
    told = Counter(pair for one in students for pair in one.saved)
    lost = sum((told - kept).values())
    doubled = sum(count - 1 for count in kept.values())
    print(f"acknowledged {sum(told.values())}, in the log {sum(kept.values())}: "
          f"{lost} lost, {doubled} doubled")  # fmt: skip
    refused = [one for student in students for one in student.refused]
    said = [f"{lost} lost", f"{doubled} doubled"] if lost or doubled else []
    return said + ([f"{len(refused)} refused: {refused[0]}"] if refused else [])


# the parts


def _answering(asked, root: Path, core: int) -> list[str]:
    with live_servers.live(root, core=core) as live, live_servers.echo(core=core, root=root) as at:
        return asyncio.run(_answering_in(asked, root, live, at))


async def _answering_in(asked, root: Path, live, echo_port: int) -> list[str]:
    students, seconds = await _join(live, asked.students)
    print(f"{asked.students} joined in {seconds:.2f} s; {live.memory_mb():.0f} MB")
    teacher = Teacher(live.host, live.port, live.secret)
    await teacher.come()
    meeting, echoes = Meeting(teacher), await _echo_clients(echo_port, asked.students)
    seen: dict[str, list[float]] = {}
    for number in range(asked.rounds):
        for name, spread in (("spread", SPREAD_S), ("at once", 0.0)):
            cpu = live.cpu_s()
            times = await meeting.vote(students, spread)
            cpu = (live.cpu_s() - cpu) / asked.students
            bare = await _echo(echoes, spread)
            print(f"{number + 1} {name:8} class {times} ({cpu * 1e6:.0f} µs CPU); echo {bare}")
            seen.setdefault(name, []).append(times.p99)
            seen.setdefault(f"{name}, echo", []).append(bare.p99)
    for name, found in seen.items():
        low, high = _ms(min(found)), _ms(max(found))
        print(f"p99 {name}: {low} to {high}, median {_ms(statistics.median(found))}")
    failed = _compare(root, live.code, students)
    limits = (("spread", 0.1), ("at once", 0.2))
    failed += [f"p99 {name}" for name, most in limits if statistics.median(seen[name]) > most]
    failed += ["joining took over 10 s"] if seconds > 10 else []
    _leave(students, teacher)
    return failed


class _Echo:
    def __init__(self):
        self.took, self.ready, self.back = [], asyncio.Event(), asyncio.Event()

    def heard(self, body) -> None:
        if body is None:
            self.ready.set()
        else:
            self.took.append(time.perf_counter() - self.at)
            self.back.set()

    def send(self) -> None:
        self.back.clear()
        self.at = time.perf_counter()
        self.wire.transport.write(_ECHOED)


_ECHOED = frame(
    '{"type": "answer", "key": "0123456789abcdef", "round": 1, "item": "load-01", "x":"B"}'
)


async def _echo_clients(port: int, count: int) -> list[_Echo]:
    loop, clients = asyncio.get_running_loop(), [_Echo() for _ in range(count)]
    for one in clients:
        one.wire = Wire(f"127.0.0.1:{port}", one.heard, lambda code: None)
        await loop.create_connection(lambda o=one: o.wire, "127.0.0.1", port)
    await asyncio.gather(*(one.ready.wait() for one in clients))
    return clients


async def _echo(clients: list[_Echo], spread_s: float) -> Times:
    for one in clients:
        one.took.clear()
    plan = sorted((random.uniform(0, spread_s), number) for number in range(len(clients)))
    start = time.perf_counter()
    for at, number in plan:
        late = start + at - time.perf_counter()
        if late > 0:
            await asyncio.sleep(late)
        clients[number].send()
    await asyncio.wait_for(asyncio.gather(*(one.back.wait() for one in clients)), WAIT_S)
    return Times([one.took[0] for one in clients])


def _killing(asked, root: Path, core: int) -> list[str]:
    """kill -9 in the middle of a vote; the same command again; everybody goes on by themselves."""
    with live_servers.live(root, core=core) as live:
        return asyncio.run(_killing_in(asked, root, live, core))


async def _killing_in(asked, root: Path, live, core: int) -> list[str]:
    students, _ = await _join(live, asked.students)
    teacher = Teacher(live.host, live.port, live.secret)
    await teacher.come()
    meeting = Meeting(teacher)
    await meeting.open()
    answers = asyncio.create_task(_answers(students, meeting.round, meeting.item, SPREAD_S))
    await asyncio.sleep(SPREAD_S / 2)
    live.kill()
    killed = time.perf_counter()
    before = sum(len(one.saved) for one in students)
    kept = len(live_servers.kept(root, live.code))
    print(f"killed with {before} acknowledged, {kept} in the log")
    with contextlib.ExitStack() as stack:
        again = await asyncio.to_thread(
            stack.enter_context, live_servers.live(root, core=core, port=live.port, again=True)
        )
        print(f"answers again {time.perf_counter() - killed:.1f} s after the kill")
        await answers
        await asyncio.wait_for(asyncio.gather(*(one.all_saved.wait() for one in students)), WAIT_S)
        print(f"all answers safe {time.perf_counter() - killed:.1f} s after the kill")
        failed = [] if again.code == live.code else ["another meeting came back"]
        failed += _compare(root, live.code, students)
        _leave(students, teacher)
    return failed


def _churning(asked, root: Path, core: int) -> list[str]:
    """Some drop and come back every few seconds, while everybody answers."""
    with live_servers.live(root, core=core) as live:
        return asyncio.run(_churning_in(asked, root, live))


async def _churning_in(asked, root: Path, live) -> list[str]:
    students, _ = await _join(live, asked.students)
    teacher = Teacher(live.host, live.port, live.secret)
    await teacher.come()
    meeting, churning = Meeting(teacher), students[: min(CHURN, asked.students)]
    goers = [asyncio.create_task(_come_and_go(one)) for one in churning]
    stayed, end = [], time.perf_counter() + asked.seconds
    while time.perf_counter() < end:
        await meeting.vote(students, SPREAD_S)
        stayed.append(Times([t for one in students[len(churning) :] for t in one.took] or [0.0]))
    for goer in goers:
        goer.cancel()
    await asyncio.sleep(5)
    joins = sum(one.joins for one in churning)
    print(f"{len(churning)} came back {joins - len(churning)} times in {asked.seconds:.0f} s")
    for times in stayed:
        print(f"those who stayed: {times}")
    failed = _compare(root, live.code, students)
    failed += [] if all(one.here for one in students) else ["somebody did not come back"]
    failed += [] if teacher.counts["joined"] == len(students) else ["somebody is there twice"]
    _leave(students, teacher)
    return failed


async def _come_and_go(student: Student) -> None:
    while True:
        await asyncio.sleep(random.uniform(2, 5))
        student.drop()


def _over_the_network(asked, root: Path, core: int) -> list[str]:
    """Students behind a bad line: a namespace of its own, packets late and lost."""
    try:
        network = live_network.slow(delay_s=asked.delay_ms / 1000, loss=asked.loss)
        with network as bad, live_servers.live(root, core=core, host=bad.host) as live:
            return asyncio.run(_far_away(asked, root, live, bad))
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"not measured: it needs root and /dev/net/tun ({error})")
        return []


async def _far_away(asked, root: Path, live, bad) -> list[str]:
    with bad.inside():
        students, seconds = await _join(live, asked.students)
    print(f"{bad}: {asked.students} joined in {seconds:.1f} s")
    teacher = Teacher(live.host, live.port, live.secret)
    await teacher.come()
    meeting = Meeting(teacher)
    for _ in range(asked.rounds):
        times = await meeting.vote(students, SPREAD_S)
        print(f"{times} (a way there and back takes {2 * asked.delay_ms:.0f} ms)")
    print(f"{bad.passed} packets passed, {bad.dropped} dropped")
    failed = _compare(root, live.code, students)
    _leave(students, teacher)
    return failed


def _growing(asked, root: Path, core: int) -> list[str]:
    """Memory and time by the number of students."""
    failed = []
    print("students  joined in  memory  CPU a join  p99 spread  p99 at once")
    for size in asked.sizes:
        with live_servers.live(root, core=core) as live:
            failed += asyncio.run(_of_size(size, root, live))
    return failed


async def _of_size(size: int, root: Path, live) -> list[str]:
    empty, cpu = live.memory_mb(), live.cpu_s()
    students, seconds = await _join(live, size)
    cpu = (live.cpu_s() - cpu) / size
    teacher = Teacher(live.host, live.port, live.secret)
    await teacher.come()
    meeting = Meeting(teacher)
    spread, at_once = [await meeting.vote(students, s) for s in (SPREAD_S, 0.0)]
    memory = live.memory_mb()
    print(f"{size:8}  {seconds:7.2f} s  {memory:3.0f} MB (+{memory - empty:.0f})  "
          f"{cpu * 1e3:.2f} ms  {_ms(spread.p99):>9}  {_ms(at_once.p99):>9}")  # fmt: skip
    failed = _compare(root, live.code, students)
    _leave(students, teacher)
    return failed


def _leave(students: list[Student], teacher: Teacher) -> None:
    for one in students:
        one.leave()
    teacher.leave()


def _others(*cores: int) -> float:
    """The share of the cores that anything takes while this waits."""
    before = sum(map(servers.busy_s, cores))
    time.sleep(1.0)
    return (sum(map(servers.busy_s, cores)) - before) / len(cores)


def _disk(root: Path) -> str:
    """What one small fsync takes here: the least that a commit costs."""
    import os

    took = []
    with (root / "fsync").open("wb") as file:
        for _ in range(50):
            file.write(b"x" * 4096)
            file.flush()
            start = time.perf_counter()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - start)
    return f"an fsync takes {statistics.median(took) * 1000:.2f} ms (worst of 50: {_ms(max(took))})"


_PARTS = {
    "answers": _answering,
    "kill": _killing,
    "churn": _churning,
    "network": _over_the_network,
    "sizes": _growing,
}

if __name__ == "__main__":
    raise SystemExit(main())
