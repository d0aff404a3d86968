import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import openai
import pytest
import uvicorn

from course import client as client_module
from course import connect, meter
from course.endpoint import local
from course.errors import CourseError
from course.simulator import Simulator

ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello!"}]}
LINE = (
    "Connected to the course's simulator on this computer: "
    "replies are simulated, nothing is charged.\n"
)

needs_sockets = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no Unix sockets here")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "COURSE_ENDPOINT_SOCKET"):
        monkeypatch.delenv(name, raising=False)


class Bare:
    """An application on a Unix socket, in a thread."""

    def __init__(self, app, path: Path):
        config = uvicorn.Config(app, lifespan="off", ws="none", log_config=None, uds=str(path))
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self):
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()

    def __exit__(self, *_):
        self._server.should_exit = True
        self._thread.join()


class Endpoint:
    """The course's endpoint on a Unix socket, started as from a terminal."""

    def __init__(self, path: Path):
        self._path = path

    def __enter__(self):
        command = [sys.executable, "-m", "course.endpoint", "--uds", str(self._path)]
        self._process = subprocess.Popen([*command, "--speed", "0"], stdout=subprocess.DEVNULL)
        while not self._answers():
            assert self._process.poll() is None
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()

    def _answers(self):
        with contextlib.suppress(OSError):
            return bool(self.health())
        return False

    def health(self):
        with socket.socket(socket.AF_UNIX) as wire:
            wire.connect(str(self._path))
            wire.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: wire.recv(4096), b""))
        return json.loads(answer.partition(b"\r\n\r\n")[2])


@pytest.fixture
def path():
    # A socket's path can only be short.
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "s"


@pytest.fixture
def without_tcp(monkeypatch):
    """Fails when anything connects by TCP, as it would in a place without a network."""
    connect_to = socket.socket.connect

    def only_unix(self, address):
        assert self.family == socket.AF_UNIX, address
        return connect_to(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_unix)

    async def refuse(*_, **__):
        raise AssertionError("asyncio wants to connect by TCP")

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", refuse)
    monkeypatch.setattr(local, "ensure", refuse)


@needs_sockets
def test_the_endpoint_at_a_socket_serves_both_clients(path, without_tcp, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_ENDPOINT_SOCKET", str(path))

    async def ask():
        async with connect(asynchronous=True, max_retries=0) as client:
            calls = (client.chat.completions.create(**ASK) for _ in range(20))
            return await asyncio.gather(*calls)

    with Endpoint(path) as endpoint, meter() as m:
        with connect(max_retries=0, budget_usd="1") as client:
            assert client.chat.completions.create(**ASK).system_fingerprint == "fp_simulated"
            assert list(client.chat.completions.create(**ASK, stream=True))
        assert endpoint.health()["leases"] == 1
        assert len(asyncio.run(ask())) == 20
        assert endpoint.health()["leases"] == 1
    assert capsys.readouterr().out == LINE * 2
    assert m.calls == 22
    assert set(m.table().source) == {"simulated"}


@needs_sockets
def test_the_socket_goes_before_a_key_so_that_nothing_is_charged(path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_ENDPOINT_SOCKET", str(path))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-test")
    with Endpoint(path), connect() as client:
        assert client.api_key != "sk-of-a-test"
    assert capsys.readouterr().out == LINE


@needs_sockets
def test_an_endpoint_without_leases_does_as_well(path, monkeypatch):
    async def bare(scope, receive, send):
        found = scope["path"] == "/v1/models"
        head = [(b"content-type", b"application/json")]
        status = 200 if found else 404
        await send({"type": "http.response.start", "status": status, "headers": head})
        told = {"object": "list", "data": []} if found else {}
        await send({"type": "http.response.body", "body": json.dumps(told).encode()})

    monkeypatch.setenv("COURSE_ENDPOINT_SOCKET", str(path))
    with Bare(bare, path), connect() as client:
        assert client.models.list().data == []


@needs_sockets
@pytest.mark.parametrize("make", [lambda path: None, Path.touch, Path.mkdir])
def test_a_socket_where_nobody_listens_is_told(path, monkeypatch, capsys, make):
    make(path)
    monkeypatch.setenv("COURSE_ENDPOINT_SOCKET", str(path))
    with pytest.raises(CourseError, match=r"No endpoint answers at .* start one with `course"):
        connect()
    assert capsys.readouterr().out == ""


@needs_sockets
def test_a_path_too_long_for_a_socket_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_ENDPOINT_SOCKET", str(tmp_path / ("x" * 120)))
    with pytest.raises(CourseError, match="too long"):
        connect()


# httpcore2 leaves a socket that it could not connect to the garbage collection.
@pytest.mark.filterwarnings("ignore:.*socket.socket:pytest.PytestUnraisableExceptionWarning")
@needs_sockets
@pytest.mark.parametrize("asynchronous", [False, True])
def test_an_endpoint_that_left_its_socket_is_a_connection_error(path, monkeypatch, asynchronous):
    monkeypatch.setenv("COURSE_ENDPOINT_SOCKET", str(path))
    with Endpoint(path):
        client = connect(max_retries=0, asynchronous=asynchronous)
    with meter() as m, pytest.raises((CourseError, openai.APIConnectionError)):
        if asynchronous:
            asyncio.run(client.chat.completions.create(**ASK))
        else:
            client.chat.completions.create(**ASK)
    assert (m.calls, m.cost_usd) == (1, 0)


@pytest.fixture
def started(monkeypatch):
    """The options that endpoints were asked for with; they all are the one without options."""
    asked, ensure = [], local.ensure

    def take(options=None, *, port=None):
        asked.append(options)
        return ensure(port=port)

    monkeypatch.setattr(local, "ensure", take)
    monkeypatch.setattr(client_module, "_simulator", Simulator())
    monkeypatch.setattr(client_module, "_own_simulators", {})
    return asked


def test_options_make_a_simulator_of_ones_own_even_with_a_key(started, monkeypatch, capsys):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-test")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    options = {"tier": "1", "fault": ["429:0.1"], "speed": 0}
    with connect(simulate=options) as client, meter() as m:
        client.chat.completions.create(**ASK)
    assert client.api_key.startswith("course-")
    assert started == [options]
    assert m.records[0].source == "simulated"
    assert capsys.readouterr().out == (
        "Connected to the course's simulator on this computer, as asked for with simulate=…: "
        "replies are simulated, nothing is charged.\n"
    )


def test_there_is_one_simulator_for_each_set_of_options(started):
    keys = [
        connect(simulate=options).api_key
        for options in ({"speed": 0, "tier": "1"}, {"tier": "1", "speed": 0}, {"tier": "2"}, {})
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    assert connect().api_key == keys[3]
    assert started[-2:] == [None, None]


@pytest.mark.parametrize(
    ("keys", "used"),
    [("sk-1=2", "sk-1"), (["sk-1", "sk-2=5"], "sk-1"), ([], None), ("", None), (5, None)],
)
def test_an_endpoint_with_keys_of_its_own_is_called_with_the_first(keys, used):
    key = Simulator({"key": keys}).key
    assert key == used if used else key.startswith("course-")


@pytest.mark.parametrize("wrong", ["fast", 5, [("tier", "1")], {1: 2}])
def test_options_that_are_none_are_told(wrong, capsys):
    with pytest.raises(CourseError, match="write options by name"):
        connect(simulate=wrong)
    assert capsys.readouterr().out == ""
