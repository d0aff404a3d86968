"""Whatever is sent to the endpoint: an answer or a refusal in OpenAI's shape, soon, never a 500."""

import asyncio
import contextlib
import http.client
import json
import socket
import time

import pytest
from endpoint_server import BOOK, HELLO, KEY, ask, health, running
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from course.endpoint.options import Options
from course.endpoint.server import create_app

ROUTES = [
    ("POST", "/v1/chat/completions"),
    ("POST", "/v1/responses"),
    ("POST", "/v1/responses/input_tokens"),
    ("POST", "/v1/embeddings"),
    ("POST", "/v1/moderations"),
    ("POST", "/v1/batches"),
    ("POST", "/v1/files"),
    ("POST", "/v1/batches/batch_x/cancel"),
    ("POST", "/v1/responses/resp_x/cancel"),
    ("GET", "/v1/models/gpt-4o-mini"),
    ("GET", "/v1/files"),
    ("GET", "/v1/files/file-x/content"),
    ("GET", "/v1/batches"),
    ("GET", "/v1/responses/resp_x/input_items"),
    ("GET", "/truth"),
]
NAMES = [
    *("model", "messages", "input", "role", "content", "type", "text", "name", "tools", "function"),
    *("parameters", "properties", "items", "schema", "json_schema", "strict", "required", "enum"),
    *("tool_choice", "response_format", "additionalProperties", "anyOf", "$ref", "$defs", "format"),
    *("stream", "stream_options", "include_usage", "n", "stop", "logprobs", "top_logprobs", "seed"),
    *("max_tokens", "max_completion_tokens", "max_output_tokens", "temperature", "reasoning"),
    *("effort", "image_url", "url", "detail", "instructions", "previous_response_id", "store"),
    *(
        "dimensions",
        "encoding_format",
        "endpoint",
        "completion_window",
        "input_file_id",
        "metadata",
    ),
    *("tool_calls", "tool_call_id", "call_id", "output", "arguments", "id", "user", "purpose"),
]
WORDS = [
    *("gpt-4o-mini", "gpt-6-luna", "gpt-5", "text-embedding-3-small", "omni-moderation-latest"),
    *("user", "system", "assistant", "tool", "developer", "text", "json_object", "json_schema"),
    *("function", "object", "string", "array", "integer", "auto", "none", "required", "24h"),
    *("image_url", "input_text", "input_image", "message", "function_call", "#", "#/$defs/a"),
    *("data:image/png;base64,iVBORw0KGgo=", "low", "float", "base64", "/v1/chat/completions"),
    *("message.output_text.logprobs", "What is 2 + 2? Answer in json.", "\ud800", "\x00"),
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 300)
    | st.sampled_from([10**30, -(10**20), 1e308, 0.5, 2.0])
    | st.sampled_from(WORDS)
    | st.text(max_size=12)
)
WILD = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=25,
)
MESSAGE = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "system", "assistant", "tool"]), "content": WILD},
    optional={"tool_calls": WILD, "tool_call_id": WILD, "name": WILD},
)
SCHEMA = st.recursive(
    st.sampled_from([{"type": "string"}, {"type": "integer"}, {"enum": ["a", 1]}, {}, True]),
    lambda inner: st.fixed_dictionaries(
        {"type": st.sampled_from(["object", "array", "string", "thing"])},
        optional={
            "properties": st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
            "required": st.lists(st.sampled_from(["a", "b"]), max_size=2),
            "items": inner,
            "additionalProperties": st.booleans(),
            "anyOf": st.lists(inner, max_size=2),
            "$ref": st.sampled_from(["#", "#/$defs/a", "#/nowhere"]),
            "$defs": st.dictionaries(st.just("a"), inner, max_size=1),
            "pattern": st.sampled_from(["^a+$", "(", "[0-9]{3}", "(?=x)y", "a" * 300]),
            "minItems": st.integers(-1, 9),
            "maximum": st.integers(-3, 3),
            "multipleOf": st.sampled_from([0, 0.1, 7]),
        },
    ),
    max_leaves=8,
)
LIKELY = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["gpt-4o-mini", "gpt-6-luna", "text-embedding-3-small"]),
        "messages": st.lists(MESSAGE, min_size=1, max_size=3),
        "input": st.text(max_size=30) | st.lists(MESSAGE, max_size=3) | WILD,
    },
    optional={
        "response_format": st.fixed_dictionaries(
            {"type": st.just("json_schema")},
            optional={
                "json_schema": st.fixed_dictionaries(
                    {"name": st.just("x"), "schema": SCHEMA}, optional={"strict": st.booleans()}
                )
            },
        ),
        "text": st.fixed_dictionaries(
            {
                "format": st.fixed_dictionaries(
                    {"type": st.just("json_schema"), "name": st.just("x"), "schema": SCHEMA}
                )
            }
        ),
        "tools": st.lists(
            st.fixed_dictionaries(
                {
                    "type": st.just("function"),
                    "function": st.fixed_dictionaries(
                        {"name": st.sampled_from(["f", "get_x", ""]), "parameters": SCHEMA}
                    ),
                }
            ),
            max_size=2,
        ),
        "tool_choice": st.sampled_from(["auto", "none", "required", {"type": "function"}]),
        "stream": st.booleans(),
        "n": st.integers(1, 3),
        "logprobs": st.booleans(),
        "stop": WILD,
        "max_completion_tokens": st.integers(0, 50),
    },
)


class Wire:
    """One request to the application, without a network."""

    def __init__(self, method, path, body):
        query = b"since=0" if path == "/truth" else b"limit=2"
        headers = [(b"authorization", b"Bearer wild"), (b"content-type", b"application/json")]
        self.scope = {"type": "http", "method": method, "path": path, "query_string": query}
        self.scope |= {"headers": headers, "server": ("127.0.0.1", 1)}
        self._messages = [{"type": "http.request", "body": body, "more_body": False}]
        self.status, self.sent, self.ended = None, b"", False

    async def receive(self):
        if self._messages:
            return self._messages.pop()
        return await asyncio.Future()

    async def send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.sent += message["body"]
            self.ended = not message.get("more_body")


@pytest.fixture(scope="module")
def app():
    app = create_app(Options(speed=0, tier="none"), book=BOOK, max_body=1_000_000)
    yield app
    asyncio.run(app.service.close())


@settings(
    max_examples=400,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(route=st.sampled_from(ROUTES), body=LIKELY | WILD | st.binary(max_size=40))
def test_any_body_is_answered_or_refused_in_openais_shape(app, route, body):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    wire = Wire(*route, data)

    async def send():
        async with asyncio.timeout(10):
            await app(wire.scope, wire.receive, wire.send)

    asyncio.run(send())
    assert wire.ended
    if wire.status == 200:
        return
    assert 400 <= wire.status < 500, (wire.status, wire.sent)
    error = json.loads(wire.sent)["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["message"] and isinstance(error["type"], str)


def test_a_thousand_half_open_connections_stop_nobody():
    with running(speed=0) as port, contextlib.ExitStack() as open_ones:
        for number in range(1000):
            wire = open_ones.enter_context(socket.create_connection(("127.0.0.1", port)))
            # a third says nothing, a third half a request's headers, a third half its body
            head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
            said = (b"", head, head + b"Authorization: Bearer k\r\nContent-Length: 99\r\n\r\n{")
            wire.sendall(said[number % 3])
        started = time.monotonic()
        assert ask(port, "POST", "/v1/chat/completions", json.dumps(HELLO))[0] == 200
        assert time.monotonic() - started < 5


def test_a_thousand_slow_readers_stop_nobody():
    body = json.dumps(
        HELLO | {"stream": True, "messages": [{"role": "user", "content": "Count."}]}
    ).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    request = head.encode() + b"Authorization: Bearer k\r\n\r\n" + body
    with running(speed=0, tier="none") as port, contextlib.ExitStack() as open_ones:
        for _ in range(1000):
            wire = open_ones.enter_context(socket.socket())
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            wire.connect(("127.0.0.1", port))
            wire.sendall(request)
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as wire:
            wire.request("POST", "/v1/chat/completions", json.dumps(HELLO), KEY)
            assert wire.getresponse().status == 200
        assert health(port)["active"] > 900


def test_a_connection_that_never_ends_its_headers_is_closed(monkeypatch):
    monkeypatch.setattr("course.endpoint.server.HEADER_S", 0.2)
    monkeypatch.setattr("course.endpoint.server.SWEEP_TICKS", 1)
    with running(speed=0) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as slow:
            slow.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n")
            assert slow.recv(10) == b""
        # one that is answered is left alone between two requests
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as wire:
            for _ in range(2):
                wire.request("GET", "/health")
                assert wire.getresponse().read()
                time.sleep(0.6)
