"""What a student receives of a bank: the items without keys."""

from typing import Any

from course.errors import CourseError
from course.quiz.bank import Bank, Item, Policy, complete
from course.quiz.seal import seal


def student_items(bank: Bank) -> dict[str, Any]:
    """The content of items.json: stems and options, and sealed feedback where it shows at once.

    No key, tolerance, misconception, accepted text, anticipated answer or hidden case is in it.
    An item with parameters stands there as its numbered variants. A bank that is not complete is
    refused with CourseError, which says what it needs.
    """
    needs = complete(bank)
    if needs:
        raise CourseError("\n- ".join([f"The quiz {bank.quiz} cannot be released yet:", *needs]))
    return {
        "v": 1,
        "quiz": bank.quiz,
        "title": bank.title,
        "bank": bank.digest,
        "policy": as_json(bank.policy),
        "items": [_released(item, bank) for item in bank.items],
    }


def as_json(policy: Policy) -> dict[str, Any]:
    """A policy as items.json has it: the feedback, and whatever else is asked for."""
    asked = policy.model_dump(mode="json", exclude_defaults=True)
    return {"feedback": policy.feedback} | asked


def _released(item: Item, bank: Bank) -> dict[str, Any]:
    if not item.drawn:
        return _shown(item, bank)
    head = {"id": item.id, "type": item.type, "points": item.points, "section": item.section}
    head |= {"digest": item.digest} if item.digest else {}
    return head | {"variants": [_shown(variant, bank) for variant in item.drawn]}


def _shown(item: Item, bank: Bank) -> dict[str, Any]:
    shown = item.public()
    own = bank.policy_of(item)
    if own != bank.policy:
        shown["policy"] = as_json(own)
    if own.feedback == "instant" and item.type not in ("code", "measured") and not item.is_by_hand:
        shown["sealed"] = seal(item, quiz=bank.quiz, digest=bank.digest)
    return shown
