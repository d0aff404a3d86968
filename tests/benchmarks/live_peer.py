"""The live class beside ClassQuiz, another live quiz for classes: joining, answering, what is kept.

    python tests/benchmarks/live_peer.py --classquiz http://127.0.0.1:8000 \\
        --redis redis://127.0.0.1:6379 --pids 123 124 [--students 300 1000] [--rounds 5]

ClassQuiz (github.com/mawoka-myblock/ClassQuiz, MPL-2.0) is no part of this project: start it
first, as its own start script and docker-compose.yml do, with Redis and one worker (its rule):

    redis-server --port 6379
    MAX_WORKERS=1 BIND=127.0.0.1:8000 gunicorn -k uvicorn.workers.UvicornWorker \\
        -c gunicorn_conf.py classquiz:app

`--pids` are those of its worker and of its Redis: they move to the first core, where `course live`
runs as well, each idle while the other is measured. Tried with the socket server of commit 469bfa0
(2025, without its routes), python-socketio 5.11.3, uvicorn 0.30.1, uvloop and Redis 7.0.15. This
speaks Socket.IO with the connections of the class's own students, so that a client costs the same
for both. The game is put into Redis, and its answers are read from there.

In each round both have the class in turns, the other one first in every second round: all join at
once, answer one question at random within 1.5 s, and one all at once. An answer of the class is
acknowledged when it is on the disk (synchronous = FULL); one of ClassQuiz when its server is done
with it, which is when it is in Redis's memory and everybody was told that somebody has answered.
A lost answer is one that the server does not have in the end.
"""

import argparse
import asyncio
import contextlib
import math
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import live_peer_clients
import live_servers
import servers
from live_clients import Student, Teacher
from live_meeting import SPREAD_S, WAIT_S, Meeting, Times, leave
from live_servers import Place

VOTES = {"spread": SPREAD_S, "at once": 0.0}
REST_S = 1.0
CLASS, PEER = "course live", "ClassQuiz"


def main() -> int:
    asked = _arguments()
    servers.needs("taskset")
    core, own = servers.cores()
    print(servers.machine())
    peer = Peer(_address(asked.classquiz, 80), _address(asked.redis, 6379), asked.pids)
    peer.check(core)
    lost = 0
    with tempfile.TemporaryDirectory() as folder:
        root = live_servers.course(Path(folder))
        place = Place(root, str(root / "live.db"))
        live_servers.set_core(own)
        contestants = {CLASS: lambda count: ours(place, core, count), PEER: peer.room}
        for count in asked.students:
            seen = _rounds(contestants, count, asked.rounds)
            _table(count, seen)
            lost += sum(count - vote.kept for one in seen[CLASS] for vote in one.votes.values())
    return bool(lost)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--classquiz", required=True, metavar="URL", help="where it answers")
    parser.add_argument("--redis", default="redis://127.0.0.1:6379", metavar="URL", help="its own")
    parser.add_argument("--students", type=int, nargs="+", default=[300, 1000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pids", type=int, nargs="+", required=True, help="worker and Redis")
    return parser.parse_args()


def _address(url: str, port: int) -> tuple[str, int]:
    told = urlsplit(url)
    if not told.hostname:
        raise SystemExit(f"{url} is no address; write it like http://127.0.0.1:8000.")
    return told.hostname, told.port or port


# the two


@dataclass
class Room:
    """A class that is about to come to one of the two servers."""

    students: list
    teacher: object
    kept: Callable[[], list]
    """What the server has of the answers, one entry each."""
    cpu_s: Callable[[], float]


@contextlib.contextmanager
def ours(place: Place, core: int, count: int) -> Iterator[Room]:
    """A new meeting of `course live`."""
    with live_servers.live(place, core=core) as server:
        at = server.host, server.port
        students = [Student(*at, server.code, name=f"S {number}") for number in range(count)]
        kept = partial(live_servers.kept, place, server.code)
        yield Room(students, Teacher(*at, server.secret), kept, server.cpu_s)


@dataclass(frozen=True)
class Peer:
    """A ClassQuiz that somebody has started."""

    server: tuple[str, int]
    redis: tuple[str, int]
    pids: list[int]

    def check(self, core: int) -> None:
        """Put its processes on the core; ends with one sentence where it does not answer."""
        try:
            live_peer_clients.redis(self.redis, "PING")
            socket.create_connection(self.server, 10).close()
        except OSError as error:
            places = (f"{host}:{port}" for host, port in (self.server, self.redis))
            raise SystemExit(
                f"No ClassQuiz with its Redis answers at {' and '.join(places)} ({error}); "
                f"the head of {Path(__file__).name} says how to start it."
            ) from None
        for pid in self.pids:
            if not Path(f"/proc/{pid}").exists():
                raise SystemExit(f"There is no process {pid}; --pids takes those of the peer.")
            command = ["taskset", "-acp", str(core), str(pid)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    @contextlib.contextmanager
    def room(self, count: int) -> Iterator[Room]:
        """A new game."""
        pin, game = live_peer_clients.new_game(self.redis)
        names = (f"S {number}" for number in range(count))
        students = [live_peer_clients.Player(*self.server, pin, name) for name in names]
        host = live_peer_clients.Host(*self.server, pin, game)
        kept = partial(live_peer_clients.kept, self.redis, pin)
        yield Room(students, host, kept, self._cpu_s)

    def _cpu_s(self) -> float:
        return sum(servers.Server(PEER, 0, pid).cpu_s() for pid in self.pids)


# what is measured


@dataclass(frozen=True)
class Vote:
    """One question that everybody answers; CPU seconds of the server and of all clients."""

    times: Times
    kept: int
    cpu_s: float
    others_s: float
    """Of anything else on the server's core."""
    clients_s: float

    def __str__(self) -> str:
        acknowledged = sum(map(math.isfinite, self.times.took))
        told = f"{self.times}; {acknowledged} acknowledged, {self.kept} kept; "
        told += f"CPU {self.cpu_s:.2f} s, others {self.others_s:.2f} s, "
        return told + f"clients {self.clients_s:.2f} s"


@dataclass(frozen=True)
class Round:
    """A round of one server: seconds until the last was in, and its votes."""

    joined_s: float
    votes: dict[str, Vote]


def _rounds(contestants: dict, count: int, rounds: int) -> dict[str, list[Round]]:
    seen = {name: [] for name in contestants}
    for number in range(rounds):
        for name in list(contestants)[:: -1 if number % 2 else 1]:
            with contestants[name](count) as room:
                seen[name].append(asyncio.run(_round(name, room)))
            time.sleep(REST_S)
    return seen


async def _round(name: str, room: Room) -> Round:
    await room.teacher.come()
    joined_s = await _join(name, room.students)
    print(f"{name:12} {len(room.students)} joined in {joined_s:.2f} s", flush=True)
    meeting, votes = Meeting(room.teacher), {}
    for how, spread in VOTES.items():
        votes[how] = await _vote(meeting, room, spread)
        print(f"{name:12} {how:8} {votes[how]}", flush=True)
    leave(room.students, room.teacher)
    return Round(joined_s, votes)


async def _join(name: str, students: list) -> float:
    start = time.perf_counter()
    await asyncio.gather(*(one.come() for one in students))
    try:
        everybody = asyncio.gather(*(one.joined.wait() for one in students))
        await asyncio.wait_for(everybody, WAIT_S)
    except TimeoutError:
        here = sum(one.joined.is_set() for one in students)
        told = f"{name}: only {here} of {len(students)} were in after {WAIT_S:.0f} s."
        raise SystemExit(told) from None
    return time.perf_counter() - start


async def _vote(meeting: Meeting, room: Room, spread_s: float) -> Vote:
    for one in room.students:
        one.took.clear()
    kept, before = len(set(room.kept())), _clocks(room)
    with contextlib.suppress(TimeoutError):  # some were not acknowledged: the others count
        await meeting.vote(room.students, spread_s)
    cpu, busy, clients = (end - start for start, end in zip(before, _clocks(room), strict=True))
    took = [seconds for one in room.students for seconds in one.took]
    kept = len(set(room.kept())) - kept
    return Vote(Times(took or [math.inf]), kept, cpu, max(0.0, busy - cpu), clients)


def _clocks(room: Room) -> tuple[float, float, float]:
    return room.cpu_s(), servers.busy_s(servers.cores()[0]), time.process_time()


def _table(count: int, seen: dict[str, list[Round]]) -> None:
    """Medians of the rounds; lost is the sum of all, acknowledged or not."""
    print(f"\n{count} students     joined in   " + "".join(f"{how:38}" for how in VOTES))
    for name, rounds in seen.items():
        joined = statistics.median(one.joined_s for one in rounds)
        cells = [_cell(count, [one.votes[how] for one in rounds]) for how in VOTES]
        print(f"{name:15} {joined:8.2f} s   " + "".join(f"{cell:38}" for cell in cells))


def _cell(count: int, votes: list[Vote]) -> str:
    middle = statistics.median(statistics.median(one.times.took) for one in votes)
    worst = statistics.median(one.times.p99 for one in votes)
    lost = sum(count - one.kept for one in votes)
    return f"{middle * 1e3:.0f}/{worst * 1e3:.0f} ms, {lost} of {count * len(votes)} lost"


if __name__ == "__main__":
    raise SystemExit(main())
