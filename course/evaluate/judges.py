"""Does a judge agree with people? To be asked, and answered, before a judge's word counts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from course.errors import CourseError
from course.evaluate.classes import MISSING, classes_of
from course.evaluate.estimate import Estimate, checked_confidence, percent
from course.evaluate.intervals import wilson, z_value
from course.evaluate.tables import missing, some

if TYPE_CHECKING:
    import pandas as pd

_NORMAL_FROM = 10
_MOST_PREVALENT = 0.8


@dataclass(frozen=True, slots=True)
class Trust:
    """Whether a judge may be trusted, "yes", "no" or "unclear", and why; true only for yes."""

    verdict: str
    reason: str

    def __bool__(self) -> bool:
        return self.verdict == "yes"

    def __repr__(self) -> str:
        return f"{self.verdict}: {self.reason}"


@dataclass(frozen=True, slots=True, repr=False)
class Agreement:
    """How far two raters agree on the same items.

    `percent`: the share of items with the same label; `kappa`: Cohen's, which is 0 where they
    agree as often as two who label by chance as often as these do, and 1 where always. `by_class`
    has for each class how often both say it where either does; `table` counts a's labels (rows)
    against b's (columns).
    """

    kappa: Estimate
    percent: Estimate
    by_class: "pd.DataFrame" = field(compare=False)
    table: "pd.DataFrame" = field(compare=False)
    warning: str = ""

    @property
    def n(self) -> int:
        return self.percent.n

    def trusted(self, *, at_least: float) -> Trust:
        """Whether kappa is surely at least so much: the whole interval, not the number, has to be.

        "no" when all of the interval is below, "unclear" when it lies on both sides, which more
        items may settle. What is enough is yours to say, and before looking: what harm does a
        wrong word of the judge do?
        """
        if isinstance(at_least, bool) or not 0 < at_least <= 1:
            raise CourseError(f"at_least is a kappa above 0, up to 1; got {at_least!r}.")
        told = f"kappa {self.kappa}, and at least {at_least:g} was asked for"
        if self.warning:
            told += f"; {self.warning}"
        if math.isnan(self.kappa.value):
            return Trust("unclear", f"{told}; {self.kappa.note}")
        if self.kappa.low >= at_least:
            return Trust("yes", told)
        return Trust("no" if self.kappa.high < at_least else "unclear", told)

    def __repr__(self) -> str:
        lines = [f"same label: {self.percent!r}", f"Cohen's kappa: {self.kappa!r}"]
        lines += [f"where either says {name}: {row}" for name, row in self.by_class["both"].items()]
        return "\n".join(lines + ([f"Careful: {self.warning}."] if self.warning else []))


def agreement(a: Sequence, b: Sequence, *, confidence: float = 0.95) -> Agreement:
    """How far two raters agree: lists of labels in the same order, or Series indexed by item.

    Kappa's interval is the normal one of Fleiss, Cohen and Everitt (Psychological Bulletin 72,
    1969); where fewer than 10 items agree or fewer than 10 differ, so that it would be too short,
    it is Wilson's interval of the agreement, with the agreement by chance as it is. A missing
    label of b, the judge, is a label of its own, which agrees with none; one of a, a person, is a
    CourseError, as are unequal items.
    """
    a, b = _labels(a, b)
    table = _table(a, b)
    counts = table.to_numpy()
    same, total = int(sum(table.loc[name, name] for name in table.index)), int(counts.sum())
    share = wilson(same, total, confidence=confidence)
    chance = float((counts.sum(axis=0) * counts.sum(axis=1)).sum() / total**2)
    common = (table.sum(axis=1) + table.sum(axis=0)) / (2 * total)
    return Agreement(
        kappa=_kappa(counts, share, chance),
        percent=share,
        by_class=_by_class(table, confidence),
        table=table,
        warning=_warning(common, chance),
    )


def _labels(a: Sequence, b: Sequence) -> tuple[list, list]:
    import pandas as pd

    if isinstance(a, pd.Series) and isinstance(b, pd.Series):
        for one in (a, b):
            if one.index.has_duplicates:
                doubled = some(one.index[one.index.duplicated()].unique())
                raise CourseError(f"An item is labelled twice by one rater: {doubled}.")
        if len(lacking := a.index.symmetric_difference(b.index)):
            raise CourseError(f"{len(lacking)} items have one rater only: {some(lacking)}.")
        b = b.reindex(a.index)
    a, b = list(a), list(b)
    if len(a) != len(b):
        raise CourseError(f"One rater has {len(a)} labels and the other {len(b)}.")
    if not a:
        raise CourseError("Agreement on no items does not exist; give at least one.")
    if count := sum(map(missing, a)):
        raise CourseError(f"{count} labels of the first rater, a person, are missing.")
    return a, [MISSING if missing(label) else label for label in b]


def _table(a: list, b: list) -> "pd.DataFrame":
    import pandas as pd

    names = classes_of(a, b)
    table = pd.DataFrame(0, index=pd.Index(names, name="a"), columns=pd.Index(names, name="b"))
    for (first, second), count in pd.Series(zip(a, b, strict=True)).value_counts().items():
        table.loc[first, second] = count
    return table


def _kappa(counts, share: Estimate, chance: float) -> Estimate:
    from statsmodels.stats.inter_rater import cohens_kappa

    about = {"n": share.n, "confidence": share.confidence}
    if len(counts) == 1:
        note = "all labels are the same, so agreement by chance is certain"
        return Estimate(math.nan, -1.0, 1.0, method="undefined", note=note, **about)
    agree = round(share.value * share.n)
    if min(agree, share.n - agree) < _NORMAL_FROM:
        value, low, high = ((end - chance) / (1 - chance) for end in _ends(share))
        method = "Wilson's interval of the agreement, less chance"
        return Estimate(value, max(-1.0, low), high, method=method, **about)
    found = cohens_kappa(counts)
    wide = z_value(share.confidence) * float(found.std_kappa)
    low, high = max(-1.0, found.kappa - wide), min(1.0, found.kappa + wide)
    return Estimate(float(found.kappa), float(low), float(high), method="normal", **about)


def _ends(share: Estimate) -> tuple[float, float, float]:
    return share.value, share.low, share.high


def _by_class(table: "pd.DataFrame", confidence: float) -> "pd.DataFrame":
    """For each class: how often a and b say it, and the share of both where either does."""
    import pandas as pd

    checked_confidence(confidence)
    rows = []
    for name in table.index:
        both, one, other = table.loc[name, name], table.loc[name].sum(), table[name].sum()
        share = wilson(int(both), int(one + other - both), confidence=confidence)
        rows.append({"a": int(one), "b": int(other), "both": replace(share, method="Wilson")})
    return pd.DataFrame(rows, index=pd.Index(table.index, name="class"))


def _warning(common: "pd.Series", chance: float) -> str:
    """The paradox of prevalence: Feinstein and Cicchetti, J. Clinical Epidemiology 43, 1990."""
    if len(common) < 2 or common.max() < _MOST_PREVALENT:
        return ""
    return (
        f"{common.idxmax()} makes {percent(round(common.max(), 3))} of the labels, so chance alone "
        f"agrees on {percent(round(chance, 3))}, and kappa is low even where nearly all agree; "
        "look at each class, and label more of the rare ones"
    )
