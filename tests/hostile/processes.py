"""Code that does not end, ends what it should not, or leaves something running."""

from textwrap import indent

from hostile.attack import BOTH, DIED, LATE, Attack, cell, functions, harmless_cell

_FOREVER = """
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""
_FORKS = """
def fork_many(most):
    made = 0
    while made < most:
        try:
            pid = os.fork()
        except OSError:
            break
        if not pid:
            child()
        made += 1
    return made
"""

ENDLESS = (
    Attack(
        "loop", harmless_cell("while True:\n    pass"), group="endless", kind="right", told=LATE
    ),
    Attack(
        "loop_swallows", harmless_cell(_FOREVER),
        group="endless", kind="right", loses=BOTH, told=LATE,
    ),
    Attack(
        "loop_ignores_sigint",
        harmless_cell(
            "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
        ),
        group="endless", kind="right", loses=BOTH, told=LATE,
    ),
    Attack(
        "loop_blocks_signals",
        cell(
            "import signal\n"
            "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n"
            "while True: pass"
        ),
        group="endless", kind="right", loses=BOTH, told=LATE,
    ),
    Attack(
        "sleeps", harmless_cell("import time\ntime.sleep(600)"),
        group="endless", kind="right", told=LATE,
    ),
    Attack(
        "counts_in_c",  # one instruction of Python that no signal interrupts
        cell("sum(range(10**11))"),
        group="endless", kind="right", may_lose=BOTH, told=LATE,
    ),
    Attack(
        "many_slow_cells",  # each is within its limit, together they are not
        harmless_cell(*["import time\ntime.sleep(0.8)"] * 40),
        group="endless", kind="right", may_lose=BOTH, told=LATE,
    ),
    Attack(
        "many_cells_that_swallow",
        harmless_cell(*[_FOREVER] * 30),
        group="endless", kind="right", loses=BOTH, told=LATE,
    ),
    Attack(
        "function_loops",
        functions(total="def total(numbers):\n    while True:\n        pass"),
        group="endless", kind="right", loses=("h-04",), told=LATE,
    ),
    Attack(
        "function_swallows",
        functions(longest=f"def longest(words):\n{indent(_FOREVER, '    ')}"),
        group="endless", kind="right", loses=("h-05",), told=LATE,
    ),
    Attack(
        "first_function_swallows",
        functions(total=f"def total(numbers):\n{indent(_FOREVER, '    ')}"),
        group="endless", kind="right", loses=("h-04",), told=LATE,
    ),
    Attack(
        "function_never_comes_back_from_await",
        functions(
            total="import asyncio\nasync def total(numbers):\n"
            "    while True:\n"
            "        try:\n"
            "            await asyncio.sleep(600)\n"
            "        except BaseException:\n"
            "            pass"
        ),
        group="endless", kind="right", loses=("h-04",), may_lose=("h-05",), told=LATE,
    ),
    Attack(
        "function_is_slow_each_time",
        functions(total="def total(numbers):\n    time.sleep(0.7)\n    return sum(numbers)"),
        group="endless", kind="right", may_lose=("h-04",),
    ),
    Attack(
        "thread_without_end",  # goes on while functions are called
        cell(
            "import threading\n"
            "def spin():\n"
            "    while True: pass\n"
            "for _ in range(4): threading.Thread(target=spin, daemon=True).start()"
        ),
        group="endless", kind="right", may_lose=BOTH,
    ),
    Attack(
        "thread_that_is_no_daemon",
        cell("import threading\nthreading.Thread(target=time.sleep, args=(60,)).start()"),
        kind="right",
    ),
)  # fmt: skip

ENDING = (
    Attack("os_exit", cell("os._exit(0)"), kind="right", loses=BOTH, told=DIED),
    Attack("sys_exit", harmless_cell("import sys\nsys.exit(3)", "exit()", "quit()"), kind="right"),
    Attack(
        "segfault",
        cell("import ctypes\nctypes.string_at(0)"),
        kind="right", loses=BOTH, told=DIED,
    ),
    Attack("aborts", cell("os.abort()"), kind="right", loses=BOTH, told=DIED),
    Attack(
        "kills_itself",
        cell("import signal\nos.kill(os.getpid(), signal.SIGKILL)"),
        kind="right", loses=BOTH, told=DIED,
    ),
    Attack(
        "stops_itself",
        cell("import signal\nos.kill(os.getpid(), signal.SIGSTOP)"),
        group="endless", kind="right", loses=BOTH, told=f"{LATE}|{DIED}",
    ),
    Attack(
        "kills_parents",
        cell(
            "for pid in (os.getppid(), 1):\n"
            "    if pid:\n"
            "        tried(lambda: os.kill(pid, 19))\n"
            "        tried(lambda: os.kill(pid, 15))\n"
            "        tried(lambda: os.kill(pid, 9))"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "kills_all",
        cell("os.kill(-1, 9)"),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "kills_by_number",  # were they in one namespace, others' processes would be among these
        cell(
            "for pid in range(2, 40_000):\n"
            "    if pid != os.getpid():\n"
            "        tried(lambda: os.kill(pid, 9))"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "function_exits",
        functions(total="def total(numbers):\n    raise SystemExit({'value': 6})"),
        kind="right", loses=("h-04",), told="SystemExit",
    ),
    Attack(
        "second_function_dies",
        functions(longest="def longest(words):\n    os._exit(0)"),
        kind="right", loses=("h-05",), told=DIED,
    ),
    Attack(
        "first_function_dies",
        functions(total="def total(numbers):\n    os._exit(0)"),
        kind="right", loses=("h-04",), told=DIED,
    ),
    Attack(
        "function_interrupts",  # what the grader itself raises when time is up
        functions(
            total="def total(numbers):\n    raise KeyboardInterrupt",
            longest="import asyncio\ndef longest(words):\n    raise asyncio.CancelledError",
        ),
        kind="right", loses=BOTH,
    ),
    Attack(
        "function_raises_odd_things",
        functions(
            total="def total(numbers):\n    raise GeneratorExit({'value': sum(numbers)})",
            longest="def longest(words):\n    raise StopIteration(max(words, key=len))",
        ),
        kind="right", loses=BOTH,
    ),
    Attack("cell_interrupts", harmless_cell("raise KeyboardInterrupt"), kind="right"),
)  # fmt: skip

LEFT_RUNNING = (
    Attack(
        "forks",
        cell(f"{_FORKS}\nmade = fork_many(MOST_CHILDREN)\nif made > 200: say(made, 'processes')"),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "fork_bomb",
        cell("for _ in range(8):\n    tried(os.fork)\nif os.getpid() != os.getppid(): child()"),
        group="endless", kind="right", may_lose=BOTH, told=f"{LATE}|{DIED}",
    ),
    Attack(
        "double_fork",
        cell(
            "if not os.fork():\n"
            "    os.setsid()\n"
            "    if os.fork(): os._exit(0)\n"
            "    os.closerange(0, 1024)\n"
            "    child()\n"
            "os.wait()"
        ),
        kind="right",
    ),
    Attack(
        "background_process",  # holds whatever it inherited open
        cell(
            "import subprocess\n"
            "subprocess.Popen(['sleep', '61.' + MARK], close_fds=False)\n"
            "os.system(f'sleep 61.{MARK} &')"
        ),
        kind="right",
    ),
    Attack(
        "function_forks",  # two processes come back from one call
        functions(total="def total(numbers):\n    os.fork()\n    return sum(numbers)"),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "child_speaks_for_its_parent",
        functions(
            total="def total(numbers):\n    if os.fork():\n        os._exit(0)\n    return 6"
        ),
        kind="half", may_lose=BOTH,
    ),
    Attack(
        "threads",
        cell(
            "import threading\n"
            "def start():\n"
            "    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
            "made = 0\n"
            "try:\n"
            "    while made < 3000:\n"
            "        start()\n"
            "        made += 1\n"
            "except RuntimeError:\n"
            "    pass\n"
            "if made > 1000: say(made, 'threads')"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "multiprocessing",
        cell(
            "import multiprocessing\n"
            "for _ in range(8):\n"
            "    tried(multiprocessing.get_context('fork').Process(target=child).start)"
        ),
        kind="right",
    ),
    Attack(
        "executes_another_program",  # the process goes on as something else
        cell("os.execv('/usr/bin/sleep', ['sleep', '61.' + MARK])"),
        group="endless", kind="right", loses=BOTH, told=f"{LATE}|{DIED}",
    ),
    Attack(
        "executes_a_speaker",  # writes whatever it likes to every descriptor it inherited
        cell(
            "for fd in range(3, 64):\n"
            "    tried(lambda: os.set_inheritable(fd, True))\n"
            "os.execv(sys.executable, [sys.executable, '-c', '''\n"
            "import os, time\n"
            "for fd in range(64):\n"
            "    for text in (b\"{}\\\\n\", b\"\\\\0\\\\0\\\\0\\\\2{}\", b\"\\\\xff\" * 64):\n"
            "        try: os.write(fd, text)\n"
            "        except OSError: pass\n"
            "time.sleep(60)\n"
            "'''])"
        ),
        group="endless", kind="right", loses=BOTH, told=".",
    ),
)  # fmt: skip

PRIVILEGES = (
    Attack(
        "becomes_root",
        cell(
            "import ctypes\n"
            "if os.getuid() == 0 or os.geteuid() == 0: say('root')\n"
            "for change in (os.setuid, os.seteuid, os.setgid, os.setegid):\n"
            "    if tried(lambda: (change(0), True)): say(change.__name__)\n"
            "if tried(lambda: (os.setgroups([0]), True)): say('groups')\n"
            "caps = [l for l in open('/proc/self/status') if l.startswith(('CapEff', 'CapBnd'))]\n"
            "if any(int(line.split()[1], 16) for line in caps): say(*caps)"
        ),
        kind="right",
    ),
    Attack(
        "runs_what_is_set_to_root",
        cell(
            "import subprocess\n"
            "for name in ('su', 'sudo', 'mount', 'newgrp', 'passwd', 'chsh'):\n"
            "    tried(lambda: subprocess.run([name], stdin=subprocess.DEVNULL, timeout=0.3))\n"
            "done = tried(lambda: subprocess.run(\n"
            "    ['sudo', '-n', 'id', '-u'], capture_output=True, text=True, timeout=0.3).stdout)\n"
            "if done and done.strip() == '0': say('sudo')"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "namespace_of_its_own",  # there it would have all capabilities, and could undo mounts
        cell(
            "import ctypes\n"
            "libc = ctypes.CDLL(None, use_errno=True)\n"
            "if libc.unshare(0x10000000 | 0x00020000) == 0:\n"
            "    import course\n"
            "    hidden = os.path.join(os.path.dirname(course.__file__), 'grading')\n"
            "    for place in (hidden, '/tmp', '/home', '/proc', '/dev/shm', os.getcwd()):\n"
            "        libc.umount2(place.encode(), 2)\n"
            "    if tried(lambda: os.listdir(hidden)): say(os.listdir(hidden))\n"
            "    if os.path.exists(ROOT): say(ROOT)\n"
            "    libc.mount(b'proc', b'/proc', b'proc', 0, None)\n"
            "    if 'sleep' in str(tried(lambda: open('/proc/1/comm').read())): say('init')"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "joins_other_namespaces",
        cell(
            "import ctypes\n"
            "libc = ctypes.CDLL(None)\n"
            "for pid in (1, os.getppid()):\n"
            "    for kind in ('mnt', 'net', 'pid', 'user', 'ipc'):\n"
            "        fd = tried(lambda: os.open(f'/proc/{pid}/ns/{kind}', os.O_RDONLY))\n"
            "        if fd is not None: libc.setns(fd, 0)\n"
            "if os.path.exists(ROOT): say(ROOT)"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "raises_its_limits",
        cell(
            "import resource\n"
            "endless = resource.RLIM_INFINITY\n"
            "for name in ('NPROC', 'AS', 'FSIZE', 'NOFILE'):\n"
            "    kind = getattr(resource, f'RLIMIT_{name}')\n"
            "    if tried(lambda: (resource.setrlimit(kind, (endless, endless)), True)):\n"
            "        say(name)"
        ),
        kind="right",
    ),
    Attack(
        "goes_first",
        cell(
            "if tried(lambda: (os.nice(-19), True)): say('nice')\n"
            "real_time = os.sched_param(50)\n"
            "if tried(lambda: (os.sched_setscheduler(0, os.SCHED_FIFO, real_time), True)):\n"
            "    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))\n"
            "    say('real time')"
        ),
        kind="right",
    ),
    Attack(
        "sets_the_clock",
        cell(
            "if tried(lambda: (time.clock_settime(time.CLOCK_REALTIME, time.time()), True)):\n"
            "    say('clock')\n"
            "os.environ['TZ'] = 'Pacific/Kiritimati'\n"
            "time.tzset()\n"
            "time.time = time.monotonic = time.perf_counter = lambda: 0.0\n"
            "import datetime\n"
            "datetime.datetime = None"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "changes_the_kernel",
        cell(
            "import ctypes, socket\n"
            "if tried(lambda: (socket.sethostname('x'), True)): say('host name')\n"
            "for path in ('/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger',\n"
            "             '/sys/kernel/uevent_helper', '/proc/sys/vm/drop_caches'):\n"
            "    if tried(lambda: os.close(os.open(path, os.O_WRONLY)) or True): say(path)\n"
            "for path in ('/dev/mem', '/dev/kmsg', '/dev/vda', '/dev/sda', '/dev/fuse'):\n"
            "    if tried(lambda: os.close(os.open(path, os.O_RDONLY)) or True): say(path)\n"
            "if tried(lambda: (os.mknod('disk', 0o060600, os.makedev(254, 0)), True)): say('node')"
        ),
        kind="right",
    ),
)  # fmt: skip

ATTACKS = (*ENDLESS, *ENDING, *LEFT_RUNNING, *PRIVILEGES)
