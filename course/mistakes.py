"""An error of the openai client in a notebook: the learner's own line and what the service said.

The traceback through the library is some hundred lines that a beginner can do nothing with.
`%xmode Verbose` brings all of it back.
"""

import linecache
import sys
import traceback
from types import TracebackType

import openai

CELLS = ("ipykernel_", "<ipython-input")
"""What the names of cells, as files, have in them: in a notebook, in a terminal."""


def shorten() -> None:
    """From now on this notebook's shell shows openai's errors short; elsewhere nothing happens."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        shell.set_custom_exc((openai.APIError,), _show)


def _show(shell, kind, error, trace, tb_offset=None) -> list[str]:
    if shell.InteractiveTB.mode == "Verbose":
        lines = shell.InteractiveTB.structured_traceback(kind, error, trace, tb_offset=tb_offset)
    else:
        lines = [*_place(trace), f"{kind.__name__}: {said(error)}"]
    shell._showtraceback(kind, error, lines)
    return lines


def _place(trace: TracebackType) -> list[str]:
    """The last line of the learner's cells that the error went through."""
    for frame in reversed(traceback.extract_tb(trace)):
        if any(mark in frame.filename for mark in CELLS):
            line = linecache.getline(frame.filename, frame.lineno).strip()
            return [f"In line {frame.lineno} of the cell: {line}"]
    return []


def said(error: openai.APIError) -> str:
    """What the service said, with its status: `404: The model … does not exist`."""
    body = error.body if isinstance(error.body, dict) else {}
    told = body.get("message") or str(error)
    status = getattr(error, "status_code", None)
    return f"{status}: {told}" if status else str(told)
