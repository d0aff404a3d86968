"""Where more load stops paying: the knee of throughput against latency."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class Knee:
    """The step of a sweep at which the load is best, with the steps that could be it as well.

    `at` is a concurrency or a rate (calls a second), None when the sweep did not reach a knee;
    `low` and `high` are the least and the greatest step whose power is not clearly below that of
    the best one, None with `at`; `why` says in a sentence what was found.
    """

    at: float | None
    low: float | None
    high: float | None
    why: str

    def __repr__(self) -> str:
        return self.why


def find_knee(table: "pd.DataFrame", by: str) -> Knee:
    """The step with the greatest *power*, if the power falls clearly on some later step.

    `table` has a row a step, `by` names its column of concurrencies or rates; it also has `power`,
    `power_low` and `power_high`. Power is throughput divided by seconds (Kleinrock, Power and
    deterministic rules of thumb, ICC 1979; Internet congestion control using the power metric, Ad
    Hoc Networks 80 (2018) 142-157): it grows while more load brings more answers, and falls when
    it brings only longer waits. With c places and no spread its maximum is at concurrency c, "the
    pipe just full"; in a queue with one server (M/G/1) at the rate that holds one call in it on
    average. It was chosen over Kneedle (Satopää and others 2011), which scales both axes to what
    was measured: there one more step at the end moves the knee, and any bump is one.

    No knee is named where the power was still greatest at the last step, where its fall is within
    the intervals, or where the first step was the best one (unless that is one call at a time).
    """
    steps = table.sort_values(by).reset_index(drop=True)
    unit = "calls in flight" if by == "concurrency" else "calls a second"
    if len(steps) < 3 or steps["power"].isna().all() or not steps["power"].max() > 0:
        what = "at least 3 steps with calls that worked"
        return Knee(None, None, None, f"No knee can be told: it takes {what}.")
    best = int(steps["power"].idxmax())
    at, last = float(steps[by][best]), float(steps[by].iloc[-1])
    if best == len(steps) - 1:
        told = f"No knee reached: {last:g} {unit}, the most tried, still paid; try more."
        return Knee(None, None, None, told)
    least = steps["power_low"][best]
    if not (steps["power_high"][best + 1 :] < least).any():
        told = f"No knee reached: up to {last:g} {unit} the power does not fall clearly; try more"
        return Knee(None, None, None, f"{told}, or more calls a step.")
    if best == 0 and not (by == "concurrency" and at == 1):
        told = f"No knee found: {at:g} {unit}, the least tried, was already the best; try less."
        return Knee(None, None, None, told)
    could = steps[by][~(steps["power_high"] < least)]
    low, high = float(could.min()), float(could.max())
    return Knee(at, low, high, _told(at, low, high, unit))


def _told(at: float, low: float, high: float, unit: str) -> str:
    told = f"The knee is at {at:g} {unit}: beyond it calls take longer for little more throughput"
    return told + (f" ({low:g} to {high:g} may be as good)." if low != high else ".")


def power(throughput: float, seconds: float, answered: float) -> float:
    """Answers a second, divided by the seconds that an answer takes.

    `seconds` is the mean of the calls that worked, `answered` their share of all calls. Where
    some fail, an answer takes `seconds / answered`, if a call that failed is made again and takes
    as long: so a service that refuses what is too much shows a knee, too. Infinite for no seconds.
    """
    if not answered > 0:
        return 0.0
    if seconds == 0:
        return math.inf
    return throughput * answered / seconds
