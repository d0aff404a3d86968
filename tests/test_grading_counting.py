"""Which answers count: time windows, attempts, variants, and questions that have changed."""

import pytest
import sample_every_type as every
from sample_course import line
from sample_every_type import DRAWN, QUIZ

from course.grading import scorer
from course.quiz import drawn

WINDOW = """
[items.policy]
opens = 2026-11-21T09:00:00Z
closes = 2026-11-21T12:00:00+01:00
attempts = 2
"""
FIRST = 'stem = "Which letter is it?"\nkey = "B"\n{letters}\n'


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A course in which a-01 may be answered twice, from 9:00 to 11:00 UTC."""
    bank = every.BANK.replace(FIRST, FIRST + WINDOW)
    return every.released(tmp_path_factory.mktemp("windows"), bank=bank)


@pytest.fixture
def marked(root, tmp_path):
    """The marks for these lines, handed in by ana."""
    folder = tmp_path / "ana" / QUIZ
    folder.mkdir(parents=True)

    def mark(*lines: bytes) -> scorer.Marks:
        (folder / "answers.jsonl").write_bytes(b"".join(lines))
        return scorer.mark(scorer.quiz(QUIZ, root=root), folder)

    return mark


def event(root, item, response, *, at="2026-11-21T10:00:00Z", **more):
    bank = scorer.quiz(QUIZ, root=root).bank
    more = {"digest": bank.item(item).digest, "bank": bank.digest} | more
    return line(item, response, at=at, assignment=QUIZ, **more)


def own(root, student):
    """The student's own variant of the item with parameters."""
    item = scorer.quiz(QUIZ, root=root).bank.item(DRAWN)
    return item.drawn[drawn.number(QUIZ, DRAWN, student, len(item.drawn))]


def drawn_event(root, variant, student):
    right = {"value": int(variant.key), "unit": "tokens"}
    return event(root, DRAWN, right, variant=variant.number, student=student)


def test_the_last_answer_before_the_quiz_closes_counts(root, marked):
    marks = marked(
        event(root, "a-01", "B", at="2026-11-21T11:00:00Z"),  # 12:00+01:00 to the second
        event(root, "a-01", "A", at="2026-11-21T11:00:01Z"),
    )
    assert marks.by_item["a-01"].points == 1.0
    assert marks.remarks == (
        "To a-01 1 answer was given after the quiz had closed: it does not count.",
    )


def test_answers_before_it_opens_do_not_count(root, marked):
    marks = marked(
        event(root, "a-01", "B", at="2026-11-21T08:59:59Z"),
        event(root, "a-01", "B", at="2026-11-21T08:00:00Z"),
    )
    assert marks.by_item["a-01"].state == "unanswered"
    assert marks.remarks == (
        "To a-01 2 answers were given before the quiz opened: they do not count.",
    )


@pytest.mark.parametrize("at", ["yesterday", "", "9999-99-99T10:00:00Z"])
def test_a_time_that_cannot_be_read_is_outside_every_window(root, marked, at):
    marks = marked(event(root, "a-01", "B", at=at), event(root, "a-07", "xylophone", at=at))
    assert marks.by_item["a-01"].points == 0.0
    assert marks.by_item["a-07"].points == 1.0  # this item has no window


def test_attempts_over_the_limit_do_not_count(root, marked):
    marks = marked(*(event(root, "a-01", answer) for answer in "ACBB"))
    assert (marks.by_item["a-01"].response, marks.by_item["a-01"].points) == ("C", 0.0)
    assert marks.remarks == ("To a-01 2 answers were over the limit of 2: they do not count.",)


def test_an_answer_outside_the_window_uses_up_no_attempt(root, marked):
    early = event(root, "a-01", "A", at="2026-11-21T08:00:00Z")
    marks = marked(early, event(root, "a-01", "A"), event(root, "a-01", "B"))
    assert marks.by_item["a-01"].points == 1.0


def test_a_students_own_variant_is_scored(root, marked):
    marks = marked(drawn_event(root, own(root, "ana"), "ana"))
    assert marks.by_item[DRAWN].points == 2.0
    assert marks.remarks == ()
    assert marks.by_item[DRAWN].question["variant"] == own(root, "ana").number


def test_a_variant_that_is_not_the_students_own_earns_nothing(root, marked):
    item = scorer.quiz(QUIZ, root=root).bank.item(DRAWN)
    other = next(one for one in item.drawn if one.number != own(root, "ana").number)
    marks = marked(drawn_event(root, other, "ana"))
    mark = marks.by_item[DRAWN]
    assert (mark.points, mark.state) == (0.0, "invalid")
    assert marks.remarks == (
        f"{DRAWN} earns nothing: variant {other.number} was answered, "
        f"and {own(root, 'ana').number} is the student's own.",
    )


def test_a_journal_has_one_name(root, marked):
    """The first one: ben's answer earns nothing, though it is right for ben's numbers."""
    marks = marked(
        event(root, "a-01", "B", student="ana"), drawn_event(root, own(root, "ben"), "ben")
    )
    assert marks.by_item[DRAWN].points == 0.0
    assert marks.by_item["a-01"].points == 1.0
    assert marks.remarks == (
        "The answers were recorded under 2 names: ana, ben.",
        f"{DRAWN} earns nothing: it was recorded under another name than the other answers.",
    )


def test_a_name_that_is_not_the_folders_is_only_told(root, marked):
    marks = marked(drawn_event(root, own(root, "account-7"), "account-7"))
    assert marks.by_item[DRAWN].points == 2.0
    assert marks.remarks == ("The answers were recorded under the name account-7.",)


@pytest.mark.parametrize("more", [{}, {"variant": 3}, {"student": "ana"},
                                  {"variant": 999, "student": "ana"}])  # fmt: skip
def test_an_answer_that_does_not_say_to_which_variant_earns_nothing(root, marked, more):
    marks = marked(event(root, DRAWN, {"value": 300, "unit": "tokens"}, **more))
    assert marks.by_item[DRAWN].points == 0.0
    assert "earns nothing" in marks.remarks[-1]


def test_only_answers_to_questions_that_have_changed_are_told(root, marked):
    marks = marked(
        event(root, "a-01", "B", bank="of last year"),
        event(root, "a-07", "xylophone", bank="of last year", digest="of another stem"),
        event(root, "a-02", ["A", "C"], bank="of last year", digest=None),
    )
    assert [marks.by_item[item].points for item in ("a-01", "a-02", "a-07")] == [1.0, 3.0, 1.0]
    assert marks.remarks == ("Answered in another version of the question: a-02, a-07.",)


def test_answers_to_questions_that_are_gone_are_told(root, marked):
    gone = line("a-99", "B", assignment=QUIZ)
    marks = marked(gone, event(root, "a-01", "B"))
    assert marks.points == 1.0
    assert marks.remarks == ("Answers to questions that the quiz does not have (any more): a-99.",)


def test_confidence_is_kept(root, marked):
    marks = marked(event(root, "a-01", "B", confidence="guess"))
    assert marks.by_item["a-01"].confidence == "guess"
    assert marks.by_item["a-02"].confidence is None
