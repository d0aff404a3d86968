"""The front door of the exchange: formats, losses, and drafts that a person can go on with."""

import pytest
from exchange import samples

from course.errors import CourseError
from course.facts import facts
from course.quiz import bank, exchange
from course.quiz.exchange import toml_text

EVERY = samples.every_type()


def losses(to: str) -> str:
    return "\n".join(exchange.export(EVERY, to).losses)


def test_an_unknown_format_is_refused_with_the_known_ones():
    with pytest.raises(CourseError, match=r"'word' is no format .* use gift, moodle-xml, qti21\."):
        exchange.export(EVERY, "word")


def test_a_bank_of_programs_only_cannot_go_over():
    programs = EVERY.model_copy(update={"items": (EVERY.item("90-code"),)})
    with pytest.raises(CourseError, match="has no item that gift could hold"):
        exchange.export(programs, "gift")


@pytest.mark.parametrize(
    ("to", "name"),
    [
        ("gift", "90_every_type.gift.txt"),
        ("moodle-xml", "90_every_type.moodle.xml"),
        ("qti21", "90_every_type.qti21.zip"),
    ],
)
def test_the_file_is_called_by_its_quiz_and_format(to, name):
    assert exchange.export(EVERY, to).filename == name


@pytest.mark.parametrize("to", exchange.FORMATS)
def test_what_no_format_holds_is_told(to):
    told = losses(to)
    assert "90-code: left out, for no question format holds the type code." in told
    assert "90-drawn: the first of its 12 variants is written" in told
    assert "90-single, 90-numeric: what stays behind: the misconceptions" in told
    assert "The policy's confidence (True) is not in the file" in told
    assert "The wording of the objectives stays behind" in told


def test_each_format_tells_what_only_it_does_not_hold():
    assert "90-single: GIFT has no points; its 2 count as 1 there." in losses("gift")
    assert "90-cloze: left out, for GIFT holds one gap and it has 3." in losses("gift")
    assert "90-multiple-all: Moodle gives a part" in losses("moodle-xml")
    assert "points" not in losses("qti21")
    assert "attempts" in losses("moodle-xml")
    assert "attempts" not in losses("qti21")


def test_a_fact_is_written_out_with_its_value_and_date():
    known = facts()
    price = known["gpt-4o-mini.input_price"]
    ours = bank.load(samples.OURS[-1], facts=known)
    told = "\n".join(exchange.export(ours, "gift", facts=known).losses)
    said = f"gpt-4o-mini.input_price is written out as {price} (checked {price.checked})"
    assert said in told
    assert "written out as its value" in "\n".join(exchange.export(ours, "gift").losses)


def test_an_item_without_a_key_is_left_out():
    half = samples.load(
        'quiz = "q"\n[[items]]\nid = "a"\ntype = "single"\nstem = "?"\n'
        '[[items]]\nid = "b"\ntype = "text"\nstem = "?"\n'
    )
    assert "a: left out, for it has no key yet." in exchange.export(half, "gift").losses


def test_a_draft_says_where_each_item_is_from_and_what_is_still_to_be_written():
    text = exchange.read(samples.FOLDER / "foreign.gift.txt").bank_toml
    assert text.startswith("# A draft, read from foreign.gift.txt.")
    draft = samples.load(text)
    assert draft.item("item-04").note == (
        "Read from foreign.gift.txt, line 20. Still to write: objective, level."
    )
    assert "a misconception for each wrong option" in draft.item("sum-1").note


def test_the_losses_stand_in_the_draft_as_well():
    read = exchange.read(samples.FOLDER / "foreign.moodle.xml")
    assert read.losses
    assert all(f"# - {loss}" in read.bank_toml for loss in read.losses)


def test_two_questions_of_one_name_get_two_ids(tmp_path):
    (tmp_path / "two.txt").write_text("::one::a{=1 ~2}\n\n::ONE::b{=1 ~2}\n", encoding="utf-8")
    draft = samples.load(exchange.read(tmp_path / "two.txt").bank_toml)
    assert [item.id for item in draft.items] == ["one", "ONE-2"]


def test_what_a_bank_would_work_out_is_made_harmless(tmp_path):
    asked = r"::x::What does \{\= 2 ** 9 ** 9 \} say? {=a ~b#\{\=1/0\}}"
    (tmp_path / "sum.txt").write_text(asked, encoding="utf-8")
    read = exchange.read(tmp_path / "sum.txt")
    assert samples.load(read.bank_toml).item("x").stem == "What does { = 2 ** 9 ** 9 } say?"
    assert "x: a space was put into {=, which a bank would work out." in read.losses


@pytest.mark.parametrize(
    "value",
    [
        "short", 'quotes " and """ and \\ and \\', "", "a\n\n b  \n", "tab\there", "nul\x00\x7f\r",
        "word " * 60, "two  spaces " * 30, 'x" ' * 50 + '"', "long " * 30 + "\\", "\n\nstart",
        "schräg 🙂 \u202e" * 20, "a\\\n" * 30, " \t" * 80,
    ],
)  # fmt: skip
def test_every_text_is_the_same_when_toml_is_read_again(value):
    import tomllib

    assert tomllib.loads(f"x = {toml_text.value_of(value)}\n")["x"] == value


def test_long_texts_are_wrapped_for_people():
    lines = toml_text.value_of("a word " * 40).split("\n")
    assert len(lines) > 3
    assert max(map(len, lines)) <= 100
