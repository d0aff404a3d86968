"""A function tried in the notebook on the examples that its item shows."""

import asyncio
import json
import subprocess
import sys
from decimal import Decimal

import numpy
import pytest
import sample_types as sample

from course.quiz import trial


@pytest.fixture(scope="module")
def code(tmp_path_factory):
    item = sample.item(tmp_path_factory.mktemp("bank"), sample.CODE).public()
    return json.loads(json.dumps(item))


def test_a_right_function_is_told_so_and_that_more_comes(code):
    tried = trial.run(code, lambda tokens, price: tokens * price / 1_000_000)
    assert tried.is_right
    assert tried.told() == (
        "1 of 1 examples are right. More is tried when it is graded.\n"
        "cost(1000000, price=0.15) returned 0.15: right."
    )


def test_a_wrong_one_sees_what_was_called_what_came_back_and_what_was_expected(code):
    tried = trial.run(code, lambda tokens, price: tokens * price)
    assert not tried.is_right
    assert tried.told().splitlines()[1:] == [
        "cost(1000000, price=0.15)",
        "  returned: 150000.0",
        "  expected: 0.15",
        "  first difference: 150000.0 is too large, 0.15 was expected",
    ]


def test_no_function_is_told(code):
    tried = trial.run(code, None)
    assert not tried.is_right
    assert tried.told() == (
        "There is no function cost yet: write it in a cell, run it, then run this."
    )


def test_text_and_page_hold_the_question_and_the_result_and_no_markup_of_the_students(code):
    tried = trial.run(code, lambda tokens, price: "<script>alert(1)</script>")
    assert repr(tried).startswith("Write cost(tokens, price) in dollars.")
    page = tried._repr_html_()
    assert "<script" not in page and "&lt;script&gt;" in page
    assert 'role="status"' in page and "0 of 1 examples are right." in page


def fails(*_, **__):
    return 1 / 0


def leaves(*_, **__):
    sys.exit(3)


async def waits(*_, **__):
    await asyncio.sleep(0)
    return 7


class Odd:
    pass


@pytest.mark.parametrize(
    ("function", "outcome"),
    [
        (lambda *_: (1, 2), {"value": [1, 2]}),
        (lambda *_: Decimal("0.15"), {"value": 0.15}),
        (lambda *_: numpy.float64(1.5), {"value": 1.5}),
        (lambda *_: {"a": None, "b": [True]}, {"value": {"a": None, "b": [True]}}),
        (lambda *_: {1}, {"refused": "a set came back; return numbers, texts, lists or "
                                     "dictionaries."}),
        (lambda *_: Odd(), {"refused": "a Odd came back; return numbers, texts, lists or "
                                       "dictionaries."}),
        (lambda *_: {1: 2}, {"refused": "a dictionary came back with keys that are no text."}),
        (lambda *_: float("nan"), {"refused": "nan came back, which is no number to count with."}),
        (fails, {"raised": "ZeroDivisionError: division by zero"}),
        (leaves, {"raised": "SystemExit: 3"}),
        (waits, {"value": 7}),
    ],
)  # fmt: skip
def test_whatever_a_function_does_is_an_outcome(function, outcome):
    assert trial.outcome(function, {"arguments": [1], "named": {}}) == outcome


def test_a_coroutine_is_run_where_a_loop_is_running_already():
    async def in_a_notebook():
        return trial.outcome(waits, {"arguments": [], "named": {}})

    assert asyncio.run(in_a_notebook()) == {"value": 7}


def test_a_list_that_endlessly_holds_itself_is_refused():
    endless = []
    endless.append(endless)
    assert (
        "nested too deeply"
        in trial.outcome(lambda: endless, {"arguments": [], "named": {}})["refused"]
    )


def test_a_function_that_changes_its_arguments_does_not_change_the_case():
    case = {"arguments": [[1, 2]], "named": {}, "expected": 2}
    assert trial.outcome(lambda given: given.pop(), case) == {"value": 2}
    assert case["arguments"] == [[1, 2]]


def test_stopping_the_cell_stops_the_function():
    def stopped():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trial.outcome(stopped, {"arguments": [], "named": {}})


def test_the_function_is_found_in_the_notebook():
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "shell.run_cell('def cost(): return 3\\nsize = 3')\n"
        "from course.quiz import trial\n"
        "print(trial.find('cost')(), trial.find('size'), trial.find('other'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "3 None None\n", done.stderr
    assert trial.find("cost") is None  # no notebook is running here
