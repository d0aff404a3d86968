"""When the calls of an open loop are due."""

import random
from collections.abc import Iterator

ARRIVALS = ("poisson", "constant")


def due_times(rate: float, arrivals: str, *, seed: int | None) -> Iterator[float]:
    """Seconds after the start at which calls are due, without end.

    "poisson": gaps are exponentially distributed with a mean of 1/rate seconds, as between people
    who know nothing of each other. "constant": all gaps are 1/rate, and the first call is due
    at once.
    """
    chance, due, number = random.Random(seed), 0.0, 0
    while True:
        if arrivals == "constant":
            yield number / rate
            number += 1
        else:
            due += chance.expovariate(rate)
            yield due
