"""What `measure` was asked for, checked: one clear sentence for each thing that cannot be."""

import math
import operator
from collections.abc import Iterable, Mapping, Sized
from dataclasses import asdict, dataclass
from numbers import Real

from course.errors import CourseError
from course.throughput.arrivals import ARRIVALS
from course.throughput.metrics import read_objective

STAGGER_S = 0.004
"""By default neighbours in a closed loop start so far apart, but all within LONGEST_STAGGER_S."""
LONGEST_STAGGER_S = 1.0
MOST_IN_FLIGHT = 1_000
"""So many connections has a client from connect()."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How a run goes; one of `concurrency` and `rate` is None."""

    concurrency: int | None
    rate: float | None
    arrivals: str
    warm_up: int
    stagger_s: float
    timeout_s: float | None
    most_in_flight: int
    seed: int | None
    objective: dict | None

    def told(self) -> dict:
        """As a dict, without what does not apply."""
        other = ("rate", "arrivals", "most_in_flight", "seed") if self.rate is None else ()
        other = other or ("concurrency", "stagger_s")
        return {name: value for name, value in asdict(self).items() if name not in other}


def checked(*, concurrency, rate, arrivals, warm_up, stagger_s, timeout_s, **rest) -> Asked:
    """What was asked for; CourseError for what is not possible."""
    if (concurrency is None) == (rate is None):
        raise CourseError(
            "Give measure either concurrency=N (so many calls in flight) or rate=R (so many "
            "calls begin per second), one of the two."
        )
    if concurrency is not None:
        concurrency = _whole("concurrency", concurrency, least=1, such_as="8")
    most = _whole("most_in_flight", rest["most_in_flight"], least=1, such_as="1000")
    if (concurrency or 0) > most:
        raise CourseError(
            f"concurrency={concurrency} is more than most_in_flight={most}: a client from "
            "connect() has 1,000 connections, and more calls only wait for one; make it smaller."
        )
    if rate is not None:
        rate = _positive("rate", rate, "calls per second, such as 5")
    if arrivals not in ARRIVALS:
        raise CourseError(f'arrivals is {arrivals!r}; it is "poisson" or "constant".')
    if stagger_s is None:
        stagger_s = min(STAGGER_S * (concurrency or 0), LONGEST_STAGGER_S)
    elif stagger_s != 0:
        stagger_s = _positive("stagger_s", stagger_s, "seconds, such as 0.5, or 0")
    if timeout_s is not None:
        timeout_s = _positive("timeout_s", timeout_s, "seconds, such as 30")
    return Asked(
        concurrency=concurrency,
        rate=rate,
        arrivals=arrivals,
        warm_up=_whole("warm_up", warm_up, least=0, such_as="10"),
        stagger_s=float(stagger_s),
        timeout_s=timeout_s,
        most_in_flight=most,
        seed=rest["seed"],
        objective=read_objective(rest["objective"]) or None,
    )


def checked_inputs(inputs: object, *, warm_up: int) -> tuple[Iterable, int | None]:
    """The inputs and their number, None where that is not known before (a generator)."""
    kind = type(inputs).__name__
    wrong = isinstance(inputs, str | bytes | Mapping) or kind == "DataFrame"
    if wrong or not isinstance(inputs, Iterable):
        hint = 'frame.to_dict("records")' if kind == "DataFrame" else "a list"
        raise CourseError(
            f"inputs is one {kind}; give measure a row of inputs, one for each call, such as "
            f"{hint}."
        )
    if not isinstance(inputs, Sized):
        return inputs, None
    if len(inputs) == 0:
        raise CourseError("inputs is empty; give measure at least one input.")
    if warm_up >= len(inputs):
        raise CourseError(
            f"warm_up={warm_up} leaves nothing to measure of {len(inputs)} inputs; make it smaller."
        )
    return inputs, len(inputs)


def _whole(name: str, value: object, *, least: int, such_as: str) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        raise CourseError(
            f"{name} is {value!r}; write a whole number from {least} on, such as {such_as}."
        )
    return number


def _positive(name: str, value: object, what: str) -> float:
    good = isinstance(value, Real) and not isinstance(value, bool)
    if not good or not math.isfinite(value) or value <= 0:
        raise CourseError(f"{name} is {value!r}; write {what}.")
    return float(value)
