"""Rate limits by tier: token buckets on the endpoint's clock, told in OpenAI's headers and words.

What is known of the real ones (looked up on 2026-11-21 in stored copies), and followed here:

- A bucket holds a whole minute's (or day's) worth and fills evenly. So says every refusal that
  was found: "Limit 30000, Used 14567, Requested 24754. Please try again in 18.642s" is
  (14567 + 24754 - 30000) / (30000 / 60), and "(RPD): Limit 200, Used 200, Requested 1. Please try
  again in 7m12s" is 86400 / 200 seconds: a day's limit is no window that opens at midnight.
- A reset is the time until the bucket is full. Where a tier has requests per day, the headers for
  requests tell of those: a reply of gpt-4o-mini at tier 1, recorded on 2024-12-25, has 10000,
  9999 and 8.64s. ASSUMPTION: a refusal's headers tell of the limit that refused.
- Unsuccessful requests count towards the limit per minute (help page 5955604): `Bucket.punish`.
- A snapshot shares the limits of its family ("gpt-4.1-2025-04-14 (for limit gpt-4.1)").
"""

from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

from course import facts
from course.endpoint.clock import Bucket, Clock, told
from course.endpoint.wire import WireError
from course.errors import CourseError

LIKE = "gpt-4o-mini"
"""ASSUMPTION: whose limits a model has that has none of its own in the facts."""
ORGANIZATION = "org-simulated"
MINUTE_US, DAY_US = 60_000_000, 86_400_000_000
BOUND = 4096
"""So many pairs of key and model are remembered; those with most left are forgotten first."""
MORE = "Visit https://platform.openai.com/account/rate-limits to learn more."

Headers = tuple[tuple[bytes, bytes], ...]
_family = lru_cache(maxsize=1024)(facts.family)


@dataclass(frozen=True, slots=True)
class Tier:
    """The limits of a tier for one model; None is no limit. Per minute it is both or neither."""

    name: str
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    requests_per_day: int | None = None
    batch_queue_tokens: int | None = None


@lru_cache(maxsize=1024)
def tier(name: str, model: str) -> Tier:
    """The tier of that name for a model or snapshot, from the facts; "none" limits nothing.

    Raises CourseError for a name that the facts have no limits for.
    """
    if name == "none":
        return Tier("none")
    known, start, ending = facts.facts(), f"{_family(model)}.tier_", "_requests_per_minute"
    if not any(row.startswith(start) for row in known):
        start = f"{LIKE}.tier_"
    rows = [row for row in known if row.startswith(start) and row.endswith(ending)]
    names = [row.removeprefix(start).removesuffix(ending) for row in rows]
    if name not in names:
        choice = ", ".join([*names, "none"])
        raise CourseError(f"The facts have no limits for tier {name!r}; choose one of {choice}.")
    endings = ("requests_per_minute", "tokens_per_minute", "requests_per_day", "batch_queue")
    found = (known.get(f"{start}{name}_{ending}") for ending in endings)
    return Tier(name, *(None if limit is None else int(limit) for limit in found))


def needed(prompt: int, cap: int | None) -> int:
    """How many tokens a request counts: the larger of its prompt and its cap on the answer.

    OpenAI's rate-limit guide (quoted in community thread 973212) has the maximum of `max_tokens`
    and a number estimated from the request's characters; here the prompt's tokens are counted.
    Help page 6891753 and the cookbook add `max_tokens` to the prompt instead, but only the guide
    states a rule. For n choices give n times the cap.
    """
    return max(prompt, cap or 0)


class Account:
    """What one key has left of one model; of the limits for requests, headers tell `shown`."""

    __slots__ = ("day", "limits", "minute", "shown", "tier", "tokens")

    def __init__(self, tier: Tier, now: int):
        self.tier, per_day = tier, tier.requests_per_day
        self.minute = Bucket("requests per min (RPM)", tier.requests_per_minute, MINUTE_US, now)
        self.tokens = Bucket("tokens per min (TPM)", tier.tokens_per_minute, MINUTE_US, now)
        self.day = Bucket("requests per day (RPD)", per_day, DAY_US, now) if per_day else None
        self.shown = self.day or self.minute
        self.limits = tuple(limit for limit in (self.minute, self.day, self.tokens) if limit)

    def take(self, tokens: int, now: int) -> Bucket | None:
        """Take a request of so many tokens; the limit that refuses it, None for done."""
        minute, day, held = self.minute, self.day, self.tokens
        if minute.wait(1, now):
            minute.punish()
            return minute
        minute.take(1)
        if day is not None and day.wait(1, now):
            return day
        if held.wait(tokens, now):
            return held
        held.take(tokens)
        if day is not None:
            day.take(1)
        return None

    def wait(self, tokens: int, now: int) -> int:
        """Let come back what is due; µs until a request of so many tokens gets through."""
        return max(limit.wait(tokens if limit is self.tokens else 1, now) for limit in self.limits)


class Limits:
    """All limits of one endpoint; may be asked from any thread.

    Times in headers and messages are the caller's real seconds, whatever the clock's rate.
    """

    def __init__(self, clock: Clock):
        self._clock = clock
        rate = f"{clock.rate:g}".encode()
        self._rate: Headers = ((b"x-simulated-clock", rate),) if clock.rate != 1 else ()
        self._accounts: dict[tuple[str, str], Account] = {}
        self._held: dict[str, tuple[str, str, int, int | None]] = {}
        self._lock = Lock()

    def take(self, key: str, model: str, *, tokens: int, tier: Tier) -> Headers:
        """Count a request of so many tokens; the x-ratelimit headers for its answer.

        Raises WireError 429 for a request that must wait (headers and message say how long) and
        for one with more tokens than a whole minute has.
        """
        if tier.requests_per_minute is None:
            return self._rate
        with self._lock:
            now = self._now()
            account = self._account(key, _family(model), tier, now)
            refusing = account.take(tokens, now)
            if refusing is None:
                return self._headers(account.shown, account.tokens)
            wait_ms = self._clock.real_ms(account.wait(tokens, now))
            if refusing is account.tokens:
                shown, kind, asked = account.shown, "tokens", tokens
            else:
                shown, kind, asked = refusing, "requests", 1
            headers = self._headers(shown, account.tokens)
            text, more = _refusal(refusing, asked, model=model, wait_ms=wait_ms)
        raise WireError(429, text, code="rate_limit_exceeded", kind=kind, headers=headers + more)

    def hold(self, batch_id: str, key: str, model: str, tokens: int, *, tier: Tier) -> None:
        """Put a batch's tokens into the queue; WireError 429 where they don't fit beside others.

        Code and message of the refusal are those in the `errors` of a batch that failed for it.
        """
        family, most = _family(model), tier.batch_queue_tokens
        with self._lock:
            besides = self._queued(key, family, besides=batch_id)
            if most is None or besides + tokens <= most:
                self._held[batch_id] = key, family, tokens, most
                return
        text = (
            f"Enqueued token limit reached for {model} in organization {ORGANIZATION}. Limit: "
            f"{most:,} enqueued tokens. Please try again once some in_progress batches have been "
            "completed."
        )
        raise WireError(429, text, code="token_limit_exceeded", kind="tokens")

    def release(self, batch_id: str) -> None:
        """Take a batch that has ended out of the queue; one that isn't in it is no mistake."""
        with self._lock:
            self._held.pop(batch_id, None)

    def state(self, key: str) -> list[dict]:
        """A row for each limit that a key has met, by model.

        With the limit's `name`, `limit` and `left` in requests or tokens, and `full_in_s`, the
        real seconds until all is back (None for a batch queue, which empties by work).
        """
        with self._lock:
            now, rows = self._now(), []
            for (owner, model), account in self._accounts.items():
                for limit in account.limits if owner == key else ():
                    limit.wait(0, now)
                    left, reset = limit.standing()
                    rows.append(_row(model, limit.name, limit.limit, left))
                    rows[-1]["full_in_s"] = self._clock.real(reset / 1e6)
            mine = [batch for batch in self._held.values() if batch[0] == key]
            for model, most in dict.fromkeys((batch[1], batch[3]) for batch in mine):
                left = None if most is None else most - self._queued(key, model)
                rows.append(_row(model, "tokens in batches", most, left))
        return rows

    def _now(self) -> int:
        # Rounded, so that a float a hair before a full µs does not cost a caller a further wait.
        return round(self._clock() * 1e6)

    def _account(self, key: str, family: str, tier: Tier, now: int) -> Account:
        found = self._accounts.get((key, family))
        if found is not None and (found.tier is tier or found.tier == tier):
            return found
        if len(self._accounts) >= BOUND:
            self._forget(now)
        found = self._accounts[key, family] = Account(tier, now)
        return found

    def _forget(self, now: int) -> None:
        """Make room by a quarter: accounts that are soonest full again go, idle ones first."""
        resets = {}
        for at, account in self._accounts.items():
            account.wait(0, now)
            resets[at] = max(limit.standing()[1] for limit in account.limits)
        for at in sorted(resets, key=resets.get)[: BOUND // 4]:
            del self._accounts[at]

    def _queued(self, key: str, family: str, *, besides: str = "") -> int:
        queue, whose = self._held.items(), (key, family)
        return sum(batch[2] for name, batch in queue if batch[:2] == whose and name != besides)

    def _headers(self, requests: Bucket, tokens: Bucket) -> Headers:
        requests_left, requests_reset = requests.standing()
        tokens_left, tokens_reset = tokens.standing()
        real_ms = self._clock.real_ms
        headers = (
            (b"x-ratelimit-limit-requests", requests.told),
            (b"x-ratelimit-limit-tokens", tokens.told),
            (b"x-ratelimit-remaining-requests", b"%d" % requests_left),
            (b"x-ratelimit-remaining-tokens", b"%d" % tokens_left),
            (b"x-ratelimit-reset-requests", told(real_ms(requests_reset)).encode()),
            (b"x-ratelimit-reset-tokens", told(real_ms(tokens_reset)).encode()),
        )
        return headers + self._rate if self._rate else headers


def _row(model: str, name: str, limit: int | None, left: int | None) -> dict:
    return {"model": model, "name": name, "limit": limit, "left": left, "full_in_s": None}


def _refusal(limit: Bucket, asked: int, *, model: str, wait_ms: int) -> tuple[str, Headers]:
    """The message for who asked for too much, and the headers that say when to come again."""
    family = _family(model)
    name = model if model == family else f"{model} (for limit {family})"
    where = f"for {name} in organization {ORGANIZATION} on {limit.name}: Limit {limit.limit}"
    if asked > limit.limit:
        told_how = "The input or output tokens must be reduced in order to run successfully."
        return f"Request too large {where}, Requested {asked}. {told_how} {MORE}", ()
    used, again = limit.limit - limit.standing()[0], f"Please try again in {told(wait_ms)}."
    seconds = b"%d" % max(1, -(-wait_ms // 1000))
    headers = ((b"retry-after", seconds), (b"retry-after-ms", b"%d" % wait_ms))
    return f"Rate limit reached {where}, Used {used}, Requested {asked}. {again} {MORE}", headers
