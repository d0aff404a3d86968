"""Every type in a student's folder: asked, answered, counted, by the quiz's own rules."""

import contextlib
import io
import json
from datetime import UTC, datetime

import pytest
import sample_types as sample

import course.quiz
from course import quiz
from course.errors import CourseError
from course.quiz import drawn, release
from course.quiz.journal import NoAttemptLeft

NAME = "91_types"


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Writes items.json of the bank with a changed head; gives the folder."""

    def make(policy="", text=sample.WHOLE):
        folder = tmp_path / "quizzes" / NAME
        folder.mkdir(parents=True, exist_ok=True)
        head = f"{policy}\nobjectives =" if policy else "objectives ="
        items = release.student_items(sample.load(tmp_path, text.replace("objectives =", head, 1)))
        (folder / "items.json").write_text(json.dumps(items), encoding="utf-8")
        monkeypatch.chdir(folder)
        monkeypatch.setenv("COURSE_STUDENT", "ana")
        return folder

    return make


def lines(folder):
    return [json.loads(line) for line in (folder / "answers.jsonl").read_text().splitlines()]


def at(monkeypatch, *moment):
    monkeypatch.setattr(course.quiz, "_now", lambda: datetime(*moment, tzinfo=UTC))


def test_every_type_is_answered_and_heard(made):
    made()
    one = quiz(NAME)
    assert repr(one.answer(sample.ORDER, list("DACB"))) == (
        "Saved: D, A, C, B\nNot right yet.\nThe first is right, then comes another.\n"
        "Follow the request on its way.\nA: It can't before it is asked."
    )
    assert repr(one.answer(sample.MATCH, {"p1": "B", "p2": "C"})) == (
        "Saved: p1: B, p2: C\nNot right yet.\n1 of 2 pairs are right.\n"
        "The first digit says whose fault it is.\np1: The key was refused.\np2: That is 400."
    )
    told = repr(one.answer(sample.CLOZE, {"verb": "B", "state": "Stateless"})).splitlines()
    assert told[-2:] == ["verb: The body holds the messages.", "state: right"]
    assert "Right." in repr(one.answer(sample.TEXT, "The temperature!"))
    assert repr(one.answer(sample.ESSAY, "It is worth it.")) == (
        "Saved: It is worth it.\nA person reads this answer and gives the points."
    )
    assert one.unanswered() == [sample.DRAWN]
    assert repr(one) == f"{NAME}: 5 of 6 answered; open: {sample.DRAWN}"
    assert one.recorded(sample.MATCH).response == {"p1": "B", "p2": "C"}


def test_a_function_is_not_answered_in_a_journal(made):
    folder = made()
    with pytest.raises(CourseError, match="The answer is the function cost in the notebook"):
        quiz(NAME).answer(sample.CODE, "def cost(): ...")
    assert not (folder / "answers.jsonl").exists()


# Variants


def test_the_variant_is_the_students_own_and_stands_in_the_journal(made):
    folder = made()
    one = quiz(NAME)
    number = drawn.number(NAME, sample.DRAWN, "ana", 10)
    assert one.items[sample.DRAWN]["variant"] == number
    one.answer(sample.DRAWN, 3)
    one.answer(sample.TEXT, "seed")
    first, second = lines(folder)
    assert (first["variant"], first["student"]) == (number, "ana")
    assert first["digest"] == one.items[sample.DRAWN]["digest"]
    assert "variant" not in second and "student" not in second


def test_students_see_different_numbers(made, monkeypatch):
    made()
    stems = set()
    for student in ("ana", "ben", "cho", "dee", "eli", "fay"):
        monkeypatch.setenv("COURSE_STUDENT", student)
        stems.add(quiz(NAME).items[sample.DRAWN]["stem"])
    assert len(stems) > 2


def test_who_has_begun_as_one_student_goes_on_as_the_same(made, monkeypatch):
    made()
    stem = quiz(NAME).items[sample.DRAWN]["stem"]
    quiz(NAME).answer(sample.DRAWN, 3)
    monkeypatch.setenv("COURSE_STUDENT", "someone-else")
    again = quiz(NAME)
    assert (again.place.student, again.items[sample.DRAWN]["stem"]) == ("ana", stem)
    assert again.recorded(sample.DRAWN).response["value"] == 3


def test_an_answer_to_another_variant_counts_as_open(made):
    made()
    one = quiz(NAME)
    other = (one.items[sample.DRAWN]["variant"] + 1) % 10
    one.journal.append(sample.DRAWN, 3, bank="x", variant=other, student="ana")
    assert one.recorded(sample.DRAWN) is None


# Rules


def test_answers_are_taken_as_often_as_the_quiz_counts_them(made):
    folder = made("policy = { attempts = 2 }")
    one = quiz(NAME)
    assert repr(one.answer(sample.TEXT, "seed")).endswith("\nAttempt 1 of 2.")
    assert repr(one.answer(sample.TEXT, "x")).endswith("\nAttempt 2 of 2.")
    with pytest.raises(NoAttemptLeft, match="answered 2 times"):
        quiz(NAME).answer(sample.TEXT, "temperature")
    assert [line["attempt"] for line in lines(folder)] == [1, 2]
    assert one.recorded(sample.TEXT).response == "x"
    with pytest.raises(CourseError):  # a slip is not an attempt
        one.answer(sample.ORDER, ["A"])
    assert "Attempt 1 of 2." in repr(one.answer(sample.ORDER, list("ABCD")))


def test_before_it_opens_and_after_it_closes_nothing_is_saved(made, monkeypatch):
    folder = made("policy = { opens = 2026-09-01T08:00:00Z, closes = 2026-09-08T10:00:00+02:00 }")
    at(monkeypatch, 2026, 9, 1, 7, 59)
    with pytest.raises(CourseError, match="opens on 1 September 2026 at 08:00 UTC"):
        quiz(NAME).answer(sample.TEXT, "seed")
    at(monkeypatch, 2026, 9, 8, 8, 0, 1)
    with pytest.raises(CourseError, match="closed on 8 September 2026 at 08:00 UTC"):
        quiz(NAME).answer(sample.TEXT, "seed")
    assert not (folder / "answers.jsonl").exists()
    at(monkeypatch, 2026, 9, 8, 8, 0, 0)
    assert quiz(NAME).answer(sample.TEXT, "seed").event


def test_confidence_is_recorded_and_nothing_else_is_taken_for_it(made):
    folder = made("policy = { confidence = true }")
    quiz(NAME).answer(sample.TEXT, "seed", confidence="guess")
    quiz(NAME).answer(sample.TEXT, "seed")
    assert [line.get("confidence") for line in lines(folder)] == ["guess", None]
    with pytest.raises(CourseError, match='Say confidence="sure" or confidence="guess"'):
        quiz(NAME).answer(sample.TEXT, "seed", confidence="maybe")


def test_the_order_of_options_is_the_students_own_and_stays(made, monkeypatch):
    made("policy = { shuffle = true }")
    orders = set()
    for student in ("ana", "ben", "cho", "dee", "eli", "fay"):
        monkeypatch.setenv("COURSE_STUDENT", student)
        order = quiz(NAME).order(sample.ORDER)
        assert order == quiz(NAME).order(quiz(NAME).items[sample.ORDER])
        assert sorted(order) == list("ABCD")
        orders.add(tuple(order))
    assert len(orders) > 2
    assert quiz(NAME).order(sample.TEXT) == []


def test_choices_keep_the_banks_order_unless_they_are_shuffled(made, monkeypatch):
    single = """
    [[items]]
    id = "s-1"
    type = "single"
    policy = { feedback = "after_release" }
    stem = "Which?"
    key = "A"
    options = [{ id = "A", text = "a" }, { id = "B", text = "b" }, { id = "C", text = "c" },
      { id = "D", text = "d" }]
    """
    made(text=sample.HEAD + single)
    assert quiz(NAME).order("s-1") == list("ABCD")
    made("policy = { shuffle = true }", sample.HEAD + single)
    orders = set()
    for student in "abcdef":
        monkeypatch.setenv("COURSE_STUDENT", student)
        orders.add(tuple(quiz(NAME).order("s-1")))
    assert len(orders) > 2


# Grading


def shown(act):
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        value = act()
    return value, printed.getvalue()


def test_while_grading_every_type_is_worth_0_and_shows_its_answer(made, monkeypatch):
    made()
    answers = {
        sample.ORDER: (list("DBAC"), "Answer: D, B, A, C"),
        sample.MATCH: ({"p1": "A"}, "Answer: p1: A"),
        sample.CLOZE: ({"cost": 3, "verb": "A"}, "Answer: (1) 3 USD, (2) A"),
        sample.TEXT: ("seed", "Answer: seed"),
        sample.DRAWN: (3, "Answer: 3 USD"),
    }
    for name, (answer, _) in answers.items():
        quiz(NAME).answer(name, answer)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.setenv("COURSE_STUDENT", "the-grader")
    for name, (_, told) in answers.items():
        value, printed = shown(lambda name=name: quiz(NAME).ask(name))
        assert value == 0
        assert printed.endswith(f"{told}\n")
    for name in (sample.CODE, sample.MEASURED, sample.ESSAY):
        assert shown(lambda name=name: quiz(NAME).ask(name))[0] == 0


def test_validation_fails_for_a_function_that_is_missing(made, monkeypatch):
    made()
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    with pytest.raises(CourseError, match=r"06 is not right yet\.\nThere is no function"):
        shown(lambda: quiz(NAME).ask(sample.CODE))
