import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import openai
import pytest

import course
from course import client as client_module
from course import connect, fact, meter
from course.budget import Budget, BudgetExceeded
from course.client import Simulator
from course.errors import CourseError
from course.ledger import Meter

LINE = (
    "Connected to the course's simulator on this computer: "
    "replies are simulated, nothing is charged.\n"
)
MINI = "gpt-4o-mini"
MESSAGES = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "Hello!"},
]
ASK = {"model": MINI, "messages": MESSAGES}


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)


@pytest.fixture(scope="module")
def client():
    with connect() as client:
        yield client


def run(work, **settings):
    async def together():
        async with connect(asynchronous=True, **settings) as client:
            return await work(client)

    return asyncio.run(together())


def test_the_learner_gets_the_stock_clients_and_one_line(capsys):
    with connect() as client:
        assert type(client) is openai.OpenAI
        assert client.base_url.host == "127.0.0.1"
    assert capsys.readouterr() == (LINE, "")

    async def look(client):
        assert type(client) is openai.AsyncOpenAI

    run(look)
    assert capsys.readouterr() == (LINE, "")


def test_the_front_door_gives_connect():
    assert course.connect is connect


def test_a_blank_key_is_no_key(monkeypatch, capsys):
    monkeypatch.setenv("OPENAI_API_KEY", "  ")
    connect().close()
    assert capsys.readouterr().out == LINE


def test_a_call_is_answered_counted_and_metered(client):
    with meter() as m:
        reply = client.chat.completions.create(**ASK)
    assert reply.system_fingerprint == "fp_simulated"
    assert reply.choices[0].message.content
    assert reply.usage.prompt_tokens == 19
    (record,) = m.records
    assert (record.source, record.model, record.status) == ("simulated", MINI, 200)
    written = reply.usage.completion_tokens
    assert (record.prompt_tokens, record.completion_tokens) == (19, written)
    # 0.15 dollars a million in, 0.60 out.
    assert m.cost_usd == (19 * Decimal("0.15") + written * Decimal("0.60")) / 1_000_000


def test_our_own_count_of_a_stream_is_the_simulators(client):
    options = {"include_usage": True}
    with meter() as told:
        list(client.chat.completions.create(**ASK, stream=True, stream_options=options))
    with meter() as counted:
        list(client.chat.completions.create(**ASK, stream=True))
    (one,), (two,) = told.records, counted.records
    assert (one.estimated, two.estimated) == (False, True)
    assert one.prompt_tokens == two.prompt_tokens == 19
    assert one.completion_tokens == two.completion_tokens > 0
    assert told.cost_usd == counted.cost_usd


def test_a_fact_is_a_model_name(client):
    with meter() as m:
        client.chat.completions.create(model=fact("course.small_model"), messages=MESSAGES)
    assert type(m.records[0].model) is str


def test_an_unknown_model_is_refused_as_by_the_real_service(client):
    with meter() as m, pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="gpt-9", messages=MESSAGES)
    assert (m.records[0].status, m.cost_usd) == (404, 0)


def test_reasoning_tokens_are_told_apart(client):
    with meter() as m:
        client.chat.completions.create(model="gpt-6-luna", messages=MESSAGES)
    (record,) = m.records
    assert 0 < record.reasoning_tokens <= record.completion_tokens


def test_two_hundred_calls_at_once_are_all_metered():
    async def ask_often(client):
        calls = (client.chat.completions.create(**ASK) for _ in range(200))
        return await asyncio.gather(*calls)

    with meter() as m:
        replies = run(ask_often)
    assert m.calls == len(replies) == 200
    assert m.prompt_tokens == 200 * 19
    assert m.completion_tokens == sum(reply.usage.completion_tokens for reply in replies)
    assert set(m.table().source) == {"simulated"}


def test_a_budget_refuses_before_sending():
    with connect(budget_usd="0.001") as client, meter() as m:
        with pytest.raises(BudgetExceeded, match=r"up to \$0\.009833.*the budget of \$0\.001;"):
            client.chat.completions.create(**ASK)
        assert m.calls == 0
        client.chat.completions.create(**ASK, max_completion_tokens=50)
        assert m.calls == 1


def test_two_clients_can_share_a_budget():
    money = Budget("0.001")
    with connect(budget_usd=money) as one, connect(budget_usd=money) as two, meter() as m:
        for client in (one, two):
            client.chat.completions.create(**ASK, max_completion_tokens=50)
    assert money.spent_usd == m.cost_usd > 0


def test_a_wrong_budget_is_told_and_nothing_printed(capsys):
    with pytest.raises(CourseError, match="budget_usd is 'much'"):
        connect(budget_usd="much")
    assert capsys.readouterr().out == ""


def test_openais_own_settings_are_passed_on():
    with connect(timeout=7, max_retries=5) as client:
        assert (client.timeout, client.max_retries) == (7, 5)
    with connect() as client:
        assert client.max_retries == openai.DEFAULT_MAX_RETRIES
        assert client.timeout == openai.DEFAULT_TIMEOUT


def test_all_clients_of_a_process_share_a_key_and_no_other_process_has_it(client):
    with connect() as another:
        assert another.api_key == client.api_key
    assert client.api_key.startswith("course-")
    assert Simulator().key != client.api_key


def test_a_proxy_in_the_environment_does_not_come_between(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with connect(max_retries=0) as client:
        assert client.chat.completions.create(**ASK).usage

    async def ask(client):
        return await client.chat.completions.create(**ASK)

    assert run(ask, max_retries=0).usage


def test_a_changed_copy_of_the_client_is_metered_too(client):
    with meter() as m:
        client.with_options(max_retries=0).chat.completions.create(**ASK)
    assert m.calls == 1


def test_a_meter_can_leave_out_what_is_simulated_even_where_there_is_a_key(client):
    with Meter(asked_for=False) as live_too, meter() as everything:
        client.chat.completions.create(**ASK)
        with connect(simulate={"seed": 7}) as own:
            own.chat.completions.create(**ASK)
    assert (live_too.calls, everything.calls) == (1, 2)


def test_the_simulator_as_a_gateway_is_still_marked_simulated(client, monkeypatch, capsys):
    monkeypatch.setenv("OPENAI_BASE_URL", str(client.base_url))
    monkeypatch.setenv("OPENAI_API_KEY", "any-key")
    with connect() as gateway, meter() as m:
        gateway.chat.completions.create(**ASK)
    assert f"{client.base_url.host}:{client.base_url.port}" in capsys.readouterr().out
    assert m.records[0].source == "simulated"


@pytest.fixture
def own_simulator(tmp_path, monkeypatch):
    """An endpoint that this test alone uses, and may kill."""
    monkeypatch.setenv("COURSE_STATE_FOLDER", str(tmp_path))
    monkeypatch.setattr(client_module, "_simulator", Simulator())
    yield tmp_path
    kill(tmp_path)


def kill(folder: Path) -> None:
    for state in folder.glob("endpoint-*.json"):
        with contextlib.suppress(ProcessLookupError):
            process = json.loads(state.read_text())["pid"]
            os.kill(process, signal.SIGKILL)
            while Path(f"/proc/{process}/stat").exists():  # until its port is free
                time.sleep(0.002)


@pytest.mark.parametrize("stream", [False, True])
def test_an_endpoint_that_died_is_started_again_by_the_next_call(own_simulator, stream):
    with connect(max_retries=0) as client, meter() as m:
        client.chat.completions.create(**ASK)
        kill(own_simulator)
        list(client.chat.completions.create(**ASK, stream=stream))
    assert [record.status for record in m.records] == [200, 200]


def test_an_endpoint_that_died_under_many_calls_serves_them_all_again(own_simulator):
    async def ask_often(client):
        await client.chat.completions.create(**ASK)
        kill(own_simulator)
        calls = (client.chat.completions.create(**ASK) for _ in range(20))
        return await asyncio.gather(*calls)

    assert len(run(ask_often, max_retries=0)) == 20


def test_calls_follow_an_endpoint_that_moved_to_another_port(own_simulator):
    with connect(max_retries=0) as client:
        old = client_module._simulator._address
        kill(own_simulator)
        with taken(old.port):
            assert client.chat.completions.create(**ASK).usage
        assert client_module._simulator._address.port != old.port
        assert client.chat.completions.create(**ASK).usage


def taken(port: int) -> socket.socket:
    """The port, so that nobody else can have it; nothing listens there."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", port))
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return holder


def test_importing_the_course_is_quick_and_loads_nothing_heavy():
    code = (
        "import sys, time; start = time.process_time(); import course, course.facts; "
        "heavy = {'openai', 'pandas', 'genai_prices', 'IPython', 'splintr'} & set(sys.modules); "
        "print(time.process_time() - start < 0.15, heavy)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ran.stdout == "True set()\n", ran.stderr
