"""How far a grading is: a bar on a terminal, a line now and then where there is none."""

import sys
import time
from types import TracebackType
from typing import Protocol, Self

_EVERY_S = 10.0


class Progress(Protocol):
    """What a grading tells of itself while it works: `step` after each submission."""

    def start(self, total: int) -> None: ...

    def step(self, status: str) -> None: ...

    def stop(self) -> None: ...


class Silent:
    """Tells nothing."""

    def start(self, total: int) -> None:
        """There are `total` submissions."""

    def step(self, status: str) -> None:
        """One more is "graded", "unchanged" or "failed"."""

    def stop(self) -> None:
        """No more will come."""


class Told(Silent):
    """Tells it on stderr, with the rate and the time that is left."""

    def start(self, total: int) -> None:
        self._total, self._done, self._failed = total, 0, 0
        self._said = time.monotonic()
        self._bar = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            tqdm.monitor_interval = 0  # no thread: this process forks
            self._bar = tqdm(total=total, unit=" submissions", dynamic_ncols=True, leave=False)

    def step(self, status: str) -> None:
        if not self._done:
            self._begin = time.monotonic()  # a rate that knows nothing of getting ready
        self._done += 1
        self._failed += status == "failed"
        if self._bar is not None:
            if self._failed:
                self._bar.set_postfix_str(f"{self._failed} failed", refresh=False)
            self._bar.update()
        elif self._done > 1 and time.monotonic() - self._said >= _EVERY_S:
            self._say()

    def stop(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def _say(self) -> None:
        self._said = now = time.monotonic()
        rate = (self._done - 1) / max(now - self._begin, 1e-9)
        left = (self._total - self._done) / rate
        failed = f", {self._failed} failed" if self._failed else ""
        print(
            f"{self._done} of {self._total} submissions{failed}, {_rate(rate)} a second, "
            f"{left:.0f} seconds left",
            file=sys.stderr,
            flush=True,
        )


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"


class watching:  # noqa: N801 - reads as a verb in a with statement
    """Ends a progress whatever happens."""

    def __init__(self, progress: Progress, total: int):
        self._progress, self._total = progress, total

    def __enter__(self) -> Self:
        self._progress.start(self._total)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()
