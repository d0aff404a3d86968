"""Whether the new model's answers are as good: measured on the same items, or assumed."""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from course.errors import CourseError
from course.facts import family
from course.upgrade.migrate_facts import known
from course.upgrade.values import some
from course.upgrade.words import interval, percent, points

if TYPE_CHECKING:
    from course.evaluate.paired import Comparison

GOOD, BAD, UNCLEAR = "good enough", "worse than allowed", "not clear yet"
_PUBLISHED = "mmlu"


@dataclass(frozen=True, slots=True)
class Assumption:
    """What if new were worse, equal or better than old: never a measurement.

    `share` of its answers are right, `delta` more than old's, so `quality` is what the rule says;
    `basis` says where old's share is from and what is assumed.
    """

    how: str
    share: float
    delta: float
    quality: str
    basis: str


def compare_models(results: object, old: str, new: str) -> "Comparison | None":
    """Old against new on the same items; None if results has no rows of new.

    `results`: a table with the columns item, model and correct, or a pair of tables or
    Evaluations, old's first.
    """
    from course.evaluate.paired import compare

    first, second = _tables(results, old, new)
    return None if first is None or second is None else compare(first, second)


def lacking(results: object, old: str, new: str) -> str:
    """Which models a table of results has rows of where one of the two has none, else ""."""
    found = _tables(results, old, new)
    if results is None or not any(part is None for part in found):
        return ""
    rows, absent = getattr(results, "rows", results), old if found[0] is None else new
    return f"results has rows of {some(rows['model'].unique())}, but none of {absent}"


def share_of_old(results: object, old: str, new: str) -> float | None:
    """The share of right answers of old in results, None if it is not there."""
    from course.evaluate.tables import checked_rows

    first, _ = _tables(results, old, new)
    return None if first is None else float(checked_rows(first)["correct"].mean())


def _tables(results: object, old: str, new: str) -> tuple:
    if results is None:
        return None, None
    if isinstance(results, tuple | list):
        if len(results) != 2:
            raise CourseError("results as a pair needs two tables: the old model's, the new one's.")
        return tuple(results)
    rows = getattr(results, "rows", results)
    if not hasattr(rows, "columns") or "model" not in rows.columns:
        raise CourseError(
            "results must be a table with the columns item, model and correct, or a pair of them."
        )
    kinds = rows["model"].astype(str).map(family)
    found = [rows[kinds == family(name)] for name in (old, new)]
    if found[0].empty and found[1].empty:
        raise CourseError(f"results has no rows of {old} and none of {new}; look at its models.")
    return tuple(None if part.empty else part for part in found)


def judge(delta: tuple[float, float], may_lose: float) -> str:
    """GOOD, BAD or UNCLEAR: whether the interval of a difference lies above −may_lose."""
    low, high = delta
    if low >= -may_lose:
        return GOOD
    return BAD if high < -may_lose else UNCLEAR


def assumptions(old: str, measured: float | None, may_lose: float) -> tuple[Assumption, ...]:
    """New worse, equal and better than old by the steps that the course's endpoint assumes.

    old's share of right answers is the measured one, else a published benchmark's; without
    either there is nothing to start from, and the tuple is empty.
    """
    from course.endpoint.simulation.abilities import HOW

    share, basis = _base(old, measured)
    if share is None:
        return ()
    return tuple(
        _assumed(how, step, share, f"{basis}; {_in_words(how, step)}: ASSUMPTION", may_lose)
        for how, step in HOW.items()
    )


def _in_words(how: str, step: float) -> str:
    return f"{how} by {abs(step):g} logits, as the course's simulator has it" if step else how


def _base(old: str, measured: float | None) -> tuple[float | None, str]:
    if measured is not None:
        return measured, f"{percent(measured)} of {old}'s answers are right on your items"
    published = known(old, _PUBLISHED)
    if published is None:
        return None, ""
    told = f"{published} % of {old}'s answers are right at {_PUBLISHED.upper()} (published)"
    return float(published) / 100, told


def _assumed(how: str, step: float, share: float, basis: str, may_lose: float) -> Assumption:
    moved = share
    if step and 0 < share < 1:
        moved = 1 / (1 + math.exp(-math.log(share / (1 - share)) - step))
    delta = moved - share
    return Assumption(how, moved, delta, judge((delta, delta), may_lose), basis)


def quality_in_words(found: "Comparison", may_lose: float, old: str, new: str) -> tuple[str, ...]:
    """What the comparison says about the rule, in sentences."""
    verdict = judge((found.low, found.high), may_lose)
    sentences = [
        f"On the same {found.n:,} items {new} has {points(found.delta)} of accuracy against {old} "
        f"({interval(found.difference, points)}; source: {found.source or 'not stated'}).",
        f"Newly wrong: {found.only_a:,}. Newly right: {found.only_b:,}.",
        f"The rule allows a loss of {points(may_lose).removeprefix('+')}: {verdict}.",
    ]
    if verdict == UNCLEAR and (needed := _items_needed(found, may_lose)):
        sentences.append(
            f"About {needed:,} items would tell, four times in five, "
            "if the difference is what it seems now."
        )
    return tuple(sentences)


def _items_needed(found: "Comparison", may_lose: float) -> int | None:
    """n · (half width / distance · (z₁ + 0.84) / z₁)²: 80 % power, the width falling with √n."""
    distance = abs(found.delta + may_lose)
    half = (found.high - found.low) / 2
    if distance < 1e-9:
        return None
    z = NormalDist().inv_cdf((1 + found.difference.confidence) / 2)
    power = (z + NormalDist().inv_cdf(0.8)) / z
    return math.ceil(found.n * (half / distance * power) ** 2)
