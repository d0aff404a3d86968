"""Joining a Dask cluster: is a scheduler there, has it workers, do all have the same versions?"""

from __future__ import annotations

import logging
import queue
import threading
import warnings
from typing import Any

from course.errors import CourseError

try:
    import distributed
except ImportError:  # an extra that few need
    distributed = None

CONNECT_S = 15.0
"""How long a scheduler may take to answer."""
FIRST_WORKER_S = 60.0
"""How long a cluster may take to have its first worker: on a busy computer one starts slowly."""
_MORE_S = 2.0
_SAME = ("python", "distributed", "dask", "cloudpickle", "msgpack")
_NO_DASK = "Grading on a cluster needs Dask: pip install 'gpt-4o-mini-course[cluster]'."
_NO_ANSWER = (
    "No Dask scheduler answers at {} ({}): start one with `dask scheduler`, and give the address "
    "that it prints."
)
_GONE = (
    "The scheduler at {} does not answer any more: what was graded so far is kept, and the same "
    "command goes on from there."
)
_IDLE = (
    "The scheduler at {0} has no worker: start some with `dask worker {0} --nthreads 1`; "
    "what was graded so far is kept, and the same command goes on from there."
)
_OTHER = "{} has {} {} and this computer {}: install the same on all of them."


def joined(address: str) -> Any:
    """A client of the scheduler there, which has a worker and the same versions; CourseError."""
    if distributed is None:
        raise CourseError(_NO_DASK)
    client = _connected(address)
    try:
        client.wait_for_workers(1, timeout=FIRST_WORKER_S)
        compare(client.get_versions(), address)
    except BaseException as error:
        client.close(timeout=1)
        if isinstance(error, TimeoutError):
            raise idle(address) from None
        raise
    return client


def gone(address: str) -> CourseError:
    """What to say when the scheduler has ended meanwhile."""
    return CourseError(_GONE.format(address))


def idle(address: str) -> CourseError:
    """What to say when no worker is there (any more)."""
    return CourseError(_IDLE.format(address))


def _connected(address: str) -> Any:
    """A client of the scheduler; CourseError where none answers."""
    for name, log in logging.root.manager.loggerDict.items():
        if name.partition(".")[0] == "distributed" and isinstance(log, logging.Logger):
            log.setLevel(logging.CRITICAL)  # what matters is said in a sentence
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", distributed.versions.VersionMismatchWarning)
        found = _patiently(address)
    if isinstance(found, Exception):
        raise CourseError(_NO_ANSWER.format(address, type(found).__name__)) from found
    return found


def _patiently(address: str) -> Any:
    """A client, or why there is none; for what listens and never answers Dask waits for ever."""
    made: queue.SimpleQueue = queue.SimpleQueue()

    def make() -> None:
        try:
            made.put(distributed.Client(address, timeout=CONNECT_S, set_as_default=False))
        except Exception as error:  # whatever listens there may answer anything
            made.put(error)

    threading.Thread(target=make, daemon=True).start()
    try:
        return made.get(timeout=CONNECT_S + _MORE_S)
    except queue.Empty:
        return TimeoutError()


def workers(client: Any, address: str) -> dict[str, int]:
    """The workers' threads by the workers' addresses; CourseError when nobody answers."""
    try:
        if client.status == "running":
            return client.nthreads()
    except Exception as error:
        raise gone(address) from error
    raise gone(address)


def compare(found: dict[str, Any], address: str) -> None:
    """CourseError when a part of the cluster has another version of what tasks travel with."""
    own = found["client"]["packages"]
    parts = {f"The scheduler at {address}": found["scheduler"]}
    parts |= {f"The worker at {worker}": about for worker, about in found["workers"].items()}
    for name, about in parts.items():
        theirs = (about or {}).get("packages", {})
        for part in _SAME:
            if _version(part, theirs) != _version(part, own):
                raise CourseError(_OTHER.format(name, part, theirs.get(part), own[part]))


def _version(part: str, packages: dict[str, str]) -> list[str]:
    """As much of a version as must agree: of Python its first two numbers."""
    numbers = str(packages.get(part)).split(".")
    return numbers[:2] if part == "python" else numbers
