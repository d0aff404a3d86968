"""One submission's run, as the grader sees it: asks, waits, and believes nothing it is told."""

from __future__ import annotations

import json
import secrets
import select
import signal
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from course.errors import CourseError
from course.grading.sandbox import outputs, wire
from course.grading.sandbox.limits import MIB, Limits

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from course.quiz.fields import Case

Outcome = dict[str, Any]
UNREADABLE: Outcome = {"refused": "what came back could not be read."}
_KINDS = {"value": object, "raised": str, "refused": str, "missing": bool}
_MOST_SAID = 1_000
_WHY_S = 1.0
_BEGIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a cell: nbformat's outputs; `problem` says in a line why it is not ok."""

    outputs: list[NotebookNode]
    ok: bool
    problem: str = ""


class Run:
    """One submission's process; no method raises for what a student's code does.

    A CourseError is trouble of this computer's own: the sandbox itself has ended.

    `lost` is "" or one sentence why the process is gone; what is asked then is not done any more.
    """

    def __init__(self, talk: socket.socket, control: socket.socket, limits: Limits):
        self.lost = ""
        self._talk, self._control, self._limits = talk, control, limits
        most_body = limits.cell_output * 4 + 65_536  # a character may be four bytes
        self._reader = wire.Reader(talk, most_head=wire.MOST_HEAD, most_body=most_body)
        self._end = time.monotonic() + limits.seconds

    def begin(self, request: dict[str, Any], body: bytes) -> None:
        """Have the process lay out its folder, before any student code runs."""
        self._asked({"do": "begin"} | request, body, seconds=_BEGIN_S)

    def cell(self, source: str, *, seconds: float | None = None) -> Ran:
        """Run a cell as a notebook would; one that takes over `seconds` is stopped."""
        limit = self._limits.cell_seconds if seconds is None else seconds
        answer, body, is_late = self._asked({"do": "cell", "source": source}, seconds=limit)
        if answer is None:
            return Ran([], ok=False, problem=self.lost)
        problem = answer.get("problem")
        problem = problem[:_MOST_SAID] if isinstance(problem, str) else "its answer was not one."
        if is_late:
            problem = f"TimeoutError: the cell took over {limit:g} seconds and was stopped."
        return Ran(outputs.read(answer.get("outputs"), body), ok=not problem, problem=problem)

    def call(self, function: str, case: Case, *, seconds: float | None = None) -> Outcome:
        """What comes of one call, as course.quiz.judge takes it; within `seconds`."""
        limit = self._limits.call_seconds if seconds is None else seconds
        request = {"do": "call", "function": function}
        request |= {"arguments": case.arguments, "named": case.named}
        answer, _, is_late = self._asked(request, seconds=limit)
        if answer is None:
            return {"raised": self.lost}
        if is_late:
            return {"raised": f"TimeoutError: the call took over {limit:g} seconds."}
        return read_outcome(answer.get("outcome"))

    def _asked(
        self, request: dict[str, Any], body: bytes = b"", *, seconds: float
    ) -> tuple[dict[str, Any] | None, bytes, bool]:
        """The answer to this request, and whether it came only after an interrupt."""
        now = time.monotonic()
        if not self.lost and now >= self._end:
            self._give_up(_OUT_OF_TIME.format(self._limits.seconds))
        if self.lost:
            return None, b"", False
        end, is_late = min(now + seconds, self._end), False
        # what answers an earlier request, or none, does not know this
        name = secrets.token_hex(8)
        frame = wire.pack({"n": name} | request, body)
        try:
            self._talk.settimeout(max(end - now, 0.1))
            self._talk.sendall(frame)
            return *self._answer(name, end), False
        except (wire.Late, TimeoutError):
            is_late = True
        except (wire.Ended, wire.Broken, OSError) as error:
            return self._lose(error)
        try:
            for _ in range(2):
                self._say(b"i")
                try:
                    pause = self._limits.grace_seconds / 2
                    return *self._answer(name, time.monotonic() + pause), is_late
                except wire.Late:
                    continue
        except (wire.Ended, wire.Broken, OSError) as error:
            return self._lose(error)
        return self._give_up(_STUCK)

    def _answer(self, name: str, end: float) -> tuple[dict[str, Any], bytes]:
        spent = self._reader.bytes_read
        while True:
            answer, body = self._reader.next(end)
            if answer.get("n") == name:
                return answer, body
            if self._reader.bytes_read - spent > self._limits.output:
                raise wire.Broken

    def _lose(self, error: Exception) -> tuple[None, bytes, bool]:
        if isinstance(error, wire.Broken):
            return self._give_up("The code wrote where only its grader writes, and was stopped.")
        return self._give_up(self._why())

    def _give_up(self, why: str) -> tuple[None, bytes, bool]:
        self.lost = why
        self._say(b"k")
        self._talk.close()
        return None, b"", False

    def _say(self, what: bytes) -> None:
        try:
            self._control.sendall(what)
        except OSError:
            return

    def _why(self) -> str:
        """What the warm process says of the end of this one."""
        said, end, gone = b"", time.monotonic() + _WHY_S, False
        while (left := end - time.monotonic()) > 0 and b'"ended"' not in said:
            if not select.select([self._control], [], [], left)[0]:
                break
            try:
                more = self._control.recv(4096)
            except OSError:
                more = b""
            if not more:
                gone = True
                break
            said += more
        told: dict[str, Any] = {}
        for line in said.splitlines():
            told |= json.loads(line)
        if told.get("over") == "memory":
            most = self._limits.memory // MIB
            return f"The code used more than {most:,} MB of memory in all and was stopped."
        if gone and "ended" not in told:  # the warm process, which no student code can reach
            raise CourseError("The sandbox ended while code ran in it: grade once more.")
        return _ended(told.get("ended"))


_STUCK = "The code ran for too long, could not be interrupted, and was stopped."
_OUT_OF_TIME = "The code in the notebook ran for over {:g} seconds in all and was stopped."


def _ended(code: int | None) -> str:
    if code is None or code == 0:
        return "The code closed the process it runs in."
    if code > 0:
        return f"The code ended the process it runs in (exit code {code})."
    if code == -signal.SIGKILL:
        return "The process that the code runs in was killed."
    if code == -signal.SIGXCPU:
        return _STUCK
    name = signal.strsignal(-code) or f"signal {-code}"
    return f"The process that the code runs in crashed ({name.lower()})."


def read_outcome(found: Any) -> Outcome:
    """An outcome out of what the student's process said; never an exception."""
    if not isinstance(found, dict) or len(found) != 1:
        return dict(UNREADABLE)
    ((kind, what),) = found.items()
    return found if isinstance(what, _KINDS.get(kind, ())) else dict(UNREADABLE)
