"""The clients of a ClassQuiz game: Socket.IO on the connection that the live class's students use.

Engine.IO 4 and Socket.IO 5 over WebSocket alone, which leaves out the polling and the upgrade
that a browser begins with. Every event asks for Socket.IO's acknowledgement: the server sends it
when it is done with the event. ClassQuiz's own page sends the same events and asks for none.
"""

import asyncio
import json
import random
import socket
import time
import uuid

from live_clients import Wire

QUESTIONS = 10
KEPT_S = 7200
_TO_EVERYBODY = (b'42["player_answer"', b'42["session_id"')
_PATH = "/socket.io/?EIO=4&transport=websocket"


class Caller:
    """One connection; `ask` sends an event, and `done(now)` follows when it is acknowledged."""

    def __init__(self, host: str, port: int):
        self.host, self.port, self.gone = host, port, False
        self._done, self._asked = {}, 0

    async def come(self) -> None:
        self.wire = Wire(f"{self.host}:{self.port}", self._heard, self._lost, path=_PATH)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self.wire, self.host, self.port)

    def ask(self, event: str, data: object, done) -> None:
        self._done[self._asked] = done
        self.wire.say(f"42{self._asked}{json.dumps([event, data])}")
        self._asked += 1

    def _heard(self, body: bytes | None) -> None:
        if body is None or body.startswith(_TO_EVERYBODY):
            return
        now = time.perf_counter()
        if body.startswith(b"43"):
            self._done.pop(int(body[2 : body.index(b"[")]))(now)
        elif body.startswith(b"42"):
            self.told(body)
        elif body.startswith(b"40"):
            self.here()
        elif body.startswith(b"0"):
            self.wire.say("40")
        elif body == b"2":
            self.wire.say("3")

    def here(self) -> None:
        """The connection stands."""

    def told(self, body: bytes) -> None:
        """The server says something that is not for everybody."""

    def _lost(self, code: int) -> None:
        self.gone = True

    def leave(self) -> None:
        if self.wire.transport:
            self.wire.transport.abort()


class Player(Caller):
    """A student: `saved` holds (question, name) of what was acknowledged, `took` the seconds.

    Joined means that the game has them and knows their clock, without which it takes no answer.
    """

    def __init__(self, host: str, port: int, pin: str, name: str):
        super().__init__(host, port)
        self.pin, self.name = pin, name
        self.joined, self.all_saved = asyncio.Event(), asyncio.Event()
        self.all_saved.set()
        self.took, self.saved = [], []
        self._steps = 0

    def here(self) -> None:
        self.ask("join_game", {"username": self.name, "game_pin": self.pin}, self._step)

    def told(self, body: bytes) -> None:
        if body.startswith(b'42["time_sync"'):
            self.ask("echo_time_sync", json.loads(body[2:])[1], self._step)

    def _step(self, now: float) -> None:
        self._steps += 1
        if self._steps == 2:
            self.joined.set()

    def answer(self, round: int, item: str, response: str) -> None:
        """Send an answer, once; nothing where the server has hung up."""
        if self.gone:
            return
        self.all_saved.clear()
        at, data = time.perf_counter(), {"question_index": int(item), "answer": response}
        self.ask("submit_answer", data, lambda now: self._is_saved(item, now - at))

    def _is_saved(self, item: str, took: float) -> None:
        self.took.append(took)
        self.saved.append((item, self.name))
        self.all_saved.set()

    def _lost(self, code: int) -> None:
        self.gone = True
        self.all_saved.set()


class Host(Caller):
    """Who leads the game, with the commands that the live class's instructor has."""

    def __init__(self, host: str, port: int, pin: str, game: str):
        super().__init__(host, port)
        self.pin, self.game = pin, game
        self.items = [str(number) for number in range(QUESTIONS)]
        self.state = {"phase": "lobby", "round": 0}

    async def come(self) -> None:
        self._connected = asyncio.Event()
        await super().come()
        await asyncio.wait_for(self._connected.wait(), 30)
        await self._finished("register_as_admin", {"game_pin": self.pin, "game_id": self.game})

    def here(self) -> None:
        self._connected.set()

    async def _finished(self, event: str, data: object) -> None:
        done = asyncio.get_running_loop().create_future()
        self.ask(event, data, done.set_result)
        await asyncio.wait_for(done, 60)

    async def do(self, command: str, item: str = "") -> None:
        """Only `choose` is anything here: a chosen question is open, until the next."""
        if command != "choose":
            return
        if not self.state["round"]:
            await self._finished("start_game", {})
        await self._finished("set_question_number", item)
        self.state = {"phase": "open", "round": self.state["round"] + 1}


def redis(address: tuple[str, int], *words: str) -> bytes | None:
    """What Redis answers to a command, None for nothing; raises OSError where nobody does."""
    said = [word.encode() for word in words]
    with socket.create_connection(address, 10) as wire, wire.makefile("rb") as back:
        wire.sendall(b"*%d\r\n" % len(said))
        wire.sendall(b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in said))
        head = back.readline()
        if head.startswith(b"-"):
            raise OSError(f"Redis refuses {words[0]}: {head[1:].decode().strip()}")
        return back.read(int(head[1:])) if head.startswith(b"$") and head[1:2] != b"-" else None


def new_game(address: tuple[str, int]) -> tuple[str, str]:
    """Pin and id of a new game, put into Redis as ClassQuiz's own start of a quiz puts it."""
    pin, game = str(random.randint(100_000, 999_999)), str(uuid.uuid4())
    kept = {"quiz_id": str(uuid.uuid4()), "user_id": str(uuid.uuid4()), "title": "Under load"}
    kept |= {"description": "", "game_id": game, "game_pin": pin, "game_mode": "kahoot"}
    kept["questions"] = [_question(number) for number in range(1, QUESTIONS + 1)]
    redis(address, "SET", f"game:{pin}", json.dumps(kept), "EX", str(KEPT_S))
    return pin, game


def _question(number: int) -> dict:
    stem = f"Which part of a reply says how many tokens were billed? (question {number})"
    answers = [{"answer": sign, "right": sign == "B"} for sign in "ABCD"]
    return {"question": stem, "time": "120", "type": "ABCD", "answers": answers}


def kept(address: tuple[str, int], pin: str) -> list[tuple[str, str]]:
    """(question, name) of every answer that the game has."""
    found = []
    for item in map(str, range(QUESTIONS)):
        text = redis(address, "GET", f"game_session:{pin}:{item}")
        found += [(item, one["username"]) for one in json.loads(text or "[]")]
    return found
