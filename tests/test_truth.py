"""The truth log as a table, for learners."""

import openai
import pytest

from course import connect
from course.errors import CourseError
from course.truth import truth

HELLO = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello!"}]}


def test_a_client_reads_the_truth_about_its_own_calls(capsys):
    client = connect()
    before = len(truth(client))
    client.chat.completions.create(**HELLO)
    list(client.chat.completions.create(**HELLO, stream=True))
    table = truth(client).iloc[before:]
    assert list(table["streamed"]) == [False, True]
    assert set(table["prompt_tokens"]) == {9} and set(table["source"]) == {"simulated"}
    assert str(table["at"].dt.tz) == "UTC"
    assert len(truth(client, since=table["number"].iloc[0])) == 1


def test_an_asynchronous_client_can_be_asked_about_too():
    assert list(truth(connect(asynchronous=True)).columns)[-1] == "source"


def test_a_client_of_another_service_has_no_truth():
    elsewhere = openai.OpenAI(api_key="x", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(CourseError, match="not connected to one that answers"):
        truth(elsewhere)
