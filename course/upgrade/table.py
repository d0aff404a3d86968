"""Results checked for a decision: what two models did on the same items, one row each."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course.errors import CourseError
from course.upgrade import columns
from course.upgrade.doubts import doubts, of_clusters
from course.upgrade.reading import read_results
from course.upgrade.rule import Rule
from course.upgrade.source import source_of
from course.upgrade.values import (
    amounts,
    counted,
    examples,
    numbers,
    right_or_wrong,
    some,
    surenesses,
    texts,
)

if TYPE_CHECKING:
    from pandas import DataFrame

_COST_ADVICE = "each row needs what that answer cost, failed and repeated calls included"
_PLAIN_DOLLARS = "write plain dollars, such as 0.0023"
_LATENCY_ADVICE = "max_p95_s needs the seconds of each answer"
_PLAIN_SECONDS = "write plain seconds, such as 0.8"


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What one way to answer did: arrays with an entry an item, in the same order for all.

    `correct` holds bools, `cost_usd` US dollars; `latency_s` and `confidence` are None where the
    table does not have them for every item.
    """

    name: str
    correct: np.ndarray
    cost_usd: np.ndarray
    latency_s: np.ndarray | None = None
    confidence: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.correct)

    def only(self, chosen: np.ndarray) -> "Answers":
        """The same for the chosen items: bools or positions."""
        parts = (self.correct, self.cost_usd, self.latency_s, self.confidence)
        return Answers(self.name, *(None if part is None else part[chosen] for part in parts))


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Both models' answers to the same `items`; `notes`: what one should know about the data.

    `clusters` holds the number of each item's cluster (its document), None where all stand alone.
    """

    items: tuple[str, ...]
    baseline: Answers
    candidate: Answers
    source: str
    notes: tuple[str, ...] = ()
    clusters: np.ndarray | None = None


def read_table(results: "DataFrame | str | Path", rule: Rule) -> Table:
    """The checked answers of the rule's two models, from a DataFrame or a CSV file.

    A CourseError tells what keeps them from being compared: not a row an item and model, a model
    that isn't there, rows that are missing, doubled or unreadable, sources that don't mix.
    """
    frame = columns.named(_frame(results))
    columns.check(frame)
    rows = frame.assign(item=texts(frame["item"]), model=texts(frame["model"]))
    notes = [columns.ignored(frame), _other_models(rows["model"], rule)]
    rows = rows[rows["model"].isin([rule.baseline, rule.candidate])].reset_index(drop=True)
    _check_items(rows)
    source = source_of(rows)
    rows = _read_values(rows, rule).sort_values("item", kind="stable")
    baseline, candidate = (rows[rows["model"] == name] for name in (rule.baseline, rule.candidate))
    _check_same_items(baseline, candidate)
    told, note = _confidence(baseline)
    clusters = _clusters(baseline, candidate)
    notes += [of_clusters(clusters, rule), *doubts(baseline), *doubts(candidate), note]
    return Table(
        items=tuple(baseline["item"]),
        baseline=_answers(baseline, confidence=told),
        candidate=_answers(candidate),
        source=source,
        notes=tuple(one for one in notes if one),
        clusters=clusters,
    )


def _frame(results: object) -> "DataFrame":
    import pandas as pd

    if isinstance(results, str | Path):
        return read_results(results)
    if not isinstance(results, pd.DataFrame):
        raise CourseError(
            f"Results are a DataFrame or a CSV file, not {type(results).__name__}; "
            "pandas.DataFrame(rows) makes one of a list of dicts."
        )
    return results


def _other_models(models, rule: Rule) -> str:
    """A note on the models left out; CourseError where one of the rule's is not in the table."""
    there = list(dict.fromkeys(models))
    for key, name in (("baseline", rule.baseline), ("candidate", rule.candidate)):
        if name not in there:
            near = columns.near(name, there)
            hint = f"did you mean {near!r}? There" if near else "there"
            raise CourseError(
                f"The rule's {key} {name!r} is not in the table; {hint} are {some(sorted(there))}."
            )
    others = [name for name in there if name not in (rule.baseline, rule.candidate)]
    return f"Left out, as the rule does not name them: {some(others)}." * bool(others)


def _check_items(rows: "DataFrame") -> None:
    per_model = rows.groupby("model")
    if (per_model.size() == 1).all() and _is_summary(rows):
        raise CourseError(columns.summary("one row for each model"))
    nameless = rows["item"] == ""
    if nameless.any():
        raise CourseError(
            f"item is missing in {counted(int(nameless.sum()), 'row')}; "
            "every row needs the name or number of its item."
        )
    doubled = rows[rows.duplicated(["item", "model"])]
    if not doubled.empty:
        name = doubled["model"].iloc[0]
        items = examples(doubled.loc[doubled["model"] == name, "item"].unique())
        raise CourseError(
            f"{counted(len(doubled), 'row')} too many: the same item and model more than once, for "
            f"example {name} on {items}; keep one answer for each (of repeated runs, the first)."
        )


def _is_summary(rows: "DataFrame") -> bool:
    shares = numbers(rows["correct"])
    return rows["item"].nunique() > 1 or bool(((shares != 0) & (shares != 1) & (shares > 0)).any())


def _read_values(rows: "DataFrame", rule: Rule) -> "DataFrame":
    read = {
        "correct": right_or_wrong(rows),
        "cost_usd": amounts(rows, "cost_usd", _COST_ADVICE, _PLAIN_DOLLARS),
    }
    if rule.max_p95_s is not None:
        if "latency_s" not in rows.columns:
            raise CourseError(
                "The rule asks for max_p95_s, but the table has no column latency_s; "
                "measure the seconds of each answer, or take max_p95_s out of the rule."
            )
        read["latency_s"] = amounts(rows, "latency_s", _LATENCY_ADVICE, _PLAIN_SECONDS)
    elif "latency_s" in rows.columns:
        read["latency_s"] = numbers(rows["latency_s"])
    return rows.assign(**read)


def _check_same_items(baseline: "DataFrame", candidate: "DataFrame") -> None:
    sides = []
    for one, other in ((baseline, candidate), (candidate, baseline)):
        lacking = other.loc[~other["item"].isin(one["item"]), "item"]
        if len(lacking):
            name = one["model"].iloc[0]
            sides.append(f"{name} has no row for {counted(len(lacking), 'item')} ({some(lacking)})")
    if sides:
        raise CourseError(
            f"Both models must have answered the same items, but {' and '.join(sides)}; measure "
            "what is missing (a failed answer counts as wrong), or leave these items out of both."
        )


def _confidence(rows: "DataFrame") -> tuple[np.ndarray | None, str]:
    if "confidence" not in rows.columns:
        return None, ""
    told = surenesses(rows)
    known = np.isfinite(told)
    if known.all():
        return told, ""
    if not known.any():
        return None, ""
    return None, (
        f"confidence is missing in {counted(int((~known).sum()), 'row')} of "
        f"{rows['model'].iloc[0]}, so no cascade is worked out."
    )


def _clusters(baseline: "DataFrame", candidate: "DataFrame") -> np.ndarray | None:
    from course.evaluate.shares import cluster_codes

    if "cluster" not in baseline.columns:
        return None
    named, again = (texts(rows["cluster"]).to_numpy() for rows in (baseline, candidate))
    if (named == "").all() and (again == "").all():
        return None
    wrong = baseline.loc[(named != again) | (named == ""), "item"]
    if len(wrong):
        raise CourseError(
            f"cluster is missing or differs between the models for {counted(len(wrong), 'item')} "
            f"({some(wrong)}); name each item's document in all of its rows."
        )
    return cluster_codes(named, len(named))


def _answers(rows: "DataFrame", *, confidence: np.ndarray | None = None) -> Answers:
    latency = rows["latency_s"].to_numpy() if "latency_s" in rows.columns else None
    if latency is not None and not (np.isfinite(latency) & (latency >= 0)).all():
        latency = None
    return Answers(
        name=rows["model"].iloc[0],
        correct=rows["correct"].to_numpy(),
        cost_usd=rows["cost_usd"].to_numpy(),
        latency_s=latency,
        confidence=confidence,
    )
