"""Two models on the same items: is one more often right, by how much, and on which items?"""

import math
from dataclasses import dataclass, field

import pandas as pd

from course.errors import CourseError
from course.evaluate.estimate import Estimate
from course.evaluate.intervals import paired_interval, z_value
from course.evaluate.shares import accuracy_of, cluster_codes, difference
from course.evaluate.signs import mcnemar_p, p_text, sign_flip_p
from course.evaluate.tables import checked_rows, missing, one_source, some


@dataclass(frozen=True, slots=True, repr=False)
class Comparison:
    """How much more often `names[1]` is right than `names[0]`, on the same n items.

    `delta` (a share) with its interval `low` to `high`; `p_value`: how often items that differ by
    the toss of a coin would be so uneven or more (exact McNemar). `only_a`, `only_b`, `both`,
    `neither` count the items by who is right; with repeats, by who is right more often.
    `accuracy` holds the Estimate of each; `discordant` has a row for each item that differs.
    `rerun`: how far asking both again would move `delta`, to each side, for the models' wavering
    alone; None where items were asked once, so that nobody knows.
    """

    difference: Estimate
    p_value: float
    only_a: int
    only_b: int
    both: int
    neither: int
    names: tuple[str, str]
    accuracy: tuple[Estimate, Estimate]
    discordant: pd.DataFrame = field(compare=False)
    test: str = "McNemar's exact"
    source: str | None = None
    rerun: float | None = None

    @property
    def delta(self) -> float:
        return self.difference.value

    @property
    def low(self) -> float:
        return self.difference.low

    @property
    def high(self) -> float:
        return self.difference.high

    @property
    def n(self) -> int:
        return self.difference.n

    @property
    def method(self) -> str:
        return f"{self.difference.method}; p-value: {self.test}"

    def __repr__(self) -> str:
        first, second = self.names
        lines = [
            f"{second} minus {first}: {self.difference!r}",
            f"{self.test} p {p_text(self.p_value)}: right with {second} only {self.only_b:,}, "
            f"with {first} only {self.only_a:,}; with both {self.both:,}, "
            f"with neither {self.neither:,}",
            *(f"{name}: {rate!r}" for name, rate in zip(self.names, self.accuracy, strict=True)),
            *self._of_rerun(),
            self._in_words() + (f" Source: {self.source}." if self.source else ""),
        ]
        return "\n".join(lines)

    def _of_rerun(self) -> list[str]:
        if self.rerun is None:
            return []
        size = "more" if abs(self.delta) > self.rerun else "no more"
        return [
            f"Asking both again would move this by ±{100 * self.rerun:.2g} points for the models' "
            f"wavering alone; the difference is {size} than that."
        ]

    def _in_words(self) -> str:
        first, second = self.names
        apart = self.low > 0 or self.high < 0
        if apart != (self.p_value <= 1 - self.difference.confidence):
            return "Interval and test do not agree: it is on the edge, and more items would tell."
        if not apart:
            return "These items do not tell which of the two is more often right."
        better, worse = (second, first) if self.low > 0 else (first, second)
        return f"On such items {better} is more often right than {worse}."


def compare(a, b, *, confidence: float = 0.95) -> Comparison:
    """Compare b with a, two tables of rows (item, correct) or Evaluations, on the same items.

    The interval is that of `paired_interval`; where items come in clusters (a column `cluster`)
    or were asked several times (`repeat`) it is cluster-robust, and the test is an exact
    sign-flip test: whole clusters are turned over, as McNemar's test turns items over. Tables of
    unequal items, of different labels or clusters, or of mixed sources are a CourseError.
    """
    first, second = checked_rows(a, "the first table"), checked_rows(b, "the second table")
    source = one_source(first, second)
    changes, tied = _changes(first, second)
    clusters, names = _clusters(first, second, changes.index), _names(first, second)
    gained, lost = int((changes > 0).sum()), int((changes < 0).sum())
    rows = min(len(first), len(second))
    repeated = len(first) + len(second) > 2 * len(changes)
    plain = not repeated and cluster_codes(clusters, len(changes)) is None
    return Comparison(
        difference=paired_interval(gained, lost, len(changes), confidence=confidence)
        if plain
        else difference(changes, clusters, rows=rows, confidence=confidence),
        p_value=mcnemar_p(gained, lost) if plain else sign_flip_p(changes, clusters),
        only_a=lost,
        only_b=gained,
        both=int((tied >= 0.5).sum()),
        neither=int((tied < 0.5).sum()),
        names=names,
        accuracy=tuple(accuracy_of(table, confidence=confidence) for table in (first, second)),
        discordant=_discordant(first, second, changes, names),
        test="McNemar's exact" if plain else "exact sign-flip",
        source=source,
        rerun=_rerun(first, second, confidence),
    )


def _rerun(first: pd.DataFrame, second: pd.DataFrame, confidence: float) -> float | None:
    """z · √(sum of both accuracies' variances over reruns), from how repeats of an item differ."""
    variance = 0.0
    for rows in (first, second):
        by_item = rows.groupby("item")["correct"].agg(["mean", "size"])
        if by_item["size"].min() < 2:
            return None
        within = by_item["mean"] * (1 - by_item["mean"]) / (by_item["size"] - 1)
        variance += float(within.sum()) / len(by_item) ** 2
    return z_value(confidence) * math.sqrt(variance)


def _changes(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """By item how much more often the second is right; and how often both are where it is none."""
    means = [rows.groupby("item", sort=False)["correct"].mean() for rows in (first, second)]
    for here, there, where in ((means[0], means[1], "second"), (means[1], means[0], "first")):
        if len(lacking := here.index.difference(there.index, sort=False)):
            if set(map(str, here.index)) == set(map(str, there.index)):
                raise CourseError("One table names its items by numbers and the other by text.")
            raise CourseError(
                f"The {where} table lacks {len(lacking)} of the other's items "
                f"({some(lacking)}); compare both on the same items."
            )
    changes = means[1].reindex(means[0].index) - means[0]
    changes = changes.where(changes.abs() > 1e-12, 0.0)
    return changes, means[0][changes == 0]


def _clusters(first: pd.DataFrame, second: pd.DataFrame, items: pd.Index) -> pd.Series | None:
    """Each item's cluster, in the order of `items`; None when neither table has a cluster."""
    found = [_by_item(rows, "cluster") for rows in (first, second) if "cluster" in rows]
    for other in found[1:]:
        _refuse_difference(found[0], other.reindex(found[0].index), "cluster")
    return found[0].reindex(items) if found else None


def _by_item(rows: pd.DataFrame, column: str) -> pd.Series:
    return rows.drop_duplicates("item").set_index("item")[column]


def _refuse_difference(here: pd.Series, there: pd.Series, what: str) -> None:
    pairs = zip(here.index, here, there, strict=True)
    differs = [name for name, one, other in pairs if not _same(one, other)]
    if differs:
        raise CourseError(
            f"{len(differs)} items have another {what} in the second table ({some(differs)}); "
            "compare both on the same items."
        )


def _same(one, other) -> bool:
    return one == other or (missing(one) and missing(other))


def _names(first: pd.DataFrame, second: pd.DataFrame) -> tuple[str, str]:
    names = [str(rows["model"].iloc[0]) if "model" in rows else None for rows in (first, second)]
    names = [name or letter for name, letter in zip(names, "ab", strict=True)]
    if names[0] == names[1]:
        names = [f"{name} ({letter})" for name, letter in zip(names, "ab", strict=True)]
    return names[0], names[1]


def _discordant(
    first: pd.DataFrame, second: pd.DataFrame, changes: pd.Series, names: tuple[str, str]
) -> pd.DataFrame:
    """A row for each item that differs: its label, both answers, and with whom it is right."""
    differ = changes[changes != 0]
    table = pd.DataFrame({"item": differ.index})
    if "label" in first and "label" in second:
        labels = _by_item(first, "label"), _by_item(second, "label")
        _refuse_difference(labels[0], labels[1].reindex(labels[0].index), "label")
        table["label"] = labels[0].reindex(differ.index).to_numpy()
    for rows, name in zip((first, second), names, strict=True):
        if "answer" in rows:
            table[name] = _answers(rows, differ.index)
    table["right"] = [names[1] if change > 0 else names[0] for change in differ]
    return table


def _answers(rows: pd.DataFrame, items: pd.Index) -> list:
    """The answer to each item; of repeats all, in a list."""
    if not rows["item"].duplicated().any():
        return _by_item(rows, "answer").reindex(items).tolist()
    wanted = rows[rows["item"].isin(items)]
    return wanted.groupby("item")["answer"].agg(list).reindex(items).tolist()
