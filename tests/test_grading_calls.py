"""Calling a student's function, whatever it does; and what the answer may be made to say."""

import math
import socket
from decimal import Decimal

import pytest

from course.errors import CourseError
from course.grading import counted
from course.grading.sandbox import Limits, Sandbox, available, outputs, wire
from course.grading.sandbox.run import UNREADABLE, read_outcome
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

class Liar(list):
    def __iter__(self):
        raise RuntimeError("no")

def lies(number):
    return Liar([1])

json = open = str = list = "the student's own"
not_a_function = 3
"""
LIMITS = Limits(call_seconds=20, grace_seconds=1)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(LIMITS, contained=not available()) as made:
        yield made


@pytest.fixture
def run(sandbox):
    with sandbox.submission({}, "01_sample") as made:
        assert made.cell(CODE).ok
        yield made


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
        ("lies", {"refused": "a value of type Liar can't be saved."}),
        ("not_a_function", {"missing": True}),
        ("nowhere", {"missing": True}),
    ],
)  # fmt: skip
def test_every_call_has_an_outcome(run, function, outcome):
    assert run.call(function, case(3)) == outcome


def test_named_arguments_are_handed_over(run):
    assert run.call("double", case(2, times=10)) == {"value": 20}
    assert "unexpected keyword" in run.call("double", case(2, other=1))["raised"]


@pytest.mark.parametrize("function", ["loops", "never"])
def test_a_call_without_end_is_stopped_and_the_next_one_goes_on(run, function):
    told = run.call(function, case(1), seconds=0.5)
    assert told == {"raised": "TimeoutError: the call took over 0.5 seconds."}
    assert run.call("double", case(1)) == {"value": 2}


def test_after_the_end_of_its_process_nothing_more_comes_and_nothing_hangs(run):
    dead = {"raised": "The code ended the process it runs in (exit code 1)."}
    assert run.call("double", case(1)) == {"value": 2}
    assert run.call("dies", case(1)) == dead
    assert run.call("double", case(1)) == dead


def test_a_call_that_cannot_be_stopped_is_given_up(run):
    stuck = run.call("clings", case(1), seconds=0.3)
    assert "could not be interrupted" in stuck["raised"]
    assert run.call("double", case(1)) == stuck


@pytest.mark.parametrize(
    "said",
    [None, [], {}, "value", 3, {"value": 1, "raised": "x"}, {"points": 5}, {"raised": 3},
     {"missing": "yes"}, {"refused": None}],
)  # fmt: skip
def test_whatever_else_is_said_is_no_outcome(said):
    assert read_outcome(said) == UNREADABLE


def read(data, **more):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        reader = wire.Reader(ours, most_head=1_000, most_body=100)
        return reader.next(**more)


def test_a_frame_comes_as_it_was_sent():
    assert read(wire.pack({"n": "a", "é": [1]}, b"body")) == ({"n": "a", "é": [1]}, b"body")


@pytest.mark.parametrize(
    "data",
    [b"\xff" * 8, b"\0\0\0\1\0\0\0\0[", b"\0\0\0\2\0\0\0\0[]", b"\0\0\0\7\0\0\0\0{\"a\":1",
     b"\0\0\0\1\0\0\x01\0{", b"\0\0\0\x09\0\0\0\0{\"a\":NaN}", wire.pack({"a": "x" * 2_000}),
     b"\0\0\x03\x84\0\0\0\0" + b"[" * 900, b"\0\0\0\2\0\0\0\0\xff\xff"],
)  # fmt: skip
def test_what_is_no_frame_is_broken(data):
    with pytest.raises((wire.Broken, wire.Ended)):
        read(data)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("x", b""), ([3], b""), ([{"kind": "stream", "sizes": {"text": 9}}], b"short"),
        ([{"kind": "stream", "sizes": {"text": -1}}], b"short"),
        ([{"kind": "stream", "sizes": {"text": True}}], b"short"),
        ([{"kind": "stream", "sizes": [1]}], b"short"),
        ([{"kind": "odd", "sizes": {"text": 1}}], b"x"),
        ([{"kind": "display_data", "sizes": {"application/javascript": 1}}], b"x"),
        ([{"kind": "display_data", "sizes": dict.fromkeys(map(str, range(99)), 0)}], b""),
    ],
)  # fmt: skip
def test_outputs_that_are_none_are_left_out(head, body):
    assert outputs.read(head, body) == []


def test_outputs_are_read_back_as_they_were():
    told = [
        {"output_type": "stream", "name": "stderr", "text": "é\n"},
        {"output_type": "execute_result", "execution_count": 3, "data": {"text/plain": "7"}},
        {"output_type": "error", "ename": "E", "evalue": "x", "traceback": ["a", "b"]},
    ]
    expected = [told[0], told[1] | {"metadata": {}}, told[2]]
    assert outputs.read(*outputs.packed(told)) == expected
    many = [{"kind": "stream", "name": "stdout", "sizes": {}}] * 5_000
    assert len(outputs.read(many, b"")) == outputs.MOST_OUTPUTS


def test_what_calls_use_is_added_up():
    one = {"calls": 1, "tokens": 10, "cost_usd": 1, "at_once": 1, "seconds": 0.5}
    two = {"calls": 2, "tokens": 5, "cost_usd": 2, "at_once": 3, "seconds": 0.25}
    assert counted.sum_up([one, two]) == {
        "calls": 3, "tokens": 15, "cost_usd": 3, "at_once": 3, "seconds": 0.75,
    }  # fmt: skip


ASKS = """
from course import connect
client = connect()
def asks(text):
    told = client.chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": text}]
    )
    return told.choices[0].message.role
"""


def test_calls_are_counted_outside_and_each_submission_has_its_own_count(sandbox):
    for _ in range(2):
        with counted.counted() as endpoint, sandbox.submission({}, "01_s", endpoint.path) as run:
            assert endpoint.ended() == 0
            assert run.cell(ASKS).ok
            assert run.call("asks", case("one")) == {"value": "assistant"}
            assert run.call("asks", case("two")) == {"value": "assistant"}
            used = endpoint.used(0)
            assert used["calls"] == 2 and used["at_once"] == 1 and used["cost_usd"] > 0
            assert endpoint.used(1)["calls"] == 1
            if not available():
                assert not run.cell("open('/run/endpoint/log')").ok


def test_a_simulator_that_does_not_start_is_one_sentence(monkeypatch):
    counted.close()
    monkeypatch.setattr(counted.sys, "executable", "/bin/false")
    with pytest.raises(CourseError, match="could not be started"), counted.counted():
        pass
    counted.close()


@pytest.mark.parametrize(
    "value",
    ["None", "True", "3", "0.5", "'text'", "(1, 2)", "[]", "{'a': [1]}", "Decimal('0.1')", "{1}",
     "{1: 2}", "math.inf", "object()", "b'x'"],
)  # fmt: skip
def test_a_notebook_and_a_grader_take_the_same_values(run, value):
    assert run.cell(f"from decimal import Decimal\ndef gives(): return {value}").ok
    names = {"Decimal": Decimal, "math": math}
    graded = run.call("gives", case())
    tried = trial.outcome(lambda: eval(value, names), {"arguments": [], "named": {}})
    assert graded == tried
