"""Checks of the tables that come in: items with labels, and rows of answers with what came of them.

A table of rows has the columns item and correct, and may have model, answer, label, cost_usd,
latency_s, confidence, repeat, cluster, source and error.
"""

import math
from collections.abc import Iterable
from numbers import Real

import pandas as pd

from course.errors import CourseError

SOURCES = ("live", "published", "simulated")


def checked_rows(table, what: str = "the table") -> pd.DataFrame:
    """A copy of a table of rows with `correct` as bool; one row for each item and repeat.

    Also takes what has such a table as `.rows`. CourseError for what cannot be counted: no rows,
    a column that is not there, a `correct` that is neither True nor False, an item twice, rows
    of several models or of several sources.
    """
    table = getattr(table, "rows", table)
    rows = checked_frame(table, what, needed=("item", "correct"), thing="rows")
    rows["correct"] = _as_bools(rows["correct"], what)
    _refuse_missing(rows["item"], f"The column item of {what}")
    if "cluster" in rows:
        _refuse_missing(rows["cluster"], f"The column cluster of {what}")
    refuse_doubles(rows, [name for name in ("item", "repeat") if name in rows], what)
    if "model" in rows and rows["model"].nunique(dropna=False) > 1:
        found = some(rows["model"].unique())
        raise CourseError(f"{_upper(what)} has rows of several models ({found}); take one's.")
    one_source(rows)
    return rows


def checked_gold(gold) -> pd.DataFrame:
    """A copy of a gold set: items with their right labels, each item once, no label missing."""
    gold = checked_frame(gold, "the gold set", needed=("item", "label"), thing="items")
    for name in ("item", "label", *(["cluster"] if "cluster" in gold else [])):
        _refuse_missing(gold[name], f"The column {name} of the gold set")
    told = "ask each several times with repeats=2"
    refuse_doubles(gold, ["item"], "the gold set", repeats=told)
    return gold


def checked_frame(table, what: str, *, needed: Iterable[str], thing: str) -> pd.DataFrame:
    """A copy with rows numbered from 0, after a look that it is a DataFrame with these columns."""
    if not isinstance(table, pd.DataFrame):
        kind = type(table).__name__
        raise CourseError(f"{_upper(what)} is a DataFrame, such as pd.read_csv gives; got {kind}.")
    doubled = table.columns[table.columns.duplicated()]
    if len(doubled):
        raise CourseError(f"{_upper(what)} has the column {doubled[0]} twice; keep one of them.")
    if lacking := [name for name in needed if name not in table]:
        names = " and no column ".join(lacking)
        raise CourseError(f"{_upper(what)} has no column {names}; it has {some(table.columns, 9)}.")
    if table.empty:
        raise CourseError(f"{_upper(what)} has no {thing}, so there is nothing to count.")
    return table.reset_index(drop=True)


def one_source(*tables: pd.DataFrame) -> str | None:
    """What all these rows are: live, published or simulated; None when none of them says.

    CourseError where they differ, or some say it and some do not: such rows make no one figure.
    """
    found = {_said(value) for table in tables for value in _sources(table)}
    if len(found) > 1:
        names = " and ".join(sorted(value or "of unknown source" for value in found))
        raise CourseError(f"Rows that are {names} are not mixed in one figure; take one kind.")
    return found.pop() if found else None


def known_costs(rows: pd.DataFrame) -> list[float]:
    """The cost of each row in US dollars as a float, NaN where it is unknown."""
    if "cost_usd" not in rows:
        return [math.nan] * len(rows)
    costs = []
    for value in rows["cost_usd"]:
        try:
            cost = math.nan if value is None or value is pd.NA else float(value)
        except (TypeError, ValueError):
            raise CourseError(f"A cost_usd is a number of US dollars; got {value!r}.") from None
        if cost < 0 or math.isinf(cost):
            raise CourseError(f"A cost_usd is a finite number from 0 up; got {value}.")
        costs.append(cost)
    return costs


def missing(value) -> bool:
    """Whether an answer or label is not there: None, NaN or an empty text."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return value == "" if isinstance(value, str) else isinstance(value, float) and value != value


def some(values: Iterable, most: int = 3) -> str:
    """The first few values, and how many more there are, for a message."""
    values = [value if isinstance(value, str) else repr(value) for value in map(plain, values)]
    more = f" and {len(values) - most:,} more" if len(values) > most else ""
    return ", ".join(values[:most]) + more


def refuse_doubles(
    table: pd.DataFrame,
    names: list[str],
    what: str,
    *,
    repeats: str = "number the repeats in a column repeat",
) -> None:
    """CourseError when two rows have the same item (and repeat); `repeats` says where these go."""
    try:
        doubled = table.loc[table.duplicated(names), "item"].unique()
    except TypeError:  # a list, say, cannot be compared
        raise CourseError(f"An item of {what} is named by a text or a number.") from None
    if len(doubled):
        raise CourseError(
            f"{_upper(what)} has an item more than once ({some(doubled)}); give each its own name"
            + (f", or {repeats}." if names == ["item"] else ".")
        )


def _as_bools(column: pd.Series, what: str) -> pd.Series:
    if count := int(column.isna().sum()):
        raise CourseError(
            f"{count} rows of {what} have no value in correct; a missing answer counts as wrong, "
            "so write False there."
        )
    values = {"true": True, "false": False}
    read = [
        values.get(value.strip().lower()) if isinstance(value, str) else _as_bool(value)
        for value in column
    ]
    if None in read:
        odd = column.iloc[read.index(None)]
        raise CourseError(f"The column correct of {what} holds True or False; got {plain(odd)!r}.")
    return pd.Series(read, index=column.index, dtype=bool)


def _as_bool(value) -> bool | None:
    return bool(value) if isinstance(value, Real) and value in (0, 1) else None


def _refuse_missing(column: pd.Series, where: str) -> None:
    if count := sum(map(missing, column)):
        raise CourseError(f"{where} is empty in {count} of {len(column)} rows; fill it in.")


def _sources(table: pd.DataFrame) -> Iterable:
    return table["source"].unique() if "source" in table else [None]


def _said(value) -> str | None:
    if missing(value):
        return None
    if value not in SOURCES:
        raise CourseError(f"A source is {', '.join(SOURCES[:2])} or {SOURCES[2]}; got {value!r}.")
    return value


def plain(value):
    """A number of numpy's as Python's own, which JSON can hold; None for what is not there."""
    value = value.item() if hasattr(value, "item") else value
    return None if missing(value) and value != "" else value


def _upper(what: str) -> str:
    return what[0].upper() + what[1:]
