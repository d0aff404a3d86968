"""QTI 2.1: a package that the specification allows, and that scores as the bank does."""

import io
import zipfile
from fractions import Fraction

import pytest
from exchange import qti_check, samples
from hypothesis import given, settings

from course.facts import facts
from course.quiz import bank, exchange, score

EVERY = samples.every_type()


def parts(quiz) -> dict:
    return qti_check.package(exchange.export(quiz, "qti21").content)


@pytest.mark.parametrize("path", samples.OURS, ids=lambda path: path.parent.name)
def test_our_banks_make_packages_that_the_specification_allows(path):
    quiz = bank.load(path, facts=facts())
    assert len(parts(quiz)) == len(samples.portable(quiz)) + 2


def test_every_type_but_programs_is_in_the_package():
    assert len(parts(EVERY)) == len(EVERY.items) - 1 + 2


@settings(deadline=None, max_examples=60)
@given(quiz=samples.banks())
def test_any_bank_makes_a_package_that_the_specification_allows(quiz):
    parts(quiz)


def test_the_same_bank_makes_the_same_bytes():
    assert exchange.export(EVERY, "qti21").content == exchange.export(EVERY, "qti21").content


def test_the_files_of_a_package_stay_inside_it():
    with zipfile.ZipFile(io.BytesIO(exchange.export(EVERY, "qti21").content)) as archive:
        assert all(not name.startswith("/") and ".." not in name for name in archive.namelist())


def test_the_test_keeps_attempts_sections_and_when_feedback_is_shown():
    root = parts(EVERY)["test.xml"]
    session = next(qti_check.found(root, "itemSessionControl"))
    assert (session.get("maxAttempts"), session.get("showFeedback")) == ("2", "false")
    titles = [each.get("title") for each in qti_check.found(root, "assessmentSection")]
    assert titles == ["one", "Section 2", "two", "Section 4"]


def item(name: str):
    return parts(EVERY)[f"items/{name}.xml"]


def declared(root) -> dict:
    return {each.get("identifier"): each for each in qti_check.found(root, "responseDeclaration")}


def mapped(root) -> dict[str, float]:
    return {
        each.get("mapKey"): float(each.get("mappedValue"))
        for each in qti_check.found(root, "mapEntry")
    }


def test_a_multiple_is_mapped_as_the_bank_scores_it():
    # 0.5 points: each of 2 keys earns 0.25, each of 3 others takes 0.5 / 3 away.
    worth = mapped(item("90-multiple"))
    assert worth == {"A": 0.25, "C": 0.25, "B": -0.5 / 3, "D": -0.5 / 3, "E": -0.5 / 3}


def test_all_or_nothing_stays_so():
    root = item("90-multiple-all")
    assert mapped(root) == {}
    assert [each.text for each in qti_check.found(root, "value")][:2] == ["_1", "_2"]


def test_a_relative_tolerance_is_given_in_percent():
    near = next(qti_check.found(item("90-numeric"), "equal"))
    assert (near.get("toleranceMode"), near.get("tolerance")) == ("relative", "1 1")


def test_gaps_stand_in_the_sentence_and_share_the_points_by_weight():
    root = item("90-cloze")
    kinds = [each.get("baseType") for each in declared(root).values()]
    assert kinds == ["identifier", "float", "string"]
    sentence = next(qti_check.found(root, "p"))
    assert [qti_check.bare(each) for each in sentence] == [
        "inlineChoiceInteraction",
        "textEntryInteraction",
        "code",
    ]
    # 4 points by weights 1, 2, 1
    sums = [
        each.text for each in qti_check.found(root, "baseValue") if each.get("baseType") == "float"
    ]
    assert [sums[0], sums[2], sums[4]] == ["1", "2", "1"]


@pytest.mark.parametrize(
    "answer", [["D", "A", "C", "B"], ["A", "C", "B", "D"], ["B", "C", "A", "D"]]
)
def test_an_order_earns_what_it_earns_here(answer):
    root, points = item("90-order"), Fraction(0)
    for rule in qti_check.found(root, "responseIf"):
        ways = list(qti_check.found(rule, "and"))
        if any(all(_stands(test, answer) for test in way) for way in ways):
            worth = [
                each
                for each in qti_check.found(rule, "baseValue")
                if each.get("baseType") == "float"
            ]
            points += Fraction(worth[-1].text)
    assert float(points) == pytest.approx(score.score(EVERY.item("90-order"), answer).points)


def _stands(test, answer: list[str]) -> bool:
    place = int(next(qti_check.found(test, "index")).get("n"))
    return answer[place - 1] == next(qti_check.found(test, "baseValue")).text


def test_a_text_by_hand_has_no_rule_that_scores_it():
    root = item("90-by-hand")
    assert not list(qti_check.found(root, "responseProcessing"))
    assert list(qti_check.found(root, "extendedTextInteraction"))


def test_keywords_in_the_manifest_name_objective_and_level():
    words = [each.text for each in qti_check.found(parts(EVERY)["imsmanifest.xml"], "langstring")]
    assert words == ["objective:count", "level:recall"]
