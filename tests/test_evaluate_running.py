"""`evaluate` against the course's endpoint and with functions of a test's own."""

import asyncio
import json
import subprocess
import sys
import threading
import time
from decimal import Decimal

import pandas as pd
import pytest

from course import connect, meter
from course.errors import CourseError
from course.evaluate import BudgetMet, compare, evaluate, wilson
from course.throughput import run

GOLD = pd.DataFrame(
    {
        "item": ["a", "b", "c", "d"],
        "text": ["pay", "broken", "hours", "refund"],
        "label": ["billing", "technical", "general", "billing"],
    }
)
WORDS = {"pay": "billing", "broken": "technical", "hours": "billing", "refund": "billing"}


def evaluated(ask, gold=GOLD, model="rules", **options):
    return asyncio.run(evaluate(model, gold, ask=ask, **options))


def by_words(model, row):
    return WORDS[row["text"]]


async def by_words_later(model, row):
    await asyncio.sleep(0)
    return WORDS[row["text"]]


@pytest.mark.parametrize("ask", [by_words, by_words_later, lambda *given: by_words_later(*given)])
def test_a_function_of_any_kind_is_asked(ask):
    found = evaluated(ask)
    assert found.accuracy == wilson(3, 4)
    assert found.rows["answer"].tolist() == ["billing", "technical", "billing", "billing"]
    assert found.rows["item"].tolist() == list("abcd")
    assert found.rows.columns.tolist() == [
        *["item", "model", "answer", "label", "correct", "cost_usd", "latency_s", "repeat"],
        *["source", "error"],
    ]


def test_no_prompt_can_give_the_label_away():
    seen = []
    evaluated(lambda model, row: seen.append(row), repeats=2)
    assert seen[0] == {"item": "a", "text": "pay", "repeat": 0}
    assert [row["repeat"] for row in seen] == [0, 0, 0, 0, 1, 1, 1, 1]


def test_none_is_a_missing_answer_and_counts_as_wrong():
    found = evaluated(lambda model, row: None if row["item"] == "a" else WORDS[row["text"]])
    assert found.no_answer == wilson(1, 4)
    assert found.accuracy == wilson(2, 4)
    assert found.rows["error"].eq("").all()


def test_an_answer_may_come_with_its_confidence_and_cost():
    def ask(model, row):
        return {"answer": WORDS[row["text"]], "confidence": 0.9, "cost_usd": 0.25}

    found = evaluated(ask)
    assert found.rows["confidence"].tolist() == [0.9] * 4
    assert found.rows["cost_usd"].tolist() == [Decimal("0.25")] * 4
    assert found.cost_per_correct.value == pytest.approx(1 / 3)


def test_right_is_what_the_learner_says():
    found = evaluated(lambda model, row: row["text"].upper(), correct=lambda answer, label: True)
    assert found.accuracy.value == 1


def test_documents_go_into_the_rows():
    found = evaluated(by_words, GOLD.assign(cluster=[1, 1, 2, 2]), repeats=2)
    assert found.rows["cluster"].tolist() == [1, 1, 2, 2] * 2
    assert found.accuracy.clusters == 2


def test_a_second_run_asks_only_what_is_missing(tmp_path):
    asked = []

    def ask(model, row):
        asked.append(row["item"])
        if row["item"] in "cd" and len(asked) <= 4:
            raise TimeoutError("too slow")
        return WORDS[row["text"]]

    first = evaluated(ask, to=tmp_path / "answers.jsonl", concurrency=1)
    assert first.rows["error"].tolist() == ["", "", *["TimeoutError: too slow"] * 2]
    assert first.accuracy == wilson(2, 4)
    second = evaluated(ask, to=tmp_path / "answers.jsonl")
    assert asked[4:] == ["c", "d"]
    assert second.accuracy == wilson(3, 4)
    evaluated(ask, to=tmp_path / "answers.jsonl", repeats=2)
    assert asked[6:] == list("abcd")


def test_labels_can_be_mended_without_asking_again(tmp_path):
    evaluated(by_words, to=tmp_path / "answers.jsonl")
    mended = GOLD.assign(label=["billing", "technical", "billing", "billing"])
    found = evaluated(lambda model, row: 1 / 0, mended, to=tmp_path / "answers.jsonl")
    assert found.accuracy == wilson(4, 4)


def test_the_file_of_another_model_is_refused(tmp_path):
    evaluated(by_words, to=tmp_path / "answers.jsonl")
    with pytest.raises(CourseError, match=r"holds other answers and .* name another file with to="):
        evaluated(by_words, model="other", to=tmp_path / "answers.jsonl")


def test_the_model_whose_answers_a_file_holds_is_named_where_it_is_known(tmp_path):
    evaluated(by_words, model="gpt-4o-mini", to=tmp_path / "answers.jsonl")
    with pytest.raises(CourseError, match="holds answers of gpt-4o-mini and not of gpt-4o, or"):
        evaluated(by_words, model="gpt-4o", to=tmp_path / "answers.jsonl")
    with pytest.raises(CourseError, match="holds other answers"):
        evaluated(by_words, GOLD.assign(text="new"), model="gpt-4o", to=tmp_path / "answers.jsonl")


def test_an_item_twice_in_the_gold_set_is_told_what_repeats_are_for():
    with pytest.raises(CourseError, match="or ask each several times with repeats=2"):
        evaluated(by_words, pd.concat([GOLD, GOLD]))


def test_a_gold_set_that_the_simulator_does_not_know_is_told_so_and_can_be_given_to_it(tmp_path):
    texts = [f"The wheel of bicycle number {number} is bent." for number in range(30)]
    gold = pd.DataFrame({"item": range(30), "text": texts, "label": "repair"})
    lines = [
        {
            "id": str(n),
            "kind": "classification",
            "text": text,
            "answer": "repair",
            "wrong": ["sale"],
        }
        for n, text in enumerate(texts)
    ]
    tasks = tmp_path / "gold.jsonl"
    tasks.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")

    def found(**simulate):
        client = connect(asynchronous=True, simulate={"speed": 0, **simulate})

        async def ask(model, row):
            messages = [{"role": "user", "content": f"repair or sale? {row['text']}"}]
            reply = await client.chat.completions.create(model=model, messages=messages)
            return reply.choices[0].message.content.lower()

        return evaluated(ask, gold, model="gpt-4o-mini")

    assert "30 answers are the simulator's own sentence" in repr(found())
    known = found(tasks=tasks)
    assert known.accuracy.value > 0.5 and known.notes == ()


def test_an_ask_that_always_fails_is_told_at_once():
    with pytest.raises(CourseError, match=r"All 4 calls of ask failed, .* without its label"):
        evaluated(lambda model, row: row["label"])


def test_odd_things_returned_are_refused():
    with pytest.raises(CourseError, match="ask returned cost, why beside the answer"):
        evaluated(lambda model, row: {"answer": 1, "why": 2, "cost": 3})
    with pytest.raises(CourseError, match="a cost_usd of 'much'"):
        evaluated(lambda model, row: {"answer": 1, "cost_usd": "much"})


@pytest.mark.parametrize(
    ("gold", "told"),
    [
        (GOLD.iloc[:0], "The gold set has no items"),
        (GOLD.drop(columns="label"), "The gold set has no column label; it has item, text"),
        (GOLD.assign(item="a"), "has an item more than once \\(a\\)"),
        (GOLD.assign(label=["x", None, "y", ""]), "label of the gold set is empty in 2 of 4 rows"),
        (GOLD.assign(cluster=[1, None, 1, 1]), "cluster of the gold set is empty in 1"),
        (list(GOLD), "is a DataFrame"),
    ],
)
def test_gold_sets_that_cannot_be_used_are_refused(gold, told):
    with pytest.raises(CourseError, match=told):
        evaluated(by_words, gold)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"repeats": 0}, "repeats is at least 1"),
        ({"repeats": 1.5}, "repeats is a whole number"),
        ({"concurrency": 0}, "concurrency is 0"),
        ({"confidence": 95}, "such as 0.95"),
        ({"budget_usd": "much"}, "write an amount of US dollars"),
        ({"ask": "by_words"}, "ask is a function of model and row; got str"),
    ],
)
def test_options_that_cannot_be_are_refused(options, told):
    ask = options.pop("ask", by_words)
    with pytest.raises(CourseError, match=told):
        evaluated(ask, **options)


LARGE = pd.DataFrame({"item": range(40), "text": "pay", "label": "billing"})


def test_the_budget_stops_before_it_is_passed_and_goes_on_with_a_larger_one(tmp_path):
    asked = []

    async def ask(model, row):
        asked.append(row["item"])
        await asyncio.sleep(0.001)
        return {"answer": "billing", "cost_usd": Decimal("0.01")}

    def told_cost(budget):
        return evaluated(ask, LARGE, to=tmp_path / "answers.jsonl", budget_usd=budget)

    with pytest.raises(BudgetMet, match=r"\$0.10 is met, with \$0.10 spent: 10 of 40") as met:
        told_cost("0.10")
    assert len(asked) == 10
    assert met.value.rows["correct"].sum() == 10
    with pytest.raises(BudgetMet, match="10 of 40"):
        told_cost("0.10")  # what was spent before counts
    assert len(asked) == 10
    assert told_cost("0.40").accuracy.value == 1
    assert sorted(asked) == list(range(40))


def test_a_budget_without_a_file_hands_over_what_it_has():
    def ask(model, row):
        return {"answer": "billing", "cost_usd": 0.01}

    with pytest.raises(BudgetMet, match="in the rows of this error") as met:
        evaluated(ask, LARGE, budget_usd="0.055")
    assert met.value.rows["answer"].notna().sum() == 5


def test_failing_calls_cost_as_well_and_do_not_block_the_rest():
    async def ask(model, row):
        if row["item"] % 2:
            raise ValueError("no JSON")
        return {"answer": "billing", "cost_usd": 0.01}

    found = evaluated(ask, LARGE, budget_usd="1", concurrency=4)
    assert found.accuracy.value == 0.5
    assert found.no_answer.value == 0.5


SYSTEM = {"role": "system", "content": "Sort the e-mail: billing, technical or general?"}
MAILS = pd.DataFrame(
    {
        "item": ["one", "two", "three"],
        "text": [
            "Good morning, what are your opening hours during the autumn holidays?",
            "Please send me the invoice for order 5512. My club needs it for its accounts.",
            "Could you tell me whether the blue gym bag will be in stock again before spring?",
        ],
        "label": ["general", "billing", "general"],
    }
)


def request(model, row):
    messages = [SYSTEM, {"role": "user", "content": row["text"]}]
    return {"model": model, "messages": messages, "max_completion_tokens": 5}


def test_the_courses_endpoint_is_evaluated_with_its_costs():
    async def both():
        async with connect(asynchronous=True, simulate={}) as client:

            async def ask(model, row):
                if row["item"] == "three":
                    return "general"  # needs no call
                reply = await client.chat.completions.create(**request(model, row))
                return reply.choices[0].message.content.strip().lower()

            with meter() as metered:
                small = await evaluate("gpt-4o-mini", MAILS, ask=ask)
            large = await evaluate("gpt-4o", MAILS, ask=ask)
            return small, large, metered

    small, large, metered = asyncio.run(both())
    assert small.source == large.source == "simulated"
    assert sum(small.rows["cost_usd"]) == metered.cost_usd > 0
    assert small.rows["cost_usd"].iloc[2] == 0
    assert large.cost_per_item.value > small.cost_per_item.value
    assert (small.rows["latency_s"].iloc[:2] > 0).all()
    assert compare(small, large).n == 3


def test_a_plain_client_is_evaluated_with_its_costs():
    with connect(simulate={}) as client:

        def ask(model, row):
            assert threading.current_thread() is not threading.main_thread()
            reply = client.chat.completions.create(**request(model, row))
            return reply.choices[0].message.content

        with meter() as metered:
            found = evaluated(ask, MAILS, model="gpt-4o-mini", concurrency=3)
    assert sum(found.rows["cost_usd"]) == metered.cost_usd > 0


def test_a_cache_keeps_its_price_but_cannot_answer_a_repeat(tmp_path):
    with connect(simulate={}, cache=tmp_path) as client:

        def ask(model, row):
            reply = client.chat.completions.create(**request(model, row))
            return reply.choices[0].message.content

        first = evaluated(ask, MAILS, model="gpt-4o-mini")
        again = evaluated(ask, MAILS, model="gpt-4o-mini")
        assert again.rows["cost_usd"].tolist() == first.rows["cost_usd"].tolist()
        with pytest.raises(CourseError, match="answered from the client's cache"):
            evaluated(ask, MAILS, model="gpt-4o-mini", repeats=2)


SLOW = """
import asyncio, sys, pandas as pd
from course.evaluate import evaluate

gold = pd.DataFrame({"item": range(300), "label": "x"})

async def ask(model, row):
    await asyncio.sleep(0.02)
    return "x"

asyncio.run(evaluate("m", gold, ask=ask, to=sys.argv[1], concurrency=4))
"""


def test_killed_half_way_it_goes_on_where_it_was(tmp_path):
    path = tmp_path / "answers.jsonl"
    process = subprocess.Popen([sys.executable, "-c", SLOW, str(path)])
    try:
        end = time.monotonic() + 60
        while not path.exists() or path.read_bytes().count(b"\n") < 20:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()
    kept, asked = path.read_bytes().count(b"\n"), []

    def ask(model, row):
        asked.append(row["item"])
        return "x"

    gold = pd.DataFrame({"item": range(300), "label": "x"})
    found = evaluated(ask, gold, model="m", to=path)
    assert found.accuracy == wilson(300, 300)
    assert len(asked) == len(set(asked)) == 300 - kept


def test_what_is_kept_can_be_read_by_run(tmp_path):
    """The file is one of course.throughput.run: an answer a line."""
    evaluated(by_words, to=tmp_path / "answers.jsonl")
    inputs = [
        {"model": "rules", "row": {"item": item, "text": text, "repeat": 0}}
        for item, text in zip(GOLD["item"], GOLD["text"], strict=True)
    ]
    kept = asyncio.run(run(by_words_later, inputs, to=tmp_path / "answers.jsonl"))
    assert kept["answer"].iloc[0]["answer"] == "billing"
