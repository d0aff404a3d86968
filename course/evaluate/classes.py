"""Where the answers go wrong: the confusion matrix, and precision, recall and F1 of each class."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from course.errors import CourseError
from course.evaluate.estimate import Estimate
from course.evaluate.shares import share
from course.evaluate.tables import missing, some

OTHER, MISSING = "(other)", "(no answer)"
"""The confusion matrix's columns for answers that are none of the classes, and for none at all."""

_MOST_CLASSES = 100


def classes_of(labels: Sequence, more: Sequence = ()) -> list:
    """The classes among the labels, sorted, with those of `more` that no item has."""
    try:
        found = set(labels) | set(more)
    except TypeError:  # a list, say
        raise CourseError("To be counted by class, a label is a text or a number.") from None
    if len(found) > _MOST_CLASSES:
        raise CourseError(
            f"The labels take {len(found)} different values ({some(sorted(found, key=str))}), so "
            "they are no classes to count by; accuracy and costs can still be told."
        )
    return sorted(found, key=lambda label: (str(type(label)), label))


def confusion(labels: Sequence, answers: Sequence, *, classes: Sequence = ()) -> pd.DataFrame:
    """How often each label (rows) got each answer (columns), as counts.

    The last two columns count answers that are none of the classes, "(other)", and answers that
    are not there, "(no answer)". `classes` adds classes that no item has.
    """
    labels, known = list(labels), classes_of(labels, classes)
    said = [class_of(answer, known) for answer in answers]
    if len(said) != len(labels):
        raise CourseError(f"There are {len(said)} answers for {len(labels)} labels.")
    counts = pd.DataFrame(0, index=pd.Index(known, name="label"), columns=[*known, OTHER, MISSING])
    for (label, answer), count in pd.Series(zip(labels, said, strict=True)).value_counts().items():
        counts.loc[label, answer] = count
    return counts.rename_axis(columns="answer")


def per_class(
    labels: Sequence,
    answers: Sequence,
    *,
    clusters: Sequence | None = None,
    classes: Sequence = (),
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Precision, recall and F1 of each class, each an Estimate, with support; a row for a class.

    precision: of the answers that say this class, the share that is right; recall: of the items
    of this class (`support` of them), the share found; f1: 2·TP / (2·TP + FP + FN). Precision and
    recall have the intervals of `share`; F1's comes from that of J = TP / (TP + FP + FN), for
    F1 = 2J / (1 + J). What does not exist, such as the precision of a class that was never
    answered, is NaN with an interval from 0 to 1, and `note` says why.
    """
    known = classes_of(labels, classes)
    said = [class_of(answer, known) for answer in answers]
    table = pd.DataFrame({"label": list(labels), "said": said}, dtype=object)
    table["cluster"] = None if clusters is None else list(clusters)
    level = {"clustered": clusters is not None, "confidence": confidence}
    rows = [_row(table, name, **level) for name in known]
    return pd.DataFrame(rows, index=pd.Index(known, name="class"))


def _row(table: pd.DataFrame, name, **level) -> dict:
    is_class, said = (
        table[column].map(lambda value: value == name) for column in table.columns[:2]
    )
    right = is_class & said
    hit = _share(right[is_class | said], table, "in neither labels nor answers", **level)
    return {
        "support": int(is_class.sum()),
        "precision": _share(right[said], table, "never answered", **level),
        "recall": _share(right[is_class], table, "no item has this label", **level),
        "f1": _f1(hit),
        "note": _note(name, is_class, said),
    }


def _share(
    right: pd.Series, table: pd.DataFrame, why: str, *, clustered: bool, confidence: float
) -> Estimate:
    if right.empty:
        about = {"unit": "share", "confidence": confidence, "note": why}
        return Estimate(math.nan, 0.0, 1.0, 0, "undefined", **about)
    clusters = table["cluster"].loc[right.index] if clustered else None
    return share(right, clusters, confidence=confidence)


def _f1(hit: Estimate) -> Estimate:
    value, low, high = (2 * end / (1 + end) for end in (hit.value, hit.low, hit.high))
    return replace(hit, value=value, low=low, high=high, method=f"{hit.method}, of TP/(TP+FP+FN)")


def _note(name, is_class: pd.Series, said: pd.Series) -> str:
    if not is_class.any():
        return "no item has this label, so its recall is unknown"
    if not said.any():
        return "never answered, so its precision is unknown"
    return "fewer than 10 items" if is_class.sum() < 10 else ""


def class_of(answer, known: Sequence):
    """The class an answer names, "(other)" or "(no answer)"."""
    if missing(answer):
        return MISSING
    try:
        return answer if answer in known else OTHER
    except (TypeError, ValueError):  # an array, say, that is neither equal nor unequal
        return OTHER
