"""A class played from release to feedback."""

import json
import shutil

import pytest
import sample_course

from course import demo
from course.errors import CourseError
from course.project import find_root


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    root = sample_course.make(tmp_path_factory.mktemp("source"))
    (root / "solutions" / "q" / "answers.jsonl").write_text("tried out")
    into = tmp_path_factory.mktemp("kept") / "demo"
    return demo.play(6, into=into, root=root)


def test_every_score_is_the_one_worked_out_from_the_bank(played):
    assert played.ok
    assert [row.student for row in played.rows] == ["ada", "bao", "chidi", "dana", "emre", "ada-2"]
    assert played.rows[0].score == played.rows[0].expected == 6.0
    assert {row.max for row in played.rows} == {6.0}


def test_one_learner_leaves_half_of_it_blank(played):
    assert [row.answered for row in played.rows] == [3, 3, 3, 1, 3, 3]
    assert played.rows[3].score == 1.0  # the first of three items, right


def test_the_table_can_be_read_by_people_and_programs(played):
    assert "All 6 scores are those worked out from the bank." in str(played)
    table = json.loads(json.dumps(played.as_dict()))
    assert table["ok"] and table["rows"][0]["student"] == "ada"


def test_what_was_played_is_kept_where_asked(played):
    from pathlib import Path

    folder = Path(played.folder)
    for row in played.rows:
        assert (folder / row.feedback).is_file()
    assert (folder / "course" / "gradebook.db").is_file()
    assert not (folder / "course" / "solutions" / "q" / "answers.jsonl").exists()


def test_a_folder_with_something_in_it_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CourseError, match="is not empty"):
        demo.play(1, into=tmp_path, root=sample_course.make(tmp_path / "source"))


def test_a_course_without_quizzes_is_one_sentence(tmp_path):
    with pytest.raises(CourseError, match="no quiz"):
        demo.play(1, root=tmp_path)


def test_the_courses_own_first_quiz_is_played_and_nothing_of_it_left(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    played = demo.play(2)
    assert played.quiz == "01_first_call"
    assert played.ok and played.folder is None
    assert (find_root("solutions") / "solutions" / played.quiz).is_dir()
    assert [path for path in tmp_path.iterdir() if path.name.startswith("course-demo")] == []
    shutil.rmtree(tmp_path, ignore_errors=True)
