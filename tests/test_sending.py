"""Many calls at once under one budget, and what becomes of the key."""

import asyncio
import contextlib
import gc
import io
import itertools
import json
import logging
import secrets
import string
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import openai
import pytest
from IPython.core.interactiveshell import InteractiveShell
from scripted_service import Answer, ScriptedService, completion, events

import course
from course import connect, meter, mistakes
from course.budget import Budget, BudgetExceeded
from course.errors import CourseError

HELLO = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "Hello!"},
]
# Both cost at worst 19 * 0.15 + 10 * 0.60 = 8.85 millionths.
CHAT = {"model": "gpt-4o-mini", "messages": HELLO, "max_completion_tokens": 10}
RESPONSE = {"model": "gpt-4o-mini", "input": HELLO, "max_output_tokens": 10}
WORST = Decimal("0.00000885")


class Gate(ScriptedService):
    """A service that keeps every call waiting until it is opened, and answers by their turn."""

    def forget(self):
        super().forget()
        self.open = threading.Event()
        self._turns = itertools.count()

    def answer_to(self, path, sent):
        if path.endswith("/models"):
            return self.models
        self.open.wait(60)
        turn, body = next(self._turns), json.loads(sent)
        if turn % 5 == 3:
            return Answer({"error": {"message": "no"}}, status=500)
        if turn % 5 == 4:
            return Answer(None, status=0)
        return self.response(body) if path.endswith("/responses") else self.chat(body)

    def chat(self, body):
        if body.get("stream"):
            return Answer(events(*["Hi"] * 9))
        return Answer(completion())

    def response(self, body):
        usage = {"input_tokens": 19, "output_tokens": 10, "total_tokens": 29}
        whole = {"id": "resp_1", "object": "response", "output": [], "status": "completed"}
        if not body.get("stream"):
            return Answer(whole | {"usage": usage})
        delta = {"type": "response.output_text.delta", "output_index": 0, "delta": "Hi"}
        told = [*[delta] * 9, {"type": "response.completed", "response": whole | {"usage": usage}}]
        return Answer([f"data: {json.dumps(event)}\n\n" for event in told])


@pytest.fixture
def gate(monkeypatch):
    with Gate() as service:
        monkeypatch.setenv("OPENAI_BASE_URL", service.url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-test")
        yield service
        service.open.set()


class Watched(Budget):
    """A budget that notes whether more than its limit was ever spent or held."""

    def __init__(self, limit_usd):
        super().__init__(limit_usd)
        self.refused, self.passed = 0, []

    def reserve(self, worst_usd, **words):
        try:
            held = super().reserve(worst_usd, **words)
        except BudgetExceeded:
            self.refused += 1
            raise
        self.passed.append(self.spent_usd + self.reserved_usd)
        return held


def options(number):
    """Call `number` of many: chat or response, whole or as a stream."""
    body = CHAT if number % 2 else RESPONSE
    return body | {"stream": bool(number // 2 % 2)}


def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.001)


def check(money, gate, m):
    """What holds once 200 calls under a budget for 50 have come to their end."""
    assert money.refused == 150
    assert len(money.passed) == 50 == len(gate.calls)
    assert max(money.passed) == 50 * WORST <= money.limit_usd
    assert money.reserved_usd == 0
    assert m.calls == 50
    known = [record.cost_usd for record in m.records if record.cost_usd is not None]
    lost = m.calls - len(known)
    assert lost == 10
    assert money.spent_usd == sum(known) + lost * WORST <= money.limit_usd
    statuses = [record.status for record in m.records]
    assert (statuses.count(500), statuses.count(0), statuses.count(200)) == (10, 10, 30)


# The limit is that of 50 calls and a bit, so that a 51st does not fit.
LIMIT = 50 * WORST + WORST / 2


def test_two_hundred_threads_send_just_the_calls_that_fit(gate):
    money = Watched(LIMIT)

    def ask(number):
        with contextlib.suppress(BudgetExceeded, openai.APIError):
            body = options(number)
            api = client.chat.completions if "messages" in body else client.responses
            reply = api.create(**body)
            if body["stream"]:
                # Every other stream is dropped after its first event.
                next(iter(reply)) if number % 3 else list(reply)
                reply.close()

    with connect(budget_usd=money, max_retries=0) as client, meter() as m:
        with ThreadPoolExecutor(200) as pool:
            asked = pool.map(ask, range(200))
            until(lambda: money.refused == 150)
            assert money.spent_usd == 0
            gate.open.set()
            list(asked)
        gc.collect()
    check(money, gate, m)


def test_two_hundred_tasks_send_just_the_calls_that_fit(gate):
    money = Watched(LIMIT)

    async def ask(client, number):
        with contextlib.suppress(BudgetExceeded, openai.APIError):
            body = options(number)
            api = client.chat.completions if "messages" in body else client.responses
            reply = await api.create(**body)
            if body["stream"]:
                async for _ in reply:
                    if number % 3:
                        break
                await reply.close()

    async def together():
        async with connect(asynchronous=True, budget_usd=money, max_retries=0) as client:
            asked = asyncio.gather(*(ask(client, number) for number in range(200)))
            await asyncio.to_thread(until, lambda: money.refused == 150)
            assert money.spent_usd == 0
            gate.open.set()
            await asked

    with meter() as m:
        asyncio.run(together())
    check(money, gate, m)


@pytest.fixture
def key():
    letters = string.ascii_letters + string.digits
    return "sk-proj-" + "".join(secrets.choice(letters) for _ in range(40))


@pytest.fixture
def other_openai(tmp_path, monkeypatch, key):
    """A second endpoint, a process of its own, that plays OpenAI and wants this key."""
    monkeypatch.setenv("COURSE_STATE_FOLDER", str(tmp_path / "state"))
    state = tmp_path / "openai.json"
    log = tmp_path / "openai.log"
    command = [sys.executable, "-m", "course.endpoint", "--port", "0", "--speed", "0"]
    with log.open("wb") as told:
        process = subprocess.Popen([*command, "--state", str(state)], stdout=told, stderr=told)
    try:
        until(lambda: state.exists() or process.poll() is not None)
        port = json.loads(state.read_text())["port"]
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{port}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", key)
        yield tmp_path
    finally:
        process.terminate()
        process.wait()


def written_in(folder):
    """All that the files below a folder hold, and their names."""
    files = [file for file in Path(folder).rglob("*") if file.is_file()]
    return b"".join(str(file).encode() + file.read_bytes() for file in files)


def test_a_real_looking_key_reaches_no_file_no_log_and_no_output(other_openai, key, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    folder = other_openai / "replies"
    money = Budget("1")

    async def ask_async():
        async with connect(asynchronous=True, cache=folder, budget_usd=money) as client:
            await client.chat.completions.create(**CHAT, seed=1)

    with meter() as m, connect(cache=folder, budget_usd=money, max_retries=0) as client:
        assert client.api_key == key
        for _ in range(2):
            client.chat.completions.create(**CHAT)
            list(client.chat.completions.create(**CHAT, stream=True))
        with pytest.raises(openai.BadRequestError) as refused:
            client.chat.completions.create(**CHAT, temperature=9)
        asyncio.run(ask_async())
        print(client, m, money, refused.value, repr(refused.value), m.records, m.table())
        print(mistakes.said(refused.value), client._client.__dict__)
    assert [record.from_cache for record in m.records][:4] == [False, False, True, True]
    printed = capsys.readouterr()
    assert "with the key in OPENAI_API_KEY" in printed.out
    assert caplog.records
    logged = caplog.text + "".join(repr(record.__dict__) for record in caplog.records)
    for told in (printed.out, printed.err, logged, repr(vars(course.client))):
        assert key not in told
    # The settings of this process are no file; what the endpoint and the cache wrote, are.
    assert len(list(folder.iterdir())) == 3
    assert key.encode() not in written_in(other_openai)


@pytest.fixture
def gateway(monkeypatch, key):
    with ScriptedService() as service:
        monkeypatch.setenv("OPENAI_BASE_URL", service.url)
        monkeypatch.setenv("OPENAI_API_KEY", key)
        yield service


@pytest.mark.parametrize("stream", [False, True])
def test_an_error_that_repeats_the_key_is_shown_without_it(gateway, key, stream, caplog, capsys):
    caplog.set_level(logging.DEBUG)
    told = {"error": {"message": f"Incorrect API key provided: {key}.", "code": "invalid_api_key"}}
    gateway.always = Answer(told, status=401)
    with connect() as client, pytest.raises(openai.AuthenticationError) as refused:
        client.chat.completions.create(**CHAT, stream=stream)
    error = refused.value
    shown = f"{error} {error!r} {error.body} {error.response.text} {mistakes.said(error)}"
    assert "Incorrect API key provided: (the key)." in shown
    assert error.code == "invalid_api_key"
    assert key not in shown + caplog.text + str(capsys.readouterr())


def test_so_it_is_for_an_asynchronous_client(gateway, key):
    told = {"error": {"message": f"Incorrect API key provided: {key}."}}
    gateway.always = Answer(told, status=401)

    async def ask():
        async with connect(asynchronous=True) as client:
            await client.chat.completions.create(**CHAT)

    with pytest.raises(openai.AuthenticationError) as refused:
        asyncio.run(ask())
    assert "(the key)" in str(refused.value)
    assert key not in str(refused.value)


def test_an_error_that_does_not_repeat_it_is_left_as_it_came(gateway):
    told = {"error": {"message": "The key is wrong."}}
    gateway.always = Answer(told, status=401, headers=(("x-request-id", "req_1"),))
    with connect() as client, pytest.raises(openai.AuthenticationError) as refused:
        client.chat.completions.create(**CHAT)
    assert refused.value.response.content == json.dumps(told).encode()
    assert refused.value.request_id == "req_1"


def test_a_notebook_shows_neither_the_key_nor_the_library(gateway, key, capsys):
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    try:
        told = {"error": {"message": f"Incorrect API key provided: {key}."}}
        gateway.always = Answer(told, status=401)
        cell = "from course import connect\nclient = connect(max_retries=0)\nclient"
        shell.run_cell(cell)
        shell.run_cell("client.chat.completions.create(model='gpt-4o-mini', messages=[])")
        with gateway_gone(gateway):
            shell.run_cell("client.chat.completions.create(model='gpt-4o-mini', messages=[])")
    finally:
        shell.history_manager.end_session()
        InteractiveShell.clear_instance()
    shown = capsys.readouterr()
    assert "AuthenticationError: 401: Incorrect API key provided: (the key)." in shown.out
    assert "APIConnectionError" in shown.out
    assert key not in shown.out + shown.err


@contextlib.contextmanager
def gateway_gone(gateway):
    always, gateway.always = gateway.always, Answer(None, status=0)
    yield
    gateway.always = always


def test_mistakes_that_are_told_before_a_call_never_name_it(gateway, key, monkeypatch):
    gateway.models = Answer({"error": {"message": f"Wrong: {key}"}}, status=401)
    with pytest.raises(CourseError) as error:
        connect()
    monkeypatch.setenv("OPENAI_API_KEY", f"{key} {key}")
    with pytest.raises(CourseError) as malformed:
        connect()
    monkeypatch.setenv("OPENAI_API_KEY", key)
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://{key}@127.0.0.1:9/v1")
    with pytest.raises(CourseError) as address:
        connect()
    for told in (error, malformed, address):
        assert key not in str(told.value)
        assert told.value._render_traceback_() == [f"CourseError: {told.value}"]


def test_an_uploaded_file_is_sent_as_it_is(gateway):
    gateway.always = Answer({"id": "file-1", "object": "file"})
    content = bytes(range(256)) * 100
    with connect(budget_usd="1") as client:
        client.files.create(file=io.BytesIO(content), purpose="user_data")
    assert content in gateway.requests[-1][2]
