"""Practice: reshuffled, repeated, and never in the journal."""

import json

import pytest
import sample_types as sample

from course import quiz
from course.errors import CourseError
from course.quiz import release
from course.quiz.practice import Practice

NAME = "91_types"


@pytest.fixture
def made(tmp_path, monkeypatch):
    def make(policy=""):
        folder = tmp_path / "quizzes" / NAME
        folder.mkdir(parents=True, exist_ok=True)
        text = sample.WHOLE.replace("objectives =", f"{policy}\nobjectives =", 1)
        items = release.student_items(sample.load(tmp_path, text))
        (folder / "items.json").write_text(json.dumps(items), encoding="utf-8")
        monkeypatch.chdir(folder)
        monkeypatch.setenv("COURSE_STUDENT", "ana")
        return folder

    return make


def test_answers_are_heard_and_go_nowhere(made):
    folder = made()
    practice = quiz(NAME).practice()
    for answer in ("seed", "temperature"):
        told = repr(practice.answer(sample.TEXT, answer))
    assert told == (
        "Not saved: temperature\nRight.\nHigher means more varied.\n"
        "This is practice: nothing is saved."
    )
    assert practice.responses() == {sample.TEXT: "temperature"}
    assert practice.recorded(sample.TEXT).response == "temperature"
    assert [path.name for path in folder.iterdir()] == ["items.json"]
    assert quiz(NAME).responses() == {}


def test_the_graded_answer_stays_as_it_is(made):
    folder = made()
    quiz(NAME).answer(sample.TEXT, "seed")
    before = (folder / "answers.jsonl").read_bytes()
    quiz(NAME).practice().answer(sample.TEXT, "temperature")
    assert (folder / "answers.jsonl").read_bytes() == before


def test_each_practice_has_an_order_of_its_own(made):
    made()
    one = quiz(NAME)
    orders = {tuple(Practice(one, seed=seed).order(sample.ORDER)) for seed in range(20)}
    assert len(orders) > 5
    assert all(sorted(order) == list("ABCD") for order in orders)


def test_practice_shows_another_variant_than_the_graded_one(made):
    made()
    own = quiz(NAME).items[sample.DRAWN]["variant"]
    seen = {Practice(quiz(NAME), seed=seed).items[sample.DRAWN]["variant"] for seed in range(60)}
    assert own not in seen and len(seen) > 5


def test_what_counts_few_answers_is_practised_after_them(made):
    made("policy = { attempts = 1 }")
    practice = quiz(NAME).practice()
    for act in (lambda: practice.answer(sample.TEXT, "x"), lambda: practice.ask(sample.TEXT)):
        with pytest.raises(CourseError, match="at most 1 answers: it can be practised when they"):
            act()
    assert practice.answer(sample.DRAWN, 3)  # another variant than the graded one
    quiz(NAME).answer(sample.TEXT, "x")
    assert practice.answer(sample.TEXT, "temperature").feedback.right


def test_practice_begins_when_the_quiz_opens_and_goes_on_when_it_has_closed(made):
    made("policy = { opens = 2099-01-01T00:00:00Z }")
    with pytest.raises(CourseError, match="opens on 1 January 2099"):
        quiz(NAME).practice().answer(sample.TEXT, "x")
    made("policy = { attempts = 1, closes = 2020-01-01T00:00:00Z }")
    assert quiz(NAME).practice().answer(sample.TEXT, "x")


def test_practice_is_not_handed_in(made):
    made()
    with pytest.raises(CourseError, match="Practice is not handed in"):
        quiz(NAME).practice().submit()
