"""A released quiz with one item of each type, as a learner has it; the keys are said below."""

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


def bank_file(folder: Path, text: str = BANK) -> Path:
    """bank.toml in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bank.toml").write_text(text, encoding="utf-8")
    return folder / "bank.toml"


def items(folder: Path) -> dict:
    """The content of items.json; `folder` is used to write the bank for a moment."""
    path = bank_file(folder)
    content = release.student_items(bank.load(path, facts={}))
    path.unlink()
    return content


def notebook(*more: str):
    """A notebook that asks every item; `more` are code cells after them."""
    asks = [f'quiz("{NAME}").ask("{item}")' for item in (SINGLE, MULTIPLE, NUMERIC, COUNT)]
    cells = [new_markdown_cell("# A sample\nRun the cells, then answer."), *map(
        new_code_cell, ["from course import quiz", *asks, *more]
    )]  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def learner(root: Path, *more: str) -> Path:
    """quizzes/90_sample under `root`, with items.json and the notebook; returns that folder."""
    folder = root / "quizzes" / NAME
    folder.mkdir(parents=True)
    (folder / "items.json").write_text(json.dumps(items(folder)), encoding="utf-8")
    nbformat.write(notebook(*more), folder / f"{NAME}.ipynb")
    return folder
