"""What every billed call must pass: its key, the limits of the key's tier, and its quota."""

from collections import OrderedDict
from collections.abc import Sequence
from decimal import Decimal
from threading import Lock

from course.endpoint.clock import Clock
from course.endpoint.limits import Headers, Limits, Tier, tier
from course.endpoint.options import Options
from course.endpoint.simulation.models import FIRST
from course.endpoint.truth import Record
from course.endpoint.wire import WireError
from course.errors import CourseError

KEYS = 4096
"""The spending of so many keys is remembered; the ones longest unused are forgotten first."""


class Admission:
    """The keys of one endpoint, what they may do, and what they have spent.

    Without keys of its own it lets every key in that is not empty.
    """

    def __init__(self, options: Options, clock: Clock):
        self.limits = Limits(clock)
        self._tier, self._tiers = options.tier, _tiers(options.key, options.tier)
        for name in {options.tier, *self._tiers.values()}:
            tier(name, FIRST)  # a tier that there is not is a mistake now, not at the first call
        self._quota = options.quota
        self._spent: OrderedDict[str, Decimal] = OrderedDict()
        self._lock = Lock()

    def key(self, header: bytes) -> str:
        """The key in an Authorization header; raises WireError 401 for none and for a wrong one."""
        kind, _, key = header.decode("latin-1").partition(" ")
        key = key.strip()
        if kind.lower() != "bearer" or not key:
            told = "You didn't provide an API key. Send one in a header, like this: "
            told += "Authorization: Bearer YOUR_KEY"
            told += "." if self._tiers else " (this simulator takes any key that is not empty)."
            raise WireError(401, told, code="invalid_api_key")
        if self._tiers and key not in self._tiers:
            # The real service shows a part of the key here; a key has no place in a message.
            told = "Incorrect API key provided; this simulator was started with keys of its own."
            raise WireError(401, told, code="invalid_api_key")
        return key

    def tier(self, key: str, model: str) -> Tier:
        """The tier of a key, as it holds for a model."""
        return tier(self._tiers.get(key, self._tier), model)

    def take(self, record: Record, *, tokens: int) -> Headers:
        """Count a call against the limits and the quota; the headers that tell what is left.

        Raises WireError 429 where there is not enough left.
        """
        self._check_quota(record.key)
        record.limits = headers = self.limits.take(
            record.key, record.model, tokens=tokens, tier=self.tier(record.key, record.model)
        )
        return headers

    def spend(self, record: Record) -> None:
        """Book what a call has cost, where there is a quota."""
        if self._quota is None:
            return
        with self._lock:
            spent = self._spent.pop(record.key, Decimal(0)) + (record.cost() or 0)
            self._spent[record.key] = spent
            while len(self._spent) > KEYS:
                self._spent.popitem(last=False)

    def _check_quota(self, key: str) -> None:
        if self._quota is not None and self._spent.get(key, Decimal(0)) >= self._quota:
            told = (
                "You exceeded your current quota, please check your plan and billing details: "
                f"the simulator was started with a quota of ${self._quota} for each key."
            )
            raise WireError(429, told, kind="insufficient_quota", code="insufficient_quota")


def _tiers(keys: Sequence[str], usual: str) -> dict[str, str]:
    """The tier of each key in KEY or KEY=TIER."""
    tiers = {}
    for told in keys:
        key, equals, name = told.partition("=")
        if not key.strip() or (equals and not name):
            raise CourseError("--key needs a key that is not empty, as KEY or KEY=TIER.")
        tiers[key.strip()] = name or usual
    return tiers
