"""NVIDIA's aiperf, unchanged, against the endpoint: what it measures, beside what is true.

    python tests/benchmarks/endpoint_aiperf.py --venv-folder FOLDER

Not among the tests: installed, aiperf is 860 MB.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import servers

sys.path.insert(0, str(servers.HERE.parent / "clients"))

import vocabulary

VERSION = "0.13.0"
PARTS = {
    "first token, ms": "time_to_first_token",
    "token to token, ms": "inter_token_latency",
    "whole reply, ms": "request_latency",
}


def main() -> int:
    asked = _arguments()
    servers.needs("taskset")
    program = _install(asked.venv_folder.resolve() / f"aiperf-{VERSION}")
    core, _ = servers.cores()
    with (
        servers.running("endpoint", servers.endpoint(asked.endpoint), core=core) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        told = _profile(program, Path(folder), server.port, asked)
        log = json.loads(server.ask("GET", "/truth?since=0", key="aiperf"))["data"]
    _report(told, [record for record in log if record["status"] == 200])
    return 0


def _arguments() -> argparse.Namespace:
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--venv-folder", type=Path, required=True, help="where aiperf is, or gets")
    reader.add_argument("--requests", type=int, default=100)
    reader.add_argument("--concurrency", type=int, default=16)
    reader.add_argument("endpoint", nargs="*", default=[], help="after --: for the endpoint")
    return reader.parse_args()


def _install(home: Path) -> Path:
    if not (home / "complete").exists():
        print(f"Installing aiperf {VERSION} into {home}; it takes about a minute.", flush=True)
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        line = [home / "bin" / "python", "-m", "pip", "install", "-q", f"aiperf=={VERSION}"]
        env = {name: value for name, value in os.environ.items() if name != "PIP_CONSTRAINT"}
        if subprocess.run(line, env=env).returncode:
            raise SystemExit(f"aiperf {VERSION} can't be installed; pip says above why.")
        (home / "complete").touch()
    return home / "bin" / "aiperf"


def _profile(program: Path, folder: Path, port: int, asked: argparse.Namespace) -> dict:
    # aiperf's "builtin" vocabulary is the one of tiktoken, which fetches it unless it is here
    vocabulary.write(folder)
    line = [program, "profile", "--model", "gpt-4o-mini", "--url", f"http://127.0.0.1:{port}"]
    line += ["--endpoint-type", "chat", "--streaming", "--api-key", "aiperf", "--ui", "none"]
    line += ["--tokenizer", "builtin"]
    line += ["--synthetic-input-tokens-mean", "50", "--artifact-dir", folder / "out"]
    line += ["--concurrency", str(asked.concurrency), "--request-count", str(asked.requests)]
    here = {"TIKTOKEN_CACHE_DIR": str(folder), "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1"}
    ran = subprocess.run(line, env=servers.environment() | here, capture_output=True, text=True)
    written = folder / "out" / "profile_export_aiperf.json"
    if ran.returncode or not written.exists():
        raise SystemExit(f"aiperf failed: {(ran.stdout + ran.stderr)[-3000:]}")
    return json.loads(written.read_text())


def _report(told: dict, log: list[dict]) -> None:
    print(servers.machine())
    print(
        f"{told['request_count']['avg']:.0f} requests by aiperf's count, "
        f"{told['request_error_rate']['avg']:.1f} % errors; the truth log has {len(log)} calls."
    )
    # of prompts it counts the text alone, without the 7 tokens around a message
    differ = told["usage_completion_tokens_diff_pct"]["avg"]
    print(f"aiperf's own count of the replies' tokens is {differ:.2f} % off the endpoint's.\n")
    true = {
        "first token, ms": [record["scheduled_first_s"] for record in log],
        "token to token, ms": [
            (record["scheduled_last_s"] - record["scheduled_first_s"])
            / (record["completion_tokens"] - 1)
            for record in log
        ],
        "whole reply, ms": [record["scheduled_last_s"] for record in log],
    }
    print("| mean | aiperf saw | was due |")
    print("|---|---|---|")
    for name, field in PARTS.items():
        due = 1000 * sum(true[name]) / len(log)
        print(f"| {name} | {told[field]['avg']:.2f} | {due:.2f} |")


if __name__ == "__main__":
    sys.exit(main())
