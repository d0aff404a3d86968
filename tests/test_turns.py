"""Requests that wait for their turn: what a pacer is told, and what a limit counts."""

import asyncio
import time

import pytest
from scripted_service import Answer, completion

from course import connect, meter
from course.errors import CourseError
from course.turns import counted

HELLO = [{"role": "user", "content": "Hello!"}]  # 2 tokens, 4 around them and 3 for the reply: 9
ASKED = {"model": "gpt-4o-mini", "messages": HELLO, "max_completion_tokens": 50}


class Listening:
    """A pacer that lets all pass, and writes down what it is told."""

    def __init__(self, wait_s=0.0):
        self.told, self.wait_s = [], wait_s

    async def before(self, tokens, model):
        await asyncio.sleep(self.wait_s)
        self.told.append(("before", tokens, model))

    def before_sync(self, tokens, model):
        self.told.append(("before", tokens, model))

    def after(self, status, headers, tokens, model):
        self.told.append((status, headers.get("x-left"), tokens, model))


BEFORE = ("before", 50, "gpt-4o-mini")


@pytest.mark.parametrize(
    ("body", "api", "tokens"),
    [
        ({"messages": HELLO}, "chat", 9),
        ({"messages": HELLO, "max_tokens": 5}, "chat", 9),
        ({"messages": HELLO, "max_tokens": 5, "n": 3}, "chat", 15),
        ({"messages": HELLO, "max_completion_tokens": 100, "n": 2}, "chat", 200),
        ({"messages": HELLO, "max_completion_tokens": None}, "chat", 9),
        ({"input": HELLO, "max_output_tokens": 30}, "responses", 30),
        ({"input": "Hello!"}, "embeddings", 2),
    ],
)
def test_a_limit_counts_the_larger_of_prompt_and_cap(body, api, tokens):
    assert counted(body | {"model": "gpt-4o-mini"}, api) == tokens


def test_every_request_waits_and_is_told_of_retries_among_them(service):
    pacer = Listening()
    soon = ("retry-after-ms", "1")
    service.answers.append(Answer({"error": {}}, 429, (soon, ("x-left", "0"))))
    service.answers.append(Answer(completion(), headers=(("x-left", "7"),)))
    with connect(pacer=pacer) as client:
        client.chat.completions.create(**ASKED)
    refused, passed = (429, "0", 50, "gpt-4o-mini"), (200, "7", 50, "gpt-4o-mini")
    assert pacer.told == [BEFORE, refused, BEFORE, passed]


def test_it_is_the_same_for_an_asynchronous_client(service):
    pacer = Listening()
    service.answers.append(Answer(None, status=0))

    async def main():
        async with connect(asynchronous=True, pacer=pacer, max_retries=1) as client:
            await client.chat.completions.create(**ASKED)

    asyncio.run(main())
    # no reply came to the first: status 0, no headers
    assert pacer.told == [BEFORE, (0, None, *BEFORE[1:]), BEFORE, (200, None, *BEFORE[1:])]


def test_requests_to_no_model_do_not_wait(service):
    pacer = Listening()
    with connect(pacer=pacer) as client:
        client.models.list()
    assert pacer.told == []


def test_the_wait_is_no_part_of_the_call_s_seconds(service):
    async def main():
        async with connect(asynchronous=True, pacer=Listening(0.3)) as client:
            await client.chat.completions.create(**ASKED)

    with meter() as m:
        began = time.perf_counter()
        asyncio.run(main())
        took = time.perf_counter() - began
    assert m.records[0].seconds <= took - 0.29


def test_a_request_that_was_cancelled_while_it_waited_was_not_sent_and_costs_nothing(service):
    pacer = Listening(60)

    async def main():
        async with connect(asynchronous=True, pacer=pacer, budget_usd=1) as client:
            asking = asyncio.create_task(client.chat.completions.create(**ASKED))
            await asyncio.sleep(0.5)
            asking.cancel()
            await asyncio.wait([asking])

    with meter() as m:
        asyncio.run(main())
    assert (m.calls, m.cost_usd, m.records[0].status) == (1, 0, 0)
    assert service.calls == []
    assert pacer.told == []


def test_what_is_no_pacer_is_refused():
    with pytest.raises(CourseError, match="pacer is int; make one with"):
        connect(pacer=5)
