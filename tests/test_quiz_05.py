"""Quiz 05: functions as learners write them, right and wrong, and the keys of its numbers."""

import pytest
from learners import item_of, told

QUIZ = "05_sort_and_extract"

START = """
import json
from typing import Literal

from pydantic import BaseModel

from course import connect, fact

MINI = fact("course.small_model")
client = connect()
DESKS = ["billing", "technical", "general"]


class Sorting(BaseModel):
    label: Literal["billing", "technical", "general"]


def reply_to(text, **more):
    rules = {"role": "system", "content": "Sort e-mails: billing, technical or general."}
    messages = [rules, {"role": "user", "content": text}]
    return client.chat.completions.create(
        model=MINI, messages=messages, max_completion_tokens=100, **more
    )


def content(text, **more):
    return reply_to(text, **more).choices[0].message.content


SCHEMA = Sorting.model_json_schema() | {"additionalProperties": False}
FORM = {"name": "sorting", "strict": True, "schema": SCHEMA}
FORM = {"response_format": {"type": "json_schema", "json_schema": FORM}}
"""

CLASSIFY_RIGHT = {
    "a schema by hand": """
def classify(email):
    return json.loads(content(email, **FORM))["label"]
""",
    "a class": """
def classify(email):
    reply = client.chat.completions.parse(
        model=MINI,
        messages=[{"role": "user", "content": "Sort this e-mail to a shop.\\n\\n" + email}],
        response_format=Sorting,
    )
    return reply.choices[0].message.parsed.label
""",
    "free text that is tidied": """
def classify(email):
    answer = content("Which desk? Give one word.\\n\\n" + email, temperature=0)
    for desk in DESKS:
        if desk in answer.lower():
            return desk
    return "general"
""",
}
CLASSIFY_WRONG = {
    "json": ("return content(email, **FORM)", "no JSON around it"),
    "whole object": ("return json.loads(content(email, **FORM))", "The text of the label alone"),
    "no call": (
        'return "billing" if "invoice" in email else "technical" if "error" in email '
        'or "version" in email else "general"',
        "0 calls used; at least 4 must be",
    ),
    "two calls": (
        "content(email, **FORM); return json.loads(content(email, **FORM))['label']",
        "8 calls used; at most 4 may be",
    ),
    "a call a desk": (
        "return next((desk for desk in DESKS if content(f'Is it {desk}?\\n\\n' + email) == desk), "
        "'general')",
        "calls used; at most 4 may be",
    ),
    "e-mail not sent": (
        "return json.loads(content('Sort this e-mail.', **FORM))['label']",
        "The e-mail itself has to be in the request",
    ),
    "a letter only": ("return content(email)[0]", "returned: 't'"),
    "with all that was asked before": (
        "return json.loads(reply_to(('Here are the rules of the shop, in full. ' * 80) + "
        "'\\n\\n' + email, **FORM).choices[0].message.content)['label']",
        "tokens used; at most 1600 may be",
    ),
    "nothing": ("content(email, **FORM)", "returned: None"),
}


@pytest.mark.parametrize("code", CLASSIFY_RIGHT.values(), ids=CLASSIFY_RIGHT)
def test_a_right_classify_earns_all(code):
    heard = told(QUIZ, "05-sort-03", START + code)
    assert heard.share == 1, heard.said


@pytest.mark.parametrize(("body", "words"), CLASSIFY_WRONG.values(), ids=CLASSIFY_WRONG)
def test_a_wrong_classify_hears_why(body, words):
    heard = told(QUIZ, "05-sort-03", f"{START}\ndef classify(email):\n    {body}\n")
    assert heard.share < 1
    assert words in heard.said


READ = "import json\nDESKS = ['billing', 'technical', 'general']\n\ndef read_answer(answer):\n"
READ_RIGHT = {
    "in order": """
    if answer["finish_reason"] == "length":
        return "cut"
    if answer["refusal"] != "":
        return "refused"
    try:
        found = json.loads(answer["content"])
    except json.JSONDecodeError:
        return "no JSON"
    if "label" in found and found["label"] in DESKS:
        return found["label"]
    return "unknown"
""",
    "refusal first": """
    if answer["refusal"]:
        return "refused"
    if answer["finish_reason"] != "stop":
        return "cut"
    try:
        label = json.loads(answer["content"]).get("label", "unknown")
    except ValueError:
        return "no JSON"
    return label if label in DESKS else "unknown"
""",
    "one try around all": """
    try:
        if answer["refusal"]:
            return "refused"
        label = json.loads(answer["content"])["label"]
        return DESKS[DESKS.index(label)]
    except json.JSONDecodeError:
        return "cut" if answer["finish_reason"] == "length" else "no JSON"
    except (KeyError, ValueError):
        return "unknown"
""",
}
READ_WRONG = {
    "reads first": (
        """
    label = json.loads(answer["content"])["label"]
    return label if label in DESKS else "unknown"
""",
        "look at it before you read the content",
    ),
    "no look at the refusal": (
        """
    if answer["finish_reason"] == "length":
        return "cut"
    try:
        label = json.loads(answer["content"]).get("label")
    except ValueError:
        return "no JSON"
    return label if label in DESKS else "unknown"
""",
        "Test refusal before json.loads",
    ),
    "any label will do": (
        """
    if answer["finish_reason"] == "length":
        return "cut"
    if answer["refusal"]:
        return "refused"
    try:
        return json.loads(answer["content"]).get("label", "unknown")
    except ValueError:
        return "no JSON"
""",
        "none of the three desks",
    ),
    "key by brackets": (
        """
    if answer["finish_reason"] == "length":
        return "cut"
    if answer["refusal"]:
        return "refused"
    try:
        label = json.loads(answer["content"])["label"]
    except json.JSONDecodeError:
        return "no JSON"
    return label if label in DESKS else "unknown"
""",
        '.get("label") gives None there',
    ),
    "not caught": (
        """
    if answer["finish_reason"] == "length":
        return "cut"
    if answer["refusal"]:
        return "refused"
    label = json.loads(answer["content"]).get("label")
    return label if label in DESKS else "unknown"
""",
        "Catch it with try and except",
    ),
    "searches the text": (
        """
    if answer["finish_reason"] == "length":
        return "cut"
    if answer["refusal"]:
        return "refused"
    if not answer["content"].startswith("{"):
        return "no JSON"
    for desk in DESKS:
        if desk in answer["content"]:
            return desk
    return "unknown"
""",
        "Look at the value of label, and not at the whole text",
    ),
    "compares the text": (
        """
    if answer["finish_reason"] == "length":
        return "cut"
    if answer["refusal"]:
        return "refused"
    if not answer["content"].startswith("{"):
        return "no JSON"
    for desk in DESKS:
        if answer["content"] == '{"label": "' + desk + '"}':
            return desk
    return "unknown"
""",
        "json.loads does not mind",
    ),
    "cut by its looks": (
        """
    if answer["refusal"]:
        return "refused"
    if answer["content"].startswith("{") and not answer["content"].endswith("}"):
        return "cut"
    try:
        label = json.loads(answer["content"]).get("label")
    except ValueError:
        return "no JSON"
    return label if label in DESKS else "unknown"
""",
        "The cap may be used up before the first sign is written",
    ),
}


@pytest.mark.parametrize("code", READ_RIGHT.values(), ids=READ_RIGHT)
def test_a_right_read_answer_earns_all(code):
    heard = told(QUIZ, "05-sort-04", READ + code)
    assert heard.share == 1, heard.said


@pytest.mark.parametrize(("code", "words"), READ_WRONG.values(), ids=READ_WRONG)
def test_a_wrong_read_answer_hears_why(code, words):
    heard = told(QUIZ, "05-sort-04", READ + code)
    assert heard.share < 1
    assert words in heard.said


RECALL = "def recall_by_class(pairs):\n"
RECALL_RIGHT = {
    "two counts": """
    there, found = {}, {}
    for label, answer in pairs:
        there[label] = there.get(label, 0) + 1
        found[label] = found.get(label, 0) + (label == answer)
    return {label: found[label] / there[label] for label in there}
""",
    "a list for each label": """
    result = {}
    for label in {pair[0] for pair in pairs}:
        answers = [answer for true, answer in pairs if true == label]
        result[label] = answers.count(label) / len(answers)
    return result
""",
    "pandas": """
    import pandas as pd
    table = pd.DataFrame(pairs, columns=["label", "answer"])
    right = table["label"] == table["answer"]
    return right.groupby(table["label"]).mean().to_dict()
""",
}
RECALL_WRONG = {
    "precision": (
        """
    answers = [answer for _, answer in pairs]
    return {one: sum(p == [one, one] for p in pairs) / answers.count(one) for one in set(answers)}
""",
        "Divide by the e-mails that have the label",
    ),
    "of all e-mails": (
        """
    labels = [label for label, _ in pairs]
    return {one: sum(p == [one, one] for p in pairs) / len(pairs) for one in labels}
""",
        "Divide by the e-mails that have the label",
    ),
    "one accuracy for all": (
        """
    share = sum(label == answer for label, answer in pairs) / len(pairs)
    return {label: share for label, _ in pairs}
""",
        "Divide by the e-mails that have the label",
    ),
    "percent": (
        """
    labels = [label for label, _ in pairs]
    return {one: 100 * sum(p == [one, one] for p in pairs) / labels.count(one) for one in labels}
""",
        "returned: {'billing': 50.0",
    ),
    "only labels that were found": (
        """
    labels = [label for label, _ in pairs]
    right = [label for label, answer in pairs if label == answer]
    return {one: right.count(one) / labels.count(one) for one in right}
""",
        "one that no e-mail reached has recall 0",
    ),
    "refused ones left out": (
        """
    desks = ["billing", "technical", "general"]
    pairs = [pair for pair in pairs if pair[1] in desks]
    labels = [label for label, _ in pairs]
    return {one: sum(p == [one, one] for p in pairs) / labels.count(one) for one in labels}
""",
        "A refused e-mail counts among those of its label",
    ),
    "answers as labels": (
        """
    labels = [label for label, _ in pairs]
    names = {name for pair in pairs for name in pair}
    return {
        one: sum(p == [one, one] for p in pairs) / max(1, labels.count(one)) for one in names
    }
""",
        "the dictionary has labels alone",
    ),
    "whole numbers": (
        """
    labels = [label for label, _ in pairs]
    return {one: sum(p == [one, one] for p in pairs) // labels.count(one) for one in labels}
""",
        "Divide by the e-mails that have the label",
    ),
}


@pytest.mark.parametrize("code", RECALL_RIGHT.values(), ids=RECALL_RIGHT)
def test_a_right_recall_earns_all(code):
    heard = told(QUIZ, "05-sort-08", RECALL + code)
    assert heard.share == 1, heard.said


@pytest.mark.parametrize(("code", "words"), RECALL_WRONG.values(), ids=RECALL_WRONG)
def test_a_wrong_recall_hears_why(code, words):
    heard = told(QUIZ, "05-sort-08", RECALL + code)
    assert heard.share < 1
    assert words in heard.said


COST = """
def one_usd(call, p):
    new = call["prompt_tokens"] - call["cached_tokens"]
    sent = new * p["in"] + call["cached_tokens"] * p["cached"]
    return (sent + call["completion_tokens"] * p["out"]) / 1_000_000

def cost_per_thousand(calls, prices):
"""
COST_RIGHT = {
    "mean of calls": """
    return 1000 * sum(one_usd(call, prices) for call in calls) / len(calls)
""",
    "a loop": """
    total = 0
    for call in calls:
        total = total + one_usd(call, prices)
    return total / len(calls) * 1000
""",
    "decimals": """
    from decimal import Decimal
    exact = {name: Decimal(str(price)) for name, price in prices.items()}
    sums = {name: sum(call[name] for call in calls) for name in calls[0]}
    new = sums["prompt_tokens"] - sums["cached_tokens"]
    sent = new * exact["in"] + sums["cached_tokens"] * exact["cached"]
    return (sent + sums["completion_tokens"] * exact["out"]) / len(calls) / 1000
""",
}
COST_WRONG = {
    "a factor of a million": (
        "return 1_000_000 * 1000 * sum(one_usd(c, prices) for c in calls) / len(calls)",
        "480 millionths of a dollar for one e-mail",
    ),
    "a factor of a thousand": (
        "return sum(one_usd(c, prices) for c in calls) / len(calls)",
        "so 0.48 dollars for 1,000",
    ),
    "not divided by the calls": (
        "return 1000 * sum(one_usd(c, prices) for c in calls)",
        "Divide by the number of calls",
    ),
    "the first call only": (
        "return 1000 * one_usd(calls[0], prices)",
        "Two calls cost 1,440 millionths together",
    ),
    "input and output swapped": (
        "swapped = prices | {'in': prices['out'], 'out': prices['in']}\n"
        "    return 1000 * sum(one_usd(c, swapped) for c in calls) / len(calls)",
        "200 x 2 + 10 x 8",
    ),
    "cached counted twice": (
        "extra = sum(c['cached_tokens'] * prices['in'] for c in calls) / 1_000_000\n"
        "    return 1000 * (sum(one_usd(c, prices) for c in calls) + extra) / len(calls)",
        "The cached tokens are a part of the prompt",
    ),
    "cached for nothing": (
        "free = prices | {'cached': 0}\n"
        "    return 1000 * sum(one_usd(c, free) for c in calls) / len(calls)",
        "1,000 at the price cached",
    ),
    "prices of its own": (
        "own = {'in': 2, 'cached': 1, 'out': 8}\n"
        "    return 1000 * sum(one_usd(c, own) for c in calls) / len(calls)",
        "The prices come in as an argument",
    ),
}


@pytest.mark.parametrize("code", COST_RIGHT.values(), ids=COST_RIGHT)
def test_a_right_cost_earns_all(code):
    heard = told(QUIZ, "05-sort-10", COST + code)
    assert heard.share == 1, heard.said


@pytest.mark.parametrize(("body", "words"), COST_WRONG.values(), ids=COST_WRONG)
def test_a_wrong_cost_hears_why(body, words):
    heard = told(QUIZ, "05-sort-10", f"{COST}    {body}\n")
    assert heard.share < 1
    assert words in heard.said


def test_the_cached_thousand_is_worked_out_by_hand():
    # 80 new x 0.15 = 12; 1,280 cached x 0.075 = 96; 6 x 0.60 = 3.6: 111.6 millionths a call
    assert float(item_of(QUIZ, "05-sort-12").key) == pytest.approx(0.1116)


def test_recall_is_the_found_part_of_the_row():
    for own in item_of(QUIZ, "05-sort-07").drawn:
        numbers = [int(word) for word in own.stem.replace(".", " ").split() if word.isdigit()]
        found, technical, general, _strange = numbers
        assert float(own.key) == pytest.approx(100 * found / (found + technical + general))
