"""A class is graded into PostgreSQL, a real server that these tests start, as into SQLite."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import postgres_server
import pytest
import sample_course
import sample_every_type as every
from gradebook_rows import rows
from postgres_server import Postgres

from course.grading import gradebook

ODD = "Zoë-Łucja Ñandú 山田"
STUDENTS = ("right", "half", "wrong", "silent", ODD)
"""The sample's four, and one whose name a database must keep in Unicode."""


@pytest.fixture(scope="module")
def server():
    if not postgres_server.is_here():
        pytest.skip(postgres_server.MISSING)
    with postgres_server.running() as found:
        yield found


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    root = every.released(tmp_path_factory.mktemp("handed-in"))
    for student in STUDENTS[:-1]:
        every.hand_in(root, student)
    every.hand_in(root, ODD, answers=every.ANSWERS["half"], functions=every.CODE_OF["half"])
    return root


def with_database(root: Path, server: Postgres, name: str) -> Path:
    """The course told to keep its gradebook in a new database of the server."""
    server.database(name)
    url = server.url(name, scheme="postgresql+psycopg")
    sample_course.configure(root, f"c.CourseDirectory.db_url = {url!r}")
    return root


def course(root: Path, *words: str) -> str:
    """What a command prints, as an instructor types it in the course's folder."""
    command = [sys.executable, "-c", "from course.cli import main; main()", *words]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def both(server, handed_in, tmp_path_factory):
    """The same class graded twice: (with SQLite, with PostgreSQL), the two folders."""
    base = tmp_path_factory.mktemp("both")
    lite = shutil.copytree(handed_in, base / "lite")
    post = with_database(shutil.copytree(handed_in, base / "post"), server, "course")
    for root in (lite, post):
        said = course(root, "grade", every.QUIZ)
        assert "5 graded" in said
    return lite, post


def all_rows(root: Path):
    with gradebook.opened(root) as book:
        return rows(book)


def notebook(student: str) -> tuple[str, ...]:
    """How a student's row in the table of notebooks is called here."""
    return (every.QUIZ, student, every.QUIZ, "notebook")


def test_postgresql_keeps_the_same_rows_as_sqlite(both):
    lite, post = map(all_rows, both)
    assert post == lite
    of_right = [place for place in post if place[1:4:2] == ("right", "grade")]
    assert len(of_right) == len(every.POINTS)
    scores = {student: post[notebook(student)]["score"] for student in STUDENTS}
    assert scores == every.SCORES | {ODD: every.SCORES["half"]}


def test_no_file_is_made_where_the_gradebook_is_a_server(both):
    assert not (both[1] / "gradebook.db").exists()


def test_the_rows_are_in_the_servers_own_tables(both, server):
    with server.connected("course") as connection:
        (scores,) = connection.execute("SELECT count(*) FROM grade").fetchone()
        (students,) = connection.execute("SELECT count(*) FROM student").fetchone()
    assert (scores, students) == (len(STUDENTS) * len(every.POINTS), len(STUDENTS))


def test_feedback_is_written_from_postgresql(both):
    for root in both:
        assert len(course(root, "feedback", every.QUIZ).splitlines()) >= len(STUDENTS)
    pages = [
        (root / "feedback" / "half" / every.QUIZ / f"{every.QUIZ}.html").read_text()
        for root in both
    ]
    assert "13.5" in pages[1]
    assert len(pages[0]) == len(pages[1])


def test_the_report_counts_the_same_students_from_either(both):
    lite, post = (course(root, "report", every.QUIZ, "--names", "--json") for root in both)
    assert post == lite
    assert json.loads(post)["figures"]["n"] == len(STUDENTS)


def test_the_table_of_scores_is_the_same_from_either(both):
    lite, post = (course(root, "export", every.QUIZ) for root in both)
    assert post == lite
    assert ODD in post


def test_a_second_run_finds_nothing_to_do_and_changes_nothing(both):
    before = all_rows(both[1])
    found = json.loads(course(both[1], "grade", every.QUIZ, "--json"))
    assert {row["status"] for row in found["rows"]} == {"unchanged"}
    assert all_rows(both[1]) == before


def test_an_answer_that_changed_is_graded_and_a_score_given_by_hand_survives(both):
    post = both[1]
    with gradebook.opened(post) as book:
        book.find_grade(every.BY_HAND, every.QUIZ, every.QUIZ, "right").manual_score = 4.0
        book.db.commit()
    changed = sample_course.line("a-01", "A", seq=90, assignment=every.QUIZ)
    with (post / "submitted" / "right" / every.QUIZ / "answers.jsonl").open("ab") as journal:
        journal.write(changed)
    course(post, "grade", every.QUIZ)
    scores = all_rows(post)
    assert scores[notebook("right")]["score"] == every.SCORES["right"] - 1 + 4
    assert scores[notebook("half")]["score"] == every.SCORES["half"]


def test_what_a_student_wrote_can_not_spoil_a_row(server, handed_in, tmp_path):
    """PostgreSQL takes no NUL in a text and no half of a pair; a hand-in may hold both."""
    root = tmp_path / "course"
    for name in ("solutions", "quizzes"):
        shutil.copytree(handed_in / name, root / name)
    with_database(root, server, "odd")
    made = every.notebook(root, every.CODE_OF["right"])
    for cell in made.cells:
        cell.source += "\n# \x00 \ud800 end"
    answers = every.ANSWERS["right"] | {every.BY_HAND: "NUL \x00, half \ud800.", "a-07": "\x00"}
    folder = every.hand_in(root, "odd", answers=answers, functions={})
    (folder / f"{every.QUIZ}.ipynb").write_text(json.dumps(made))
    course(root, "grade", every.QUIZ)
    # functions with a NUL in them are no Python, and the password is none: 27 - 4 - 4 - 1
    assert all_rows(root)[notebook("odd")]["score"] == 18.0
