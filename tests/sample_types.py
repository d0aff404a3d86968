"""A bank with an item of every type, each worth the points said beside it."""

from decimal import Decimal
from pathlib import Path

from course.quiz import bank
from course.quiz.items import Bank, Item

ORDER, MATCH, CLOZE, TEXT, ESSAY, CODE, MEASURED, DRAWN = (
    f"91-types-{number:02}" for number in range(1, 9)
)

HEAD = """
quiz = "91_types"
title = "Every type"
objectives = ["sample"]
"""
ORDER_ITEM = """
[[items]]
id = "91-types-01"
type = "order"
points = 3
stem = "Put the steps of a call in order."
key = ["D", "B", "A", "C"]
feedback = "Follow the request on its way."
options = [
  { id = "A", text = "the model answers", feedback = "It can't before it is asked." },
  { id = "B", text = "the request is sent" },
  { id = "C", text = "the answer is read" },
  { id = "D", text = "the messages are written" },
]
"""
MATCH_ITEM = """
[[items]]
id = "91-types-02"
type = "match"
points = 2
stem = "What does each status mean?"
key = { p1 = "B", p2 = "A" }
feedback = "The first digit says whose fault it is."
prompts = [
  { id = "p1", text = "`401`", feedback = "The key was refused." },
  { id = "p2", text = "`429`", feedback = "Too many calls." },
]
options = [
  { id = "A", text = "wait a little", feedback = "Waiting mends no key." },
  { id = "B", text = "look at the key", feedback = "A key is not counted." },
  { id = "C", text = "mend the request", feedback = "That is 400." },
]
"""
CLOZE_ITEM = """
[[items]]
id = "91-types-03"
type = "cloze"
points = 4
stem = "A call costs [[cost]] and is made with [[verb]]; it is [[state]]."
feedback = "Look at the table once more."
[[items.gaps]]
id = "cost"
type = "numeric"
key = "200 * 0.15 / 1000000"
unit = "USD"
units = ["cent"]
tolerance = { relative = 0.01 }
weight = 2
feedback = "Multiply, then divide by a million."
options = [{ id = "right", text = "0.00003", feedback = "200 tokens at 0.15 a million." }]
[[items.gaps]]
id = "verb"
type = "single"
key = "B"
options = [
  { id = "A", text = "GET", feedback = "GET has no body." },
  { id = "B", text = "POST", feedback = "The body holds the messages." },
]
[[items.gaps]]
id = "state"
type = "text"
accept = ["stateless"]
feedback = "What does it remember?"
"""
TEXT_ITEM = """
[[items]]
id = "91-types-04"
type = "text"
points = 2
stem = "Which setting makes answers vary?"
accept = ["temperature", "top_p"]
pattern = "(the )?temp(erature)?"
feedback = "It is a number from 0 to 2."
options = [
  { id = "right", text = "temperature", feedback = "Higher means more varied." },
  { id = "seed", text = "seed", feedback = "A seed makes them alike." },
]
"""
ESSAY_ITEM = """
[[items]]
id = "91-types-05"
type = "text"
points = 5
stem = "Say why you would upgrade."
"""
CODE_ITEM = """
[[items]]
id = "91-types-06"
type = "code"
points = 4
stem = "Write `cost(tokens, price)` in dollars."
function = "cost"
cases = [
  { arguments = [1000000], named = { price = 0.15 }, expected = 0.15, visible = true },
  { arguments = [0, 0.15], expected = 0.0, message = "No tokens cost nothing." },
  { arguments = [4711, 0.6], expected = 0.0028266, tolerance = { relative = 0.00137 } },
  { arguments = [1000, 0], expected = 0.0 },
]
"""
MEASURED_ITEM = """
[[items]]
id = "91-types-07"
type = "measured"
points = 4
stem = "Write `ask_all(questions)` that asks them at once."
function = "ask_all"
bounds = { calls = { most = 3, least = 3 }, cost_usd = 0.001 }
cases = [
  { arguments = [["a", "b"]], expected = ["A", "B"], visible = true },
  { arguments = [["zebra"]], expected = ["Z"] },
]
"""
DRAWN_ITEM = """
[[items]]
id = "91-types-08"
type = "numeric"
points = 1
stem = "What do {n} calls of {tokens} {kind} tokens cost at ${price} a million?"
key = "n * tokens * price / 1000000"
unit = "USD"
tolerance = { absolute = "price / 1000" }
variants = 10
feedback = "Multiply {n} by {tokens} first."
[items.facts]
price = "mini.input_price"
[items.parameters]
n = { from = 1000, to = 9000, step = 1000 }
tokens = { choices = [100, 200, 400] }
kind = { choices = ["prompt", "input"] }
[[items.options]]
id = "right"
text = "n * tokens * price / 1000000"
feedback = "{n} times {tokens} times ${price}: {= key :.2f}."
[[items.options]]
id = "per-thousand"
text = "n * tokens * price / 1000"
feedback = "That is per thousand tokens."
"""
ITEMS = (
    ORDER_ITEM, MATCH_ITEM, CLOZE_ITEM, TEXT_ITEM, ESSAY_ITEM, CODE_ITEM, MEASURED_ITEM, DRAWN_ITEM
)  # fmt: skip
WHOLE = HEAD + "".join(ITEMS)
FACTS = {"mini.input_price": Decimal("0.15")}


def load(folder: Path, text: str = WHOLE, **facts: object) -> Bank:
    """The bank of that text; `folder` is written to."""
    path = folder / "bank.toml"
    path.write_text(text, encoding="utf-8")
    return bank.load(path, facts=FACTS | facts)


def item(folder: Path, name: str, text: str = WHOLE) -> Item:
    """One item of the bank."""
    return load(folder, text).item(name)
