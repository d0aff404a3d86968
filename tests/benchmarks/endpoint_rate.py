"""Requests a second on one core: the endpoint, a bare application, fakellm and stubllm.

    python tests/benchmarks/endpoint_rate.py --venv-folder FOLDER [-- ARGUMENTS OF THE ENDPOINT]

The servers have one core together and are asked in turns, round after round, by wrk on another
core, with prompts that are never the same.
"""

import argparse
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import servers
from servers import Server

PEERS = {"fakellm": "0.3.5", "stubllm": "0.1.5"}
QUIET = ("--no-access-log", "--log-level", "critical")
"""The peers' own commands write a line for each request; without, they are a little faster."""
DIFFERENT = 30_000
"""So many different requests are made before each round; a longer round repeats them."""


@dataclass(frozen=True)
class Round:
    """What wrk saw of one server in one round, and the CPU time the server took for a request."""

    rate: float
    cpu_ms: float
    p50_ms: float
    p99_ms: float


def main() -> int:
    asked = _arguments()
    servers.needs("wrk", "taskset")
    pythons = {name: _venv(asked.venv_folder, name) for name in PEERS} if asked.venv_folder else {}
    print(servers.machine())
    with contextlib.ExitStack() as stack:
        tested = list(_start(stack, pythons, asked.endpoint))
        seen = {server.name: [] for server in tested}
        for number in range(-1, asked.rounds):
            for server in tested:
                server.chat()
                # the first round, a short one, only warms up
                one = _round(server, 1 if number < 0 else asked.seconds, asked, number)
                if number >= 0:
                    seen[server.name].append(one)
        _report(seen)
        for server in tested:
            print(f"{server.name}: {_what_is_missing(server.chat(), server)}")
    return 0


def _arguments() -> argparse.Namespace:
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--venv-folder", type=Path, help="where the peers are, or get, installed")
    reader.add_argument("--rounds", type=int, default=7)
    reader.add_argument("--seconds", type=int, default=3, help="length of a round")
    reader.add_argument("--connections", type=int, default=64)
    reader.add_argument("endpoint", nargs="*", default=[], help="after --: for the endpoint")
    return reader.parse_args()


def _venv(folder: Path, name: str) -> str:
    """The interpreter of a peer's virtual environment, which is made if it is not there."""
    home = folder.resolve() / f"{name}-{PEERS[name]}"
    python = home / "bin" / "python"
    if not (home / "complete").exists():
        print(f"Installing {name} {PEERS[name]} into {home}.", flush=True)
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        line = [python, "-m", "pip", "install", "-q", f"{name}=={PEERS[name]}"]
        # the versions that this project was tested with are not the peer's
        env = {name: value for name, value in os.environ.items() if name != "PIP_CONSTRAINT"}
        if subprocess.run(line, env=env).returncode:
            raise SystemExit(f"{name} can't be installed; without --venv-folder it is left out.")
        (home / "complete").touch()
    return str(python)


def _start(stack, pythons: dict[str, str], arguments: list[str]) -> Iterator[Server]:
    """All servers, on the same core; those not asked use next to nothing of it."""
    core, _ = servers.cores()
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    ours = servers.endpoint(["--speed", "0", *arguments])
    server = stack.enter_context(servers.running("endpoint", ours, core=core))
    told = server.ask("POST", "/v1/chat/completions", servers.HELLO)
    yield server
    (folder / "body").write_bytes(told)
    bare = [sys.executable, str(servers.HERE / "bare.py"), "{port}", str(folder / "body")]
    yield stack.enter_context(servers.running("bare", bare, core=core))
    text = json.loads(told)["choices"][0]["message"]["content"]
    for name, python in pythons.items():
        application, env = SETTINGS[name](folder, text)
        line = [python, "-m", "uvicorn", *application, "--port", "{port}", *QUIET]
        yield stack.enter_context(servers.running(name, line, core=core, env=env))


def _fakellm(folder: Path, text: str) -> tuple[list[str], dict]:
    """fakellm with one rule, which answers everything with our text (its docs: Config)."""
    rules = {"version": 1, "rules": [{"name": "all", "respond": {"content": text}}]}
    (folder / "fakellm.yaml").write_text(json.dumps(rules))
    return ["fakellm.server:app"], {"FAKELLM_CONFIG": str(folder / "fakellm.yaml")}


def _stubllm(folder: Path, text: str) -> tuple[list[str], dict]:
    """stubllm with one fixture, which answers everything with our text (its docs: Fixtures)."""
    fixture = {"name": "all", "match": {"provider": "openai"}, "response": {"content": text}}
    (folder / "stub.yaml").write_text(json.dumps({"fixtures": [fixture]}))
    (folder / "stub_application.py").write_text(
        "from pathlib import Path\n"
        "from stubllm.server import create_app\n"
        'app = create_app(fixture_files=[Path(__file__).with_name("stub.yaml")])\n'
    )
    return ["stub_application:app", "--app-dir", str(folder)], {}


SETTINGS = {"fakellm": _fakellm, "stubllm": _stubllm}


def _round(server: Server, seconds: int, asked: argparse.Namespace, number: int) -> Round:
    _, core = servers.cores()
    line = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{asked.connections}", f"-d{seconds}s"]
    line += ["--timeout", "20s"]
    line += ["-s", str(servers.HERE / "prompts.lua"), f"http://127.0.0.1:{server.port}"]
    line += ["--", str(number + 2), str(DIFFERENT)]
    before = server.cpu_s()
    said = subprocess.run(line, capture_output=True, text=True)
    spent_s = server.cpu_s() - before
    found = re.search(r"^RESULT (.*)$", said.stdout, re.MULTILINE)
    if said.returncode or not found:
        raise SystemExit(f"wrk failed on {server.name}: {said.stdout} {said.stderr}")
    told = json.loads(found[1])
    if told["wrong"] or told["broken"]:
        raise SystemExit(
            f"{server.name}: {told['wrong']} of {told['requests']} answers were no completion, "
            f"{told['broken']} connections failed; such a rate would mean nothing."
        )
    return Round(
        told["requests"] / told["seconds"],
        spent_s * 1000 / told["requests"],
        told["p50_ms"],
        told["p99_ms"],
    )


def _report(seen: dict[str, list[Round]]) -> None:
    print("\n| server | requests/s (min–max) | of bare | CPU ms each | of bare | p50 ms | p99 ms |")
    print("|---|---|---|---|---|---|---|")
    for name, rounds in seen.items():
        rates = [one.rate for one in rounds]
        pairs = list(zip(rounds, seen["bare"], strict=True))
        shares = [one.rate / bare.rate for one, bare in pairs]
        # where others use the cores as well, this tells more than the rates
        by_cpu = [bare.cpu_ms / one.cpu_ms for one, bare in pairs]
        print(
            f"| {name} | {_spread(rates, ',.0f')} | {_spread(shares, '.1%')} "
            f"| {_spread([one.cpu_ms for one in rounds], '.3f')} | {_spread(by_cpu, '.1%')} "
            f"| {statistics.median(one.p50_ms for one in rounds):.1f} "
            f"| {statistics.median(one.p99_ms for one in rounds):.1f} |"
        )


def _spread(values: list[float], how: str) -> str:
    return f"{statistics.median(values):{how}} ({min(values):{how}}–{max(values):{how}})"


def _what_is_missing(told: dict, server: Server) -> str:
    """What a reply does not have of what the real service's has."""
    if server.name == "bare":
        return "says the same to everyone"
    missing = [
        f"no {name}" for name in ("usage", "system_fingerprint", "service_tier") if name not in told
    ]
    # "You are a helpful assistant." 6, "Question 1: which of these words is the longest?" 12,
    # and 3 and the role (1) for each of the two messages, 3 for the reply
    counted = (told.get("usage") or {}).get("prompt_tokens")
    if counted != 29:
        missing.append(f"usage says {counted} prompt tokens where there are 29")
    chunks = server.ask("POST", "/v1/chat/completions", servers.HELLO | STREAMED).decode()
    if '"usage":{' not in chunks.replace(" ", ""):
        missing.append("no usage chunk in a stream, though asked for")
    return ", ".join(missing) or "has usage, plain and streamed, and counts exactly"


STREAMED = {"stream": True, "stream_options": {"include_usage": True}}


if __name__ == "__main__":
    sys.exit(main())
