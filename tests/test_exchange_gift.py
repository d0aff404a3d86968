"""GIFT: what goes out comes back, and what Moodle reads is read as Moodle reads it."""

import pytest
from exchange import samples
from hypothesis import given, settings

from course.facts import facts
from course.quiz import bank, exchange, score


@pytest.mark.parametrize("path", samples.OURS, ids=lambda path: path.parent.name)
def test_our_banks_come_back_from_gift_as_they_went(path, tmp_path):
    sent = bank.load(path, facts=facts())
    came, lost = samples.back(tmp_path, sent, "gift")
    assert lost == []
    assert [*map(samples.whole, came.items)] == [*map(samples.whole, samples.portable(sent))]
    assert (came.quiz, came.title, came.objectives) == (sent.quiz, sent.title, sent.objectives)


GIFT = tuple(kind for kind in samples.KINDS if kind != "cloze")  # it holds one gap only


@settings(deadline=None, max_examples=60)
@given(sent=samples.banks(kinds=GIFT))
def test_any_bank_comes_back_from_gift_whatever_signs_are_in_it(sent, tmp_path_factory):
    came, lost = samples.back(tmp_path_factory.mktemp("gift"), sent, "gift")
    assert lost == []
    assert [*map(samples.whole, came.items)] == [*map(samples.whole, sent.items)]


FOREIGN = samples.load(exchange.read(samples.FOLDER / "foreign.gift.txt").bank_toml)


def test_gift_written_by_hand_is_read_as_moodle_reads_it():
    kinds = [item.type for item in FOREIGN.items]
    assert kinds == [
        "single", "single", "multiple", "numeric", "numeric", "match", "cloze", "text", "text",
    ]  # fmt: skip
    assert (FOREIGN.title, FOREIGN.items[0].section) == ("Arithmetic", "Sums")


def test_ids_tags_and_general_feedback_are_taken_over():
    item = FOREIGN.item("sum-1")
    assert (item.level, item.feedback, item.key) == ("recall", "Count on your fingers.", "B")


def test_true_and_false_are_two_options_with_their_own_feedback():
    item = FOREIGN.item("item-02")
    assert [(option.text, option.feedback) for option in item.options] == [
        ("True", "Yes."),
        ("False", "Count again."),
    ]


def test_a_star_in_a_typed_text_becomes_a_pattern():
    item = FOREIGN.item("item-08")
    assert (item.accept, item.pattern) == (("red",), "bl.*")
    assert score.score(item, "Blue").state == "right"


def test_a_missing_word_is_a_cloze_of_one_gap():
    item = FOREIGN.item("item-07")
    assert item.stem == "The answer is [[g1]] of course."
    assert [option.text for option in item.gaps[0].options] == ["forty-two", "4=2", "never"]


def test_every_type_that_gift_holds_comes_back(tmp_path):
    sent = samples.every_type()
    came, _ = samples.back(tmp_path, sent, "gift")
    held = [item for item in sent.items if item.id not in ("90-cloze", "90-code")]
    assert [*map(samples.whole, came.items)] == [*map(samples.whole, held)]


def test_an_arrow_in_what_is_told_makes_no_question_of_pairs(tmp_path):
    sent = samples.load(
        'quiz = "q"\n[[items]]\nid = "a"\ntype = "text"\nstem = "?"\naccept = ["x"]\n'
        'feedback = "look -> there"\n'
    )
    assert b"-&gt;" in exchange.export(sent, "gift").content
    came, _ = samples.back(tmp_path, sent, "gift")
    assert came.items[0].feedback == "look -> there"
