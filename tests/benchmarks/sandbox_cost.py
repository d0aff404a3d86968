"""What one submission costs to run: the sandbox, without its walls, and a started ipykernel.

    python tests/benchmarks/sandbox_cost.py [--rounds 5] [--each 20]

Ten simple cells and two functions called five times each, one submission after another, the ways
in turn. Times are of the clock; CPU is that of all processes involved. Pin it to one processor
(taskset -c 1) for what a core does.
"""

import argparse
import os
import statistics
import subprocess
import time
from collections import defaultdict
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from course.grading.sandbox import Sandbox
from course.quiz.fields import Case

CELLS = (
    "x = 1",
    "def f(n):\n    return n * 2",
    "def g(a, b=1):\n    return [a, b]",
    "import math\nmath.sqrt(2)",
    "total = sum(range(1000))\nprint(total)",
    "[i ** 2 for i in range(10)]",
    "text = 'a b c'.split()\ntext",
    "import json\njson.dumps({'a': 1})",
    "d = {k: len(k) for k in text}\nd",
    "assert f(2) == 4",
)


def in_sandbox(sandbox: Sandbox) -> None:
    with sandbox.submission({"items.json": b"{}"}, "01_sample") as run:
        assert all(run.cell(source).ok for source in CELLS)
        for n in range(5):
            assert run.call("f", Case(arguments=[n], expected=0)) == {"value": 2 * n}
            assert run.call("g", Case(arguments=[n], expected=0)) == {"value": [n, 1]}


def in_a_kernel() -> None:
    calls = [f"{name}({n})" for n in range(5) for name in "fg"]
    cells = [nbformat.v4.new_code_cell(source) for source in (*CELLS, *calls)]
    NotebookClient(nbformat.v4.new_notebook(cells=cells)).execute(stderr=subprocess.DEVNULL)


def cpu_s(warm: int | None) -> float:
    """Of this process, what it has waited for, and a warm process with all of its own."""
    total = sum(os.times()[:4])
    if warm:
        told = Path(f"/proc/{warm}/stat").read_text().rpartition(")")[2].split()
        total += sum(map(int, told[11:15])) / os.sysconf("SC_CLK_TCK")
    return total


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--rounds", type=int, default=5)
    reader.add_argument("--each", type=int, default=20)
    given = reader.parse_args()
    with Sandbox() as contained, Sandbox(contained=False) as trusted:
        ways = {
            "contained": (lambda: in_sandbox(contained), contained, given.each),
            "not contained": (lambda: in_sandbox(trusted), trusted, given.each),
            "ipykernel": (in_a_kernel, None, max(given.each // 10, 2)),
        }
        for once, *_ in ways.values():
            once()
        wall, cpu = defaultdict(list), defaultdict(list)
        for _ in range(given.rounds):
            for name, (once, sandbox, count) in ways.items():
                warm = sandbox and sandbox._warm.pid
                begin, used = time.perf_counter(), cpu_s(warm)
                for _ in range(count):
                    once()
                wall[name].append((time.perf_counter() - begin) / count * 1e3)
                cpu[name].append((cpu_s(warm) - used) / count * 1e3)
    for name in ways:
        for kind, times in (("wall", wall[name]), ("cpu", cpu[name])):
            spread = f"{min(times):.1f} to {max(times):.1f}"
            print(f"{name:<14} {kind:<4} {statistics.median(times):8.1f} ms ({spread})")


if __name__ == "__main__":
    main()
