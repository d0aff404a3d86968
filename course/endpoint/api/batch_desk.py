"""What all batches work with, and how fast they go."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from course.endpoint.api.files import Files
from course.endpoint.clock import Clock
from course.endpoint.limits import Limits, Tier


@dataclass(frozen=True, slots=True)
class BatchPace:
    """How long a batch takes, in simulated seconds.

    All ASSUMPTIONS: OpenAI only promises the end within 24 hours, and small batches were seen to
    take some minutes. Checking takes at least `validating_s`, answering at least `least_s` and
    at most `lines_per_s`, evenly spread, and putting the files away `finalizing_s`.
    """

    validating_s: float = 5.0
    least_s: float = 60.0
    lines_per_s: float = 50.0
    finalizing_s: float = 2.0


FASTEST = BatchPace(validating_s=0, least_s=0, lines_per_s=math.inf, finalizing_s=0)


@dataclass(frozen=True, slots=True)
class Desk:
    """What all batches work with; `Batches` says what each is."""

    files: Files
    answer: Callable[[str, dict, str], Awaitable[tuple[int, dict, str]]]
    weigh: Callable[[str, dict], int]
    limits: Limits
    tier: Callable[[str, str], Tier]
    clock: Clock
    now: Callable[[], float]
    pace: BatchPace
    door: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def turn(self) -> None:
        """Before each line: one batch gets through in each round of the event loop.

        So however many batches there are, everyone else waits for one line at most.
        """
        async with self.door:
            await asyncio.sleep(0)
