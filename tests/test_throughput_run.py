"""Many inputs, each answered once: killed, stopped, started twice, on a full disk, half-written."""

import asyncio
import dataclasses
import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from endpoint_server import ask, running, wait_until
from no_waiting import simulate

from course.budget import BudgetExceeded
from course.errors import CourseError
from course.throughput.pacing import Pacer
from course.throughput.run import IN_A_ROW, run


class Calls:
    """A call that answers with the input in capitals, counts, and goes wrong as told."""

    def __init__(self, wrong=(), seconds=0.0):
        self.asked, self.wrong, self.seconds = Counter(), dict(wrong), seconds
        self.now = self.most = 0

    async def __call__(self, text):
        self.asked[str(text)] += 1
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(self.seconds)
            if text in self.wrong:
                raise self.wrong[text]
            return str(text).upper()
        finally:
            self.now -= 1


def ran(call, inputs, to, **about):
    return asyncio.run(run(call, inputs, to=to, **about))


def lines(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def file(tmp_path):
    return tmp_path / "answers.jsonl"


WORDS = ["one", "two", "three", "four"]


def test_each_input_gets_a_row_in_its_order(file):
    table = ran(Calls(), WORDS, file, concurrency=3)
    assert list(table.columns) == ["input", "answer", "error", "attempts", "seconds"]
    assert list(table.input) == WORDS
    assert list(table.answer) == ["ONE", "TWO", "THREE", "FOUR"]
    assert list(table.error) == [""] * 4
    assert list(table.attempts) == [1] * 4
    assert (table.seconds >= 0).all()
    assert len(lines(file)) == 4


def test_what_has_an_answer_is_not_asked_again(file):
    ran(Calls(), WORDS[:2], file)
    more = Calls()
    table = ran(more, WORDS, file)
    assert more.asked == {"three": 1, "four": 1}
    assert list(table.answer) == ["ONE", "TWO", "THREE", "FOUR"]
    nothing = Calls()
    again = ran(nothing, WORDS, file)
    assert not nothing.asked
    pd.testing.assert_frame_equal(again, table)
    assert list(ran(nothing, WORDS[:1], file).answer) == ["ONE"]


def test_what_failed_is_kept_with_its_error_and_asked_again_by_the_next_run(file):
    wrong = {"two": ValueError("no\nlabel"), "four": KeyError("answer")}
    table = ran(Calls(wrong), WORDS, file)
    assert list(table.error) == ["", "ValueError: no", "", "KeyError: 'answer'"]
    assert list(table.answer) == ["ONE", None, "THREE", None]
    again = Calls({"four": OSError("still")})
    table = ran(again, WORDS, file)
    assert again.asked == {"two": 1, "four": 1}
    assert list(table.error) == ["", "", "", "OSError: still"]
    assert list(table.attempts) == [1, 2, 1, 2]
    assert table.answer[1] == "TWO"


def test_a_huge_input_and_a_huge_answer_are_kept_whole(file):
    huge = ["ü" * 2_000_000, "short"]
    ran(Calls(), huge, file)
    calls = Calls()
    assert list(ran(calls, huge, file).answer) == ["Ü" * 2_000_000, "SHORT"]
    assert not calls.asked


def test_two_inputs_alike_are_two_inputs(file):
    calls = Calls()
    table = ran(calls, ["same", "same", "same"], file)
    assert calls.asked == {"same": 3}
    assert list(table.answer) == ["SAME"] * 3


def test_no_more_run_at_once_than_allowed_and_no_more_wait_than_run(file):
    calls, tasks = Calls(), []

    async def call(one):
        tasks.append(len(asyncio.all_tasks()))
        return await calls(one)

    table = ran(call, range(50_000), file, concurrency=20)
    assert calls.most == 20
    assert max(tasks) <= 22  # the workers and the run itself
    assert len(table) == 50_000
    assert table.answer[49_999] == "49999"


def test_the_answers_come_as_json_gave_them_back_now_and_later(file):
    class Label(str):
        pass

    answers = [None, 0, 1.5, True, "ü\u2028\ud800", ["a", {"b": None}], Label("x"), np.int64(7)]

    async def call(number):
        return answers[number]

    first = list(ran(call, range(8), file).answer)
    assert first == [None, 0, 1.5, True, "ü\u2028\ud800", ["a", {"b": None}], "x", 7]
    assert list(ran(call, range(8), file).answer) == first


def test_inputs_can_be_whatever_has_a_content(file):
    @dataclasses.dataclass
    class Email:
        text: str
        on: date

    inputs = [
        {"b": 1, "a": [1.5, None]},
        ("x", 1),
        Email("hello", date(2031, 1, 2)),
        np.float64(2.5),
        Decimal("0.1"),
        float("nan"),
        "ü",
    ]
    asked = []

    async def call(one):
        asked.append(one)
        return len(asked)

    ran(call, inputs, file)
    table = ran(call, [{"a": [1.5, None], "b": 1}, *inputs[1:]], file)
    assert asked == inputs
    assert list(table.answer) == [1, 2, 3, 4, 5, 6, 7]


def test_an_empty_list_has_an_empty_table(file):
    table = ran(Calls(), [], file)
    assert table.empty
    assert list(table.columns) == ["input", "answer", "error", "attempts", "seconds"]


def test_without_a_file_the_answers_are_kept_in_memory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert list(ran(Calls(), WORDS, None).answer) == ["ONE", "TWO", "THREE", "FOUR"]
    assert not list(tmp_path.iterdir())


def test_a_relative_path_means_the_folder_at_the_start(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    async def call(one):
        os.chdir("/")
        return one

    ran(call, WORDS, "answers.jsonl")
    assert len(lines(tmp_path / "answers.jsonl")) == 4


# A broken or a foreign file


def test_half_a_line_is_cut_off_and_its_input_asked_again(file):
    ran(Calls(), WORDS, file)
    whole = file.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    for left in range(1, len(last)):
        file.write_bytes(whole[: len(whole) - left])
        calls = Calls()
        table = ran(calls, WORDS, file)
        assert calls.asked == {"four": 1}
        assert list(table.answer) == ["ONE", "TWO", "THREE", "FOUR"]
        assert len(lines(file)) == 4


def test_nothing_where_a_line_should_be_is_cut_off(file):
    """As a file system leaves it that grew the file and lost power before the content came."""
    ran(Calls(), WORDS[:3], file)
    file.write_bytes(file.read_bytes() + b"\0" * 60)
    table = ran(Calls(), WORDS, file)
    assert list(table.answer) == ["ONE", "TWO", "THREE", "FOUR"]
    assert len(lines(file)) == 4


@pytest.mark.parametrize(
    "line",
    [
        b"my notes",
        b"my notes\n",
        b"[]\n",
        b"7\n",
        b'{"custom_id": "1", "response": {}}\n',
        b'{"position": "0", "input": "x", "answer": 1, "error": "", "seconds": 1}\n',
        b'{"position": -1, "input": "x", "answer": 1, "error": "", "seconds": 1}\n',
        b'{"position": 0, "input": "x", "answer": 1, "error": "", "seconds": null}\n',
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b"\0" * 50 + b"\n",
    ],
)
def test_a_file_of_something_else_is_told_and_left_as_it_is(file, line):
    file.write_bytes(line)
    calls = Calls()
    with pytest.raises(CourseError, match=r"Line 1 of .*answers.jsonl is no answer of a run; name"):
        ran(calls, WORDS, file)
    assert file.read_bytes() == line
    assert not calls.asked


def test_a_damaged_line_is_told_by_its_number(file):
    ran(Calls(), WORDS, file)
    every = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*every[:2], every[2][:30] + b"\n", *every[3:]]))
    with pytest.raises(CourseError, match="Line 3 of "):
        ran(Calls(), WORDS, file)


def test_other_inputs_than_those_of_the_file_are_told(file):
    ran(Calls(), WORDS, file)
    calls = Calls()
    for inputs in (["one", "two", "another"], WORDS[::-1], WORDS[1:]):
        with pytest.raises(CourseError, match=r"Input \d is not the one that .* has an answer for"):
            ran(calls, inputs, file)
    assert not calls.asked


def test_a_second_run_at_once_is_told(file):
    async def both():
        first = asyncio.create_task(run(Calls(seconds=0.3), WORDS, to=file))
        await asyncio.sleep(0.1)
        with pytest.raises(CourseError, match=r"Another run is writing .*answers.jsonl"):
            await run(Calls(), WORDS, to=file)
        return await first

    assert list(asyncio.run(both()).answer) == ["ONE", "TWO", "THREE", "FOUR"]
    ran(Calls(), WORDS, file)  # and it is free again


def test_a_place_that_can_not_be_written_is_told(tmp_path):
    with pytest.raises(CourseError, match=r"no is no folder; make it first"):
        ran(Calls(), WORDS, tmp_path / "no" / "answers.jsonl")
    with pytest.raises(CourseError, match="can't be read and written"):
        ran(Calls(), WORDS, tmp_path)


FULL = """
    import asyncio, json, resource, signal, sys
    from course.throughput.run import run

    async def call(one):
        return "x" * 1000

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
    asyncio.run(run(call, range(100), to=sys.argv[1], concurrency=3))
"""


def test_a_full_disk_ends_the_run_and_keeps_whole_lines(file):
    """A limit on the size of files writes half of a line first, as a full disk does."""
    done = program(FULL, file)
    assert done.returncode == 1
    assert "answers.jsonl can't be written (" in done.stderr
    assert "what is in it stays." in done.stderr
    kept = lines(file)
    assert len(kept) == 9  # of some 1,090 bytes each
    assert file.read_bytes().endswith(b"\n")
    calls = Calls()
    ran(calls, range(100), file)
    assert sum(calls.asked.values()) == 91


# Ends before the end


def program(source, *arguments, wait=True, **environment):
    """A Python program in a process of its own."""
    line = [sys.executable, "-c", textwrap.dedent(source), *map(str, arguments)]
    options = {"text": True, "env": os.environ | environment, "stderr": subprocess.PIPE}
    if wait:
        return subprocess.run(line, check=False, timeout=60, **options)
    return subprocess.Popen(line, stdout=subprocess.DEVNULL, **options)


CLASSIFY = """
    import asyncio, sys
    from course import connect
    from course.throughput.run import run

    async def main():
        async with connect(asynchronous=True) as client:
            async def call(count):
                reply = await client.chat.completions.create(
                    model="gpt-4o-mini",
                    messages=[{"role": "user", "content": " ".join(["yes"] * count)}],
                    max_tokens=5,
                )
                return reply.choices[0].message.content

            await run(call, range(1, 201), to=sys.argv[1], concurrency=7)

    asyncio.run(main())
"""


def called(port):
    """How many calls there were for each input, which is known by its length."""
    rows = json.loads(ask(port, "GET", "/v1/truth")[2])["data"]
    return Counter(row["prompt_tokens"] for row in rows)


def answered(path):
    """The positions that have an answer in whole lines."""
    return {line["position"] for line in lines(path) if not line["error"]}


@pytest.mark.parametrize(("ending", "moments"), [("SIGKILL", (1, 90, 150)), ("SIGINT", (60,))])
def test_killed_at_any_moment_no_answer_is_lost_and_none_is_asked_for_again(file, ending, moments):
    seen = {}

    def run_until(count):
        work = program(CLASSIFY, file, wait=False, **service)
        wait_until(lambda: file.exists() and file.read_bytes().count(b"\n") >= count, 30)
        work.send_signal(getattr(signal, ending))
        told = work.communicate(timeout=30)[1]
        assert work.returncode in (-signal.SIGKILL, -signal.SIGINT, 1), told
        calls = called(port)
        for position in answered(file) - seen.keys():
            seen[position] = calls[position + 8]

    with running(time_to_first_token=0.02, inter_token_latency=0) as port:
        service = {"OPENAI_BASE_URL": f"http://127.0.0.1:{port}/v1", "OPENAI_API_KEY": "any-key"}
        kept = b""
        for moment in moments:
            run_until(moment)
            assert file.read_bytes().startswith(kept)
            kept = file.read_bytes()
        before = dict(seen)
        last = program(CLASSIFY, file, **service)
        assert last.returncode == 0, last.stderr
        calls = called(port)
    assert file.read_bytes().startswith(kept)
    assert answered(file) == set(range(200))
    assert len(lines(file)) == 200
    # n words are n + 7 tokens with what a message costs, and the input at position p is p + 1.
    assert sorted(calls) == list(range(8, 208))
    assert {position: calls[position + 8] for position in before} == before
    # What was in flight at an end was asked again: at most 7 calls each time.
    assert sum(calls.values()) <= 200 + 7 * len(moments)


def test_ctrl_c_closes_the_file_and_gives_it_free(file):
    async def stopped():
        task = asyncio.create_task(run(Calls(seconds=0.05), range(100), to=file, concurrency=2))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(stopped())
    kept = len(lines(file))
    assert 2 <= kept < 100
    calls = Calls()
    ran(calls, range(100), file)
    assert sum(calls.asked.values()) == 100 - kept


def test_a_call_that_cancels_something_of_its_own_has_failed_and_the_others_go_on(file):
    table = ran(Calls({"two": asyncio.CancelledError()}), WORDS, file, concurrency=1)
    assert list(table.error) == ["", "CancelledError", "", ""]


def test_a_budget_that_is_met_ends_the_run_and_keeps_what_was_in_flight(file):
    calls = Calls({"3": BudgetExceeded("Not sent: the budget is used up.")})

    async def call(one):
        await asyncio.sleep(0.01 * (1 + int(one) % 3))
        return await calls(one)

    with pytest.raises(BudgetExceeded, match=r"^Not sent: the budget is used up\.$"):
        ran(call, list("0123456789"), file, concurrency=3)
    assert "3" not in {str(line["position"]) for line in lines(file)}
    assert sum(calls.asked.values()) - 1 == len(lines(file)) < 9
    table = ran(Calls(), list("0123456789"), file)
    assert list(table.answer) == list("0123456789")


def test_many_failures_in_a_row_end_the_run(file):
    wrong = {number: OSError("the service is gone") for number in range(100, 10_000)}
    calls = Calls(wrong)
    with pytest.raises(CourseError) as told:
        ran(calls, range(10_000), file, concurrency=5)
    assert str(told.value) == (
        "50 calls in a row failed, the last with OSError: the service is gone; mend that and run "
        "again: what has an answer is kept."
    )
    assert sum(calls.asked.values()) <= 100 + IN_A_ROW + 5
    every_other = {number: OSError("shaky") for number in range(0, 1000, 2)}
    table = ran(Calls(every_other), range(1000), file.with_name("other.jsonl"))
    assert (table.error == "").sum() == 500


def test_after_the_deadline_no_call_is_begun_and_the_next_run_goes_on(file):
    calls = Calls(seconds=0.05)
    table = ran(calls, range(1000), file, concurrency=2, deadline_s=0.3)
    asked = sum(calls.asked.values())
    assert 2 <= asked < 1000
    assert (table.error == "").sum() == asked == len(lines(file))
    assert set(table.error[asked:]) == {"not asked"}
    assert table.attempts[999] == 0
    assert table.seconds.isna().sum() == 1000 - asked
    ran(Calls(), range(1000), file)


@pytest.mark.parametrize("answer", [object(), {1, 2}, float("nan"), [float("inf")], b"x", Calls()])
def test_an_answer_that_is_no_json_is_told_at_once(file, answer):
    asked = []

    async def call(one):
        asked.append(one)
        return answer

    with pytest.raises(CourseError, match=r"The answer to input 0 can't be kept .*; return what"):
        ran(call, range(100), file, concurrency=1)
    assert asked == [0]


def test_a_call_that_is_not_async_is_told(file):
    with pytest.raises(CourseError, match="call gave str at once; pass an async function"):
        ran(lambda one: "x", WORDS, file)


@pytest.mark.parametrize(
    ("inputs", "about", "said"),
    [
        ("one text", {}, "inputs is str; give a list, such as a table's column."),
        ({"a": 1}, {}, "inputs is dict; give a list, such as a table's column."),
        (7, {}, "inputs is int; give a list, such as a table's column."),
        (pd.DataFrame({"a": [1]}), {}, "inputs is DataFrame; give a list, such as a table's col"),
        (["a", {1}], {}, "Input 1 can't be told from others by its content"),
        ([object()], {}, "Input 0 can't be told from others by its content"),
        (["a"], {"concurrency": 0}, "concurrency is 0; use a whole number from 1."),
        (["a"], {"concurrency": 2.5}, "concurrency is 2.5; use a whole number from 1."),
        (["a"], {"concurrency": True}, "concurrency is True; use a whole number from 1."),
        (["a"], {"deadline_s": -1}, "deadline_s is -1; use a number of seconds above 0."),
        (["a"], {"deadline_s": "1"}, "deadline_s is '1'; use a number of seconds above 0."),
    ],
)
def test_what_can_not_be_run_is_told(file, inputs, about, said):
    calls = Calls()
    with pytest.raises(CourseError) as told:
        ran(calls, inputs, file, **about)
    assert str(told.value).startswith(said)
    assert not calls.asked
    assert not file.exists()


def test_a_column_and_a_generator_are_inputs(file):
    ran(Calls(), (word for word in WORDS), file)
    calls = Calls()
    ran(calls, pd.Series(WORDS, index=[9, 8, 7, 6]), file)
    assert not calls.asked


def test_a_pacer_spaces_calls_of_other_clients(file):
    async def work(loop):
        pacer = Pacer(requests_per_minute=60, now=loop.time)
        return await run(Calls(), range(100), to=file, pacer=pacer)

    table, seconds = simulate(work)
    assert len(table) == 100
    assert 40 <= seconds < 41  # 60 at once, then one a second


def test_memory_does_not_grow_with_what_waits(file):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ran(Calls(), range(50_000), file, concurrency=50)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100_000  # kilobytes: 2 for each input, its answer, its name and its row
