"""All who are connected to a meeting, and what each of them is told."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from course.live import names
from course.live.line import Line
from course.live.messages import ELSEWHERE, REMOVED, write
from course.live.store import About
from course.live.views import Views

log = logging.getLogger("course.live")

COUNT_S = 0.25
"""Counts and names are told at most so often."""


class Audience:
    """The connections of one meeting. `views` is of the meeting as it is now."""

    def __init__(self, about: About, title: str, views: Views):
        self.about, self.title, self.views = about, title, views
        self.addresses: list[str] = []
        self.lines: set[Line] = set()
        self.students: dict[str, Line] = {}
        self._news: set[str] = set()
        self._counted: dict[str, int] = {}
        self._heard: dict[tuple[str, str], dict[str, Any]] = {}
        self._soon: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task] = set()

    def close(self) -> None:
        if self._soon:
            self._soon.cancel()
        for task in self._tasks:
            task.cancel()

    def end_all(self, code: int, reason: str) -> None:
        """Close all connections."""
        for line in list(self.lines):
            line.end(code, reason)

    # who is there

    def welcome(self, line: Line, role: str, *, at: float) -> None:
        """Somebody has said hello and is one of the audience from now on."""
        if line.is_over:
            return
        line.role = role
        self.lines.add(line)
        told: dict[str, Any] = {"role": role, "code": self.about.code, "quiz": self.about.quiz}
        told |= {"title": self.title, "state": self._state(role, at)}
        if role == "student":
            self._seat(line)
            told["you"] = {"who": line.who, "name": self.views.meeting.people[line.who].name}
        else:
            told["addresses"] = self.addresses
        if role == "instructor":
            told["items"] = self.views.items()
            told["screen"] = f"/screen#{names.for_screen(self.about.secret)}"
        line.say(write("welcome", **told))
        if role == "student":
            self._tell_own([line])
        elif role == "instructor":
            everybody = map(self._person, self.views.meeting.people)
            line.say(write("people", people=list(everybody)))
        if role != "student":
            line.say(write("counts", **self.views.counts(len(self.students))))

    def _seat(self, line: Line) -> None:
        """One connection a student: the newest."""
        before = self.students.get(line.who)
        if before and before is not line:
            self.lines.discard(before)
            before.end(ELSEWHERE, "You are here from elsewhere now.")
        self.students[line.who] = line
        self.news(line.who)

    def leave(self, line: Line) -> None:
        """A connection has ended."""
        line.end(1001, "")
        self.lines.discard(line)
        if self.students.get(line.who) is line:
            del self.students[line.who]
            self.news(line.who)

    def remove(self, who: str) -> None:
        """A student was taken out by the instructor."""
        line = self.students.get(who)
        if line:
            line.end(REMOVED, "Your teacher has taken you out of this meeting.")

    def rename(self, who: str, name: str) -> None:
        """A student has another name now, given by the instructor."""
        line = self.students.get(who)
        if line:
            line.say(write("you", name=name))

    # what they are told

    def publish(self, at: float, *, own: bool = False) -> None:
        """The state to everybody, in two texts; with `own` students also get their answers."""
        public, private = write("state", **self._state("student", at)), ""
        for line in list(self.lines):
            if line.role == "instructor":
                private = private or write("state", **self._state("instructor", at))
            line.say(private if line.role == "instructor" else public)
        if own:
            self._tell_own(list(self.students.values()))
        self._counted = {}  # told in any case: who draws a new round counts from nothing
        self.news()

    def news(self, *people: str) -> None:
        """Counts have changed, and something about these people: told soon, together."""
        self._news.update(person for person in people if person)
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(COUNT_S, self._tell_news)

    def _tell_news(self) -> None:
        self._soon = None
        counts = self.views.counts(len(self.students))
        known = self.views.meeting.people
        people = [self._person(who) for who in self._news if who in known]
        self._news.clear()
        told = write("counts", **counts) if counts != self._counted else ""
        changed = write("people", people=people) if people else ""
        self._counted = counts
        for line in list(self.lines):
            if told and line.role != "student":
                line.say(told)
            if changed and line.role == "instructor":
                line.say(changed)

    def _person(self, who: str) -> dict[str, Any]:
        person = self.views.meeting.people[who]
        told = {"who": who, "name": person.name, "here": who in self.students}
        return told | {"removed": person.removed}

    def _state(self, role: str, at: float) -> dict[str, Any]:
        told = self.views.public(at)
        return told | {"private": self.views.private()} if role == "instructor" else told

    def _tell_own(self, lines: list[Line]) -> None:
        if self.views.meeting.phase == "revealed":
            self._task(self._tell_heard(lines))
            return
        for line in lines:
            line.say(write("yours", **self.views.yours(line.who), heard=None))

    async def _tell_heard(self, lines: list[Line]) -> None:
        """To each what the answer gets to hear: opened elsewhere, since it takes milliseconds."""
        item = self.views.meeting.item
        for line in lines:
            yours = self.views.yours(line.who)
            name = item, repr((yours["response"], yours["confidence"]))
            if yours["response"] is not None and name not in self._heard:
                told = yours["response"], yours["confidence"]
                self._heard[name] = await asyncio.to_thread(self.views.tellings[item].heard, *told)
            if self.views.meeting.item != item or self.views.meeting.phase != "revealed":
                return
            line.say(write("yours", **yours, heard=self._heard.get(name)))

    def _task(self, work: Coroutine) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            log.error("Own answers could not be told.", exc_info=task.exception())
