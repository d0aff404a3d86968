"""A service on the loopback that answers as it is told to: for what the simulator never does."""

import json
import threading
from collections import deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    """A status and a body: a dict is sent as JSON, a list of texts as server-sent events."""

    body: object
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    cut: bool = False  # hang up before the reply is complete


def completion(text="Hi!", **changes) -> dict:
    """A whole reply of 19 + 2 tokens."""
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 19, "completion_tokens": 2, "total_tokens": 21},
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def events(*texts, usage=None, done=True, **about) -> list[str]:
    """A streamed reply, a piece of text an event."""
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    head |= about
    chunks = [{"choices": [{"index": 0, "delta": {"content": text}}]} for text in texts]
    if usage:
        chunks.append({"choices": [], "usage": usage})
    lines = [json.dumps(head | chunk) for chunk in chunks]
    return [f"data: {line}\n\n" for line in lines + ["[DONE]"] * done]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._answer()

    def do_POST(self):
        self._answer()

    def _answer(self):
        sent = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.service.requests.append((self.path, dict(self.headers), sent))
        answer = self.server.service.answer_to(self.path, sent)
        if answer.status == 0:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if isinstance(answer.body, list):
            self._send_events(answer)
        else:
            self._send_whole(answer)

    def _send_whole(self, answer):
        body = answer.body
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body) + answer.cut))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = answer.cut

    def _send_events(self, answer):
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for event in answer.body:
            # Two pieces an event, cut inside a line: nobody may rely on whole lines.
            for piece in (event[:9].encode(), event[9:].encode()):
                if piece:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        if not answer.cut:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = answer.cut

    def handle(self):
        try:
            super().handle()
        except ConnectionError:  # the client went away, as some tests want it to
            self.close_connection = True

    def log_message(self, *_):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # many tests connect many times at once


class ScriptedService:
    """`answers` are given one after another, then `always`; `requests` are what came in.

    A question for the models gets `models`.
    """

    def __init__(self):
        self.forget()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.service = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def forget(self) -> None:
        """Begin anew."""
        self.requests, self.answers = [], deque()
        self.always = Answer(completion())
        self.models = Answer({"object": "list", "data": []})

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/v1"

    def answer_to(self, path, sent) -> Answer:
        if path.endswith("/models"):
            return self.models
        return self.answers.popleft() if self.answers else self.always

    @property
    def calls(self) -> list[dict]:
        """The bodies of the POST requests."""
        return [json.loads(sent) for path, _, sent in self.requests if sent]

    def __enter__(self) -> "ScriptedService":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
