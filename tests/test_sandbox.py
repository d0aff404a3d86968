"""Hostile code in a real sandbox: what it can't reach, can't keep, and can't take from others."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from course.errors import CourseError
from course.grading.sandbox import Limits, Sandbox, available
from course.grading.sandbox.limits import MIB
from course.project import PACKAGE
from course.quiz.fields import Case

pytestmark = pytest.mark.skipif(bool(available()), reason=available() or "contained")

SMALL = Limits(
    memory=400 * MIB,
    processes=24,
    open_files=64,
    file_size=8 * MIB,
    disk=12 * MIB,
    cell_output=100_000,
    output=250_000,
    cell_seconds=4,
    call_seconds=4,
    seconds=60,
    grace_seconds=1,
)
ROOT = Path(__file__).parents[1]
PAGE = "items.json"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(SMALL) as made:
        yield made


@pytest.fixture
def run(sandbox):
    with sandbox.submission({PAGE: b"{}", "answers.jsonl": b"line\n"}, "01_sample") as made:
        yield made


def case(*arguments, **named):
    return Case(arguments=list(arguments), named=named, expected=None)


def value(run, expression):
    """What an expression is in there, as plain JSON."""
    assert run.cell(f"def look():\n    import os, sys, json\n    return {expression}").ok, run.lost
    outcome = run.call("look", case())
    return outcome.get("value", outcome)


def test_it_is_in_a_folder_laid_out_like_a_students_and_can_write_there(run):
    assert value(run, "os.getcwd()") == "/home/student/quizzes/01_sample"
    assert value(run, "sorted(os.listdir())") == ["answers.jsonl", PAGE]
    assert run.cell("open('mine.txt', 'w').write('x')\nopen('answers.jsonl', 'a').write('x')").ok
    assert "mailbox.csv" in value(run, "os.listdir('/home/student/lessons/data')")
    assert not run.cell("open('/home/student/lessons/data/mailbox.csv', 'a')").ok


def test_names_of_files_that_lead_elsewhere_are_left_out(sandbox):
    files = {"../up": b"", "/etc/motd": b"", "a/b.txt": b"x", "": b"", "n" * 4_000: b"", "ok": b"1"}
    with sandbox.submission(files, "01_sample") as run:
        assert value(run, "sorted(os.listdir('.'))") == ["a", "ok"]
        assert value(run, "os.listdir('..')") == ["01_sample"]


def test_it_has_no_right_and_can_get_none(run):
    status = dict(
        line.split(":\t", 1) for line in value(run, "open('/proc/self/status').read()").splitlines()
        if ":\t" in line
    )  # fmt: skip
    assert {status[f"Cap{kind}"] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1"
    assert status["Uid"].split() == ["1000"] * 4 and status["Groups"].strip() == ""
    for attempt in ("os.setuid(0)", "os.chroot('/')", "os.mknod('/tmp/n', 0o60600)",
                    "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))"):  # fmt: skip
        assert "Error: [Errno " in run.cell(f"import os\n{attempt}").problem
    for number in (272, 165, 101, 319, 29):  # unshare, mount, ptrace, memfd_create, shmget
        if os.uname().machine == "x86_64":
            told = value(run, f"__import__('ctypes').CDLL(None).syscall({number}, 0, 0, 0, 0)")
            assert told == -1
    assert not run.cell("import socket\nsocket.socket(40, socket.SOCK_STREAM)").ok  # AF_VSOCK


def test_proc_shows_its_own_processes_only_and_it_has_no_descriptor_of_the_warm_one(sandbox, run):
    shown = [int(name) for name in value(run, "os.listdir('/proc')") if name.isdigit()]
    assert 2 <= len(shown) <= 4 and max(shown) < 100
    held = value(
        run,
        "[os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')"
        " if os.path.exists(f'/proc/self/fd/{n}')]",
    )
    assert len(held) < 12
    own = Path(f"/proc/{sandbox._warm.pid}/fd").iterdir()
    graders = {str(link.readlink()) for link in own} | {
        str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()
    }
    assert not {link for link in held if link.startswith(("socket:", "pipe:"))} & graders


def test_the_environment_holds_nothing_of_the_graders(sandbox, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("MY_TOKEN", "secret")
    with sandbox.submission({}, "01_sample") as run:
        found = value(run, "dict(os.environ)")
    assert "secret" not in json.dumps(found)
    assert found["HOME"] == "/home/student" and found["NBGRADER_EXECUTION"] == "autograde"


def test_nothing_of_the_course_is_there_but_a_students_part(run):
    reached = "[folder for folder, _, names in os.walk({!r}) for _ in names if 'grading' in folder]"
    assert value(run, reached.format(str(ROOT))) == []
    assert set(value(run, f"os.listdir({str(ROOT)!r})")) <= {"course"}
    for path in ("/root/.bashrc", "/etc/shadow", "/var", "/sys", str(ROOT / "solutions")):
        assert value(run, f"os.path.exists({path!r})") is False
    assert value(run, "[name for name in sys.modules if name.startswith('course.grading')]") == []
    assert not run.cell("import course.grading.scorer").ok
    assert run.cell("from course import quiz, connect, meter, fact").ok


@pytest.mark.parametrize(
    "where", ["/", "/usr", "/etc", "/dev", "/home", sys.prefix, str(ROOT / "course"), "/run"]
)
def test_all_but_home_and_places_for_temporary_files_is_read_only(run, where):
    assert not run.cell(f"open({where!r} + '/mine', 'w')").ok


def test_there_is_no_network_not_even_this_computers(run):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        tried = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=2)"
        assert "ConnectionRefusedError" in run.cell(tried).problem
    assert not run.cell("socket.create_connection(('192.0.2.1', 80), timeout=2)").ok
    assert "lo" in value(run, "open('/proc/net/dev').read()").splitlines()[-1]


def test_nothing_outlives_a_submission(sandbox):
    mark = f"mark-{os.getpid()}"
    code = (
        "import os, subprocess, sys, time\n"
        "for _ in range(3):\n"
        f"    subprocess.Popen(['/bin/sh', '-c', 'sleep 600; : {mark}'], start_new_session=True)\n"
        "if not os.fork():\n    os.setsid()\n    time.sleep(600)"
    )
    with sandbox.submission({}, "01_sample") as run:
        assert run.cell(code).ok
        assert marked(mark)
    assert gone(lambda: marked(mark))


def marked(text):
    found = []
    for process in psutil.process_iter(["cmdline"]):
        found += [process] * any(text in part for part in process.info["cmdline"] or ())
    return found


def gone(look, seconds=10):
    end = time.monotonic() + seconds
    while look() and time.monotonic() < end:
        time.sleep(0.05)
    return not look()


def test_the_next_submission_finds_nothing_of_the_one_before(sandbox):
    leave = (
        "import os, sys, json, pathlib\n"
        "for place in ('/tmp/left', '/dev/shm/left', os.path.expanduser('~/left'), 'left'):\n"
        "    open(place, 'w').write('x')\n"
        "startup = pathlib.Path.home() / '.ipython/profile_default/startup'\n"
        "startup.mkdir(parents=True)\n"
        "(startup / 'a.py').write_text('stolen = 1')\n"
        "os.environ['LEFT'] = 'x'; sys.modules['left'] = sys; json.dumps = None; left = 1\n"
        "get_ipython().ast_transformers.append(1)"
    )
    look = (
        "[place for place in ('/tmp/left', '/dev/shm/left', os.path.expanduser('~/left'), 'left')"
        " if os.path.exists(place)] + [name for name in ('LEFT',) if name in os.environ]"
        " + [name for name in ('left',) if name in sys.modules or name in globals()]"
    )
    with sandbox.submission({}, "01_sample") as run:
        assert run.cell(leave).ok
    with sandbox.submission({}, "01_sample") as run:
        assert value(run, look) == []
        assert value(run, "json.dumps([1])") == "[1]"
        assert run.cell("In[1:3], Out, _").ok


def test_memory_is_limited_in_one_process(run):
    told = run.cell("kept = bytearray(3 * 1024 ** 3)")
    assert "MemoryError" in told.problem
    assert run.cell("1").ok


@pytest.mark.parametrize(
    "code",
    [
        "kept = bytearray(600 * 1024 ** 2)",
        "for _ in range(4):\n    if not os.fork():\n"
        "        kept = bytearray(150 * 1024 ** 2)\n        time.sleep(60)",
        "kept = mmap.mmap(-1, 600 * 1024 ** 2)\n"
        "for at in range(0, len(kept), 4096):\n    kept[at] = 1",
    ],
    ids=["one", "children", "shared"],
)
def test_memory_is_limited_in_all(run, code):
    told = run.cell(f"import mmap, os, time\n{code}\ntime.sleep(3)")
    assert not told.ok
    assert told.problem == run.lost
    assert run.lost == "The code used more than 400 MB of memory in all and was stopped."
    assert run.call("any_name", case()) == {"raised": run.lost}


def test_forks_end_at_a_limit_and_cost_nobody_else_anything(sandbox):
    bomb = (
        "import os, time\nmade = 0\n"
        "for _ in range(300):\n"
        "    try:\n        pid = os.fork()\n"
        "    except OSError:\n        break\n"
        "    if not pid:\n        time.sleep(30)\n        os._exit(0)\n"
        "    made += 1\nprint(made)"
    )
    with sandbox.submission({}, "01_sample") as first:
        made = int(first.cell(bomb).outputs[0].text)
        assert 5 < made < SMALL.processes
        with sandbox.submission({}, "01_sample") as second:
            assert second.cell("import subprocess\nsubprocess.run(['true'], check=True)").ok


def test_files_and_the_disk_are_limited(run):
    big = "with open('{}', 'wb') as file:\n    for _ in range({}): file.write(bytes(1024 ** 2))"
    assert "OSError" in run.cell(big.format("one", 10)).problem
    assert "No space left" in run.cell(
        "for n in range(4):\n    open(f'part{n}', 'wb').write(bytes(7 * 1024 ** 2))"
    ).problem  # fmt: skip
    assert (
        "Too many open files" in run.cell("kept = [open('/dev/null') for _ in range(99)]").problem
    )


@pytest.mark.parametrize(
    "code",
    ["print('x' * 10_000_000)", "for _ in range(30_000): print('line of a loop')",
     "import subprocess\nsubprocess.run('yes | head -c 2000000', shell=True)",
     "from IPython.display import display\nfor n in range(5_000): display(n)"],
)  # fmt: skip
def test_output_is_cut_and_the_code_goes_on(run, code):
    told = run.cell(code + "\nafter = 1")
    assert sum(len(str(output)) for output in told.outputs) < 2 * SMALL.cell_output
    assert run.cell("after").ok


def test_all_output_together_is_limited(run):
    sizes = [len(str(run.cell("print('x' * 90_000)").outputs)) for _ in range(5)]
    assert sizes[0] > 90_000 and sum(sizes) < 2 * SMALL.output and sizes[-1] < 1_000


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import time\ntime.sleep(600)",
        "import asyncio\nawait asyncio.sleep(600)",
    ],
)
def test_a_cell_without_end_is_stopped_and_what_it_printed_is_kept(run, code):
    told = run.cell(f"print('before')\n{code}", seconds=0.5)
    assert told.problem == "TimeoutError: the cell took over 0.5 seconds and was stopped."
    assert told.outputs[0].text == "before\n"
    assert run.cell("1 + 1").outputs[0].data["text/plain"] == "2"


@pytest.mark.parametrize(
    "code",
    ["import time\nwhile True:\n    try: time.sleep(600)\n    except BaseException: pass",
     "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
     "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 60))\nwhile True: pass"],
)  # fmt: skip
def test_a_loop_that_will_not_be_interrupted_is_killed(run, code):
    told = run.cell(code, seconds=0.5)
    assert not told.ok
    assert told.problem == run.lost
    assert "could not be interrupted" in run.lost


def test_a_submission_has_so_much_time_in_all():
    with (
        Sandbox(Limits(seconds=4, grace_seconds=0.5)) as small,
        small.submission({}, "01_sample") as run,
    ):
        while run.cell("import time\ntime.sleep(1)").ok:
            continue
        assert not run.cell("1").ok
        assert "in all" in run.lost or "too long" in run.lost


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import os\nos._exit(3)", "exit code 3"),
        ("import os\nos._exit(0)", "closed the process"),
        ("import ctypes\nctypes.string_at(0)", "segmentation fault"),
        ("import os, signal\nos.killpg(0, signal.SIGKILL)", "killed"),
        ("import os, signal\nos.kill(-1, signal.SIGKILL)\nos.kill(os.getpid(), 9)", "killed"),
        ("import os\nos.abort()", "aborted"),
    ],
)
def test_code_that_ends_its_process_loses_that_alone(sandbox, code, told):
    with sandbox.submission({}, "01_sample") as run:
        assert run.cell("kept = 1").ok
        ran = run.cell(code)
        assert told in ran.problem.lower() and ran.problem == run.lost
        assert not run.cell("1").ok
    with sandbox.submission({}, "01_sample") as after:
        assert after.cell("1").ok


def test_it_has_no_parent_to_kill(run):
    assert value(run, "os.getppid()") == 0
    run.cell("import os\nfor pid in range(1, 3):\n    try: os.kill(pid, 9)\n    except OSError: 0")


FORGED = """
import json, os, struct
def frame(head, body=b""):
    text = json.dumps(head).encode()
    return struct.pack(">II", len(text), len(body)) + text + body
"""


@pytest.mark.parametrize(
    "code",
    [
        "os.write(3, frame({'n': '0' * 16, 'outcome': {'value': 1}}))",
        "os.write(3, frame({'n': None, 'outcome': {'value': 1}}))",
        "os.write(3, frame({'outcome': {'value': 1}}, b'x' * 1000))",
    ],
)
def test_a_forged_answer_is_not_heard(run, code):
    assert run.cell(FORGED).ok
    assert run.cell(f"def wrong():\n    {code}\n    return 7").ok
    assert run.call("wrong", case()) == {"value": 7}
    assert run.call("nowhere", case()) == {"missing": True}


@pytest.mark.parametrize(
    "code",
    ["os.write(3, b'garbage that is no frame at all')", "os.write(3, b'\\xff' * 8)",
     "os.write(3, struct.pack('>II', 5, 0) + b'[[[[[')", "os.write(3, b'\\0' * 100_000)",
     "os.write(3, struct.pack('>II', 9, 0) + b'{\"n\":NaN}')"],
)  # fmt: skip
def test_what_is_no_frame_ends_the_run_with_a_reason(run, code):
    run.cell(FORGED)
    ran = run.cell(code)
    assert (
        not ran.ok and run.lost == "The code wrote where only its grader writes, and was stopped."
    )


def test_an_answer_of_an_earlier_call_speaks_for_no_later_one(run):
    """The name of a request is known to code that looks for it, and dies with the request."""
    run.cell(FORGED)
    run.cell(
        "import sys, threading, time\n"
        "def first():\n"
        "    frame_ = sys._getframe()\n"
        "    while frame_ and 'head' not in frame_.f_locals: frame_ = frame_.f_back\n"
        "    name = frame_.f_locals['head']['n'] if frame_ else '?'\n"
        "    def late():\n"
        "        time.sleep(0.3)\n"
        "        os.write(3, frame({'n': name, 'outcome': {'value': 'forged'}}))\n"
        "    threading.Thread(target=late).start()\n"
        "    return name\n"
        "def second():\n    time.sleep(0.8)\n    return 'own'"
    )
    assert "value" in run.call("first", case())
    assert run.call("second", case()) == {"value": "own"}


def test_a_closed_or_a_silenced_pipe_is_a_reason_and_no_hanging(sandbox):
    for code in ("os.close(3)", "import socket\nsocket.socket(fileno=3).shutdown(2)"):
        with sandbox.submission({}, "01_sample") as run:
            assert not run.cell(f"import os\n{code}").ok
            assert run.lost


def test_the_warm_process_outlives_all_and_is_started_again_when_it_is_gone():
    with Sandbox(SMALL) as made:
        with made.submission({}, "01_sample") as run:
            run.cell("import os\nos.kill(-1, 9)")
        first = made._warm.pid
        with made.submission({}, "01_sample") as run:
            assert run.cell("1").ok
        assert made._warm.pid == first
        os.kill(first, signal.SIGKILL)
        made._warm.wait()
        with made.submission({}, "01_sample") as run:
            assert run.cell("1").ok
        assert made._warm.pid != first


def test_the_end_of_the_warm_process_costs_no_student_anything():
    with Sandbox(SMALL) as made, made.submission({}, "01_sample") as run:
        os.kill(made._warm.pid, signal.SIGKILL)
        with pytest.raises(CourseError, match="grade once more"):
            run.cell("import time\ntime.sleep(30)")


def test_forks_of_the_grader_share_one_warm_process(sandbox):
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        with sandbox.submission({}, "01_sample") as run:
            os.write(writer, str(run.cell("1 + 1").ok).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(reader, 100) == b"True"
    os.close(reader)
    os.close(writer)
    with sandbox.submission({}, "01_sample") as run:
        assert run.cell("1").ok


def test_graders_with_and_without_an_endpoint_take_no_room_from_one_another(sandbox, tmp_path):
    def ask(endpoint):
        for _ in range(30):
            with sandbox.submission({}, "01_sample", endpoint) as run:
                yield run.cell("x = 1").ok and not run.lost

    with ExitStack() as stack, ThreadPoolExecutor(4) as pool:
        sockets = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(3)]
        for number, made in enumerate(sockets):
            (tmp_path / str(number)).mkdir()
            made.bind(str(tmp_path / str(number) / "s"))
        asking = [None, *(Path(made.getsockname()) for made in sockets)]
        assert [sum(each) for each in pool.map(lambda path: list(ask(path)), asking)] == [30] * 4


def test_a_grader_that_is_killed_leaves_nothing_behind():
    code = (
        "from course.grading.sandbox import Sandbox\n"
        "with Sandbox() as sandbox, sandbox.submission({}, '01_sample') as run:\n"
        "    print(sandbox._warm.pid, sandbox._folder, flush=True)\n"
        "    run.cell('import time; time.sleep(600)', seconds=600)\n"
    )
    grader = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    pid, folder = grader.stdout.readline().split()
    warm = psutil.Process(int(pid))
    everyone = [warm, *warm.children(recursive=True)]
    assert len(everyone) > 2
    grader.kill()
    grader.wait()
    grader.stdout.close()
    assert gone(lambda: [one for one in everyone if one.is_running()])
    assert not Path(folder).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_instructor_who_is_not_root_has_the_same_walls(tmp_path):
    """All tests of this file that matter most, once more as another user."""
    needed = [shutil.which(name) for name in ("unshare", "setpriv", "mount")]
    if not all(needed):
        pytest.skip("needs unshare, setpriv and mount")
    told = subprocess.run(
        as_nobody([sys.executable, "-c", AS_USER], tmp_path), capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    found = json.loads(told.stdout)
    assert found["outside"] == 65534
    assert found["uid"] == 1000 and found["cap"] == {"0000000000000000": 5}
    assert found["forks"] < 64 and found["missing"] == [False, False]
    assert found["loop"].startswith("The code ran for too long")
    assert found["memory"].startswith("The code used more than 300 MB")
    assert found["written"] == [False, False, False]


AS_USER = f"""
import collections, json, os
from course.grading.sandbox import Sandbox, Limits
from course.quiz.fields import Case
found = {{"outside": os.getuid()}}
limits = Limits(memory=300 << 20, grace_seconds=0.5)
def value(run, expression):
    run.cell(f"def look():\\n    import os\\n    return {{expression}}")
    return run.call("look", Case(expected=None)).get("value")
with Sandbox(limits) as sandbox:
    with sandbox.submission({{}}, "01_sample") as run:
        found["uid"] = value(run, "os.getuid()")
        status = value(run, "open('/proc/self/status').read()").splitlines()
        caps = [line.split()[1] for line in status if line.startswith("Cap")]
        found["cap"] = collections.Counter(caps)
        found["missing"] = [value(run, f"os.path.exists({{path!r}})")
                            for path in ({str(ROOT / "solutions")!r}, "/etc/shadow")]
        places = ("/", "/dev", "/home")
        found["written"] = [run.cell(f"open({{place!r}} + '/x', 'w')").ok for place in places]
        run.cell("import os, time\\nmade = 0\\nfor _ in range(200):\\n"
                 "    try:\\n        pid = os.fork()\\n    except OSError:\\n        break\\n"
                 "    if not pid:\\n        time.sleep(60)\\n    made += 1")
        found["forks"] = value(run, "made")
    with sandbox.submission({{}}, "01_sample") as run:
        run.cell("import time\\nwhile True:\\n    try: time.sleep(600)\\n"
                 "    except BaseException: pass", seconds=0.5)
        found["loop"] = run.lost
    with sandbox.submission({{}}, "01_sample") as run:
        run.cell("import time\\nkept = bytearray(500 << 20)\\ntime.sleep(5)")
        found["memory"] = run.lost
print(json.dumps(found))
"""


def closed_above(path):
    """The outermost folder above that only its owner may enter; None where others may."""
    above = reversed(Path(path).parents)
    return next((str(parent) for parent in above if parent.stat().st_mode & 5 != 5), None)


def as_nobody(command, folder):
    """The command as another user, who can reach the interpreter wherever it is installed."""
    closed = {path: closed_above(path) for path in {sys.prefix, sys.base_prefix, str(ROOT)}}
    hidden = [path for path, above in closed.items() if above]
    lines = ["set -e"]
    for number, path in enumerate(hidden):
        (folder / str(number)).mkdir()
        lines.append(f"mount --bind '{path}' '{folder}/{number}'")
    lines += [
        f"mount -t tmpfs -o mode=755 none '{above}'" for above in set(closed.values()) - {None}
    ]
    for number, path in enumerate(hidden):
        lines.append(f"(umask 022; mkdir -p '{path}'); mount --bind '{folder}/{number}' '{path}'")
    lines.append('exec setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/ "$@"')
    return ["unshare", "-m", "sh", "-c", "\n".join(lines), "sh", *command]


def test_where_there_is_no_bubblewrap_that_is_one_sentence(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert available() == (
        "Student code can't be contained here: bubblewrap (the program bwrap) is missing."
    )
    with pytest.raises(CourseError, match="is missing"), Sandbox():
        pass


def test_the_course_may_lie_in_a_folder_for_temporary_files_that_is_closed_to_others(tmp_path):
    """As in a fresh clone: what the walls are built of must be open to the student's user."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(PACKAGE, closed / "course", ignore=shutil.ignore_patterns("__pycache__"))
    program = textwrap.dedent("""
        from course.grading.sandbox import Sandbox
        with Sandbox() as sandbox, sandbox.submission({}, "q") as run:
            for source in ("import course, pathlib", "from course import connect; connect()",
                           "list(pathlib.Path(course.__file__).parent.iterdir())"):
                ran = run.cell(source)
                print(ran.ok, ran.problem)
    """)
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=closed,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == ["True "] * 3, done.stdout + done.stderr
