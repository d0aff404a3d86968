"""What a bank still needs before it can be released: whatever would be missing or ignored."""

from collections.abc import Iterator

from course.quiz import numbers, words
from course.quiz.items import Bank, Gap, Item, Question


def complete(bank: Bank) -> list[str]:
    """What the quiz still needs before it can be released, one sentence each; [] when nothing."""
    needs = [] if bank.title else ["The quiz has no title."]
    needs += [] if bank.items else ["The quiz has no items."]
    needs += _window("The quiz", bank.policy)
    for item in bank.items:
        about = f"Item {item.id}"
        needs += [f"{about} {need}" for need in _item_needs(item, told=_tells_at_once(bank, item))]
        needs += _window(about, bank.policy_of(item)) if item.policy else []
    return needs


def _tells_at_once(bank: Bank, item: Item) -> bool:
    return bank.shows_feedback_at_once(item) and not item.is_by_hand


def _item_needs(item: Item, *, told: bool) -> list[str]:
    needs = [] if item.stem.strip() else ["has no stem."]
    for variant in item.drawn or (item,):
        needs += _question_needs(variant)
        needs += _NEEDS.get(item.type, lambda _: ())(variant)
    needs += _feedback_needs(item) if told else []
    return list(dict.fromkeys(needs))


def _question_needs(question: Question) -> Iterator[str]:
    if question.type in _KEYED and question.key in (None, [], {}):
        yield "has no key."
    if question.feedback and question.type in ("single", "multiple", "code", "measured"):
        where = "cases" if question.type in ("code", "measured") else "options"
        yield f"has a feedback of its own, which its type does not show; put it on the {where}."
    if question.type in ("single", "multiple", "order", "match"):
        yield from _option_needs(question)
    if question.type == "numeric" and question.key is not None:
        yield from _numeric_needs(question)
    if question.type == "text" and not question.is_by_hand:
        yield from _text_needs(question)


def _option_needs(question: Question) -> Iterator[str]:
    fewest = 2 if question.type == "match" or isinstance(question, Gap) else 3
    if len(question.options) < fewest:
        yield f"has too few options ({len(question.options)}; it needs at least {fewest})."
    texts = [" ".join(str(option.text).split()) for option in question.options]
    empty = [option.id for option in question.options if not str(option.text).strip()]
    if empty:
        yield f"has options without a text: {', '.join(empty)}."
    elif len(set(texts)) < len(texts):
        at = "" if getattr(question, "number", None) is None else f" in variant {question.number}"
        yield f"has two options with the same text{at}."


def _multiple_needs(item: Item) -> Iterator[str]:
    if item.key and len(item.key) < 2:
        yield "has one key only; make it a single, or declare two keys and more."
    if item.key and len(item.key) == len(item.options):
        yield "has no wrong option."


def _numeric_needs(question: Question) -> Iterator[str]:
    low, high = numbers.interval(question.key, question.tolerance)
    for option in question.options:
        if option.id != "right" and low <= option.value <= high:
            yield f"counts its anticipated wrong answer {option.id} as right (tolerance too wide)."


def _text_needs(question: Question) -> Iterator[str]:
    for option in question.options:
        right = words.is_accepted(option.text, question.accept, question.pattern)
        if right and option.id != "right":
            yield f"accepts its anticipated wrong answer {option.id}."
        if not right and option.id == "right":
            yield "does not accept its own option called right."


def _match_needs(item: Item) -> Iterator[str]:
    if len(item.prompts) < 2:
        yield f"has too few prompts ({len(item.prompts)}; it needs at least 2)."


def _cloze_needs(item: Item) -> Iterator[str]:
    if not item.gaps:
        yield "has no gaps."
    for gap in item.gaps:
        yield from (f"in its gap {gap.id} {need}" for need in _question_needs(gap))


def _code_needs(item: Item) -> Iterator[str]:
    if not item.function:
        yield "names no function."
    if not item.cases and (item.type == "code" or not item.bounds.model_fields_set):
        yield "has no cases."


def _feedback_needs(item: Item) -> Iterator[str]:
    if item.type in ("single", "multiple", "numeric"):
        yield from _question_feedback(item)
    elif item.type in ("order", "match", "text") and not item.feedback.strip():
        yield "has no feedback for an answer that is not right (its field feedback)."
    for gap in item.gaps:
        yield from (f"in its gap {gap.id} {need}" for need in _question_feedback(gap))


def _question_feedback(question: Question) -> Iterator[str]:
    silent = [option.id for option in question.options if not option.feedback.strip()]
    if silent:
        yield f"has options without feedback: {', '.join(silent)}."
    if question.type == "numeric" and not question.feedback.strip():
        yield "has no feedback for a number nobody anticipated (its field feedback)."
    if question.type == "text" and not question.feedback.strip():
        yield "has no feedback for an answer that is not right (its field feedback)."
    if question.type == "numeric" and "right" not in [option.id for option in question.options]:
        yield "has no option called right with the feedback for the key."


def _window(about: str, policy: object) -> list[str]:
    if policy.opens and policy.closes and policy.closes <= policy.opens:
        return [f"{about} closes before it opens."]
    return []


_KEYED = ("single", "multiple", "numeric", "order", "match")
_NEEDS = {
    "multiple": _multiple_needs,
    "match": _match_needs,
    "cloze": _cloze_needs,
    "code": _code_needs,
    "measured": _code_needs,
}
