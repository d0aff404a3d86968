"""A quiz's notebook as it goes out, and as it is put back after it came in."""

import copy
import json
import random
from types import SimpleNamespace

import nbformat
import pytest
import sample_course
import sample_every_type
from nbformat.v4 import new_code_cell, new_markdown_cell
from sample_course import ITEMS, ask

from course.errors import CourseError
from course.grading import edition, scorer, stubs


@pytest.fixture(scope="module")
def quiz(tmp_path_factory):
    return scorer.quiz("q", root=sample_course.make(tmp_path_factory.mktemp("course")))


def submitted(quiz, change=lambda cells: None):
    """The released notebook as bytes, after `change` has altered its list of cells in place."""
    notebook = nbformat.from_dict(json.loads(nbformat.writes(quiz.released)))
    change(notebook.cells)
    return json.dumps(notebook).encode()


def graded_ids(notebook):
    return [edition.grade_id(cell) for cell in notebook.cells if edition.is_graded(cell)]


def at(cells, item):
    return next(cell for cell in cells if edition.grade_id(cell) == item)


def test_a_student_receives_no_worked_answer_and_no_output(quiz):
    text = nbformat.writes(quiz.released)
    assert "SECRET" not in text
    assert all(cell.get("outputs", []) == [] for cell in quiz.released.cells)
    assert graded_ids(quiz.released) == list(ITEMS)


def test_points_come_from_the_bank_whatever_the_notebook_says(quiz):
    points = [cell.metadata.nbgrader.points for cell in quiz.released.cells if "ask" in cell.source]
    assert points == [1, 3, 2]


def test_the_edition_is_the_same_whatever_ids_and_counts_the_solutions_notebook_has(quiz):
    noisy = sample_course.solutions_notebook()
    for cell in noisy.cells:
        cell.id = f"random-{random.random()}".replace(".", "")
        if cell.cell_type == "code":
            cell.execution_count = random.randint(1, 99)
    noisy.metadata["language_info"] = {"name": "python", "version": "3.99"}
    assert edition.student_edition(noisy, quiz.bank) == quiz.released


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda cells: cells.pop(3), "item q-01 has no graded cell"),
        (lambda cells: cells.append(ask("q-01")), "item q-01 has 2 graded cell"),
        (lambda cells: cells.append(ask("q-99")), "q-99 is no item of the bank"),
        (
            lambda cells: cells.append(new_code_cell('quiz("q").ask("q-02")')),
            "item q-02 is asked 2 times",
        ),
        (lambda cells: cells[3].update(source="pass"), "the graded cell q-01 asks nothing"),
    ],
)
def test_a_notebook_that_does_not_ask_every_item_once_is_refused(quiz, change, said):
    notebook = sample_course.solutions_notebook()
    change(notebook.cells)
    with pytest.raises(CourseError, match=said):
        edition.student_edition(notebook, quiz.bank)


def test_an_untouched_submission_needs_no_run_and_no_remark(quiz):
    restored = edition.restore(submitted(quiz), quiz.released)
    assert restored.remarks == () and not restored.runs
    assert [cell.source for cell in restored.notebook.cells] == [
        cell.source for cell in quiz.released.cells
    ]


def test_a_graded_cell_yields_nothing_until_the_scorer_has_spoken(quiz):
    def cheat(cells):
        at(cells, "q-01").outputs = [
            {"output_type": "execute_result", "data": {"text/plain": "1"}, "metadata": {}}
        ]

    restored = edition.restore(submitted(quiz, cheat), quiz.released)
    for item in ITEMS:
        (output,) = at(restored.notebook.cells, item).outputs
        assert output.data["text/plain"] == "0"


def test_code_of_the_students_own_is_kept_and_asks_for_a_run(quiz):
    def add(cells):
        cells.insert(2, new_code_cell("x = 1"))

    restored = edition.restore(submitted(quiz, add), quiz.released)
    assert restored.runs
    assert restored.notebook.cells[2].source == "x = 1"


def test_text_of_the_students_own_asks_for_no_run(quiz):
    def add(cells):
        cells.insert(2, new_markdown_cell("A note to myself"))

    assert not edition.restore(submitted(quiz, add), quiz.released).runs


def delete(cells):
    cells.remove(at(cells, "q-02"))


def delete_section_and_first(cells):
    cells.remove(at(cells, "letters"))
    cells.remove(at(cells, "q-01"))


def duplicate(cells):
    cells.append(nbformat.from_dict(dict(at(cells, "q-02"))))


def retype(cells):
    at(cells, "q-02")["cell_type"] = "markdown"


def unlock(cells):
    at(cells, "q-02").metadata.nbgrader["locked"] = False


def claim_points(cells):
    at(cells, "q-02").metadata.nbgrader.update(points=1000, schema_version=99, solution=True)


def replace_source(cells):
    at(cells, "q-02")["source"] = "print(3)"


def rename_to_a_list(cells):
    at(cells, "q-02").metadata.nbgrader["grade_id"] = ["q-02"]


def delete_all(cells):
    cells.clear()


@pytest.mark.parametrize(
    "change",
    [delete, delete_section_and_first, duplicate, retype, unlock, claim_points, replace_source,
     rename_to_a_list, delete_all],
)  # fmt: skip
def test_whatever_is_done_to_released_cells_is_undone_and_told(quiz, change):
    restored = edition.restore(submitted(quiz, change), quiz.released)
    assert restored.remarks
    assert graded_ids(restored.notebook) == list(ITEMS)
    for item in ITEMS:
        cell, ours = at(restored.notebook.cells, item), at(quiz.released.cells, item)
        assert (cell.cell_type, cell.source) == (ours.cell_type, ours.source)
        assert cell.metadata.nbgrader == ours.metadata.nbgrader
    nbformat.validate(restored.notebook)


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"not json",
        b"\xff\xfe\x00",
        b"[]",
        b'{"cells": 3}',
        b'{"cells": [{"cell_type": "code", "source": ["a", 3]}]}',
        b"[" * 100_000,
        b'{"cells": [' + b",".join([b'{"cell_type": "raw", "source": ""}'] * 3000) + b"]}",
    ],
    ids=["none", "empty", "words", "bytes", "list", "number", "mixed", "deep", "many cells"],
)
def test_a_notebook_that_cannot_be_read_is_graded_with_a_fresh_one(quiz, content):
    restored = edition.restore(content, quiz.released)
    assert graded_ids(restored.notebook) == list(ITEMS)
    assert "fresh notebook" in restored.remarks[0] and not restored.runs


def test_odd_cells_become_plain_ones(quiz):
    odd = [
        {"cell_type": ["code"], "source": 7, "metadata": {"nbgrader": "x"}},
        {"cell_type": "code", "source": "\ud800", "outputs": "all", "metadata": []},
        "no cell at all",
    ]
    content = json.dumps({"cells": odd, "metadata": {"widgets": {"a": 1}}}).encode()
    restored = edition.restore(content, quiz.released)
    own = [cell for cell in restored.notebook.cells if cell.id.startswith("own-")]
    assert [(cell.cell_type, cell.source) for cell in own] == [
        ("markdown", "<pre>7</pre>"),
        ("code", "?"),
    ]
    assert "widgets" not in restored.notebook.metadata
    nbformat.validate(restored.notebook)


@pytest.mark.parametrize(
    ("source", "runs"),
    [
        ('quiz("q").submit(student="Ana K.")', False),
        ("quiz(\"q\").submit(student='Ana')", False),
        ('quiz("q").submit(student="a" + str(1 / 0))', True),
        ('quiz("q").submit(student="a")\nprint(1)', True),
    ],
)
def test_a_name_in_the_cell_that_hands_in_is_not_code_to_run(quiz, source, runs):
    own = SimpleNamespace(released=copy.deepcopy(quiz.released))
    own.released.cells.append(new_code_cell('quiz("q").submit(student="")'))

    def sign(cells):
        cells[-1].source = source

    assert edition.restore(submitted(own, sign), own.released).runs is runs


def solution(source, *, name="write-f", marked=True):
    mark = {"grade": False, "solution": marked, "locked": False, "schema_version": 3}
    return new_code_cell(source, metadata={"nbgrader": mark | {"grade_id": name}})


WHOLE = "def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION"


def test_a_solution_becomes_a_stub_that_runs():
    source = stubs.stub(solution(f"import math\n\n{WHOLE}\n\nprint(f(1))"))
    assert source == "import math\n\ndef f(x):\n    # Your code here\n    ...\n\nprint(f(1))"
    names = {}
    exec(source, names)
    assert names["f"](1) is None


def test_a_cell_may_hold_two_solutions():
    again = WHOLE.replace("f(x)", "g(x)").replace("return x", "return 2 * x")
    source = stubs.stub(solution(f"{WHOLE}\n{again}"))
    assert source.count("...") == 2 and "return" not in source


@pytest.mark.parametrize(
    ("source", "marked", "said"),
    [
        ("def f(x):\n    return x", True, "has no ### BEGIN SOLUTION"),
        (WHOLE, False, "is not marked as one"),
        (WHOLE.replace("    ### END SOLUTION", ""), True, "not as many END SOLUTION"),
        ("### END SOLUTION\n### BEGIN SOLUTION", True, "before its BEGIN SOLUTION"),
        (f"### BEGIN SOLUTION\n{WHOLE}\n### END SOLUTION", True, "inside another"),
    ],
)
def test_a_solution_that_could_be_given_away_is_refused(source, marked, said):
    with pytest.raises(CourseError, match=said):
        stubs.stub(solution(source, marked=marked))


@pytest.fixture(scope="module")
def coded(tmp_path_factory):
    """A quiz with two functions to write."""
    root = sample_every_type.released(tmp_path_factory.mktemp("coded"))
    return scorer.quiz(sample_every_type.QUIZ, root=root)


def test_a_quiz_without_a_place_for_a_function_is_refused(coded):
    notebook = sample_every_type.solutions_notebook()
    notebook.cells = [cell for cell in notebook.cells if "def total" not in cell.source]
    with pytest.raises(CourseError, match="item a-09 calls total, which no cell marked"):
        edition.student_edition(notebook, coded.bank)


def test_the_stub_alone_asks_for_no_run_and_a_function_for_one(coded):
    assert not edition.restore(submitted(coded), coded.released).runs

    def write(cells):
        at(cells, "write-total")["source"] = "def total(numbers):\n    return 1"

    restored = edition.restore(submitted(coded, write), coded.released)
    assert restored.runs and restored.remarks == ()
    assert "return 1" in at(restored.notebook.cells, "write-total").source


def test_a_function_cell_that_is_gone_comes_back_empty(coded):
    def move(cells):
        cells.remove(at(cells, "write-total"))
        cells.insert(1, new_code_cell("def total(numbers):\n    return 1"))

    restored = edition.restore(submitted(coded, move), coded.released)
    assert restored.runs
    assert at(restored.notebook.cells, "write-total").source == ""
    assert restored.remarks == ("Cell write-total was missing; it was put back as released.",)
