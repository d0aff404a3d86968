"""Truth: what changes in the world comes from the facts, and the facts are fresh."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from course.quiz.rules.literals import amounts, dates, limits, models, undeclared
from course.quiz.rules.rule import E, Quiz, Said, Subject, rule

OLDEST_DAYS = 90
LEAVING_DAYS = 60


def texts(subject: Subject) -> Iterator[tuple[str, str]]:
    """(field, text) of all that the item says, as its author wrote it."""
    item = subject.written
    yield from (("stem", item.stem), ("feedback", item.feedback))
    yield from ((f"prompt {prompt.id}", str(prompt.text)) for prompt in item.prompts)
    for place, part in (("", item), *((f"gap {gap.id} ", gap) for gap in item.gaps)):
        yield from ((f"{place}accept", text) for text in part.accept)
        yield from [(f"{place}feedback", part.feedback)] if place else []
        for option in part.options:
            yield f"{place}option {option.id}", str(option.text)
            yield f"{place}feedback of {option.id}", option.feedback
    yield from ((f"case {number}", case.message) for number, case in enumerate(item.cases, 1))


def expressions(subject: Subject) -> Iterator[tuple[str, str]]:
    """(field, expression) of all that is worked out."""
    item = subject.written
    for place, part in (("", item), *((f"gap {gap.id} ", gap) for gap in item.gaps)):
        if part.type == "numeric":
            yield f"{place}key", str(part.key)
            yield from ((f"{place}option {option.id}", str(option.text)) for option in part.options)


_USE = "declare the fact under [items.facts] and write its name in braces, as in {price_in}"


@rule("literal-price", E, "item", mend=_USE)
def literal_price(subject: Subject) -> Iterator[str]:
    known = subject.matter.facts
    for field, text in texts(subject):
        for said, name in amounts(text, known, whole=" ".join(one for _, one in texts(subject))):
            yield f"The price {said!r} is typed into {field}; it is the fact {name}."
    for field, text in expressions(subject):
        for said, name in amounts(text, known, in_expression=True):
            yield f"The price {said} is typed into {field}; it is the fact {name}."


@rule("literal-model", E, "item", mend=_USE.replace("price_in", "model"))
def literal_model(subject: Subject) -> Iterator[str]:
    found = [f"{said} ({field})" for field, text in texts(subject) for said in models(text)]
    if found:
        yield f"Names of models are typed in: {', '.join(found)}."


@rule("literal-date", E, "item", mend=_USE.replace("price_in", "shutdown:%d %B %Y"))
def literal_date(subject: Subject) -> Iterator[str]:
    for field, text in texts(subject):
        for said, name in dates(text, subject.matter.facts):
            yield f"The date {said!r} is typed into {field}; it is the fact {name}."


@rule("literal-limit", E, "item", mend=_USE.replace("price_in", "limit:,"))
def literal_limit(subject: Subject) -> Iterator[str]:
    for field, text in texts(subject):
        for said, name in limits(text, subject.matter.facts):
            yield f"The limit {said!r} is typed into {field}; it is the fact {name}."


@rule("name-unknown", E, "item", mend="declare the name under [items.facts], or correct it")
def name_unknown(subject: Subject) -> Iterator[str]:
    item = subject.written
    names = {*item.facts, *item.parameters, "key"}
    for field, text in texts(subject):
        for said in undeclared(text, names):
            yield f"{said} in {field} stays as it is: no fact or parameter has this name."


@rule("fact-old", E, "quiz", mend="look the fact up again, and enter value and day in facts.toml")
def fact_old(quiz: Quiz, matter: Any) -> Iterator[Said]:
    for subject in matter.of(quiz):
        for name in dict.fromkeys(subject.written.facts.values()):
            if trouble := _age(matter.facts.get(name), matter.day):
                yield Said(f"The fact {name} {trouble}.", subject.item.id)


def _age(fact: Any, day: date) -> str:
    checked, expires = getattr(fact, "checked", None), getattr(fact, "expires", None)
    if checked is None:
        return ""
    if expires < day:
        return f"expired on {expires}"
    old = (day - checked).days
    return f"was checked {old} days ago, on {checked}" if old > OLDEST_DAYS else ""


@rule(
    "model-leaving", E, "item",
    mend="say with valid_until until when the item is true, at the latest the model's last day",
)  # fmt: skip
def model_leaving(subject: Subject) -> Iterator[str]:
    facts, day, until = subject.matter.facts, subject.matter.day, subject.written.valid_until
    for model in _asked_about(subject):
        last = facts.get(f"{model}.shutdown")
        if not isinstance(last, date) or last > day + timedelta(days=LEAVING_DAYS):
            continue
        if until is None or until > last:
            has = f"is said to be valid until {until}" if until else "has no valid_until"
            yield f"{model} leaves on {last}, and the item {has}."


def _asked_about(subject: Subject) -> list[str]:
    """The models that the item's facts and texts speak of."""
    facts: Mapping[str, Any] = subject.matter.facts
    found = {name.rpartition(".")[0] for name in subject.written.facts.values()}
    shown = [facts.get(name) for name in subject.written.facts.values()]
    found |= {str(value) for value in shown if isinstance(value, str)}
    found |= {model.lower() for _, text in texts(subject) for model in models(text)}
    return sorted(model for model in found if f"{model}.shutdown" in facts)


@rule("item-expired", E, "item", mend="rewrite the item for the model that came after, or drop it")
def item_expired(subject: Subject) -> Iterator[str]:
    until = subject.written.valid_until
    if until is not None and until < subject.matter.day:
        yield f"The item was valid until {until}."
