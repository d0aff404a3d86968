"""`evaluate`: ask a model every item of a gold set, once or often, and keep what it says."""

import json
import math
import operator
import tempfile
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from course import facts
from course.budget import dollars
from course.errors import CourseError
from course.evaluate.asking import Asker
from course.evaluate.estimate import checked_confidence, checked_count
from course.evaluate.evaluation import Evaluation
from course.evaluate.purse import BudgetMet, Purse
from course.evaluate.tables import checked_gold, missing, plain
from course.throughput import run
from course.throughput.answers import digest

if TYPE_CHECKING:
    import os

    from course.throughput import Pacer


async def evaluate(
    model: str,
    gold: pd.DataFrame,
    *,
    ask: Callable,
    to: "str | os.PathLike | None" = None,
    concurrency: int = 8,
    repeats: int = 1,
    budget_usd: "str | Decimal | int | float | None" = None,
    pacer: "Pacer | None" = None,
    correct: Callable[[object, object], bool] | None = None,
    classes: Sequence = (),
    confidence: float = 0.95,
    progress: bool | None = None,
) -> Evaluation:
    """Ask `model` every item of `gold`, and say how good the answers are.

    `gold` has the columns item and label, what `ask` reads, and perhaps cluster (the document an
    item is from). `ask(model, row)`, an async or a plain function, gets a row as a dict, without
    its label, and with `repeat`, 0 up to `repeats` − 1. It returns the answer, or a dict with
    "answer" and "confidence"; None is a missing answer (a refusal, say). An answer is right when
    it equals the label, or when `correct(answer, label)` says so.

    Answers are kept in the file `to` as they come, and a further run with the same `to` asks only
    what is missing or failed; labels may be mended in between. Costs and times are those of the
    calls that `ask` makes with a client of `connect`. When a further call could pass `budget_usd`
    no more is sent, and BudgetMet says so; it holds the rows there are. It takes the dearest call
    so far for the next; `connect(budget_usd=…)` holds back each call's worst case instead.

    With `repeats`, a client without a cache is needed, and a temperature above 0 to see a model
    waver. An empty gold set, an item twice or a missing label are a CourseError.

    A whole example (in a notebook: await instead of asyncio.run):

        client = connect(asynchronous=True)

        async def ask(model, row):
            messages = [{"role": "user", "content": f"billing or technical? {row['text']}"}]
            reply = await client.chat.completions.create(model=model, messages=messages)
            return reply.choices[0].message.content

        gold = pd.read_csv("gold.csv")  # the columns item, text, label
        print(asyncio.run(evaluate("gpt-4o-mini", gold, ask=ask)))
    """
    gold = checked_gold(gold)
    confidence = checked_confidence(confidence)
    repeats = checked_count(repeats, "repeats")
    if not repeats:
        raise CourseError("repeats is at least 1; got 0.")
    inputs = _inputs(model, gold, repeats)
    with tempfile.TemporaryDirectory() as folder:
        work = {"inputs": inputs, "to": Path(to or Path(folder, "answers.jsonl"))}
        work |= {"concurrency": concurrency, "pacer": pacer, "progress": progress}
        try:
            before = await _kept(**work)
        except CourseError as error:
            raise _of_others(error, model, inputs, to) from None
        with Asker(ask, Purse(budget_usd, spent=_spent(before)), threads=concurrency) as asker:
            try:
                kept = await run(asker, **work)
            except BudgetMet:
                kept = await _kept(**work)
    rows = _rows(gold, kept, asker.failed, correct or operator.eq)
    if asker.purse.met:
        raise BudgetMet(_refusal(asker.purse, kept, to), rows)
    if rows["error"].ne("").all():
        first = rows["error"].iloc[0]
        hint = " (ask gets the row without its label)" if first == "KeyError: 'label'" else ""
        raise CourseError(
            f"All {len(rows):,} calls of ask failed, the first with {first}{hint}; mend that and "
            "evaluate again."
        )
    return Evaluation(rows, classes=classes, confidence=confidence)


def _inputs(model: str, gold: pd.DataFrame, repeats: int) -> list[dict]:
    """What is asked, in order of repeats and then of items: all of a row but its label."""
    rows = gold.drop(columns=["label", "repeat"], errors="ignore").to_dict("records")
    rows = [{str(name): plain(value) for name, value in row.items()} for row in rows]
    return [{"model": model, "row": row | {"repeat": k}} for k in range(repeats) for row in rows]


async def _kept(**work) -> pd.DataFrame:
    """The table of `run` as it stands, without another call."""
    return await run(_no_call, **work | {"deadline_s": 1e-9, "progress": False})


async def _no_call(_) -> None:
    raise AssertionError("nothing is asked after the deadline")


def _of_others(
    error: CourseError, model: str, inputs: Sequence[Mapping], to: "str | os.PathLike | None"
) -> CourseError:
    """The error of a file that holds answers to other inputs, said in words of an evaluation."""
    if to is None or "is not the one that" not in str(error):
        return error
    whose = f"answers of {other}" if (other := _model_in(to, inputs)) else "other answers"
    return CourseError(
        f"{to} holds {whose} and not of {model}, or other items than these; give each model and "
        'gold set a file of its own: name another file with to="…".'
    )


def _model_in(to: "str | os.PathLike", inputs: Sequence[Mapping]) -> str:
    """Which of the known models the file's answers are of, where the items are these."""
    with Path(to).open("rb") as lines:
        first = json.loads(next(lines))
    for one in inputs[first["position"] :][:1]:
        for name in facts.models():
            if digest({**one, "model": name}, 0) == first["input"]:
                return name
    return ""


def _spent(kept: pd.DataFrame) -> Decimal:
    costs = [answer["cost_usd"] for answer in kept["answer"] if answer]
    return sum((Decimal(cost) for cost in costs if cost is not None), Decimal(0))


def _rows(
    gold: pd.DataFrame, kept: pd.DataFrame, failed: Mapping, correct: Callable
) -> pd.DataFrame:
    """The table of an Evaluation: a row for each input, in its order."""
    labels = dict(zip(map(plain, gold["item"]), map(plain, gold["label"]), strict=True))
    rows = [_row(one, failed, labels, correct) for one in kept.to_dict("records")]
    called = [row for row in rows if row.pop("calls")]
    sources = {row["source"] for row in called}
    for row in rows:  # an answer that needed no call belongs to those that did, and is free
        if called and row["source"] is None:
            row["source"] = min(sources)
            row["cost_usd"] = Decimal(0) if not row["error"] else row["cost_usd"]
    table = pd.DataFrame(rows)
    if not table["confidence"].notna().any():
        table = table.drop(columns="confidence")
    if "cluster" in gold:
        table["cluster"] = [*gold["cluster"]] * (len(table) // len(gold))
    return table


def _row(one: Mapping, failed: Mapping, labels: Mapping, correct: Callable) -> dict:
    model, row = one["input"]["model"], one["input"]["row"]
    item, repeat = row["item"], row["repeat"]
    told = one["answer"] or failed.get((item, repeat), {})
    answer, cost = told.get("answer"), told.get("cost_usd")
    right = not missing(answer) and bool(correct(answer, labels[item]))
    return {
        "item": item,
        "model": model,
        "answer": answer,
        "label": labels[item],
        "correct": right,
        "cost_usd": None if cost is None else Decimal(cost),
        "latency_s": told.get("latency_s", math.nan),
        "confidence": told.get("confidence"),
        "repeat": repeat,
        "source": told.get("source"),
        "error": one["error"],
        "calls": told.get("calls", 0),
    }


def _refusal(purse: Purse, kept: pd.DataFrame, to: "str | os.PathLike | None") -> str:
    answers = f"{kept['answer'].notna().sum():,} of {len(kept):,} answers"
    where = (
        f"are in {to}, and a larger budget_usd goes on from there"
        if to
        else "are in the rows of this error; with to=… a later run could go on"
    )
    return (
        f"The budget of {dollars(purse.limit_usd)} is met, with {dollars(purse.spent_usd)} spent: "
        f"{answers} {where}."
    )
