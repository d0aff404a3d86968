"""Forks simulators, one a submission, from a process that has imported what they need.

`counted` starts it. Each line of its input asks for a simulator, {"uds": …, "log": …, "speed": …},
or for the end of one, {"end": pid}; each is answered with a line, the simulator's pid.
"""

import contextlib
import gc
import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from course import tokens
from course.endpoint.options import Options
from course.endpoint.server import create_app, serve


def main() -> None:
    """Until the input ends, and with it every simulator and the folder that is named."""
    tokens.count("read the vocabulary once")
    create_app(Options())  # and what is read for the first one
    gc.collect()
    gc.freeze()
    running: set[int] = set()
    for line in sys.stdin:
        asked = json.loads(line)
        if "end" in asked:
            running.discard(asked["end"])
            _stop(asked["end"])
            print(asked["end"], flush=True)
        else:
            pid = os.fork() or _simulate(asked)
            running.add(pid)
            print(pid, flush=True)
    for pid in running:
        _stop(pid)
    shutil.rmtree(sys.argv[1], ignore_errors=True)  # a killed grader can't


def _simulate(asked: dict[str, Any]) -> int:
    """In the fork: never returns."""
    code = 1
    with contextlib.suppress(BaseException):
        nothing = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(nothing, fd)
        if sys.platform == "linux":
            import ctypes

            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # end with the parent
        options = Options(speed=asked["speed"], log=Path(asked["log"]))
        serve(options, port=0, uds=Path(asked["uds"]))
        code = 0
    os._exit(code)


def _stop(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
