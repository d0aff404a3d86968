"""A PostgreSQL server of its own for tests, which nothing but a socket in its folder leads to."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

USER = "teacher"
START_S = 30.0
MISSING = "there is no PostgreSQL server here: apt-get install postgresql"


def program(name: str) -> str | None:
    """Where a program of the server is: on the path, or where Debian keeps its versions."""
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(kept[-1]) if kept else None)


def is_here() -> bool:
    """Whether a server can be started."""
    return bool(program("initdb") and program("postgres"))


def account() -> str | None:
    """The account to run it under, None for one's own: the server refuses to be root's."""
    if os.getuid():
        return None
    known = {one.pw_name for one in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@dataclass
class Postgres:
    """A running server in `home`; it can be killed and started again."""

    home: Path
    process: subprocess.Popen | None = None

    @property
    def rights(self) -> dict:
        user = account()
        return {"user": user, "extra_groups": []} if user else {}

    def connected(self, database: str = "postgres"):
        """A connection of psycopg's, each statement a transaction of its own."""
        import psycopg

        return psycopg.connect(host=str(self.home), user=USER, dbname=database, autocommit=True)

    def database(self, name: str) -> None:
        """Make an empty database."""
        with self.connected() as connection:
            connection.execute(f"CREATE DATABASE {name}")

    def url(self, database: str, *, scheme: str = "postgresql") -> str:
        return f"{scheme}://{USER}@/{database}?host={self.home}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        import psycopg

        command = [program("postgres"), "-D", self.home / "data", "-k", self.home]
        command += ["-c", "listen_addresses=", "-F"]
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, cwd=self.home, **self.rights
            )
        end = time.monotonic() + START_S
        while self.process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(psycopg.OperationalError), self.connected():
                return
            time.sleep(0.05)
        pytest.fail(f"PostgreSQL did not start: {(self.home / 'log').read_text()[-2000:]}")

    def stop(self) -> None:
        """Stop it; whoever is connected is cut off."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(START_S)


@contextlib.contextmanager
def running() -> Iterator[Postgres]:
    """A server in a folder of its own; it and the folder are gone after."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:  # a socket's path must be short
        server = Postgres(Path(folder))
        if account():
            shutil.chown(folder, account())
        settings = ["--auth=trust", f"--username={USER}", "--encoding=UTF8", "--no-locale"]
        made = subprocess.run(
            [program("initdb"), *settings, "--no-sync", server.home / "data"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            **server.rights,
        )
        assert made.returncode == 0, made.stdout.decode()
        server.start()
        try:
            yield server
        finally:
            server.stop()
