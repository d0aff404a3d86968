"""A class that votes, for the live class's benchmarks: what it does, and how long that took."""

import asyncio
import random
import statistics
import time
from collections import Counter
from dataclasses import dataclass

import live_servers
from live_clients import Student, Teacher, Wire, frame
from live_servers import Place

SPREAD_S = 1.5
WAIT_S = 120.0


@dataclass(frozen=True)
class Times:
    """Seconds from send to acknowledged, of one round."""

    took: list[float]

    @property
    def p99(self) -> float:
        if len(self.took) < 2:
            return self.took[0]
        return statistics.quantiles(self.took, n=100, method="inclusive")[98]

    def __str__(self) -> str:
        middle, worst = statistics.median(self.took), max(self.took)
        return f"p50 {ms(middle)}, p99 {ms(self.p99)}, max {ms(worst)}"


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


async def join(live, count: int) -> tuple[list[Student], float]:
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
        await answer_all(students, self.round, self.item, spread_s)
        await asyncio.wait_for(asyncio.gather(*(one.all_saved.wait() for one in students)), WAIT_S)
        await self.teacher.do("close")
        return Times([took for one in students for took in one.took])


async def answer_all(students: list[Student], round: int, item: str, spread_s: float) -> None:
    plan = sorted((random.uniform(0, spread_s), number) for number in range(len(students)))
    start = time.perf_counter()
    for at, number in plan:
        late = start + at - time.perf_counter()
        if late > 0:
            await asyncio.sleep(late)
        students[number].answer(round, item, random.choice("ABCD"))


def compare(place: Place, code: str, students: list[Student]) -> list[str]:
    """What is lost or doubled in the log, held against what students were told is safe."""
    kept = Counter(live_servers.kept(place, code))
    told = Counter(pair for one in students for pair in one.saved)
    lost = sum((told - kept).values())
    doubled = sum(count - 1 for count in kept.values())
    print(f"acknowledged {sum(told.values())}, in the log {sum(kept.values())}: "
          f"{lost} lost, {doubled} doubled")  # fmt: skip
    refused = [one for student in students for one in student.refused]
    said = [f"{lost} lost", f"{doubled} doubled"] if lost or doubled else []
    return said + ([f"{len(refused)} refused: {refused[0]}"] if refused else [])


def leave(students: list[Student], teacher: Teacher) -> None:
    for one in students:
        one.leave()
    teacher.leave()


class Echo:
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


async def echo_clients(port: int, count: int) -> list[Echo]:
    loop, clients = asyncio.get_running_loop(), [Echo() for _ in range(count)]
    for one in clients:
        one.wire = Wire(f"127.0.0.1:{port}", one.heard, lambda code: None)
        await loop.create_connection(lambda o=one: o.wire, "127.0.0.1", port)
    await asyncio.gather(*(one.ready.wait() for one in clients))
    return clients


async def echo_all(clients: list[Echo], spread_s: float) -> Times:
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
