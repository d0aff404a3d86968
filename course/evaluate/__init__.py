"""How good a model is on items whose right answer is known, and how sure one can be of it.

In reading order: an `Estimate` is a figure with its interval (estimate.py); `wilson` and
`paired_interval` find intervals for shares and their differences (intervals.py), `share` where
items come from the same documents (shares.py); `compare` puts two models side by side (paired.py,
signs.py); an `Evaluation` has all figures of one model (evaluation.py; classes.py, money.py,
repeats.py), and `evaluate` asks the model (running.py, asking.py, purse.py). `sample_size` and
`power` say how many items it takes (sizes.py), `agreement` whether a judge may be trusted
(judges.py). In a script (in a notebook: await instead of asyncio.run):

    client, gold = connect(asynchronous=True), pd.read_csv("gold.csv")  # item, text, label

    async def ask(model, row):
        messages = [{"role": "user", "content": f"billing or technical? {row['text']}"}]
        reply = await client.chat.completions.create(model=model, messages=messages)
        return reply.choices[0].message.content

    print(asyncio.run(evaluate("gpt-4o-mini", gold, ask=ask)))
"""

from course.evaluate.estimate import Estimate
from course.evaluate.evaluation import Evaluation
from course.evaluate.intervals import paired_interval, wilson
from course.evaluate.judges import Agreement, agreement
from course.evaluate.paired import Comparison, compare
from course.evaluate.purse import BudgetMet
from course.evaluate.repeats import Wobble, wobble
from course.evaluate.running import evaluate
from course.evaluate.shares import share
from course.evaluate.sizes import items_for_half_width, power, sample_size

__all__ = [
    "Agreement",
    "BudgetMet",
    "Comparison",
    "Estimate",
    "Evaluation",
    "Wobble",
    "agreement",
    "compare",
    "evaluate",
    "items_for_half_width",
    "paired_interval",
    "power",
    "sample_size",
    "share",
    "wilson",
    "wobble",
]
