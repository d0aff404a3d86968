"""A bare WebSocket echo on the live class's uvicorn settings: the limit for any server like it."""

import sys

from course.listening import listen
from course.live import server


async def echo(scope, receive, send) -> None:
    if scope["type"] == "lifespan":
        for said in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{said}.complete"})
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event["text"]})


def main() -> None:
    with listen(int(sys.argv[1])) as listener:
        server.serve(echo, listener, ready=lambda: print("ready", flush=True))


if __name__ == "__main__":
    main()
