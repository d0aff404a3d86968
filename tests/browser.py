"""Driving a real JupyterLab and Notebook 7 in a real Chromium.

with chromium() as browser, jupyter(folder, home=tmp_path / "home") as server:
    lab = Page.opened(browser, server, "quiz.ipynb", app="lab")
    lab.run_all()
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from course.lab import COMMON_CONFIG, DATA, STUDENT_CONFIG

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
START_S = 40
CONTEXT = "window.jupyterapp?.shell?.currentWidget?.context?.sessionContext"


def needs_chromium() -> pytest.MarkDecorator:
    """Skip on a bare machine; where CI is set the test runs, and fails when there is none."""
    missing = shutil.which("chromium") is None and not os.environ.get("CI")
    return pytest.mark.skipif(missing, reason="chromium is not installed")


@dataclass(frozen=True)
class Server:
    """A running Jupyter server over `folder`; Lab is at lab/tree, Notebook 7 at notebooks."""

    url: str
    token: str
    folder: Path
    process: subprocess.Popen


@contextlib.contextmanager
def jupyter(folder: Path, *, home: Path) -> Iterator[Server]:
    """`jupyter lab` (which serves Notebook 7 too) over `folder`, all its own files in `home`."""
    token = secrets.token_hex(16)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    _settle(home)
    with (home / "server.log").open("w") as log:
        process = subprocess.Popen(
            _command(folder, port),
            cwd=folder,
            env=_environment(home, token),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        server = Server(f"http://127.0.0.1:{port}/", token, folder, process)
        _wait_until_up(server, home / "server.log")
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _settle(home: Path) -> None:
    """Lab asks its first visitor about news, and shows the answer over the notebook."""
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(quiet))


def _command(folder: Path, port: int) -> list[str]:
    return [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}",
        "--LabApp.expose_app_in_browser=True",
        "--JupyterNotebookApp.expose_app_in_browser=True",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]


def _environment(home: Path, token: str) -> dict[str, str]:
    own = {
        "JUPYTER_TOKEN": token,
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_PATH": os.pathsep.join(map(str, (STUDENT_CONFIG, COMMON_CONFIG))),
        "JUPYTER_PATH": str(DATA),
    }
    return os.environ | own


def _wait_until_up(server: Server, log: Path) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + START_S
    while time.monotonic() < end and server.process.poll() is None:
        with contextlib.suppress(OSError, urllib.error.URLError):
            direct.open(f"{server.url}api/status?token={server.token}", timeout=5).close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()}")


@contextlib.contextmanager
def chromium(*, width=1100, height=1000) -> Iterator[object]:
    """The machine's own Chromium, as Playwright's browser context (its pages share a cache)."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        with contextlib.closing(browser):
            yield browser.new_context(viewport={"width": width, "height": height})


class Page:
    """A notebook open in Lab or Notebook 7; `page` is Playwright's page."""

    def __init__(self, page):
        self.page = page

    @classmethod
    def opened(cls, browser, server: Server, path: str, *, app: str) -> "Page":
        """The notebook at `path` (from the server's folder), connected to its kernel."""
        page = browser.new_page()
        view = {"lab": "lab/tree", "notebook": "notebooks"}[app]
        # reset: without the tabs that an earlier page left open
        page.goto(f"{server.url}{view}/{path}?token={server.token}&reset")
        opened = cls(page)
        opened.wait_connected()
        return opened

    def wait_connected(self) -> None:
        """Until the kernel is there and has said that it is."""
        self.page.wait_for_function(
            f'{CONTEXT}?.session?.kernel?.connectionStatus === "connected"', timeout=30_000
        )

    def run_all(self) -> None:
        """Run ▸ Run All Cells, until the last one is done (also those that are out of view)."""
        self.page.evaluate(f"{CONTEXT}.ready")
        for command in ("clear-all-cell-outputs", "run-all-cells"):
            self.page.evaluate(f"window.jupyterapp.commands.execute('notebook:{command}')")
        self.page.wait_for_function(
            "() => [...window.jupyterapp.shell.currentWidget.content.model.cells].every(cell =>"
            " cell.type !== 'code' || !cell.sharedModel.source.trim() ||"
            " (cell.executionCount !== null && cell.sharedModel.executionState !== 'running'))",
            timeout=60_000,
        )

    def save(self) -> None:
        self.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")

    def reload(self) -> None:
        self.page.reload()
        self.wait_connected()

    def kernel_pid(self) -> int:
        """The process id of the kernel."""
        ask = "{code: '', silent: true, user_expressions: {pid: '__import__(\"os\").getpid()'}}"
        reply = self.page.evaluate(
            f"{CONTEXT}.session.kernel.requestExecute({ask}).done"
            ".then(r => r.content.user_expressions.pid.data['text/plain'])"
        )
        return int(reply)

    def theme(self, name: str) -> None:
        """Change to "JupyterLab Light" or "JupyterLab Dark", as the Settings menu does."""
        light = "true" if name.endswith("Light") else "false"
        self.page.evaluate(
            f"window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{name}'}})"
        )
        self.page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")
        self.page.wait_for_timeout(300)  # its style sheet, and the transition

    def screenshot(self, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path)
        return path
