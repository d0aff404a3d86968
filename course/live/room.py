"""What clients say becomes events, and what has happened is told to all.

An event changes the meeting at once, so that the next message is judged by it; whoever sent it
hears of it only when it is on the disk. Everything here runs in one event loop.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from course.errors import CourseError
from course.live import commands, messages, names
from course.live.audience import Audience
from course.live.events import Event
from course.live.limits import Wrong
from course.live.line import Line
from course.live.messages import NONSENSE, TOO_MUCH, Answer, Do, Hello, Ping, write
from course.live.rounds import Meeting, Refused
from course.live.store import About, Store
from course.live.telling import Telling
from course.live.views import Views
from course.live.writer import Writer

TRY_AGAIN_S = 1.0
STALLED = "Nothing can be saved at the moment; it is tried again by itself."


class Room:
    """A meeting that is going on."""

    def __init__(
        self,
        about: About,
        store: Store,
        tellings: dict[str, Telling],
        *,
        title: str = "",
        most: int = 3000,
    ):
        self.about, self.store, self.tellings, self.most = about, store, tellings, most
        self.meeting = self._read(store.events(about.code))
        self.audience = Audience(about, title, Views(self.meeting, tellings))
        self._prepare()

    def _prepare(self) -> None:
        self.stalled = False
        self._wrong = Wrong()
        self._clock = time.time() - time.monotonic()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to write and to keep time; a running timer goes on."""
        self._writer = Writer(self.store, self.about.code, failed=self._read_again)
        self._writing = asyncio.get_running_loop().create_task(self._writer.run())
        self._more_time()
        self._set_timer()

    async def close(self) -> None:
        """Write what is left, and end."""
        if not self.stalled:
            await self._writer.empty()
        if self._timer:
            self._timer.cancel()
        self._writing.cancel()
        self._writer.close()
        self.audience.close()

    def now(self) -> float:
        """Seconds since 1970; it goes on evenly, whatever is done to the computer's clock."""
        return round(max(self._clock + time.monotonic(), self.meeting.at), 4)

    # what clients say

    def leave(self, line: Line) -> None:
        """A connection has ended."""
        self.audience.leave(line)

    def hear(self, line: Line, message: messages.Message) -> None:
        """One message, answered now or once what it brings is on the disk."""
        if isinstance(message, Ping):
            line.say(write("pong"))
            return
        self._tick()
        try:
            if self.stalled:
                raise Refused("stalled", STALLED)
            if isinstance(message, Hello):
                self._hello(line, message)
            elif isinstance(message, Answer):
                self._answer(line, message)
            else:
                self._do(line, message)
        except CourseError as error:
            self._refuse(line, message, error)

    def _refuse(self, line: Line, message: messages.Message, error: CourseError) -> None:
        why = getattr(error, "why", "invalid")
        again = why in ("stalled", "wait")
        line.say(refused(why, str(error), again=again, **about(message)))
        if isinstance(message, Hello) and not line.role:
            line.end(TOO_MUCH if again else NONSENSE, "hello was refused")

    def _hello(self, line: Line, hello: Hello) -> None:
        if line.role or line.who:
            raise Refused("role", "You have said hello already.")
        if hello.role == "student":
            self._student(line, hello)
            return
        secret = self.about.secret
        wanted = secret if hello.role == "instructor" else names.for_screen(secret)
        self._careful(line, hello.secret, wanted)
        self.audience.welcome(line, hello.role, at=self.now())

    def _student(self, line: Line, hello: Hello) -> None:
        who = names.who(self.about.code, hello.secret)
        if who not in self.meeting.people:
            self._careful(line, hello.code, self.about.code)
        if hello.quiz not in ("", self.about.quiz):
            wrong = f"This class is about the quiz {self.about.quiz}, not {hello.quiz}."
            raise Refused("quiz", wrong)
        event = self.meeting.join(who, hello.name, at=self.now())
        line.who = who
        # Also for one who is known: the first hello may be on its way to the disk still.
        self._happens(event, lambda: self.audience.welcome(line, "student", at=self.now()))

    def _careful(self, line: Line, given: str, wanted: str) -> None:
        now = time.monotonic()
        wait = self._wrong.wait_s(line.address, now)
        if wait:
            raise Refused("wait", f"Too many wrong codes came from there; wait {wait:.0f} seconds.")
        if not names.same(given, wanted):
            self._wrong.add(line.address, now)
            raise Refused("code", "No meeting has this code; look at the screen again.")

    def _answer(self, line: Line, said: Answer) -> None:
        if line.role != "student":
            raise Refused("role", "Only students answer; say hello as one first.")
        event = self.meeting.answer(
            line.who,
            round=said.round,
            item=said.item,
            key=said.key,
            response=said.response,
            confidence=said.confidence,
            at=self.now(),
        )
        saved = write("saved", key=said.key, round=said.round)
        self._happens(event, lambda: (line.say(saved), self.audience.news()))

    def _do(self, line: Line, said: Do) -> None:
        if line.role != "instructor":
            raise Refused("role", "Only the instructor may do this.")
        event = commands.command(self.meeting, said.command, said.told, at=self.now())
        done = write("done", id=said.id)
        self._happens(event, lambda: (line.say(done), self._follow(event)))

    # what happens

    def _happens(self, event: Event | None, then: Callable[[], Any]) -> None:
        """An event, and what follows when it is on the disk; None: nothing new, but `then`."""
        if event:
            self.meeting.apply(event)
            if event.kind in ("removed", "readmitted"):
                self.audience.views.forget()
            if event.kind in ("opened", "timed", "closed"):
                self._set_timer()
        self._writer.put(event, then)

    def _tick(self) -> None:
        event = None if self.stalled else self.meeting.tick(self.now())
        if event:
            self._happens(event, self._publish)

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        one = self.meeting.open_round
        if one and one.closes_at is not None:
            wait = max(one.closes_at - self.now(), 0.0) + 0.001
            self._timer = asyncio.get_running_loop().call_later(wait, self._tick)

    def _more_time(self) -> None:
        event = commands.more_time(self.meeting, at=self.now())
        if event:
            self._happens(event, self._publish)

    def _publish(self) -> None:
        self.audience.publish(self.now())

    def _follow(self, event: Event | None) -> None:
        """What an instructor's command changes for others."""
        if event is None:
            return
        if event.kind == "removed":
            self.audience.remove(event.body["who"])
        elif event.kind == "renamed":
            self.audience.rename(**event.body)
        self.audience.news(event.body.get("who", ""))
        voted = event.kind == "chose" and self.meeting.phase != "asked"
        self.audience.publish(self.now(), own=voted or event.kind == "revealed")

    def _read(self, log: list[Event]) -> Meeting:
        items = {name: telling.public for name, telling in self.tellings.items()}
        meeting = Meeting(items, most=self.most)
        for event in log:
            meeting.apply(event)
        return meeting

    async def _read_again(self) -> None:
        """A commit failed: nobody knows what is on the disk, so it is read, until that works.

        Then everybody comes back, and sends again what was not acknowledged.
        """
        self.stalled = True
        while self.stalled:
            await asyncio.sleep(TRY_AGAIN_S)
            try:
                self.meeting = self._read(
                    await self._writer.call(self.store.events, self.about.code)
                )
            except CourseError:
                continue
            self.audience.views = Views(self.meeting, self.tellings)
            self.stalled = False
        self._more_time()
        self._set_timer()
        self.audience.end_all(TOO_MUCH, "Something could not be saved; come back.")


def about(message: object) -> dict[str, str]:
    """What a refusal of this message is told to be about."""
    if isinstance(message, Answer):
        return {"key": message.key}
    return {"id": message.id} if isinstance(message, Do) else {}


def refused(why: str, sentence: str, *, again: bool = False, **about: str) -> str:
    """A refusal as a message."""
    return write("refused", why=why, message=sentence, again=again, **about)
