"""items.json of every type: what must be there, and nothing that gives a key away."""

import json
import re
from decimal import Decimal

import pytest
import sample_types as sample
from hypothesis import given, settings
from hypothesis import strategies as st

from course.quiz.release import student_items

EXAM = sample.WHOLE.replace(
    'objectives = ["sample"]', 'objectives = ["sample"]\npolicy = "after_release"'
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("bank")


@pytest.fixture(scope="module")
def items(folder):
    content = json.loads(json.dumps(student_items(sample.load(folder))))
    return {item["id"]: item for item in content["items"]}


def test_each_type_has_what_is_needed_to_ask_it(items):
    assert [prompt["id"] for prompt in items[sample.MATCH]["prompts"]] == ["p1", "p2"]
    gaps = items[sample.CLOZE]["gaps"]
    assert [(gap["id"], gap["type"]) for gap in gaps] == [
        ("cost", "numeric"), ("verb", "single"), ("state", "text"),
    ]  # fmt: skip
    assert gaps[0]["units"] == ["USD", "cent"]
    assert [option["text"] for option in gaps[1]["options"]] == ["GET", "POST"]
    assert items[sample.TEXT]["options"] == []
    assert items[sample.ESSAY]["by_hand"] is True and "by_hand" not in items[sample.TEXT]
    assert all(len(item["digest"]) == 16 for item in items.values())


def test_a_program_shows_its_visible_cases_and_counts_the_others(items):
    code = items[sample.CODE]
    assert code["cases"] == [{"arguments": [1000000], "named": {"price": 0.15}, "expected": 0.15}]
    assert (code["function"], code["hidden"]) == ("cost", 3)
    measured = items[sample.MEASURED]
    assert measured["bounds"] == {"calls": {"most": 3, "least": 3}, "cost_usd": {"most": 0.001}}
    assert measured["hidden"] == 1


def test_an_item_with_parameters_stands_there_as_its_variants(items):
    drawn = items[sample.DRAWN]
    assert set(drawn) == {"id", "type", "points", "section", "digest", "variants"}
    assert [variant["variant"] for variant in drawn["variants"]] == list(range(10))
    assert all("sealed" in variant and "stem" in variant for variant in drawn["variants"])


def test_only_what_boxes_can_know_is_sealed(items):
    sealed = {name for name, item in items.items() if "sealed" in item}
    assert sealed == {sample.ORDER, sample.MATCH, sample.CLOZE, sample.TEXT}


def test_a_policy_stands_there_as_far_as_it_asks_for_something(folder):
    head = (
        "policy = { attempts = 2, shuffle = true, confidence = true, "
        "closes = 2026-12-01T00:00:00+01:00 }\n"
    )
    text = sample.WHOLE.replace("objectives =", head + "objectives =", 1).replace(
        'id = "91-types-04"', 'id = "91-types-04"\npolicy = { attempts = 1 }'
    )
    content = student_items(sample.load(folder, text))
    whole = {"feedback": "instant", "attempts": 2, "shuffle": True, "confidence": True}
    assert content["policy"].items() >= whole.items()
    assert content["policy"]["closes"] == "2026-12-01T00:00:00+01:00"
    own = {item["id"]: item.get("policy") for item in content["items"]}
    assert own[sample.TEXT] == content["policy"] | {"attempts": 1}
    assert own[sample.ORDER] is None


SECRETS = [
    "Follow the request", "It can't before", "The first digit", "The key was refused",
    "Waiting mends", "Multiply", "a million.", "GET has no body", "holds the messages", "stateless",
    "What does it remember", "temperature", "top_p", "temp(", "seed", "from 0 to 2", "No tokens",
    "4711", "0.0028266", "0.00137", "zebra", "per thousand", "price / 1000",
]  # fmt: skip


@pytest.mark.parametrize("text", [sample.WHOLE, EXAM], ids=["practice", "exam"])
def test_no_key_feedback_accepted_text_or_hidden_case_stands_in_the_file(folder, text):
    content = json.dumps(student_items(sample.load(folder, text)), ensure_ascii=False)
    assert not [secret for secret in SECRETS if secret in content]
    names = set(re.findall(r'"(\w+)":', content))
    assert not names & {"key", "tolerance", "accept", "pattern", "feedback_", "misconception"}


def test_in_an_exam_there_are_no_boxes(folder):
    content = json.dumps(student_items(sample.load(folder, EXAM)))
    assert "sealed" not in content and "boxes" not in content


@settings(max_examples=25, deadline=None)
@given(
    order=st.permutations("ABCD"),
    pairs=st.tuples(st.sampled_from("ABC"), st.sampled_from("ABC")),
    verb=st.sampled_from("AB"),
    cost=st.integers(1, 10**6),
    words=st.lists(st.text("äöüßλω", min_size=3, max_size=9), min_size=1, max_size=4),
    hidden=st.integers(10**6, 10**9),
    size=st.integers(1, 400),
)
def test_an_exam_is_byte_for_byte_the_same_for_any_secrets(
    folder, order, pairs, verb, cost, words, hidden, size
):
    text = EXAM.replace('["D", "B", "A", "C"]', json.dumps(order))
    text = text.replace('p1 = "B", p2 = "A"', f'p1 = "{pairs[0]}", p2 = "{pairs[1]}"')
    text = text.replace('key = "B"', f'key = "{verb}"').replace(
        "200 * 0.15 / 1000000", f"{cost} / 1000000"
    )
    text = text.replace('options = [{ id = "right", text = "0.00003", feedback = '
                        '"200 tokens at 0.15 a million." }]', "")  # fmt: skip
    text = text.replace('accept = ["stateless"]', f"accept = {json.dumps(words)}")
    text = text.replace("0.0028266", str(hidden)).replace("4711", str(hidden))
    text = text.replace("relative = 0.01", f"relative = {Decimal(size) / 1000}")
    assert student_items(sample.load(folder, text)) == student_items(sample.load(folder, EXAM))


def test_options_that_an_author_writes_in_the_right_order_are_not_released_so(folder):
    text = sample.WHOLE.replace('["D", "B", "A", "C"]', '["A", "B", "C", "D"]')
    released = {item["id"]: item for item in student_items(sample.load(folder, text))["items"]}
    assert [option["id"] for option in released[sample.ORDER]["options"]] != list("ABCD")


def test_releasing_twice_gives_the_same_bytes(folder):
    first, second = (json.dumps(student_items(sample.load(folder))) for _ in range(2))
    assert first == second
