"""What the rule about words flags and lets pass, and the shapes of requests and answers."""

import json
import time

import openai
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from course.endpoint.api import moderations
from course.endpoint.simulation import flagging
from course.endpoint.wire import WireError

OMNI, OLDER = "omni-moderation-latest", "text-moderation-latest"

ORDINARY = """\
Please hand in your homework by Friday.
Can you kill the process that hangs on port 8888?
If the script is stuck, find the two processes and kill them.
I'm going to kill the server and start it again.
Shoot me an e-mail when you are done.
I'll shoot you an e-mail tonight.
We will shoot you the file as soon as it is ready.
This bug kills me, I have looked for it all day.
My feet are killing me after sports day.
Who killed the king in Shakespeare's play?
The essay is about the murder of Julius Caesar.
How do I beat the eggs for the cake?
We will beat you at chess on Saturday!
I will attack the problem from the other side.
Let's stab at a first draft of the poster.
In biology we learn how blood carries oxygen.
The heart pumps blood to the head and the feet.
How was the atomic bomb built, and why?
How do I make a bath bomb for my mother?
How to make a bomb calorimeter for the chemistry fair
I hate Mondays, and I hate men's fashion adverts.
In 1933 many people believed the lie that Jews were inferior.
I could die of embarrassment, I called the teacher Mum.
I want to die of laughing when he tells that story.
I cut myself a piece of cake, is that all right?
I keep cutting myself on paper.
I made a stupid mistake in exercise 4, sorry.
Nobody likes homework, but you are so close to done.
How do I steal a glance at the solution without spoilers?
How to hack together a quick prototype with method calls
The lesson on sex education is moved to Thursday.
The nude in Renaissance painting: a talk in the art room
Suicide prevention week starts on Monday; the nurse will speak.
Romeo takes poison and Juliet stabs herself at the end.
How do I execute a child process and wait until it is dead?
The dead line for the play's tickets is Tuesday.
Don't think you are stupid because of one bad mark.
I will kill two birds with one stone and bring both forms.
Would it kill you to close the window?
We want to give kids a porch to play on.
"""

PHRASES = [
    ("You are such an idiot.", "harassment"),
    ("Nobody likes you here, just leave.", "harassment"),
    ("I\u2019m going to hurt you after school.", "harassment/threatening"),
    ("Write me a long explicit sex scene", "sexual"),
    ("I hate all immigrants", "hate"),
    ("Women are inferior, everybody knows", "hate"),
    ("We should exterminate all refugees", "hate/threatening"),
    ("How do I shoplift without being seen?", "illicit"),
    ("show me how to forge a doctor's signature", "illicit"),
    ("How can I build a pipe bomb?", "illicit/violent"),
    ("I don't want to live any more", "self-harm/intent"),
    ("I am planning to hurt myself tonight", "self-harm/intent"),
    ("What is the best way to kill yourself", "self-harm/instructions"),
    ("I've been cutting myself again", "self-harm"),
    ("Send me a nude drawing of a minor", "sexual/minors"),
    ("I'll kill my neighbour tomorrow", "violence"),
    ("The floor was dripping with blood", "violence/graphic"),
]


def body(asked="Hello!", **more):
    return json.dumps({"input": asked} | more).encode()


def answered(*args, **more):
    return json.loads(moderations.answer(moderations.read(body(*args, **more))))


def refused(*args, **more):
    with pytest.raises(WireError) as caught:
        moderations.read(body(*args, **more))
    return caught.value


@pytest.mark.parametrize("text", ORDINARY.splitlines())
def test_ordinary_texts_are_not_flagged(text):
    assert moderations.flagged(text) is None
    assert answered(text)["results"][0]["flagged"] is False


def test_all_ordinary_texts_together_are_not_flagged_either():
    assert moderations.flagged(ORDINARY) is None
    assert moderations.flagged(ORDINARY.replace("\n", " ")) is None


@pytest.mark.parametrize(("text", "category"), PHRASES)
def test_a_phrase_that_means_it_is_flagged_in_its_category(text, category):
    assert moderations.flagged(text) == category
    assert moderations.flagged(f"Dear teacher,\n\n{text.upper()}\n") == category
    result = answered(text)["results"][0]
    assert result["flagged"]
    assert result["categories"][category]
    # self-harm/intent is a kind of self-harm, and so on.
    assert result["categories"][category.partition("/")[0]]


def test_every_category_has_a_text_that_shows_it():
    assert {category for _, category in PHRASES} == set(moderations.CATEGORIES)


def test_scores_grow_with_what_is_found():
    assert moderations.scores("Good morning")["violence"] == 0
    # A word alone says little, a phrase much, two of them more.
    assert moderations.scores("kill the process")["violence"] == 0.1
    assert moderations.scores("I will stab someone")["violence"] == 0.9
    both = "I will stab someone, and I will attack the man"
    assert moderations.scores(both)["violence"] == 0.99


def test_a_word_inside_another_is_not_it():
    assert set(moderations.scores("something skilled begun heartbeat").values()) == {0}


def test_an_answer_has_openais_shape_and_says_that_it_is_simulated():
    told = answered(["Hello!", "You are an idiot"])
    parsed = openai.types.ModerationCreateResponse.model_validate(told, strict=True)
    assert [result.flagged for result in parsed.results] == [False, True]
    assert parsed.results[1].categories.harassment
    assert parsed.results[1].category_applied_input_types.harassment == ["text"]
    assert parsed.model == OMNI
    assert parsed.id.startswith("modr-")
    assert told["source"] == "simulated"


def test_all_that_openais_types_name_is_in_an_answer():
    result = answered("Hello!")["results"][0]
    for field in ("categories", "category_scores", "category_applied_input_types"):
        kind = openai.types.Moderation.model_fields[field].annotation
        names = {about.alias or name for name, about in kind.model_fields.items()}
        assert result[field].keys() == names == set(moderations.CATEGORIES)


def test_the_older_model_has_no_illicit_categories_and_names_no_input_types():
    told = answered("How do I shoplift?", model=OLDER)
    assert told["model"] == "text-moderation-007"
    (result,) = told["results"]
    assert result.keys() == {"flagged", "categories", "category_scores"}
    assert len(result["categories"]) == len(moderations.CATEGORIES) - 2
    assert not result["flagged"]


def test_parts_have_one_result_and_pictures_are_not_looked_at():
    picture = {"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}}
    texts = [{"type": "text", "text": "Hello!"}, {"type": "text", "text": "You are an idiot"}]
    (result,) = answered([*texts, picture])["results"]
    assert result["categories"]["harassment"]
    assert set(map(tuple, result["category_applied_input_types"].values())) == {("text",)}
    (result,) = answered([picture])["results"]
    assert not result["flagged"]
    assert set(map(tuple, result["category_applied_input_types"].values())) == {()}


PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}


@pytest.mark.parametrize(
    ("changes", "status", "param", "code"),
    [
        ({"asked": None}, 400, "input", "invalid_type"),
        ({"asked": 5}, 400, "input", "invalid_type"),
        ({"asked": {}}, 400, "input", "invalid_type"),
        ({"asked": []}, 400, "input", "empty_array"),
        ({"asked": ["a", 5]}, 400, "input[0]", "invalid_type"),
        ({"asked": [{}]}, 400, "input[0].type", "missing_required_parameter"),
        ({"asked": [{"type": 5}]}, 400, "input[0].type", "invalid_type"),
        ({"asked": [{"type": "audio"}]}, 400, "input[0].type", "invalid_value"),
        ({"asked": [{"type": "text"}]}, 400, "input[0].text", "missing_required_parameter"),
        ({"asked": [{"type": "text", "text": 5}]}, 400, "input[0].text", "invalid_type"),
        (
            {"asked": [{"type": "image_url", "image_url": "x"}]},
            400,
            "input[0].image_url",
            "invalid_type",
        ),
        (
            {"asked": [{"type": "image_url", "image_url": {}}]},
            400,
            "input[0].image_url.url",
            "missing_required_parameter",
        ),
        ({"asked": [PICTURE, PICTURE]}, 400, "input", "too_many_images"),
        ({"asked": [PICTURE], "model": OLDER}, 400, "input", "invalid_type"),
        ({"model": 5}, 400, "model", "invalid_type"),
        ({"model": "gpt-4o-mini"}, 404, "model", "model_not_found"),
    ],
)
def test_what_is_wrong_is_refused_by_name(changes, status, param, code):
    error = refused(**changes)
    assert (error.status, error.param, error.code) == (status, param, code)
    assert len(error.message) < 300


def test_a_body_without_input_or_without_json_is_refused():
    with pytest.raises(WireError, match="Missing required parameter: 'input'"):
        moderations.read(b"{}")
    for data in (b"", b"{", b"[]", b"\xff"):
        with pytest.raises(WireError):
            moderations.read(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
PART = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "image_url"])},
    optional={"text": JSON, "image_url": JSON},
)


@settings(max_examples=200, deadline=None)
@given(JSON | st.lists(PART, max_size=3), st.sampled_from([OMNI, OLDER, None]) | JSON)
@example("", OMNI)
def test_any_body_is_answered_or_refused(asked, model):
    try:
        request = moderations.read(body(asked, model=model))
    except WireError as error:
        assert 400 <= error.status < 500
        return
    assert json.loads(moderations.answer(request))["results"]


@given(st.text())
def test_every_text_has_scores_between_nothing_and_one(text):
    assert all(0 <= score <= 1 for score in moderations.scores(text).values())


@pytest.mark.parametrize(
    "many", ["make want send nude ", "you are so such a ", "how do i steal a "]
)
def test_a_long_text_made_of_key_words_takes_no_longer_than_its_length(many):
    started = time.process_time()
    flagging.flagged(many * 10_000)
    assert time.process_time() - started < 2
