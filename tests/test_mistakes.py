"""Errors of the client as a learner sees them, in a real kernel."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

CONNECT = "from course import connect\nclient = connect()"
ASK = "client.chat.completions.create(model={model}, messages={messages})"


def shown(*sources):
    """The error output of the last cell."""
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    NotebookClient(notebook, allow_errors=True, kernel_name="python3").execute()
    nbformat.validate(notebook)
    return next(out for out in notebook.cells[-1].outputs if out.output_type == "error")


@pytest.mark.parametrize(
    ("model", "messages", "kind", "told"),
    [
        ("'gpt-4o-mni'", "[{'role': 'user', 'content': 'Hi'}]", "NotFoundError", "gpt-4o-mni"),
        ("'gpt-4o-mini'", "'Hi'", "BadRequestError", "messages"),
        ("'gpt-4o-mini'", "[{'role': 'System', 'content': 'Hi'}]", "BadRequestError", "System"),
    ],
)
def test_a_slip_is_told_in_two_lines(model, messages, kind, told):
    ask = ASK.format(model=model, messages=messages)
    error = shown(CONNECT, f"x = 1\n{ask}")
    assert error.ename == kind
    place, said = error.traceback
    assert place == f"In line 2 of the cell: {ask}"
    assert said.startswith(f"{kind}: 40") and told in said


def test_the_whole_traceback_can_be_had():
    ask = ASK.format(model="'gpt-4o-mni'", messages="[{'role': 'user', 'content': 'Hi'}]")
    error = shown(CONNECT, f"%xmode Verbose\n{ask}")
    assert "openai" in "".join(error.traceback) and len("".join(error.traceback)) > 2000


def test_an_ordinary_error_is_shown_as_ever():
    error = shown(CONNECT, "1 / 0")
    assert "ZeroDivisionError" in error.traceback[-1] and len(error.traceback) > 2
