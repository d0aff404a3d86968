"""The book of authored replies, and what is said without one."""

import pytest

from course.endpoint.simulation.replies import Book, Conversation, Entry, fallback, fold, read_book
from course.errors import CourseError

BOOK = """
[[reply]]
user = "Explain what an API is."
text = "An agreed way to ask."
[reply.by_model]
"gpt-4o" = "A contract."

[[reply]]
user = "Shorter?"
text = "Anything shorter?"

[[reply]]
user = "Shorter?"
after = ["Explain what an API is."]
text = "Ask and get."

[[reply]]
user = "Explain what an API is."
system = "You are a pirate."
text = '''
Arr, a parley
between ships.
'''
"""


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "replies.toml"
    path.write_text(BOOK, encoding="utf-8")
    return read_book(path)


def said(book, *users, system="", models=("gpt-4o-mini",)):
    entry = book.find(Conversation(system, users, len(users)))
    return entry and entry.words(models)


def test_white_space_is_folded():
    assert fold("  Explain\n\twhat ") == "Explain what"


def test_a_prompt_of_the_book_gets_its_reply_however_it_is_wrapped(book):
    assert said(book, "Explain what\n   an API is. ") == "An agreed way to ask."


def test_case_matters(book):
    assert said(book, "explain what an api is.") is None


def test_a_model_may_have_a_reply_of_its_own_under_either_of_its_names(book):
    assert said(book, "Explain what an API is.", models=("gpt-4o",)) == "A contract."
    assert said(book, "Explain what an API is.", models=("gpt-4o-2024-08-06", "gpt-4o")) == (
        "A contract."
    )


def test_the_system_message_picks_its_own_reply_without_outer_blanks(book):
    assert said(book, "Explain what an API is.", system="You are  a pirate.") == (
        "Arr, a parley\nbetween ships."
    )
    assert said(book, "Explain what an API is.", system="Be brief.") == "An agreed way to ask."


def test_what_was_said_before_picks_the_more_particular_reply(book):
    assert said(book, "Explain what an API is.", "Shorter?") == "Ask and get."
    assert said(book, "Something else.", "Shorter?") == "Anything shorter?"
    assert said(book, "Shorter?") == "Anything shorter?"


def test_a_request_without_a_user_has_no_reply(book):
    assert book.find(Conversation("Be brief.", (), 1)) is None


def test_texts_are_found_in_strings_and_in_parts():
    picture = {"type": "image_url", "image_url": {"url": "data:,"}}
    talk = Conversation.of(
        [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "What is it?"}, picture]},
            {"role": "assistant", "content": None, "tool_calls": [{}]},
        ]
    )
    assert talk == Conversation("Be brief.", ("What is it?",), 3)


def test_the_sentence_without_a_reply_says_who_speaks_and_what_came():
    talk = Conversation("", ("One?", "Two\n\ntimes?"), 3)
    told = fallback(talk, model="gpt-4o-mini", prompt_tokens=31, fields=())
    assert "the course's simulator" in told and "not a language model" in told
    assert "3 messages (31 prompt tokens)" in told
    assert told.endswith("the last user message was: “Two times?”")


def test_a_long_message_is_quoted_up_to_200_characters():
    talk = Conversation("", ("é" * 201,), 1)
    told = fallback(talk, model="gpt-4o-mini", prompt_tokens=9, fields=())
    assert told.endswith(f"“{'é' * 200}…”")
    assert "1 message (9" in told


def test_fields_that_are_not_acted_on_are_named():
    talk = Conversation("", ("Hi",), 1)
    told = fallback(talk, model="m", prompt_tokens=8, fields=("functions", "modalities", "user"))
    assert "It does not act on functions or modalities." in told


def test_without_any_user_message_the_sentence_says_so():
    told = fallback(Conversation("Be brief.", (), 1), model="m", prompt_tokens=9, fields=())
    assert told.endswith("there was no user message.")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('[[reply]]\nuser = "Hi"', "replies.toml, reply 1 (“Hi”): text: Field required"),
        ('[[reply]]\ntext = "Hi"', "replies.toml, reply 1: user: Field required"),
        ('[[reply]]\nuser = "Hi"\ntext = 5', "reply 1 (“Hi”): text"),
        ('[[reply]]\nuser = "Hi"\ntext = "x"\nafter = "y"', "reply 1 (“Hi”): after"),
        ('[[reply]]\nuser = "Hi"\ntext = "x"\nmodel = "y"', "reply 1 (“Hi”): model"),
        ('[[reply]]\nuser = "Hi"\ntext = "  "', "reply 1 (“Hi”): text"),
        ('[[reply]]\nuser = "Hi"\ntext = "x"\nby_model = {a = 1}', "(“Hi”): by_model.a"),
        (
            '[[reply]]\nuser = "Hi"\ntext = "x"\n[[reply]]\nuser = " Hi "\ntext = "y"',
            "reply 2 (“Hi”) has the same user",
        ),
        ("[[reply]", "replies.toml can't be read"),
        ("[replies]", "may only hold [[reply]] entries"),
        ("reply = 5", "may only hold [[reply]] entries"),
        ("reply = [5]", "replies.toml, reply 1: the entry"),
    ],
)
def test_a_broken_book_is_one_sentence_that_names_the_entry(tmp_path, text, names):
    path = tmp_path / "replies.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError) as caught:
        read_book(path)
    assert names in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_courses_own_book_is_whole():
    assert isinstance(read_book(), Book)


def test_an_entry_is_told_by_its_condition():
    entry = Entry(user="a", text="b", after=["x  y"], system=" s ")
    assert entry.condition == ("s", ("x y",))
