"""Keys in the clear: what the linter finds in the folder that students receive."""

import json
import zipfile

import nbformat
import pytest
from flawed import BANKS, FACTS, FLAWLESS, course
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course.facts import edition
from course.quiz import bank, lint

FEEDBACK = "A key has no clock that a chat could wind forward."


@pytest.fixture
def released(tmp_path):
    """A course with the flawless bank and what is released of it, nothing wrong with it yet."""
    root = course(tmp_path, flawless=FLAWLESS)
    folder = root / "quizzes" / "flawless"
    folder.mkdir(parents=True)
    items = bank.load(BANKS / "flawless.toml", facts=FACTS).items
    shown = [item.public() | {"variants": [each.public() for each in item.drawn]} for item in items]
    content = {"v": 1, "quiz": "flawless", "items": shown, "policy": {"feedback": "instant"}}
    (folder / "items.json").write_text(json.dumps(content), encoding="utf-8")
    asks = [new_code_cell(f'quiz("flawless").ask("{item.id}")') for item in items]
    write(folder, new_markdown_cell("# A flawless quiz"), *asks)
    return root


def write(folder, *cells):
    nbformat.write(new_notebook(cells=list(cells)), folder / "flawless.ipynb")


def told(root):
    found, _ = lint.report(["flawless"], root=root, today=edition())
    assert {finding.rule for finding in found} <= {"key-in-clear"}
    return found


def add(root, name, text):
    (root / "quizzes" / "flawless" / name).write_text(text, encoding="utf-8")


def test_a_clean_release_gives_nothing_away(released):
    assert told(released) == []


@pytest.mark.parametrize(
    "source",
    [
        'key = "B"',
        "# correct: B",
        '"""Checks the item. The right answer is B."""',
        'ANSWERS = {"flawless-01": "B"}',
        'quiz("flawless").answer("flawless-01", "B")',
        'keys = ["A", "D"]',
        "flawless-04: C, A, B",
        'flawless-05: {"p1": "A", "p2": "B", "p3": "C"}',
        "tolerance = 0.02",
        f"print({FEEDBACK!r})",
        "# this one is for key-expires",
        'answer = "flawless-06: 3"',
    ],
)
def test_a_key_in_a_cell_is_found(released, source):
    write(released / "quizzes" / "flawless", new_code_cell(source))
    (found, *_) = told(released)
    assert found.file == "quizzes/flawless/flawless.ipynb"


def test_the_number_of_one_variant_is_found(released):
    item = bank.load(BANKS / "flawless.toml", facts=FACTS).item("flawless-03")
    add(released, "notes.md", f"For the second variant the answer is {item.drawn[1].key}.")
    (found,) = told(released)
    assert found.item == "flawless-03"


def test_a_key_in_metadata_is_found(released):
    cell = new_code_cell("1", metadata={"nbgrader": {"grade_id": "flawless-01", "key": "B"}})
    write(released / "quizzes" / "flawless", cell)
    assert [finding.item for finding in told(released)] == ["flawless-01"]


def test_feedback_in_an_output_is_found(released):
    output = new_output("stream", name="stdout", text=f"Not right yet.\n{FEEDBACK}\n")
    write(released / "quizzes" / "flawless", new_code_cell("1", outputs=[output]))
    (found,) = told(released)
    assert (found.item, "Feedback on C" in found.said) == ("flawless-01", True)


@pytest.mark.parametrize("field", ["key", "tolerance", "feedback", "misconception", "accept"])
def test_a_secret_field_in_items_json_is_found(released, field):
    path = released / "quizzes" / "flawless" / "items.json"
    content = json.loads(path.read_text())
    content["items"][1][field] = ""
    path.write_text(json.dumps(content))
    assert any(
        finding.item == "flawless-02" and field in finding.said for finding in told(released)
    )


def test_a_bank_or_a_zip_with_one_is_found(released):
    add(released, "copy.txt", FLAWLESS)
    assert told(released)
    (released / "quizzes" / "flawless" / "copy.txt").unlink()
    with zipfile.ZipFile(released / "quizzes" / "flawless" / "old.zip", "w") as archive:
        archive.writestr("solutions/bank.toml", FLAWLESS)
    assert {finding.file for finding in told(released)} == {
        "quizzes/flawless/old.zip/solutions/bank.toml"
    }


def test_a_file_that_is_no_text_or_no_json_is_read_all_the_same(released):
    (released / "quizzes" / "flawless" / "odd.bin").write_bytes(b"\xff\xfe\x00PK")
    (released / "quizzes" / "flawless" / "broken.zip").write_bytes(b"PK\x03\x04 broken")
    add(released, "broken.json", '{"key": "B"')
    assert [finding.file for finding in told(released)] == ["quizzes/flawless/broken.json"]


@pytest.mark.parametrize(
    "text",
    [
        "The answer is a number of tokens.",
        "The right answer is A list of messages, and nobody minds.",
        "Choose B or C, then run the cell.",
        "Answers: 3 of 9 saved.",
        "A key has to be kept out of a notebook.",
        "The number of tokens that are read",
    ],
)
def test_ordinary_sentences_and_options_are_no_leak(released, text):
    add(released, "notes.md", text)
    assert told(released) == []


def test_a_learners_own_answers_are_no_leak(released):
    add(released, "answers.jsonl", '{"item": "flawless-01", "response": "B", "key": "B"}')
    assert told(released) == []


def test_a_file_outside_the_quizzes_folders_is_read_too(released):
    (released / "quizzes" / "notes.md").write_text("flawless-01: B", encoding="utf-8")
    assert [(one.file, one.item) for one in told(released)] == [("quizzes/notes.md", "flawless-01")]
