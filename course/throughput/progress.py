"""How far a long run is, in one line on stderr that goes away when the run is done."""

import os
import sys

from tqdm import tqdm


class _Bar(tqdm):
    monitor_interval = 0  # no thread that watches over it


def bar(total: int | None, *, what: str = "call", shown: bool | None = None) -> tqdm:
    """A progress bar for a `with` block; `update(n)` moves it on.

    `total` is None where nobody knows. `shown` None: only where somebody watches.
    """
    shown = is_watched() if shown is None else shown
    return _Bar(
        total=total, unit=what, disable=not shown, leave=False, dynamic_ncols=True, smoothing=0.1
    )


def is_watched() -> bool:
    """Whether stderr is a terminal, or belongs to a notebook that is open in Jupyter.

    A notebook that a program runs, to test it or to store its output, has nobody who watches:
    Jupyter's server alone gives its kernels the name of a session.
    """
    if type(sys.stderr).__module__.startswith("ipykernel"):
        return "JPY_SESSION_NAME" in os.environ
    return sys.stderr is not None and sys.stderr.isatty()
