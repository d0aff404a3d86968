"""How late tokens are: 64, 256 and 1,000 streams at once at the pace of gpt-4o-mini.

    python tests/benchmarks/endpoint_lateness.py [--streams 64 256 1000] [-- ARGUMENTS]

When a token is due stands in the endpoint's truth log; when it arrives is noted here, by one
process that does nothing else, on another core, with the clock that both processes share.
"""

import argparse
import gc
import json
import os
import resource
import select
import socket
import statistics
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

import servers
from servers import Server

STEADY = ("--inter-token-latency-std-dev", "0")
"""With the same time from token to token in a whole reply, the log's times of the first and the
last token say when each one between them was due. The time to the first token still varies."""
KEYS = tuple(f"slot-{number}" for number in range(16))
"""Several, or the rate limit of one key would be met."""
AROUND = 4
"""Events of a stream that are no token: the opening, the finish, the usage, [DONE]."""


@dataclass
class Stream:
    """One stream on its way: the log's name for it, and when each of its events arrived."""

    sent: float
    request_id: str = ""
    arrived: list[float] = field(default_factory=list)


class Slot:
    """One connection, over which stream follows stream, so that one is always under way."""

    def __init__(self, number: int, port: int):
        self._numbers, self._name = count(), number
        # Connecting may block here: nothing is measured yet.
        self.wire = socket.create_connection(("127.0.0.1", port))
        self.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.wire.setblocking(False)
        self._stream, self._last = Stream(0.0), b""

    def send(self) -> None:
        """Ask for the next stream."""
        asked = f"Question {next(self._numbers)} of {self._name}: how late is a token of this one?"
        body = servers.HELLO | {
            "messages": [{"role": "user", "content": asked}],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        data = json.dumps(body).encode()
        head = (
            "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
            "Content-Type: application/json\r\n"
            f"Authorization: Bearer {KEYS[self._name % len(KEYS)]}\r\n"
            f"Content-Length: {len(data)}\r\n\r\n"
        )
        self._stream, self._last = Stream(time.perf_counter()), b""
        self.wire.send(head.encode() + data)

    def receive(self) -> Stream | None:
        """Note what has arrived; the stream, if this was its end."""
        data = self.wire.recv(65_536)
        now = time.perf_counter()
        stream = self._stream
        if not stream.request_id:
            stream.request_id = _request_id(data)
        # An event ends in an empty line, even where that is cut in two on the way.
        seen = (self._last + data).count(b"\n\n")
        self._last = data[-1:]
        stream.arrived += [now] * seen
        return stream if b"data: [DONE]" in data else None


def main() -> int:
    asked = _arguments()
    servers.needs("taskset")
    _allow_many_connections()
    server_core, own_core = servers.cores()
    if asked.nice:
        _go_first(asked.nice)
    print(servers.machine())
    for core in (server_core, own_core):
        os.sched_setaffinity(0, {core})
        print(f"A timer of 1 ms alone on core {core} is late by {_timer()}.")
    print("\n| streams | token | p50 ms | p95 ms | p99 ms | seen from | server | others | this |")
    print("|---|---|---|---|---|---|---|---|---|")
    command = servers.endpoint([*STEADY, *asked.endpoint])
    for streams in asked.streams:
        with servers.running("endpoint", command, core=server_core) as server:
            _report(streams, *_measure(server, streams, asked.seconds))
    return 0


def _arguments() -> argparse.Namespace:
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--streams", type=int, nargs="+", default=[64, 256, 1000])
    reader.add_argument("--seconds", type=int, default=12, help="measured time for each number")
    reader.add_argument("--nice", type=int, default=0, help="-5: before other programs (for root)")
    reader.add_argument("endpoint", nargs="*", default=[], help="after --: for the endpoint")
    return reader.parse_args()


def _measure(
    server: Server, streams: int, seconds: float
) -> tuple[list[Stream], dict[str, dict], list[float]]:
    """The streams of the measured time, the log's word on them, and shares of the time.

    The shares: the server's CPU, other programs on its core, this process's CPU.
    """
    slots = {}
    poll = select.epoll()
    for number in range(streams):
        slot = Slot(number, server.port)
        slots[slot.wire.fileno()] = slot
        poll.register(slot.wire.fileno(), select.EPOLLIN)
    gc.collect()
    gc.disable()
    # Starts are spread over about the length of a stream, or all first tokens come as one burst.
    waiting = list(slots.values())
    began = time.perf_counter()
    starts = [began + 2.0 * place / streams for place in range(streams)]
    warm, end = began + 5.0, began + 5.0 + seconds
    before, done = None, []
    while (now := time.perf_counter()) < end:
        while waiting and starts[len(starts) - len(waiting)] <= now:
            waiting.pop(0).send()
        if before is None and now >= warm:
            before = _used(server)
        for number, _ in poll.poll(0.002 if waiting else 0.05):
            if (stream := slots[number].receive()) is not None:
                if stream.sent > warm:
                    done.append(stream)
                slots[number].send()
    spent = [late - early for early, late in zip(before, _used(server), strict=True)]
    shares = [spent[0] / seconds, max(spent[1] - spent[0], 0) / seconds, spent[2] / seconds]
    gc.enable()
    for slot in slots.values():
        slot.wire.close()
    poll.close()
    return done, _truth(server), shares


def _used(server: Server) -> tuple[float, float, float]:
    return server.cpu_s(), servers.busy_s(servers.cores()[0]), time.process_time()


def _truth(server: Server) -> dict[str, dict]:
    """The truth log by request id; each key sees its own calls."""
    told = (json.loads(server.ask("GET", "/truth?since=0", key=key)) for key in KEYS)
    return {record["request_id"]: record for page in told for record in page["data"]}


def _report(
    streams: int, done: list[Stream], log: dict[str, dict], shares: Sequence[float]
) -> None:
    known = [(stream, log[stream.request_id]) for stream in done if stream.request_id in log]
    if len(known) < len(done) or not known:
        print(f"{len(done) - len(known)} of {len(done)} streams are not in the log.")
    last = " | ".join(f"{share:.0%}" for share in shares)
    for name, seen_from, late in (
        ("first", "client", [one for pair in known for one in _first(*pair)]),
        ("later", "client", [one for pair in known for one in _later(*pair)]),
        ("first", "server", [_gap(record, "first") for _, record in known]),
        ("latest", "server", [record["latest_s"] for _, record in known]),
    ):
        cuts = statistics.quantiles(late, n=100) if len(late) > 1 else [float("nan")] * 99
        parts = " | ".join(f"{cuts[at - 1] * 1000:.2f}" for at in (50, 95, 99))
        print(f"| {streams:,} | {name} ({len(late):,}) | {parts} | {seen_from} | {last} |")
        last = " | | "
    sys.stdout.flush()


def _gap(record: dict, which: str) -> float:
    return record[f"sent_{which}_s"] - record[f"scheduled_{which}_s"]


def _first(stream: Stream, record: dict) -> Iterator[float]:
    """Seconds from when the first token was due to when it was here."""
    yield stream.arrived[1] - record["arrived"] - record["scheduled_first_s"]


def _later(stream: Stream, record: dict) -> Iterable[float]:
    """The same for each token after the first."""
    tokens = len(stream.arrived) - AROUND
    if tokens != record["completion_tokens"]:
        raise SystemExit(f"{tokens} tokens came where the log has {record['completion_tokens']}.")
    first, last = record["scheduled_first_s"], record["scheduled_last_s"]
    step = (last - first) / (tokens - 1)
    for place, arrived in enumerate(stream.arrived[2 : tokens + 1], start=1):
        yield arrived - record["arrived"] - first - place * step


def _go_first(nice: int) -> None:
    """Let this process and the servers it starts run before other programs'."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    except PermissionError:
        raise SystemExit(f"Only root may have --nice {nice}.") from None


def _timer(seconds: float = 2.0) -> str:
    """How late sleeping is on this core without any server: less can't be measured here."""
    late, end = [], time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        time.sleep(0.001)
        late.append(time.perf_counter() - began - 0.001)
    cuts = statistics.quantiles(late, n=100)
    return f"p50 {cuts[49] * 1000:.2f}, p95 {cuts[94] * 1000:.2f}, p99 {cuts[98] * 1000:.2f} ms"


def _request_id(data: bytes) -> str:
    _, found, rest = data.partition(b"x-request-id: ")
    return rest.partition(b"\r\n")[0].decode() if found else ""


def _allow_many_connections() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    sys.exit(main())
