"""A past meeting once more: in words, or played to screens as it went."""

import asyncio
from collections.abc import Iterator

from course.live.audience import Audience
from course.live.messages import Do, Hello, Ping, write
from course.live.past import Past
from course.live.room import Room
from course.live.rounds import Meeting, Refused
from course.live.views import Views

LONGEST_WAIT_S = 30.0
"""A pause is not played longer than this."""


def told(past: Past) -> Iterator[str]:
    """A line for each round: how many answered, how many were right, who changed."""
    views = Views(past.meeting, past.tellings)
    joined = len(past.meeting.people)
    yield f"{past.about.code}: {past.about.quiz}, {joined} joined, {len(past.meeting.rounds)} votes"
    for one in past.meeting.rounds:
        if one.item not in past.tellings or one.closed_at is None:
            continue
        found = views.tally(one)
        seconds = one.closed_at - one.opened_at
        right = f"{found['right']} right of {found['answered']}"
        yield f"{one.item}, vote {one.vote}: {right}, open for {seconds:.0f} s{_moves(views, one)}"


def _moves(views: Views, one) -> str:
    before = [other for other in views.meeting.votes(one.item) if other.vote == one.vote - 1]
    if not before:
        return ""
    found = views.moves([before[0], one])
    return f"; {found['wrong_right']} from wrong to right, {found['right_wrong']} back"


class Replay(Room):
    """A room in which a past meeting happens again, for whoever has its secret; nobody answers."""

    def __init__(self, past: Past, *, speed: float = 1.0):
        self.about, self.tellings, self.most = past.about, past.tellings, 0
        self._past, self._speed = past, speed
        self.meeting = Meeting({name: {} for name in past.about.items})
        views = Views(self.meeting, past.tellings)
        self.audience = Audience(past.about, f"{past.title} (replay)", views)
        self._prepare()

    def start(self) -> None:
        """Begin to play."""
        self._playing = asyncio.get_running_loop().create_task(self._play())

    async def close(self) -> None:
        self._playing.cancel()
        self.audience.close()

    def now(self) -> float:
        """The time in the meeting."""
        return self.meeting.at

    def hear(self, line, message) -> None:
        if isinstance(message, Ping):
            line.say(write("pong"))
            return
        try:
            if isinstance(message, Do) or getattr(message, "role", "student") == "student":
                raise Refused("replay", "This is a replay; nothing can be changed in it.")
            if isinstance(message, Hello):
                self._hello(line, message)
        except Refused as error:
            self._refuse(line, message, error)

    async def _play(self) -> None:
        before = self._past.log[0].at if self._past.log else 0.0
        for event in self._past.log:
            wait = min(event.at - before, LONGEST_WAIT_S) / self._speed
            before = event.at
            await asyncio.sleep(max(wait, 0.0))
            self.meeting.apply(event)
            self.audience.views.forget()
            if event.kind in ("joined", "answered"):
                self.audience.news(event.body["who"])
            else:
                self.audience.publish(self.now())
