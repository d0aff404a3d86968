"""What one student is shown of a released item: the own variant, in the own order. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from course.errors import CourseError
from course.quiz.drawn import number, shuffled

ALWAYS_SHUFFLED = ("order", "match")
"""Types whose options an author writes in the right order."""

CONFIDENCE = ("sure", "guess")


def to_student(
    released: Mapping[str, Any], *, assignment: str, student: str, policy: Mapping[str, Any]
) -> dict[str, Any]:
    """The item as this student sees it, always the same; `policy` is the quiz's.

    An item with variants is that of the student's number, and says so in `variant`.
    """
    variants = released.get("variants")
    item = dict(released)
    if variants:
        item = dict(variants[number(assignment, released["id"], student, len(variants))])
    if item["type"] in ALWAYS_SHUFFLED or rules(policy, item).get("shuffle"):
        item["options"] = in_order(item, assignment, student)
    return item


def in_order(item: Mapping[str, Any], *seed: str) -> list[dict[str, Any]]:
    """The options in an order drawn from the seed and the item; numbers and texts have none."""
    options = {option["id"]: option for option in item["options"]}
    return [options[name] for name in shuffled(list(options), *seed, item["id"], "order")]


def rules(policy: Mapping[str, Any], item: Mapping[str, Any]) -> Mapping[str, Any]:
    """The policy of an item: the quiz's, where it has none of its own."""
    return item.get("policy") or policy


def refusal(policy: Mapping[str, Any], at: datetime) -> str:
    """Why no answer is taken at that time, "" when one is; the policy is that of items.json."""
    opens, closes = _time(policy.get("opens")), _time(policy.get("closes"))
    if opens and at < opens:
        return f"This question opens on {_told(opens)}; answer it then."
    if closes and at > closes:
        return f"This question closed on {_told(closes)}: no more answers are taken."
    return ""


def confidence(value: object) -> str | None:
    """ "sure", "guess" or None; CourseError for anything else."""
    if value is None or value in CONFIDENCE:
        return value
    raise CourseError(f'Say confidence="sure" or confidence="guess", not {str(value)[:20]!r}.')


def _time(written: object) -> datetime | None:
    if not isinstance(written, str):
        return None
    try:
        time = datetime.fromisoformat(written)
    except ValueError:  # the grader goes by the bank's own
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _told(time: datetime) -> str:
    return f"{time.astimezone(UTC):%d %B %Y at %H:%M} UTC".lstrip("0")
