"""Students for the load script: WebSocket clients on asyncio, lean enough to be a thousand.

Each keeps what was not acknowledged, comes back by itself after 0.5 to 8 seconds drawn at random,
and sends it again under the same key. Frames are masked with zeros, which a server can't tell
from other masks, and which saves this process the work.
"""

import asyncio
import base64
import json
import os
import random
import secrets
import struct
import time
from dataclasses import dataclass, field

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 8.0
NO_RETURN = (4000, 4001, 4003)


def frame(said: str | bytes, opcode: int = 1) -> bytes:
    """A masked frame of a client's (RFC 6455, section 5.2)."""
    data = said.encode() if isinstance(said, str) else said
    head = bytes([0x80 | opcode])
    if len(data) < 126:
        return head + bytes([0x80 | len(data)]) + b"\0\0\0\0" + data
    return head + b"\xfe" + struct.pack(">H", len(data)) + b"\0\0\0\0" + data


class Wire(asyncio.Protocol):
    """One connection: the handshake, then frames, each text handed to `heard`."""

    def __init__(self, host: str, heard, lost, *, path: str = "/live"):
        self._host, self._heard, self._lost, self._path = host, heard, lost, path
        self._data, self._open, self.code = b"", False, 1006
        self.transport = None

    def connection_made(self, transport) -> None:
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: {self._host}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def say(self, text: str) -> None:
        self.transport.write(frame(text))

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._open:
            head, found, rest = self._data.partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.transport.abort()
                return
            self._open, self._data = True, rest
            self._heard(None)
        self._frames()

    def _frames(self) -> None:
        data, at = self._data, 0
        while len(data) - at >= 2:
            size, start = data[at + 1] & 0x7F, at + 2
            if size == 126:
                size, start = int.from_bytes(data[at + 2 : at + 4]), at + 4
            elif size == 127:
                size, start = int.from_bytes(data[at + 2 : at + 10]), at + 10
            if len(data) < start + size:
                break
            self._one(data[at] & 0x0F, data[start : start + size])
            at = start + size
        self._data = data[at:]

    def _one(self, opcode: int, body: bytes) -> None:
        if opcode == 1:
            self._heard(body)
        elif opcode == 8:
            self.code = int.from_bytes(body[:2]) if body else 1005
            self.transport.close()
        elif opcode == 9:
            self.transport.write(frame(body, 10))

    def connection_lost(self, error: Exception | None) -> None:
        self._lost(self.code)


@dataclass
class Student:
    """One student: `saved` holds (round, key) of what was acknowledged, `took` seconds by key."""

    host: str
    port: int
    code: str
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    name: str = "Student"
    stays_away: bool = False
    waiting: dict[str, tuple[str, float]] = field(default_factory=dict)
    saved: list[tuple[int, str]] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    refused: list[dict] = field(default_factory=list)
    joins: int = 0
    here: bool = False
    wire: Wire | None = None
    _wait_s: float = FIRST_WAIT_S
    _coming: asyncio.Task | None = None

    def __post_init__(self):
        self.joined = asyncio.Event()
        self.all_saved = asyncio.Event()
        self.all_saved.set()

    async def come(self) -> None:
        """Connect; where that fails, again and again."""
        loop = asyncio.get_running_loop()
        while True:
            wire = Wire(f"{self.host}:{self.port}", self._heard, self._lost)
            try:
                await loop.create_connection(lambda w=wire: w, self.host, self.port)
                self.wire = wire
                return
            except OSError:
                await self._pause()

    async def _pause(self) -> None:
        await asyncio.sleep(random.uniform(FIRST_WAIT_S, max(self._wait_s, FIRST_WAIT_S * 2)))
        self._wait_s = min(self._wait_s * 2, LONGEST_WAIT_S)

    async def _come_again(self) -> None:
        await self._pause()
        await self.come()

    def _heard(self, body: bytes | None) -> None:
        now = time.perf_counter()
        if body is None:
            hello = {"type": "hello", "v": 1, "role": "student", "code": self.code}
            self._say(json.dumps(hello | {"token": self.token, "name": self.name}))
        elif body.startswith(b'{"type":"saved"'):
            self._is_saved(json.loads(body), now)
        elif body.startswith(b'{"type":"welcome"'):
            self.here, self.joins, self._wait_s = True, self.joins + 1, FIRST_WAIT_S
            self.joined.set()
            for text, _ in self.waiting.values():
                self._say(text)
        elif body.startswith(b'{"type":"refused"'):
            self._is_refused(json.loads(body))

    def _is_saved(self, said: dict, now: float) -> None:
        found = self.waiting.pop(said["key"], None)
        if found:
            self.took.append(now - found[1])
            self.saved.append((said["round"], said["key"]))
        if not self.waiting:
            self.all_saved.set()

    def _is_refused(self, said: dict) -> None:
        if said.get("again"):
            return
        self.refused.append(said)
        self.waiting.pop(said.get("key", ""), None)
        if not self.waiting:
            self.all_saved.set()

    def _say(self, text: str) -> None:
        if self.wire and self.wire.transport and not self.wire.transport.is_closing():
            self.wire.say(text)

    def answer(self, round: int, item: str, response: object) -> None:
        """Send an answer; it is kept until it is acknowledged."""
        key = secrets.token_hex(8)
        said = {"type": "answer", "key": key, "round": round, "item": item, "response": response}
        text = json.dumps(said)
        self.all_saved.clear()
        self.waiting[key] = text, time.perf_counter()
        if self.here:
            self._say(text)

    def _lost(self, code: int) -> None:
        self.here = False
        self.joined.clear()
        if not self.stays_away and code not in NO_RETURN:
            self._coming = asyncio.get_running_loop().create_task(self._come_again())

    def drop(self) -> None:
        """Lose the connection without a word; it comes back by itself."""
        if self.wire and self.wire.transport:
            self.wire.transport.abort()

    def leave(self) -> None:
        """Go, and stay away."""
        self.stays_away = True
        if self._coming:
            self._coming.cancel()
        self.drop()


class Teacher:
    """The instructor: commands, one after the other, each waited for; comes back by itself too."""

    def __init__(self, host: str, port: int, secret: str):
        self.host, self.port, self.secret = host, port, secret
        self._answers: dict[str, asyncio.Future] = {}
        self.counts: dict = {}
        self.state: dict = {}

    async def come(self) -> None:
        loop = asyncio.get_running_loop()
        self.ready = loop.create_future()
        self.wire = Wire(f"{self.host}:{self.port}", self._heard, lambda code: None)
        await loop.create_connection(lambda: self.wire, self.host, self.port)
        await self.ready

    def _heard(self, body: bytes | None) -> None:
        if body is None:
            hello = {"type": "hello", "v": 1, "role": "instructor", "secret": self.secret}
            self.wire.say(json.dumps(hello))
            return
        said = json.loads(body)
        if said["type"] == "welcome":
            self.state = said["state"]
            self.items = [item["id"] for item in said["items"]]
            self.ready.set_result(None)
        elif said["type"] == "state":
            self.state = said
        elif said["type"] == "counts":
            self.counts = said
        elif said.get("id") in self._answers:
            self._answers.pop(said["id"]).set_result(said)

    async def do(self, command: str, **told) -> dict:
        name = secrets.token_hex(4)
        done = self._answers[name] = asyncio.get_running_loop().create_future()
        self.wire.say(json.dumps({"type": "do", "id": name, "command": command, **told}))
        said = await asyncio.wait_for(done, 30)
        if said["type"] != "done":
            raise SystemExit(f"{command} was refused: {said['message']}")
        return said

    def leave(self) -> None:
        self.wire.transport.abort()
