"""Which of the recorded answers to an item counts, by the rules of the quiz. Pure.

A student's folder says when each answer was given, which variant was asked, and to whom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from course.errors import CourseError
from course.quiz import drawn
from course.quiz.items import Item, Policy
from course.quiz.journal import Event


@dataclass(frozen=True)
class Counting:
    """The answer that counts (None: none does) and the variant of the item it is an answer to."""

    event: Event | None
    item: Item
    refused: str = ""
    """Why the answer earns nothing, whatever it says; "" where it is worth what it is worth."""
    remarks: tuple[str, ...] = ()


def counting(
    item: Item, events: Sequence[Event], policy: Policy, *, quiz: str, student: str | None
) -> Counting:
    """Of the events of this item, in their order, the last one that the policy lets count.

    `student` is the name that the whole journal was written under.
    """
    inside, remarks = _in_time(item, events, policy)
    if policy.attempts is not None and len(inside) > policy.attempts:
        over = len(inside) - policy.attempts
        remarks.append(_do_not_count(over, item, f"over the limit of {policy.attempts}"))
        inside = inside[: policy.attempts]
    if not inside:
        return Counting(None, _own_variant(item, quiz, student), "", tuple(remarks))
    event = inside[-1]
    variant, refused = _variant(item, event, quiz, student)
    remarks += [f"{item.id} earns nothing: {refused}"] if refused else []
    return Counting(event, variant, refused, tuple(remarks))


def student_of(events: Sequence[Event]) -> str | None:
    """The name that the journal's first answers were recorded under; None where none is."""
    return next((event.student for event in events if event.student), None)


def _in_time(item: Item, events: Sequence[Event], policy: Policy) -> tuple[list[Event], list[str]]:
    """The events inside the window, and what is to be said of the others."""
    early, late, inside = 0, 0, []
    for event in events:
        at = _time(event) if policy.opens or policy.closes else None
        if policy.opens and at < policy.opens:
            early += 1
        elif policy.closes and at > policy.closes:
            late += 1
        else:
            inside.append(event)
    told = [(early, "given before the quiz opened"), (late, "given after the quiz had closed")]
    return inside, [_do_not_count(count, item, why) for count, why in told if count]


def _time(event: Event) -> datetime:
    """When the answer was given; a time that can't be read is never inside a window."""
    try:
        at = datetime.fromisoformat(event.at)
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _do_not_count(count: int, item: Item, why: str) -> str:
    many = "1 answer was" if count == 1 else f"{count} answers were"
    does = "it does" if count == 1 else "they do"
    return f"To {item.id} {many} {why}: {does} not count."


def _variant(item: Item, event: Event, quiz: str, student: str | None) -> tuple[Item, str]:
    """The variant that the event is an answer to, and why it may not count, if so."""
    if not item.drawn:
        return item, ""
    own = _own_variant(item, quiz, student)
    try:
        given = item.variant(event.variant)
    except CourseError:
        given = None
    if given is None or event.variant is None:
        return own, "the answers file does not say which variant was answered."
    if event.student != student or not student:
        return given, "it was recorded under another name than the other answers."
    if given.number != own.number:
        return given, f"variant {given.number} was answered, and {own.number} is the student's own."
    return given, ""


def _own_variant(item: Item, quiz: str, student: str | None) -> Item:
    if not item.drawn or not student:
        return item.drawn[0] if item.drawn else item
    return item.drawn[drawn.number(quiz, item.id, student, len(item.drawn))]
