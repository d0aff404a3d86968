"""What one submission would leave for the next, for the grader, or for whoever comes later."""

from hostile.attack import BOTH, Attack, cell

_SPOIL = """
TEXT = "print('FO' 'UND', __file__)\\n"
def leave(path, text=TEXT):
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'x') as file:
            file.write(text)
        return True
    except OSError:
        return False
home = os.path.expanduser('~')
"""

ATTACKS = (
    Attack(
        "leaves_startup_files",
        cell(
            f"{_SPOIL}\n"
            "import site\n"
            "version = f'python{sys.version_info.major}.{sys.version_info.minor}'\n"
            "for path in ('.ipython/profile_default/startup/00.py', '.pythonrc.py', '.bashrc',\n"
            "             '.config/matplotlib/matplotlibrc', '.jupyter/jupyter_config.py',\n"
            "             '.profile', '.local/bin/python', '.gitconfig', '.pydistutils.cfg',\n"
            "             f'.local/lib/{version}/site-packages/usercustomize.py',\n"
            "             f'.local/lib/{version}/site-packages/sitecustomize.py'):\n"
            "    leave(f'{home}/{path}')\n"
            "for name in ('IPYTHONDIR', 'MPLCONFIGDIR', 'JUPYTER_CONFIG_DIR', 'TMPDIR'):\n"
            "    if os.environ.get(name):\n"
            "        leave(os.environ[name] + '/profile_default/startup/00.py')\n"
            "        leave(os.environ[name] + '/matplotlibrc')\n"
            "os.environ['PYTHONSTARTUP'] = f'{home}/.pythonrc.py'\n"
            "os.environ['PYTHONPATH'] = home"
        ),
    ),
    Attack(
        "writes_where_programs_are",
        cell(
            f"{_SPOIL}\n"
            "import course, numpy, site\n"
            "places = [*sys.path, *site.getsitepackages(), os.path.dirname(course.__file__),\n"
            "          os.path.dirname(numpy.__file__), sys.prefix + '/bin', '/usr/bin', '/etc',\n"
            "          '/usr/local/lib', sys.base_prefix + '/lib', '/etc/ipython', '/lib']\n"
            "for place in filter(None, places):\n"
            "    if place.startswith((home, os.path.dirname(os.getcwd()))): continue\n"
            "    for name in (f'hostile_{MARK}.pth', f'hostile_{MARK}.py'):\n"
            "        if leave(f'{place}/{name}', '# left by a test'):\n"
            "            say(place)\n"
            "            os.remove(f'{place}/{name}')\n"
            "for file in (course.__file__, os.__file__, sys.executable):\n"
            "    if os.access(file, os.W_OK) or tried(lambda: os.open(file, os.O_RDWR)): say(file)"
        ),
    ),
    Attack(
        "leaves_files_for_the_next",
        cell(
            f"{_SPOIL}\n"
            "import tempfile\n"
            "for place in ('/tmp', '/var/tmp', '/dev/shm', '/run', home, os.getcwd(), '/',\n"
            "              '/run/lock', '/dev/mqueue', tempfile.gettempdir(), '/home'):\n"
            "    leave(f'{place}/hostile-{MARK}')\n"
            "    leave(f'{place}/json.py')"
        ),
    ),
    Attack(
        "leaves_shared_memory",
        cell(
            "import ctypes\n"
            "libc = ctypes.CDLL(None)\n"
            "libc.shmget(int(MARK) % 2**30, 4096, 0o1666)\n"
            "libc.semget(int(MARK) % 2**30, 1, 0o1666)\n"
            "libc.msgget(int(MARK) % 2**30, 0o1666)\n"
            "tried(lambda: ctypes.CDLL('librt.so.1').mq_open(\n"
            "    f'/hostile-{MARK}'.encode(), 0o102, 0o666, None))\n"
            "import socket\n"
            "tried(lambda: socket.socket(socket.AF_UNIX).bind(f'{chr(0)}hostile-{MARK}'))\n"
            "from multiprocessing import shared_memory\n"
            "tried(lambda: shared_memory.SharedMemory(f'hostile-{MARK}', create=True, size=4096))"
        ),
    ),
    Attack(
        "leaves_modules_patched",  # in a process that others come from
        cell(
            "import json, numpy, openai, IPython, builtins\n"
            "json.dumps = numpy.sum = IPython.get_ipython = None\n"
            "builtins.hostile = MARK\n"
            "sys.modules['hostile_' + MARK] = sys\n"
            "sys.path[:] = []\n"
            "import ctypes\n"
            "ctypes.memset(id(10**6 + 7), 0, 8)"
        ),
        may_lose=BOTH,
    ),
    Attack(
        "zz_finds_what_was_left",  # it comes late in the class, and looks for all of the above
        cell(
            "import builtins, ctypes, socket, tempfile\n"
            "home = os.path.expanduser('~')\n"
            "for place in ('/tmp', '/var/tmp', '/dev/shm', '/run', home, os.getcwd(), '/',\n"
            "              '/run/lock', tempfile.gettempdir(), '/home', '..'):\n"
            "    if os.path.exists(f'{place}/hostile-{MARK}'): say(place)\n"
            "    if os.path.exists(f'{place}/json.py'): say(place)\n"
            "for path in ('.ipython/profile_default/startup/00.py', '.pythonrc.py', '.bashrc'):\n"
            "    if os.path.exists(f'{home}/{path}'): say(path)\n"
            "libc = ctypes.CDLL(None)\n"
            "if libc.shmget(int(MARK) % 2**30, 4096, 0) >= 0: say('memory')\n"
            "if libc.semget(int(MARK) % 2**30, 1, 0) >= 0: say('semaphores')\n"
            "if libc.msgget(int(MARK) % 2**30, 0) >= 0: say('messages')\n"
            "name = f'{chr(0)}hostile-{MARK}'\n"
            "if tried(lambda: (socket.socket(socket.AF_UNIX).connect(name), True)): say('socket')\n"
            "if hasattr(builtins, 'hostile') or 'hostile_' + MARK in sys.modules: say('module')\n"
            "if 'PYTHONSTARTUP' in os.environ: say('start-up')\n"
            "import json\n"
            "json.dumps({})"
        ),
    ),
)  # fmt: skip
