"""A quiz asked, answered and counted without a browser."""

import contextlib
import io
import json
import os
import subprocess
import sys

import pytest
from sample_quiz import COUNT, KEYS, MULTIPLE, NAME, NUMERIC, SINGLE, bank_file, learner

from course import quiz
from course.errors import CourseError
from course.quiz import Quiz
from course.quiz.journal import Journal, JournalError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = learner(tmp_path)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def sample(folder):
    return quiz(NAME)


def answers(folder):
    return [json.loads(line) for line in (folder / "answers.jsonl").read_text().splitlines()]


def test_the_package_is_called_by_the_name_of_the_quiz(sample):
    assert isinstance(sample, Quiz)
    assert (sample.name, sample.title) == (NAME, "A sample")


def test_opening_and_asking_write_nothing(sample, folder):
    sample.ask(SINGLE)
    repr(sample)
    assert sorted(path.name for path in folder.iterdir()) == [f"{NAME}.ipynb", "items.json"]


def test_an_answer_is_saved_with_the_banks_digest_and_heard(sample, folder):
    told = repr(sample.answer(SINGLE, "a"))
    assert told == (
        "Saved: A\nNot right yet.\nA wrong name gives 404. Look at the table of errors."
    )
    (event,) = answers(folder)
    assert (event["item"], event["response"], event["bank"]) == (SINGLE, "A", sample.place.bank)


def test_a_right_answer_hears_so(sample):
    assert repr(sample.answer(SINGLE, "B")) == (
        "Saved: B\nRight.\n401 means that the key was not accepted."
    )


def test_each_chosen_option_of_a_multiple_is_heard(sample):
    assert repr(sample.answer(MULTIPLE, ["C", "B"])) == (
        "Saved: B, C\nNot right yet.\n1 of the 2 right options chosen, 1 wrong.\n"
        "B: Temperature has no price.\nC: Fewer completion tokens are billed."
    )


@pytest.mark.parametrize("response", [0.06, "0.06", "6 cents", {"value": "0.06", "unit": "USD"}])
def test_a_number_may_be_written_in_several_ways(sample, response):
    told = repr(sample.answer(NUMERIC, response))
    assert told.splitlines()[1:] == ["Right.", "0.4 million times 0.15 is 0.06."]


def test_where_feedback_comes_later_the_answer_is_only_saved(sample):
    assert repr(sample.answer(COUNT, 11)) == (
        "Saved: 11 tokens\nFeedback comes later: this quiz shows it after grading."
    )


@pytest.mark.parametrize(
    ("item", "response"),
    [(SINGLE, "E"), (SINGLE, None), (SINGLE, ["A"]), (MULTIPLE, []), (MULTIPLE, "A"),
     (NUMERIC, "much"), (NUMERIC, ""), (NUMERIC, "5 tokens"), (NUMERIC, float("nan")),
     (COUNT, True)],
)  # fmt: skip
def test_what_is_no_answer_is_said_and_not_saved(sample, folder, item, response):
    with pytest.raises(CourseError) as told:
        sample.answer(item, response)
    assert not isinstance(told.value, JournalError)
    assert not (folder / "answers.jsonl").exists()


def test_a_slip_in_the_item_names_what_is_near(sample):
    for act in (sample.ask, lambda item: sample.answer(item, "A"), sample.recorded):
        with pytest.raises(CourseError, match=f"has no item '90-sampel-01'; try {SINGLE}"):
            act("90-sampel-01")
    with pytest.raises(CourseError, match=f"try {SINGLE}, {MULTIPLE}"):
        sample.ask(None)


def test_the_quiz_shows_how_far_one_is_and_what_is_open(sample):
    assert repr(sample) == f"{NAME}: 0 of 4 answered; open: {', '.join([*KEYS, COUNT])}"
    sample.answer(MULTIPLE, ["A"])
    sample.answer(MULTIPLE, ["A", "D"])
    sample.answer(SINGLE, "B")
    assert repr(sample) == f"{NAME}: 2 of 4 answered; open: {NUMERIC}, {COUNT}"
    assert sample.responses() == {SINGLE: "B", MULTIPLE: ["A", "D"]}
    assert sample.unanswered() == [NUMERIC, COUNT]
    sample.answer(NUMERIC, 1)
    sample.answer(COUNT, 1)
    assert repr(sample) == f"{NAME}: 4 of 4 answered"


def test_answers_outlive_the_kernel_a_rename_and_a_change_of_folder(
    sample, folder, tmp_path, monkeypatch
):
    sample.answer(SINGLE, "C")
    (folder / f"{NAME}.ipynb").rename(folder / "my copy.ipynb")
    assert quiz(NAME).recorded(SINGLE).response == "C"
    monkeypatch.chdir(tmp_path)
    sample.answer(SINGLE, "A")
    assert sample.recorded(SINGLE).response == "A"
    assert len(answers(folder)) == 2


def test_answers_that_do_not_fit_the_item_count_as_open(sample):
    for item, response in [(SINGLE, "Z"), (MULTIPLE, "A"), ("gone", "A"), (NUMERIC, {"value": []})]:
        sample.journal.append(item, response, bank="older")
    assert sample.responses() == {}
    assert sample.recorded(SINGLE) is None


def test_an_answer_from_another_version_of_the_bank_still_counts(sample):
    sample.journal.append(SINGLE, "B", bank="older")
    assert sample.responses() == {SINGLE: "B"}


def test_a_journal_of_garbage_is_told_and_does_not_stop_the_quiz(sample, folder):
    (folder / "answers.jsonl").write_bytes(b"\xff\x00garbage\n" + b"[" * 100_000)
    sample.answer(SINGLE, "B")
    told = repr(sample)
    assert told.startswith(f"{NAME}: 1 of 4 answered; open: {MULTIPLE}")
    assert "Line 1 of answers.jsonl was passed over" in told


def test_a_folder_that_cannot_be_written_is_told(sample, folder):
    (folder / "answers.jsonl").mkdir()
    with pytest.raises(JournalError, match="no plain file; rename it"):
        sample.answer(SINGLE, "B")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sealed: sealed.clear() or sealed.update(boxes="?"),
        lambda sealed: sealed.update(boxes=["%%%"]),
        lambda sealed: sealed.update(boxes=[]),
        lambda sealed: sealed.update(salt="no hex"),
    ],
)
def test_spoilt_feedback_never_costs_the_answer(folder, spoil):
    content = json.loads((folder / "items.json").read_text())
    spoil(content["items"][0]["sealed"])
    (folder / "items.json").write_text(json.dumps(content))
    told = repr(quiz(NAME).answer(SINGLE, "B"))
    assert told == "Saved: B\nThe feedback on it can't be opened: items.json is damaged."
    assert len(answers(folder)) == 1


def test_the_solutions_edition_takes_answers_and_keeps_none_beside_the_bank(tmp_path, monkeypatch):
    path = bank_file(tmp_path / "solutions" / NAME)
    monkeypatch.chdir(path.parent)
    assert "Right." in repr(quiz(NAME).answer(SINGLE, "B"))
    assert "solutions edition" in repr(quiz(NAME))
    assert [file.name for file in path.parent.iterdir()] == ["bank.toml"]


def shown(act):
    """What the act gives and what it prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        value = act()
    return value, printed.getvalue()


def test_while_grading_a_question_is_worth_0_and_shows_the_answer(sample, folder, monkeypatch):
    sample.answer(SINGLE, "C")
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    value, printed = shown(lambda: quiz(NAME).ask(SINGLE))
    assert value == 0
    assert "(•) C" in printed and printed.endswith("Answer: C\n")
    value, printed = shown(lambda: quiz(NAME).ask(MULTIPLE))
    assert value == 0
    assert printed.endswith("Answer: none\n")
    assert len(answers(folder)) == 1


def test_while_grading_an_answer_in_a_cell_is_not_written_again(sample, folder, monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    told = repr(quiz(NAME).answer(SINGLE, "B"))
    assert told == "Not saved: B\nThis run is for grading."
    assert not (folder / "answers.jsonl").exists()


def test_while_grading_a_journal_that_is_refused_gives_0_and_its_reason(folder, monkeypatch):
    (folder / "answers.jsonl").symlink_to(folder / "items.json")
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    value, printed = shown(lambda: quiz(NAME).ask(SINGLE))
    assert value == 0
    assert "is a link or no plain file" in printed


def test_validation_fails_for_what_is_not_answered(sample, monkeypatch):
    sample.answer(SINGLE, "C")
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    value, _ = shown(lambda: quiz(NAME).ask(SINGLE))
    assert value is None  # nbgrader takes a number for a score
    with pytest.raises(CourseError, match=f"{MULTIPLE} is not answered yet"):
        shown(lambda: quiz(NAME).ask(MULTIPLE))


def test_submit_gives_a_receipt_that_says_what_is_open(sample, folder, monkeypatch):
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")
    sample.answer(SINGLE, "B")
    receipt = sample.submit(student="ana")
    assert MULTIPLE in repr(receipt)


def test_two_kernels_on_one_quiz_both_save(sample, folder):
    code = f"from course import quiz; print(quiz({NAME!r}).answer({MULTIPLE!r}, ['A', 'C']))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=os.environ, capture_output=True, text=True
    )
    assert done.stderr == ""
    sample.answer(SINGLE, "B")
    assert Journal(folder / "answers.jsonl", NAME).read().keys() == {SINGLE, MULTIPLE}
