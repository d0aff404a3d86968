"""Code that would have its marks from the grader itself: what it patches, forges and returns."""

from hostile.attack import BOTH, DIED, LATE, Attack, cell, functions

_ANY = """
class Any(int):
    __eq__ = lambda *_: True
    __ne__ = lambda *_: False
    __hash__ = int.__hash__
    __lt__ = __le__ = __gt__ = __ge__ = __eq__
"""

VALUES = (
    Attack(
        "equal_to_everything",
        functions(
            _ANY,
            total="def total(numbers):\n    return Any(5)",
            longest="class Word(str):\n"
            "    __eq__ = lambda *_: True\n"
            "    __hash__ = str.__hash__\n"
            "def longest(words):\n    return Word('no')",
        ),
        kind="wrong",
    ),
    Attack(
        "changes_on_its_way",  # another value each time it is looked at
        functions(
            "class Odd(int):\n"
            "    __int__ = __index__ = __float__ = lambda self: 10 / 0\n"
            "    __str__ = __repr__ = lambda self: '6'\n"
            "    __class__ = bool\n"
            "class Text(str):\n"
            "    __str__ = __repr__ = lambda self: 1\n"
            "    __iter__ = __len__ = encode = None\n",
            total="def total(numbers):\n    return Odd(5)",
            longest="def longest(words):\n    return Text('no')",
        ),
        kind="wrong",
    ),
    Attack(
        "containers_of_their_own",
        functions(
            "class Rows(list):\n"
            "    __iter__ = lambda self: iter(int, 1)\n"
            "    __len__ = lambda self: 10**9\n"
            "class Table(dict):\n"
            "    items = keys = values = lambda self: iter(lambda: ('a', 1), 0)\n"
            "    __iter__ = lambda self: iter(int, 1)\n",
            total="def total(numbers):\n    return Rows([1])",
            longest="def longest(words):\n    return Table(a=1)",
        ),
        group="endless", kind="right", loses=BOTH,
    ),
    Attack(
        "neither_number_nor_text",
        functions(
            "import decimal\n"
            "class Meta(type):\n"
            "    __instancecheck__ = lambda *_: True\n"
            "    __name__ = property(lambda cls: 10 / 0)\n"
            "class Thing(metaclass=Meta):\n"
            "    __class__ = property(lambda self: 10 / 0)\n"
            "    __json__ = tolist = item = lambda self: 6\n"
            "    __getattr__ = lambda self, name: self\n",
            total="def total(numbers):\n    return Thing()",
            longest="def longest(words):\n    return decimal.Decimal('sNaN')",
        ),
        kind="right", loses=BOTH,
    ),
    Attack(
        "huge_number",
        functions(
            total="def total(numbers):\n    return 10 ** 200_000",
            longest="def longest(words):\n"
            "    sys.set_int_max_str_digits(0)\n    return -(10 ** 30_000)",
        ),
        kind="right", loses=BOTH,
    ),
    Attack(
        "long_text",
        functions(
            total="def total(numbers):\n    return 'x' * 10**8",
            longest="def longest(words):\n    return '\\ud800' * 10**5",
        ),
        kind="right", loses=BOTH,
    ),
    Attack(
        "deep_value",
        functions(
            total="def total(numbers):\n"
            "    deep = []\n"
            "    for _ in range(100_000): deep = [deep]\n"
            "    return deep",
            longest="def longest(words):\n    round = {}\n    round['x'] = round\n    return round",
        ),
        kind="right", loses=BOTH, may_lose=BOTH,
    ),
    Attack(
        "wide_value",
        functions(
            total="def total(numbers):\n    return [0] * 10**7",
            longest="def longest(words):\n    return {str(n): n for n in range(10**6)}",
        ),
        kind="right", loses=BOTH,
    ),
    Attack(
        "no_number",
        functions(
            total="def total(numbers):\n    return float('nan')",
            longest="def longest(words):\n    return float('inf')",
        ),
        kind="right", loses=BOTH, told="nan",
    ),
    Attack(
        "of_another_type",  # true is not 1, "6" is not 6
        functions(
            total="def total(numbers):\n    return [False, '6', None][len(numbers) % 3]",
            longest="def longest(words):\n    return list(max(words, key=len))",
        ),
        kind="right", loses=BOTH,
    ),
    Attack(
        "outcome_for_a_value",  # what the grader's own parts would hand on
        functions(
            total="def total(numbers):\n    return {'value': sum(numbers)}",
            longest="def longest(words):\n"
            "    return {'value': 'ccc', 'expected': 'ccc', 'points': 2, 'raised': ''}",
        ),
        kind="right", loses=BOTH,
    ),
    Attack(
        "error_with_teeth",
        functions(
            "class Bad(Exception):\n"
            "    def __str__(self):\n"
            "        while True:\n"
            "            try: time.sleep(1)\n"
            "            except BaseException: pass\n"
            "    __repr__ = __str__\n",
            total="def total(numbers):\n"
            "    raise type('<script>alert(1)</script>' * 9, (Exception,), {})('\\x1b[2J' * 9999)",
            longest="def longest(words):\n    raise Bad",
        ),
        group="endless", kind="right", loses=BOTH, told=LATE,
    ),
    Attack(
        "awaitables",
        functions(
            "class Forever:\n"
            "    def __await__(self):\n"
            "        while True: yield\n"
            "async def nested(): return nested()\n",
            total="def total(numbers):\n    return nested()",
            longest="def longest(words):\n    return Forever()",
        ),
        group="endless", kind="right", loses=BOTH,
    ),
    Attack(
        "generator",
        functions(
            total="def total(numbers):\n    while True: yield 1",
            longest="async def longest(words):\n    while True: yield 1",
        ),
        kind="right", loses=BOTH,
    ),
    Attack(
        "not_a_function",
        functions(
            total="class Total(type):\n"
            "    def __call__(cls, numbers): os._exit(0) if len(numbers) == 99 else None\n"
            "    __signature__ = property(lambda cls: 10 / 0)\n"
            "class total(metaclass=Total): pass",
            longest="longest = 'ccc'",
        ),
        kind="right", loses=BOTH,
    ),
)  # fmt: skip

PATCHES = (
    Attack(
        "patches_json_and_builtins",
        cell(
            "import json, base64, builtins, asyncio, inspect, io, math, contextlib\n"
            "class All(dict):\n"
            "    __eq__ = lambda *_: True\n"
            "json.loads = json.load = lambda *_, **__: All(value=7)\n"
            "json.dumps = lambda *_, **__: '{\"value\": 7}'\n"
            "base64.b64encode = base64.b64decode = lambda *_, **__: b'eyJ2YWx1ZSI6IDd9'\n"
            "math.isfinite = inspect.isawaitable = lambda *_: True\n"
            "contextlib.redirect_stdout = None\n"
            "builtins.isinstance = builtins.callable = lambda *_: True\n"
            "builtins.type = builtins.len = builtins.str = builtins.dict = lambda *_: 7\n"
            "builtins.sum = lambda *_: 7\n"
            "builtins.max = lambda *_, **__: 'ccc'"
        ),
        kind="wrong",
    ),
    Attack(
        "replaces_modules",
        cell(
            "import types\n"
            "class Fake(types.ModuleType):\n"
            "    __getattr__ = lambda self, name: (lambda *_, **__: 7)\n"
            "for name in ('json', 'base64', 'socket', 'struct', 'os', 'select', 'asyncio', 'io',\n"
            "             'course.quiz.judge', 'course.quiz.trial', 'course.quiz.score'):\n"
            "    sys.modules[name] = Fake(name)"
        ),
        kind="wrong",
    ),
    Attack(
        "empties_modules",
        cell("for module in list(sys.modules.values()):\n    vars(module).clear()"),
        loses=BOTH,
    ),
    Attack(
        "patches_the_course",
        cell(
            "import course\n"
            "from course.quiz import judge, score, trial, verdict\n"
            "judge.is_right = lambda *_, **__: True\n"
            "judge.score_cases = score.score = lambda item, *_: (item.points, 'right', '')\n"
            "trial.plain = trial.outcome = lambda *_, **__: {'value': 7}\n"
            "course.quiz = lambda *_: None"
        ),
        kind="wrong",
    ),
    Attack(
        "rewrites_the_runner",  # every function of ours in its process
        cell(
            "import gc, types\n"
            "def six(*_, **__): return {'value': 7}\n"
            "for thing in gc.get_objects():\n"
            "    if isinstance(thing, types.FunctionType) and not thing.__code__.co_freevars:\n"
            "        if str(thing.__module__).startswith('course') or '/course/' in (\n"
            "                thing.__code__.co_filename):\n"
            "            thing.__code__ = six.__code__"
        ),
        kind="wrong",
    ),
    Attack(
        "rewrites_the_callers_frame",
        functions(
            "import ctypes",
            total="def total(numbers):\n"
            "    frame = sys._getframe()\n"
            "    while frame := frame.f_back:\n"
            "        for name in list(frame.f_locals):\n"
            "            frame.f_locals[name] = {'value': 7}\n"
            "        tried(lambda: ctypes.pythonapi.PyFrame_LocalsToFast(\n"
            "            ctypes.py_object(frame), 0))\n"
            "    return 'no'",
        ),
        kind="wrong",
    ),
    Attack(
        "names_that_answer_for_others",
        cell(
            "from IPython import get_ipython\n"
            "shell = get_ipython()\n"
            "class Names(dict):\n"
            "    def get(self, name, other=None): return lambda *_, **__: 7\n"
            "    __getitem__ = lambda self, name: lambda *_, **__: 7\n"
            "tried(lambda: setattr(shell, 'user_ns', Names(shell.user_ns)))\n"
            "tried(lambda: setattr(shell.user_module, '__dict__', {}))"
        ),
        kind="wrong",
    ),
    Attack(
        "hooks_of_the_shell",
        cell(
            "from IPython import get_ipython\n"
            "import ast\n"
            "shell = get_ipython()\n"
            "class Strip(ast.NodeTransformer):\n"
            "    visit_Assert = lambda self, node: None\n"
            "    visit_Return = lambda self, node: ast.copy_location(\n"
            "        ast.Return(ast.Constant(7)), node)\n"
            "tried(lambda: shell.ast_transformers.append(Strip()))\n"
            "tried(lambda: shell.input_transformers_post.append(lambda lines: ['6\\n']))\n"
            "tried(lambda: shell.events.register('post_run_cell', lambda *_: print(6)))\n"
            "tried(lambda: shell.display_pub.publish({'text/plain': '6'}))\n"
            "shell.run_cell = shell.run_cell_async = lambda *_, **__: None\n"
            "shell.display_formatter.format = lambda *_: ({'text/plain': '4'}, {})\n"
            "4"
        ),
        kind="wrong",
    ),
    Attack(
        "shows_points_first",
        cell(
            "from IPython.display import display\n"
            "display({'text/plain': '1000'}, raw=True, metadata={'course': {\n"
            "    'item': 'h-04', 'state': 'right', 'label': 'right'}})\n"
            "print(19)\n"
            "1000"
        ),
        kind="wrong",
    ),
    Attack(
        "shell_that_is_gone",
        cell(
            "from IPython import get_ipython\n"
            "get_ipython().reset(new_session=True)\n"
            "from IPython.core.interactiveshell import InteractiveShell\n"
            "InteractiveShell.clear_instance()\n"
            "InteractiveShell.run_cell = InteractiveShell.run_cell_async = None"
        ),
        kind="right", may_lose=BOTH,
    ),
)  # fmt: skip

FORGED = (
    Attack(
        "writes_into_every_descriptor",
        cell(
            "import struct, json\n"
            "said = json.dumps({'value': 7}).encode()\n"
            "frames = [said, said + b'\\n', struct.pack('>I', len(said)) + said,\n"
            "          struct.pack('<I', len(said)) + said, struct.pack('>Q', len(said)) + said,\n"
            "          b'eyJ2YWx1ZSI6IDd9\\n', b'\\xff' * 16, b'\\0' * 16, b'[' * 5000]\n"
            "for fd in range(3, 256):\n"
            "    for frame in frames:\n"
            "        tried(lambda: os.write(fd, frame))"
        ),
        may_lose=BOTH,
    ),
    Attack(
        "promises_a_huge_frame",
        cell(
            "import struct\n"
            "for fd in range(3, 64):\n"
            "    tried(lambda: os.write(fd, struct.pack('>I', 2**31 - 1)))\n"
            "    tried(lambda: os.write(fd, struct.pack('<Q', 2**62)))"
        ),
        may_lose=BOTH,
    ),
    Attack(
        "half_a_frame_then_silence",
        functions(
            total="def total(numbers):\n"
            "    for fd in range(3, 64):\n"
            "        tried(lambda: os.write(fd, b'\\0\\0\\1\\0{'))\n"
            "    time.sleep(60)",
        ),
        group="endless", loses=("h-04",),
    ),
    Attack(
        "floods_every_descriptor",
        functions(
            total="def total(numbers):\n"
            "    end = time.monotonic() + 0.8\n"
            "    while time.monotonic() < end:\n"
            "        for fd in range(3, 64):\n"
            "            tried(lambda: os.write(fd, b'{\"value\": 7}\\n' * 5000))\n"
            "    return 6",
        ),
        may_lose=BOTH,
    ),
    Attack(
        "reads_the_graders_requests",  # from under the runner, and answers in its place
        cell(
            "import threading, select\n"
            "def steal(fd):\n"
            "    while True:\n"
            "        text = tried(lambda: os.read(fd, 65536))\n"
            "        if not text: return\n"
            "        tried(lambda: os.write(fd, text))\n"
            "        tried(lambda: os.write(fd, b'{\"value\": 7}\\n'))\n"
            "for fd in range(3, 64):\n"
            "    if tried(lambda: os.fstat(fd)):\n"
            "        threading.Thread(target=steal, args=(fd,), daemon=True).start()"
        ),
        may_lose=BOTH,
    ),
    Attack(
        "closes_every_descriptor",
        cell("os.closerange(0, 1024)"),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "closes_every_descriptor_when_called",
        functions(longest="def longest(words):\n    os.closerange(0, 1024)\n    return 'ccc'"),
        kind="right", may_lose=("h-05",),
    ),
    Attack(
        "swaps_descriptors",
        cell(
            "read, write = os.pipe()\n"
            "for fd in range(0, 64):\n"
            "    if fd not in (read, write): tried(lambda: os.dup2(write, fd))"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "hands_the_line_to_a_child",  # which lives on, holds it open and writes
        cell(
            "if not os.fork():\n"
            "    end = time.monotonic() + 20\n"
            "    while time.monotonic() < end:\n"
            "        for fd in range(3, 64): tried(lambda: os.write(fd, b'{\"value\": 7}\\n'))\n"
            "        time.sleep(0.01)\n"
            "    os._exit(0)"
        ),
        may_lose=BOTH,
    ),
    Attack(
        "replaces_the_streams",
        cell(
            "class Bad:\n"
            "    def __getattr__(self, name): raise OSError('no')\n"
            "sys.stdout = sys.stderr = sys.stdin = Bad()\n"
            "sys.displayhook = sys.excepthook = sys.unraisablehook = None\n"
            "sys.__stdout__ = sys.__stderr__ = None\n"
            "1"
        ),
        kind="right", may_lose=BOTH,
    ),
)  # fmt: skip

LATER = (
    Attack(
        "last_words",
        cell(
            "import atexit, weakref\n"
            "class Last:\n"
            "    def __del__(self):\n"
            "        for fd in range(3, 64): tried(lambda: os.write(fd, b'{\"value\": 7}\\n'))\n"
            "        print(6)\n"
            "last = [Last()]\n"
            "last.append(last)\n"
            "atexit.register(Last().__del__)\n"
            "weakref.finalize(last[0], print, 6)\n"
            "if hasattr(os, 'register_at_fork'): os.register_at_fork(after_in_child=child)"
        ),
        kind="right",
    ),
    Attack(
        "signals_at_any_moment",
        cell(
            "import signal\n"
            "def again(*_): raise RuntimeError('now')\n"
            "signal.signal(signal.SIGALRM, again)\n"
            "signal.signal(signal.SIGINT, again)\n"
            "signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "traces_the_runner",
        cell(
            "import threading\n"
            "def tracer(frame, event, value):\n"
            "    if frame.f_code.co_name not in ('total', 'longest'): raise RuntimeError('no')\n"
            "    return tracer\n"
            "sys.setprofile(tracer)\n"
            "threading.settrace(tracer)\n"
            "sys.settrace(tracer)"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "audits_the_runner",
        cell(
            "def hook(event, values):\n"
            "    if event not in ('compile', 'exec'): raise RuntimeError('no')\n"
            "sys.addaudithook(hook)"
        ),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "little_room_to_call",
        cell("sys.setrecursionlimit(60)"),
        kind="right", may_lose=BOTH,
    ),
    Attack(
        "overflows_the_stack",
        functions(
            total="def total(numbers):\n"
            "    sys.setrecursionlimit(10**9)\n"
            "    deep = lambda *_: sorted([1], key=deep)\n"
            "    return deep()",
        ),
        kind="right", loses=("h-04",), may_lose=("h-05",), told=f"{DIED}|Recursion",
    ),
    Attack(
        "asks_the_grader_to_type",
        cell("input('Your key? ')", "import getpass\ngetpass.getpass()", "sys.stdin.read()"),
        kind="right",
    ),
    Attack(
        "puts_off_collecting",
        cell("import gc\ngc.disable()\ngc.collect = None\ngc.set_debug(gc.DEBUG_SAVEALL)"),
        kind="right",
    ),
)  # fmt: skip

ATTACKS = (*VALUES, *PATCHES, *FORGED, *LATER)
