"""The warm process: it has imported what notebooks use, and forks once a submission.

It is started with a clean environment and knows no key and no answer, for each submission is a
copy of it. Its one connection to the world is a socket in a private folder, on which the grader
asks for rooms; it ends when the grader does.
"""

import contextlib
import gc
import json
import os
import selectors
import shutil
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from course.grading.sandbox import pages, watch
from course.grading.sandbox.imports import forget_the_grader, warmed
from course.grading.sandbox.limits import Limits
from course.grading.sandbox.room import Room, Ways

LOOK_S = 0.03
_ASKING_S = 5.0
_UIDS = range(60_000, 65_000)


class Warm:
    """Waits for the grader, its rooms and their ends, all in one loop."""

    def __init__(self, listener: socket.socket, ways: Ways, serve: Any):
        self._listener, self._ways, self._serve = listener, ways, serve
        self._rooms: list[Room] = []
        self._look = selectors.DefaultSelector()
        woken, wake = socket.socketpair()
        for end in (woken, wake):
            end.setblocking(False)
        self._woken, self._wake = woken, wake
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        self._look.register(listener, selectors.EVENT_READ, (self._asked, None))
        self._look.register(woken, selectors.EVENT_READ, (self._ended, None))
        self._look.register(sys.stdin.fileno(), selectors.EVENT_READ, (self._end, None))

    def run(self) -> None:
        """Until the grader has gone."""
        while True:
            used = [room for room in self._rooms if room.control and room.proc >= 0]
            for key, _ in self._look.select(LOOK_S if used else None):
                what, room = key.data
                if room is None:
                    what()
                elif room in self._rooms:  # it may have been cleared a moment ago
                    what(room)
            for room in used:
                if room in self._rooms:
                    self._measure(room)

    def _end(self) -> None:
        for room in self._rooms:
            room.kill()
        shutil.rmtree(self._ways.settings, ignore_errors=True)  # a killed grader can't
        sys.exit(0)

    def _asked(self) -> None:
        """A grader wants a room."""
        control, _ = self._listener.accept()
        control.settimeout(_ASKING_S)
        try:
            endpoint = json.loads(control.recv(4096))["endpoint"]
        except (OSError, ValueError, KeyError):
            control.close()
            return
        ready = [room for room in self._rooms if room.is_ready(endpoint)]
        room = ready[0] if ready else self._new(endpoint)
        room.control = control
        control.setblocking(False)
        self._look.register(control, selectors.EVENT_READ, (self._told, room))
        if room.student or room.why:
            room.give(control)
        if self._ways.contained and not endpoint:  # an endpoint is one submission's own
            self._new("")
        self._clear()

    def _new(self, endpoint: str) -> Room:
        taken = {room.slot for room in self._rooms}
        slot = next(slot for slot in range(len(taken) + 1) if slot not in taken)
        room = Room(self._ways, endpoint, slot=slot)
        self._rooms.append(room)
        try:
            if self._ways.contained:
                room.build()
                self._look.register(room.walls.stdout, selectors.EVENT_READ, (self._built, room))
            else:
                room.people(self._serve)
        except OSError as error:
            room.why = f"no process could be made for it ({error})"
        return room

    def _built(self, room: Room) -> None:
        self._look.unregister(room.walls.stdout)
        try:
            if room.is_built():
                room.people(self._serve)
                if room.is_ending:  # its grader has gone meanwhile
                    room.kill()
            else:
                room.why = "bubblewrap could not build its walls"
        except OSError as error:
            room.why = f"no process could be made for it ({error})"
            room.kill()
        if room.control:
            room.give(room.control)
        self._clear()

    def _told(self, room: Room) -> None:
        """The grader says to interrupt the room's process, or to end it."""
        try:
            said = room.control.recv(16)
        except OSError:
            said = b""
        if said == b"i":
            room.interrupt()
            return
        self._look.unregister(room.control)
        room.kill()

    def _measure(self, room: Room) -> None:
        most = self._ways.limits.memory
        with contextlib.suppress(OSError):
            if room.student and watch.memory(room.proc, most=most) > most:
                self._tell(room, {"over": "memory"})
                room.kill()

    def _ended(self) -> None:
        """Some process has ended: take its exit code, and with the student's end its room."""
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(4096)
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            for room in self._rooms:
                if pid == room.student:
                    self._tell(room, {"ended": os.waitstatus_to_exitcode(status)})
                    room.kill()
                    room.student = -1
                elif room.walls and pid == room.walls.pid:
                    room.walls.returncode = 0
            self._clear()

    def _clear(self) -> None:
        for room in list(self._rooms):
            walls_left = room.walls and room.walls.returncode is None
            if walls_left or room.student > 0:
                continue
            if room.walls and not room.student and not room.why:
                room.why = "bubblewrap ended while it built the walls"
                if room.walls.stdout in self._look.get_map():
                    continue  # what it said is read first
            for held in filter(None, (room.control, room.walls and room.walls.stdout)):
                with contextlib.suppress(KeyError, ValueError):
                    self._look.unregister(held)
            self._rooms.remove(room)
            room.clear()

    def _tell(self, room: Room, what: dict[str, Any]) -> None:
        if room.control:
            with contextlib.suppress(OSError):
                room.control.sendall(json.dumps(what).encode() + b"\n")


def main() -> None:
    """Started by Sandbox: the first line of stdin says how; stdin's end is the end."""
    told = json.loads(_line())
    listener = socket.socket(fileno=told["listener"])
    os.set_inheritable(listener.fileno(), False)
    limits = Limits(**told["limits"])
    first = _first_uid() if told["as_root"] else None
    ways = Ways(limits, Path(told["settings"]), told["contained"], first)
    shell = warmed()

    from course.grading.sandbox.student import Student

    def serve(talk: socket.socket) -> None:
        Student(shell, limits, talk).serve()

    forget_the_grader()
    gc.collect()
    gc.freeze()
    gc.disable()
    pages.gather()
    Warm(listener, ways, serve).run()


def _line() -> bytes:
    said = b""
    while not said.endswith(b"\n"):
        said += os.read(0, 1) or b"\n"
    return said


def _first_uid() -> int | None:
    """The first of some user ids that nobody has here; None where root has no others to give."""
    for line in Path("/proc/self/uid_map").read_text().splitlines():
        start, _, count = map(int, line.split())
        if start <= _UIDS.start and start + count >= _UIDS.stop:
            return _UIDS.start + os.getpid() * 64 % (len(_UIDS) - 200)
    return None
