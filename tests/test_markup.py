"""A little Markdown, and nothing that could be more than text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.quiz import markup


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", []),
        ("one\ntwo", [["p", "one two"]]),
        ("one\n\ntwo", [["p", "one"], ["p", "two"]]),
        ("**b** *e* _f_", [["p", ["strong", "b"], " ", ["em", "e"], " ", ["em", "f"]]]),
        ("**a *b* c**", [["p", ["strong", "a ", ["em", "b"], " c"]]]),
        ("`**x**`", [["p", ["code", "**x**"]]]),
        ("`` a`b ``", [["p", ["code", "a`b"]]]),
        ("2 * 3 * 4", [["p", "2 * 3 * 4"]]),
        ("max_tokens and n_calls", [["p", "max_tokens and n_calls"]]),
        (r"\*no\*", [["p", "*", "no", "*"]]),
        ("$5 & <b>", [["p", "$5 & <b>"]]),
        ("[a](javascript:b)", [["p", "[a](javascript:b)"]]),
        ("- one\n  more\n- `two`", [["ul", ["li", "one more"], ["li", ["code", "two"]]]]),
        ("text\n1. one\n2. two", [["p", "text"], ["ol", ["li", "one"], ["li", "two"]]]),
        ("```python\nx = 1\n\ny\n```\nz", [["pre", "x = 1\n\ny"], ["p", "z"]]),
        ("```\nno end", [["pre", "no end"]]),
        ("- a\n1. b", [["ul", ["li", "a"]], ["ol", ["li", "b"]]]),
    ],
)
def test_the_subset_becomes_a_tree(text, tree):
    assert markup.parse(text) == tree


def test_plain_text_keeps_the_lines_and_loses_the_marks():
    text = "Look at **this**:\n\n1. `one`\n2. two\n\n- *three*\n\n```\na = 1\nb = 2\n```"
    assert markup.plain(text) == "Look at this:\n1. one\n2. two\n- three\na = 1\nb = 2"


def test_html_is_escaped():
    assert markup.html("<img src=x> **a&b**") == (
        "<p>&lt;img src=x&gt; <strong>a&amp;b</strong></p>"
    )


@given(st.text(alphabet="*_`\\- 1.\n~#<a", max_size=200))
def test_any_text_is_read_and_no_letter_is_lost(text):
    tree = markup.parse(text)
    assert markup.plain(text).count("a") >= text.count("a") - text.count("```") - text.count("~~~")
    assert all(block[0] in {"p", "pre", "ul", "ol"} for block in tree)
    assert "<a" not in markup.html(text).replace("&lt;", "")


@pytest.mark.parametrize("text", ["**a " * 5000, "*a" * 10_000, "`" * 20_000, "_a " * 7000])
def test_marks_without_end_are_only_text(text):
    assert markup.plain(text).count("a") == text.count("a")


@pytest.mark.parametrize(
    "text",
    ["a " + "`" * 5000, " ".join("`" * size for size in range(1, 200)), "` " * 5000],
)
def test_rows_of_backticks_are_read_in_no_long_time(text):
    # once 1,800 of them took minutes
    assert len(markup.html(text)) >= 5000
