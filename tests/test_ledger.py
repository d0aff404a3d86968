import asyncio
import gc
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from IPython.core.interactiveshell import InteractiveShell

import course
from course import ledger
from course.errors import CourseError
from course.ledger import CallRecord, OpenCall, meter

HELLO = {
    "model": "gpt-4o-mini",
    "source": "simulated",
    "prompt_tokens": 19,
    "cached_tokens": 0,
    "completion_tokens": 9,
    "reasoning_tokens": 0,
    # 19 * 0.15 + 9 * 0.60 dollars a million.
    "cost_usd": Decimal("0.00000825"),
    "status": 200,
    "streamed": False,
    "estimated": False,
}
FAILED = HELLO | {
    "prompt_tokens": 0,
    "completion_tokens": 0,
    "cost_usd": Decimal(0),
    "status": 429,
}


def call(**changes):
    return OpenCall().finish(**(HELLO | changes))


def without_seconds(m):
    line = repr(m)
    assert re.search(r" · \d+\.\d\d s$", line)
    return line.rpartition(" · ")[0]


def test_a_meter_adds_up_the_calls_inside_its_block():
    call()
    with meter() as m:
        call()
        call(prompt_tokens=35, cached_tokens=5, completion_tokens=72)
    call()
    assert (m.calls, m.prompt_tokens, m.cached_tokens, m.completion_tokens) == (2, 54, 5, 81)
    assert m.cost_usd == Decimal("0.0000165")


def test_a_record_knows_when_it_started_and_how_long_it_took():
    with meter() as m:
        before = datetime.now(UTC)
        call()
        after = datetime.now(UTC)
    (record,) = m.records
    assert isinstance(record, CallRecord)
    assert before <= record.started <= after
    assert record.started.utcoffset() == timedelta(0)
    assert 0 <= record.seconds <= m.seconds <= 5
    with pytest.raises(AttributeError):
        record.model = "another"


def test_nested_meters_both_count():
    with meter() as outer:
        call()
        with meter() as inner:
            call()
        call()
    assert (outer.calls, inner.calls) == (3, 1)


def test_a_call_that_started_inside_is_counted_when_it_ends_outside():
    with meter() as m:
        stream = OpenCall()
    assert (m.calls, m.prompt_tokens) == (0, 0)
    assert "0 calls (1 still running)" in repr(m)
    stream.finish(**HELLO)
    assert (m.calls, m.prompt_tokens) == (1, 19)
    assert "running" not in repr(m)


def test_a_call_that_started_before_is_not_counted():
    stream = OpenCall()
    with meter() as m:
        stream.finish(**HELLO)
    assert m.calls == 0


def test_a_call_is_counted_once_however_often_it_ends():
    with meter() as m:
        one = OpenCall()
        assert one.finish(**HELLO)
        assert one.finish(**HELLO) is None
    assert m.calls == 1


def test_the_calls_of_all_threads_are_counted():
    with meter() as m, ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: call(), range(500)))
    assert (m.calls, m.prompt_tokens) == (500, 500 * 19)


def test_threads_can_begin_and_end_meters_while_others_call():
    together, counts = threading.Barrier(20), []

    def work(_):
        together.wait()
        for _ in range(20):
            with meter() as m:
                call()
            counts.append(m.calls)

    with meter() as m, ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(20)))
    assert m.calls == 400
    assert min(counts) >= 1
    assert ledger._running_meters == []


def test_the_calls_of_all_tasks_are_counted():
    async def one():
        open_call = OpenCall()
        await asyncio.sleep(0)
        open_call.finish(**HELLO)

    async def many():
        await asyncio.gather(*(one() for _ in range(200)))

    with meter() as m:
        asyncio.run(many())
    assert m.calls == 200


def test_an_error_inside_the_block_passes_and_the_meter_stays():
    with pytest.raises(ZeroDivisionError), meter() as m:
        call()
        raise ZeroDivisionError
    call()
    assert m.calls == 1


def test_a_meter_measures_one_block_only():
    with meter() as m:
        pass
    with pytest.raises(CourseError, match="one block"), m:
        pass


def test_the_line_of_two_calls():
    with meter() as m:
        call()
        call(prompt_tokens=35, completion_tokens=72, cost_usd=Decimal("0.00004845"))
    # 0.00000825 + 0.00004845 = 0.0000567, shown with six digits.
    assert without_seconds(m) == (
        "2 calls · 54 prompt tokens (0 cached) + 81 completion tokens"
        " · $0.000057 at list price, nothing charged (simulated)"
    )


@pytest.mark.parametrize(
    ("calls", "line"),
    [
        (
            [],
            "0 calls · 0 prompt tokens (0 cached) + 0 completion tokens · $0.00 at list price",
        ),
        (
            [{"prompt_tokens": 1, "completion_tokens": 1, "source": "live"}],
            "1 call · 1 prompt token (0 cached) + 1 completion token · $0.0000083 at list price",
        ),
        (
            [{"cost_usd": None, "source": "live"}],
            "1 call · 19 prompt tokens (0 cached) + 9 completion tokens · price unknown",
        ),
        (
            [{"cost_usd": None}, {}],
            "2 calls · 38 prompt tokens (0 cached) + 18 completion tokens"
            " · price unknown, nothing charged (simulated)",
        ),
        (
            [FAILED, {"estimated": True}],
            "2 calls (1 failed, 1 estimated) · 19 prompt tokens (0 cached) + 9 completion tokens"
            " · $0.0000083 at list price, nothing charged (simulated)",
        ),
        (
            [{}, {"from_cache": True, "cost_usd": Decimal(0)}],
            "2 calls (1 from cache) · 38 prompt tokens (0 cached) + 18 completion tokens"
            " · $0.0000083 at list price, nothing charged (simulated)",
        ),
        (
            [{"api": "batch"}, FAILED],
            "2 calls (1 failed, 1 in a batch) · 19 prompt tokens (0 cached) + 9 completion tokens"
            " · $0.0000083 at list price, nothing charged (simulated)",
        ),
        (
            [{"source": "live"}, {}],
            "2 calls · 38 prompt tokens (0 cached) + 18 completion tokens"
            " · $0.000017 at list price (partly simulated)",
        ),
        (
            [{"prompt_tokens": 1_000_000, "completion_tokens": 0, "cost_usd": Decimal("1234.5")}],
            "1 call · 1,000,000 prompt tokens (0 cached) + 0 completion tokens"
            " · $1,234.50 at list price, nothing charged (simulated)",
        ),
    ],
)
def test_the_line_says_what_happened(calls, line):
    with meter() as m:
        for changes in calls:
            call(**changes)
    assert without_seconds(m) == line


def test_an_unknown_price_makes_the_sum_unknown_not_smaller():
    with meter() as m:
        call()
        call(cost_usd=None)
    assert m.cost_usd is None


def test_the_table_has_a_row_for_each_call_in_the_order_of_their_start():
    with meter() as m:
        first = OpenCall()
        call(model="second", cost_usd=None)
        first.finish(**HELLO | {"model": "first"})
    table = m.table()
    assert list(table.model) == ["first", "second"]
    assert list(table.cost_usd) == [Decimal("0.00000825"), None]
    assert list(table.source) == ["simulated", "simulated"]


def test_the_kinds_of_the_columns_never_change():
    expected = {
        "started": "datetime64[us, UTC]",
        "model": "str",
        "source": "str",
        "prompt_tokens": "int64",
        "cached_tokens": "int64",
        "completion_tokens": "int64",
        "reasoning_tokens": "int64",
        "cost_usd": "object",
        "seconds": "float64",
        "status": "int64",
        "streamed": "bool",
        "estimated": "bool",
        "api": "str",
        "from_cache": "bool",
    }
    with meter() as empty:
        pass
    with meter() as full:
        call()
        call(cost_usd=None)
    for m in (empty, full):
        assert {name: str(kind) for name, kind in m.table().dtypes.items()} == expected


def test_reading_a_meter_survives_calls_that_end_in_the_garbage_collection():
    with meter() as m:
        for _ in range(100):
            call()
            gc.collect(0)
            assert m.records


def test_the_front_door_gives_the_meter():
    assert course.meter is meter


@pytest.fixture
def shell():
    shell = InteractiveShell()
    shell.history_manager.enabled = False
    shell.user_ns["call"] = call
    ledger.add_magic(shell)
    yield shell
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


def last_line(capsys):
    return capsys.readouterr().out.rstrip("\n").rpartition("\n")[2]


def test_the_cell_magic_prints_the_line_after_the_cell(shell, capsys):
    shell.run_cell("%%meter\nx = call()\n6 * 7")
    out = capsys.readouterr().out.splitlines()
    assert out[0].endswith("42")
    assert out[-1].startswith("1 call · 19 prompt tokens")
    assert shell.user_ns["x"].model == "gpt-4o-mini"


def test_a_metered_cell_can_await(shell, capsys):
    shell.run_cell("%%meter\nimport asyncio\nawait asyncio.sleep(0)\nx = call()")
    assert last_line(capsys).startswith("1 call · ")


def test_a_metered_cell_that_fails_fails_as_always_and_shows_its_calls(shell, capsys):
    result = shell.run_cell("%%meter  # how dear is a mistake?\ncall()\n\n1/0")
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    out = capsys.readouterr().out
    assert re.search(r"line 4|---> 4|4 1/0", re.sub(r"\x1b\[[\d;]*m", "", out))
    assert out.rstrip().splitlines()[-1].startswith("1 call · ")
    assert ledger._running_meters == []


def test_a_cell_without_the_magic_prints_nothing(shell, capsys):
    shell.run_cell("x = call()\ny = '''\n%%meter\n'''")
    assert capsys.readouterr().out == ""
    assert shell.user_ns["y"] == "\n%%meter\n"


def test_a_metered_cell_that_is_no_python_meters_nothing(shell, capsys):
    shell.run_cell("%%meter\nno python")
    capsys.readouterr()
    shell.run_cell("x = call()")
    assert capsys.readouterr().out == ""
    assert ledger._running_meters == []


def test_a_cell_run_by_a_metered_cell_does_not_end_its_meter(shell, capsys):
    shell.user_ns["run"] = shell.run_cell
    shell.run_cell("%%meter\nrun('%%meter\\nx = call()')\nrun('call();')\nx = call()")
    out = [line for line in capsys.readouterr().out.splitlines() if " prompt token" in line]
    assert [line.split(" · ")[0] for line in out] == ["1 call", "3 calls"]


def test_something_behind_the_magic_is_told(shell, capsys):
    shell.run_cell("%%meter twice\nx = call()")
    assert "CourseError: %%meter stands alone on its line; take 'twice' away." in (
        capsys.readouterr().out
    )


def test_the_magic_is_there_once_the_meter_is_imported_inside_ipython():
    cell = "from course import meter; get_ipython().run_cell('%%meter\\n6 * 7')"
    ipython = [sys.executable, "-m", "IPython", "--no-banner", "--HistoryManager.enabled=False"]
    ran = subprocess.run([*ipython, "-c", cell], capture_output=True, text=True, timeout=60)
    assert "0 calls · 0 prompt tokens" in ran.stdout, ran.stderr
