"""The quiz is found from where a notebook runs, and said not to be where it is not."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sample_quiz import NAME, SINGLE, bank_file, learner

from course.errors import CourseError
from course.quiz import place
from course.quiz.journal import Journal
from course.quiz.place import locate


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = learner(tmp_path / "course")
    monkeypatch.chdir(folder)
    return folder


def test_a_notebook_finds_the_quiz_in_its_own_folder(folder):
    found = locate(NAME)
    assert (found.folder, found.edition) == (folder, "student")
    assert found.journal_path == folder / "answers.jsonl"
    assert (found.title, min(found.items)) == ("A sample", SINGLE)
    assert [path.name for path in folder.iterdir() if "answers" in path.name] == []


@pytest.mark.parametrize("below", ["", "lessons", "lessons/data", "quizzes", "quizzes/02_other"])
def test_it_is_found_from_the_course_and_from_any_folder_in_it(folder, monkeypatch, below):
    start = folder.parents[1] / below
    start.mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(start)
    assert locate(NAME).folder == folder
    assert locate(NAME, start=start).folder == folder


def test_the_path_stays_when_the_working_directory_changes(folder, tmp_path, monkeypatch):
    found = locate(NAME)
    monkeypatch.chdir(tmp_path)
    Journal(found.journal_path, NAME).append(SINGLE, "A", bank=found.bank)
    assert (folder / "answers.jsonl").exists()


def test_in_a_kernel_the_folder_it_started_in_comes_first(folder, tmp_path):
    code = f"""
import os
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
os.chdir({str(tmp_path)!r})
from course.quiz.place import locate
print(locate({NAME!r}).folder)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=os.environ | {"IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True,
        text=True,
    )
    assert (done.stdout.strip(), done.stderr) == (str(folder), "")


def test_a_quiz_opened_from_somewhere_else_is_told_what_to_do(folder, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    with pytest.raises(CourseError) as told:
        locate(NAME)
    said = str(told.value)
    assert f"No quiz '{NAME}' was found from {elsewhere} upwards" in said
    assert "open the notebook that lies in the quiz's own folder" in said


def test_a_slip_in_the_name_is_told_what_there_is(folder):
    with pytest.raises(CourseError, match=f"There is {NAME}"):
        locate("90_smaple")


@pytest.mark.parametrize("name", ["", "../90_sample", "a/b", "x" * 200, None, 7, "quiz name"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(CourseError, match="names no quiz"):
        locate(name)


def test_a_copied_folder_is_a_quiz_of_its_own(folder, monkeypatch):
    copy = folder.with_name("90_sample (copy)")
    copy.mkdir()
    (copy / "items.json").write_bytes((folder / "items.json").read_bytes())
    monkeypatch.chdir(copy)
    assert locate(NAME).journal_path == copy / "answers.jsonl"


def test_the_items_of_another_quiz_are_named(folder):
    content = json.loads((folder / "items.json").read_text())
    (folder / "items.json").write_text(json.dumps(content | {"quiz": "02_other"}))
    with pytest.raises(CourseError, match=f"holds the quiz '02_other', not '{NAME}': get the"):
        locate(NAME)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda text: text[: len(text) // 2], "it is not whole"),
        (lambda text: "", "it is not whole"),
        (lambda text: "[" * 100_000, "it is not whole"),
        (lambda text: "[]", "is not as it should be"),
        (lambda text: text.replace('"items"', '"itmes"'), "items is not as it should be"),
        (lambda text: text.replace('"v": 1', '"v": 2'), "v is not as it should be"),
        (lambda text: text.replace('"stem"', '"stme"'), "items.0.stem is not as it should be"),
        (lambda text: text.replace('"id": "A"', '"id": 5'), "options.0.id is not as it"),
        (lambda text: text + " " * 5_000_000, "it is not whole"),
    ],
)
def test_damaged_items_are_told_and_the_answers_left_alone(folder, spoil, reason):
    text = (folder / "items.json").read_text()
    (folder / "items.json").write_text(spoil(text))
    with pytest.raises(CourseError) as told:
        locate(NAME)
    assert str(folder / "items.json") in str(told.value)
    assert reason in str(told.value)
    assert "your answers beside it are not touched" in str(told.value)


def test_bytes_that_are_no_text_are_told(folder):
    (folder / "items.json").write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(CourseError, match="it is not whole"):
        locate(NAME)


def test_beside_a_bank_answers_go_to_a_folder_of_this_process(tmp_path, monkeypatch):
    solutions = tmp_path / "solutions" / NAME
    bank_file(solutions)
    (solutions / "items.json").write_text("left over")
    monkeypatch.chdir(solutions)
    found = locate(NAME)
    assert (found.edition, found.folder) == ("solutions", solutions)
    assert tmp_path not in found.journal_path.parents
    assert locate(NAME).journal_path == found.journal_path
    Journal(found.journal_path, NAME).append(SINGLE, "A", bank=found.bank)
    assert sorted(path.name for path in solutions.iterdir()) == ["bank.toml", "items.json"]


def test_answers_tried_out_on_solutions_are_gone_with_the_process(tmp_path):
    solutions = tmp_path / NAME
    bank_file(solutions)
    code = f"""
from course.quiz.journal import Journal
from course.quiz.place import locate
found = locate({NAME!r})
Journal(found.journal_path, {NAME!r}).append({SINGLE!r}, "A", bank=found.bank)
print(found.journal_path)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=solutions, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith("answers.jsonl")
    assert not Path(done.stdout.strip()).parent.exists()


def test_a_bank_changed_is_read_again(tmp_path, monkeypatch):
    path = bank_file(tmp_path / NAME)
    monkeypatch.chdir(path.parent)
    before = locate(NAME)
    path.write_text(path.read_text().replace("A shorter prompt", "A very short prompt"))
    os.utime(path, ns=(1, 1))
    assert locate(NAME).bank != before.bank


def test_a_damaged_bank_says_what_is_wrong_with_it(tmp_path, monkeypatch):
    path = bank_file(tmp_path / NAME, "quiz = \n")
    monkeypatch.chdir(path.parent)
    with pytest.raises(CourseError, match=r"bank\.toml is not valid TOML"):
        locate(NAME)


def test_while_grading_only_the_submission_itself_is_looked_at(folder, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    assert locate(NAME).edition == "grading"
    bank_file(folder)  # a student's own bank is no bank
    assert locate(NAME).edition == "grading"
    submission = folder.parents[1] / "autograded" / "ana" / NAME
    submission.mkdir(parents=True)
    monkeypatch.chdir(submission)
    with pytest.raises(CourseError, match="No quiz"):  # never the release's, with its answers
        locate(NAME)


def test_a_parent_that_may_not_be_looked_into_is_passed_by(folder, monkeypatch):
    looked = place.Path.is_file

    def forbid(path):
        if path.parent == folder:
            raise PermissionError(13, "Permission denied")
        return looked(path)

    monkeypatch.setattr(place.Path, "is_file", forbid)
    with pytest.raises(CourseError, match="No quiz"):
        locate(NAME)


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"COURSE_STUDENT": "ana", "JUPYTERHUB_USER": "hub-ana"}, "ana"),
        ({"COURSE_STUDENT": " ", "JUPYTERHUB_USER": "hub-ana"}, "hub-ana"),
        ({"COURSE_STUDENT": "Ame\u0301lie"}, "Am\u00e9lie"),  # the same name, typed otherwise
        ({"LOGNAME": "account"}, "account"),
    ],
)
def test_a_student_is_who_is_named_or_logged_in(monkeypatch, environment, name):
    for variable in ("COURSE_STUDENT", "JUPYTERHUB_USER"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    assert place.student() == name


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"variants": []}, "items.0.variants"),
        ({"variants": [{"id": "x"}]}, "items.0.variants.0.type"),
        ({"type": "match", "prompts": 3}, "items.0.prompts"),
        ({"type": "match", "prompts": []}, "items.0"),
        ({"type": "cloze", "gaps": [{"id": "g"}]}, "items.0.gaps.0.type"),
        ({"type": "code", "function": "f", "cases": [{}]}, "items.0.cases.0.arguments"),
        ({"policy": 3}, "items.0.policy"),
    ],
)
def test_items_of_any_type_that_are_damaged_are_told(folder, item, reason):
    content = json.loads((folder / "items.json").read_text())
    content["items"][0] |= item
    (folder / "items.json").write_text(json.dumps(content))
    with pytest.raises(CourseError, match=rf"can't be read \({reason} is not as it should be\)"):
        locate(NAME)
