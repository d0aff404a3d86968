"""A token bucket: what a rate limit is, on the service's side and, to keep it, on ours."""

SPARE_S = 0.05
"""What comes back in so many seconds stays in the bucket: a request may reach the service a
little faster than those before it, and would find less there than was counted here."""
SLOWER, SLOWEST = 0.7, 0.05
REGAINED_S = 300.0
"""ASSUMPTION: the factor of `pace` after a refusal, its least, and the seconds, at most, in which
it goes from 0 to 1 again (half a period, where that is less). Factors down and steps in time up
let several who share a limit come to equal parts (Chiu and Jain, Computer Networks and ISDN
Systems 17 (1989) 1-14)."""


class Bucket:
    """`limit` requests or tokens that come back evenly over `period_s`; it begins full.

    >>> bucket = Bucket(500, 60, now=0)
    >>> bucket.take(bucket.left(now=0))
    >>> round(bucket.wait_s(1, now=0), 3)  # a request comes back in 60 / 500 s
    0.12

    `share` is how much of it is ours. `pace` is how much of what should come back does: less
    than 1 once others have been seen to draw from it. It stays at or below `most_pace`.
    """

    __slots__ = (
        *("_at", "_changed_at", "_cut_at", "_level"),
        *("limit", "most_pace", "pace", "period_s", "share"),
    )

    def __init__(self, limit: float, period_s: float, *, now: float, share: float = 1.0):
        self.limit, self.period_s, self.share = limit, period_s, share
        self.pace, self.most_pace = 1.0, 1.0
        self._at = self._changed_at = self._cut_at = now
        self._level = self.most

    @property
    def most(self) -> float:
        """The most that it ever holds for us."""
        return self.share * self.limit * (1 - min(0.5, SPARE_S / self.period_s))

    @property
    def _rate(self) -> float:
        return self.share * self.pace * self.limit / self.period_s

    def left(self, now: float) -> float:
        """How many units are there; below 0 after a request for more than it ever holds."""
        if now > self._at:
            self._level += self._rate * (now - self._at)
            self._at = now
        self._level = min(self._level, self.most)
        return self._level

    def wait_s(self, units: float, now: float) -> float:
        """Seconds until so many are there; for more than it ever holds, until it is full."""
        missing = min(units, self.most) - self.left(now)
        return missing / self._rate if missing > 1e-9 * self.limit else 0.0

    def take(self, units: float) -> None:
        """Take them, whether they are there or not: `wait_s` says."""
        self._level -= units

    def give_back(self, units: float) -> None:
        """They were taken here, but the service did not count them."""
        self._level += units

    def correct(self, told: float, *, sent: float, now: float) -> None:
        """The service had `told` left after a request that was sent then. Only ever downwards.

        What has come back to it since is no more than comes back from `sent` to `now`; other
        requests, whosoever, can only have made it less.
        """
        self._level = min(self.left(now), told + self.limit / self.period_s * (now - sent))

    def empty_until(self, then: float, now: float) -> None:
        """Nothing is there before that time."""
        self._level = min(self.left(now), -self._rate * (then - now))

    def slow_down(self, *, sent: float, now: float) -> None:
        """A request sent then was refused although it was due: somebody else draws from it.

        Requests that were on their way together are refused together; that counts once.
        """
        if sent > self._cut_at:
            self.left(now)
            self.pace = max(SLOWEST, self.pace * SLOWER)
            self._cut_at = self._changed_at = now

    def speed_up(self, now: float) -> None:
        """A request was let through: a little faster again, by the time since the last step."""
        if self.pace < self.most_pace:
            self.left(now)
            gain = (now - self._changed_at) / min(self.period_s / 2, REGAINED_S)
            self.pace = min(self.most_pace, self.pace + min(gain, 0.1))
        self._changed_at = now
