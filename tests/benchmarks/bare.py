"""The limit: an application that says the same to everyone, with the endpoint's uvicorn settings.

    python tests/benchmarks/bare.py PORT FILE

It does not even read the request; FILE holds the body that it sends.
"""

import asyncio
import sys
from pathlib import Path

import uvicorn

from course.endpoint.server import Server
from course.listening import listen


class Bare:
    """Raw ASGI in its shortest form."""

    def __init__(self, body: bytes):
        length = (b"content-length", b"%d" % len(body))
        headers = ((b"content-type", b"application/json"), length)
        self._start = {"type": "http.response.start", "status": 200, "headers": headers}
        self._body = {"type": "http.response.body", "body": body, "more_body": False}

    async def __call__(self, scope, receive, send) -> None:
        await send(self._start)
        await send(self._body)


def main() -> None:
    port, file = sys.argv[1:]
    config = Server(Bare(Path(file).read_bytes()), until_unused=False, state=None).config
    config.http = "httptools"  # uvicorn's own, without what the endpoint adds to it
    with listen(int(port)) as listener:
        asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main()
