"""How many gave which answer to an item, and who changed their mind. Pure.

`{"answered": 24, "right": 9, "groups": [{"id": "", "rows": [{"id": "B", "label": "B", "count": 9,
"right": true}, …], "other": 0}]}`: one group, or one for each prompt of a match and each gap of
a cloze. Options stand in their order, also those that nobody chose; numbers, texts and orders
stand by how many gave them, the rarer ones together as `other`. `right` on any level tells the
key, so `public` takes it out.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from course.quiz import score, variants, words
from course.quiz.items import Item

MOST_ROWS = 8
_LONGEST = 60

Tally = dict[str, Any]
Row = tuple[str, str, bool]
"""An answer's id, how it is called, and whether it is right."""


def tally(item: Item, responses: Iterable[Any]) -> Tally:
    """The tally of checked responses to an item of the bank."""
    responses = list(responses)
    right = sum(_each(lambda one: is_right(item, one), responses))
    counted = {"answered": len(responses), "right": right}
    return counted | {"groups": list(_groups(item, responses))}


def public(tally: Tally) -> Tally:
    """The same without anything that tells what is right."""
    groups = [
        group | {"rows": [{k: v for k, v in row.items() if k != "right"} for row in group["rows"]]}
        for group in tally["groups"]
    ]
    return {"answered": tally["answered"], "groups": groups}


def is_right(item: Item, response: Any) -> bool:
    """Whether a response is wholly right."""
    return score.score(item, response).state == "right"


def moves(item: Item, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, int]:
    """How those who answered in both votes moved, by who they are.

    `wrong_right` counts who were wrong first and right then, and so on; `only_before` and
    `only_after` who answered in one of them alone.
    """
    both = before.keys() & after.keys()
    everybody = sorted(both)
    first = _each(lambda one: is_right(item, one), [before[who] for who in everybody])
    then = _each(lambda one: is_right(item, one), [after[who] for who in everybody])
    states = Counter(f"{_word(a)}_{_word(b)}" for a, b in zip(first, then, strict=True))
    four = ("wrong_right", "right_wrong", "right_right", "wrong_wrong")
    alone = {"only_before": len(before) - len(both), "only_after": len(after) - len(both)}
    return {name: states[name] for name in four} | alone


def _each(work: Callable[[Any], Any], responses: list[Any]) -> list[Any]:
    """The work's result for each response, done once for those that are equal: a room says few
    different things."""
    done: dict[str, Any] = {}
    for text, one in ((repr(one), one) for one in responses):
        if text not in done:
            done[text] = work(one)
    return [done[repr(one)] for one in responses]


def _word(right: bool) -> str:
    return "right" if right else "wrong"


def _groups(item: Item, responses: list[Any]) -> Iterable[dict[str, Any]]:
    if item.type in ("single", "multiple"):
        yield _choices(item, responses)
    elif item.type == "match":
        for prompt in item.prompts:
            chosen = [one[prompt.id] for one in responses if prompt.id in one]
            rows = [(o.id, o.id, o.id == item.key[prompt.id]) for o in item.options]
            yield _fixed(prompt.id, rows, Counter(chosen))
    elif item.type == "cloze":
        for gap in item.gaps:
            filled = [one[gap.id] for one in responses if gap.id in one]
            yield (_choices if gap.type == "single" else _written)(gap, filled, gap.id)
    else:
        yield _written(item, responses)


def _choices(question: Any, responses: list[Any], name: str = "") -> dict[str, Any]:
    many = question.type == "multiple"
    keys = question.key if many else [question.key]
    counts = Counter(one for chosen in responses for one in (chosen if many else [chosen]))
    rows = [(option.id, option.id, option.id in keys) for option in question.options]
    return _fixed(name, rows, counts)


def _fixed(name: str, rows: Iterable[Row], counts: Counter) -> dict[str, Any]:
    told = [_row(row, counts[row[0]]) for row in rows]
    return {"id": name, "rows": told, "other": 0}


def _written(question: Any, responses: list[Any], name: str = "") -> dict[str, Any]:
    """Texts only where two and more gave them: one of one's own may tell who wrote it."""
    rows = _each(lambda one: _CALLED[question.type](question, one), responses)
    counts = Counter(row for row in rows if row)
    least = 2 if question.type == "text" else 1
    often = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0][1]))
    shown = [(row, count) for row, count in often if count >= least][:MOST_ROWS]
    other = len(responses) - sum(count for _, count in shown)
    return {"id": name, "rows": [_row(row, count) for row, count in shown], "other": other}


def _row(row: Row, count: int) -> dict[str, Any]:
    name, label, right = row
    return {"id": name, "label": label, "count": count, "right": right}


def _number(question: Any, response: Any) -> Row:
    value = score.amount(question.public(), response)
    low, high = score.interval(question.key, question.tolerance)
    label = f"{variants.plain(value)} {question.unit}".strip()
    return label, _short(label), low <= value <= high


def _text(question: Any, response: str) -> Row | None:
    if question.is_by_hand:
        return None
    folded = words.fold(response)
    accepted = words.is_accepted(response, question.accept, question.pattern)
    return folded, _short(folded), accepted


def _order(question: Any, response: list[str]) -> Row:
    label = ", ".join(response)
    return label, label, list(response) == list(question.key)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


_CALLED = {"numeric": _number, "text": _text, "order": _order}
