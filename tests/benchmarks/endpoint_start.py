"""How long starting takes: the endpoint to its first answer, and `import course`.

    python tests/benchmarks/endpoint_start.py [--rounds 15]

Interleaved with `python -c pass` and `import openai`, so that a slow moment hits all of them.
"""

import argparse
import contextlib
import http.client
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import servers
from servers import Server


def main() -> int:
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("--rounds", type=int, default=15)
    rounds = reader.parse_args().rounds
    print(servers.machine())
    measured: dict[str, Callable[[], float]] = {
        "python -c pass": lambda: _python("pass"),
        "import course": lambda: _python("import course"),
        "from course import connect": lambda: _python("from course import connect"),
        "import openai": lambda: _python("import openai"),
        "endpoint, to its first 200": lambda: _endpoint(_models),
        "endpoint, to its first reply": lambda: _endpoint(Server.chat),
    }
    seconds = {name: [] for name in measured}
    for number in range(-1, rounds):
        for name, measure in measured.items():
            took = measure()
            # the first round writes the byte code
            if number >= 0:
                seconds[name].append(took)
    print("\n| start | median ms | min | max |")
    print("|---|---|---|---|")
    for name, took in seconds.items():
        parts = (1000 * value for value in (statistics.median(took), min(took), max(took)))
        print(f"| {name} | {' | '.join(f'{value:.0f}' for value in parts)} |")
    return 0


def _python(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env=servers.environment())
    return time.perf_counter() - began


def _models(server: Server) -> None:
    server.ask("GET", "/v1/models")


def _endpoint(first: Callable[[Server], object]) -> float:
    """Seconds from the start of the process to the end of the first call that gets a 200."""
    port = servers.free_port()
    line = [part.replace("{port}", str(port)) for part in servers.endpoint(["--speed", "0"])]
    server = Server("endpoint", port, 0)
    began = time.perf_counter()
    with contextlib.closing(_Process(line)) as process:
        while process.runs() and time.perf_counter() - began < servers.START_S:
            try:
                first(server)
                return time.perf_counter() - began
            except (OSError, http.client.HTTPException):
                time.sleep(0.002)
    raise SystemExit("The endpoint does not start; python -m course.endpoint says why.")


class _Process(subprocess.Popen):
    def __init__(self, line: list[str]):
        super().__init__(line, env=servers.environment(), stdout=subprocess.DEVNULL)

    def runs(self) -> bool:
        return self.poll() is None

    def close(self) -> None:
        self.terminate()
        self.wait()


if __name__ == "__main__":
    sys.exit(main())
