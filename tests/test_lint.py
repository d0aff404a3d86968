"""The linter: one flawed bank for each rule, the course's own banks, waivers, and the report."""

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from flawed import BANKS, DAY, FACTS, FLAWLESS, changed, course, found_in, names, rules

from course.errors import CourseError
from course.facts import edition
from course.quiz import lint
from course.quiz.rules import RULES

ROOT = Path(__file__).parents[1]
ELSEWHERE = {"id-unique", "key-in-clear"}
"""Rules that need more than one bank file: tested below and in test_lint_leaks."""


@pytest.mark.parametrize("name", names())
def test_in_a_flawed_bank_exactly_its_own_rule_fires(name):
    found = lint.check(BANKS / f"{name}.toml", facts=FACTS, today=DAY)
    assert rules(found) == {name.partition("--")[0]}
    assert lint.stops(found)


def test_every_rule_has_a_flawed_bank():
    assert {name.partition("--")[0] for name in names()} | ELSEWHERE >= set(RULES)


def test_nothing_is_found_in_a_flawless_bank_with_every_type_of_item():
    assert lint.check(BANKS / "flawless.toml", facts=FACTS, today=DAY) == []


def test_the_courses_own_banks_pass():
    found, text = lint.report(root=ROOT, today=edition())
    assert not lint.stops(found), text
    assert {(finding.item, finding.rule) for finding in found} == {
        ("00-start-01", "objective-coverage")
    }


def test_a_finding_names_file_item_rule_gravity_what_is_wrong_and_how_to_mend_it():
    found = lint.check(BANKS / "stem-length.toml", facts=FACTS, today=DAY)
    (found,) = [finding for finding in found if finding.stops]
    assert str(found) == (
        "stem-length.toml · flawed-01 · stem-length (E): The stem has 5 words (8 to 60 are asked "
        "for). mend: keep what is needed to answer, in 8 to 60 words"
    )


def test_every_rule_says_how_to_mend_it():
    for name, rule in RULES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
        assert rule.severity in ("E", "W")
        assert len(rule.mend.split()) >= 4


def test_the_report_sums_up_and_counts_what_is_waived(tmp_path):
    root = course(tmp_path, flawless=FLAWLESS)
    assert (
        lint.report(root=root, today=edition())[1]
        == "1 quiz, 9 items: 0 E, 0 W, 0 waived; nothing to mend."
    )
    text = (BANKS / "stem-question.toml").read_text(encoding="utf-8")
    root = course(tmp_path / "other", flawed=text)
    found, said = lint.report(["flawed"], root=root, today=edition())
    assert said.splitlines()[-1] == "1 quiz, 1 item: 1 E, 0 W, 1 waived; mend them."
    assert lint.stops(found)


def test_a_quiz_without_a_bank_is_told(tmp_path):
    with pytest.raises(CourseError, match="no solutions/nowhere"):
        lint.report(["nowhere"], root=course(tmp_path, flawless=FLAWLESS), today=DAY)


def test_a_bank_that_cannot_be_read_is_a_finding_and_the_others_are_linted(tmp_path):
    root = course(tmp_path, broken="quiz = ", flawless=FLAWLESS)
    found, _ = lint.report(root=root, today=edition())
    assert [(finding.file, finding.rule) for finding in found] == [
        ("solutions/broken/bank.toml", "readable")
    ]


def test_only_the_quizzes_named_are_told_of(tmp_path):
    root = course(tmp_path, broken="quiz = ", flawless=FLAWLESS)
    assert lint.report(["flawless"], root=root, today=edition())[0] == []


def test_ids_and_stems_are_compared_across_quizzes(tmp_path):
    root = course(tmp_path, one=FLAWLESS, two=FLAWLESS)
    found, _ = lint.report(["two"], root=root, today=edition())
    assert {finding.rule for finding in found} >= {"id-unique"}
    other = FLAWLESS.replace("flawless-", "other-")
    found, _ = lint.report(
        ["two"], root=course(tmp_path / "b", one=FLAWLESS, two=other), today=edition()
    )
    assert "stem-alike" in rules(found)
    assert "id-unique" not in rules(found)


def test_an_objective_needs_three_items_once_a_later_quiz_could_ask_it_again(tmp_path):
    first = changed('objective = "reckon-cost"\nlevel', 'objective = "carry-history"\nlevel')
    alone, _ = lint.report(root=course(tmp_path / "a", one=first), today=edition())
    assert rules(alone) == set()  # reckon-cost has two items, and there is no later quiz yet
    other = (BANKS / "levels.toml").read_text(encoding="utf-8").replace("recall", "apply")
    both, _ = lint.report(
        ["one"], root=course(tmp_path / "b", one=first, two=other), today=edition()
    )
    told = [finding for finding in both if finding.rule == "objective-coverage"]
    assert "reckon-cost has 2 items in all quizzes" in told[0].said


def test_a_waiver_with_a_reason_lets_a_warning_stand(tmp_path):
    text = changed(
        "waive = { ", 'waive = { covered = "the options are part of it", ', name="covered"
    )
    found = found_in(text, tmp_path)
    assert {finding.rule for finding in found} == {"covered", "objective-coverage"}
    assert rules(found) == set()
    assert "waived: the options are part of it" in "\n".join(map(str, found))


@pytest.mark.parametrize(
    ("waiver", "told"),
    [
        ('covered = ""', "gives no reason"),
        ('covered = "so be it"', None),
        ('covred = "the options are part of it"', "There is no rule 'covred'"),
        ('stem-gap = "the gap is there on purpose"', "cannot be waived"),
        ('long-sentence = "it has to be long"', "waives nothing"),
    ],
)
def test_a_waiver_that_is_of_no_use_is_told(waiver, told, tmp_path):
    text = changed("waive = { ", f"waive = {{ {waiver}, ", name="covered")
    useless = [finding for finding in found_in(text, tmp_path) if finding.rule == "waiver"]
    assert [told in finding.said for finding in useless] == ([True] if told else [])


def test_a_rule_that_fires_in_one_variant_names_the_variant(tmp_path):
    text = changed(
        "step = [60, 70, 80]", 'step = [60, 70, 80], word = ["more", "more and more ____"]'
    )
    text = text.replace("each turn adds {step} more.", "each turn adds {step} {word}.")
    (found,) = found_in(text, tmp_path)
    assert found.rule == "stem-gap"
    assert re.search(r"In variant \d+\.|^There is a gap", found.said)


def test_the_day_decides_whether_facts_are_fresh(tmp_path):
    text = (BANKS / "model-leaving.toml").read_text(encoding="utf-8")
    text = text.replace("level =", "valid_until = 2026-12-20\nlevel =")
    assert rules(found_in(text, tmp_path, today=date(2026, 12, 20))) == set()
    after = found_in(text, tmp_path, today=date(2026, 12, 21))
    assert rules(after) == {"item-expired"}
    # checked on 1 November: 90 days later is 30 January
    assert "fact-old" not in rules(found_in(text, tmp_path, today=date(2027, 1, 30)))
    assert "fact-old" in rules(found_in(text, tmp_path, today=date(2027, 1, 31)))


def test_sixty_days_before_its_end_a_model_is_about_to_leave(tmp_path):
    text = (BANKS / "model-leaving.toml").read_text(encoding="utf-8")
    # 20 December less 60 days is 21 October
    assert "model-leaving" in rules(found_in(text, tmp_path, today=date(2026, 10, 21)))
    assert "model-leaving" not in rules(found_in(text, tmp_path, today=date(2026, 10, 20)))


def test_an_item_cannot_outlive_its_model(tmp_path):
    text = (BANKS / "model-leaving.toml").read_text(encoding="utf-8")
    text = text.replace("level =", "valid_until = 2026-12-21\nlevel =")
    assert rules(found_in(text, tmp_path)) == {"model-leaving"}


def test_a_students_notebook_does_not_import_the_linter():
    code = (
        "import sys, course, course.quiz\n"
        "assert not [name for name in sys.modules if name.startswith(('course.quiz.lint', "
        "'course.quiz.rules'))]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_bank_that_lies_anywhere_is_judged_by_itself(tmp_path):
    path = tmp_path / "bank.toml"
    path.write_text('quiz = "one"\n[[items]]\nid = "a"\ntype = "single"\nstem = "Why?"\n')
    findings, told = lint.report_file(path)
    assert lint.stops(findings)
    assert "key-missing" in told and "1 quiz, 1 item: " in told


def test_a_file_that_is_no_bank_is_told(tmp_path):
    path = tmp_path / "bank.toml"
    path.write_text("quiz = ")
    findings, told = lint.report_file(path)
    assert [finding.rule for finding in findings] == ["readable"] and "0 items" in told
