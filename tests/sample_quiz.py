"""Released quizzes as a learner has them: a short one, and one with an item of every type."""

import json
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course.quiz import bank, release

NAME = "90_sample"
SINGLE, MULTIPLE, NUMERIC, COUNT = (f"90-sample-0{number}" for number in (1, 2, 3, 4))
KEYS = {SINGLE: "B", MULTIPLE: ["A", "C"], NUMERIC: {"value": 0.06, "unit": "USD"}}

BANK = '''
quiz = "90_sample"
title = "A sample"
objectives = ["sample"]
policy = "instant"

[[items]]
id = "90-sample-01"
type = "single"
stem = """Your script stops with the status `401`. What is the **first** thing to look at?

```python
client.chat.completions.create(model=MINI, messages=messages)
```"""
key = "B"
[[items.options]]
id = "A"
text = "The model's name in the `model=` argument of the call"
feedback = "A wrong name gives 404. Look at the table of errors."
[[items.options]]
id = "B"
text = "The key in the environment variable `OPENAI_API_KEY`"
feedback = "401 means that the key was not accepted."
[[items.options]]
id = "C"
text = "The length of the messages and of the answer together"
feedback = "A context that is *too long* gives 400."

[[items]]
id = "90-sample-02"
type = "multiple"
points = 2
stem = "Which 2 of these make a call cheaper?"
key = ["A", "C"]
[[items.options]]
id = "A"
text = "A shorter prompt"
feedback = "Fewer prompt tokens are billed."
[[items.options]]
id = "B"
text = "A higher temperature"
feedback = "Temperature has no price."
[[items.options]]
id = "C"
text = "A lower limit on the answer's tokens"
feedback = "Fewer completion tokens are billed."
[[items.options]]
id = "D"
text = "Streaming the answer"
feedback = "A stream costs the same."

[[items]]
id = "90-sample-03"
type = "numeric"
stem = "What do 400,000 prompt tokens cost at 0.15 USD per million?"
key = 0.06
unit = "USD"
units = ["cent"]
tolerance = 0.0005
feedback = "Multiply the tokens by the price, then divide by a million."
[[items.options]]
id = "right"
text = "0.06"
feedback = "0.4 million times 0.15 is 0.06."

[[items]]
id = "90-sample-04"
type = "numeric"
stem = "How many prompt tokens has the message?"
policy = "after_release"
key = 11
unit = "tokens"
tolerance = 0
'''

TYPES_NAME = "91_types"
TYPES_BANK = '''
quiz = "91_types"
title = "Every type"
objectives = ["sample"]
policy = "instant"

[[items]]
id = "91-single"
type = "single"
stem = "Which part of a reply says how many tokens were billed?"
key = "B"
policy = { attempts = 2, confidence = true }
options = [
    { id = "A", text = "`choices`", feedback = "That holds the text." },
    { id = "B", text = "`usage`", feedback = "It counts the tokens of both sides." },
    { id = "C", text = "`model`", feedback = "That is the model's name." },
]

[[items]]
id = "91-multiple"
type = "multiple"
points = 2
stem = "Which 2 of these does a shorter prompt lower?"
key = ["A", "C"]
options = [
    { id = "A", text = "What the call costs", feedback = "Each prompt token has a price." },
    { id = "B", text = "The temperature", feedback = "That is a setting of the call." },
    { id = "C", text = "The time until the first token", feedback = "Less has to be read." },
    { id = "D", text = "The number of models", feedback = "That has nothing to do with it." },
]

[[items]]
id = "91-numeric"
type = "numeric"
stem = "What do 400,000 prompt tokens cost at 0.15 USD per million?"
key = 0.06
unit = "USD"
units = ["cent"]
tolerance = 0.0005
feedback = "Multiply the tokens by the price, then divide by a million."
options = [{ id = "right", text = "0.06", feedback = "0.4 million times 0.15 is 0.06." }]

[[items]]
id = "91-order"
type = "order"
points = 3
stem = "Put the steps of a call in the order in which they happen."
key = ["B", "C", "A", "D"]
feedback = "Think of what needs what."
options = [
    { id = "A", text = "The model writes tokens", feedback = "It can't write before it has read." },
    { id = "B", text = "The program sends `messages`", feedback = "Nothing comes before that." },
    { id = "C", text = "The service counts the tokens", feedback = "It counts what was sent." },
    { id = "D", text = "The bill grows", feedback = "What was written is billed." },
]

[[items]]
id = "91-match"
type = "match"
points = 2
stem = "Which error has which cause?"
key = { p1 = "B", p2 = "A" }
feedback = "Look at the table of errors."
prompts = [
    { id = "p1", text = "Status `401`", feedback = "The key is what was refused." },
    { id = "p2", text = "Status `429`", feedback = "Too many calls in a minute." },
]
options = [
    { id = "A", text = "The limit of calls is reached", feedback = "That is 429." },
    { id = "B", text = "The key is not accepted", feedback = "That is 401." },
    { id = "C", text = "The model does not exist", feedback = "That is 404." },
]

[[items]]
id = "91-cloze"
type = "cloze"
points = 3
stem = """A [[g1]] is the unit that is billed. Each million of them costs [[g2]] for prompts, and
the answer stands in `choices[0].` [[g3]] `.content`."""
[[items.gaps]]
id = "g1"
type = "single"
key = "A"
options = [
    { id = "A", text = "token", feedback = "A piece of a word." },
    { id = "B", text = "word", feedback = "Words are cut into pieces first." },
    { id = "C", text = "letter", feedback = "A piece is mostly longer." },
]
[[items.gaps]]
id = "g2"
type = "numeric"
key = 15
unit = "cent"
units = ["USD"]
tolerance = 0.001
feedback = "See the price list."
options = [{ id = "right", text = "15", feedback = "0.15 USD." }]
[[items.gaps]]
id = "g3"
type = "text"
accept = ["message"]
feedback = "Print a reply and look."
options = [{ id = "right", text = "message", feedback = "A choice holds one message." }]

[[items]]
id = "91-text"
type = "text"
stem = "What is the name of the setting that limits the answer's tokens?"
accept = ["max_completion_tokens"]
feedback = "Look at the arguments of the call."
options = [{ id = "right", text = "max_completion_tokens", feedback = "That is its name." }]

[[items]]
id = "91-essay"
type = "text"
points = 4
stem = "Explain to a friend in three sentences why a short prompt is cheaper."

[[items]]
id = "91-code"
type = "code"
points = 2
stem = "Write `cost(tokens, price)`: what the tokens cost when a million of them has that price."
function = "cost"
cases = [
    { arguments = [1000000, 0.15], expected = 0.15, visible = true },
    { arguments = [0, 0.15], expected = 0.0, visible = true },
    { arguments = [2000000, 0.15], expected = 0.3 },
]

[[items]]
id = "91-measured"
type = "measured"
points = 2
stem = "Write `ask_both(questions)`: a list of the model's answers, one call for each question."
function = "ask_both"
cases = [{ arguments = [["Hello!", "Hi!"]], expected = ["Hello!", "Hi!"] }]
bounds = { calls = { most = 2 } }

[[items]]
id = "91-hebrew"
type = "single"
stem = "מה נשלח אל השירות בכל קריאה? (`messages`)"
key = "A"
options = [
    { id = "A", text = "כל ההודעות של השיחה", feedback = "כן, בכל פעם מחדש." },
    { id = "B", text = "רק ההודעה האחרונה", feedback = "השירות אינו זוכר דבר." },
    { id = "C", text = "only the key", feedback = "The key travels in a header." },
]
'''
TYPES = (
    "single", "multiple", "numeric", "order", "match", "cloze", "text", "essay", "code", "measured",
    "hebrew",
)  # fmt: skip
PROGRAM = "def cost(tokens, price):\n    return tokens * price"
"""A function that forgets the million: right for nothing, wrong for the rest."""


def bank_file(folder: Path, text: str = BANK) -> Path:
    """bank.toml in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bank.toml").write_text(text, encoding="utf-8")
    return folder / "bank.toml"


def items(folder: Path, text: str = BANK) -> dict:
    """The content of items.json; `folder` is used to write the bank for a moment."""
    path = bank_file(folder, text)
    content = release.student_items(bank.load(path, facts={}))
    path.unlink()
    return content


def notebook(*more: str):
    """A notebook that asks every item; `more` are code cells after them."""
    asks = [f'quiz("{NAME}").ask("{item}")' for item in (SINGLE, MULTIPLE, NUMERIC, COUNT)]
    return _notebook("# A sample\nRun the cells, then answer.", *asks, *more)


def _notebook(text: str, *sources: str):
    cells = [new_markdown_cell(text), *map(new_code_cell, ["from course import quiz", *sources])]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def learner(root: Path, *more: str) -> Path:
    """quizzes/90_sample under `root`, with items.json and the notebook; returns that folder."""
    folder = root / "quizzes" / NAME
    folder.mkdir(parents=True)
    (folder / "items.json").write_text(json.dumps(items(folder)), encoding="utf-8")
    nbformat.write(notebook(*more), folder / f"{NAME}.ipynb")
    return folder


def types_learner(root: Path, *more: str) -> Path:
    """quizzes/91_types under `root`: an item of every type; `more` are code cells after them."""
    folder = root / "quizzes" / TYPES_NAME
    folder.mkdir(parents=True)
    content = items(folder, TYPES_BANK)
    (folder / "items.json").write_text(json.dumps(content), encoding="utf-8")
    asks = [f'quiz("{TYPES_NAME}").ask("91-{kind}")' for kind in TYPES]
    asks[TYPES.index("code")] = f"{PROGRAM}\n\n{asks[TYPES.index('code')]}"
    nbformat.write(_notebook("# Every type", *asks, *more), folder / f"{TYPES_NAME}.ipynb")
    return folder


MANY_NAME = "92_many"


def many_learner(root: Path, count: int) -> Path:
    """quizzes/92_many under `root`: that many items, of four types in turn."""
    folder = root / "quizzes" / MANY_NAME
    folder.mkdir(parents=True)
    blocks = {
        block.split('"', 2)[1].removeprefix("91-"): block
        for block in TYPES_BANK.split("[[items]]\nid = ")[1:]
    }
    kinds = ("multiple", "order", "match", "hebrew")
    items_of = [(f"92-{number:02}", kinds[number % 4]) for number in range(count)]
    head = f'quiz = "{MANY_NAME}"\ntitle = "Many"\nobjectives = ["sample"]\npolicy = "instant"\n\n'
    text = head + "".join(
        "[[items]]\nid = " + blocks[kind].replace(f"91-{kind}", name, 1) for name, kind in items_of
    )
    (folder / "items.json").write_text(json.dumps(items(folder, text)), encoding="utf-8")
    asks = [f'quiz("{MANY_NAME}").ask("{name}")' for name, _ in items_of]
    nbformat.write(_notebook("# Many", *asks), folder / f"{MANY_NAME}.ipynb")
    return folder
