"""The rows of a run as its metrics need them: checked, with what each call counts as."""

from typing import TYPE_CHECKING

import numpy as np

from course.errors import CourseError

if TYPE_CHECKING:
    import pandas as pd

_USUAL = {
    "first_token_s": np.nan,
    "completion_tokens": np.nan,
    "reasoning_tokens": 0,
    "status": 200,
    "error": "",
    "retries": 0,
    "warm_up": False,
    "start_is": "",
    "source": "",
}
_TIMES = ("start_s", "end_s", "due_s", "total_s", "first_token_s")


def read_rows(run_or_frame) -> "pd.DataFrame":
    """The calls of a Run, or of a DataFrame with at least `start_s` and `end_s`, a row a call.

    `start_s` is in seconds from the run's start, `end_s` in seconds from the call's own start.
    Columns that are missing get what holds for a plain call that worked: status 200, no error, no
    retry, no warm-up, tokens unknown, due when it started. Added are `failed` (an error was
    raised, the status is 400 or above, or a request got no reply), `latency_s` (`end_s`),
    `in_flight_s` (the same, or `total_s` where a call got no last byte, as after a timeout),
    `total_s` from when the call was due, `tpot_s` and `good_tokens` (completion less reasoning).
    CourseError for a table without these two columns, text where numbers are due, a negative
    duration, or several sources in one table.
    """
    import pandas as pd

    calls = getattr(run_or_frame, "calls", run_or_frame)
    if not isinstance(calls, pd.DataFrame):
        raise CourseError(
            f"The metrics are made of a Run or of its table .calls, not of {type(calls).__name__}."
        )
    if missing := [name for name in ("start_s", "end_s") if name not in calls]:
        raise CourseError(f"The table of calls has no column {' and no column '.join(missing)}.")
    usual = {name: value for name, value in _USUAL.items() if name not in calls}
    rows = calls.assign(**usual).reset_index(drop=True)
    rows = rows.assign(**{name: rows[old] for name, old in _doubles(rows)})
    rows = rows.assign(**{name: _numbers(rows, name) for name in (*_TIMES, "completion_tokens")})
    _check(rows)
    return _with_metrics(rows)


def measured(rows: "pd.DataFrame") -> "pd.DataFrame":
    """The rows that count: all but the warm-up; CourseError when none is left."""
    kept = rows[~rows["warm_up"].astype(bool)]
    if kept.empty:
        raise CourseError(
            "No call was measured: the table holds "
            + (f"only the {len(rows)} calls of the warm-up." if len(rows) else "no rows.")
        )
    return kept


def one_source(rows: "pd.DataFrame") -> str:
    """The source of all rows (live, published, simulated), "" if none says; else a CourseError."""
    sources = sorted({str(source) for source in rows["source"] if source})
    if len(sources) > 1:
        raise CourseError(
            f"The calls come from several sources ({', '.join(sources)}); measure each for itself."
        )
    return sources[0] if sources else ""


def _doubles(rows: "pd.DataFrame") -> list[tuple[str, str]]:
    same = (("due_s", "start_s"), ("total_s", "end_s"))
    return [(name, old) for name, old in same if name not in rows]


def _numbers(rows: "pd.DataFrame", name: str) -> "pd.Series":
    import pandas as pd

    try:
        numbers = pd.to_numeric(rows[name]).astype(float)
    except (TypeError, ValueError):
        raise CourseError(f"The column {name} has to hold numbers, NaN where unknown.") from None
    return numbers.where(np.isfinite(numbers))


def _check(rows: "pd.DataFrame") -> None:
    for name in ("end_s", "total_s", "first_token_s"):
        if len(bad := rows.index[rows[name] < 0]):
            raise CourseError(
                f"Row {bad[0]} has {name} below 0: a call cannot end before it began."
            )
    one_source(rows)


def _with_metrics(rows: "pd.DataFrame") -> "pd.DataFrame":
    error = rows["error"].fillna("").astype(str)
    status = rows["status"].fillna(0).astype(int)
    silent = (status == 0) & rows["start_is"].isin(["written", "sent"])
    tokens = rows["completion_tokens"] - rows["reasoning_tokens"].fillna(0).astype(float)
    after_first = (rows["end_s"] - rows["first_token_s"]).clip(lower=0)
    since_due = rows["start_s"] + rows["end_s"] - rows["due_s"]
    return rows.assign(
        failed=(error != "") | (status >= 400) | silent,
        in_flight_s=rows["end_s"].fillna(rows["total_s"]),
        latency_s=rows["end_s"],
        ttft_s=rows["first_token_s"],
        total_s=np.fmax(rows["total_s"], since_due),
        good_tokens=tokens,
        tpot_s=(after_first / (tokens - 1)).where(tokens > 1),
    )
