"""Has the kernel that ran a student's notebook call a function, case by case.

Into that process go the function's name and the arguments of one case, never what is expected;
out of it comes plain JSON (see inside), which is read here as a stranger's.
"""

import base64
import json
import queue
import re
import time
from pathlib import Path
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

from course.quiz.fields import Case

Outcome = dict[str, Any]

SECONDS = 10.0
"""What one call may take."""
_GRACE_S = 2.0
_LOOK_S = 0.5
_INSIDE = Path(__file__).with_name("inside.py")
_SAID = re.compile(r"'([A-Za-z0-9+/=]{1,40000})'")

UNREADABLE = {"refused": "what came back could not be read."}
DEAD = {"raised": "SystemExit: the code ended the process it runs in."}
LATE = {"raised": "TimeoutError: earlier calls have taken all the time there was."}
STUCK = {"raised": "TimeoutError: an earlier call could not be stopped."}
_FINISH = "__course_said__ = await __course_call__['finish']({})"
_KINDS = {"value": object, "raised": str, "refused": str, "missing": bool}


class Caller:
    """Calls functions in one kernel; whatever happens there, `outcome` gives an answer."""

    def __init__(self, client: AsyncKernelClient, manager: AsyncKernelManager):
        self._client, self._manager = client, manager
        self._lost: Outcome | None = None
        self._ask = run_sync(self._asked)
        self._ask(_define(), 30.0)

    def outcome(self, function: str, case: Case, *, seconds: float = SECONDS) -> Outcome:
        """What comes of one call, as `score_cases` takes it."""
        if self._lost:
            return self._lost
        end = time.monotonic() + seconds
        said = self._ask(_call(function, case), seconds)
        if said == "''":
            left = max(end - time.monotonic(), _LOOK_S)
            said = self._ask(_FINISH.format(left), left + _GRACE_S)
        if said is None:
            late = {"raised": f"TimeoutError: the call took over {seconds:g} seconds."}
            return self._lost or late
        return read(said)

    async def _asked(self, code: str, seconds: float) -> str | None:
        """The text that the code leaves; None when it was stopped or the kernel is lost."""
        sent = self._client.execute(
            code,
            silent=True,
            store_history=False,
            user_expressions={"said": "__course_said__"},
            allow_stdin=False,
        )
        content = await self._reply(sent, seconds)
        if content is None and not self._lost:
            await self._manager.interrupt_kernel()
            if await self._reply(sent, _GRACE_S) is None:
                self._lost = self._lost or STUCK
            return None
        said = (content or {}).get("user_expressions", {}).get("said", {})
        text = said.get("data", {}).get("text/plain") if isinstance(said, dict) else None
        return None if self._lost else text if isinstance(text, str) else ""

    async def _reply(self, sent: str, seconds: float) -> dict[str, Any] | None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                message = await self._client.get_shell_msg(timeout=min(left, _LOOK_S))
            except queue.Empty:
                if not await self._manager.is_alive():
                    self._lost = DEAD
                    return None
                continue
            if message["parent_header"].get("msg_id") == sent:
                return message["content"]
        return None


def read(said: str) -> Outcome:
    """An outcome out of what the student's process said; never an exception."""
    found = _SAID.fullmatch(said)
    try:
        outcome = json.loads(base64.b64decode(found[1], validate=True), parse_constant=_refuse)
    except (TypeError, ValueError, RecursionError):
        return dict(UNREADABLE)
    if not isinstance(outcome, dict) or len(outcome) != 1:
        return dict(UNREADABLE)
    ((kind, what),) = outcome.items()
    return outcome if isinstance(what, _KINDS.get(kind, ())) else dict(UNREADABLE)


def _define() -> str:
    text = _INSIDE.read_text(encoding="utf-8")
    return (
        "import builtins as __course_builtins__\n"
        "__course_call__ = {'__name__': 'grading'}\n"
        f"__course_builtins__.exec({text!r}, __course_call__)\n"
        "__course_said__ = ''"
    )


def _call(function: str, case: Case) -> str:
    given = json.dumps({"arguments": case.arguments, "named": case.named})
    return f"__course_said__ = __course_call__['call'](globals(), {function!r}, {given!r})"


def _refuse(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are no JSON
