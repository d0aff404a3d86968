"""What the widget draws, worked out from an item and from what became of its answer. Pure."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from course.quiz import judge, markup, static, words

if TYPE_CHECKING:
    from course.quiz import Answer
    from course.quiz.seal import Feedback
    from course.quiz.trial import Trial

LINES_BY_HAND = 6
"""Lines of the box for a text that a person reads; one line is enough for the others."""


def shown(item: Mapping[str, Any], policy: Mapping[str, Any]) -> dict[str, Any]:
    """An item as the view draws it: texts as trees, no sealed feedback, no key."""
    asked = {
        "type": item["type"],
        "stem": markup.parse(item["stem"]),
        "task": static.task(item),
        "confidence": bool(policy.get("confidence")),
        "opens": policy.get("opens"),
        "closes": policy.get("closes"),
        "lettered": is_lettered(item),
        **_fields(item),
    }
    return asked | _of_type(item)


def is_lettered(item: Mapping[str, Any]) -> bool:
    """Whether options are called by their letters: not where they stand mixed, as C, A, B."""
    ids = [option["id"] for option in item.get("options", [])]
    return item["type"] in ("single", "multiple") and ids == sorted(ids)


def _of_type(item: Mapping[str, Any]) -> dict[str, Any]:
    match item["type"]:
        case "match":
            return {"prompts": [_texts(prompt) for prompt in item["prompts"]]}
        case "cloze":
            gaps = [{"id": gap["id"], "type": gap["type"]} | _fields(gap) for gap in item["gaps"]]
            return {"gaps": gaps}
        case "text":
            lines = LINES_BY_HAND if item.get("by_hand") else 1
            return {"most": words.LONGEST, "lines": lines}
        case "code" | "measured":
            return {"function": item["function"]}
    return {}


def _fields(question: Mapping[str, Any]) -> dict[str, Any]:
    """Options and units of an item or of a gap."""
    options = [_texts(option) for option in question.get("options", [])]
    return {"options": options, "units": question.get("units") or [question.get("unit", "")]}


def _texts(option: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": option["id"], "text": markup.parse(str(option["text"]))}


def told(answer: "Answer | None") -> dict[str, Any]:
    """A saved answer and what it gets to hear; nothing saved: None in each field."""
    if answer is None:
        return {"response": None, "confidence": None, "feedback": None, "note": ""}
    return {
        "response": answer.response,
        "confidence": answer.event.confidence if answer.event else None,
        "feedback": _feedback(answer) if answer.feedback else None,
        "note": answer.note,
    }


def examples(tried: "Trial") -> dict[str, Any]:
    """What a function's visible cases gave: a summary, and each case in words."""
    cases, name = tried.item["cases"], tried.item["function"]
    return {
        "summary": tried.told().split("\n", 1)[0],
        "cases": [
            {"right": judge.is_right(*pair), "text": judge.explain_case(*pair, function=name)}
            for pair in zip(cases, tried.outcomes or (), strict=False)
        ],
    }


def _feedback(answer: "Answer") -> dict[str, Any]:
    """Verdict, text and parts: one a chosen option, prompt or gap."""
    heard, item = answer.feedback, answer.item
    called = _parts(item)
    parts = [] if item["type"] == "single" else heard.parts
    return {
        "kind": _kind(heard),
        "answer": _given(item, answer.response),
        "text": markup.parse(heard.text),
        "parts": [
            {
                "name": called.get(part.option, part.option),
                "right": part.right,
                "text": markup.parse(part.text),
            }
            for part in parts
        ],
    }


def _kind(heard: "Feedback") -> str:
    """Partly right is what has more right parts than wrong ones that were chosen."""
    if heard.right:
        return "right"
    wrong = sum(not part.right for part in heard.parts)
    return "partly" if (heard.right_chosen or 0) > wrong else "wrong"


def _parts(item: Mapping[str, Any]) -> dict[str, str]:
    """What the parts of an answer are called, where not by their letters."""
    if item["type"] == "cloze":
        return {gap["id"]: f"Gap {number}" for number, gap in enumerate(item["gaps"], start=1)}
    rows = item["prompts"] if item["type"] == "match" else item["options"]
    return {} if is_lettered(item) else {row["id"]: _plain(row) for row in rows}


def _plain(option: Mapping[str, Any]) -> str:
    return markup.plain(str(option["text"]))


def _given(item: Mapping[str, Any], response: Any) -> str:
    """The answer in words, where they are few."""
    if item["type"] == "numeric" or is_lettered(item):
        return static.told(item, response)
    return ""
