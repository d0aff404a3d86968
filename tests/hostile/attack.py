"""What an attack is, and what keeps it from harming the computer that runs the tests.

Code of an attack begins with PRELUDE: outside a sandbox it ends there, before it has done
anything, and says FOUND, a word that no test lets pass. What it tries inside is limited again:
at most `MOST_CHILDREN` processes that live for a minute, at most `MOST_BYTES` bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hostile.sample import Sheet

FOUND = "FOUND"
"""What an attack says when it got what it was after."""
MOST_CHILDREN = 300
MOST_BYTES = 3 * 1024**3

PRELUDE = '''
import os, sys, time

def say(*what):
    """Something was had that may not be had."""
    print("FO" "UND", *what, flush=True)

def tried(action):
    """What comes of an action that should fail; None when it does."""
    try:
        return action()
    except (Exception, SystemExit):
        return None

def child():
    """A process that could be found if it outlived the grading; it ends after a minute."""
    import signal
    signal.alarm(60)
    try:
        os.execv("/usr/bin/sleep", ["sleep", "61." + MARK])
    finally:
        time.sleep(60)
        os._exit(0)

try:
    outside = os.readlink("/proc/self/ns/pid") == NAMESPACE
except OSError:
    outside = False
if outside or os.path.exists(ROOT):
    say("the grader's own processes or folders")
    raise SystemExit
'''
ALL = ("command", "button", "course")


@dataclass(frozen=True)
class Group:
    """Attacks that are graded together: on which quiz, and within how many seconds."""

    quiz: str
    cell: float
    cells: float
    call: float
    item: float


GROUPS = {
    "h": Group("h", cell=6, cells=12, call=3, item=6),  # these end by themselves
    "endless": Group("h", cell=0.7, cells=3, call=0.7, item=2.2),
    "m": Group("m", cell=6, cells=12, call=3, item=6),
}
LATE = "too long|stopped|time"
DIED = "ended|died|gone|killed|broke|stopped"
FULL = "memory|too much|killed|ended|stopped"


@dataclass(frozen=True)
class Attack:
    """A hostile submission, and what must hold of it.

    It is made from a right, half-right or wrong one (`kind`) and keeps the marks of that one,
    but for the items that it `loses` (no points) or `may_lose` (any of its points). What the
    student reads matches the pattern `told`; `refused` names the ways in that do not grade it
    at all, with a reason.
    """

    name: str
    build: Callable[[Sheet], None]
    kind: str = "half"
    group: str = "h"
    loses: tuple[str, ...] = ()
    may_lose: tuple[str, ...] = ()
    told: str = ""
    refused: tuple[str, ...] = ()

    @property
    def quiz(self) -> str:
        """The quiz that is handed in."""
        return GROUPS[self.group].quiz


BOTH = ("h-04", "h-05")
"""The items whose functions are called."""


def prelude(sheet: Sheet) -> str:
    """The beginning of every attack's code, with what it may know about this computer."""
    names = {"NAMESPACE": str(Path("/proc/self/ns/pid").readlink()), **sheet.facts}
    names |= {"ROOT": str(sheet.root), "MOST_BYTES": MOST_BYTES, "MOST_CHILDREN": MOST_CHILDREN}
    return "".join(f"{name} = {value!r}\n" for name, value in names.items()) + PRELUDE


def cell(*sources: str) -> Callable[[Sheet], None]:
    """The attack is in cells before the first question; each begins with PRELUDE."""

    def build(sheet: Sheet) -> None:
        sheet.run(*(prelude(sheet) + source for source in sources))

    return build


def functions(before: str = "", **sources: str) -> Callable[[Sheet], None]:
    """The attack is in functions that are called (and in a cell `before` them)."""

    def build(sheet: Sheet) -> None:
        sheet.run(prelude(sheet) + before)
        for name, source in sources.items():
            sheet.write(name, source)

    return build


def harmless_cell(*sources: str) -> Callable[[Sheet], None]:
    """Code that can do no harm anywhere, as it stands: no PRELUDE."""
    return lambda sheet: sheet.run(*sources)
