"""The options of an endpoint, read from command lines and from connect(simulate={…})."""

from datetime import date
from decimal import Decimal

import pytest

from course.endpoint import options
from course.endpoint.options import Options
from course.errors import CourseError


def test_without_anything_the_usual_options_hold():
    assert options.read([]) == Options()
    assert Options().told() == {}


def test_a_command_line_is_read():
    line = "--tier 1 --fault 429:0.1 --fault=cut:0.02 --as-of 2027-02-01 --quota 0.25 --clock 60"
    read = options.read([*line.split(), "--time-to-first-token", "1.2"])
    assert (read.tier, read.fault, read.clock) == ("1", ("429:0.1", "cut:0.02"), 60.0)
    assert (read.as_of, read.quota) == (date(2027, 2, 1), Decimal("0.25"))
    assert read.time_to_first_token == 1.2


def test_options_by_name_become_the_same_command_line():
    line = options.arguments({"tier": 1, "fault": ["429:0.1", "500:0.2"], "as_of": "2027-02-01"})
    assert line == ["--tier=1", "--fault=429:0.1", "--fault=500:0.2", "--as-of=2027-02-01"]
    assert options.read(line).fault == ("429:0.1", "500:0.2")


def test_what_is_told_of_options_never_tells_a_key():
    told = options.read(["--key", "sk-very-secret", "--tier", "1"]).told()
    assert told == {"tier": "1", "key": "1 of its own"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["--speed", "-1"], "-1 is not a number from 0"),
        (["--speed", "nan"], "nan is not a number"),
        (["--speed", "inf"], "inf is not a number"),
        (["--clock", "0"], "0 is not a number above 0"),
        (["--seed", "x"], "--seed"),
        (["--as-of", "soon"], "soon is no date such as 2027-01-31"),
        (["--quota", "cheap"], "cheap is no amount of US dollars"),
        (["--quota", "-1"], "-1 is no amount"),
        (["--max-num-seqs", "0"], "0 is not a whole number from 1"),
        (["--time-factor-under-load", "0.5"], "0.5 is not a number from 1"),
        (["--nonsense", "1"], "--nonsense"),
        (["--spee", "1"], "--spee"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_it(line, words):
    with pytest.raises(CourseError) as caught:
        options.read(line)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_an_unknown_name_is_told_those_there_are():
    with pytest.raises(CourseError, match="no option 'tiers'; it has speed, clock"):
        options.arguments({"tiers": 1})


def test_a_value_that_no_command_line_can_hold_is_one_short_sentence():
    with pytest.raises(
        CourseError, match=r"simulate's tasks is of type dict; give the name of a .js"
    ):
        options.arguments({"tasks": {"id": 1}})
    with pytest.raises(CourseError, match=r"simulate's speed is of type NoneType; give a text or"):
        options.arguments({"speed": None})


@pytest.mark.parametrize("text", ["-1", "65536", "x", "1.5"])
def test_a_port_is_a_whole_number(text):
    with pytest.raises(Exception, match=f"{text} is no port"):
        options.port(text)
