"""Moodle XML: what goes out comes back."""

from decimal import Decimal
from xml.etree import ElementTree

import pytest
from exchange import samples
from hypothesis import given, settings

from course.facts import facts
from course.quiz import bank, exchange


@pytest.mark.parametrize("path", samples.OURS, ids=lambda path: path.parent.name)
def test_our_banks_come_back_from_moodle_as_they_went(path, tmp_path):
    sent = bank.load(path, facts=facts())
    came, lost = samples.back(tmp_path, sent, "moodle-xml")
    assert lost == []
    assert [*map(samples.whole, came.items)] == [*map(samples.whole, samples.portable(sent))]


@settings(deadline=None, max_examples=60)
@given(sent=samples.banks())
def test_any_bank_comes_back_from_moodle_whatever_signs_are_in_it(sent, tmp_path_factory):
    came, lost = samples.back(tmp_path_factory.mktemp("moodle"), sent, "moodle-xml")
    assert lost == []
    assert [*map(samples.whole, came.items)] == [*map(samples.whole, sent.items)]


FOREIGN = samples.load(exchange.read(samples.FOLDER / "foreign.moodle.xml").bank_toml)
NAMES = ["name", "questiontext", "generalfeedback", "defaultgrade", "penalty", "hidden", "idnumber"]


def sent(quiz=None) -> ElementTree.Element:
    return ElementTree.fromstring(
        exchange.export(quiz or samples.every_type(), "moodle-xml").content
    )


def test_every_type_comes_back(tmp_path):
    every = samples.every_type()
    came, lost = samples.back(tmp_path, every, "moodle-xml")
    assert lost == []
    held = [item for item in every.items if item.id != "90-code"]
    assert [*map(samples.whole, came.items)] == [*map(samples.whole, held)]


def test_the_file_has_the_structure_that_moodle_documents():
    questions = [each for each in sent() if each.get("type") != "category"]
    kinds = {
        "multichoice", "numerical", "ordering", "matching", "cloze", "shortanswer", "essay",
    }  # fmt: skip
    assert {each.get("type") for each in questions} == kinds
    for each in questions:
        assert [child.tag for child in each][: len(NAMES)] == NAMES
        assert each.find("name/text").text == each.find("idnumber").text
        for text in each.iter("text"):
            assert len(text) == 0
        for answer in each.iter("answer"):
            assert answer.get("fraction") is not None or each.get("type") == "matching"


def test_a_number_comes_with_tolerance_units_and_an_answer_for_all_others():
    number = next(each for each in sent() if each.findtext("idnumber") == "90-numeric")
    answers = [
        (each.get("fraction"), each.findtext("text"), each.findtext("tolerance"))
        for each in number.iter("answer")
    ]
    # 1 % of 0.06 and of 60
    assert answers == [("100", "0.06", "0.0006"), ("0", "60", "0.6"), ("0", "*", "0")]
    units = [
        (each.findtext("multiplier"), each.findtext("unit_name")) for each in number.iter("unit")
    ]
    assert units == [("1", "USD"), ("100", "cent")]


def test_an_order_is_graded_by_neighbours_as_here():
    order = next(each for each in sent() if each.get("type") == "ordering")
    assert order.findtext("gradingtype") == "RELATIVE_NEXT_EXCLUDE_LAST"


def test_gaps_are_written_as_moodle_reads_them():
    cloze = next(each for each in sent() if each.get("type") == "cloze")
    text = cloze.findtext("questiontext/text")
    assert "{1:MULTICHOICE:this &#126; computer#No &#125;, &#35; here~=" in text
    assert "~%0%0.015:0.1#In cents, please.~%0%*#Look at the list.}" in text
    assert "&#123;1:not a gap}" in text


def test_a_file_from_elsewhere_is_read():
    kinds = [item.type for item in FOREIGN.items]
    assert kinds == ["multiple", "single", "numeric", "cloze", "order"]
    item = FOREIGN.items[0]
    assert item.stem == "Which **two** cost?\n\n- Look at `usage`\n\na chart"
    assert (item.key, item.points, item.options[0].text) == (["A", "B"], 2, "prompt <tokens>")


def test_plain_text_shows_its_stars():
    assert FOREIGN.item("tf-1").stem == r"Is 1 < 2 a \*fact\*?"


def test_gaps_of_a_cloze_are_read_with_weights_and_feedback():
    first, second, third = FOREIGN.item("cloze-1").gaps
    assert (first.type, first.weight, first.accept, first.feedback) == (
        "text",
        2,
        ("Paris", "paname"),
        "No",
    )
    assert (second.key, second.tolerance.absolute) == (Decimal("2.1"), Decimal("0.1"))
    assert [option.text for option in third.options] == ["large", "small", "a } b"]


def test_all_or_nothing_of_an_order_is_kept():
    assert FOREIGN.item("order-1").scoring == "all-or-nothing"
    assert FOREIGN.item("order-1").key == ["B", "A", "C"]
