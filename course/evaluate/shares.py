"""A share of right answers whose items may come in clusters: several of one document, or repeats.

Items of one document tend to be right or wrong together, so that they tell less than as many
items drawn one by one. Counts are divided by the design effect, how many times larger the
variance between clusters makes the estimate's variance (Rao and Scott, Biometrics 48, 1992).
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from course.errors import CourseError
from course.evaluate.estimate import Estimate, checked_confidence
from course.evaluate.intervals import paired_ends, wilson


def share(right: Sequence[bool], clusters: Sequence | None = None, *, confidence=0.95) -> Estimate:
    """The share of True in `right`, with its interval; `clusters` names each one's document.

    Without clusters, or where each holds one item, it is Wilson's interval. With them the counts
    are divided by the design effect and Student's t with clusters − 1 degrees of freedom takes the
    normal's place. One cluster alone says nothing about others: the interval is all of 0 to 1.
    """
    right = np.asarray(right, dtype=float)
    if not len(right):
        raise CourseError("A share of no items does not exist; give at least one item.")
    codes = cluster_codes(clusters, len(right))
    if codes is None:
        return wilson(int(right.sum()), len(right), confidence=confidence)
    many, value = int(codes.max()) + 1, float(right.mean())
    about = {"unit": "share", "confidence": checked_confidence(confidence), "clusters": many}
    if many == 1:
        note = "a single cluster says nothing about others"
        return Estimate(value, 0.0, 1.0, len(right), "none", note=note, **about)
    effect = design_effect(right - value, codes, value * (1 - value))
    low, high = _wilson_ends(value, len(right) / effect, reach(many, confidence))
    method = f"Wilson, clustered, design effect {effect:.1f}"
    return Estimate(value, low, high, len(right), method, **about)


def difference(
    changes: Sequence[float],
    clusters: Sequence | None,
    *,
    rows: int | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """The mean of `changes` of items (−1 lost to 1 gained) that come in clusters.

    A change may be a fraction when it is a mean of repeats; `rows` then is how many answers of one
    model there are, the most that the items can count for. The interval is as `paired_interval`
    has it, with the counts divided by the design effect and Student's t over the clusters.
    """
    changes = np.asarray(changes, dtype=float)
    codes = cluster_codes(clusters, len(changes))
    codes = np.arange(len(changes)) if codes is None else codes
    many, value = int(codes.max()) + 1, float(changes.mean())
    told = many if many < len(changes) else None
    about = {"unit": "points", "confidence": checked_confidence(confidence), "clusters": told}
    if many == 1:
        note = "a single cluster says nothing about others"
        return Estimate(value, -1.0, 1.0, len(changes), "none", note=note, **about)
    gained, lost = changes.clip(min=0).sum(), -changes.clip(max=0).sum()
    alone = (gained + lost) / len(changes) - value**2
    smallest = len(changes) / (rows or len(changes))
    effect = design_effect(changes - value, codes, alone, smallest=smallest)
    counts = (gained / effect, lost / effect, len(changes) / effect)
    low, high, method = paired_ends(*counts, reach(many, confidence))
    over = "clusters" if told else "repeats"
    return Estimate(value, low, high, len(changes), f"{method}, paired, over {over}", **about)


def mean_share(values: Sequence[float], *, confidence: float = 0.95) -> Estimate:
    """The mean of shares, one an item, such as how often repeats of it agree; Wilson's interval.

    The items count for as many as a share of yes and no would need to vary so little.
    """
    values = np.asarray(values, dtype=float)
    n, value = len(values), float(values.mean())
    about = {"unit": "share", "confidence": checked_confidence(confidence)}
    if n == 1:
        note = "one item says nothing about others"
        return Estimate(value, 0.0, 1.0, n, "none", note=note, **about)
    alone, seen = value * (1 - value), float(values.var(ddof=1))
    effect = min(1.0, seen / alone) if seen and alone else 1.0
    low, high = _wilson_ends(value, n / effect, reach(n, confidence))
    return Estimate(value, low, high, n, "Wilson, mean of shares", **about)


def accuracy_of(rows: pd.DataFrame, *, confidence: float = 0.95) -> Estimate:
    """The share of right answers in a table of rows that was checked; n counts the items."""
    return of_items(share(rows["correct"], row_clusters(rows), confidence=confidence), rows)


def of_items(found: Estimate, rows: pd.DataFrame) -> Estimate:
    """An estimate over rows as one over items, which says how often each was asked."""
    items = rows["item"].nunique()
    if items == len(rows):
        return found
    note = found.note or f"each item asked {len(rows) / items:.3g} times"
    if "cluster" in rows:
        return replace(found, n=items, note=note)
    method = found.method.replace("clustered", "over repeats")
    return replace(found, n=items, clusters=None, method=method, note=note)


def row_clusters(rows: pd.DataFrame) -> Sequence | None:
    """What rows of answers are clustered by: their `cluster`, else the item that is repeated."""
    if "cluster" in rows:
        return rows["cluster"]
    return rows["item"] if rows["item"].duplicated().any() else None


def cluster_codes(clusters: Sequence | None, n: int) -> np.ndarray | None:
    """Each item's cluster as a number from 0; None where no cluster holds two items."""
    if clusters is None:
        return None
    codes, names = pd.factorize(pd.Series(list(clusters), dtype=object), use_na_sentinel=True)
    if len(codes) != n:
        raise CourseError(f"{len(codes)} clusters are named for {n} items; name one for each item.")
    if (codes < 0).any():
        raise CourseError(
            f"{int((codes < 0).sum())} items have no cluster; name one for each item."
        )
    return None if len(names) == n else codes


def design_effect(
    residuals: np.ndarray, codes: np.ndarray, alone: float, *, smallest: float = 1.0
) -> float:
    """How many times the variance of a mean is that of items drawn one by one, `alone` / n.

    At least `smallest`; where nothing varies, each cluster counts as one item.
    """
    many, n = int(codes.max()) + 1, len(codes)
    if alone <= 1e-15:
        return n / many
    variance = robust_variance(residuals, codes)
    return max(smallest, variance / (alone / n))


def robust_variance(residuals: np.ndarray, codes: np.ndarray) -> float:
    """The cluster-robust variance of a mean: G/(G−1) · Σ (sum of a cluster's residuals)² / n²."""
    sums = np.bincount(codes, weights=residuals)
    many = len(sums)
    return float(many / (many - 1) * np.sum(sums**2) / len(codes) ** 2)


def reach(clusters: int, confidence: float) -> float:
    """How many standard errors an interval over so many clusters reaches: Student's t."""
    from scipy.stats import t

    return float(t.ppf((1 + checked_confidence(confidence)) / 2, clusters - 1))


def _wilson_ends(value: float, n: float, z: float) -> tuple[float, float]:
    middle = (value + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(value * (1 - value) / n + z**2 / (4 * n**2))
    return max(0.0, min(middle - half, value)), min(1.0, max(middle + half, value))
