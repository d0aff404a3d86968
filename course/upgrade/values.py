"""The values of a column as numbers or as right and wrong; what is neither is told by its item."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from course.errors import CourseError

if TYPE_CHECKING:
    from pandas import DataFrame, Series

_MISSING = ("", "nan", "na", "n/a", "#n/a", "none", "null", "<na>")
_RIGHT = dict.fromkeys(("1", "true", "t", "yes", "y"), True)
_WRONG = dict.fromkeys(("0", "false", "f", "no", "n"), False)
_SHOWN = 3
_COMMA = re.compile(r"^(-?\d{0,2}),(\d+ ?%?)$")
_PLAIN_SHARE = "write a number such as 0.93, or leave the column out to go without a cascade"


def texts(column: "Series") -> "Series":
    """The values as texts without spaces around them, missing ones as ""; 3.0 is written 3."""
    if column.dtype.kind == "f" and (column.dropna() % 1 == 0).all():
        column = column.astype("Int64")  # whole numbers, which pandas kept as floats
    return column.astype("str").str.strip().mask(column.isna(), "")


def right_or_wrong(rows: "DataFrame") -> np.ndarray:
    """`correct` of each row as a bool; what is missing or else is a CourseError."""
    column = rows["correct"]
    if column.dtype == bool:
        return column.to_numpy()
    found = texts(column).str.lower().str.removesuffix(".0")
    _refuse(rows, _missing(found), "correct is missing", "count an answer that failed as 0")
    told = found.map(_RIGHT | _WRONG)
    advice = "write 1 for right and 0 for wrong (true and false, yes and no do too)"
    _refuse(rows, told.isna(), "correct is neither right nor wrong", advice, shown=column)
    return told.to_numpy(dtype=bool)


def amounts(rows: "DataFrame", name: str, missing: str, plain: str) -> np.ndarray:
    """A column such as cost_usd as floats from 0 up; what is missing or else is a CourseError.

    The two advices say what a missing value needs, and how to write one that is no number.
    """
    column, found = rows[name], numbers(rows[name])
    wrong = ~np.isfinite(found) | (found < 0)
    if wrong.any():
        _refuse(rows, _missing(texts(column).str.lower()), f"{name} is missing", missing)
        _refuse(rows, wrong, f"{name} is no number from 0 up", plain, shown=column)
    return found


def surenesses(rows: "DataFrame") -> np.ndarray:
    """`confidence` of each row as a float, NaN where it is missing; else a CourseError.

    "85.3 %" is 0.853, and so is "0,853".
    """
    column, told = rows["confidence"], texts(rows["confidence"])
    bare = told.str.replace(_COMMA, r"\1.\2", regex=True)
    found = numbers(bare.str.removesuffix("%"))
    found = np.where(bare.str.endswith("%"), found / 100, found)
    wrong = ~np.isfinite(found) & ~_missing(told.str.lower()).to_numpy(dtype=bool)
    _refuse(rows, wrong, "confidence is no number", _PLAIN_SHARE, shown=column)
    return found


def numbers(column: "Series") -> np.ndarray:
    """The column as floats; a dollar sign is taken off, what is no number is NaN."""
    import pandas as pd

    found = pd.to_numeric(column, errors="coerce") if column.dtype.kind in "iuf" else None
    if found is None:
        bare = texts(column).str.removeprefix("$").str.strip()
        found = pd.to_numeric(bare, errors="coerce")
    return found.to_numpy(dtype=float, na_value=np.nan)


def some(names: Iterable[object]) -> str:
    """The first names of many, to find them by: "a, b, c and 7 more"."""
    every = [str(name) for name in names]
    more = f" and {len(every) - _SHOWN:,} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more


def examples(names: Iterable[object]) -> str:
    """The first names of many, as examples: "a, b, c"."""
    return ", ".join(str(name) for name in list(names)[:_SHOWN])


def counted(count: int, what: str) -> str:
    """How many there are of something: 1 row, 2 rows."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _missing(found: "Series") -> "Series":
    return found.isin(_MISSING)


def _refuse(rows: "DataFrame", wrong: object, what: str, advice: str, *, shown=None) -> None:
    places = np.flatnonzero(np.asarray(wrong, dtype=bool))
    if not len(places):
        return
    first = rows.iloc[places[0]]
    value = f" ({str(shown.iloc[places[0]])!r:.40})" if shown is not None else ""
    of_it = rows.iloc[places]
    items = examples(of_it.loc[of_it["model"] == first["model"], "item"])
    many = counted(len(places), "row")
    raise CourseError(
        f"{what}{value} in {many}, for example of {first['model']} on {items}; {advice}."
    )
