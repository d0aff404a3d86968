"""Handing a quiz in, from a learner's folder."""

import getpass
import json
import os
import shutil
import stat
import subprocess
import sys
import threading
import zipfile

import nbformat
import pytest
import sample_course
import sample_every_type as every
from sample_course import RIGHT

from course import quiz
from course.errors import CourseError
from course.grading import batch
from course.grading.settings import COURSE_ID
from course.quiz import archive, handin


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    return sample_course.released(tmp_path_factory.mktemp("course"))


@pytest.fixture
def desk(released, tmp_path, monkeypatch):
    """A learner's folder with the quiz, as the working directory; no exchange anywhere."""
    desk = tmp_path / "desk"
    shutil.copytree(released / "quizzes", desk / "quizzes")
    monkeypatch.chdir(desk)
    monkeypatch.delenv("COURSE_STUDENT", raising=False)
    monkeypatch.setattr(handin, "jupyter_config_path", list)
    return desk


def answer(*items):
    for item in items:
        quiz("q").answer(item, RIGHT[item])


def test_a_hand_in_is_a_zip_here_with_answers_notebook_and_manifest(desk):
    answer("q-01", "q-03")
    receipt = handin.submit("q", student="ana")
    assert receipt.where == desk / "ana-q.zip"
    assert (receipt.answered, receipt.unanswered) == (("q-01", "q-03"), ("q-02",))
    with zipfile.ZipFile(receipt.where) as zipped:
        assert zipped.namelist() == ["manifest.json", "answers.jsonl", "q.ipynb"]
        manifest = json.loads(zipped.read("manifest.json"))
    assert (manifest["student"], manifest["quiz"], manifest["last_seq"]) == ("ana", "q", 2)
    handed_in = archive.read(receipt.where)
    folder = desk / "quizzes" / "q"
    assert handed_in.files == {
        name: (folder / name).read_bytes() for name in ("answers.jsonl", "q.ipynb")
    }
    assert handed_in.at == receipt.at
    assert [path.name for path in desk.iterdir() if path.name.startswith(".")] == []


def test_the_receipt_says_where_what_is_open_and_what_is_next(desk):
    answer("q-01")
    said = repr(handin.submit("q", student="ana"))
    assert f"Saved in: {desk / 'ana-q.zip'}" in said
    assert "1 of 3 items answered; not answered: q-02, q-03" in said
    assert "Next: send this file to your instructor" in said


def test_functions_count_as_answered_when_the_saved_notebook_holds_them(tmp_path, monkeypatch):
    root = tmp_path / "course"
    root.mkdir()
    every.released(root)
    desk = shutil.copytree(root / "quizzes", tmp_path / "desk" / "quizzes").parent
    monkeypatch.chdir(desk)
    monkeypatch.setattr(handin, "jupyter_config_path", list)
    functions = [it["id"] for it in quiz(every.QUIZ).items.values() if it.get("function")]
    assert set(functions) <= set(handin.submit(every.QUIZ, student="ana").unanswered)
    path = desk / "quizzes" / every.QUIZ / f"{every.QUIZ}.ipynb"
    nbformat.write(every.notebook(root, every.CODE_OF["right"]), path)
    receipt = handin.submit(every.QUIZ, student="ana")
    assert set(functions) <= set(receipt.answered)
    assert "Your functions are handed in as the notebook was saved at " in repr(receipt)


def test_a_notebook_hands_in_by_its_quiz(desk):
    answer(*RIGHT)
    receipt = quiz("q").submit(student="ana")
    assert receipt.unanswered == ()
    assert receipt.where.parent == quiz("q").place.folder  # beside it, wherever os.chdir went


def test_a_second_name_on_the_same_answers_is_told(desk):
    answer(*RIGHT)
    assert "two people need" not in repr(handin.submit("q", student="ana"))
    assert "These answers lie in ana-q.zip too, as ana's: two people need a copy" in repr(
        handin.submit("q", student="ben")
    )
    assert "two people need" not in repr(handin.submit("q", student="ana")).split("ben-q.zip")[0]


def test_the_name_is_given_or_set_or_that_of_the_account(desk, monkeypatch):
    assert handin.submit("q").student == getpass.getuser()
    assert "name is that of this computer's account" in repr(handin.submit("q"))
    monkeypatch.setenv("COURSE_STUDENT", "ben")
    assert handin.submit("q").student == "ben"
    receipt = handin.submit("q", student="ana")
    assert receipt.student == "ana" and receipt.remarks != ()
    assert "account" not in repr(receipt)


@pytest.mark.parametrize("name", ["Ana María", "お誕生日", "O'Brien", "a.b-c_d,e", "x" * 64])
def test_names_of_people_can_be_used(desk, name):
    assert handin.submit("q", student=name).where == desk / f"{name}-q.zip"


@pytest.mark.parametrize("name", ["", "  "])
def test_an_empty_name_as_in_the_released_cell_hands_nothing_in(desk, name):
    receipt = handin.submit("q", student=name)
    assert receipt.where is None
    assert repr(receipt).startswith("Nothing is handed in yet: write your name")
    assert list(desk.glob("*.zip")) == []


@pytest.mark.parametrize(
    "name",
    [
        "a/b",
        "..",
        ".hidden",
        "a+b",
        "a\nb",
        "a\x00b",
        "x" * 65,
        "a*",
        "[a]",
        "{a}",
        "a\\b",
    ],
)
def test_names_that_cannot_be_folders_are_refused_with_a_sentence(desk, name):
    with pytest.raises(CourseError, match=r"can't be used: it .*student=\"NAME\""):
        handin.submit("q", student=name)
    assert list(desk.glob("*.zip")) == []


def test_nothing_answered_is_handed_in_and_told(desk):
    receipt = handin.submit("q", student="ana")
    assert receipt.answered == ()
    assert "Nothing is answered yet" in repr(receipt)
    assert list(archive.read(receipt.where).files) == ["q.ipynb"]


def test_an_answer_that_does_not_fit_its_item_does_not_count_as_answered(desk):
    (desk / "quizzes" / "q" / "answers.jsonl").write_bytes(sample_course.line("q-01", "Z"))
    assert handin.submit("q", student="ana").answered == ()


def test_a_missing_notebook_is_told(desk):
    answer("q-01")
    (desk / "quizzes" / "q" / "q.ipynb").unlink()
    receipt = handin.submit("q", student="ana")
    assert "There is no q.ipynb" in repr(receipt)
    assert list(archive.read(receipt.where).files) == ["answers.jsonl"]


def test_a_renamed_notebook_is_handed_in_under_its_right_name(desk):
    folder = desk / "quizzes" / "q"
    (folder / "q.ipynb").rename(folder / "q-ana-final.ipynb")
    receipt = handin.submit("q", student="ana")
    assert "q-ana-final.ipynb was handed in as q.ipynb" in repr(receipt)
    assert "q.ipynb" in archive.read(receipt.where).files


def test_of_several_renamed_notebooks_none_is_guessed(desk):
    folder = desk / "quizzes" / "q"
    shutil.copy(folder / "q.ipynb", folder / "one.ipynb")
    (folder / "q.ipynb").rename(folder / "two.ipynb")
    receipt = handin.submit("q", student="ana")
    assert "not clear which" in repr(receipt)
    assert "q.ipynb" not in archive.read(receipt.where).files


def test_handing_in_again_replaces_the_zip_and_says_so(desk):
    first = handin.submit("q", student="ana")
    answer("q-01")
    again = handin.submit("q", student="ana")
    assert again.where == first.where and again.at > first.at
    assert "It replaces the zip that you made before." in repr(again)
    assert archive.read(again.where).last_seq == 1


def test_a_folder_that_cannot_be_written_is_told_and_another_one_taken(desk, monkeypatch):
    write = archive.write

    def locked(path, handed_in):
        if path.parent == desk:
            raise PermissionError(13, "Permission denied")
        write(path, handed_in)

    monkeypatch.setattr(archive, "write", locked)
    receipt = handin.submit("q", student="ana")
    assert receipt.where == desk / "quizzes" / "q" / "ana-q.zip"
    assert f"{desk} can't be written (Permission denied): the zip is elsewhere." in repr(receipt)


def test_no_folder_at_all_is_one_sentence(desk, monkeypatch):
    def locked(path, handed_in):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(archive, "write", locked)
    with pytest.raises(CourseError, match="The zip can't be saved"):
        handin.submit("q", student="ana")


def test_a_link_in_place_of_the_answers_is_not_handed_in(desk, tmp_path):
    (tmp_path / "private").write_text("private")
    (desk / "quizzes" / "q" / "answers.jsonl").symlink_to(tmp_path / "private")
    receipt = handin.submit("q", student="ana")
    assert "Your answers could not be handed in" in repr(receipt)
    assert list(archive.read(receipt.where).files) == ["q.ipynb"]


def test_a_very_big_notebook_goes_without_its_outputs(desk, monkeypatch):
    path = desk / "quizzes" / "q" / "q.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="x" * 60_000)]
    nbformat.write(notebook, path)
    monkeypatch.setattr(archive, "MOST_NOTEBOOK_BYTES", 30_000)
    receipt = handin.submit("q", student="ana")
    assert "without its outputs" in repr(receipt)
    assert len(archive.read(receipt.where).files["q.ipynb"]) < 10_000


def test_answers_given_meanwhile_do_no_harm(desk):
    going = threading.Event()

    def keep_answering():
        mine = quiz("q")
        while not going.is_set():
            mine.answer("q-01", "B")

    writer = threading.Thread(target=keep_answering)
    writer.start()
    try:
        for _ in range(20):
            archive.read(handin.submit("q", student="ana").where)
    finally:
        going.set()
        writer.join()


def test_the_instructors_edition_has_nothing_to_hand_in(released, monkeypatch, tmp_path):
    monkeypatch.chdir(released / "solutions" / "q")
    receipt = quiz("q").submit()
    assert repr(receipt) == ("This is the instructor's edition of q: there is nothing to hand in.")
    assert receipt.where is None


def test_nothing_is_handed_in_while_a_notebook_is_graded(desk, monkeypatch):
    monkeypatch.chdir(desk / "quizzes" / "q")
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert "nothing is handed in" in repr(quiz("q").submit())
    assert list(desk.rglob("*.zip")) == []


@pytest.fixture
def exchange(released, tmp_path, monkeypatch):
    """A class's exchange that has the quiz, and a home of one's own for nbgrader's cache."""
    exchange = tmp_path / "exchange"
    outbound = exchange / COURSE_ID / "outbound" / "q"
    shutil.copytree(released / "quizzes" / "q", outbound)
    inbound = exchange / COURSE_ID / "inbound"
    inbound.mkdir()
    inbound.chmod(stat.S_IRWXU | stat.S_IWGRP | stat.S_IXGRP | stat.S_IWOTH | stat.S_IXOTH)
    monkeypatch.setenv("NBGRADER_EXCHANGE", str(exchange))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    return exchange


def test_an_exchange_is_used_where_there_is_one_and_nbgrader_collects_from_it(
    desk, exchange, released, tmp_path
):
    sample_course.configure(desk)
    answer(*RIGHT)
    folder = desk / "quizzes" / "q"
    (folder / "q.ipynb").rename(folder / "renamed.ipynb")
    receipt = handin.submit("q", student="ana")
    assert receipt.where is not None and receipt.where.parent.name == "inbound", repr(receipt)
    assert receipt.where.name.startswith("ana+q+")
    assert (receipt.where / "q.ipynb").exists()
    assert list(desk.glob("*.zip")) == []
    assert "your instructor collects it from there" in repr(receipt)

    course = shutil.copytree(released, tmp_path / "course")
    sample_course.configure(course)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "collect", "q"],
        cwd=course,
        env=os.environ,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert [(row.student, row.score) for row in batch.grade("q", root=course).rows] == [
        ("ana", 6.0)
    ]


def test_an_exchange_that_says_no_is_told_and_a_zip_is_made(desk, exchange):
    sample_course.configure(desk)
    shutil.rmtree(exchange / COURSE_ID / "outbound" / "q")
    receipt = handin.submit("q", student="ana")
    assert receipt.where == desk / "ana-q.zip"
    assert "exchange did not take it (Assignment not found" in repr(receipt)


def test_a_notebook_that_hands_in_never_loads_the_grader(desk):
    code = (
        "import sys\nfrom course import quiz\nprint(quiz('q').submit(student='ana'))\n"
        "grader = ('course.grading', 'nbgrader')\n"
        "assert not [name for name in sys.modules if name.startswith(grader)]"
    )
    subprocess.run([sys.executable, "-c", code], cwd=desk, check=True)
    assert len(list(desk.rglob("ana-q.zip"))) == 1
