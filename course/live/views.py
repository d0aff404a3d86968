"""What each role may see of a meeting, as the body of a `state` message. Pure.

Students and the screen never get here what was not revealed: their view is made without it, not
from the instructor's by leaving something out.
"""

from typing import Any

from course.live import tally as tallies
from course.live.advice import advice
from course.live.rounds import Meeting, Round
from course.live.telling import Telling
from course.quiz import markup


class Views:
    """The views of a meeting; the tallies of closed rounds are worked out once."""

    def __init__(self, meeting: Meeting, tellings: dict[str, Telling]):
        self.meeting, self.tellings = meeting, tellings
        self._tallies: dict[int, tallies.Tally] = {}

    def forget(self) -> None:
        """Work the tallies out anew: somebody was removed or readmitted."""
        self._tallies.clear()

    def public(self, at: float) -> dict[str, Any]:
        """What everybody may see."""
        meeting, item = self.meeting, self.meeting.item
        votes = meeting.votes(item) if item else []
        last = votes[-1] if votes else None
        revealed = meeting.phase == "revealed"
        return {
            "n": meeting.seq,
            "phase": meeting.phase,
            "item": self.tellings[item].asked if item else None,
            "round": last.number if last else 0,
            "vote": last.vote if last else 0,
            "ends_in_s": _left(meeting.open_round, at),
            "histograms": self._histograms(votes, revealed),
            "moves": self.moves(votes) if revealed else None,
            "solution": self.tellings[item].solution if revealed else None,
        }

    def _histograms(self, votes: list[Round], revealed: bool) -> list[dict[str, Any]]:
        if self.meeting.open_round:
            return []
        told = [(one, self.tally(one)) for one in votes if revealed or one.shown]
        return [
            {"vote": one.vote} | (found if revealed else tallies.public(found))
            for one, found in told
        ]

    def private(self) -> dict[str, Any]:
        """What the instructor sees besides: tallies with the key, advice, who may join.

        Of an open round there is nothing in it: how many have answered is told elsewhere.
        """
        meeting, item = self.meeting, self.meeting.item
        votes = [one for one in meeting.votes(item) if one.closed_at is not None] if item else []
        found = [{"vote": one.vote, "shown": one.shown} | self.tally(one) for one in votes]
        return {
            "tallies": found,
            "moves": self.moves(votes),
            "advice": self._advice(votes),
            "solution": self.tellings[item].solution if item else None,
            "locked": meeting.locked,
            "items": [self._row(name) for name in self.tellings],
        }

    def _row(self, name: str) -> dict[str, Any]:
        revealed = name in self.meeting.revealed
        return {"id": name, "votes": len(self.meeting.votes(name)), "revealed": revealed}

    def _advice(self, votes: list[Round]) -> dict[str, str] | None:
        if not votes or self.meeting.open_round:
            return None
        found, item = self.tally(votes[-1]), self.tellings[votes[-1].item].item
        counts = {"right": found["right"], "answered": found["answered"], "vote": votes[-1].vote}
        told = advice(**counts, by_hand=item.is_by_hand)
        return {"do": told.do, "words": told.words}

    def moves(self, votes: list[Round]) -> dict[str, int] | None:
        """How answers moved from the last vote but one to the last.

        None for a single vote, and where only a person can tell what is right.
        """
        closed = [one for one in votes if one.closed_at is not None]
        if len(closed) < 2 or self.tellings[closed[-1].item].item.is_by_hand:
            return None
        before, after = ({who: g.response for who, g in self.given(one)} for one in closed[-2:])
        return tallies.moves(self.tellings[closed[-1].item].item, before, after)

    def tally(self, one: Round) -> tallies.Tally:
        """The tally of a closed round."""
        if one.number not in self._tallies:
            responses = [given.response for _, given in self.given(one)]
            self._tallies[one.number] = tallies.tally(self.tellings[one.item].item, responses)
        return self._tallies[one.number]

    def given(self, one: Round) -> list[tuple[str, Any]]:
        """Who gave what in a round, of those whose answers count."""
        return list(self.meeting.counted(one).items())

    def yours(self, who: str) -> dict[str, Any]:
        """The student's own answer in the last round on the item that is on."""
        item = self.meeting.item
        votes = self.meeting.votes(item) if item else []
        given = votes[-1].given.get(who) if votes else None
        return {
            "round": votes[-1].number if votes else 0,
            "key": given.key if given else None,
            "response": given.response if given else None,
            "confidence": given.confidence if given else None,
        }

    def items(self) -> list[dict[str, Any]]:
        """The items to choose from, for the instructor."""
        return [
            {"id": name, "type": one.item.type, "stem": markup.plain(one.item.stem)}
            for name, one in self.tellings.items()
        ]

    def counts(self, here: int) -> dict[str, int]:
        """How many are there, joined, and have answered in the last round of the item."""
        meeting = self.meeting
        votes = meeting.votes(meeting.item) if meeting.item else []
        joined = sum(not person.removed for person in meeting.people.values())
        answered = len(meeting.counted(votes[-1])) if votes else 0
        return {"here": here, "joined": joined, "answered": answered}


def _left(one: Round | None, at: float) -> float | None:
    if one is None or one.closes_at is None:
        return None
    return round(max(one.closes_at - at, 0.0), 1)
