"""The simulator and the mailbox: each e-mail is found, and answered as its reference says."""

import csv
import json
import re
from hashlib import sha256
from pathlib import Path
from statistics import mean

import pytest

from course.endpoint.simulation.abilities import Abilities
from course.endpoint.simulation.filling import values_for
from course.endpoint.simulation.given import answer, written
from course.endpoint.simulation.mailbox import ASKS_FIELDS, ASKS_SENTIMENT, REFERENCES, Mailbox
from course.endpoint.simulation.tasks import Tasks, read_tasks
from course.throughput.packs import pack

DATA = Path(__file__).parents[1] / "lessons" / "data"
LABELS = ["billing", "technical", "general"]
FIELDS = ("order", "sentiment", "product")
RULES = {"role": "system", "content": f"Sort the e-mails into {', '.join(LABELS)}."}
SCHEMA = {
    "type": "object",
    "properties": {
        "label": {"type": "string", "enum": LABELS},
        "order": {"type": "string"},
        "sentiment": {"type": "string", "enum": ["angry", "neutral", "pleased"]},
        "product": {"type": "string"},
    },
}


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


MAILS = rows_of(DATA / "mailbox.csv")
TASKS = read_tasks()


def user(text, *before):
    return [*before, {"role": "user", "content": text}]


def found(text, *before, **more):
    return [(one.number, one.item.id) for one in TASKS.find(user(text, *before), **more)]


def only(**wanted):
    """The first e-mail with these columns."""
    return next(row for row in MAILS if all(row[name] == told for name, told in wanted.items()))


def test_references_and_emails_agree():
    known = {row["item"]: row for row in rows_of(REFERENCES)}
    assert list(known) == [row["item"] for row in MAILS]
    for row in MAILS:
        told, folded = known[row["item"]], " ".join(row["text"].split())
        assert told["digest"] == sha256(folded.encode()).hexdigest()[:16]
        assert (told["start"], int(told["length"])) == (folded[:12], len(folded))
        for name in ("label", "hard", "language", *FIELDS):
            assert told[name] == row[name]
        wrong = told["wrong"].split()
        assert wrong
        assert {*wrong} <= {*LABELS} - {row["label"]}
        assert (told["injected"] != "") == (row["hard"] == "injection")


def test_every_email_is_three_valid_tasks():
    items = {item.id: item for item in Mailbox().items()}
    assert len(items) == 3 * len(MAILS)
    for row in MAILS:
        assert items[row["item"]].answer == row["label"]
        assert items[f"{row['item']}-fields"].answer == {name: row[name] for name in FIELDS}
        assert items[f"{row['item']}-sentiment"].answer == row["sentiment"]


def test_no_email_holds_a_word_that_tells_the_tasks_apart():
    words = [*ASKS_FIELDS.split("|"), ASKS_SENTIMENT]
    assert [
        row["item"] for row in MAILS if any(word in row["text"].casefold() for word in words)
    ] == []


@pytest.mark.parametrize(
    "shape",
    [
        "{}",
        "Sort this e-mail into billing, technical or general: {}",
        "Which class?\n\n{}\n\nAnswer with one word.",
        "<email>{}</email>",
        'E-mail: """{}"""\nClass:',
        "E-mail:\n```\n{}\n```",
    ],
)
def test_every_email_is_found_alone(shape):
    for row in MAILS:
        assert found(shape.format(row["text"])) == [(1, row["item"])]


@pytest.mark.parametrize("plain", [True, False], ids=["with other scripts", "escaped"])
def test_every_email_is_found_in_json(plain):
    for row in MAILS:
        told = json.dumps({"email": row["text"]}, ensure_ascii=not plain)
        assert found(f"Sort: {told}") == [(1, row["item"])]


SHAPES = {
    "lines": lambda texts: "\n".join(f"{n}. {text}" for n, text in enumerate(texts, 1)),
    "headings": lambda texts: "\n\n".join(f"### E-mail {n}\n{t}" for n, t in enumerate(texts, 1)),
    "tags": lambda texts: "\n".join(f'<e id="{n}">\n{t}\n</e>' for n, t in enumerate(texts, 1)),
    "rules": lambda texts: "\n---\n".join(texts),
    "list": lambda texts: json.dumps(texts),
    "objects": lambda texts: json.dumps([{"id": n, "text": t} for n, t in enumerate(texts, 1)]),
    "a Pack": lambda texts: pack(texts, len(texts))[0].body(),
}


@pytest.mark.parametrize("size", [20, 50])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_email_is_found_in_packs(shape, size):
    for start in range(0, len(MAILS), size):
        part = MAILS[start : start + size]
        told = SHAPES[shape]([row["text"] for row in part])
        assert found(told, RULES) == list(enumerate([row["item"] for row in part], 1))


def test_an_email_that_was_altered_is_not_found():
    text = only(origin="generated")["text"]
    assert found(text[:-5]) == []
    assert found(text.replace("Subject: ", "", 1)) == []
    assert found(text.replace("e", "3")) == []
    assert found("Subject: ") == []
    assert found("Subject: Nobody wrote this e-mail.\n\nNor this.") == []


def test_the_words_of_the_request_tell_what_is_asked_of_an_email():
    row = MAILS[0]
    item = row["item"]
    assert found(f"Extract the order number.\n\n{row['text']}") == [(1, f"{item}-fields")]
    assert found(f"Sentiment?\n\n{row['text']}") == [(1, f"{item}-sentiment")]
    assert found(row["text"]) == [(1, item)]
    # A schema is told to a model as well.
    fields = {"properties": {"order": {"type": "string"}}}
    assert found(row["text"], schema=fields) == [(1, f"{item}-fields")]
    assert found(row["text"], schema={"properties": {"label": {"enum": LABELS}}}) == [(1, item)]
    assert found(row["text"], schema=SCHEMA) == [(1, f"{item}-fields"), (1, item)]


def settled(right):
    """Abilities that get everything right, or everything wrong."""

    class Settled(Abilities):
        def margin(self, *_, **__):
            return 3.0 if right else -3.0

    return Settled()


def test_label_and_fields_of_one_email_are_one_answer():
    row = only(label="billing", language="en", hard="two-topics")
    both = TASKS.find(user(row["text"]), schema=SCHEMA)
    right = answer(both, "gpt-4o", abilities=settled(right=True))
    told = {name: row[name] for name in ("label", *FIELDS)}
    assert values_for(SCHEMA, right) == told
    assert json.loads(written(right)) == told
    assert json.loads(written(right, as_json=True)) == told
    # One e-mail is no pack: both are as likely as if it were asked about alone.
    alone = answer(TASKS.find(user(row["text"])), "gpt-4o", abilities=Abilities())
    assert answer(both, "gpt-4o", abilities=Abilities())[1] == alone[0]


def test_label_and_fields_of_many_emails_are_one_entry_each():
    part = MAILS[:3]
    texts = json.dumps([{"number": n, "text": row["text"]} for n, row in enumerate(part, 1)])
    whole = {"properties": {"emails": {"type": "array", "items": SCHEMA}}}
    givens = answer(TASKS.find(user(texts), schema=whole), "gpt-4o", abilities=settled(right=True))
    told = [{name: row[name] for name in ("label", *FIELDS)} for row in part]
    assert values_for(whole, givens) == {"emails": told}
    lines = [line.partition(". ") for line in written(givens).splitlines()]
    assert [(number, json.loads(line)) for number, _, line in lines] == [
        ("1", told[0]),
        ("2", told[1]),
        ("3", told[2]),
    ]


def test_an_empty_email_and_one_that_holds_json_are_found():
    empty = only(text="Subject: (no subject)")
    assert (empty["label"], empty["hard"]) == ("general", "empty")
    assert found(f"E-mail:\n{empty['text']}") == [(1, empty["item"])]
    lure = next(row for row in MAILS if '{"role"' in row["text"])
    assert found(f"Sort this: {lure['text']}") == [(1, lure["item"])]
    packed = f"1. {lure['text']}\n2. {MAILS[0]['text']}"
    assert found(packed) == [(1, lure["item"]), (2, MAILS[0]["item"])]


def test_what_follows_an_injection_is_the_answer_it_asks_for():
    row = only(hard="injection")
    (wrong,) = answer(TASKS.find(user(row["text"])), "gpt-4o", abilities=settled(right=False))
    assert wrong.value == wrong.item.injected != row["label"]


def test_the_references_are_read_only_when_an_email_may_be_there():
    mailbox = Mailbox()
    tasks = Tasks(list(read_tasks().items.values()), mailbox=mailbox)
    tasks.find(user("Hello! What is 2 + 2?"))
    tasks.find(user('Sort this: ["I was charged twice for the same pack of notebooks."]'))
    assert "_rows" not in vars(mailbox)
    tasks.find(user(MAILS[0]["text"]))
    assert "_rows" in vars(mailbox)


@pytest.fixture(scope="module")
def played():
    """By model: of each e-mail whether it is hard, whether the label is right, the confidence."""
    items = {item.id: item for item in Mailbox().items()}
    every = [TASKS.find(user(row["text"])) for row in MAILS]
    assert all(one[0].item == items[row["item"]] for one, row in zip(every, MAILS, strict=True))
    seen = {}
    for model in ("gpt-4o-mini", "gpt-4o", "gpt-6-luna"):
        given = [answer(one, model, abilities=Abilities())[0] for one in every]
        hard = [row["hard"] != "" for row in MAILS]
        seen[model] = [(h, g.right, g.confidence) for h, g in zip(hard, given, strict=True)]
    return seen


def test_the_data_cards_simulated_accuracies_are_the_simulators(played):
    card = (DATA / "README.md").read_text(encoding="utf-8")
    for model, seen in played.items():
        told = re.search(rf"(?m)^\| {model} \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", card)
        shares = [
            mean(right for _, right, _ in seen),
            mean(right for hard, right, _ in seen if not hard),
            mean(right for hard, right, _ in seen if hard),
        ]
        assert [f"{share:.3f}" for share in shares] == list(told.groups())


def test_the_shares_follow_from_the_published_figures(played):
    """MMLU 82.0 and 88.7 in logits, less the difficulty, give the chance of each answer."""
    odds = {"gpt-4o-mini": 0.820 / 0.180, "gpt-4o": 0.887 / 0.113}
    known = rows_of(REFERENCES)
    for model, odd in odds.items():
        lowered = [float(row["difficulty"]) + (row["injected"] != "") for row in known]
        chances = [odd / (odd + 2.718281828459045**by) for by in lowered]
        spread = sum(chance * (1 - chance) for chance in chances) ** 0.5 / len(chances)
        got = mean(right for _, right, _ in played[model])
        assert abs(got - mean(chances)) < 3 * spread


def test_two_models_differ_both_ways(played):
    pairs = list(zip(played["gpt-4o-mini"], played["gpt-4o"], strict=True))
    gained = sum(big and not small for (_, small, _), (_, big, _) in pairs)
    lost = sum(small and not big for (_, small, _), (_, big, _) in pairs)
    assert gained > lost > 10


def test_the_confidence_is_higher_where_the_answer_is_right(played):
    for seen in played.values():
        right = [sure for _, ok, sure in seen if ok]
        wrong = [sure for _, ok, sure in seen if not ok]
        assert all(0.5 < sure < 1 for sure in (*right, *wrong))
        higher = mean((r > w) + (r == w) / 2 for r in right for w in wrong)
        assert higher > 0.7
