"""What an avoided error must be worth for one way to answer to be better than another.

Going over from the first to the second changes accuracy by D and cost by K an item. With w, what
one avoided error is worth, the net benefit of going over is NB(w) = w · D − K dollars an item, and
it is 0 at the break-even λ* = K / D. The interval of NB(w) is made of those of D and K and of how
they go together (MOVER: Zou and Donner, Statistics in Medicine 27, 2008, 1693–1702). All w whose
interval holds 0 are the band in which the items cannot tell; where both intervals are normal ones
it is that of Fieller's theorem.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

from course.evaluate import Estimate

STAY, UPGRADE, UNCLEAR = "stay", "upgrade", "measure-more"


class Span(NamedTuple):
    """Worths of an error from `low` to `high` dollars (possibly infinite), and what they say."""

    low: float
    high: float
    says: str


@dataclass(frozen=True, slots=True)
class Balance:
    """What going over changes per item: share of right answers, US dollars, their correlation."""

    accuracy: Estimate
    cost: Estimate
    correlation: float = 0.0

    def net_benefit(self, worth_usd: float) -> Estimate:
        """NB at this worth of an error, in US dollars an item, with its interval."""
        gain, cost = self.accuracy, self.cost
        value = worth_usd * gain.value - cost.value
        below = self._reach(worth_usd * (gain.value - gain.low), cost.high - cost.value)
        above = self._reach(worth_usd * (gain.high - gain.value), cost.value - cost.low)
        return Estimate(
            value,
            value - below,
            value + above,
            n=gain.n,
            method="MOVER",
            unit="USD",
            confidence=gain.confidence,
        )

    def says(self, worth_usd: float) -> str:
        """UPGRADE where the interval of NB lies above 0, STAY where below, else UNCLEAR."""
        benefit = self.net_benefit(worth_usd)
        if benefit.low > 0:
            return UPGRADE
        return STAY if benefit.high < 0 else UNCLEAR

    @property
    def break_even_usd(self) -> float | None:
        """λ* = K / D, the point estimate; None where no worth from 0 up balances the two."""
        gain, cost = self.accuracy.value, self.cost.value
        if gain == 0 or cost * gain < 0:
            return None
        return abs(cost / gain)

    def spans(self) -> tuple[Span, ...]:
        """All worths from 0 up, in order, by what they say.

        >>> from course.evaluate import paired_interval
        >>> cost = Estimate(0.0017, 0.0017, 0.0017, n=1319, method="paid", unit="USD")
        >>> [span.says for span in Balance(paired_interval(40, 14, 1319), cost).spans()]
        ['stay', 'measure-more', 'upgrade']
        """
        edges = sorted({0.0, *self._edges()})
        spans: list[Span] = []
        for low, high in zip(edges, [*edges[1:], math.inf], strict=True):
            inside = (low + high) / 2 if high < math.inf else 2 * low or 1.0
            says = self.says(inside)
            if spans and spans[-1].says == says:
                low = spans.pop().low
            spans.append(Span(low, high, says))
        return tuple(spans)

    @property
    def band(self) -> tuple[float, float] | None:
        """The worths at which the items cannot tell, if there are any and all in one piece."""
        unclear = [span for span in self.spans() if span.says == UNCLEAR]
        return (unclear[0].low, unclear[0].high) if len(unclear) == 1 else None

    def _reach(self, by_gain: float, by_cost: float) -> float:
        if math.isinf(by_cost):
            return math.inf
        together = 2 * self.correlation * by_gain * by_cost
        return math.sqrt(max(0.0, by_gain**2 + by_cost**2 - together))

    def _edges(self) -> list[float]:
        """Worths at which an end of the interval of NB is 0: roots of NB² = reach²."""
        gain, cost = self.accuracy, self.cost
        if not (math.isfinite(cost.low) and math.isfinite(cost.high)):
            return []
        return [
            root
            for by_gain, by_cost in (
                (gain.value - gain.low, cost.high - cost.value),
                (gain.high - gain.value, cost.value - cost.low),
            )
            for root in _roots(
                gain.value**2 - by_gain**2,
                -2 * (gain.value * cost.value - self.correlation * by_gain * by_cost),
                cost.value**2 - by_cost**2,
            )
            if 0 < root < math.inf
        ]


def _roots(a: float, b: float, c: float) -> list[float]:
    """The real roots of a·x² + b·x + c, found without subtracting near-equal numbers."""
    under = b * b - 4 * a * c
    if under < 0:
        return []
    half = -(b + math.copysign(math.sqrt(under), b)) / 2
    return [above / below for above, below in ((half, a), (c, half)) if below]
