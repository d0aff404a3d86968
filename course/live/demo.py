"""A live class to try all buttons with: a server, and simulated students who join and vote.

How they answer is made up: about half are right at first, and of those who are wrong about half
change to the right answer in the next vote, as after a discussion. All shares are ASSUMPTIONS.
"""

import asyncio
import contextlib
import json
import random
import secrets
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from course.errors import CourseError
from course.listening import listen
from course.live import messages, names, past, server, store
from course.live.app import App
from course.live.room import Room
from course.live.telling import Telling, tellings
from course.project import find_root
from course.quiz import answers, score

FIRST = "01_first_call"
PEOPLE = ("Ada", "Bao", "Chidi", "Dana", "Emre", "Fay", "Goran", "Hana", "Ivo", "Jun")
SHARE_ANSWERING, SHARE_RIGHT, SHARE_CONVINCED, SHARE_UNSETTLED = 0.93, 0.45, 0.5, 0.06
SHARE_COMMON = 0.6
"""Of the wrong answers, so many are the same one."""
JOINING_S, THINKING_S = 5.0, 12.0
COMING_BACK_S = 1.0


def play(
    students: int = 30,
    *,
    root: str | Path | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    pace: float = 1.0,
) -> None:
    """Play a class on 01_first_call (or the course's first quiz) until Ctrl-C.

    Prints the addresses; nothing of it is kept. `pace` multiplies the seconds in which simulated
    students join and think; `port` None is the usual one, or a free one where that is taken.
    """
    source = Path(root).absolute() if root else find_root("solutions")
    bank = past.bank_of(_quiz(source), root=source)
    told = tellings(bank)
    if not told:
        raise CourseError(f"{bank.quiz} has no question that can be answered live.")
    with (
        tempfile.TemporaryDirectory(prefix="course-live-", ignore_cleanup_errors=True) as folder,
        store.opened(Path(folder) / "demo.db") as log,
        _listener(host, port) as listener,
    ):
        about = store.begin(log, quiz=bank.quiz, bank=bank.digest, items=past.digests(told))
        log.hold(about.code)
        title = f"{bank.title or bank.quiz} (demo)"
        room = Room(about, log, told, title=title, most=students + 100)
        at = room.audience.addresses = server.addresses(listener)
        said = [
            f"DEMO: {students} simulated students; their answers are made up. {title}",
            f"Instructor:  {at[-1]}/instructor#{about.secret}",
            f"Projector:   {at[-1]}/screen#{names.for_screen(about.secret)}",
            f"Student:     {at[-1]}/#{about.code}",
            f"Code:        {about.code}",
            "Open the instructor's page and try its buttons: choose a question, open it, close it.",
            "Stop with Ctrl-C; nothing is kept.",
        ]
        wire = f"ws://{_here(host)}:{listener.getsockname()[1]}/live"
        people = [Student(wire, about.code, number, told, pace) for number in range(students)]
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(
                _run(App(room), listener, people, lambda: print("\n".join(said), flush=True))
            )
    print("The demo is over.", flush=True)


def _quiz(root: Path) -> str:
    found = sorted(path.parent.name for path in root.glob("solutions/*/bank.toml"))
    if not found:
        raise CourseError(f"There is no quiz in {root / 'solutions'} to play with.")
    return FIRST if FIRST in found else found[0]


def _listener(host: str, port: int | None) -> socket.socket:
    if port is not None:
        return listen(port, host)
    try:
        return listen(server.PORT, host)
    except CourseError:
        return listen(0, host)


def _here(host: str) -> str:
    """Where this computer reaches a server that listens on this host."""
    known = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
    return known.get(host, f"[{host}]" if ":" in host else host)


async def _run(
    app: App, listener: socket.socket, people: list["Student"], ready: Callable[[], None]
) -> None:
    """The server and its students, until it is told to stop; pages stay when a meeting ends."""
    up = asyncio.Event()

    def begin() -> None:
        ready()
        up.set()

    running = server.Server(app, ready=begin)
    serving = asyncio.create_task(running.serve(sockets=[listener]))
    coming = asyncio.create_task(up.wait())
    await asyncio.wait([serving, coming], return_when=asyncio.FIRST_COMPLETED)
    class_ = asyncio.gather(*(one.run() for one in people))
    try:
        await serving
    finally:
        class_.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await class_


class Student:
    """A simulated student: joins a little later than the one before, thinks, and votes."""

    def __init__(
        self, wire: str, code: str, number: int, tellings: dict[str, Telling], pace: float
    ):
        self._wire, self._code, self._tellings, self._pace = wire, code, tellings, pace
        self._chance = random.Random(number)
        self._token = secrets.token_urlsafe(16)
        lap = number // len(PEOPLE)
        self.name = f"{PEOPLE[number % len(PEOPLE)]}{f' {lap + 1}' if lap else ''} (demo)"
        self._given: dict[str, tuple[int, Any]] = {}
        self._thinking: asyncio.Task | None = None

    async def run(self) -> None:
        """Until the meeting has ended, or this student was taken out of it."""
        await asyncio.sleep(self._chance.uniform(0, JOINING_S) * self._pace)
        try:
            while await self._once():
                await asyncio.sleep(COMING_BACK_S * self._chance.uniform(0.5, 2))
        finally:
            self._stop()

    async def _once(self) -> bool:
        """One connection; whether to come back after it."""
        try:
            async with connect(self._wire, compression=None, proxy=None) as wire:
                hello = {"v": messages.VERSION, "role": "student", "code": self._code}
                hello |= {"type": "hello", "token": self._token, "name": self.name}
                await wire.send(json.dumps(hello))
                async for text in wire:
                    if self._hear(json.loads(text), wire) == "ended":
                        return False
            return wire.close_code not in (messages.NONSENSE, messages.REMOVED)
        except (OSError, WebSocketException):
            return True

    def _hear(self, message: dict[str, Any], wire: Any) -> str:
        state = message.get("state") if message["type"] == "welcome" else message
        if message["type"] not in ("welcome", "state"):
            return ""
        if state["phase"] != "open":
            self._stop()
        elif self._given.get(state["item"]["id"], (0, None))[0] != state["round"]:
            self._stop()
            self._thinking = asyncio.get_running_loop().create_task(self._think(state, wire))
        return state["phase"]

    def _stop(self) -> None:
        if self._thinking:
            self._thinking.cancel()

    async def _think(self, state: dict[str, Any], wire: Any) -> None:
        left = state["ends_in_s"]
        most = THINKING_S * self._pace if left is None else min(THINKING_S * self._pace, left * 0.9)
        wait = most * self._chance.betavariate(2, 3)
        await asyncio.sleep(wait)
        item, number = state["item"]["id"], state["round"]
        response = self.answer(item)
        if response is None:
            return
        self._given[item] = number, response
        sure = self._chance.choice(("sure", "guess")) if state["item"]["confidence"] else None
        told = {"type": "answer", "key": secrets.token_urlsafe(12), "round": number, "item": item}
        told |= {"response": response, "confidence": sure}
        with contextlib.suppress(WebSocketException):
            await wire.send(json.dumps(told, default=str))

    def answer(self, item: str) -> Any:
        """What is answered now; None for nothing."""
        told, chance = self._tellings[item], self._chance
        if chance.random() > SHARE_ANSWERING:
            return None
        before = self._given.get(item, (0, None))[1]
        if told.right is None or before is None:
            is_right = chance.random() < SHARE_RIGHT
        elif score.score(told.item, before).state == "right":
            is_right = chance.random() > SHARE_UNSETTLED
        elif chance.random() < SHARE_CONVINCED:
            is_right = True
        else:
            return before
        return told.right if is_right and told.right is not None else wrong(told, chance)


def wrong(told: Telling, chance: random.Random) -> Any:
    """A wrong answer to an item, the same one for most; a few words where a person reads it."""
    if chance.random() < SHARE_COMMON:
        chance = random.Random(told.item.id)
    response = _wrong(told.item, told.right, chance)
    return answers.check(told.public, response)


def _wrong(question: Any, right: Any, chance: random.Random) -> Any:
    match question.type:
        case "single":
            return chance.choice([one.id for one in question.options if one.id != right])
        case "multiple":
            others = [one.id for one in question.options if one.id not in right]
            kept = chance.sample(right, len(right) - 1)
            return sorted([*kept, *chance.sample(others, min(1, len(others)))])
        case "numeric":
            value = float(right["value"]) * chance.choice((0.1, 0.5, 2.0, 10.0))
            return {"value": value or 1.0, "unit": right["unit"]}
        case "order":
            return [*right[1:], right[0]]
        case "match":
            names, values = list(right), list(right.values())
            return dict(zip(names, [*values[1:], values[0]], strict=True))
        case "cloze":
            gap = chance.choice([gap for gap in question.gaps if gap.id in right])
            return right | {gap.id: _wrong(gap, right[gap.id], chance)}
    return chance.choice(("no idea", "the model", "something with tokens", "I would ask first"))
