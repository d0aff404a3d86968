"""Nothing that a browser would run, and no output without end, reaches a page."""

import base64
from html import unescape

import pytest
from nbconvert.filters import markdown2html_mistune
from nbformat import from_dict
from nbformat.v4 import new_code_cell, new_output

from course.grading import clean


def cleaned(*outputs):
    cell = new_code_cell("x")
    cell.outputs = [from_dict(output) for output in outputs]
    clean.clean(cell)
    return cell.outputs


def shown(kind, content):
    return {"output_type": "display_data", "data": {kind: content}, "metadata": {}}


@pytest.mark.parametrize(
    "page",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="&#106;avascript:alert(1)">x</a>',
        '<p onclick="alert(1)">x</p>',
        '<iframe src="https://example.org"></iframe>',
        '<div style="position:fixed">x</div>',
        "<scr<script>ipt>alert(1)</script>",
        "<style>@import 'https://example.org'</style>",
    ],
)
def test_html_loses_all_that_a_browser_would_run_or_fetch(page):
    left = clean.html(page).lower()
    for bad in (
        "<script",
        "onerror",
        "onload",
        "javascript:",
        "onclick",
        "<iframe",
        "style",
        "src=",
    ):
        assert bad not in left


def test_a_table_stays_a_table_without_its_style():
    table = "<style>td {color: red}</style><table><tr><td>1</td></tr></table>"
    assert clean.html(table) == "<table><tbody><tr><td>1</td></tr></tbody></table>"


def test_scripts_widgets_and_drawings_are_dropped_from_outputs():
    kinds = ("application/javascript", "image/svg+xml", "text/markdown", "text/latex",
             "application/vnd.jupyter.widget-view+json")  # fmt: skip
    assert cleaned(*(shown(kind, "<script>") for kind in kinds)) == []


def test_an_image_must_be_base64():
    good = base64.b64encode(b"\x89PNG").decode()
    kept = cleaned(shown("image/png", good), shown("image/png", '"><script>'))
    assert kept == [new_output("display_data", {"image/png": good})]


def test_long_output_is_cut_and_says_by_how_much():
    (kept,) = cleaned({"output_type": "stream", "name": "stdout", "text": "x" * 100_000_0})
    assert len(kept.text) < 21_000
    assert kept.text.endswith("980,000 more characters")


def test_many_outputs_are_cut():
    stream = {"output_type": "stream", "name": "stdout", "text": "x"}
    assert len(cleaned(*[stream] * 1000)) == 50


def test_outputs_of_the_wrong_shape_do_no_harm():
    odd = [
        {"output_type": "stream", "name": {"a": 1}, "text": 5},
        {"output_type": "error", "ename": None, "evalue": [1], "traceback": "x"},
        {"output_type": "execute_result", "data": {"text/plain": 7}, "execution_count": "many"},
        {"output_type": "execute_result", "data": "7"},
        {"output_type": "strange"},
    ]
    kinds = [output.output_type for output in cleaned(*odd)]
    assert kinds == ["stream", "error", "execute_result"]


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x][1]\n\n[1]: java&Tab;script:alert(1)",
        "a\n</pre>\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1))",
        "<img src=x onerror=alert(1)>",
    ],
)
def test_a_students_text_is_shown_as_it_was_typed(text):
    page = markdown2html_mistune(clean.as_text(text))
    assert unescape(page).strip() == f"<pre>{text}</pre>"
    assert page.count("<") == 2
