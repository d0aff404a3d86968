"""One submission's place, as the warm process keeps it: its walls, and its process in them."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from course.grading.sandbox import drop, walls
from course.grading.sandbox.limits import Limits

TALK = 3
"""The descriptor by which the student's process speaks with the grader."""


@dataclass(frozen=True)
class Ways:
    """How rooms are made: what the grader told the warm process when it started it."""

    limits: Limits
    settings: Path
    contained: bool
    first_uid: int | None = None


@dataclass(eq=False)
class Room:
    """Made empty and ahead of its use; `control` is the grader's connection once it has one."""

    ways: Ways
    endpoint: str
    control: socket.socket | None = None
    talk: socket.socket | None = None
    walls: subprocess.Popen | None = None
    holder: int = 0
    student: int = 0
    proc: int = -1
    home: str = ""
    why: str = ""
    slot: int = 0
    is_ending: bool = False
    _info: int = field(default=-1, repr=False)
    _first: int = field(default=-1, repr=False)
    """The first process behind the walls, by a descriptor: a number may come to mean another."""

    def is_ready(self, endpoint: str) -> bool:
        """Whether it is still to be given to a grader, and its processes are whole."""
        unused = self.control is None and not self.why and self.student >= 0
        return unused and not self.is_ending and self.endpoint == endpoint

    def build(self) -> None:
        """Have bubblewrap start on the walls."""
        line = walls.arguments(self.ways.limits, self.ways.settings, self.endpoint)
        with tempfile.TemporaryFile() as told:  # not on its command line, which students can read
            told.write(b"\0".join(part.encode() for part in line[: line.index("--")]))
            told.seek(0)
            self._info, info = os.pipe()
            command = [walls.program(), "--info-fd", str(info), "--args", str(told.fileno())]
            try:
                self.walls = subprocess.Popen(
                    command + line[line.index("--") :],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    pass_fds=(info, told.fileno()),
                    bufsize=0,
                    env={},
                )
            finally:
                os.close(info)

    def is_built(self) -> bool:
        """Whether the walls stand, to be asked once they have said something."""
        said = self.walls.stdout.read(1)
        told = os.read(self._info, 4096) if said else b""
        if told:
            self.holder = json.loads(told)["child-pid"]
            self._first = os.pidfd_open(self.holder)
            self.proc = os.open(f"/proc/{self.holder}/root/proc", os.O_RDONLY | os.O_DIRECTORY)
        return bool(told)

    def people(self, serve: Callable[[socket.socket], None]) -> None:
        """Fork the process that student code will run in, and which `serve`s the grader."""
        self.talk, theirs = socket.socketpair()
        held = own = sysctl = -1
        if self.ways.contained:
            held, own = os.dup(self._first), os.open("/proc/self/ns/pid", os.O_RDONLY)
            sysctl = os.open("/proc/sys/user", os.O_RDONLY | os.O_DIRECTORY)
            drop.setns(held, drop.NEWPID)  # holds for the next fork
        else:
            self.home = tempfile.mkdtemp(prefix="home-", dir=self.ways.settings)
        try:
            self.student = os.fork()
        finally:
            if self.student and self.ways.contained:
                drop.setns(own, drop.NEWPID)
        if not self.student:
            self._live(theirs, held, sysctl, serve)
        theirs.close()
        for fd in (held, own, sysctl):
            if fd >= 0:
                os.close(fd)

    def _live(
        self,
        talk: socket.socket,
        held: int,
        sysctl: int,
        serve: Callable[[socket.socket], None],
    ) -> None:
        """In the new process: never returns."""
        code = 70
        with contextlib.suppress(BaseException):
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGPIPE):
                signal.signal(number, signal.SIG_DFL)
            os.setsid()
            if held >= 0:
                drop.setns(held, drop.WALLS)
            drop.limit(self.ways.limits, contained=self.ways.contained)
            if held >= 0:
                first = self.ways.first_uid
                drop.become(None if first is None else first + self.slot)
                drop.no_more_namespaces(sysctl)
                drop.no_capabilities()
            if sys.platform == "linux":
                drop.die_with_parent()
            nothing = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(nothing, fd)
            os.dup2(talk.detach(), TALK, inheritable=False)
            os.closerange(TALK + 1, 4096)
            if held >= 0:
                drop.filter_calls()
            serve(socket.socket(fileno=TALK))
            code = 0
        os._exit(code)

    def give(self, control: socket.socket) -> None:
        """Hand the connection to the student's process over to the grader."""
        home = walls.HOME if self.ways.contained else self.home
        told = {"home": home} if self.student else {"failed": self.why}
        fds = [self.talk.fileno()] if self.student else []
        with contextlib.suppress(OSError):  # the grader has gone
            socket.send_fds(control, [json.dumps(told).encode() + b"\n"], fds)
        if self.talk:
            self.talk.close()

    def interrupt(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self.student > 0:
                os.kill(self.student, signal.SIGINT)

    def kill(self) -> None:
        """End every process of the submission."""
        self.is_ending = True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._first >= 0:
                signal.pidfd_send_signal(self._first, signal.SIGKILL)
            elif self.walls and self.walls.returncode is None:
                os.kill(self.walls.pid, signal.SIGKILL)
            elif self.student > 0 and not self.walls:
                os.kill(self.student, signal.SIGKILL)  # at its very start it leads no group yet
                os.killpg(self.student, signal.SIGKILL)

    def clear(self) -> None:
        """Let go of all that the room held, once its processes have ended."""
        for held in (self.talk, self.control):
            if held:
                held.close()
        if self.walls:
            self.walls.returncode = 0
            self.walls.stdin.close()
            self.walls.stdout.close()
        for fd in (self.proc, self._info, self._first):
            if fd >= 0:
                os.close(fd)
        if self.home:
            shutil.rmtree(self.home, ignore_errors=True)
