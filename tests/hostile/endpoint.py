"""Attacks on measured items: on what is counted, and on the endpoint that counts."""

from hostile.attack import Attack, cell, functions
from hostile.sample import ASK

_SOCKET = """
import socket
SOCKET_PATH = os.environ.get('COURSE_ENDPOINT_SOCKET', '')
def raw(text, wait=0.3):
    '''Send bytes to the endpoint, past any client.'''
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(wait)
        line.connect(SOCKET_PATH)
        line.sendall(text)
        try:
            return line.recv(65536)
        except OSError:
            return b''
def post(path, body, *more):
    head = f'POST {path} HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer x\\r\\n'
    head += 'Content-Type: application/json\\r\\nConnection: close\\r\\n'
    head += ''.join(f'{line}\\r\\n' for line in more)
    return raw(f'{head}Content-Length: {len(body)}\\r\\n\\r\\n{body}'.encode())
def get(path):
    return raw(f'GET {path} HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer x\\r\\n'
               'Connection: close\\r\\n\\r\\n'.encode())
"""
_RIGHT = f"{ASK}\ndef ask_all(questions):\n    return len([ask(q) for q in questions])"
_COUNTS = "def ask_all(questions):\n    return len(questions)"

COUNTED = (
    Attack(
        "answers_without_a_call",  # 2 cases right and few tokens, but no call: 3 of 4
        functions(ask_all=_COUNTS),
        group="m", kind="half", told="calls used",
    ),
    Attack(
        "calls_a_simulator_of_its_own",
        functions(
            ask_all="client = connect(simulate={'tier': '5'})\n" + _RIGHT,
        ),
        group="m", kind="half", may_lose=("m-02",),
    ),
    Attack(
        "calls_outside_the_function",
        functions(f"{ASK}\nfor _ in range(3): ask('Hello!')", ask_all=_COUNTS),
        group="m", kind="half", told="calls used",
    ),
    Attack(
        "counts_calls_from_a_cache",  # asked before it is called, so nothing is used then
        functions(
            f"{ASK}\nknown = {{q: ask(q) for q in ('Hello!', 'x')}}",
            ask_all="def ask_all(questions):\n    return len(questions)",
        ),
        group="m", kind="half", told="calls used",
    ),
    Attack(
        "hides_calls_in_a_child",
        functions(
            ask_all=f"{ASK}\n"
            "def ask_all(questions):\n"
            "    for q in questions * 2:\n"
            "        if not os.fork():\n"
            "            tried(lambda: ask(q))\n"
            "            os._exit(0)\n"
            "        os.wait()\n"
            "    return len(questions)"
        ),
        group="m", kind="half", may_lose=("m-02",),
    ),
    Attack(
        "patches_the_meter",
        functions(
            "import course.ledger as ledger, course.metering as metering\n"
            "for module in (ledger, metering):\n"
            "    for name in list(vars(module)):\n"
            "        if name[0] != '_' and callable(getattr(module, name)):\n"
            "            setattr(module, name, lambda *_, **__: None)",
            ask_all=_COUNTS,
        ),
        group="m", kind="half", told="calls used",
    ),
    Attack(
        "asks_the_truth_to_be_other",
        functions(
            f"{_SOCKET}\n"
            "for path in ('/v1/truth', '/truth', '/reset', '/v1/reset', '/log', '/shutdown',\n"
            "             '/v1/truth?key=x&reset=1', '/admin', '/../log'):\n"
            "    tried(lambda: post(path, '{}'))\n"
            "    tried(lambda: raw(f'DELETE {path} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'.encode()))\n"
            "    tried(lambda: raw(f'PUT {path} HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'.encode()))",
            ask_all=_COUNTS,
        ),
        group="m", kind="half", told="calls used",
    ),
)  # fmt: skip

STORMS = (
    Attack(
        "floods_the_endpoint",
        functions(
            f"{_SOCKET}\n"
            "held = []\n"
            "for _ in range(200):\n"
            "    line = socket.socket(socket.AF_UNIX)\n"
            "    if tried(lambda: (line.connect(SOCKET_PATH), True)): held.append(line)\n"
            "for line in held:\n"
            "    tried(lambda: line.sendall(b'\\xff' * 1000))",
            ask_all=_COUNTS,
        ),
        group="m", kind="right", may_lose=("m-02",),
    ),
    Attack(
        "sends_what_is_no_request",
        functions(
            f"{_SOCKET}\n"
            "chat, files = b'POST /v1/chat/completions HTTP/1.1', b'POST /v1/files HTTP/1.1'\n"
            "for text in (b'GET ' + b'/' * 10**6, chat + b'\\r\\n' + b'a: b\\r\\n' * 10**5,\n"
            "             chat + b'\\r\\nContent-Length: -1\\r\\n\\r\\n',\n"
            "             files + b'\\r\\nContent-Length: 99999999999\\r\\n\\r\\n',\n"
            "             b'\\x16\\x03\\x01' * 500, b'PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n'):\n"
            "    tried(lambda: raw(text, 0.05))\n"
            "tried(lambda: post('/v1/chat/completions', '[' * 100_000))\n"
            "tried(lambda: post('/v1/chat/completions', '{\"model\": NaN}'))",
            ask_all=_RIGHT,
        ),
        group="m", kind="right", may_lose=("m-02",),
    ),
    Attack(
        "keeps_calls_open",  # the grader waits for calls in work: not for ever
        functions(
            f"{_SOCKET}\nheld = []\n"
            "def hold():\n"
            "    line = socket.socket(socket.AF_UNIX)\n"
            "    line.connect(SOCKET_PATH)\n"
            "    line.sendall(b'POST /v1/chat/completions HTTP/1.1\\r\\nHost: x\\r\\n'\n"
            "        b'Authorization: Bearer x\\r\\nContent-Type: application/json\\r\\n'\n"
            "        b'Content-Length: 5000\\r\\n\\r\\n{')\n"
            "    held.append(line)\n"
            "for _ in range(3): tried(hold)",
            ask_all=_RIGHT,
        ),
        group="m", kind="right", may_lose=("m-02",),
    ),
    Attack(
        "takes_the_sockets_place",
        functions(
            f"{_SOCKET}\n"
            "tried(lambda: os.unlink(SOCKET_PATH))\n"
            "tried(lambda: os.rename(SOCKET_PATH, SOCKET_PATH + 'x'))\n"
            "mine = socket.socket(socket.AF_UNIX)\n"
            "if tried(lambda: (mine.bind(SOCKET_PATH), True)):\n"
            "    mine.listen()\n"
            "    import threading\n"
            "    def serve():\n"
            "        while True:\n"
            "            line, _ = mine.accept()\n"
            "            tried(lambda: line.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\n'\n"
            "                b'{\"active\": 1, \"x\": \"' + b'x' * 10**8))\n"
            "    threading.Thread(target=serve, daemon=True).start()\n"
            "for name in tried(lambda: os.listdir(os.path.dirname(SOCKET_PATH))) or []:\n"
            "    if name == 'log': say(name)",
            ask_all=_COUNTS,
        ),
        group="m", kind="right", may_lose=("m-02",),
    ),
    Attack(
        "leaves_calls_for_the_next",  # still in work when its own grading is over
        functions(
            f"{_SOCKET}\n"
            "body = '{\"model\": \"gpt-4o-mini\", \"stream\": true, \"messages\": '\n"
            "body += '[{\"role\": \"user\", \"content\": \"Hello!\"}]}'\n"
            "head = 'POST /v1/chat/completions HTTP/1.1\\r\\nHost: x\\r\\n'\n"
            "head += 'Authorization: Bearer x\\r\\nContent-Type: application/json\\r\\n'\n"
            "text = f'{head}Content-Length: {len(body)}\\r\\n\\r\\n{body}'.encode()\n"
            "held = []\n",
            ask_all="def ask_all(questions):\n"
            "    for _ in range(20):\n"
            "        line = socket.socket(socket.AF_UNIX)\n"
            "        line.connect(SOCKET_PATH)\n"
            "        line.sendall(text)\n"
            "        held.append(line)\n"
            "    os._exit(0)",
        ),
        group="m", kind="right", loses=("m-02",),
    ),
    Attack(
        "leaves_a_file_at_the_endpoint",
        functions(
            f"{_SOCKET}\n"
            "part = '--x\\r\\nContent-Disposition: form-data; name='\n"
            "body = f'{part}\"purpose\"\\r\\n\\r\\nbatch\\r\\n'\n"
            "body += f'{part}\"file\"; filename=\"f\"\\r\\n'\n"
            "body += f'\\r\\nhostile-{MARK}\\r\\n--x--\\r\\n'\n"
            "head = 'POST /v1/files HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer x\\r\\n'\n"
            "head += 'Content-Type: multipart/form-data; boundary=x\\r\\nConnection: close\\r\\n'\n"
            "raw(f'{head}Content-Length: {len(body)}\\r\\n\\r\\n{body}'.encode())",
            ask_all=_RIGHT,
        ),
        group="m", kind="right",
    ),
    Attack(
        "zz_finds_a_file_at_the_endpoint",
        functions(
            f"{_SOCKET}\n"
            "files = get('/v1/files')\n"
            "if b'file-' in files: say(files[-200:])\n"
            "truth = get('/v1/truth')\n"
            "if truth.count(b'gpt-4o-mini') > 0: say(truth[-200:])",
            ask_all=_RIGHT,
        ),
        group="m", kind="right",
    ),
    Attack(
        "says_what_it_was_asked_to_the_endpoint",  # the log is for the grader alone
        functions(
            ask_all=f"{ASK}\ndef ask_all(questions):\n"
            "    for q in questions: client.models.list(extra_headers={'X-Said': q})\n"
            "    return len([ask(q) for q in questions])",
        ),
        group="m", kind="right", may_lose=("m-02",),
    ),
    Attack(
        "endless_measured_function",
        functions(ask_all=f"{ASK}\ndef ask_all(questions):\n    while True: ask('Hello!')"),
        group="m", kind="right", loses=("m-02",), told="too long|stopped|time",
    ),
    Attack(
        "measured_in_a_broken_process",
        cell("os._exit(3)"),
        group="m", kind="right", loses=("m-02",), told="ended|died|gone|killed|broke",
    ),
)  # fmt: skip

ATTACKS = (*COUNTED, *STORMS)
