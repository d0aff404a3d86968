"""What a tier's limits dictate: how long so many requests and tokens take at least."""

from collections.abc import Iterable
from dataclasses import dataclass

from course import facts
from course.turns import counted


@dataclass(frozen=True)
class Limit:
    """A limit of the tier: `most` of what it counts, which come back within `period_s`."""

    name: str
    most: int
    period_s: float

    def needs_s(self, total: float) -> float:
        """The seconds until the last of `total` is let through, by a bucket that begins full."""
        return max(0.0, total - self.most) / self.most * self.period_s


def limits(tier: str, model: str) -> dict[str, Limit]:
    """The tier's limits by what they count."""
    rows = {
        "requests a minute": ("requests_per_minute", 60.0),
        "requests a day": ("requests_per_day", 86_400.0),
        "tokens a minute": ("tokens_per_minute", 60.0),
    }
    known = facts.facts()
    found = {}
    for name, (row, period_s) in rows.items():
        if (told := known.get(f"{model}.tier_{tier}_{row}")) is not None:
            found[name] = Limit(f"{int(told):,} {name}", int(told), period_s)
    return found


@dataclass(frozen=True)
class Plan:
    """What each limit alone would take for a mode's work, in seconds of the service's clock."""

    requests: int
    tokens: int
    seconds: dict[str, float]
    names: dict[str, str]

    @property
    def binding(self) -> str:
        return max(self.seconds, key=self.seconds.get)

    @property
    def dictated_s(self) -> float:
        return self.seconds[self.binding]

    def clock(self, rate: float) -> float:
        """How fast the clock must run for so many requests in a real second."""
        return max(1.0, rate * self.dictated_s / self.requests)


def plan(bodies: Iterable[dict], known: dict[str, Limit]) -> Plan:
    """The plan for requests with these bodies."""
    sizes = [counted(body, "chat") for body in bodies]
    requests, tokens = len(sizes), sum(sizes)
    totals = {name: tokens if name.startswith("tokens") else requests for name in known}
    seconds = {name: limit.needs_s(totals[name]) for name, limit in known.items()}
    return Plan(requests, tokens, seconds, {name: one.name for name, one in known.items()})


def told(planned: Plan, known: dict[str, Limit]) -> None:
    """The plan, and how it relates to the sum that one does in one's head."""
    print(f"  {planned.requests:,} requests, {planned.tokens:,} tokens as limits count them")
    for name, seconds in planned.seconds.items():
        mark = "  <- binds" if name == planned.binding else ""
        print(f"  {planned.names[name]:>26} alone: {shown(seconds):>9}{mark}")
    limit = known[planned.binding]
    total = planned.tokens if planned.binding.startswith("tokens") else planned.requests
    head = total / limit.most * limit.period_s
    print(
        f"  ({total:,} - {limit.most:,}) / {limit.name} = {shown(planned.dictated_s)}. Without the "
        f"full bucket at the start it would be {total:,} / {limit.most:,} = {shown(head)}."
    )


def shown(seconds: float) -> str:
    """In days, minutes or seconds."""
    if seconds >= 86_400:
        return f"{seconds / 86_400:.3f} d"
    return f"{seconds / 60:.2f} min" if seconds >= 60 else f"{seconds:.2f} s"
