"""A live class in a process of its own, as an instructor starts it, and clients for it."""

import contextlib
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from sample_quiz import BANK, NAME, TYPES_BANK, TYPES_NAME, bank_file
from websockets.sync.client import connect

from course.live.names import for_screen

QUIZ, TYPES_QUIZ = NAME, TYPES_NAME
START = """
import sys
from course.cli_live import app
from course.errors import CourseError
try:
    app(sys.argv[1:])
except CourseError as error:
    sys.exit(str(error))
"""
WAIT_S = 20.0


def course(root: Path) -> Path:
    """A course's folder with the two sample quizzes."""
    bank_file(root / "solutions" / NAME, BANK)
    bank_file(root / "solutions" / TYPES_NAME, TYPES_BANK)
    return root


@dataclass
class Live:
    """A running class: its process, port, code and secret."""

    process: subprocess.Popen
    port: int
    code: str
    secret: str
    said: str

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(WAIT_S)

    def client(self, **hello):
        return Client(self.port, hello)

    def student(self, name: str = "Ada", *, token: str | None = None):
        return Client(
            self.port,
            {"role": "student", "code": self.code, "token": token or new_token(), "name": name},
        )

    def instructor(self):
        return Client(self.port, {"role": "instructor", "secret": self.secret})

    def screen(self):
        return Client(self.port, self.screen_hello)

    @property
    def screen_hello(self) -> dict:
        return {"role": "screen", "secret": for_screen(self.secret)}


@contextlib.contextmanager
def teaching(live: Live):
    """The instructor, who leaves the class closed and unlocked."""
    with live.instructor() as found:
        found.next()
        yield found
        found.do("close")
        found.do("unlock")


def new_token() -> str:
    return secrets.token_urlsafe(16)


@contextlib.contextmanager
def running(root: Path, *words: str, port: int = 0, quiz: str = QUIZ):
    """`course live` in `root`; it is stopped after."""
    named = ("--quiz", quiz) if quiz else ()
    command = [sys.executable, "-c", START, "--host", "127.0.0.1", "--port", str(port)]
    with (root / "live.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, *named, *words],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
    try:
        yield _told(process, root)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(WAIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        process.stdout.close()


def _told(process: subprocess.Popen, root: Path) -> Live:
    watch = threading.Timer(WAIT_S, process.kill)
    watch.start()
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Stop with"):
            break
    watch.cancel()
    said = "".join(lines)
    assert lines and lines[-1].startswith("Stop with"), (root / "live.log").read_text()
    code = re.search(r"Code: +([A-Z]{6})", said)[1]
    port, secret = re.search(r"127\.0\.0\.1:(\d+)/instructor#(\S+)", said).groups()
    return Live(process, int(port), code, secret, said)


@dataclass
class Client:
    """A connection that has said hello; `heard` holds every message it was told."""

    port: int
    hello: dict
    heard: list = field(default_factory=list)

    def __post_init__(self):
        self.wire = connect(f"ws://127.0.0.1:{self.port}/live", compression=None).__enter__()
        self.say(type="hello", v=1, **self.hello)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wire.close()

    def say(self, **message):
        self.wire.send(json.dumps(message))

    def next(self) -> dict:
        found = json.loads(self.wire.recv(WAIT_S))
        self.heard.append(found)
        return found

    def until(self, kind: str, **wanted) -> dict:
        """The next message of that type with these fields; those before it are passed over."""
        while True:
            found = self.next()
            if found["type"] == kind and wanted.items() <= found.items():
                return found

    def do(self, command: str, **told) -> dict:
        """The instructor's command, done or refused."""
        name = secrets.token_hex(4)
        self.say(type="do", id=name, command=command, **told)
        while True:
            found = self.next()
            if found.get("id") == name:
                return found

    def answer(self, round: int, item: str, response, *, key: str | None = None, **more) -> dict:
        """An answer, saved or refused."""
        key = key or secrets.token_hex(8)
        self.say(type="answer", key=key, round=round, item=item, response=response, **more)
        while True:
            found = self.next()
            if found.get("key") == key and found["type"] in ("saved", "refused"):
                return found
