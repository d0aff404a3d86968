"""How often somebody may speak, and how often an address may be wrong about a code or secret."""

from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

WRONG_A_MINUTE, WRONG_AT_ONCE = 60, 60
"""Many students may come from one address, and one in twenty mistypes; a program that tries all
86 million codes at this rate needs more than two years."""
MOST_ADDRESSES = 10_000


@dataclass(slots=True)
class Bucket:
    """Lets `burst` through at once, and then `rate` a second."""

    rate: float
    burst: float
    level: float = 0.0
    at: float = 0.0

    def take(self, now: float) -> bool:
        """Whether one more may pass at that time (monotonic seconds)."""
        self.level = max(0.0, self.level - (now - self.at) * self.rate)
        self.at = now
        if self.level + 1 > self.burst:
            return False
        self.level += 1
        return True

    def wait_s(self, now: float) -> float:
        """Seconds until one more may pass."""
        level = max(0.0, self.level - (now - self.at) * self.rate)
        return max(0.0, (level + 1 - self.burst) / self.rate)


class Wrong:
    """Wrong codes and secrets by address; IPv6 by /64, since one computer has all of that."""

    def __init__(self):
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def wait_s(self, address: str, now: float) -> float:
        """Seconds for which this address is not listened to."""
        found = self._buckets.get(_network(address))
        return found.wait_s(now) if found else 0.0

    def add(self, address: str, now: float) -> None:
        """One more was wrong."""
        name = _network(address)
        bucket = self._buckets.setdefault(name, Bucket(WRONG_A_MINUTE / 60, WRONG_AT_ONCE, at=now))
        bucket.take(now)
        self._buckets.move_to_end(name)
        if len(self._buckets) > MOST_ADDRESSES:
            self._buckets.popitem(last=False)


def _network(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if found.version == 4 or found.ipv4_mapped:
        return str(getattr(found, "ipv4_mapped", None) or found)
    return str(ip_network((found, 64), strict=False))
