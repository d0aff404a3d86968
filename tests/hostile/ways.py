"""The three ways in, each as a process of its own, and what must be as it was afterwards."""

import contextlib
import hashlib
import json
import os
import random
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sample_course

from hostile.attack import Group

CANARY = "canary-of-the-instructor"
"""In the environment of every grading: for nobody's eyes."""
_MOST_BYTES = 4 * 1024**3
_PRESS = Path(__file__).with_name("press.py")


def configure(root: Path, group: Group) -> None:
    """The course's nbgrader_config.py, with small limits so that the tests stay short."""
    limits = {"timeout": group.cell, "total": group.cells, "call_timeout": group.call}
    limits |= {"measured_timeout": group.item, "item_timeout": group.item}
    sample_course.configure(root, *(f"c.RunCells.{name} = {s}" for name, s in limits.items()))


def command(quiz: str) -> list[str]:
    """`nbgrader autograde`, as an instructor types it."""
    return [sys.executable, "-m", "nbgrader", "autograde", quiz]


def button(quiz: str) -> list[str]:
    """What the formgrader's button does, for one student after the other."""
    return [sys.executable, str(_PRESS), quiz]


def alone(quiz: str) -> list[str]:
    """`course grade` for one student after the other, each in a run of its own."""
    return [sys.executable, str(Path(__file__).with_name("alone.py")), quiz]


def course(quiz: str) -> list[str]:
    """`course grade`."""
    start = "from course.cli import main; main()"
    return [sys.executable, "-c", start, "grade", quiz, "--json"]


WAYS = {"command": command, "button": button, "course": course, "alone": alone}


@dataclass
class Run:
    """A grading that has been started."""

    way: str
    process: subprocess.Popen
    begin: float
    out: Path
    seconds: float = 0.0

    def wait(self, most: float) -> int:
        """Its exit code, or an error with the end of what it said."""
        try:
            code = self.process.wait(most)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"{self.way} did not end: {self.said()[-2000:]}") from None
        self.seconds = time.monotonic() - self.begin
        return code

    def said(self) -> str:
        return self.out.read_text(errors="replace")


def start(way: str, quiz: str, root: Path, *more: str) -> Run:
    """Start a grading of all that is handed in; the student's code is contained, or not run."""
    environment = {
        name: value for name, value in os.environ.items() if name != "COURSE_RUN_STUDENT_CODE"
    }
    environment |= {"OPENAI_API_KEY": f"sk-{CANARY}", "JUPYTER_TOKEN": CANARY}
    out = root / f"{way}-{quiz}.log"
    with out.open("wb") as said:
        process = subprocess.Popen(
            [*WAYS[way](quiz), *more],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            preexec_fn=_limit,
            start_new_session=True,
        )
    return Run(way, process, time.monotonic(), out)


def _limit() -> None:
    """What a grader led astray (a link to a device without end) may write at most."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MOST_BYTES, _MOST_BYTES))


class Listener:
    """Places on this computer that student code may not reach, and who did."""

    def __init__(self, folder: Path):
        self.mark = str(random.Random().randrange(10**8, 10**9))
        self.seen: list[str] = []
        self._open = [socket.create_server(("127.0.0.1", 0))]
        self.port = self._open[0].getsockname()[1]
        self.path = folder / "listener"
        for name in (str(self.path), f"\0{self.mark}"):
            line = socket.socket(socket.AF_UNIX)
            line.bind(name)
            line.listen()
            self._open.append(line)
        for line in self._open:
            threading.Thread(target=self._accept, args=(line,), daemon=True).start()

    @property
    def facts(self) -> dict:
        """What attacks are told."""
        return {"PORT": self.port, "SOCKET": str(self.path), "MARK": self.mark}

    def _accept(self, line: socket.socket) -> None:
        while True:
            try:
                caller, _ = line.accept()
            except OSError:
                return
            self.seen.append(str(line.getsockname()))
            caller.close()

    def close(self) -> None:
        for line in self._open:
            line.close()


@contextlib.contextmanager
def listener(folder: Path) -> Iterator[Listener]:
    made = Listener(folder)
    try:
        yield made
    finally:
        made.close()


def outlived(mark: str) -> list[str]:
    """The command lines of processes that an attack has left running."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if f"61.{mark}" in line:
                found.append(line)
    return found


def left_lying(mark: str) -> list[Path]:
    """Files with the mark in their name, where programs and temporary files are."""
    places = ["/dev/shm", "/dev/mqueue", "/var/tmp", "/run", str(Path.home()), sys.prefix]
    places += [os.environ.get("TMPDIR", "/var/tmp"), *sys.path]
    found = []
    for place in set(filter(None, places)):
        with contextlib.suppress(OSError):
            found += [path for path in Path(place).iterdir() if mark in path.name]
    return found


def fingerprint(root: Path) -> dict[str, str]:
    """A hash of every file that a grading only reads."""
    found = {}
    for folder in ("solutions", "quizzes", "submitted"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and not path.is_symlink() and path.stat().st_size < 50_000_000:
                found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def rows(run: Run) -> dict[str, dict]:
    """What `course grade --json` printed, by student."""
    text = run.said()
    return {row["student"]: row for row in json.loads(text[text.index("{") :])["rows"]}
