import json
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from course import lab
from course.errors import CourseError

ROOT = Path(__file__).parents[1]
COURSE = [sys.executable, "-c", "from course.cli import main; main()"]


def test_check_starts_both_sees_both_and_stops_both():
    done = subprocess.run(
        [*COURSE, "lab", "--check"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("JupyterLab answers")
    assert "fp_simulated" in lines[1]
    assert lines[2].startswith("JupyterLab is stopped") and lines[2].endswith("all is well.")
    address = re.search(r"127\.0\.0\.1:(\d+)", lines[0])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(address[1]))) != 0


def test_ctrl_c_stops_lab_and_says_so():
    process = subprocess.Popen(
        [*COURSE, "lab", "--no-browser"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    lines = [process.stdout.readline() for _ in range(6)]
    said = "".join(lines)
    url = re.search(r"JupyterLab: +(http://\S+)", said)[1]
    assert "token=" in url and "Simulated endpoint:" in said and "not by a language model" in said
    assert urllib.request.urlopen(url, timeout=20).status == 200
    process.send_signal(signal.SIGINT)
    rest = process.communicate(timeout=30)[0]
    assert process.returncode == 0
    assert "stopped" in rest
    with pytest.raises(OSError):
        urllib.request.urlopen(url, timeout=5)


@pytest.mark.parametrize("instructor", [False, True])
def test_nbgraders_extensions_are_on_only_for_instructors(instructor, monkeypatch, tmp_path):
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    with lab.lab(ROOT, None, instructor=instructor) as server:
        page = lab._get(f"{server.url}lab", server.token).decode()
        config = json.loads(
            re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.S)[1]
        )
        assert ("@jupyter/nbgrader" in config.get("disabledExtensions", [])) is not instructor
        assert _status(f"{server.url}formgrader", server.token) == (200 if instructor else 404)


def test_a_port_in_use_is_told_in_a_sentence():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CourseError, match=f"Port {port} can't be used"):
            lab._free_port(port)


def test_a_lab_that_dies_while_starting_is_told(monkeypatch):
    monkeypatch.setattr(lab, "_command", lambda root, port: [sys.executable, "-c", "exit(3)"])
    with pytest.raises(CourseError, match="exit code 3"), lab.lab(ROOT, None, instructor=False):
        pass


def test_the_project_is_the_labs_working_directory():
    with lab.lab(ROOT, None, instructor=False) as server:
        folder = psutil.Process(server.process.pid).cwd()
    assert Path(folder) == ROOT


def _status(url, token):
    try:
        lab._get(url, token)
    except urllib.error.HTTPError as error:
        return error.code
    return 200
