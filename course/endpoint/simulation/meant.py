"""Which tasks a request means, where several have the same text or picture."""

from collections.abc import Collection, Mapping, Sequence

from course.endpoint.simulation.reference import Found, Item
from course.endpoint.simulation.replies import fold
from course.endpoint.wire import dumps


def known(
    messages: Sequence[Mapping],
    placed: Sequence[tuple[list[Item], int | None]],
    tools: Collection[str],
    schema: Mapping | None,
) -> list[Found]:
    """Of the items `placed` in a request, those that are meant, for each text or picture.

    With each text stands the number that it has in the prompt, or None.
    """
    wanted = any(item.when or item.needs for alike, _ in placed for item in alike)
    said = _conversation(messages) if wanted else ""
    words = f"{said} {dumps(schema) if wanted and schema else ''}".casefold()
    whens = {item.when for alike, _ in placed for item in alike}
    asked = {when for when in whens if any(map(words.__contains__, when.casefold().split("|")))}
    meant = [(_chosen(alike, asked, words, tools), number) for alike, number in placed]
    return [
        Found(item, number, all(fold(passage) in said for passage in item.needs), place > 0)
        for items, number in _numbered([(items, number) for items, number in meant if items])
        for place, item in enumerate(items)
    ]


def _chosen(
    alike: Sequence[Item], asked: Collection[str], words: str, tools: Collection[str]
) -> list[Item]:
    for item in alike:
        offered = item.kind != "tools" or item.answer["tool"] in (*tools, *(tools and ["none"]))
        if offered and not item.when:
            return [item]
        if offered and item.when in asked:
            return [item, *(other for other in alike if _named(other, words))]
    return []


def _named(item: Item, words: str) -> bool:
    """Whether an item without `when` is asked for by the names of all its answers."""
    told = item.kind == "classification" and not item.when
    return told and all(str(one).casefold() in words for one in (item.answer, *item.wrong))


def _numbered(found: Sequence[tuple[list[Item], int | None]]) -> list[tuple[list[Item], int]]:
    """With the numbers in the prompt where all have one and they differ, else counted from 1."""
    numbers = [number for _, number in found]
    if None in numbers or len(set(numbers)) < len(numbers):
        numbers = range(1, len(found) + 1)
    return [(items, number) for (items, _), number in zip(found, numbers, strict=True)]


def parts(content: object, kind: str) -> list:
    """The texts or images of a message's content that is a list of parts."""
    parts = content if isinstance(content, list) else []
    return [part[kind] for part in parts if isinstance(part, Mapping) and part.get(kind)]


def _conversation(messages: Sequence[Mapping]) -> str:
    contents = [message.get("content") for message in messages]
    texts = (one if isinstance(one, str) else " ".join(parts(one, "text")) for one in contents)
    return fold(" ".join(texts))
