"""What the instructor may ask for, and when: each command becomes an event, or is refused. Pure."""

from collections.abc import Mapping
from typing import Any

from course.live import names
from course.live.events import Event
from course.live.rounds import Meeting, Refused

SHORTEST_S, LONGEST_S = 5, 3600
AFTER_RESTART_S = 15.0
"""So many seconds at least has a round with a timer that was open when the server fell over."""


def command(meeting: Meeting, name: str, told: Mapping[str, Any], *, at: float) -> Event | None:
    """The event that a command becomes, None where nothing would change; else Refused.

    `told` holds what the command is about: item, seconds, who, name (see messages).
    """
    if meeting.ended:
        raise Refused("ended", "This meeting is over.")
    return COMMANDS[name](meeting, at, **told)


def _choose(meeting: Meeting, at: float, item: str) -> Event | None:
    if item not in meeting.items:
        raise Refused("unknown", f"There is no item {item[:80]!r} in this meeting.")
    if meeting.open_round:
        raise Refused("open", "Answers are coming in; close this question first.")
    return None if item == meeting.item else meeting.event("chose", at, item=item)


def _open(meeting: Meeting, at: float, seconds: float | None = None) -> Event:
    item = _chosen(meeting)
    if meeting.open_round:
        raise Refused("open", "This question is open already.")
    if item in meeting.revealed:
        raise Refused("revealed", "The key of this question is known now; choose another one.")
    vote = len(meeting.votes(item)) + 1
    told = {"round": len(meeting.rounds) + 1, "item": item, "vote": vote}
    return meeting.event("opened", at, **told, closes_at=_ends(meeting, seconds, at))


def _time(meeting: Meeting, at: float, seconds: float | None = None) -> Event:
    number = _opened(meeting)
    return meeting.event("timed", at, round=number, closes_at=_ends(meeting, seconds, at))


def _close(meeting: Meeting, at: float) -> Event:
    return meeting.event("closed", at, round=_opened(meeting), by="instructor")


def _show(meeting: Meeting, at: float) -> Event | None:
    last = _voted(meeting)
    return None if last.shown else meeting.event("showed", at, round=last.number)


def _hide(meeting: Meeting, at: float) -> Event | None:
    shown = [one for one in meeting.votes(_voted(meeting).item) if one.shown]
    return meeting.event("hid", at, round=shown[-1].number) if shown else None


def _reveal(meeting: Meeting, at: float) -> Event | None:
    item = _voted(meeting).item
    return None if item in meeting.revealed else meeting.event("revealed", at, item=item)


def _rename(meeting: Meeting, at: float, who: str, name: str) -> Event | None:
    person = _person(meeting, who)
    others = meeting.taken - {person.name.casefold()}
    wanted = names.free(names.clean(name), others)
    return None if wanted == person.name else meeting.event("renamed", at, who=who, name=wanted)


def _remove(meeting: Meeting, at: float, who: str) -> Event | None:
    return None if _person(meeting, who).removed else meeting.event("removed", at, who=who)


def _readmit(meeting: Meeting, at: float, who: str) -> Event | None:
    return meeting.event("readmitted", at, who=who) if _person(meeting, who).removed else None


def _lock(meeting: Meeting, at: float) -> Event | None:
    return None if meeting.locked else meeting.event("locked", at)


def _unlock(meeting: Meeting, at: float) -> Event | None:
    return meeting.event("unlocked", at) if meeting.locked else None


def _end(meeting: Meeting, at: float) -> Event:
    if meeting.open_round:
        raise Refused("open", "Answers are coming in; close this question first.")
    return meeting.event("ended", at)


def _chosen(meeting: Meeting) -> str:
    if meeting.item is None:
        raise Refused("lobby", "Choose a question first.")
    return meeting.item


def _opened(meeting: Meeting) -> int:
    if meeting.open_round is None:
        raise Refused("closed", "No question is open.")
    return meeting.open_round.number


def _voted(meeting: Meeting):
    """The last round on the item that is on, closed."""
    rounds = meeting.votes(_chosen(meeting))
    if meeting.open_round:
        raise Refused("open", "Answers are coming in; close this question first.")
    if not rounds:
        raise Refused("asked", "Nobody could answer yet; open this question first.")
    return rounds[-1]


def _person(meeting: Meeting, who: str):
    if who not in meeting.people:
        raise Refused("unknown", "Nobody of that id is in this meeting.")
    return meeting.people[who]


def _ends(meeting: Meeting, seconds: float | None, at: float) -> float | None:
    return None if seconds is None else max(at, meeting.at) + seconds


def more_time(meeting: Meeting, *, at: float) -> Event | None:
    """After a restart: a timer that was running ends no sooner than `AFTER_RESTART_S` from now."""
    one, least = meeting.open_round, max(at, meeting.at) + AFTER_RESTART_S
    if one is None or one.closes_at is None or one.closes_at >= least:
        return None
    return meeting.event("timed", at, round=one.number, closes_at=least)


COMMANDS = {
    "choose": _choose,
    "open": _open,
    "time": _time,
    "close": _close,
    "show": _show,
    "hide": _hide,
    "reveal": _reveal,
    "rename": _rename,
    "remove": _remove,
    "readmit": _readmit,
    "lock": _lock,
    "unlock": _unlock,
    "end": _end,
}
