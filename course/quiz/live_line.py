"""The connection of a notebook to a live class: in a thread of its own, back by itself when lost.

What is said on it is written in course/live/messages.py, which a student's notebook does not
import; the few numbers of it that a client needs stand here.
"""

import ipaddress
import json
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from course.errors import CourseError

VERSION = 1
NONSENSE, ELSEWHERE, REMOVED = 4000, 4001, 4003
_CHANCE = random.Random()
"""Its own, for a learner's `random.seed` and what is drawn after it are not to be changed."""
STAYS_AWAY = (NONSENSE, ELSEWHERE, REMOVED)
"""After these close codes a client does not come back by itself."""
LEAST_S, MOST_S, FIRST_S = 0.5, 8.0, 2.0
PING_S = 20.0
OPENING_S = 10.0
_AWAY_FOR_NOW = (408, 429, 500, 502, 503, 504)
"""What a proxy says for a server that is not there at the moment."""


@dataclass(frozen=True, slots=True)
class Status:
    """How the connection stands: connecting, open, lost (it comes back by itself) or over.

    `why` is a word for programs: the server's, or "unreached" and "other" where nothing that
    speaks like a live class has answered. `words` is what the server said about it.
    """

    kind: str
    why: str = ""
    words: str = ""
    code: int = 0


class Line:
    """A connection that says `hello`, calls `hear` with each message and `told` with each status.

    Both are called from the connection's own thread.
    """

    def __init__(
        self,
        address: str,
        hello: dict[str, Any],
        *,
        hear: Callable[[dict[str, Any]], None],
        told: Callable[[Status], None],
    ):
        self._address, self._hello = address, hello
        self._hear, self._told = hear, told
        self._connect, self._errors = _client()
        self._wire: Any = None
        self._is_in = self._is_closed = False
        self._refusal: dict[str, Any] = {}
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="live class", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def send(self, message: dict[str, Any]) -> bool:
        """Whether it could be sent; only an answer says that it has arrived."""
        wire = self._wire
        if wire is None or not self._is_in:
            return False
        try:
            wire.send(json.dumps(message))
        except (OSError, self._errors.ConnectionClosed):
            return False
        return True

    def again(self) -> None:
        """Come back now."""
        self._wake.set()

    def close(self) -> None:
        """End it for good; nothing is told after."""
        self._is_closed = True
        self._wake.set()
        wire = self._wire
        if wire is not None:
            threading.Thread(target=wire.close, daemon=True).start()  # it waits for the other side

    # in its thread

    def _run(self) -> None:
        tries = 0
        while not self._is_closed:
            self._refusal = {}
            self._tell(Status("connecting"))
            ended = self._once()
            tries = 0 if self._is_in else tries + 1
            self._wire, self._is_in = None, False
            self._wake.clear()
            if self._is_closed:
                return
            self._tell(ended)
            self._wake.wait(None if ended.kind == "over" else _pause(tries))

    def _once(self) -> Status:
        """One connection from hello to its end; how it ended."""
        try:
            with self._connect(self._address) as wire:
                self._wire = wire
                if self._is_closed:
                    return Status("over")
                wire.send(json.dumps({"type": "hello", "v": VERSION, **self._hello}))
                while True:
                    self._take(wire.recv())
        except self._errors.ConnectionClosed as error:
            return self._closed(error.rcvd.code if error.rcvd else 1006)
        except self._errors.InvalidStatus as error:
            away = error.response.status_code in _AWAY_FOR_NOW
            return Status("lost", "unreached" if away else "other")
        except (OSError, EOFError):
            return Status("lost", "unreached")
        except (self._errors.WebSocketException, ValueError, KeyError, TypeError):
            return Status("lost", "other")

    def _closed(self, code: int) -> Status:
        said = self._refusal
        kind = "over" if code in STAYS_AWAY else "lost"
        return Status(kind, said.get("why", ""), said.get("message", ""), code)

    def _take(self, text: str | bytes) -> None:
        message = json.loads(text)
        kind = message["type"]
        if kind == "refused" and not self._is_in:
            self._refusal = message
        elif kind != "pong":
            self._hear(message)
        if kind == "welcome":
            self._is_in = True
            self._tell(Status("open"))

    def _tell(self, status: Status) -> None:
        if not self._is_closed:
            self._told(status)


def _pause(tries: int) -> float:
    """Seconds until the next try, drawn at random, so that a room does not come back at once."""
    return _CHANCE.uniform(LEAST_S, min(MOST_S, FIRST_S * 2 ** min(tries, 4)))


def address_of(server: str) -> str:
    """The WebSocket's address for what stands on the screen; CourseError for what is none."""
    written = server.strip() if isinstance(server, str) else ""
    try:
        parts = urlsplit(written if "://" in written else f"http://{written}")
        parts.port  # noqa: B018  ValueError for a port that is none
    except ValueError:
        parts = urlsplit("")
    scheme = {"http": "ws", "ws": "ws", "https": "wss", "wss": "wss"}.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise CourseError(f"{server!r} is no address of a live class; one is http://10.0.0.5:8020.")
    return f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}/live"


def _client() -> tuple[Callable[[str], Any], Any]:
    """What connects, and what it raises."""
    try:
        from websockets import exceptions
        from websockets.sync.client import connect
    except ImportError:
        raise CourseError("A live class needs one more package: pip install websockets.") from None

    def opened(address: str) -> Any:
        return connect(
            address,
            compression=None,
            open_timeout=OPENING_S,
            ping_interval=PING_S,
            ping_timeout=PING_S,
            close_timeout=1.0,
            proxy=None if _is_near(address) else True,
        )

    return opened, exceptions


def _is_near(address: str) -> bool:
    """Whether it lies on this computer or in this network, where no proxy leads to."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(".local")
