"""What a service's headers tell of its limits, and of the time to wait after a refusal."""

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

MINUTE_S, DAY_S = 60.0, 86_400.0
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")
_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0, "d": DAY_S}


@dataclass(frozen=True, slots=True)
class Told:
    """What headers tell of a limit: so many in all, so many left, all back in `reset_s`."""

    limit: float
    left: float
    reset_s: float | None

    def period_s(
        self, present_s: float | None, usual_s: Sequence[float] = (MINUTE_S, DAY_S)
    ) -> float:
        """The seconds in which the whole limit comes back, as far as the headers show.

        `left` is rounded down, so of a limit that fills evenly the period lies between
        reset * limit / used and reset * limit / (used - 1). The present one is taken where it
        fits, else the first usual one that does; where none does, as with windows that open all
        at once, the lower bound.

        >>> Told(10_000, 9_999, 8.64).period_s(None)
        86400.0
        """
        used = self.limit - self.left
        if used <= 0 or not self.reset_s:
            return present_s or usual_s[0]
        least = self.reset_s * self.limit / used
        most = self.reset_s * self.limit / (used - 1) if used > 1 else math.inf
        slack = 0.001 * self.limit / used  # resets are rounded up to whole milliseconds
        for known in (present_s, *usual_s):
            if known and 0.99 * least - slack <= known <= 1.01 * most:
                return known
        return least


def told(headers: Mapping[str, str], what: str) -> Told | None:
    """What x-ratelimit-… headers tell of "requests" or "tokens"; None if nothing of use.

    Some services send -1 or 0 where they have no limit.
    """
    limit = _number(headers.get(f"x-ratelimit-limit-{what}"))
    left = _number(headers.get(f"x-ratelimit-remaining-{what}"))
    if not limit or left is None:
        return None
    return Told(limit, min(left, limit), duration_s(headers.get(f"x-ratelimit-reset-{what}")))


def duration_s(text: str | None) -> float | None:
    """The seconds in 120ms, 8.64s, 6m0s or 1h0m0s, or in a plain number; None for anything else.

    >>> duration_s("6m0.5s")
    360.5
    """
    text = (text or "").strip()
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """How long a refusal asks to wait, from 0 s to a day; None where it doesn't say.

    retry-after-ms is more precise and goes first; Retry-After is seconds or an HTTP date
    (RFC 9110, section 10.2.3).
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return min(milliseconds / 1000, DAY_S)
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is None and text:
        try:
            date = parsedate_to_datetime(text)
        except (ValueError, TypeError, OverflowError):
            return None
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        seconds = max(0.0, date.timestamp() - time.time())
    return None if seconds is None else min(seconds, DAY_S)


def clock_rate(headers: Mapping[str, str]) -> float:
    """How fast the service's clock runs: 1, or what the course's simulator says of its own."""
    return _number(headers.get("x-simulated-clock")) or 1.0


def _number(text: str | None) -> float | None:
    """A finite number from 0, else None."""
    try:
        number = float(text)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and number >= 0 else None
