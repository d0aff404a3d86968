"""Code that takes more memory, disk, output or names than a submission may have."""

from hostile.attack import BOTH, FULL, Attack, cell, functions

_TAKE = """
def take(most, step=64 * 1024**2):
    '''As much memory as there is, written to.'''
    held = []
    while len(held) * step < most:
        held.append(bytearray(b"x") * step)
    return held

def fill(folder, most, step=16 * 1024**2):
    '''Files without end; how many bytes went in.'''
    block, written, number = b"x" * step, 0, 0
    while written < most:
        number += 1
        try:
            file = os.open(f"{folder}/fill-{number}", os.O_CREAT | os.O_WRONLY, 0o600)
            try:
                while written < most and os.write(file, block) == step:
                    written += step
            finally:
                os.close(file)
        except OSError:
            if number > 20: break
    return written
"""

MEMORY = (
    Attack(
        "memory",
        cell(f"{_TAKE}\nif take(MOST_BYTES): say('3 GB')"),
        kind="right", may_lose=BOTH, told=f"{FULL}|MemoryError",
    ),
    Attack(
        "memory_that_swallows",
        cell(
            f"{_TAKE}\nheld = []\n"
            "for _ in range(400):\n"
            "    try: held.append(bytearray(b'x') * (8 * 1024**2))\n"
            "    except MemoryError: time.sleep(0.01)\n"
            "if len(held) * 8 > 2600: say(len(held) * 8, 'MB')"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "memory_of_four_children",
        cell(
            f"{_TAKE}\n"
            "children = []\n"
            "for _ in range(4):\n"
            "    pid = os.fork()\n"
            "    if not pid:\n"
            "        try:\n"
            "            held = take(900 * 1024**2)\n"
            "            time.sleep(0.5)\n"
            "            os._exit(0)\n"
            "        finally:\n"
            "            os._exit(1)\n"
            "    children.append(pid)\n"
            "if not any(os.waitpid(pid, 0)[1] for pid in children): say('4 times 900 MB')"
        ),
        kind="right", may_lose=BOTH, told=FULL,
    ),
    Attack(
        "memory_shared_by_children",  # no process's own: it is not in resident less shared
        cell(
            "import mmap\n"
            "children = []\n"
            "for _ in range(4):\n"
            "    pid = os.fork()\n"
            "    if not pid:\n"
            "        try:\n"
            "            held = mmap.mmap(-1, 700 * 1024**2)\n"
            "            for at in range(0, len(held), 4096): held[at] = 1\n"
            "            time.sleep(0.5)\n"
            "            os._exit(0)\n"
            "        finally:\n"
            "            os._exit(1)\n"
            "    children.append(pid)\n"
            "if not any(os.waitpid(pid, 0)[1] for pid in children): say('4 times 700 MB')"
        ),
        kind="right", may_lose=BOTH, told=FULL,
    ),
    Attack(
        "memory_in_files_without_a_name",
        cell(
            "block, written, files = b'x' * (16 * 1024**2), 0, []\n"
            "try:\n"
            "    while written < MOST_BYTES:\n"
            "        files.append(os.memfd_create('x'))\n"
            "        try:\n"
            "            for _ in range(8):\n"
            "                written += os.write(files[-1], block)\n"
            "        except OSError:\n"
            "            pass\n"
            "except OSError:\n"
            "    pass\n"
            "if written > 2 * 1024**3: say(written)"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "memory_of_the_kernel",  # what stands in sockets and pipes
        cell(
            "import fcntl, socket\n"
            "held, written = [], 0\n"
            "try:\n"
            "    while written < 1024**3:\n"
            "        one, other = socket.socketpair()\n"
            "        held += [one, other]\n"
            "        one.setblocking(False)\n"
            "        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16 * 1024**2)\n"
            "        try:\n"
            "            while True: written += one.send(b'x' * 65536)\n"
            "        except BlockingIOError:\n"
            "            pass\n"
            "except OSError:\n"
            "    pass\n"
            "if written > 900 * 1024**2: say(written)"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "memory_shared_by_name",
        cell(
            f"{_TAKE}\n"
            "written = sum(fill(folder, 1024**3) for folder in ('/dev/shm', '/run', '/var/tmp')\n"
            "              if os.access(folder, os.W_OK))\n"
            "if written > 600 * 1024**2: say(written)"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "memory_of_system_v",
        cell(
            "import ctypes\n"
            "libc, made = ctypes.CDLL(None), 0\n"
            "libc.shmat.restype = ctypes.c_void_p\n"
            "for _ in range(40):\n"
            "    found = libc.shmget(0, ctypes.c_size_t(64 * 1024**2), 0o1600)\n"
            "    if found < 0: break\n"
            "    at = libc.shmat(found, None, 0)\n"
            "    if at in (None, 2**64 - 1): break\n"
            "    ctypes.memset(at, 1, 64 * 1024**2)\n"
            "    libc.shmdt(ctypes.c_void_p(at))\n"
            "    made += 1\n"
            "if made * 64 > 2000: say(made * 64, 'MB')"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "function_takes_memory",
        functions(_TAKE, longest="def longest(words):\n    say(len(take(MOST_BYTES)))"),
        kind="right", loses=("h-05",), told=f"{FULL}|MemoryError",
    ),
    Attack(
        "swells_when_grown",  # a small text that is huge when it is shown
        cell(
            "class Big:\n    def __repr__(self): return 'x' * 900_000_000\nBig()",
            "raise ValueError('x' * 900_000_000)",
            "'\\U0001f600' * 200_000_000",
        ),
        kind="right", may_lose=BOTH,
    ),
)  # fmt: skip

DISK = (
    Attack(
        "disk",
        cell(f"{_TAKE}\nif fill('.', 1024**3) >= 1024**3: say('1 GB')"),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "disk_of_everything_writable",
        cell(
            f"{_TAKE}\n"
            "import tempfile\n"
            "places = {os.getcwd(), os.path.expanduser('~'), tempfile.gettempdir(), '/tmp'}\n"
            "places |= {os.path.dirname(os.getcwd()), '/', '/dev', '/var', '/home'}\n"
            "written = sum(fill(place, 600 * 1024**2) for place in places)\n"
            "if written > 1024**3: say(written)"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "one_huge_file",
        cell(
            "with open('huge', 'wb') as file:\n"
            "    file.truncate(10 * 1024**4)\n"
            "    say('10 TB in name')"
        ),
        kind="right",
    ),
    Attack(
        "many_files",
        cell(
            "os.makedirs('many', exist_ok=True)\n"
            "for number in range(20_000):\n"
            "    try: os.close(os.open(f'many/{number:0200}', os.O_CREAT, 0o600))\n"
            "    except OSError: break"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "open_files",
        cell(
            "held = []\n"
            "try:\n"
            "    while len(held) < 20_000: held.append(os.dup(0))\n"
            "except OSError:\n"
            "    pass\n"
            "if len(held) > 5000: say(len(held), 'open files')"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "deep_folders",
        cell(
            "for _ in range(3000):\n"
            "    try:\n"
            "        os.mkdir('d' * 200)\n"
            "        os.chdir('d' * 200)\n"
            "    except OSError:\n"
            "        break"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "removes_its_own_ground",
        cell(
            "import shutil\n"
            "if os.access(sys.prefix, os.W_OK) or os.access('/usr', os.W_OK): say('can write')\n"
            "else:\n"
            "    for folder in (os.getcwd(), '..', os.path.expanduser('~'), '/tmp', '/dev/shm'):\n"
            "        shutil.rmtree(folder, ignore_errors=True)"
        ),
        kind="right", may_lose=BOTH,
    ),
)  # fmt: skip

OUTPUT = (
    Attack(
        "output",
        cell("for _ in range(100):\n    print('x' * 1024**2)"),
        kind="right", may_lose=BOTH, told="output|characters|more",
    ),
    Attack(
        "output_in_small_pieces",
        cell("while True:\n    print('x')\n    print('y', file=sys.stderr)"),
        group="endless", kind="right", may_lose=BOTH, told=".",
    ),
    Attack(
        "output_past_python",
        cell(
            "for _ in range(100):\n"
            "    for fd in (1, 2):\n"
            "        tried(lambda: os.write(fd, b'x' * 1024**2))"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "output_of_a_child",
        cell("import subprocess\nsubprocess.run(['yes'], timeout=0.5)"),
        group="endless", kind="right", may_lose=BOTH,
    ),
    Attack(
        "output_while_called",
        functions(
            total="def total(numbers):\n"
            "    for _ in range(20):\n"
            "        print('x' * 1024**2)\n"
            "        os.write(1, b'y' * 1024**2)\n"
            "        os.write(2, b'y' * 1024**2)\n"
            "    return sum(numbers)"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "many_displays",
        cell("from IPython.display import display\nfor _ in range(20_000):\n    display(1)"),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "huge_display",
        cell(
            "from IPython.display import display\n"
            "display({'text/html': '<p>' * 20_000_000, 'text/plain': 'x' * 20_000_000}, raw=True)",
            "display({'image/png': 'A' * 40_000_000}, raw=True)",
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "many_figures",
        cell(
            "import matplotlib.pyplot as plt\n"
            "for _ in range(8):\n"
            "    plt.figure(figsize=(40, 40))\n"
            "    plt.plot([1, 2])\n"
            "plt.show()"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "deep_traceback",
        cell(
            "sys.setrecursionlimit(10**6)\ndef deep(n): return deep(n + 1)\ndeep(0)",
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "deep_group_of_errors",
        cell(
            "error = ValueError('x' * 1000)\n"
            "for _ in range(5000): error = ExceptionGroup('y' * 1000, [error])\n"
            "raise error",
        ),
        kind="right", may_lose=BOTH,
    ),
)  # fmt: skip

ATTACKS = (*MEMORY, *DISK, *OUTPUT)
