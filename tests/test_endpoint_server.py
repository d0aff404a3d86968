"""The running endpoint, as clients meet it: routes, keys, streams, clients that go away."""

import asyncio
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time

import openai
import pytest
from endpoint_server import HELLO, KEY, ask, health, refused, running, wait_until

from course.endpoint.options import Options
from course.endpoint.server import serve
from course.errors import CourseError
from course.listening import listen


@pytest.fixture(scope="module")
def port():
    with running(speed=0, max_body=200_000) as port:
        yield port


@pytest.fixture(scope="module")
def slow_port():
    with running(speed=1) as port:
        yield port


@pytest.fixture
def client(port):
    with openai.OpenAI(
        base_url=f"http://127.0.0.1:{port}/v1",
        api_key="any-key",
        max_retries=0,
        http_client=openai.DefaultHttpxClient(trust_env=False),
    ) as client:
        yield client


def test_the_stock_client_gets_a_reply(client):
    reply = client.chat.completions.create(**HELLO)
    assert reply.choices[0].message.content == "tiktoken is great!"
    # "Hello!" has 2 tokens: 3 + 1 + 2 + 3
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (9, 6)
    assert reply.system_fingerprint == "fp_simulated"
    assert reply._request_id.startswith("req_")


def test_the_stock_client_gets_a_stream_with_usage_at_its_end(client):
    chunks = list(
        client.chat.completions.create(**HELLO, stream=True, stream_options={"include_usage": True})
    )
    said = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert said == ["", "t", "ikt", "oken", " is", " great", "!", None]
    assert {chunk.system_fingerprint for chunk in chunks} == {"fp_simulated"}
    assert [chunk.usage is None for chunk in chunks] == [True] * 8 + [False]
    assert chunks[-1].usage.total_tokens == 15


def test_a_streamed_text_is_the_same_as_the_whole_one(client):
    smile = HELLO | {"messages": [{"role": "user", "content": "Smile."}]}
    whole = client.chat.completions.create(**smile).choices[0].message.content
    stream = client.chat.completions.create(**smile, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == whole


def test_the_asynchronous_client_gets_many_replies_at_once(port):
    async def all_at_once():
        async with openai.AsyncOpenAI(
            base_url=f"http://127.0.0.1:{port}/v1",
            api_key="any-key",
            http_client=openai.DefaultAsyncHttpxClient(trust_env=False),
        ) as client:
            calls = (client.chat.completions.create(**HELLO) for _ in range(50))
            return await asyncio.gather(*calls)

    replies = asyncio.run(all_at_once())
    assert {reply.usage.total_tokens for reply in replies} == {15}
    assert len({reply.id for reply in replies}) == 50


def test_models_are_listed_with_the_day_they_leave(client):
    rows = {model.id: model for model in client.models.list()}
    assert rows["gpt-4o-mini"].shutdown_date == "2027-01-14"
    assert rows["gpt-6-luna"].shutdown_date is None
    assert client.models.retrieve("gpt-4o").id == "gpt-4o"


def test_the_stock_client_raises_its_own_errors(client):
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("gpt-9")
    assert caught.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(**HELLO, temperature=3)
    assert caught.value.param == "temperature"
    with pytest.raises(openai.AuthenticationError) as caught:
        client.chat.completions.create(**HELLO, extra_headers={"Authorization": "Bearer"})
    assert caught.value.code == "invalid_api_key"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/v1/models/gpt-4o"])
@pytest.mark.parametrize("key", [None, "", "Bearer", "Bearer  ", "Basic abc", "any-key"])
def test_without_a_bearer_key_everything_under_v1_is_refused(port, path, key):
    method = "POST" if "chat" in path else "GET"
    headers = {} if key is None else {"Authorization": key}
    assert refused(port, method, path, "{}", headers) == (401, "invalid_api_key")


def test_the_word_bearer_may_be_written_in_any_case(port):
    assert ask(port, "GET", "/v1/models", headers={"authorization": "bearer k"})[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "unknown_url"),
        ("GET", "/v1/nothing/at/all", 404, "unknown_url"),
        ("GET", "/v1/models/gpt-9", 404, "model_not_found"),
        ("GET", "/v1/models/a/b", 404, "unknown_url"),
        ("GET", "/%ff%00", 404, "unknown_url"),
        ("GET", "/v1/chat/completions", 405, "method_not_supported"),
        ("POST", "/v1/models", 405, "method_not_supported"),
        ("DELETE", "/", 405, "method_not_supported"),
        ("POST", "/v1/chat/completions", 400, "invalid_json"),
    ],
)
def test_wrong_turns_are_refused_in_openais_shape(port, method, path, status, code):
    assert refused(port, method, path) == (status, code)


def test_a_wrong_method_is_told_the_right_one(port):
    headers = ask(port, "GET", "/v1/chat/completions")[1]
    assert headers["allow"] == "POST"


@pytest.mark.parametrize("chunked", [False, True])
def test_too_large_a_body_is_refused_and_the_next_one_served(port, chunked):
    large = b" " * 200_001
    sent = iter([large[:100_000], large[100_000:]]) if chunked else large
    assert refused(port, "POST", "/v1/chat/completions", sent) == (413, "request_too_large")
    assert ask(port, "POST", "/v1/chat/completions", json.dumps(HELLO))[0] == 200


def test_a_big_body_is_answered_too(port):
    big = HELLO | {"messages": [{"role": "user", "content": " a" * 90_000}]}
    status, _, body = ask(port, "POST", "/v1/chat/completions", json.dumps(big))
    assert (status, json.loads(body)["usage"]["prompt_tokens"]) == (200, 90_007)


def test_our_own_mistake_is_a_500_in_openais_shape(port, monkeypatch):
    def fail(*_):
        raise RuntimeError("made up for the test")

    monkeypatch.setattr("course.endpoint.api.chat.read_chat", fail)
    body = json.dumps(HELLO)
    assert refused(port, "POST", "/v1/chat/completions", body) == (500, "server_error")


def test_the_page_says_what_this_is_and_how_to_call_it(port):
    status, headers, body = ask(port, "GET", "/", headers={})
    page = body.decode()
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "No reply that comes from here is written by a language model" in page
    assert f"curl http://127.0.0.1:{port}/v1/chat/completions" in page
    assert '<html lang="en">' in page and "prefers-color-scheme: dark" in page
    assert '<th scope="row"><code>gpt-4o-mini</code></th>' in page and "2027-01-14" in page


def test_the_page_can_be_asked_for_without_its_body(port):
    status, headers, body = ask(port, "HEAD", "/", headers={})
    assert (status, body) == (200, b"") and int(headers["content-length"]) > 1000


def test_health_tells_who_this_is(port):
    told = health(port)
    assert told["service"] == "gpt-4o-mini-course endpoint"
    assert (told["options"], told["pid"]) == ({"speed": "0"}, os.getpid())
    assert len(told["fingerprint"]) == 16


def test_tokens_come_one_after_another(slow_port):
    wire = http.client.HTTPConnection("127.0.0.1", slow_port, timeout=20)
    started = time.monotonic()
    with contextlib.closing(wire):
        wire.request("POST", "/v1/chat/completions", json.dumps(HELLO | {"stream": True}), KEY)
        lines, times = wire.getresponse(), []
        for line in lines:
            if b'"content":"' in line:
                times.append(time.monotonic() - started)
    # 0.5 s to the first token, drawn within 70 %; then 5 times 1/59 s, drawn within 70 %
    assert times[0] > 0.14
    assert times[-1] - times[0] > 0.024


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_goes_away_stops_the_work(slow_port, stream):
    # 4,000 tokens would take more than a minute.
    body = json.dumps(
        HELLO | {"stream": stream, "messages": [{"role": "user", "content": "Count."}]}
    ).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    with socket.create_connection(("127.0.0.1", slow_port)) as wire:
        wire.sendall(head.encode() + b"Authorization: Bearer k\r\n\r\n" + body)
        if stream:
            assert wire.recv(100).startswith(b"HTTP/1.1 200")
        wait_until(lambda: health(slow_port)["active"] == 1)
    wait_until(lambda: health(slow_port)["active"] == 0, seconds=3)


def test_a_client_that_reads_nothing_does_not_stop_the_others(port):
    body = json.dumps(
        HELLO | {"stream": True, "n": 20, "messages": [{"role": "user", "content": "Count."}]}
    ).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.sendall(head.encode() + b"Authorization: Bearer k\r\n\r\n" + body)
        for _ in range(5):
            assert ask(port, "POST", "/v1/chat/completions", json.dumps(HELLO))[0] == 200
        assert health(port)["active"] == 1
    wait_until(lambda: health(port)["active"] == 0)


def test_a_lease_is_counted_while_it_is_held(port):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as wire:
        wire.request("GET", "/lease")
        assert wire.getresponse().readline() == b"held\n"
        assert health(port)["leases"] == 1
    wait_until(lambda: health(port)["leases"] == 0)


def test_ending_ends_leases_and_streams_within_seconds():
    with running(speed=1) as port:
        lease = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        lease.request("GET", "/lease")
        assert lease.getresponse().readline() == b"held\n"
        stream = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        long = HELLO | {"stream": True, "messages": [{"role": "user", "content": "Count."}]}
        stream.request("POST", "/v1/chat/completions", json.dumps(long), KEY)
        assert stream.getresponse().status == 200
        started = time.monotonic()
    assert time.monotonic() - started < 5
    lease.close()
    stream.close()


def test_small_packets_are_sent_at_once():
    # asyncio sets TCP_NODELAY only on sockets that name TCP; else a reply waits 40 ms for an ACK.
    with listen(0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
        assert listener.getsockname()[0] == "127.0.0.1"


def test_a_port_in_use_is_one_clear_sentence(port):
    with pytest.raises(CourseError, match=f"Port {port} on 127.0.0.1 is in use"):
        serve(Options(speed=0), port=port)


@pytest.mark.parametrize("impossible", [-1, 65_536])
def test_a_port_that_cannot_be_is_one_clear_sentence(impossible):
    with pytest.raises(CourseError, match=f"Port {impossible} .* can't be used"):
        serve(Options(speed=0), port=impossible)


def command(*words):
    return [sys.executable, "-P", "-m", "course.endpoint", *words]


def test_the_command_prints_its_address_and_ends_with_ctrl_c():
    with subprocess.Popen(
        command("--port", "0", "--speed", "0"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        lines = [process.stdout.readline() for _ in range(3)]
        port = int(lines[0].split("127.0.0.1:")[1].split("/")[0])
        assert lines[1].startswith("All replies are simulated")
        assert ask(port, "POST", "/v1/chat/completions", json.dumps(HELLO))[0] == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


def test_the_command_says_in_one_line_that_a_port_is_in_use(port):
    done = subprocess.run(
        command("--port", str(port)), capture_output=True, text=True, timeout=20, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "is in use" in done.stderr
