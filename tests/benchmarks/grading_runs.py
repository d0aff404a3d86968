"""One command run and measured: the clock, the processors, and the memory of all its processes."""

import ctypes
import os
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
_EVERY_S = 0.1


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds of the clock and of the processors, memory in MiB.

    `others` is the share of all processors that anything but the command took meanwhile; memory
    is 0 when it was not looked at.
    """

    wall: float
    cpu: float
    others: float
    memory: float = 0.0


def adopt_orphans() -> None:
    """Have processes whose parent ends become this one's, so that none goes uncounted."""
    ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0)


def run(
    command: Sequence[object], *, cwd: Path, env: dict[str, str], log: Path, memory: bool = False
) -> Cost:
    """Run a command to its end; SystemExit with the end of what it said where it fails."""
    os.sync()
    busy, own, began = _busy(), _own(), time.perf_counter()
    with log.open("wb") as said:
        started = subprocess.Popen(
            list(map(str, command)), cwd=cwd, env=env, stdout=said, stderr=said
        )
    watch = _Watch() if memory else None
    code = started.wait()
    wall = time.perf_counter() - began
    _reap()
    cpu, busy = _own() - own, _busy() - busy
    if code:
        raise SystemExit(f"{command} ended with {code}:\n{log.read_text()[-2000:]}")
    others = max(busy - cpu, 0.0) / (wall * (os.cpu_count() or 1))
    return Cost(wall, cpu, others, watch.peak() if watch else 0.0)


def _own() -> float:
    """The processor time of all that this process has waited for."""
    times = os.times()
    return times.children_user + times.children_system


def _reap() -> None:
    """Wait for orphans that have ended, so that their time counts."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _busy() -> float:
    """The time that all processors have worked, steal included, in seconds."""
    user, nice, system, _, _, irq, soft, steal = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


class _Watch(threading.Thread):
    """Looks at the memory of a process and its descendants, ten times a second.

    A look during which a process began or ended does not count: what it shares with others would
    be counted once by half and once as a whole.
    """

    def __init__(self):
        super().__init__(daemon=True)
        self._most, self._looks, self._end = 0, 0, threading.Event()
        self.start()

    def run(self) -> None:
        while not self._end.wait(_EVERY_S):
            before = sorted(_tree(os.getpid()))
            found = sum(map(_memory, before))
            if before == sorted(_tree(os.getpid())):
                self._most = max(self._most, found)
                self._looks += 1

    def peak(self) -> float:
        """The most that was seen, in MiB."""
        self._end.set()
        self.join()
        if not self._looks:
            raise SystemExit("Memory could not be seen: processes began and ended at each look.")
        return self._most / MIB


def _tree(root: int) -> Iterator[int]:
    """The descendants of a process; of this one, those it has adopted too."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        children.setdefault(parent, []).append(int(entry.parent.name))
    waiting = list(children.get(root, ()))
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children.get(pid, ())


def _memory(pid: int) -> int:
    """A process's proportional share of its memory; all of it where that is not told."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except PermissionError:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        pass
    return 0
