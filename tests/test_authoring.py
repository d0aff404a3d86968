from decimal import Decimal
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course import authoring
from course.errors import CourseError


def notebook(*cells):
    return new_notebook(cells=list(cells))


def result(text):
    return new_output("execute_result", {"text/plain": text}, execution_count=7)


def test_a_run_counts_what_its_calls_would_cost(tmp_path):
    source = (
        "from course import connect\n"
        "client = connect()\n"
        "reply = client.chat.completions.create(model='gpt-4o-mini', messages=["
        "{'role': 'system', 'content': 'You are a helpful assistant.'}, "
        "{'role': 'user', 'content': 'Hello!'}])\n"
        "print(reply.usage.prompt_tokens, reply.usage.completion_tokens)"
    )
    path = tmp_path / "one.ipynb"
    nbformat.write(notebook(new_code_cell(source)), path)
    done = authoring.run(path)
    assert len(done.notebook.cells) == 1
    text = done.notebook.cells[0].outputs[-1].text
    asked, answered = map(int, text.split()[-2:])
    assert asked == 19
    # 15 cents in and 60 cents out for a million tokens
    assert done.cost_usd == (19 * Decimal("0.15") + answered * Decimal("0.60")) / 1_000_000


def test_counts_ids_and_widget_views_are_made_stable():
    cell = new_code_cell("1 + 1", outputs=[result("2")], metadata={"execution": {"a": "1"}})
    cell.outputs[0].data[authoring.WIDGET_VIEW] = {"model_id": "random"}
    book = notebook(new_markdown_cell("# Title"), cell)
    done = authoring.clean(book, before=notebook())
    assert [cell.id for cell in done.cells] == ["cell-01", "cell-02"]
    assert done.cells[1].execution_count == 1
    assert done.cells[1].outputs[0].execution_count == 1
    assert authoring.WIDGET_VIEW not in done.cells[1].outputs[0].data
    assert done.cells[1].metadata == {}


def test_what_follows_a_guess_is_covered_until_it_is_run():
    sources = ["1", "my_guess = None", "2", authoring.COMPARED + "\n3", "4"]
    book = notebook(*(new_code_cell(text, outputs=[result("x")]) for text in sources))
    book.cells[1].outputs = []
    done = authoring.clean(book, before=notebook())
    covered = ["outputs_hidden" in cell.metadata.get("jupyter", {}) for cell in done.cells]
    assert covered == [False, False, True, True, False]
    nbformat.validate(done)


@pytest.mark.parametrize(
    ("now", "kept"),
    [("1 call · 0.99 s", "1 call · 0.52 s"), ("2 calls · 0.99 s", "2 calls · 0.99 s")],
)
def test_seconds_alone_do_not_change_a_stored_output(now, kept):
    before = notebook(new_code_cell("m", outputs=[result("1 call · 0.52 s")]))
    done = authoring.clean(notebook(new_code_cell("m", outputs=[result(now)])), before=before)
    assert done.cells[0].outputs[0].data["text/plain"] == kept


@pytest.mark.parametrize(
    ("cost", "said"),
    [("0", "$0.00"), ("0.00123456", "about $0.0012"), ("0.25", "about $0.25"), ("12", "about $12")],
)
def test_a_cost_is_told_to_two_digits(cost, said):
    assert authoring.live_cost(Decimal(cost)) == said


def test_a_lesson_without_its_opening_line_is_told():
    book = notebook(new_markdown_cell("# 01 First call"))
    with pytest.raises(CourseError, match="must open with a line like"):
        authoring._fill_opening(book, Decimal(0), Path("01_first_call.ipynb"))


def test_the_readmes_table_is_made_from_the_lessons(tmp_path):
    (tmp_path / "lessons").mkdir()
    (tmp_path / "README.md").write_text("a\n<!-- lessons -->\nold\n<!-- /lessons -->\nz\n")
    opening = "# 01 First call\n\n35 minutes · offline `$0.00` · live about `$0.0012`"
    nbformat.write(notebook(new_markdown_cell(opening)), tmp_path / "lessons/01_first_call.ipynb")
    row = "| [01 First call](lessons/01_first_call.ipynb) | 35 | $0.00 | about $0.0012 | – |"
    text = authoring.with_table(tmp_path)
    assert row in text
    assert "old" not in text
    assert text.startswith("a\n") and text.endswith("z\n")
