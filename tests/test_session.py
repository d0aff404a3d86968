"""A client for asyncio in one event loop after another, as in a script's asyncio.run calls."""

import asyncio
import gc
import threading
import warnings

import pandas as pd
import pytest

from course import connect
from course.evaluate import evaluate
from course.throughput import measure, run

HELLO = [{"role": "user", "content": "Hello!"}]
GOLD = pd.DataFrame({"item": range(6), "text": ["Hello!"] * 6, "label": ["Hello."] * 6})


@pytest.fixture
def ask():
    client = connect(asynchronous=True, simulate={"speed": 0, "seed": 71})

    async def ask(*_):
        reply = await client.chat.completions.create(model="gpt-4o-mini", messages=HELLO)
        return reply.choices[0].message.content

    return ask


def test_one_client_serves_one_asyncio_run_after_another_without_a_complaint(ask, caplog):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        runs = [asyncio.run(measure(ask, range(12), concurrency=4)) for _ in range(2)]
        table = asyncio.run(run(ask, range(12), to=None))
        found = [asyncio.run(evaluate("gpt-4o-mini", GOLD, ask=ask)) for _ in range(2)]
        gc.collect()
    assert all((one.calls["error"] == "").all() for one in runs)
    assert (table["error"] == "").all()
    assert all((one.rows["error"] == "").all() for one in found)
    assert not caplog.records
    assert not [one for one in told if issubclass(one.category, ResourceWarning | RuntimeWarning)]


def test_a_loop_that_was_closed_without_ceremony_is_no_hindrance(ask):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # of asyncio, about its own sockets
        for _ in range(3):
            loop = asyncio.new_event_loop()
            assert loop.run_until_complete(ask())
            loop.close()
        assert asyncio.run(ask())
        del loop
        gc.collect()


def test_loops_in_threads_share_a_client(ask):
    answers = []

    async def many():
        answers.extend(await asyncio.gather(*(ask() for _ in range(20))))

    threads = [threading.Thread(target=asyncio.run, args=(many(),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 60
