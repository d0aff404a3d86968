"""QTI 1.2 from elsewhere: what is right is found in the conditions, what is said as well."""

from decimal import Decimal

from exchange import samples

from course.quiz import exchange, score

READ = exchange.read(samples.FOLDER / "foreign.qti12.xml")
DRAFT = samples.load(READ.bank_toml)


def test_a_choice_comes_with_key_points_and_feedback():
    item = DRAFT.item("mc-1")
    assert (item.type, item.key, item.points, item.section) == ("single", "B", 2.5, "Week 1")
    assert item.stem == "Which field holds `tokens`?"
    assert [option.text for option in item.options] == ["id < 3", "usage"]
    assert [option.feedback for option in item.options] == ["That is a name.", ""]


def test_a_condition_that_must_not_hold_makes_no_key():
    assert DRAFT.item("ma-1").key == ["A", "C"]


def test_a_range_becomes_a_number_with_a_tolerance():
    item = DRAFT.item("num-1")
    assert (item.key, item.tolerance.absolute) == (Decimal("1.5"), Decimal("0.1"))


def test_an_order_is_not_shown_in_its_right_order_by_chance_of_the_file():
    item = DRAFT.item("ord-1")
    texts = {option.id: option.text for option in item.options}
    assert [texts[name] for name in item.key] == ["one", "two"]


def test_pairs_keep_the_spare_option():
    item = DRAFT.item("match-1")
    texts = {option.id: option.text for option in item.options}
    assert {prompt.text: texts[item.key[prompt.id]] for prompt in item.prompts} == {
        "401": "not known",
        "429": "too many",
    }
    assert sorted(texts.values()) == ["gone", "not known", "too many"]


def test_gaps_stand_where_canvas_names_them():
    item = DRAFT.item("gaps-1")
    assert item.stem == "A [[g1]] goes to the [[g2]]."
    assert score.score(item, {"g1": "A", "g2": "A"}).state == "right"


def test_what_has_no_counterpart_is_told_by_its_title():
    assert any("'A place in a picture' is left out" in loss for loss in READ.losses)


def test_the_title_of_the_assessment_is_the_banks():
    assert (DRAFT.quiz, DRAFT.title) == ("foreign", "From elsewhere")
