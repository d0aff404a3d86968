"""Whether and how students' code is run; imports nothing heavy, so that it can begin early."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from course.grading.sandbox import Limits, Sandbox, available

CONTAINED, NOT_CONTAINED, NOT_RUN = "contained", "not contained", "not run"
_HOW = (
    "To run it without a sandbox, for students you trust as you trust yourself, grade with "
    "--no-sandbox."
)


@dataclass(frozen=True)
class Code:
    """How it is run: one of the three modes, by which limits, and in which sandbox here.

    Where it is not run, `why` says so in a sentence or two.
    """

    mode: str
    limits: Limits
    sandbox: Sandbox | None = None
    why: str = ""


@contextmanager
def ready(*, contained: bool = True, limits: Limits | None = None) -> Iterator[Code]:
    """A warm sandbox, closed at the end; without one where student code can't be contained.

    COURSE_RUN_STUDENT_CODE=1 stands for `contained=False`. The warm process gets ready while
    this one goes on.
    """
    limits = limits or Limits()
    mode = _mode(contained)
    if mode == CONTAINED and (why := available()):
        yield Code(NOT_RUN, limits, None, f"{why} {_HOW}")
        return
    with Sandbox(limits, contained=mode == CONTAINED) as sandbox:
        yield Code(mode, limits, sandbox)


def shared() -> Code:
    """The same in a sandbox that this process keeps for its next grading, until it ends."""
    from course.grading import running

    mode = _mode(True)
    if mode == CONTAINED and (why := available()):
        return Code(NOT_RUN, Limits(), None, f"{why} {_HOW}")
    sandbox = running.shared(contained=mode == CONTAINED).__enter__()
    return Code(mode, sandbox.limits, sandbox)


def elsewhere(*, contained: bool = True, limits: Limits | None = None) -> Code:
    """The same where workers on other computers have sandboxes of their own."""
    return Code(_mode(contained), limits or Limits())


def _mode(contained: bool) -> str:
    trusted = os.environ.get("COURSE_RUN_STUDENT_CODE", "").strip() == "1"
    return CONTAINED if contained and not trusted else NOT_CONTAINED
