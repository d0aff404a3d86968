"""What a student receives of a bank: the items without keys."""

from typing import Any

from course.errors import CourseError
from course.quiz.bank import Bank, complete
from course.quiz.seal import seal


def student_items(bank: Bank) -> dict[str, Any]:
    """The content of items.json: stems and options, and sealed feedback where it shows at once.

    No key, tolerance, misconception or anticipated answer is in it. A bank that is not complete
    is refused with CourseError, which says what it needs.
    """
    needs = complete(bank)
    if needs:
        raise CourseError("\n- ".join([f"The quiz {bank.quiz} cannot be released yet:", *needs]))
    items = []
    for item in bank.items:
        shown = item.public()
        if bank.shows_feedback_at_once(item):
            shown["sealed"] = seal(item, quiz=bank.quiz, digest=bank.digest)
        items.append(shown)
    return {
        "v": 1,
        "quiz": bank.quiz,
        "title": bank.title,
        "bank": bank.digest,
        "policy": bank.policy.model_dump(mode="json", exclude_none=True),
        "items": items,
    }
