"""Variants: drawn from names alone, all different, and worked out to the last text."""

import json
from decimal import Decimal

import pytest
import sample_types as sample

from course.errors import CourseError
from course.quiz import bank, drawn
from course.quiz.score import score


@pytest.fixture(scope="module")
def item(tmp_path_factory):
    return sample.item(
        tmp_path_factory.mktemp("bank"), sample.DRAWN, sample.HEAD + sample.DRAWN_ITEM
    )


def values_of(variant):
    """n, tokens and kind as the stem says them."""
    words = variant.stem.split()
    return int(words[2]), int(words[5]), words[6]


def test_as_many_variants_are_drawn_as_are_asked_for_and_all_differ(item):
    assert len(item.drawn) == 10
    assert [variant.number for variant in item.drawn] == list(range(10))
    assert len({variant.stem for variant in item.drawn}) == 10


def test_each_value_is_one_that_the_bank_allows(item):
    for variant in item.drawn:
        n, tokens, kind = values_of(variant)
        assert n in range(1000, 9001, 1000) and tokens in (100, 200, 400)
        assert kind in ("prompt", "input")


def test_key_options_feedback_and_tolerance_are_those_of_the_variant(item):
    for variant in item.drawn:
        n, tokens, _ = values_of(variant)
        cost = Decimal(n * tokens) * Decimal("0.15") / 1_000_000
        assert variant.key == cost
        assert [option.value for option in variant.options] == [cost, cost * 1000]
        told = f"{n} times {tokens} times $0.15: {cost:.2f}."
        assert variant.options[0].feedback == told
        assert variant.feedback == f"Multiply {n} by {tokens} first."
        assert variant.tolerance.absolute == Decimal("0.00015")
        assert score(variant, float(cost)).state == "right"
        assert score(variant, float(cost) + 0.0002).state == "wrong"


def test_the_item_itself_is_its_first_variant(item):
    assert item.stem == item.drawn[0].stem
    assert item.variant(3) is item.drawn[3]


@pytest.mark.parametrize("number", [-1, 10, True, "3", None, 2.0])
def test_a_variant_that_was_not_drawn_is_refused(item, number):
    with pytest.raises(CourseError, match="91-types-08 has no variant"):
        item.variant(number)


def test_drawing_again_gives_the_same_and_another_quiz_other_ones(tmp_path, item):
    text = sample.HEAD + sample.DRAWN_ITEM
    again = sample.item(tmp_path, sample.DRAWN, text)
    assert [one.stem for one in again.drawn] == [one.stem for one in item.drawn]
    other = sample.item(tmp_path, sample.DRAWN, text.replace('"91_types"', '"92_other"'))
    assert [one.stem for one in other.drawn] != [one.stem for one in item.drawn]


def test_where_parameters_allow_no_more_there_are_fewer_variants(tmp_path):
    text = sample.HEAD + sample.DRAWN_ITEM.replace("[100, 200, 400]", "[100]").replace(
        "to = 9000", "to = 3000"
    )
    few = sample.item(tmp_path, sample.DRAWN, text)
    assert len(few.drawn) == 6  # 3 sizes, 1 length, 2 words
    assert len({variant.stem for variant in few.drawn}) == 6


def test_a_student_always_has_the_same_variant_and_a_class_has_many():
    mine = [drawn.number("q", "q-01", "ana", 12) for _ in range(3)]
    assert len(set(mine)) == 1
    counts = [0] * 12
    for student in range(1200):
        counts[drawn.number("q", "q-01", f"student{student}", 12)] += 1
    assert all(60 < count < 140 for count in counts)  # 100 expected, standard deviation 9.6
    assert len({drawn.number("q", f"q-{item}", "ana", 12) for item in range(30)}) > 6


def test_the_number_is_the_published_hash():
    import hashlib

    digest = hashlib.sha256(b"q|q-01|ana").hexdigest()
    assert drawn.number("q", "q-01", "ana", 12) == int(digest, 16) % 12


def test_steps_keep_their_digits(tmp_path):
    text = sample.DRAWN_ITEM.replace(
        "from = 1000, to = 9000, step = 1000", "from = 0.1, to = 0.35, step = 0.1"
    )
    item = sample.item(tmp_path, sample.DRAWN, sample.HEAD + text)
    assert {variant.stem.split()[2] for variant in item.drawn} == {"0.1", "0.2", "0.3"}


def test_any_type_may_have_parameters(tmp_path):
    text = sample.HEAD + sample.TEXT_ITEM.replace(
        'accept = ["temperature", "top_p"]',
        'accept = ["{word} {n}"]\nparameters = { word = ["hot", "cold"], n = [1, 2] }',
    ).replace("Which setting", "Which {word} setting {n}").replace("/temp", "temp").replace(
        'id = "right", text = "temperature"', 'id = "right", text = "{word} {n}"'
    )
    item = sample.item(tmp_path, sample.TEXT, text)
    for variant in item.drawn:
        _, word, _, n = variant.stem.split()[:4]
        assert variant.accept == (f"{word} {n}",)
        assert score(variant, f"{word.upper()} {n}!").state == "right"


def test_a_key_may_be_drawn_with_its_option(tmp_path):
    text = """
    [[items]]
    id = "k-1"
    type = "single"
    stem = "Which is {size}?"
    key = "{right}"
    parameters = { right = ["A", "B"] }
    options = [{ id = "A", text = "a" }, { id = "B", text = "b" }, { id = "C", text = "c" }]
    """
    item = sample.item(tmp_path, "k-1", sample.HEAD + text)
    assert sorted(variant.key for variant in item.drawn) == ["A", "B"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("from = 1000, ", "", "parameters.n: .*expected either from and to, or choices"),
        ("to = 9000", "to = 900", "parameters.n: .*expected from not above to"),
        ("step = 1000", "step = 0", "parameters.n.step: '0' found, expected greater than 0"),
        ("step = 1000", "step = 0.00001", "parameters.n: .*at most 100,000 steps"),
        ("step = 1000", "stepp = 1000", "parameters.n.stepp: this field is not known"),
        ("[100, 200, 400]", "[]", "parameters.tokens: .*either from and to, or choices"),
        ("[100, 200, 400]", "[100, 100]", "parameters.tokens: .*expected choices that differ"),
        ("[100, 200, 400]", "[true]", "tokens.choices.number 1: 'True' found, expected a number"),
        ("tokens = {", "key = {", "parameters.key: expected a plain name"),
        ("tokens = {", "round = {", "parameters.round: expected a plain name"),
        ("tokens = {", "price = {", "parameters.price: a fact has this name already"),
        ("n * tokens * price / 1000000\"\nunit", "n * tokens * prise\"\nunit", "key: .*'prise'"),
        ("price / 1000\" }\nvar", "-price\" }\nvar", "field tolerance: expected sizes not below"),
        ("variants = 10", "variants = 1", "variants: '1' found, expected greater than or equal"),
        ("variants = 10", "variants = 1.5", "variants: '1.5' found, expected a whole number"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_once_with_its_field(tmp_path, old, new, said):
    assert old in sample.DRAWN_ITEM
    with pytest.raises(CourseError, match=f"91-types-08, field {said}|{said}") as told:
        sample.load(tmp_path, sample.HEAD + sample.DRAWN_ITEM.replace(old, new, 1))
    problems = str(told.value).split("\n- ")
    assert len(set(problems)) == len(problems)


def test_a_release_is_refused_where_a_variant_makes_two_options_alike(tmp_path):
    text = """
    [[items]]
    id = "k-1"
    type = "single"
    policy = "after_release"
    stem = "Which?"
    key = "A"
    parameters = { n = [1, 2, 3] }
    options = [
      { id = "A", text = "{= 2 * n}" }, { id = "B", text = "{= n + 2}" }, { id = "C", text = "c" }
    ]
    """
    needs = bank.complete(sample.load(tmp_path, sample.HEAD + text))
    assert len(needs) == 1  # 2n = n + 2 where n is 2
    assert needs[0].startswith("Item k-1 has two options with the same text in variant")


def test_the_public_variant_says_its_number_and_no_key(item):
    public = item.drawn[4].public()
    assert public["variant"] == 4 and public["stem"] == item.drawn[4].stem
    assert public["digest"] == item.digest
    assert "{" not in json.dumps(public).replace("{", "", 1).replace('": {', "")
