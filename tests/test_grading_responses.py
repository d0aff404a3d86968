"""From gradebook and journals to the records of statistics, whatever lies there."""

import shutil
from datetime import timedelta

import pytest
import sample_class
from sample_class import QUIZ, START, graded, hand_in, make

from course.errors import CourseError
from course.grading import gradebook, responses


def said(item, response, *, after=None, **more):
    """A line of a journal; `after` are seconds from the start."""
    at = {} if after is None else {"at": (START + timedelta(seconds=after)).isoformat()}
    return {"item": item, "response": response} | at | more


def course(root, *, feedback="after_release", more=b"", **journals):
    """A graded course in `root`, of one student for each journal."""
    make(root, feedback=feedback)
    for student, lines in journals.items():
        hand_in(root, student, lines, more=more)
    graded(root, list(journals))
    return root


def answers(root, student="ada"):
    found = responses.read(QUIZ, root=root)
    return next(one for one in found.students if one.name == student).answers


def change(root, item, **marks):
    """What an instructor does to ada's mark in formgrader."""
    with gradebook.opened(root) as book:
        grade = book.find_grade(item, QUIZ, QUIZ, "ada")
        for name, value in marks.items():
            setattr(grade, name, value)
        book.db.commit()


def test_points_come_from_the_gradebook_and_answers_from_the_journal(tmp_path):
    lines = [said("good-1", "C"), said("good-2", "A"), said("letters", ["A"])]
    found = answers(course(tmp_path, ada=lines))
    assert [found[item].share for item in ("good-1", "good-2", "letters")] == [1.0, 0.0, 0.5]
    assert [found[item].chosen for item in ("good-1", "good-2", "letters")] == [
        ("C",), ("A",), ("A",)
    ]  # fmt: skip
    assert not found["good-3"].answered and found["good-3"].share == 0.0


def test_a_persons_points_go_before_the_scorers(tmp_path):
    root = course(tmp_path, ada=[said("good-1", "A"), said("letters", ["A"])])
    change(root, "good-1", manual_score=1.0)
    change(root, "letters", needs_manual_grade=True)
    found = answers(root)
    assert (found["good-1"].share, found["good-1"].graded) == (1.0, 1.0)
    assert (found["letters"].share, found["letters"].graded) == (None, None)


def test_where_feedback_shows_at_once_the_first_answer_counts(tmp_path):
    lines = [said("good-1", "A", confidence="sure"), said("good-1", "C", confidence="guess")]
    found = answers(course(tmp_path, feedback="instant", ada=lines))["good-1"]
    assert (found.share, found.graded) == (0.0, 1.0)
    assert (found.chosen, found.sure, found.events) == (("A",), True, 2)


def test_otherwise_the_last_answer_counts(tmp_path):
    lines = [said("good-1", "A", confidence="sure"), said("good-1", "C", confidence="guess")]
    found = answers(course(tmp_path, ada=lines))["good-1"]
    assert (found.share, found.graded) == (1.0, 1.0)
    assert (found.chosen, found.sure, found.events) == (("C",), False, 2)


def test_a_persons_points_count_also_where_feedback_shows_at_once(tmp_path):
    root = course(tmp_path, feedback="instant", ada=[said("good-1", "A")])
    change(root, "good-1", manual_score=0.5)
    assert answers(root)["good-1"].share == 0.5


def test_time_runs_from_the_answer_before_to_the_first_one(tmp_path):
    lines = [
        said("good-1", "C", after=0),
        said("good-2", "C", after=20),
        said("good-1", "C", after=25),  # again: the time of good-1 is that of its first answer
        said("good-3", "C", after=65),  # 40 seconds after the answer before
        said("good-4", "C", after=65 + 601),  # a pause
        said("hard", "C", after=100),  # the clock went back
        said("fast", "C", after=103),
        said("sure", "C", at="yesterday"),
        said("noise", "C", after=200),
    ]
    found = answers(course(tmp_path, ada=lines))
    seconds = {item: one.seconds for item, one in found.items() if one.seconds is not None}
    assert seconds == {"good-2": 20.0, "good-3": 40.0, "fast": 3.0}


def test_a_variant_is_scored_as_itself_and_its_wrong_value_named(tmp_path):
    from course.grading import scorer
    from course.quiz import drawn

    make(tmp_path)
    item = scorer.quiz(QUIZ, root=tmp_path).bank.item("number")
    number = drawn.number(QUIZ, "number", "ada", len(item.drawn))
    key = int(item.drawn[number].key)
    line = said("number", {"value": key * 1000, "unit": "USD"}, variant=number)
    hand_in(tmp_path, "ada", [line])
    graded(tmp_path, ["ada"])
    found = answers(tmp_path)["number"]
    assert (found.share, found.variant) == (0.0, number)
    assert found.wrong == ((f"{key * 1000} USD", "million-vs-thousand"),)


def remarks(root):
    return responses.read(QUIZ, root=root).remarks


def test_a_damaged_journal_costs_only_itself_and_is_told(tmp_path):
    good = [said("good-1", "C")]
    root = course(tmp_path, more=b'{"v": 1, "item": "good-2", "resp', ada=good)
    assert answers(root)["good-1"].chosen == ("C",)
    assert remarks(root) == ("1 journal(s) are damaged; what could be read of them counts.",)
    (root / "submitted" / "ada" / QUIZ / "answers.jsonl").write_bytes(b"\x00\xff" * 5000)
    assert answers(root)["good-1"].share == 1.0  # it is graded so
    journal = root / "submitted" / "ada" / QUIZ / "answers.jsonl"
    journal.unlink()
    journal.symlink_to(root / "solutions" / QUIZ / "bank.toml")
    assert "damaged" in remarks(root)[0]


def test_what_is_left_out_is_told(tmp_path):
    root = course(tmp_path, ada=[said("good-1", "C")], bao=[], chidi=[said("good-1", "C")])
    hand_in(root, "late", [said("good-1", "C")])
    shutil.rmtree(root / "submitted" / "chidi")
    found = responses.read(QUIZ, root=root)
    assert [student.name for student in found.students] == ["ada", "chidi"]
    assert found.remarks == (
        "1 hand-in(s) are not graded and are left out.",
        "1 graded student(s) have no hand-in here any more: only their points are known.",
        "1 hand-in(s) without any answer are left out.",
    )


def test_items_that_bank_and_gradebook_do_not_share_are_left_out_and_told(tmp_path):
    root = course(tmp_path, ada=[said("good-1", "C"), said("good-2", "C")])
    bank = root / "solutions" / QUIZ / "bank.toml"
    bank.write_text(bank.read_text().replace('id = "good-1"', 'id = "good-9"'))
    notebook = root / "solutions" / QUIZ / f"{QUIZ}.ipynb"
    notebook.write_text(notebook.read_text().replace("good-1", "good-9"))
    found = responses.read(QUIZ, root=root)
    assert "good-9" not in [question.id for question in found.questions]
    assert found.remarks[:2] == (
        "Item good-9 is not in every graded hand-in and is left out: grade the quiz again.",
        "Item good-1 is graded, but not in the bank any more: left out.",
    )
    assert "when their question read otherwise" in found.remarks[2]


def test_a_quiz_without_hand_ins_grades_or_a_bank_is_one_sentence(tmp_path):
    make(tmp_path)
    with pytest.raises(CourseError, match="Nothing was handed in"):
        responses.read(QUIZ, root=tmp_path)
    hand_in(tmp_path, "ada", [said("good-1", "C")])
    with pytest.raises(CourseError, match=f"run `course grade {QUIZ}`"):
        responses.read(QUIZ, root=tmp_path)
    graded(tmp_path, ["ada"])
    for item in sample_class.item_ids():
        change(tmp_path, item, auto_score=None, needs_manual_grade=True)  # as a failed one has
    with pytest.raises(CourseError, match=f"run `course grade {QUIZ}`"):
        responses.read(QUIZ, root=tmp_path)
    with pytest.raises(CourseError, match="There is no"):
        responses.read("other", root=tmp_path)
