"""What the warm process does before its first fork: imports, and everything once."""

import asyncio
import sys

import ipywidgets  # noqa: F401
from traitlets.config import Config

from course.grading.sandbox.shell import Shell, finish

_FIRST = (
    "import numpy as np, pandas as pd, matplotlib.pyplot as plt, asyncio, json, math, openai\n"
    "from course import connect, quiz, meter, fact\n"
    "pd.DataFrame({'a': [1.5, 2.0]})",
    "plt.figure(); plt.plot([1, 2], label='a'); plt.legend(); plt.title('a')",
    "print('a')\n1 / 0",
    "await asyncio.sleep(0)",
    "%timeit -n 1 -r 1 1",
    "async def slow(): return 1\n{'a': [np.float64(1), 'b']}",
    "x = (",
)
"""Cells that are run once before any fork, so that no submission pays for first times."""


def warmed() -> Shell:
    """The shell, with everything imported and run once that submissions will need."""
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    shell = Shell.instance(config=config, colors="nocolor")
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    out = sys.stdout, sys.stderr
    shell.connect(None, most=1 << 20, most_together=1 << 24)
    for source in _FIRST:
        shell.collector.begin()
        finish(loop, lambda source=source: shell.run(source))
    sys.stdout, sys.stderr = out
    asyncio.set_event_loop(None)
    loop.close()
    shell.reset()
    shell.displayhook.flush()
    return shell


def forget_the_grader() -> None:
    """Student code that looks finds the course as a student has it."""
    for name in [name for name in sys.modules if name.startswith("course.grading")]:
        del sys.modules[name]
    vars(sys.modules["course"]).pop("grading", None)
