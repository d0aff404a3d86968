"""When the tokens of an answer are due: each model's own latencies, drawn, in real seconds.

The parameters and the way of drawing (normal, never more than 70 % off the mean, slower by a
factor the more calls are in work) are those of llm-d-inference-sim.
"""

import random
from collections.abc import Sequence
from dataclasses import replace

from course.endpoint.options import Options
from course.endpoint.simulation.models import Speed

OFF = 0.7
"""The most that a drawn time may be off its mean, as a share of it."""


class Pace:
    """Draws the waits of one endpoint. `speed` 0 and `clock` of its options make them shorter."""

    def __init__(self, options: Options):
        self._random = random.Random(options.seed)
        self._faster = options.speed * options.clock
        self._factor, self._most = options.time_factor_under_load, options.max_num_seqs
        told = {name: getattr(options, name.removesuffix("_s")) for name in _SETTABLE}
        self._set = {name: value for name, value in told.items() if value is not None}

    def speed(self, speed: Speed) -> Speed:
        """A model's speed with what the options replace."""
        return replace(speed, **self._set) if self._set else speed

    def draw(
        self, own: Speed, *, fresh: int, hidden: int, shown: int, at_once: int, each: bool
    ) -> tuple[float, Sequence[float]]:
        """Seconds to the first token, and from token to token.

        `fresh` prompt tokens are read first, `hidden` ones (reasoning) written before the first
        that is `shown`. With `each` there is a time for every token, else one for them all.
        """
        if not self._faster:
            return 0.0, ()
        speed, slower = self.speed(own), self._slower(at_once) / self._faster
        first = self._one(speed.time_to_first_token_s, speed.time_to_first_token_std_dev_s)
        first += fresh * speed.prefill_time_per_token_s + self._sum(speed, hidden)
        if not each:
            return first * slower, (self._sum(speed, shown - 1) * slower,)
        mean, spread = speed.inter_token_latency_s, speed.inter_token_latency_std_dev_s
        return first * slower, [self._one(mean, spread) * slower for _ in range(shown - 1)]

    def _slower(self, at_once: int) -> float:
        share = min((at_once - 1) / max(self._most - 1, 1), 1.0) if at_once > 1 else 0.0
        return 1 + (self._factor - 1) * share

    def _one(self, mean: float, spread: float) -> float:
        return min(max(self._random.gauss(mean, spread), (1 - OFF) * mean), (1 + OFF) * mean)

    def _sum(self, speed: Speed, count: int) -> float:
        """The time of so many tokens, drawn at once."""
        if count < 1:
            return 0.0
        spread = speed.inter_token_latency_std_dev_s / count**0.5
        return count * self._one(speed.inter_token_latency_s, spread)


_SETTABLE = (
    "time_to_first_token_s",
    "time_to_first_token_std_dev_s",
    "inter_token_latency_s",
    "inter_token_latency_std_dev_s",
    "prefill_time_per_token_s",
)
