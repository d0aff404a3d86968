"""From an item and a response to what statistics count."""

import pytest

from course.quiz import bank, statistics_answers

BANK = """
quiz = "q"
[[items]]
id = "single"
type = "single"
stem = "Which **letter**?"
key = "B"
[[items.options]]
id = "A"
text = "The `first`"
misconception = "mix-up"
[[items.options]]
id = "B"
text = "The second"
[[items]]
id = "multiple"
type = "multiple"
stem = "Which?"
key = ["A", "C"]
options = [{id = "A", text = "a"}, {id = "B", text = "b"}, {id = "C", text = "c"}]
[[items]]
id = "numeric"
type = "numeric"
stem = "How many dollars?"
key = 15
unit = "USD"
units = ["cent"]
tolerance = 1
options = [{id = "thousand", text = "15000", misconception = "thousand"}]
[[items]]
id = "text"
type = "text"
stem = "Which word?"
accept = ["token"]
pattern = "tok.*"
options = [{id = "word", text = "word", misconception = "a-token-is-a-word"}]
[[items]]
id = "essay"
type = "text"
stem = "Why?"
[[items]]
id = "order"
type = "order"
stem = "In which order?"
key = ["B", "A", "C"]
options = [{id = "A", text = "a"}, {id = "B", text = "b"}, {id = "C", text = "c"}]
[[items]]
id = "match"
type = "match"
stem = "What belongs together?"
prompts = [{id = "p1", text = "one"}, {id = "p2", text = "two"}]
options = [{id = "A", text = "a"}, {id = "B", text = "b", misconception = "mix-up"}]
key = {p1 = "A", p2 = "B"}
[[items]]
id = "cloze"
type = "cloze"
stem = "It costs [[g1]] and is called [[g2]] or [[g3]]."
[[items.gaps]]
id = "g1"
type = "numeric"
unit = "USD"
tolerance = 0
key = 2
[[items.gaps]]
id = "g2"
type = "single"
key = "A"
options = [{id = "A", text = "a"}, {id = "B", text = "b", misconception = "mix-up"}]
[[items.gaps]]
id = "g3"
type = "text"
accept = ["token"]
"""


@pytest.fixture(scope="module")
def items(tmp_path_factory):
    path = tmp_path_factory.mktemp("bank") / "bank.toml"
    path.write_text(BANK, encoding="utf-8")
    return {item.id: item for item in bank.load(path, facts={}).items}


def test_a_choice_shows_its_options_in_plain_text(items):
    found = statistics_answers.question(items["single"], first_counts=True)
    assert found.stem == "Which letter?"
    first, second = found.options
    assert (first.text, first.right, first.misconception) == ("The first", False, "mix-up")
    assert second.right
    multiple = statistics_answers.question(items["multiple"], first_counts=False)
    assert [option.right for option in multiple.options] == [True, False, True]
    assert statistics_answers.question(items["numeric"], first_counts=False).options == ()


@pytest.mark.parametrize(
    ("item", "response", "chosen"),
    [
        ("single", "A", ("A",)),
        ("single", "no such", ()),
        ("single", None, ()),
        ("multiple", ["C", "A"], ("A", "C")),
        ("multiple", {"deep": [1]}, ()),
        ("numeric", {"value": 1, "unit": "USD"}, ()),
        ("order", ["A", "B", "C"], ()),
    ],
)
def test_chosen_options_are_those_of_a_response_that_fits(items, item, response, chosen):
    assert statistics_answers.chosen(items[item], response) == chosen


@pytest.mark.parametrize(
    ("item", "response", "wrong"),
    [
        ("numeric", {"value": 16, "unit": "USD"}, ()),  # within the tolerance of 1
        ("numeric", {"value": 17, "unit": "USD"}, (("17 USD", ""),)),
        ("numeric", {"value": 1700, "unit": "cent"}, (("17 USD", ""),)),
        ("numeric", {"value": 15000.5, "unit": "USD"}, (("15000.5 USD", "thousand"),)),
        ("numeric", "many", ()),
        ("text", "Token", ()),
        ("text", "tokens", ()),  # the pattern
        ("text", " A  word.", (("a word", ""),)),
        ("text", "Word!", (("word", "a-token-is-a-word"),)),
        ("text", "x" * 100, (("x" * 59 + "…", ""),)),
        ("essay", "Because.", ()),
        ("order", ["B", "A", "C"], ()),
        ("order", ["A", "B", "C"], (("A, B, C", ""),)),
        ("match", {"p1": "B", "p2": "B"}, (("p1: B", "mix-up"),)),
        ("match", {"p2": "A"}, (("p2: A", ""),)),
        ("cloze", {"g1": {"value": 3, "unit": "USD"}, "g2": "B", "g3": "token"},
         (("g1: 3 USD", ""), ("g2: B", "mix-up"))),
        ("cloze", {"g3": "Letter"}, (("g3: letter", ""),)),
        ("cloze", [1], ()),
        ("single", "A", ()),
    ],
)  # fmt: skip
def test_wrong_values_are_named_with_their_misconception(items, item, response, wrong):
    assert statistics_answers.wrong(items[item], response) == wrong
