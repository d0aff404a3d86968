"""Many short e-mails with reference answers, and what the endpoint's model says to each."""

import tomllib
from collections.abc import Sequence

from course.endpoint.simulation import given, tasks
from course.endpoint.simulation.abilities import Abilities
from course.endpoint.simulation.reference import Found, Item
from course.throughput.packing import Pack

MODEL, LABELS = "gpt-4o-mini", ("billing", "technical", "general")
SORT = "Sort each e-mail to a school shop: is it about billing, technical or general matters?"


def order_mails(count: int) -> list[Item]:
    """So many different texts: the course's e-mails, each with an order number of its own."""
    rows = tomllib.loads((tasks.REFERENCES / "classification.toml").read_text(encoding="utf-8"))
    made = []
    for number in range(count):
        row = rows["item"][number % len(rows["item"])]
        own = {"id": f"order-{number}", "text": f"Order {100_000 + number}: {row['text']}"}
        made.append(Item(**{"kind": rows["kind"]} | row | own))
    return made


def answers_to(packs: Sequence[Pack], items: Sequence[Item]) -> list[str]:
    """What the model says to each entry, worked out here, without request, prompt or parsing."""
    abilities, said = Abilities(), []
    for one in packs:
        found = [Found(items[at], number) for number, at in enumerate(one.positions, 1)]
        said += [each.text for each in given.answer(found, MODEL, abilities=abilities)]
    return said
