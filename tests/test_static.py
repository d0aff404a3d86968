"""Items as text and as HTML, with what was answered."""

import pytest

from course.quiz import static

SINGLE = {
    "id": "x-1",
    "type": "single",
    "points": 1,
    "stem": "Which `one`?",
    "options": [
        {"id": "A", "text": "the **first**"},
        {"id": "B", "text": "```\nx = 1\ny = 2\n```"},
    ],
}
MULTIPLE = SINGLE | {"type": "multiple", "points": 2, "choose": 2}
NUMBER = {
    "id": "x-2",
    "type": "numeric",
    "points": 0.5,
    "stem": "How much?",
    "options": [],
    "unit": "USD",
    "units": ["USD", "cent"],
}


def test_a_single_as_text():
    assert static.text(SINGLE) == (
        "Which one?\n\n( ) A  the first\n( ) B  x = 1\n       y = 2\n\nChoose one. 1 point."
    )


@pytest.mark.parametrize(
    ("item", "response", "line"),
    [
        (SINGLE, "A", "(•) A  the first"),
        (MULTIPLE, ["B", "A"], "[x] A  the first"),
        (MULTIPLE, ["B"], "[ ] A  the first"),
        (NUMBER, None, "Answer: ______ USD"),
        (NUMBER, {"value": 6, "unit": "cent"}, "Answer: 6 cent"),
        (NUMBER, None, "Give a number. 0.5 points."),
        (MULTIPLE, None, "Choose 2. 2 points."),
    ],
)
def test_what_was_answered_is_marked(item, response, line):
    assert line in static.text(item, response).splitlines()


@pytest.mark.parametrize(
    ("item", "response", "told"),
    [
        (SINGLE, "A", "A"),
        (MULTIPLE, ["A", "B"], "A, B"),
        (NUMBER, {"value": 0.06, "unit": "USD"}, "0.06 USD"),
    ],
)
def test_a_response_in_words(item, response, told):
    assert static.told(item, response) == told


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0000285, "0.0000285"),
        (2.85e-07, "0.000000285"),
        (-0.00005, "-0.00005"),
        (0, "0"),
        (0.0, "0.0"),
        (1250.5, "1250.5"),
        (1_000_000, "1000000"),
        (1.5e16, "15000000000000000"),
        (10**20 + 1, "100000000000000000001"),
        (3e-16, "3e-16"),
        (1.5e300, "1.5e+300"),
        (10**300, "1e+300"),
    ],
)
def test_a_number_is_shown_in_plain_decimals_while_that_can_be_read(value, shown):
    response = {"value": value, "unit": "USD"}
    assert static.told(NUMBER, response) == f"{shown} USD"
    assert f"Answer: {shown} USD" in static.text(NUMBER, response)
    assert f"<div>{shown} USD</div>" in static.page(NUMBER, response)


def test_the_page_is_escaped_and_has_no_ids_or_styles():
    item = SINGLE | {
        "stem": "<b onclick=x>&",
        "options": [{"id": "<A>", "text": "<script>"}, {"id": "B", "text": "b"}],
    }
    page = static.page(item, "B")
    assert "<script" not in page and "<b onclick" not in page
    assert "○ <b>&lt;A&gt;</b> &lt;script&gt;" in page
    assert "● <b>B</b> b" in page


def test_the_page_of_a_number_shows_it_or_a_blank():
    assert "<div>______ USD</div>" in static.page(NUMBER)
    assert "<div>6 cent</div>" in static.page(NUMBER, {"value": 6, "unit": "cent"})
