"""What in checked results looks odd, or widens the intervals: notes for whoever reads a verdict."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from course.upgrade.words import money, percent, seconds

if TYPE_CHECKING:
    from pandas import DataFrame

    from course.upgrade.rule import Rule

_SLOW_S = 100
"""ASSUMPTION: half of the answers to a benchmark's items never take longer than this."""
_MOST = 0.5
_FEWEST = 10
"""Of fewer rows than this, one that makes most of the cost is nothing odd."""


def doubts(rows: "DataFrame") -> Iterator[str]:
    """Notes on the costs and latencies of one model's rows."""
    name, costs = rows["model"].iloc[0], rows["cost_usd"].to_numpy()
    if (costs == 0).all():
        yield (
            f"cost_usd is 0 in every row of {name}: if its answers were not free, the verdict is "
            "wrong; course.upgrade.priced works costs out from tokens."
        )
    elif len(costs) >= _FEWEST and costs.max() > _MOST * costs.sum():
        item = rows["item"].iloc[int(costs.argmax())]
        yield (
            f"One row makes {percent(costs.max() / costs.sum())} of all costs of {name}: "
            f"{money(costs.max())} on {item}; is that amount right?"
        )
    if "latency_s" in rows.columns:
        times = rows["latency_s"].to_numpy()
        known = times[np.isfinite(times)]
        if len(known) and (middle := float(np.median(known))) > _SLOW_S:
            yield (
                f"Half of the answers of {name} take longer than {seconds(middle)}: "
                "is latency_s in milliseconds?"
            )


def of_clusters(clusters: np.ndarray | None, rule: "Rule") -> str:
    """A note on what the clusters of the items (numbers from 0) do to the intervals."""
    if clusters is None:
        return ""
    many, n = int(clusters.max()) + 1, len(clusters)
    if many == 1:
        return (
            f"All {n:,} items are in one cluster, which says nothing about others: accuracy and "
            "cost have no intervals; measure items of other documents, too."
        )
    timed = ", that of the latency does not" if rule.max_p95_s is not None else ""
    return (
        f"{n:,} items in {many:,} clusters; the intervals of accuracy and cost allow for it{timed}."
    )
