"""One endpoint per user: found or started by real processes, kept by leases, mended when broken."""

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from course.endpoint import local
from course.endpoint.app import UNUSED_S
from course.endpoint.folder import state_folder
from course.errors import CourseError

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
USER = """
import sys
from course.endpoint import local
address = local.ensure()
lease = local.lease(address)
print(address.port, address.started, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    """A folder for this test alone; whatever endpoint is still noted there is ended afterwards."""
    monkeypatch.setenv("COURSE_STATE_FOLDER", str(tmp_path / "state"))
    yield
    for path in (tmp_path / "state").glob("*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            stored = json.loads(path.read_text())
            if local._health(stored["port"])["instance"] == stored["instance"]:
                os.kill(stored["pid"], signal.SIGTERM)


@contextlib.contextmanager
def user():
    """Another process that uses the endpoint, as a notebook's kernel does."""
    with subprocess.Popen(
        [sys.executable, "-c", USER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def told_by(process):
    port, started = process.stdout.readline().split()
    return int(port), started == "True"


def health(port):
    with DIRECT.open(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
        return json.loads(answer.read())


def is_up(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def wait_until(condition, seconds=15):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def state_file():
    return next(iter(state_folder().glob("*.json")))


def kill(port):
    os.kill(health(port)["pid"], signal.SIGKILL)
    wait_until(lambda: not is_up(port))


def test_the_first_call_starts_an_endpoint_and_the_second_finds_it():
    first = local.ensure()
    with local.lease(first) as held:
        second = local.ensure()
        assert (first.started, second.started) == (True, False)
        assert first.url == second.url == f"http://127.0.0.1:{first.port}/v1"
        assert held.alive
        assert health(first.port)["leases"] == 1
        assert health(first.port)["options"] == {"speed": "0"}  # COURSE_SPEED, set for all tests
    assert not held.alive


def test_many_processes_at_once_get_one_endpoint():
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(user()) for _ in range(6)]
        told = [told_by(process) for process in processes]
        assert len({port for port, _ in told}) == 1
        assert [started for _, started in told].count(True) == 1
        assert health(told[0][0])["leases"] == 6


def test_it_outlives_the_process_that_started_it_and_ends_with_its_last_user():
    with user() as first, user() as second:
        port, _ = told_by(first)
        told_by(second)
        first.kill()  # kill -9: it can't say goodbye
        first.wait()
        wait_until(lambda: health(port)["leases"] == 1)
        time.sleep(UNUSED_S + 0.5)
        assert is_up(port)
        second.kill()
        second.wait()
        wait_until(lambda: not is_up(port), seconds=UNUSED_S + 4)


def test_a_killed_endpoint_is_noticed_and_started_again_on_its_port():
    first = local.ensure()
    held = local.lease(first)
    kill(first.port)
    assert not held.alive
    held.close()
    again = local.ensure(port=first.port)
    assert (again.started, again.port) == (True, first.port)
    local.lease(again).close()


def test_a_port_that_a_stranger_took_is_left_alone():
    first = local.ensure()
    kill(first.port)
    with socket.create_server(("127.0.0.1", first.port)):
        again = local.ensure(port=first.port)
        assert again.started and again.port != first.port


def test_a_stranger_that_answers_at_the_noted_port_is_not_believed():
    first = local.ensure()
    other = health(first.port)
    noted = json.loads(state_file().read_text())
    # The same process number and port, but another endpoint than the file speaks of.
    state_file().write_text(json.dumps(noted | {"instance": "somebody else"}))
    again = local.ensure()
    assert again.started and health(again.port)["pid"] != other["pid"]
    os.kill(other["pid"], signal.SIGTERM)


@pytest.mark.parametrize(
    "garbage", ["", "{", "[]", "{}", '{"port": "x"}', '{"port": 1}', '{"port": 70000}', "\0\xff"]
)
def test_a_garbled_file_is_written_anew(garbage):
    local.ensure()
    path = state_file()
    os.kill(json.loads(path.read_text())["pid"], signal.SIGTERM)
    path.write_text(garbage)
    assert local.ensure().started
    assert "port" in json.loads(path.read_text())


def test_a_changed_course_gets_an_endpoint_of_its_own(monkeypatch):
    first = local.ensure()
    with local.lease(first):
        monkeypatch.setattr(local, "fingerprint", lambda: "another edition")
        assert not local._is_running(local._read(state_file()), ["--speed=0"])
        monkeypatch.undo()


def test_another_speed_is_another_endpoint(monkeypatch):
    first = local.ensure()
    monkeypatch.setenv("COURSE_SPEED", "4")
    second = local.ensure()
    assert second.port != first.port
    assert health(second.port)["options"] == {"speed": "4"}


@pytest.mark.parametrize("speed", ["fast", "-1", "nan", "inf"])
def test_a_speed_that_is_none_is_one_sentence(monkeypatch, speed):
    monkeypatch.setenv("COURSE_SPEED", speed)
    with pytest.raises(CourseError, match="COURSE_SPEED is"):
        local.ensure()


def test_an_endpoint_that_cannot_start_says_why(monkeypatch):
    monkeypatch.setattr(local, "_free", lambda port: 70_000)
    with pytest.raises(CourseError, match=r"could not start: .* 70000 is no port"):
        local.ensure()


def test_a_lease_on_an_endpoint_that_is_gone_is_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    address = local.Address(f"http://127.0.0.1:{port}/v1", "127.0.0.1", port, started=False)
    with pytest.raises(CourseError, match=f"127.0.0.1:{port}/v1 does not answer"):
        local.lease(address)


def test_a_lease_that_is_thrown_away_is_given_back():
    address = local.ensure()
    local.lease(address)
    wait_until(lambda: health(address.port)["leases"] == 0)


def test_the_key_is_kept_from_the_endpoint(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-made-up")
    told = health(local.ensure().port)
    if sys.platform == "linux":
        assert b"sk-made-up" not in Path(f"/proc/{told['pid']}/environ").read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no process groups of this kind")
def test_ctrl_c_in_the_terminal_does_not_reach_it():
    told = health(local.ensure().port)
    assert os.getsid(told["pid"]) == told["pid"] != os.getsid(0)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into Linux's /proc")
def test_it_inherits_no_socket():
    with socket.create_server(("127.0.0.1", 0)) as server:
        os.set_inheritable(server.fileno(), True)
        ours = os.fstat(server.fileno()).st_ino
        its = Path(f"/proc/{health(local.ensure().port)['pid']}/fd")
        assert f"socket:[{ours}]" not in [str(link.readlink()) for link in its.iterdir()]


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps user folders private by itself")
def test_the_folder_is_closed_to_others(tmp_path, monkeypatch):
    (tmp_path / "open").mkdir(mode=0o755)
    monkeypatch.setenv("COURSE_STATE_FOLDER", str(tmp_path / "open"))
    assert stat.S_IMODE(state_folder().stat().st_mode) == 0o700


@pytest.mark.skipif(sys.platform != "linux", reason="the cache folder is elsewhere on others")
def test_without_a_home_to_write_in_the_temporary_folder_serves(tmp_path, monkeypatch):
    nowhere = tmp_path / "file"
    nowhere.touch()
    monkeypatch.delenv("COURSE_STATE_FOLDER")
    monkeypatch.setenv("XDG_CACHE_HOME", str(nowhere / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    assert state_folder() == tmp_path / f"gpt-4o-mini-course-{os.getuid()}"
    assert stat.S_IMODE(state_folder().stat().st_mode) == 0o700


@pytest.mark.skipif(os.name != "posix", reason="needs links")
def test_a_folder_that_somebody_else_prepared_is_not_used(tmp_path, monkeypatch):
    (tmp_path / "theirs").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "theirs")
    monkeypatch.setenv("COURSE_STATE_FOLDER", str(tmp_path / "link"))
    with pytest.raises(CourseError, match="needs a folder of your own"):
        state_folder()
