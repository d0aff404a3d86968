"""What the grader says to a function that a learner might have written, without a kernel.

The code runs in this process, cases and verdict are the grader's own: for tests of code items,
whose right and wrong answers are ours.
"""

import contextlib
import io
import os
from dataclasses import dataclass
from pathlib import Path

from course import facts
from course.grading.counted import counted, sum_up
from course.quiz import bank
from course.quiz.judge import explain_case, score_bounds, score_cases
from course.quiz.trial import outcome

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Told:
    """The `share` of the points earned, 0 to 1, and what is `said` about each case and bound."""

    share: float
    said: str


def item_of(quiz: str, item_id: str):
    """The item of that id in `solutions/`."""
    items = bank.load(ROOT / "solutions" / quiz / "bank.toml", facts=facts.facts()).items
    return next(item for item in items if item.id == item_id)


def told(quiz: str, item_id: str, source: str) -> Told:
    """What a learner hears whose notebook holds this code, hidden cases told as well."""
    item = item_of(quiz, item_id)
    if item.type == "measured":
        in_time = item.bounds.seconds or item.bounds.at_once  # as the grader decides it
        with counted(speed=float(bool(in_time))) as service:
            return _told(item, source, service)
    return _told(item, source)


def _told(item, source, service=None) -> Told:
    with _connected(service), contextlib.redirect_stdout(io.StringIO()):
        names = {"__name__": "learner"}
        exec(source, names)
        function, outcomes, parts = names.get(item.function), [], []
        for case in item.cases:
            since = service.ended() if service else 0
            table = case.model_dump()
            outcomes.append(outcome(function, table) if function else {"missing": True})
            if service:
                parts.append(service.used(since))
    used = sum_up(parts) if parts else None
    verdict = score_cases(item, outcomes, used)
    pairs = zip(item.cases, outcomes, strict=True)
    said = [explain_case(*pair, function=item.function) for pair in pairs]
    said += score_bounds(item, used) if used else []
    return Told(verdict.points / item.points, "\n".join([verdict.reason, *said]))


@contextlib.contextmanager
def _connected(service):
    before = os.environ.get("COURSE_ENDPOINT_SOCKET")
    if service:
        os.environ["COURSE_ENDPOINT_SOCKET"] = str(service.path)
    try:
        yield
    finally:
        if service and before is None:
            del os.environ["COURSE_ENDPOINT_SOCKET"]
        elif service:
            os.environ["COURSE_ENDPOINT_SOCKET"] = before
