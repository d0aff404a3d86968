"""Items as text and as HTML, with what was answered."""

import pytest
import sample_types as sample

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


# Every type


@pytest.fixture(scope="module")
def items(tmp_path_factory):
    quiz = sample.load(tmp_path_factory.mktemp("bank"))
    return {item.id: item.public() for item in quiz.items}


def test_gaps_are_numbered_in_the_stem_and_listed_below_it(items):
    assert static.text(items[sample.CLOZE]) == (
        "A call costs ____ (1) and is made with ____ (2); it is ____ (3).\n\n"
        "(1) ______ USD\n(2) ____   A  GET / B  POST\n(3) ____\n\nFill the gaps. 4 points."
    )
    answered = static.text(items[sample.CLOZE], {"cost": {"value": 3, "unit": "cent"}, "verb": "B"})
    assert "(1) 3 cent\n(2) B   A  GET / B  POST\n(3) ____" in answered
    page = static.page(items[sample.CLOZE])
    assert "made with ____ (2); it" in page and "<div>(2) ____   A  GET / B  POST</div>" in page


def test_a_match_stands_there_as_two_lists(items):
    rows = static.text(items[sample.MATCH], {"p2": "A"}).splitlines()
    assert rows[2:5] == ["1. 401: ____", "2. 429: A", ""]
    assert sorted(rows[5:8]) == [
        "   A  wait a little", "   B  look at the key", "   C  mend the request",
    ]  # fmt: skip
    page = static.page(items[sample.MATCH], {"p2": "A"})
    assert "<div>2. <code>429</code>: <b>A</b></div>" in page
    assert "<div><b>C</b> mend the request</div>" in page


def test_an_order_stands_there_as_it_was_answered(items):
    rows = static.text(items[sample.ORDER], list("DBAC")).splitlines()
    assert rows[2:6] == [
        "- D  the messages are written", "- B  the request is sent",
        "- A  the model answers", "- C  the answer is read",
    ]  # fmt: skip
    assert rows[-1] == "Put them in order. 3 points."
    page = static.page(items[sample.ORDER], list("DBAC"))
    places = [page.index(f"<b>{name}</b>") for name in "DBAC"]
    assert places == sorted(places)


def test_a_text_has_a_blank_or_what_was_written(items):
    assert "Answer: ______" in static.text(items[sample.TEXT])
    assert "Answer: <b>" in static.text(items[sample.TEXT], "<b>")
    assert "<div>&lt;b&gt;</div>" in static.page(items[sample.TEXT], "<b>")
    assert static.task(items[sample.TEXT]) == "Give a short text. 2 points."
    assert static.task(items[sample.ESSAY]) == "Answer in your own words. 5 points."


def test_a_function_shows_its_examples_and_its_bounds(items):
    assert static.text(items[sample.CODE]) == (
        "Write cost(tokens, price) in dollars.\n\ncost(1000000, price=0.15) returns 0.15\n"
        "and 3 more, tried when it is graded\n\nWrite the function cost. 4 points."
    )
    rows = static.text(items[sample.MEASURED]).splitlines()
    assert rows[2:7] == [
        "ask_all(['a', 'b']) returns ['A', 'B']", "and 1 more, tried when it is graded",
        "at most 3 calls in all", "at least 3 calls in all", "at most 0.001 USD in all",
    ]  # fmt: skip
    assert "<code>cost(1000000, price=0.15) returns 0.15</code>" in static.page(items[sample.CODE])


@pytest.mark.parametrize(
    ("name", "response", "told"),
    [
        (sample.ORDER, ["D", "B", "A", "C"], "D, B, A, C"),
        (sample.MATCH, {"p1": "B", "p2": "A"}, "p1: B, p2: A"),
        (sample.CLOZE, {"cost": {"value": 3, "unit": "USD"}, "state": "x"}, "(1) 3 USD, (3) x"),
        (sample.TEXT, "top_p", "top_p"),
        (sample.DRAWN, {"value": 0.00005, "unit": "USD"}, "0.00005 USD"),
    ],
)
def test_any_response_in_words(items, name, response, told):
    assert static.told(items[name], response) == told
