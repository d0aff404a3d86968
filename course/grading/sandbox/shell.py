"""IPython's shell without a kernel: runs a cell, and collects what a notebook would show.

Made once, in the warm process, and forked with it. Plots come inline, input() is refused, and
cells run inside an event loop, as they do in a notebook.
"""

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type

from course.grading.sandbox.collector import Collector, Stream

_HERE = f"{Path(__file__).parent}{os.sep}"
NO_INPUT = "input() has nobody to ask here: while a notebook is graded, give it values instead."


class _Hook(DisplayHook):
    def write_output_prompt(self) -> None:
        """A notebook's prompt is no text."""

    def write_format_data(self, format_dict: dict, md_dict: dict | None = None) -> None:
        self.shell.drain()
        self.shell.collector.rich("execute_result", format_dict, execution_count=self.prompt_count)

    def finish_displayhook(self) -> None:
        self._is_active = False

    def log_output(self, format_dict: dict) -> None:
        """Nothing of a cell is kept once it is done."""


class _Publisher(DisplayPublisher):
    def publish(self, data, metadata=None, *, transient=None, update=False, **_) -> None:
        self.shell.drain()
        name = (transient or {}).get("display_id")
        if update:
            self.shell.collector.update(name, data)
        else:
            self.shell.collector.rich("display_data", data, **({"id": name} if name else {}))

    def clear_output(self, wait: bool = False) -> None:
        self.shell.collector.clear(wait)


class Shell(InteractiveShell):
    """The one shell of a process; `collector` has the outputs of the cell that runs."""

    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)
    autoindent = False

    def __init__(self, **more: Any):
        self.collector = Collector(1 << 20, 1 << 20)
        self._spill: int | None = None
        self._spilled = 0
        super().__init__(**more)
        self.display_formatter.active_types = self.display_formatter.format_types
        self.InteractiveTB.set_mode("Plain")
        self.user_ns.update({"quit": self.ask_exit, "exit": self.ask_exit})
        self.set_hook("show_in_pager", lambda *_, **__: None, 99)  # a pager would wait for keys

    def connect(self, spill: int, *, most: int, most_together: int) -> None:
        """Take stdout and stderr; what comes by the file `spill` (other programs) counts too."""
        self._spill, self._spilled = spill, 0
        self.collector = Collector(most, most_together)
        sys.stdout, sys.stderr = Stream("stdout", self, 1), Stream("stderr", self, 2)

    def drain(self) -> None:
        """Take in what programs started by the cell have written by now."""
        if self._spill is None or os.fstat(self._spill).st_size <= self._spilled:
            return
        text = os.pread(self._spill, 1 << 20, self._spilled)
        self._spilled += len(text)
        self.collector.stream("stdout", text.decode("utf-8", "replace"))

    async def run(self, source: str) -> str:
        """Run a cell, its outputs into the collector; "" or what went wrong, in one line."""
        self._told: str = ""
        transformed, trouble = source, None
        try:
            transformed = self.transform_cell(source)
        except Exception:
            trouble = sys.exc_info()
        result = None
        try:
            result = await self.run_cell_async(
                source,
                store_history=True,
                transformed_cell=transformed,
                preprocessing_exc_tuple=trouble,
            )
        finally:
            self.events.trigger("post_execute")
            self.events.trigger("post_run_cell", result)
        return self._told

    def _get_exc_info(self, exc_tuple: Any = None) -> Any:
        """What IPython shows of an exception, without the frames of this folder's files."""
        found = super()._get_exc_info(exc_tuple)
        at = found[2]
        while at is not None and at.tb_next is not None:
            if at.tb_next.tb_frame.f_code.co_filename.startswith(_HERE):
                at.tb_next = None
            at = at.tb_next
        return found

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        try:
            said = str(evalue)
        except Exception:
            said = ""
        name = getattr(etype, "__name__", str(etype))
        self.drain()
        self.collector.error(name, said, list(stb))
        self._told = f"{name}: {said}"[:300] if said else name

    def _tee(self, channel: str) -> Any:
        """IPython's second copy of what is printed: not needed, and slow."""
        return contextlib.nullcontext()

    def ask_exit(self, *_: Any) -> None:
        """`exit` in a cell: the process stays, as the next cells are still to be run."""

    def enable_gui(self, gui: Any = None) -> None:
        """No window can be opened here."""


def refuse_input(*_: Any, **__: Any) -> None:
    """In the place of input() and getpass()."""
    raise StdinNotImplementedError(NO_INPUT)


def finish(loop: asyncio.AbstractEventLoop, work: Callable[[], Awaitable[Any]]) -> Any:
    """Run it in the loop to its end; the grader's SIGINT ends what it waits for."""
    task = loop.create_task(work())
    try:
        return loop.run_until_complete(task)
    except KeyboardInterrupt:
        if task.done():  # it was raised in the code itself
            raise
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            return loop.run_until_complete(task)
        raise
