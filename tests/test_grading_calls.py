"""Calling a student's function, whatever it does; and what the answer may be made to say."""

import asyncio
import base64
import json
import math
import os
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from course.errors import CourseError
from course.grading import calls, counted, inside
from course.quiz import trial
from course.quiz.fields import Case

CODE = """
import asyncio, math, os, time

def double(number, *, times=2):
    print("loud" * 1000)
    return number * times

def fails(number):
    return 1 / 0

def leaves(number):
    raise SystemExit(3)

def gives_a_set(number):
    return {number}

def gives_nan(number):
    return [math.nan]

def endless(number):
    inside = []
    inside.append(inside)
    return inside

def long(number):
    return "x" * 50_000

def odd_keys(number):
    return {1: 2}

def pairs(number):
    return ((number, None), {"yes": True, "half": 0.5})

async def later(number):
    await asyncio.sleep(0)
    return number

async def never(number):
    await asyncio.sleep(600)

def loops(number):
    while True:
        pass

def dies(number):
    os._exit(1)

def clings(number):
    while True:
        try:
            time.sleep(600)
        except BaseException:
            pass

json = open = str = list = "the student's own"
not_a_function = 3
"""


@pytest.fixture(scope="module")
def kernel():
    """A kernel that has run CODE: what `calls` needs of it."""
    with running() as client:
        yield calls.Caller(client.kc, client.km)


@contextmanager
def running():
    cell = nbformat.v4.new_code_cell(CODE)
    client = NotebookClient(
        nbformat.v4.new_notebook(cells=[cell]), kernel_manager_class=AsyncKernelManager
    )
    with client.setup_kernel(env=dict(os.environ)):
        client.execute_cell(cell, 0)
        yield client


def case(*arguments, **named):
    return Case(arguments=list(arguments), named=named, expected=None)


@pytest.mark.parametrize(
    ("function", "outcome"),
    [
        ("double", {"value": 6}),
        ("later", {"value": 3}),
        ("pairs", {"value": [[3, None], {"yes": True, "half": 0.5}]}),
        ("fails", {"raised": "ZeroDivisionError: division by zero"}),
        ("leaves", {"raised": "SystemExit: 3"}),
        ("gives_a_set", {"refused": "a set came back; return numbers, texts, lists or "
                                    "dictionaries."}),
        ("gives_nan", {"refused": "nan came back, which is no number to count with."}),
        ("endless", {"refused": "what came back is nested too deeply."}),
        ("long", {"refused": "the str that came back is too long."}),
        ("odd_keys", {"refused": "a dictionary came back with keys that are no text."}),
        ("not_a_function", {"missing": True}),
        ("nowhere", {"missing": True}),
    ],
)  # fmt: skip
def test_every_call_has_an_outcome(kernel, function, outcome):
    assert kernel.outcome(function, case(3)) == outcome


def test_named_arguments_are_handed_over(kernel):
    assert kernel.outcome("double", case(2, times=10)) == {"value": 20}
    assert "unexpected keyword" in kernel.outcome("double", case(2, other=1))["raised"]


@pytest.mark.parametrize("function", ["loops", "never"])
def test_a_call_without_end_is_stopped_and_the_next_one_goes_on(kernel, function):
    assert "TimeoutError" in kernel.outcome(function, case(1), seconds=0.5)["raised"]
    assert kernel.outcome("double", case(1)) == {"value": 2}


def test_after_the_end_of_its_process_nothing_more_comes_and_nothing_hangs():
    with running() as client:
        caller = calls.Caller(client.kc, client.km)
        assert caller.outcome("dies", case(1)) == calls.DEAD
        assert caller.outcome("double", case(1)) == calls.DEAD


def test_a_call_that_cannot_be_stopped_is_given_up(monkeypatch):
    monkeypatch.setattr(calls, "_GRACE_S", 0.3)
    with running() as client:
        caller = calls.Caller(client.kc, client.km)
        assert caller.outcome("clings", case(1), seconds=0.3) == calls.STUCK
        assert caller.outcome("double", case(1)) == calls.STUCK


def said(outcome):
    return repr(base64.b64encode(json.dumps(outcome).encode()).decode())


@pytest.mark.parametrize(
    "text",
    ["", "''", "'a'", "3", "__import__('os')", "'" + "A" * 100_000 + "'",
     said([1]), said({}), said({"value": 1, "raised": "x"}), said({"points": 5}),
     said({"raised": 3}), said({"missing": "yes"}), said("value"), said({"value": float("nan")}),
     repr(base64.b64encode(b'{"value": ' + b"[" * 20_000).decode())],
)  # fmt: skip
def test_whatever_else_is_said_is_no_outcome(text):
    assert calls.read(text) == calls.UNREADABLE


def test_the_program_that_is_sent_needs_no_course():
    """It runs where nothing is known of the course, and gives the same outcomes."""
    names = {"double": lambda number: number * 2}
    text = inside.call(names, "double", json.dumps({"arguments": [4], "named": {}}))
    assert calls.read(repr(text)) == {"value": 8}
    assert "course" not in [word.split(".")[0] for word in imported(inside)]

    async def waits():
        return 5

    assert inside.call({"f": waits}, "f", json.dumps({"arguments": [], "named": {}})) == ""
    assert calls.read(repr(asyncio.run(inside.finish(1)))) == {"value": 5}


def imported(module):
    lines = Path(module.__file__).read_text(encoding="utf-8").splitlines()
    return [text.split()[1] for text in lines if text.startswith(("import ", "from "))]


def test_what_calls_use_is_added_up():
    one = {"calls": 1, "tokens": 10, "cost_usd": 1, "at_once": 1, "seconds": 0.5}
    two = {"calls": 2, "tokens": 5, "cost_usd": 2, "at_once": 3, "seconds": 0.25}
    assert counted.sum_up([one, two]) == {
        "calls": 3, "tokens": 15, "cost_usd": 3, "at_once": 3, "seconds": 0.75,
    }  # fmt: skip


def test_a_simulator_that_does_not_start_is_one_sentence(monkeypatch):
    monkeypatch.setattr(counted.sys, "executable", "/bin/false")
    with pytest.raises(CourseError, match="could not be started"), counted.counted():
        pass


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 0.5, "text", (1, 2), [], {"a": [1]}, Decimal("0.1"), {1}, {1: 2}, math.inf,
     object(), b"x"],
)  # fmt: skip
def test_a_notebook_and_a_grader_take_the_same_values(value):
    def gives():
        return value

    graded = inside.call({"gives": gives}, "gives", json.dumps({"arguments": [], "named": {}}))
    assert calls.read(repr(graded)) == trial.outcome(gives, {"arguments": [], "named": {}})
