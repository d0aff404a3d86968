"""Short texts: which count as the same, and patterns that can stall nobody."""

import time

import pytest

from course.errors import CourseError
from course.quiz import words


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Temperature", "temperature"), ("  top   p \n", "top p"), ("'seed'.", "seed"),
        ("“seed”", "seed"), ("«Straße»!", "strasse"), ("(seed)", "seed"), ("max(x)", "max(x)"),
        ("`max_tokens`", "max_tokens"), ("C++", "c++"), ("C#", "c#"), ("-0.5", "-0.5"),
        ("?", "?"), ("¿qué?", "qué"), ("ＡＢ", "ab"), ("", ""), ("e.g.", "e.g"),
    ],
)  # fmt: skip
def test_case_white_space_and_outer_punctuation_make_no_difference(text, folded):
    assert words.fold(text) == folded


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("temp(erature)?", "Temperature.", True),
        ("temp(erature)?", "temperatures", False),
        ("a|b", "b", True),
        ("a|b", "ab", False),
        (r"max\(x\)", "max(x)", True),
        (r".*\?", "why?", True),
        ("top[ _]p", "top   p", True),
        (r"\d+", "12\n", True),
        ("(?-i)A", "a", False),
    ],
)
def test_a_pattern_matches_the_whole_text(pattern, text, matches):
    assert words.matches(pattern, text) is matches


@pytest.mark.parametrize(
    ("pattern", "said"),
    [("(", "unclosed group"), ("a)(b", "unopened group"), (r"(a)\1", "backreferences"),
     ("(?=a)", "look-around"), ("(a{1000}){1000}{1000}", "size limit"), ("x" * 1001, "1,000")],
)  # fmt: skip
def test_what_is_no_pattern_is_told(pattern, said):
    with pytest.raises(CourseError, match=said):
        words.compiled(pattern)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)+b", "(.*)*b", "([a-z]+.?)*b"])
def test_no_pattern_stalls_on_a_long_text(pattern):
    words.compiled(pattern)
    start = time.perf_counter()
    assert not words.matches(pattern, "a" * words.LONGEST)
    assert time.perf_counter() - start < 0.5
