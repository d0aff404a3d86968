"""The widget of a live class: the kernel holds the connection, the browser draws.

The browser sends what it sends for a graded item (see widget.py), with the round; the class's
answer comes back in `state`. Nothing here waits: messages come from the connection's thread.
"""

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from course.quiz.live_answers import Answers
from course.quiz.live_line import ELSEWHERE, REMOVED, Line, Status
from course.quiz.widget import joined

NOTE = (
    "These answers stay in the live class: nothing of them is handed in, and the answers that "
    "you saved in this quiz stay as they are."
)
LOST = "No connection: it is tried again by itself. What you see may be old."
OVER = "You are here from another place now: another notebook, another tab or a phone."
_HERE = Path(__file__).parent
_END = "export default { initialize, render };"
_TO_JOIN = '<div dir="ltr"><small>Run this cell to join the live class.</small></div>'


def whole() -> str:
    """The browser's half as one module: that of a graded item, and the live view around it."""
    item = joined().replace(_END, "const asked = { initialize, render };")
    files = [_HERE / f"widget_{name}.js" for name in ("results", "live")]
    view = "\n".join(file.read_text(encoding="utf-8") for file in files)
    view = re.sub(r'^import .+ from "\./\w+\.js";\n', "", view, flags=re.MULTILINE)
    return item + re.sub(r"^export (?=const |function |class )", "", view, flags=re.MULTILINE)


class LiveWidget(anywidget.AnyWidget):
    """The view of a live class; `join` starts the connection."""

    _esm = whole()
    _css = "\n".join(
        (_HERE / f"{name}.css").read_text(encoding="utf-8") for name in ("widget", "widget_live")
    )

    meeting = traitlets.Dict(read_only=True).tag(sync=True)
    line = traitlets.Dict(read_only=True).tag(sync=True)
    board = traitlets.Dict(read_only=True).tag(sync=True)
    state = traitlets.Dict(read_only=True).tag(sync=True)

    def __init__(self, code: str):
        self._lock = threading.RLock()
        self._newest, self._ends = -1, None
        self._line: Line | None = None
        self._left = False
        self.set_trait("meeting", {"code": code, "title": "", "name": "", "who": "", "note": NOTE})
        self.set_trait("board", {"phase": "", "round": 0})
        self.set_trait("line", {"kind": "connecting", "words": "Connecting…"})
        super().__init__()
        self._answers = Answers(say=self._say, show=self._show, lock=self._lock)
        self._forget_thread()
        self.on_msg(self._receive)

    def _send(self, msg: dict[str, Any], buffers: Any = None) -> None:
        super()._send(msg, buffers)
        self._forget_thread()

    def _forget_thread(self) -> None:
        """As in widget.py: an answer need not wait for a running cell. What the connection's
        thread sends counts as sent by the cells' own, so the note comes back each time."""
        if self.comm is not None:
            vars(self.comm).pop("_reply_subshell_id", None)

    def join(
        self,
        address: str,
        hello: dict[str, Any],
        *,
        first: Callable[[dict[str, Any]], None],
        told: Callable[[Status], None],
    ) -> None:
        """Connect, in a thread; `first` hears each welcome, `told` each status, both there."""
        self._first, self._told = first, told
        self._line = Line(address, hello, hear=self._hear, told=self._stands)
        self._line.start()

    def leave(self, words: str) -> None:
        """End the connection; `words` say why."""
        with self._lock:
            self._left = True
            self._answers.stop()
            if self._line:
                self._line.close()
            self.set_trait("line", {"kind": "over", "words": words})

    # from the browser

    def _receive(self, _widget: object, content: Any, _buffers: object) -> None:
        kind = content.get("kind") if isinstance(content, dict) else None
        if kind == "answer" and not self._left:
            self._answers.take(content)
        elif kind == "come" and self._line and not self._left:
            self._line.again()
        elif kind == "here":
            with self._lock:
                if self._ends is not None:
                    left = round(max(self._ends - time.monotonic(), 0.0), 2)
                    self.set_trait("board", self.board | {"ends_in_s": left})

    # from the class, in the connection's thread

    def _say(self, message: dict[str, Any]) -> bool:
        return self._line is not None and self._line.send(message)

    def _show(self, state: dict[str, Any]) -> None:
        self.set_trait("state", state)

    def _hear(self, message: dict[str, Any]) -> None:
        with self._lock:
            if self._left:
                return
            match message["type"]:
                case "welcome":
                    self._welcome(message)
                case "state":
                    self._draw(message)
                case "you":
                    self.set_trait("meeting", self.meeting | {"name": message["name"]})
                case "yours":
                    self._answers.yours(message)
                case "saved":
                    self._answers.saved(message["key"])
                case "refused" if "key" in message:
                    self._answers.refused(message)

    def _welcome(self, message: dict[str, Any]) -> None:
        self._first(message)
        told = {"title": message["title"] or message["quiz"], **message["you"]}
        self.set_trait("meeting", self.meeting | told)
        self._newest = -1  # a server that was started again may know less
        self._draw(message["state"])

    def _draw(self, board: dict[str, Any]) -> None:
        if board["n"] < self._newest:
            return
        self._newest, left = board["n"], board["ends_in_s"]
        self._ends = None if left is None else time.monotonic() + left
        item = board["item"]
        self._answers.turn(board["round"], item["id"] if item else "")
        self.set_trait("board", board)

    def _stands(self, status: Status) -> None:
        with self._lock:
            if self._left:
                return
            self.set_trait("line", _spoken(status))
            if status.kind == "open":
                self._answers.transmit()
        self._told(status)

    def __repr__(self) -> str:
        return f"Live class {self.meeting['code']}: {self.meeting['title']}".removesuffix(": ")

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        data, metadata = super()._repr_mimebundle_(**kwargs)
        data["text/plain"], data["text/html"] = repr(self), _TO_JOIN
        return data, metadata


def _spoken(status: Status) -> dict[str, str]:
    """What is told of the connection, and what a button offers."""
    kind, words = status.kind, status.words
    match kind:
        case "open":
            return {"kind": kind, "words": ""}
        case "connecting":
            return {"kind": kind, "words": "Connecting…"}
        case "lost":
            return {"kind": kind, "words": words or LOST, "act": "Try now"}
    if status.code == ELSEWHERE:
        return {"kind": kind, "words": OVER, "act": "Go on here"}
    if status.code == REMOVED or status.why == "removed":
        return {"kind": kind, "words": words, "act": "Try again"}
    return {"kind": kind, "words": words or "The class has ended the connection."}
