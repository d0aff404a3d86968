"""Calls under load: what is in flight, when it is due, what becomes of errors and interrupts."""

import asyncio
import functools
import gc
import itertools
import os
import signal
import subprocess
import sys
import textwrap
import time
from decimal import Decimal

import pandas as pd
import pytest
from scripted_service import Answer, completion, events

from course import connect
from course.errors import CourseError
from course.throughput import Run, measure, streamed
from course.throughput.arrivals import due_times
from course.throughput.progress import bar, is_watched
from course.truth import truth

ASKED = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello!"}]}


def said(measured):
    """The notes on a run, but for one on this computer: other tests may keep it busy."""
    return [note for note in measured.notes if not note.startswith("this computer was too busy")]


class Busy:
    """A function to measure that does nothing for a moment, and counts who is in it."""

    def __init__(self, seconds=0.002):
        self.now = self.most = 0
        self.seconds, self.order = seconds, []

    async def __call__(self, given):
        self.order.append(given)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.now -= 1
        return given * 2


def run(call, inputs, **load) -> Run:
    return asyncio.run(measure(call, inputs, **load))


def test_results_are_in_the_order_of_the_inputs():
    async def slower_first(given):
        await asyncio.sleep(0.02 / (given + 1))
        return given * 2

    measured = run(slower_first, range(5), concurrency=5)
    assert measured.results == [0, 2, 4, 6, 8]
    assert sorted(measured.calls.input) == [0, 1, 2, 3, 4]
    assert measured.seconds > 0
    assert not measured.stopped


def test_a_closed_loop_keeps_so_many_calls_in_flight_and_never_more():
    busy = Busy()
    measured = run(busy, range(40), concurrency=4, stagger_s=0)
    assert (busy.most, busy.order) == (4, list(range(40)))
    assert measured.asked["concurrency"] == 4
    assert list(measured.calls.due_s) == list(measured.calls.start_s)


def test_the_first_calls_of_a_closed_loop_begin_one_after_another():
    measured = run(Busy(0.2), range(4), concurrency=4, stagger_s=0.08)
    # the slots begin at 0, 20, 40 and 60 ms; a timer is never early
    assert list(measured.calls.input) == [0, 1, 2, 3]
    assert measured.calls.start_s[3] - measured.calls.start_s[0] >= 0.059


def test_an_open_loop_does_not_wait_for_slow_calls():
    busy = Busy(0.5)
    measured = run(busy, range(20), rate=1000, arrivals="constant")
    assert busy.most == 20
    assert list(measured.calls.due_s) == pytest.approx([number / 1000 for number in range(20)])
    assert (measured.calls.start_s >= measured.calls.due_s).all()
    assert said(measured) == []


def test_calls_that_had_to_wait_keep_the_time_at_which_they_were_due():
    busy = Busy(0.02)
    measured = run(busy, range(6), rate=10_000, arrivals="constant", most_in_flight=2)
    assert busy.most == 2
    assert list(measured.calls.due_s) == pytest.approx([number / 10_000 for number in range(6)])
    # the third and fourth waited for the first two, the fifth and sixth for them
    late = measured.calls.start_s - measured.calls.due_s
    assert late[2] >= 0.018
    assert late[4] >= 0.036
    assert said(measured) == ["4 calls began late: 2 were in flight"]


def test_random_arrivals_are_the_same_for_the_same_seed_and_as_many_as_asked_for():
    def first(count, seed):
        return list(itertools.islice(due_times(50, "poisson", seed=seed), count))

    assert first(20, 1) == first(20, 1) != first(20, 2)
    # 4,000 gaps of 20 ms on average: 80 s, give or take 4 standard errors of 20 ms * sqrt(4000)
    assert first(4000, 3)[-1] == pytest.approx(80, abs=4 * 0.02 * 4000**0.5)


def test_the_warm_up_is_the_first_inputs_marked_and_before_zero():
    measured = run(Busy(), range(10), rate=1000, arrivals="constant", warm_up=3)
    assert list(measured.calls.warm_up) == [True] * 3 + [False] * 7
    # the fourth call, 3 ms after the first, is where time begins
    assert list(measured.calls.due_s) == pytest.approx([n / 1000 for n in range(-3, 7)])
    assert measured.results == [given * 2 for given in range(10)]
    assert "7 calls (3 of warm-up besides)" in repr(measured)


def test_a_call_that_raises_is_a_row_and_the_run_goes_on():
    async def picky(given):
        if given % 3 == 0:
            raise ValueError(f"{given} can be divided by three\nand that is bad")
        return given

    measured = run(picky, range(6), concurrency=2)
    assert measured.results == [None, 1, 2, None, 4, 5]
    assert list(measured.calls.sort_values("input").error[:2]) == [
        "ValueError: 0 can be divided by three",
        "",
    ]
    assert "6 calls (2 failed)" in repr(measured)


def test_a_call_may_be_cancelled_from_within():
    async def gives_up(given):
        raise asyncio.CancelledError

    measured = run(gives_up, [1], concurrency=1)
    assert list(measured.calls.error) == ["CancelledError"]
    assert not measured.stopped


def test_a_call_that_takes_too_long_is_cut_off():
    async def slow(given):
        await asyncio.sleep(given)

    measured = run(slow, [0, 30], concurrency=2, timeout_s=0.05)
    assert list(measured.calls.sort_values("input").error) == [
        "",
        "TimeoutError: not done after 0.05 s",
    ]


def test_a_timeout_of_its_own_stays_the_call_s_own():
    async def impatient(given):
        raise TimeoutError("mine")

    assert list(run(impatient, [1], concurrency=1, timeout_s=9).calls.error) == [
        "TimeoutError: mine"
    ]


def test_a_generator_is_taken_as_it_comes():
    taken = []

    def endless():
        number = 0
        while True:
            taken.append(number)
            yield number
            number += 1

    async def until_nine(given):
        await asyncio.sleep(0)
        if given == 9:
            main.cancel()
        return given

    async def stopped():
        nonlocal main
        main = asyncio.create_task(measure(until_nine, endless(), concurrency=2, stagger_s=0))
        return await main

    main = None
    measured = asyncio.run(stopped())
    assert measured.stopped
    assert len(taken) <= 14
    assert measured.results[:9] == list(range(9))


def test_a_generator_that_breaks_ends_the_run_with_what_is_done(capsys):
    def breaks():
        yield 1
        raise KeyError("no more")

    measured = run(Busy(), breaks(), concurrency=1)
    assert (measured.results, measured.stopped) == ([2], True)
    assert said(measured) == ["inputs ended with KeyError: 'no more'"]
    assert "Inputs ended" in capsys.readouterr().err


def test_a_cancelled_run_returns_what_is_done_and_leaves_nothing_running(capsys):
    cut = []

    async def ask(given):
        try:
            await asyncio.sleep(0 if given < 3 else 60)
        except asyncio.CancelledError:
            cut.append(given)
            raise
        return given

    async def main():
        measuring = asyncio.create_task(measure(ask, range(9), concurrency=3))
        while not (measuring.done() or len(asyncio.all_tasks()) > 3):
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        measuring.cancel()
        return await measuring, len(asyncio.all_tasks())

    measured, tasks = asyncio.run(main())
    assert (measured.stopped, tasks) == (True, 1)
    assert measured.results == [0, 1, 2] + [None] * 6
    assert sorted(cut) == [3, 4, 5]
    assert said(measured) == ["stopped after 3 of 9 calls"]
    assert capsys.readouterr().err == "Stopped after 3 of 9 calls.\n"


def test_a_function_that_hides_the_cancellation_cannot_keep_a_run_going():
    async def deaf(given):
        try:
            await asyncio.sleep(60)
        except BaseException:
            return "still here"

    async def main():
        measuring = asyncio.create_task(measure(deaf, range(9), concurrency=2, stagger_s=0))
        await asyncio.sleep(0.05)
        measuring.cancel()
        return await measuring

    measured = asyncio.run(main())
    assert measured.stopped
    assert len(measured.calls) == 0
    assert measured.results == [None] * 9


@pytest.mark.skipif(os.name != "posix", reason="sends itself a signal")
def test_ctrl_c_ends_a_run_and_keeps_what_is_done():
    script = """
        import asyncio, os, signal
        from course.throughput import measure

        async def ask(given):
            if given == 5:
                os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(0 if given < 5 else 60)
            return given

        run = asyncio.run(measure(ask, range(1000), concurrency=1))
        print(run.stopped, run.results[:6], len(run.calls))
        """
    line = [sys.executable, "-c", textwrap.dedent(script)]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=120)
    assert ended.stdout == "True [0, 1, 2, 3, 4, None] 5\n"
    assert ended.stderr == "Stopped after 5 of 1,000 calls.\n"
    assert ended.returncode == 0


def plain(given):
    return given


async def fine(given):
    return given


@pytest.mark.parametrize(
    ("call", "inputs", "load", "told"),
    [
        ("ask", [1], {"concurrency": 1}, "call is 'ask'"),
        (plain, [1], {"concurrency": 1}, "call returned int, nothing to await"),
        (plain, [1], {"rate": 100}, "call returned int, nothing to await"),
        (fine, [], {"concurrency": 1}, "inputs is empty"),
        (fine, "one text", {"concurrency": 1}, "inputs is one str"),
        (fine, {"a": 1}, {"concurrency": 1}, "inputs is one dict"),
        (fine, 7, {"concurrency": 1}, "inputs is one int"),
        (fine, pd.DataFrame({"a": [1]}), {"concurrency": 1}, 'frame.to_dict("records")'),
        (fine, [1], {}, "concurrency=N"),
        (fine, [1], {"concurrency": 1, "rate": 1}, "one of the two"),
        (fine, [1], {"concurrency": 0}, "concurrency is 0"),
        (fine, [1], {"concurrency": 1, "objective": {"speed": 1}}, "cannot bound 'speed'"),
        (fine, [1], {"concurrency": 1.5}, "concurrency is 1.5"),
        (fine, [1], {"concurrency": True}, "concurrency is True"),
        (fine, [1], {"concurrency": 2000}, "most_in_flight=1000"),
        (fine, [1], {"rate": float("nan")}, "rate is nan"),
        (fine, [1], {"rate": float("inf")}, "rate is inf"),
        (fine, [1], {"rate": 0}, "rate is 0"),
        (fine, [1], {"rate": "5"}, "rate is '5'"),
        (fine, [1], {"rate": 5, "arrivals": "bursty"}, "arrivals is 'bursty'"),
        (fine, [1], {"concurrency": 1, "warm_up": -1}, "warm_up is -1"),
        (fine, [1], {"concurrency": 1, "warm_up": 1}, "leaves nothing to measure of 1 inputs"),
        (fine, [1], {"concurrency": 1, "stagger_s": -1}, "stagger_s is -1"),
        (fine, [1], {"concurrency": 1, "timeout_s": 0}, "timeout_s is 0"),
        (fine, [1], {"rate": 1, "most_in_flight": 0}, "most_in_flight is 0"),
    ],
)
def test_what_cannot_be_measured_is_told_in_one_sentence(call, inputs, load, told):
    with pytest.raises(CourseError) as refused:
        run(call, inputs, **load)
    assert told in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_function_that_makes_an_async_one_is_as_good():
    async def add(given, more):
        return given + more

    assert run(lambda given: add(given, 1), [1], concurrency=1).results == [2]
    assert run(functools.partial(add, more=2), pd.Series([1]), concurrency=1).results == [3]


def test_the_garbage_collector_is_left_as_it_was():
    frozen = gc.get_freeze_count()
    run(Busy(), range(3), concurrency=1)
    assert gc.get_freeze_count() == frozen


def test_a_run_in_which_the_computer_had_no_rest_says_so():
    async def blocks(given):
        await asyncio.sleep(0.01)
        time.sleep(0.2)

    measured = run(blocks, range(4), concurrency=2)
    assert "this computer was too busy: timers " in repr(measured)


def test_a_function_that_blocks_is_told_beside_the_busy_computer():
    async def blocks(given):
        time.sleep(0.15)

    told = repr(run(blocks, range(12), concurrency=6))
    assert "or the function blocks, as only 1.0 calls were in flight: use connect(async" in told


def test_a_run_whose_calls_all_failed_shows_the_first_error():
    async def fails(given):
        raise ValueError(f"no {given}")

    told = repr(run(fails, range(3), concurrency=1))
    assert "3 calls (3 failed; the first with ValueError: no 0)" in told


def chat(client, **more):
    async def ask(text):
        asked = ASKED | {"messages": [{"role": "user", "content": text}]}
        reply = await client.chat.completions.create(**asked, **more)
        return reply.choices[0].message.content

    return ask


def test_a_call_tells_what_it_used_and_that_its_start_was_the_write():
    async def main():
        async with connect(asynchronous=True) as client:
            return await measure(chat(client), ["Hello!"] * 3, concurrency=3), truth(client)

    measured, log = asyncio.run(main())
    rows = measured.calls
    assert set(rows.start_is) == {"written"}
    assert (measured.source, set(rows.status), set(rows.error)) == ("simulated", {200}, {""})
    # "Hello!" is 2 tokens, the message around it 4, the reply's opening 3
    assert set(rows.prompt_tokens) == {9}
    per_call = [
        tokens * Decimal("0.0000006") + 9 * Decimal("0.00000015")
        for tokens in rows.completion_tokens
    ]
    assert list(rows.cost_usd) == per_call
    assert set(rows.request_id) <= set(log.request_id)
    assert (rows.end_s > 0).all()
    assert (rows.total_s > rows.end_s).all()
    assert rows.first_token_s.isna().all()


def test_a_stream_has_a_time_for_each_event_with_content(service):
    service.always = Answer(events("", "Hi", " there", "!", usage=completion()["usage"]))

    async def main():
        async with connect(asynchronous=True) as client:
            return await measure(functools.partial(ask, client), [1, 2], concurrency=1)

    async def ask(client, given):
        return await streamed(client, **ASKED)

    measured = asyncio.run(main())
    assert [answer.text for answer in measured.results] == ["Hi there!"] * 2
    for row in measured.calls.itertuples():
        assert len(row.token_times) == 3  # the opening event is empty
        assert list(row.token_times) == sorted(row.token_times)
        assert 0 < row.first_token_s == row.token_times[0]
        assert row.token_times[-1] <= row.end_s <= row.total_s
        assert (row.prompt_tokens, row.completion_tokens) == (19, 2)


def test_retries_by_openai_s_client_are_counted_and_the_time_is_the_last_one_s(service):
    wait = (("retry-after-ms", "30"),)
    service.answers.extend([Answer({"error": {}}, 429, wait), Answer({"error": {}}, 500, wait)])

    async def main():
        async with connect(asynchronous=True) as client:
            return await measure(chat(client), ["Hello!"], concurrency=1)

    (row,) = asyncio.run(main()).calls.itertuples()
    assert (row.retries, row.status, row.error) == (2, 200, "")
    assert row.total_s >= row.end_s + 0.06  # two waits of 30 ms


def test_refusals_and_hang_ups_are_rows(service):
    refused = {"error": {"message": "no such thing", "code": "nothing"}}
    cut = Answer(events("Hi"), cut=True)
    service.answers.extend([Answer(refused, 400), Answer(None, 0), Answer(completion()), cut])

    async def main():
        async with connect(asynchronous=True, max_retries=0) as client:
            ask = chat(client)

            async def either(given):
                return (await streamed(client, **ASKED)).text if given == 3 else await ask("Hi")

            return await measure(either, range(4), concurrency=1)

    measured = asyncio.run(main())
    rows = measured.calls
    assert list(rows.status) == [400, 0, 200, 200]
    assert rows.error[0].startswith("BadRequestError: ")
    assert "hung up" in rows.error[1] or "disconnected" in rows.error[1].lower()
    assert rows.error[2] == ""
    assert rows.error[3] != ""
    assert measured.results == [None, None, "Hi!", None]
    assert measured.source == "live"


def test_a_reply_that_nobody_reads_to_its_end_is_told(service):
    service.always = Answer(events("Hi", "there"))
    kept = []

    async def main():
        async with connect(asynchronous=True) as client:

            async def ask(given):
                kept.append(await client.chat.completions.create(**ASKED, stream=True))

            measured = await measure(ask, [1], concurrency=1)
            await kept[0].close()
            return measured

    (row,) = asyncio.run(main()).calls.itertuples()
    assert (row.error, row.status) == ("the reply was not read to its end", 200)
    assert row.end_s != row.end_s


def test_other_requests_of_a_call_do_not_move_its_times(service):
    service.always = Answer(events("Hi"))

    async def main():
        async with connect(asynchronous=True) as client:

            async def ask(given):
                stream = await client.chat.completions.create(**ASKED, stream=True)
                text = [event.choices[0].delta.content async for event in stream]
                await asyncio.sleep(0.05)
                await client.models.list()
                return text

            return await measure(ask, [1], concurrency=1)

    (row,) = asyncio.run(main()).calls.itertuples()
    assert row.first_token_s > 0
    assert row.total_s > row.end_s + 0.04


def test_calls_in_threads_are_seen_too(service):
    async def main():
        with connect() as client:

            def ask(given):
                return client.chat.completions.create(**ASKED).choices[0].message.content

            in_thread = functools.partial(asyncio.to_thread, ask)
            return await measure(in_thread, range(3), concurrency=3)

    measured = asyncio.run(main())
    assert measured.results == ["Hi!"] * 3
    assert set(measured.calls.start_is) == {"sent"}
    assert set(measured.calls.completion_tokens) == {2}


def test_the_responses_api_streams_as_well():
    async def main():
        async with connect(asynchronous=True) as client:

            async def ask(given):
                return await streamed(client, model="gpt-4o-mini", input=given)

            return await measure(ask, ["Hello!"], concurrency=1)

    measured = asyncio.run(main())
    (answer,) = measured.results
    assert answer.finish_reason == "completed"
    assert answer.usage["output_tokens"] == measured.calls.completion_tokens[0] > 0
    assert len(measured.calls.token_times[0]) > 0
    assert len(answer.text) > 0


def test_an_error_in_the_midst_of_a_stream_is_raised(service):
    service.always = Answer(['data: {"error": {"message": "out of order"}}\n\n'])

    async def main():
        async with connect(asynchronous=True) as client:
            return await measure(lambda given: streamed(client, **ASKED), [1], concurrency=1)

    assert list(asyncio.run(main()).calls.error) == ["APIError: out of order"]


def test_streamed_wants_an_asynchronous_client(service):
    with (
        connect() as client,
        pytest.raises(CourseError, match=r"connect\(asynchronous=True\), not OpenAI"),
    ):
        asyncio.run(streamed(client, **ASKED))


def test_the_bar_is_shown_where_somebody_watches(capsys, monkeypatch):
    assert not is_watched()
    with bar(3) as quiet:
        quiet.update(3)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert is_watched()
    run(Busy(0), range(3), concurrency=1)
    assert "0/3" in capsys.readouterr().err
    run(Busy(0), range(3), concurrency=1, progress=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("opened", [True, False])
def test_a_notebook_shows_it_only_where_it_is_open_in_jupyter(monkeypatch, opened):
    stream = type("OutStream", (), {"__module__": "ipykernel.iostream"})()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    if opened:
        monkeypatch.setenv("JPY_SESSION_NAME", "lesson.ipynb")
    assert is_watched() is opened


def test_interrupts_reach_the_program_again_after_a_run():
    before = signal.getsignal(signal.SIGINT)
    run(Busy(0), range(2), concurrency=1)
    assert signal.getsignal(signal.SIGINT) is before
