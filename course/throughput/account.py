"""The limits of one model as far as they are known, and the requests that wait in line for it."""

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

from course.throughput.bucket import Bucket
from course.throughput.told import DAY_S, MINUTE_S, Told, clock_rate, retry_after_s, told

FIRST_S = 10.0
"""Until the first reply tells the limits, one request is sent in so many seconds."""
GUESS_S, LEAST_GUESS = 60.0, 60
"""A service that refuses and tells no limit: what it took in so many seconds is taken for it, but
(ASSUMPTION) no less than one in a second; where it is less, further refusals slow us down."""
GUESS = "requests", "guessed"
HOUR_S = 3600.0

Given = Sequence[tuple[str, float, float]]
"""Limits that were given: of "requests" or "tokens", how many, in how many seconds."""


class Turn:
    """A request in line: what it counts, and how to tell it to look again."""

    __slots__ = ("gone", "ring", "tokens")

    def __init__(self, tokens: int, ring: Callable[[], None]):
        self.tokens, self.ring, self.gone = tokens, ring, False


class Account:
    """The buckets of one model and the line before them. Who uses it holds the Pacer's lock."""

    def __init__(self, given: Given, *, share: float, now: float):
        self._share, self._clock = share, 1.0
        self._given = [(what, Bucket(most, s, now=now, share=share)) for what, most, s in given]
        self._periods = [period_s for _, _, period_s in given]
        self._learnt: dict[tuple[str, str], Bucket] = {}
        self._line: deque[Turn] = deque()
        self._recent: deque[float] = deque()
        self._known = self._accepted = False
        self._first_until = self._shut_until = now

    def join(self, tokens: int, ring: Callable[[], None]) -> Turn:
        """The end of the line."""
        turn = Turn(tokens, ring)
        self._line.append(turn)
        return turn

    def leave(self, turn: Turn) -> None:
        """Out of the line; nothing was taken."""
        turn.gone = True
        self.call()

    def call(self) -> None:
        """Tell the first in line to look again."""
        while self._line and self._line[0].gone:
            self._line.popleft()
        if self._line:
            self._line[0].ring()

    def take(self, turn: Turn, now: float) -> float:
        """0 if the request may go, which is then taken; else the seconds until it should look
        again, infinite for all but the first in line."""
        if self._line[0] is not turn:
            return math.inf
        if (wait_s := self._wait_s(turn.tokens, now)) > 0:
            return wait_s
        for bucket, units in self._units(turn.tokens):
            bucket.take(units)
        self._note(now)
        self._line.popleft()
        self.call()
        return 0.0

    def _wait_s(self, tokens: int, now: float) -> float:
        waits = [bucket.wait_s(units, now) for bucket, units in self._units(tokens)]
        if not self._known:
            waits.append(self._first_until - now)
        return max(self._shut_until - now, *waits, 0.0)

    def _note(self, now: float) -> None:
        if not self._known:
            self._first_until = now + FIRST_S
        if not self._learnt and not self._given:
            self._recent.append(now)
            while self._recent[0] < now - GUESS_S:
                self._recent.popleft()

    def _all(self) -> Iterator[tuple[str, Bucket]]:
        yield from self._given
        for (what, _), bucket in self._learnt.items():
            yield what, bucket

    def _units(self, tokens: int) -> Iterator[tuple[Bucket, int]]:
        for what, bucket in self._all():
            yield bucket, tokens if what == "tokens" else 1

    def settle(
        self, status: int, headers: Mapping[str, str], tokens: int, *, sent: float, now: float
    ) -> None:
        """Learn from the reply to a request that was sent then; status 0 is no reply at all."""
        self._first_until = now
        if not status:
            return
        refused = status == 429
        self._accepted = self._accepted or status < 400
        self._known = self._known or status < 500
        self._run_at(clock_rate(headers), now)
        if refused:
            self._give_back(tokens)
        short, fresh = [], False
        for what, units in (("requests", 1), ("tokens", tokens)):
            if about := told(headers, what):
                bucket, new = self._learn(what, about, refused=refused, sent=sent, now=now)
                fresh = fresh or new
                short += [bucket] * (about.left < units)
        if refused:
            self._shut_until = max(self._shut_until, now + (retry_after_s(headers) or 0.0))
            self._slow_down(short or self._unnamed(now, fresh=fresh), sent=sent, now=now)
        else:
            for _, bucket in self._all():
                bucket.speed_up(now)

    def _slow_down(self, short: Sequence[Bucket], *, sent: float, now: float) -> None:
        for bucket in short:
            bucket.slow_down(sent=sent, now=now)
        if guess := self._learnt.get(GUESS):
            guess.empty_until(self._shut_until, now)

    def _run_at(self, clock: float, now: float) -> None:
        """Given limits are those of the service's clock, which may run faster than ours."""
        if clock != self._clock:
            self._clock = clock
            for (_, bucket), period_s in zip(self._given, self._periods, strict=True):
                bucket.left(now)
                bucket.period_s = period_s / clock

    def _give_back(self, tokens: int) -> None:
        """A refused request counts towards requests per minute, but not as tokens or by day."""
        for what, bucket in self._all():
            if what == "tokens":
                bucket.give_back(tokens)
            elif bucket.period_s > HOUR_S / self._clock:
                bucket.give_back(1)

    def _learn(
        self, what: str, about: Told, *, refused: bool, sent: float, now: float
    ) -> tuple[Bucket, bool]:
        """The bucket that a reply tells of, corrected by it; and whether it is new.

        A refusal may tell of another limit than the replies do; it then has a bucket beside.
        """
        usual = self._learnt.get((what, "told"))
        beside = refused and (usual is None or usual.limit != about.limit)
        name = (what, "refused" if beside else "told")
        bucket = self._learnt.get(name)
        new = bucket is None or bucket.limit != about.limit
        if new and not refused:
            self._learnt.pop((what, "refused"), None)  # another tier has other limits
        usual_s = MINUTE_S / self._clock, DAY_S / self._clock
        if new:
            period_s = about.period_s(None, usual_s)
            bucket = Bucket(about.limit, period_s, now=now, share=self._share)
            self._learnt[name] = bucket
        else:
            bucket.left(now)
            bucket.period_s = about.period_s(bucket.period_s, usual_s)
        bucket.correct(about.left, sent=now if new else sent, now=now)
        return bucket, new

    def _unnamed(self, now: float, *, fresh: bool) -> list[Bucket]:
        """Which buckets to blame for a refusal that names none: those given, else a guess."""
        if fresh or not self._accepted:  # a key that may do nothing tells nothing of a limit
            return []
        if self._given or self._learnt:
            return [bucket for _, bucket in self._all()]
        guess = Bucket(max(LEAST_GUESS, len(self._recent)), GUESS_S, now=now)
        guess.most_pace = math.inf
        self._learnt[GUESS] = guess
        return []

    def state(self, now: float) -> list[dict]:
        """A row for each limit."""
        names = [("given", one) for one in self._given]
        names += [(how, (what, bucket)) for (what, how), bucket in self._learnt.items()]
        return [
            {
                "of": what,
                "limit": bucket.limit,
                "period_s": bucket.period_s,
                "left": bucket.left(now),
                "pace": bucket.pace,
                "known": how,
            }
            for how, (what, bucket) in names
        ]
