"""A learner's own answers in a live class: sent under one key until saved or refused.

Its `state` is what the widget draws (see widget.py), with the round it belongs to and, in
`missed`, why an answer that came too late does not count.
"""

import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any

PATIENCE_S = 2.5
"""After so long it is told that nothing has come back yet; the browser gives up at 4 s."""
AGAIN_S = 1.5
NO_LINE = "there is no connection to the class. It is sent by itself as soon as there is one."
NO_WORD = "no word from the class yet. It is sent again by itself."
CHANGE = "You can change it until the question is closed."

State = dict[str, Any]


def blank(number: int) -> State:
    """The state of a round in which nothing is answered."""
    told = {"response": None, "confidence": None, "feedback": None, "note": ""}
    return told | {"round": number, "problem": "", "missed": "", "told": None}


class Answers:
    """One learner's answers: `say(message)` sends (False: it can't), `show(state)` draws.

    Its methods may be called from any thread; `lock` is held meanwhile.
    """

    def __init__(
        self, *, say: Callable[[State], bool], show: Callable[[State], None], lock: Any = None
    ):
        self._say, self._show = say, show
        self._lock = lock or threading.RLock()
        self.state, self._item = blank(-1), ""
        self._unsent: State = {}
        self._timer: threading.Timer | None = None

    def turn(self, number: int, item: str) -> None:
        """The meeting is at this item and round."""
        with self._lock:
            if (number, item) != (self.state["round"], self._item):
                self._item = item
                self._set(blank(number))

    def take(self, content: Mapping[str, Any]) -> None:
        """An answer from the widget."""
        with self._lock:
            self._unsent = {
                "key": secrets.token_urlsafe(16),
                "round": content.get("round"),
                "item": self._item,
                "response": content.get("response"),
                "confidence": content.get("confidence"),
            }
            self._by = {"by": content.get("by"), "seq": content.get("seq")}
            self.transmit()

    def transmit(self) -> None:
        """Send what is not acknowledged, now; also after each welcome."""
        with self._lock:
            self._wait(None)
            if not self._unsent:
                return
            if self._say({"type": "answer", **self._unsent}):
                self._wait(PATIENCE_S, lambda: self._tell(lost=True, message=NO_WORD))
            else:
                self._tell(lost=True, message=NO_LINE)

    def saved(self, key: str) -> None:
        """The server has it on the disk."""
        with self._lock:
            if self._unsent.get("key") == key:
                given = {name: self._unsent[name] for name in ("response", "confidence")}
                self._tell(saved=True, **given, note=CHANGE, missed="")
                self._over()

    def refused(self, message: Mapping[str, Any]) -> None:
        """The server has not taken it: `again` says whether it may be sent once more."""
        with self._lock:
            if self._unsent.get("key") != message.get("key"):
                return
            words = str(message.get("message", ""))
            if message.get("again"):
                self._tell(lost=True, message=words)
                self._wait(AGAIN_S, self.transmit)
                return
            missed = words if message.get("why") == "closed" else ""
            self._tell(message=words, missed=missed)
            self._over()

    def yours(self, told: Mapping[str, Any]) -> None:
        """What the server has of one's own."""
        with self._lock:
            if told.get("round") != self.state["round"]:
                return
            if self._unsent and self._unsent["key"] == told.get("key"):
                self.saved(self._unsent["key"])
            heard, response = told.get("heard") or {}, told.get("response")
            note = heard.get("note", "" if response is None else CHANGE)
            given = {"response": response, "confidence": told.get("confidence"), "note": note}
            self._set(self.state | given | {"feedback": heard.get("feedback")})

    def stop(self) -> None:
        """Send nothing any more."""
        with self._lock:
            self._over()

    def _over(self) -> None:
        self._wait(None)
        self._unsent = {}

    def _tell(self, *, saved=False, lost=False, message="", **changes: Any) -> None:
        with self._lock:
            if self._unsent and self._unsent["round"] == self.state["round"]:
                told = self._by | {"saved": saved, "lost": lost, "message": message}
                self._set(self.state | changes | {"told": told})

    def _set(self, state: State) -> None:
        self.state = state
        self._show(state)

    def _wait(self, seconds: float | None, then: Callable[[], None] = lambda: None) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None
        if seconds is not None:
            self._timer = threading.Timer(seconds, then)
            self._timer.daemon = True
            self._timer.start()
