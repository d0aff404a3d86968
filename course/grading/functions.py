"""Marks for the items whose answer is a function in the notebook. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from course.grading.marks import NOT_RUN, Mark, Marks, clamp
from course.quiz.items import Item
from course.quiz.judge import explain_case, is_right, score_bounds, score_cases
from course.quiz.score import PROGRAMS

WAITING = "the teacher has not run your code yet."
NOTHING_WRITTEN = "Nothing is written in the notebook."


def of(marks: Marks) -> list[str]:
    """The ids of the items that are graded from functions."""
    return [mark.item for mark in marks.by_item.values() if mark.question["type"] in PROGRAMS]


def not_run(marks: Marks, reason: str = WAITING) -> Marks:
    """The marks with every function waiting."""
    return _changed(marks, lambda mark: replace(mark, points=0.0, state=NOT_RUN, reason=reason))


def not_written(marks: Marks) -> Marks:
    """The marks where the notebook holds no code of the student's."""
    return _changed(
        marks, lambda mark: replace(mark, points=0.0, state="unanswered", reason=NOTHING_WRITTEN)
    )


def marked(
    mark: Mark, item: Item, outcomes: Sequence[Any], used: Mapping[str, Any] | None = None
) -> Mark:
    """The mark for what a function gave back, and used of the endpoint.

    An item without cases is called once without arguments: that call must come back.
    """
    if not item.cases and not any("value" in outcome for outcome in outcomes):
        used = None
    found = score_cases(item, outcomes if item.cases else [], used)
    told = [_told(item, *pair) for pair in enumerate(outcomes[: len(item.cases)])]
    told += score_bounds(item, used or {})
    points = clamp(found.points, mark.possible)
    return replace(mark, points=points, state=found.state, reason=found.reason, cases=tuple(told))


def _told(item: Item, at: int, outcome: Any) -> str:
    """Of a hidden case neither what was called nor what was expected."""
    case = item.cases[at]
    if case.visible:
        return explain_case(case, outcome, function=item.function)
    number = sum(not each.visible for each in item.cases[: at + 1])
    return f"hidden example {number}: {'right' if is_right(case, outcome) else 'not right'}"


def _changed(marks: Marks, change: Any) -> Marks:
    names = of(marks)
    changed = {name: change(marks.by_item[name]) for name in names}
    return replace(marks, by_item=marks.by_item | changed)
