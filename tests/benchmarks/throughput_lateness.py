"""Is the time to the first token right, with 64 and 256 streams? Beside the endpoint's truth log.

    python tests/benchmarks/throughput_lateness.py [--venv-folder FOLDER] [-- ARGUMENTS]

In turns: `measure` with course.throughput.streamed; `measure` with openai's own stream; the loop
that one writes oneself (all calls at once, times taken in one's own code); and, with
--venv-folder, NVIDIA's aiperf (860 MB). Each is a program of its own on the second core, except
aiperf, which may use both.
"""

import argparse
import asyncio
import contextlib
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import endpoint_aiperf
import servers
from servers import Server

sys.path.insert(0, str(servers.HERE.parent / "clients"))

import vocabulary

Pair = tuple[float, float]
"""Seconds to the first token: as measured, and by the truth log."""

QUESTION = "Question {}: how late is the first token of this answer, and who can tell?"
WAVES = 3
"""So many calls are measured for each stream, after one to warm up."""
AIPERF = f"aiperf {endpoint_aiperf.VERSION}"


def main() -> int:
    asked = _arguments()
    if asked.one:
        return _be_one(asked.one, asked.streams[0])
    servers.needs("taskset")
    program = asked.venv_folder and endpoint_aiperf._install(
        asked.venv_folder.resolve() / f"aiperf-{endpoint_aiperf.VERSION}"
    )
    print(servers.machine(), flush=True)
    names = [*OWN, *([AIPERF] if program else [])]
    core, _ = servers.cores()
    command = servers.endpoint(["--tier", "none", *asked.endpoint])
    seen: dict[tuple[int, str], list[list[Pair]]] = {}
    with servers.running("endpoint", command, core=core) as server:
        for number in range(asked.rounds):
            for streams in asked.streams:
                for name in names:
                    key = f"{name.replace(' ', '-')}-{streams}-{number}"
                    pairs = list(
                        _own(server, name, streams, key)
                        if name in OWN
                        else _aiperf(server, program, streams, key)
                    )
                    seen.setdefault((streams, name), []).append(pairs)
    _report(seen)
    return 0


def _arguments() -> argparse.Namespace:
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--streams", type=int, nargs="+", default=[64, 256])
    reader.add_argument("--rounds", type=int, default=5)
    reader.add_argument("--venv-folder", type=Path, help="where aiperf is, or gets, installed")
    reader.add_argument("--one", help=argparse.SUPPRESS)
    reader.add_argument("endpoint", nargs="*", default=[], help="after --: for the endpoint")
    return reader.parse_args()


def _own(server: Server, name: str, streams: int, key: str) -> Iterator[Pair]:
    """A program of ours; it prints what it measured, with the service's name for each call."""
    _, core = servers.cores()
    line = ["taskset", "-c", str(core), sys.executable, __file__, "--one", name]
    url = f"http://127.0.0.1:{server.port}/v1"
    env = servers.environment() | {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": key}
    ran = subprocess.run(
        [*line, "--streams", str(streams)], env=env, capture_output=True, text=True
    )
    if ran.returncode:
        raise SystemExit(f"{name} failed: {(ran.stdout + ran.stderr)[-2000:]}")
    log = {record["request_id"]: record for record in _truth(server, key)}
    for request_id, measured_s in json.loads(ran.stdout):
        yield measured_s, log[request_id]["sent_first_s"]


def _truth(server: Server, key: str) -> list[dict]:
    told = json.loads(server.ask("GET", "/truth?since=0", key=key))["data"]
    return [record for record in told if record["sent_first_s"] is not None]


def _be_one(name: str, streams: int) -> int:
    with contextlib.redirect_stdout(io.StringIO()):
        measured = asyncio.run(OWN[name](streams))
    print(json.dumps(measured))
    return 0


def _asked(number: int) -> dict:
    said = [{"role": "user", "content": QUESTION.format(number)}]
    return {"model": "gpt-4o-mini", "messages": said}


async def _measured(streams: int, *, with_streamed: bool) -> list[tuple[str, float]]:
    from course import connect
    from course.throughput import measure, streamed

    async with connect(asynchronous=True) as client:

        async def ask(number: int) -> str:
            if with_streamed:
                return (await streamed(client, **_asked(number))).text
            said = []
            async for event in await client.chat.completions.create(**_asked(number), stream=True):
                said += [choice.delta.content or "" for choice in event.choices]
            return "".join(said)

        inputs = range((1 + WAVES) * streams)
        run = await measure(ask, inputs, concurrency=streams, warm_up=streams)
    rows = run.calls[~run.calls.warm_up]
    if (rows.error != "").any():
        raise SystemExit(f"A call failed: {rows.error.max()}")
    return list(zip(rows.request_id, rows.first_token_s, strict=True))


async def _lockstep(streams: int) -> list[tuple[str, float]]:
    """The loop of many blog posts: all calls at once, and a look at the clock in one's own code."""
    import openai

    async with openai.AsyncOpenAI() as client:

        async def ask(number: int) -> tuple[str, float]:
            began, first_s = time.perf_counter(), None
            stream = await client.chat.completions.create(**_asked(number), stream=True)
            async for event in stream:
                if first_s is None and event.choices and event.choices[0].delta.content:
                    first_s = time.perf_counter() - began
            return stream.response.headers["x-request-id"], first_s

        waves = []
        for wave in range(1 + WAVES):
            numbers = range(wave * streams, (wave + 1) * streams)
            waves.append(await asyncio.gather(*map(ask, numbers)))
    return [one for wave in waves[1:] for one in wave]


OWN = {
    "measure, streamed()": lambda streams: _measured(streams, with_streamed=True),
    "measure, openai's stream": lambda streams: _measured(streams, with_streamed=False),
    "lockstep loop": _lockstep,
}


def _aiperf(server: Server, program: Path, streams: int, key: str) -> Iterator[Pair]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vocabulary.write(folder)
        line = [program, "profile", "--model", "gpt-4o-mini", "--endpoint-type", "chat"]
        line += ["--url", f"http://127.0.0.1:{server.port}", "--streaming", "--api-key", key]
        line += ["--ui", "none", "--tokenizer", "builtin", "--artifact-dir", folder / "out"]
        line += ["--synthetic-input-tokens-mean", "20", "--concurrency", str(streams)]
        line += ["--request-count", str(WAVES * streams), "--warmup-request-count", str(streams)]
        here = {"TIKTOKEN_CACHE_DIR": name, "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}
        env = servers.environment() | here
        ran = subprocess.run(line, env=env, capture_output=True, text=True)
        written = folder / "out" / "profile_export.jsonl"
        if ran.returncode or not written.exists():
            raise SystemExit(f"aiperf failed: {(ran.stdout + ran.stderr)[-3000:]}")
        told = [json.loads(line) for line in written.read_text().splitlines()]
    yield from _matched(told, _truth(server, key))


def _matched(told: list[dict], log: list[dict]) -> Iterator[Pair]:
    """aiperf's calls beside the log's: of all ways to pair them, the one that fits best.

    aiperf does not keep the service's name of a call. What has to fit is when calls began and
    ended, not when their first token came, which is what is asked here.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    seen = np.array(
        [(one["metadata"]["request_start_ns"], one["metadata"]["request_end_ns"]) for one in told]
    )
    true = np.array([(one["at"], one["at"] + one["sent_last_s"]) for one in log])
    cost = np.abs(seen[:, None, :] / 1e9 - true[None, :, :]).sum(axis=2)
    for place, number in zip(*linear_sum_assignment(cost), strict=True):
        one = told[place]
        if one["metadata"]["benchmark_phase"] == "profiling":
            yield one["metrics"]["time_to_first_token"]["value"] / 1000, log[number]["sent_first_s"]


def _report(seen: dict[tuple[int, str], list[list[Pair]]]) -> None:
    rounds = len(next(iter(seen.values())))
    print(f"\nHow far the measured time to the first token is off; {rounds} rounds (min–max).\n")
    print("| streams | who | calls | p50 ms | p95 ms | p99 ms | mean of all, ms | true mean |")
    print("|---|---|---|---|---|---|---|---|")
    for (streams, name), runs in seen.items():
        cuts = [_cuts([abs(measured - true) for measured, true in pairs]) for pairs in runs]
        parts = " | ".join(_spread([1000 * cut[at] for cut in cuts]) for at in (50, 95, 99))
        every = [pair for pairs in runs for pair in pairs]
        means = [1000 * statistics.fmean(column) for column in zip(*every, strict=True)]
        print(
            f"| {streams} | {name} | {len(every):,} | {parts} | {means[0]:.1f} | {means[1]:.1f} |"
        )


def _cuts(values: list[float]) -> dict[int, float]:
    cuts = statistics.quantiles(values, n=100)
    return {at: cuts[at - 1] for at in (50, 95, 99)}


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


if __name__ == "__main__":
    sys.exit(main())
