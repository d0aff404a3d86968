"""How fast is `course grade`, sandbox on, beside `nbgrader autograde` and `otter run`?

    python tests/benchmarks/grading.py [--venv-folder FOLDER] [--rounds 5]
    python tests/benchmarks/grading.py --growth-only

The same questions, cases, answers and students for all three, in turns, round after round.
"""

import argparse
import contextlib
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grading_assignment as own
import grading_peers as peers
import grading_tables as tables
import servers
from grading_runs import Cost, adopt_orphans, run
from grading_tables import NBGRADER, OTTER, OURS, Round

from course.grading import gradebook
from course.grading.recorded import recorded
from course.grading.sandbox import available


@dataclass(frozen=True)
class Place:
    """Where the masters lie that each run gets a fresh copy of, and what is run."""

    folder: Path
    asked: argparse.Namespace
    otter: Path | None

    def ours(self, count: int, *, memory: bool = False) -> Cost:
        """`course grade`, as typed, in a course with `count` submissions."""
        with self._copy("ours", count) as folder:
            command = [Path(sys.executable).with_name("course"), "grade", own.QUIZ]
            if self.asked.workers:
                command += ["--workers", self.asked.workers]
            cost = self._run(command, folder, memory)
            with gradebook.opened(folder) as book:
                found = recorded(book, own.QUIZ)
            self._check(OURS, count, {name: one.score for name, one in found.items()})
            return cost

    def nbgrader(self, count: int, *, memory: bool = False) -> Cost:
        """`nbgrader autograde` with its own steps, on the equivalent assignment."""
        with self._copy("nbgrader", count) as folder:
            (folder / "nbgrader_config.py").write_text(peers.settings_of(folder))
            command = [sys.executable, "-m", "nbgrader", "autograde", own.QUIZ]
            cost = self._run(command, folder, memory)
            self._check(NBGRADER, count, peers.nbgrader_scores(folder))
            return cost

    def one_by_otter(self, number: int, *, memory: bool = False) -> Cost:
        """One `otter run`: it takes one submission."""
        folder, name = self.folder / "otter", own.Student(number).name
        out = peers.emptied(folder / "out")
        command = [self.otter, "run", "--no-logo", "-a", "autograder.zip", "-o", out]
        cost = self._run([*command, f"{name}.ipynb"], folder, memory)
        self._check(OTTER, None, {name: peers.otter_score(out)})
        return cost

    @contextlib.contextmanager
    def _copy(self, what: str, count: int) -> Iterator[Path]:
        """The first `count` submissions of the class, graded by nobody yet."""
        master, folder = self.folder / what, self.folder / f"{what}-now"
        names = {own.Student(number).name for number in range(count)}
        shutil.copytree(master, folder, ignore=shutil.ignore_patterns("submitted"))
        for name in names:
            shutil.copytree(master / "submitted" / name, folder / "submitted" / name)
        try:
            yield folder
        finally:
            shutil.rmtree(folder)

    def _run(self, command: list, folder: Path, memory: bool) -> Cost:
        env = servers.environment() | {"JUPYTER_CONFIG_DIR": str(self.folder / "no-config")}
        env.pop("COURSE_RUN_STUDENT_CODE", None)
        return run(command, cwd=folder, env=env, log=self.folder / "log", memory=memory)

    def _check(self, who: str, count: int | None, scores: dict[str, float]) -> None:
        """All have the marks that were worked out by hand, or the run is no measurement."""
        items = own.questions(self.folder / "ours")
        students = {one.name: one for one in map(own.Student, range(self.asked.largest))}
        wrong = {name: score for name, score in scores.items()
                 if score != students[name].points(items)}  # fmt: skip
        if wrong or (count is not None and len(scores) != count):
            raise SystemExit(f"{who}: {len(scores)} scores, of which not as expected: {wrong}")


def main() -> int:
    asked = _arguments()
    if problem := available():
        raise SystemExit(f"Without a sandbox this is not measured: {problem}")
    adopt_orphans()
    print(f"{servers.machine()}; load {_load()}")
    with contextlib.ExitStack() as stack:
        home = asked.venv_folder or stack.enter_context(tempfile.TemporaryDirectory())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="grading-")))
        place = _prepared(folder, Path(home).resolve(), asked)
        if not asked.growth_only:
            found = _rounds(place)
            print(f"\n{asked.rounds} rounds. Cold: {asked.cold} submissions. Sustained: from "
                  f"{asked.cold} to {asked.many} (nbgrader: to {asked.nbgrader}).\n")  # fmt: skip
            print(tables.compared(found))
            _memory(place)
        _growth(place)
    return 0


def _arguments() -> argparse.Namespace:
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    more = reader.add_argument
    more("--venv-folder", type=Path, help="where otter is, or gets, installed (default: nowhere)")
    more("--rounds", type=int, default=5)
    more("--cold", type=int, default=20, help="submissions in a cold command")
    more("--many", type=int, default=300, help="submissions of ours for the sustained rate")
    more("--nbgrader", type=int, default=60, help="the same of nbgrader's, which takes longer")
    more("--otter", type=int, default=3, help="submissions of otter's in each round")
    more("--growth", type=int, nargs="*", default=[100, 300, 1000, 3000], help="of ours alone")
    more("--growth-only", action="store_true")
    more("--workers", type=int, help="for course grade (default: its own)")
    asked = reader.parse_args()
    if asked.nbgrader <= asked.cold or asked.many <= asked.cold:
        reader.error("--many and --nbgrader must be more than --cold")
    compared = [] if asked.growth_only else [asked.many, asked.nbgrader]
    asked.largest = max([1, *compared, *asked.growth])
    return asked


def _prepared(folder: Path, home: Path, asked: argparse.Namespace) -> Place:
    print(f"Making a class of {asked.largest:,}.", flush=True)
    own.course_of(folder / "ours", students=asked.largest)
    otter = None
    if not asked.growth_only:
        items = own.questions(folder / "ours")
        peers.nbgrader_course(folder / "nbgrader", items, students=asked.nbgrader)
        otter = peers.install_otter(home / f"otter-{peers.OTTER}")
        peers.otter_assignment(folder / "otter", items, students=asked.otter, otter=otter)
    return Place(folder, asked, otter)


def _rounds(place: Place) -> dict[str, list[Round]]:
    """All contestants in turns; the first round, a short one, only writes byte code."""
    asked = place.asked
    for warm in (place.ours, place.nbgrader):
        warm(2)
    place.one_by_otter(0)
    found: dict[str, list[Round]] = {OURS: [], NBGRADER: [], OTTER: []}
    turns = [
        (OURS, lambda: _of(place.ours, asked.cold, asked.many)),
        (NBGRADER, lambda: _of(place.nbgrader, asked.cold, asked.nbgrader)),
        (OTTER, lambda: _of_otter([place.one_by_otter(at) for at in range(asked.otter)], asked)),
    ]
    for number in range(asked.rounds):
        for name, turn in [*turns[number % 3 :], *turns[: number % 3]]:
            one, others = turn()
            found[name].append(one)
            print(f"round {number + 1}: {name:<18} cold {one.cold:6.2f} s, then "
                  f"{one.rate:7.2f} a second, {one.cpu:6.3f} s CPU each; others "
                  f"{others:.0%}, load {_load()}", flush=True)  # fmt: skip
    return found


def _of(grade, few: int, many: int) -> tuple[Round, float]:
    """The cold command, and by how much a longer one takes longer: what a submission costs."""
    short, long = grade(few), grade(many)
    rate = (many - few) / (long.wall - short.wall)
    cpu = (long.cpu - short.cpu) / (many - few)
    return Round(short.wall, rate, cpu), max(short.others, long.others)


def _of_otter(costs: list[Cost], asked: argparse.Namespace) -> tuple[Round, float]:
    """otter starts anew for each submission: cold and sustained are the same."""
    wall = statistics.mean(cost.wall for cost in costs)
    cpu = statistics.mean(cost.cpu for cost in costs)
    return Round(wall * asked.cold, 1 / wall, cpu), max(cost.others for cost in costs)


def _memory(place: Place) -> None:
    cold = place.asked.cold
    print(f"\nPeak memory of all processes with {cold} submissions (one run each, not timed): "
          f"{OURS} {place.ours(cold, memory=True).memory:.0f} MiB, "
          f"{NBGRADER} {place.nbgrader(cold, memory=True).memory:.0f} MiB, "
          f"{OTTER} (1) {place.one_by_otter(0, memory=True).memory:.0f} MiB")  # fmt: skip


def _growth(place: Place) -> None:
    sizes = sorted(place.asked.growth)
    if not sizes:
        return
    print("\n| submissions | seconds | a second | CPU s each | peak MiB | others | load |")
    print("|---|---|---|---|---|---|---|", flush=True)
    seen = []
    for count in sizes:
        cost = place.ours(count, memory=True)
        seen.append((count, cost))
        print(f"{tables.grown(count, cost)} {_load()} |", flush=True)
    print(tables.growth(seen))


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    sys.exit(main())
