"""The process that runs one submission's code, from its first moment to its end.

It is a fork of the warm process, alone behind its walls by the time `serve` begins, and does what
it is asked: a cell, then a call of a function. Nothing that it knows is worth knowing.
"""

import asyncio
import builtins
import gc
import getpass
import os
import signal
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from inspect import isawaitable
from io import TextIOBase
from json import dumps
from pathlib import Path
from typing import Any

from course.grading.sandbox import outputs, wire
from course.grading.sandbox.limits import Limits
from course.grading.sandbox.shell import Shell, finish, refuse_input
from course.quiz.trial import raised, told

MOST_REQUEST = 32 * 1024 * 1024
MOST_VALUE = 30_000
"""Bytes of JSON that a function's value may be."""


class _Nowhere(TextIOBase):
    """Takes what a function prints, and keeps nothing."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


class Student:
    """Answers the grader's requests, one after another, until the connection ends."""

    def __init__(self, shell: Shell, limits: Limits, talk: Any):
        self._shell, self._limits, self._talk = shell, limits, talk
        self._loop = asyncio.new_event_loop()
        self._is_working = False

    def serve(self) -> None:
        reader = wire.Reader(self._talk, most_head=MOST_REQUEST, most_body=MOST_REQUEST)
        signal.signal(signal.SIGINT, self._interrupted)
        asyncio.set_event_loop(self._loop)
        ways = {"begin": self._begin, "cell": self._cell, "call": self._call}
        while True:
            try:
                head, body = reader.next()
            except wire.Ended:
                return
            answer, more = ways[head["do"]](head, body)
            self._talk.settimeout(None)
            self._talk.sendall(wire.pack({"n": head["n"]} | answer, more))

    def _interrupted(self, *_: Any) -> None:
        if self._is_working:
            raise KeyboardInterrupt

    def _begin(self, head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        os.environ.clear()
        os.environ.update(head["environment"])
        gc.enable()
        tempfile.tempdir = None
        folder = Path(head["folder"])
        folder.mkdir(parents=True, exist_ok=True)
        at = 0
        for name, size in head["files"]:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body[at : at + size])
            at += size
        os.chdir(folder)
        sys.path.insert(0, "")
        sys.argv = [""]
        builtins.input = getpass.getpass = refuse_input
        if numpy := sys.modules.get("numpy"):
            numpy.random.seed()  # or all submissions would draw the same
        limits = self._limits
        spill = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        for fd in (1, 2):
            os.dup2(spill.fileno(), fd)
        self._spill = spill
        self._shell.starting_dir = str(folder)
        self._shell.connect(spill.fileno(), most=limits.cell_output, most_together=limits.output)
        return {"ready": True}, b""

    def _cell(self, head: dict[str, Any], _: bytes) -> tuple[dict[str, Any], bytes]:
        shell, problem = self._shell, ""
        shell.collector.begin()
        self._is_working = True
        try:
            problem = finish(self._loop, lambda: shell.run(head["source"]))
        except KeyboardInterrupt:
            problem = "KeyboardInterrupt"
        except BaseException as error:
            problem = raised(error)
        finally:
            self._is_working = False
        shell.drain()
        found, texts = outputs.packed(shell.collector.done())
        return {"outputs": found, "problem": problem or ""}, texts

    def _call(self, head: dict[str, Any], _: bytes) -> tuple[dict[str, Any], bytes]:
        found = self._shell.user_ns.get(head["function"])
        if not callable(found):
            return {"outcome": {"missing": True}}, b""
        self._is_working = True
        try:
            value = finish(self._loop, lambda: _called(found, head["arguments"], head["named"]))
            outcome = told(value)
        except BaseException as error:
            outcome = {"raised": raised(error)}
        finally:
            self._is_working = False
        if len(dumps(outcome)) > MOST_VALUE:
            outcome = {"refused": f"the {type(value).__name__} that came back is too long."}
        return {"outcome": outcome}, b""


async def _called(function: Any, arguments: list[Any], named: dict[str, Any]) -> Any:
    """The value of a call, an asynchronous one's too; what it prints is not kept."""
    with redirect_stdout(_Nowhere()), redirect_stderr(_Nowhere()):
        value = function(*arguments, **named)
        return await value if isawaitable(value) else value
