"""What a worker of a cluster does: it grades a task at a time, with a sandbox of its own.

What goes in and out is bytes. Dask's scheduler opens what it passes on as far as it can: so it
needs this module, which imports nothing heavy before it grades, and sees nothing of a task.
"""

from __future__ import annotations

import atexit
import os
import pickle
import platform
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from course.grading.sandbox import Limits, Sandbox

_TRAVELS = ("COURSE_DATE", "COURSE_SMALL_MODEL", "COURSE_SPEED", "TZ")
"""Settings of the one who grades that decide what student code sees."""
_ONE_AT_A_TIME = threading.Lock()


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _TRAVELS if name in os.environ}


@dataclass(frozen=True)
class Terms:
    """How student code is run; `environment` is what it sees of that of the one who grades."""

    limits: Limits
    contained: bool
    environment: Mapping[str, str] = field(default_factory=_environment)


def kept(assignment: bytes) -> bytes:
    """The assignment, as a task of its own: the cluster keeps it, and passes it on, once."""
    return assignment


def graded(assignment: bytes, work: bytes) -> bytes:
    """A pickled Result from a pickled Assignment and a pickled pair of a Task and Terms.

    Or, pickled, one sentence why this worker would grade otherwise than others.
    """
    with _ONE_AT_A_TIME:  # the worker may have been started with several threads
        from course.grading.work import grade_one

        quiz, (task, terms) = pickle.loads(assignment), pickle.loads(work)
        result = _problem(quiz.version, terms)
        if not result:
            result = grade_one(quiz, task, sandbox=_Own.sandbox(terms))
        return pickle.dumps(result)


def _problem(wanted: str, terms: Terms) -> str:
    from course.grading.sandbox import available
    from course.grading.tasks import version

    where = f"The worker on {platform.node()}"
    if version() != wanted:
        return (
            f"{where} has another version of the course, or of a package that it grades with: "
            "install the same there as here, and start it again."
        )
    if terms.contained and (reason := available()):
        return f"{where} can't contain student code: {reason}"
    return ""


class _Own:
    """This process's sandbox, started when it is first needed."""

    _made: tuple[Terms, Sandbox] | None = None

    @classmethod
    def sandbox(cls, terms: Terms) -> Sandbox:
        from course.grading.sandbox import Sandbox

        if cls._made is None or cls._made[0] != terms:
            cls.close()
            for name in _TRAVELS:
                os.environ.pop(name, None)
            os.environ.update(terms.environment)
            cls._made = terms, Sandbox(terms.limits, terms.contained).__enter__()
        return cls._made[1]

    @classmethod
    def close(cls) -> None:
        """End it; of a worker that is killed, it ends by itself."""
        made, cls._made = cls._made, None
        if made:
            made[1].close()


atexit.register(_Own.close)
