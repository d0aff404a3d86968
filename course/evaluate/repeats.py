"""How much a model's answers change from one run to the next, when nothing else does."""

import math
from dataclasses import dataclass, field

import pandas as pd

from course.errors import CourseError
from course.evaluate.estimate import Estimate, percent
from course.evaluate.intervals import z_value
from course.evaluate.shares import mean_share
from course.evaluate.tables import checked_rows


@dataclass(frozen=True, slots=True, repr=False)
class Wobble:
    """What `repeats` runs over the same items say about chance in the model itself.

    `same`: how often two runs agree on an item being right; `same_answer`: on the very answer,
    None where the answers are not known. `by_repeat` has the accuracy of each run. `between` and
    `within` are the parts of the variance of a single answer's being right: how unequally hard
    the items are, and how the model wavers on one. `run_sd` is how far (standard deviation) the
    accuracy of one run strays from that of the next for wavering alone.
    """

    repeats: int
    same: Estimate
    same_answer: Estimate | None
    between: float
    within: float
    run_sd: float
    by_repeat: pd.DataFrame = field(compare=False)

    @property
    def within_share(self) -> float:
        """The share of the variance that is wavering; 0 where nothing varies."""
        total = self.between + self.within
        return self.within / total if total else 0.0

    def __repr__(self) -> str:
        rates = self.by_repeat["accuracy"]
        lines = [
            f"{self.repeats} runs over the same {self.same.n:,} items, right in "
            f"{100 * rates.min():.1f} to {100 * rates.max():.1f} % of them",
            f"two runs are both right or both wrong on {self.same!r}",
        ]
        if self.same_answer is not None:
            lines.append(f"two runs give the same answer on {self.same_answer!r}")
        lines.append(
            f"{percent(round(self.within_share, 2))} of the variance is the model's wavering, the "
            "rest that items are unequally hard; wavering alone moves a run's accuracy by "
            f"±{100 * z_value(0.95) * self.run_sd:.2g} points (95 %)"
        )
        return "\n".join(lines)


def wobble(rows, *, confidence: float = 0.95) -> Wobble:
    """What repeated runs in a table of rows (item, repeat, correct; perhaps answer) tell.

    The parts of the variance are those of a one-way analysis of variance over items. With fewer
    than two repeats of each item, or unequally many, it is a CourseError.
    """
    rows = checked_rows(rows)
    counts = rows.groupby("item")["correct"].size()
    if counts.min() < 2 or counts.nunique() > 1:
        raise CourseError(
            f"wobble needs each item asked equally often, at least twice; here it is "
            f"{counts.min()} to {counts.max()} times. Use evaluate(…, repeats=2) or more."
        )
    repeats, n = int(counts.iloc[0]), len(counts)
    rate = rows.groupby("item", sort=False)["correct"].mean()
    within = float((rate * (1 - rate)).mean() * repeats / (repeats - 1))
    spread = float(rate.var(ddof=1)) if n > 1 else math.nan
    return Wobble(
        repeats=repeats,
        same=_same(rows, "correct", confidence),
        same_answer=_same(rows, "answer", confidence) if "answer" in rows else None,
        between=max(0.0, spread - within / repeats) if n > 1 else math.nan,
        within=within,
        run_sd=math.sqrt(within / n),
        by_repeat=_by_repeat(rows),
    )


def _same(rows: pd.DataFrame, column: str, confidence: float) -> Estimate:
    """The share of pairs of runs that agree on an item (Fleiss, 1971), over items."""
    shares = rows.groupby("item", sort=False)[column].agg(_pairs_alike)
    return mean_share(shares, confidence=confidence)


def _pairs_alike(values: pd.Series) -> float:
    counts = values.map(repr).value_counts()
    return float((counts * (counts - 1)).sum() / (len(values) * (len(values) - 1)))


def _by_repeat(rows: pd.DataFrame) -> pd.DataFrame:
    if "repeat" not in rows:
        rows = rows.assign(repeat=rows.groupby("item").cumcount())
    return rows.groupby("repeat").agg(accuracy=("correct", "mean"), n=("correct", "size"))
