"""An endpoint in this process for the tests, and plain requests to it."""

import asyncio
import contextlib
import http.client
import json
import threading
import time

from course.endpoint.options import arguments, read
from course.endpoint.server import Server, create_app
from course.endpoint.simulation.replies import Book, Entry
from course.listening import listen

BOOK = Book(
    {
        "Hello!": [Entry(user="Hello!", text="tiktoken is great!")],
        "Count.": [Entry(user="Count.", text=" one two" * 2000)],
        "Smile.": [Entry(user="Smile.", text="👩🏽‍🚀 नमस्ते")],
    }
)
KEY = {"Authorization": "Bearer any-key"}
HELLO = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello!"}]}


@contextlib.contextmanager
def running(*, max_body=1_000_000, book=BOOK, **wanted):
    """An endpoint with these options; its port."""
    app = create_app(read(arguments(wanted)), book=book, max_body=max_body)
    server, listener = Server(app, until_unused=False, state=None), listen(0)
    port = listener.getsockname()[1]
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    try:
        yield port
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def ask(port, method, path, body=None, headers=KEY):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as wire:
        wire.request(method, path, body, headers)
        answer = wire.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


def refused(port, method, path, body=None, headers=KEY):
    status, _, body = ask(port, method, path, body, headers)
    error = json.loads(body)["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    return status, error["code"]


def health(port):
    return json.loads(ask(port, "GET", "/health")[2])


def wait_until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
