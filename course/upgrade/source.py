"""Where results come from: live, published or simulated. One verdict never rests on two of them."""

from typing import TYPE_CHECKING

from course.errors import CourseError
from course.upgrade.values import counted, some, texts

if TYPE_CHECKING:
    from pandas import DataFrame

KINDS = ("live", "published", "simulated")
NOT_STATED = "not stated"


def source_of(rows: "DataFrame") -> str:
    """The one source of all rows, in their own words where these name a kind (see `kind`).

    NOT_STATED where no row says anything. Rows of different kinds, and a source that only some
    rows state, are a CourseError.
    """
    if "source" not in rows.columns:
        return NOT_STATED
    labels = texts(rows["source"]).value_counts()
    found = labels.groupby(labels.index.map(kind)).sum()
    if len(found) > 1:
        parts = [
            f"{counted(int(size), 'row')} {f'from {name}' if name else 'with no source'}"
            for name, size in found.items()
        ]
        raise CourseError(
            f"The results mix sources: {' and '.join(parts)}; "
            "decide on rows of one source only (live, published or simulated)."
        )
    return some(sorted(labels.index)) if found.index[0] else NOT_STATED


def kind(label: str) -> str:
    """live, published or simulated where the label starts so; else the label itself.

    >>> kind("Published (ZeroEval, 2025-04-14)"), kind("our own test")
    ('published', 'our own test')
    """
    start = label.strip().lower()
    return next((name for name in KINDS if start.startswith(name)), start)
