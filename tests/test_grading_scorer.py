"""From a journal in submitted/ to marks, whatever lies there."""

import os

import pytest
import sample_course
from sample_course import RIGHT, journal, line

from course.errors import CourseError
from course.grading import scorer, shown
from course.quiz.journal import MOST_BYTES


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return sample_course.make(tmp_path_factory.mktemp("course"))


@pytest.fixture
def marked(root, tmp_path):
    """The marks for a journal of these bytes."""

    def mark(answers: bytes) -> scorer.Marks:
        (tmp_path / "answers.jsonl").write_bytes(answers)
        return scorer.mark(scorer.quiz("q", root=root), tmp_path)

    return mark


def points(marks):
    return {item: mark.points for item, mark in marks.by_item.items()}


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, (1.0, 3.0, 2.0)),
        ({"q_01": "A"}, (0.0, 3.0, 2.0)),
        ({"q_02": ["A"]}, (1.0, 1.5, 2.0)),  # one of two keys: 3 · 1/2
        ({"q_02": ["A", "B"]}, (1.0, 0.0, 2.0)),  # 1/2 − 1/2
        ({"q_02": ["A", "B", "C"]}, (1.0, 1.5, 2.0)),  # 2/2 − 1/2
        ({"q_03": {"value": 4712, "unit": "USD"}}, (1.0, 3.0, 2.0)),  # within 0.5
        ({"q_03": {"value": 4712.1, "unit": "USD"}}, (1.0, 3.0, 0.0)),
        ({"q_03": None, "q_01": None}, (0.0, 3.0, 0.0)),
        ({"q_01": {"deep": [1, 2]}, "q_03": 10**400}, (0.0, 3.0, 0.0)),
    ],
)
def test_marks_are_those_worked_out_by_hand(root, marked, answers, expected):
    marks = marked(journal(root, **answers))
    assert tuple(points(marks).values()) == expected
    assert marks.points == sum(expected)
    assert marks.possible == 6.0
    assert marks.remarks == ()


def test_the_last_valid_answer_counts(root, marked):
    digest = scorer.quiz("q", root=root).bank.digest
    lines = [line("q-01", answer, seq=n, bank=digest) for n, answer in enumerate("AB", start=1)]
    marks = marked(b"".join(lines) + b'{"v": 1, "item": "q-01", "resp')
    assert marks.by_item["q-01"].points == 1.0
    assert "passed over" in marks.remarks[0]


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x00\xff" * 1000,
        b"[" * 100_000,
        b'{"response": NaN}\n' * 50,
        line("q-01", "B", assignment="another"),
        line("q-01", "B", v=2),
        line("q-01", "B", seq=-1),
        line("no such item", "B"),
    ],
)
def test_garbage_gives_nothing_and_costs_nothing(root, marked, garbage):
    assert marked(garbage).points == 0.0
    assert marked(garbage + b"\n" + journal(root)).points == 6.0


def test_no_journal_is_told(root, tmp_path):
    marks = scorer.mark(scorer.quiz("q", root=root), tmp_path)
    assert marks.points == 0.0
    assert marks.answered == 0
    assert marks.remarks == ("No answers are recorded in this submission.",)


def link_to_anothers(path, right):
    other = path.with_name("other.jsonl")
    other.write_bytes(right)
    path.symlink_to(other)


def make_pipe(path, right):
    os.mkfifo(path)


def make_folder(path, right):
    path.mkdir()


def make_huge(path, right):
    with path.open("wb") as stream:
        stream.write(right)
        stream.truncate(MOST_BYTES + 1)


@pytest.mark.parametrize("make", [link_to_anothers, make_pipe, make_folder, make_huge])
def test_what_is_no_plain_file_of_a_sensible_size_is_not_read(root, tmp_path, make):
    make(tmp_path / "answers.jsonl", journal(root))
    marks = scorer.mark(scorer.quiz("q", root=root), tmp_path)
    assert marks.points == 0.0
    assert marks.remarks[0].startswith("The answers file was not used")
    assert str(tmp_path) not in marks.remarks[0]


def test_answers_to_another_version_of_the_questions_are_told(marked):
    marks = marked(line("q-01", "B", bank="0000"))
    assert marks.points == 1.0
    assert marks.remarks == ("Answered in another version of the question: q-01.",)


@pytest.mark.parametrize(
    ("given", "kept"),
    [(0.5, 0.5), (-1, 0), (7, 3), (float("nan"), 0), (float("inf"), 0), (3, 3)],
)
def test_points_are_finite_and_between_nothing_and_all(given, kept):
    assert scorer.clamp(given, 3.0) == kept


def test_the_number_stands_first_under_a_cell_and_the_page_is_escaped(root, marked):
    mark = marked(line("q-01", "<script>alert(1)</script>")).by_item["q-01"]
    number, page = shown.outputs(mark)
    assert (number.output_type, number.data["text/plain"]) == ("execute_result", "0.0")
    assert "<script" not in page.data["text/html"]
    assert "&lt;script&gt;" in page.data["text/html"]
    assert "invalid" in page.data["text/html"]


def test_a_long_answer_is_shown_short(root, marked):
    page = shown.outputs(marked(line("q-01", "x" * 10_000)).by_item["q-01"])[1]
    assert len(page.data["text/html"]) < 2_000


def test_wrong_answers_are_not_told_the_key(root, marked):
    wrong = {"value": 1, "unit": "USD"}
    marks = marked(journal(root, q_01="A", q_02=["B", "D"], q_03=wrong))
    said = "".join(shown.outputs(mark)[1].data["text/html"] for mark in marks.by_item.values())
    assert sample_course.KEY_IN_WORDS not in said
    assert "● <b>A</b>" in said and "● <b>B</b>" not in said
    assert RIGHT["q-01"] == "B"


@pytest.mark.parametrize("name", ["missing", "../q"])
def test_a_quiz_that_is_not_there_is_one_sentence(root, name):
    with pytest.raises(CourseError, match="There is no"):
        scorer.quiz(name, root=root)


def test_a_bank_in_the_wrong_folder_is_refused(tmp_path):
    root = sample_course.make(tmp_path)
    (root / "solutions" / "q").rename(root / "solutions" / "r")
    (root / "solutions" / "r" / "q.ipynb").rename(root / "solutions" / "r" / "r.ipynb")
    with pytest.raises(CourseError, match="its folder is called r"):
        scorer.quiz("r", root=root)
