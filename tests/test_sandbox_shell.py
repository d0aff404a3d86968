"""A cell in the sandbox's shell gives what it gives in a notebook's kernel."""

import base64
import re

import nbformat
import pytest
from nbclient import NotebookClient

from course.grading.sandbox import Limits, Sandbox, available

CONTAINED = not available()


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(Limits(cell_seconds=60, seconds=600), contained=CONTAINED) as made:
        yield made


@pytest.fixture
def run(sandbox):
    with sandbox.submission({"helper.py": b"ten = 10"}, "01_sample") as made:
        yield made


SAME = {
    "a value": ["1 + 1", "_ + 1", "_1, In[1], Out[2]"],
    "no value": ["x = 3", "x;", "None"],
    "streams in order": [
        "import sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')\nsys.stdout.write('d')",
    ],
    "a warning": ["import warnings\nwarnings.warn('old', stacklevel=1)\n5"],
    "a table": ["import pandas\npandas.DataFrame({'a': [1.5, 2], 'b': ['x', 'y']})"],
    "display": [
        "from IPython.display import HTML, Markdown, display\n"
        "display(HTML('<b>x</b>'), Markdown('*y*'), 3)\n4",
    ],
    "an updated display": [
        "from IPython.display import display\nhandle = display(1, display_id=True)\n"
        "handle.update(2)",
    ],
    "cleared output": [
        "from IPython.display import clear_output\nprint('gone')\nclear_output()\nprint('kept')",
    ],
    "cleared output that waits": [
        "print('gone')\nclear_output(wait=True)\nprint('kept')",
    ],
    "top-level await": ["import asyncio\nawait asyncio.sleep(0, 7)"],
    "a task that goes on in its own cell": [
        "async def later(): return 3\ntask = asyncio.create_task(later())", "await task",
    ],
    "asyncio.run has a loop already": ["asyncio.run(asyncio.sleep(0))"],
    "magics": ["%%capture held\nprint('x')", "held.stdout", "%pwd\n1", "%who_ls"],
    "%matplotlib": ["%matplotlib inline"],
    "a shell command": ["!echo from outside", "found = !echo kept", "list(found)"],
    "help": ["len?"],
    "sys.exit": ["import sys\nsys.exit(3)"],
    "a slip": ["def f(:", "1 +", "  x = 1\n y = 2"],
    "an own exception": ["class Odd(Exception): pass\nraise Odd('a\\nb')"],
    "Unicode": ["print('é漢🙂')\n'é漢🙂'"],
    "sympathetic reprs": ["{'b': 1, 'a': {1, 2}}", "[[1] * 30] * 4", "'x' * 100"],
    "a class pickled": ["import pickle\nclass P: pass\ntype(pickle.loads(pickle.dumps(P()))) is P"],
    "an import beside the notebook": ["import helper\nhelper.ten"],
    "a widget": ["import ipywidgets\nslider = ipywidgets.IntSlider(value=3)\nslider.value"],
    "an empty cell": ["", "# only a comment", "get_ipython().execution_count"],
    "a broken repr": ["class B:\n    def __repr__(self): raise ValueError('no')\nB()"],
    "a broken rich repr": [
        "class H:\n    def _repr_html_(self): raise ValueError('no')\n"
        "    def __repr__(self): return 'H'\nH()",
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def kernels(tmp_path_factory):
    """What a real kernel gives for all of SAME, one notebook after another."""
    cells = {
        name: [nbformat.v4.new_code_cell(source) for source in sources]
        for name, sources in SAME.items()
    }
    folder = tmp_path_factory.mktemp("kernel")
    (folder / "helper.py").write_text("ten = 10")
    nb = nbformat.v4.new_notebook()
    client = NotebookClient(nb, allow_errors=True, resources={"metadata": {"path": str(folder)}})
    with client.setup_kernel():
        for name, asked in cells.items():
            reset = nbformat.v4.new_code_cell("%reset -f\nget_ipython().execution_count = 0")
            imports = nbformat.v4.new_code_cell(BEFORE)
            nb.cells = [reset, imports, *asked]
            for index, cell in enumerate(nb.cells):
                client.execute_cell(cell, index)
            cells[name] = asked
    return cells


BEFORE = (
    "import asyncio\nfrom IPython.display import clear_output\n"
    "get_ipython().execution_count = 1\nIn[1:] = []\nOut.clear()"
)


def plain(outputs):
    """What must be the same: kinds, streams, values and names of errors; not tracebacks' look."""
    told = []
    for output in outputs:
        kind = output.output_type
        if kind == "stream":
            same = [at for at, one in enumerate(told) if one[:2] == (kind, output.name)]
            if same:  # how a kernel's two streams mix depends on when it flushes them
                told[same[0]] = (*told[same[0]][:2], told[same[0]][2] + output.text)
            else:
                told.append((kind, output.name, output.text))
        elif kind == "error":
            told.append((kind, output.ename, output.evalue))
        else:
            data = {name: text for name, text in output.data.items() if name.startswith("text/")}
            told.append((kind, tuple(sorted(data.items()))))
    return [tuple(re.sub(r"0x[0-9a-f]+|[\w/]*/ipykernel_\d+/|\d+\.py|<ipython-input-[^>]+>", "",
                         str(part)) for part in one) for one in told]  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_outputs_are_those_of_a_kernel(run, kernels, name):
    run.cell(BEFORE)
    ours = [run.cell(source).outputs for source in SAME[name]]
    assert [plain(each) for each in ours] == [plain(cell.outputs) for cell in kernels[name]]
    assert not run.lost


def test_a_plot_is_a_picture_with_and_without_the_magic(run):
    for source in ("import matplotlib.pyplot as plt\nplt.plot([1, 2])", "%matplotlib inline",
                   "fig, ax = plt.subplots()\nax.plot([1, 3])\nplt.show()"):  # fmt: skip
        told = run.cell(source)
        assert told.ok
        pictures = [output.data["image/png"] for output in told.outputs
                    if "image/png" in output.get("data", {})]  # fmt: skip
        assert len(pictures) == ("plot(" in source)
        assert all(base64.b64decode(one).startswith(b"\x89PNG") for one in pictures)


def test_streams_come_in_the_order_in_which_they_were_written(run):
    code = "import os, subprocess, sys\nprint('a')\nprint('b', file=sys.stderr)\nprint('c')\n"
    code += "subprocess.run(['echo', 'd'])\nprint('e')\n"
    code += "if not os.fork():\n    print('child')\n    os._exit(0)\nos.wait()\nprint('f')"
    told = [(output.name, output.text) for output in run.cell(code).outputs]
    assert told == [("stdout", "a\n"), ("stderr", "b\n"), ("stdout", "c\nd\ne\nchild\nf\n")]


def test_timing_magics_print_times(run):
    assert "per loop" in run.cell("%timeit -n 2 -r 2 sum(range(10))").outputs[0].text
    told = run.cell("%%time\nx = 1\nx + 1").outputs
    assert "Wall time" in told[0].text and told[1].data["text/plain"] == "2"


@pytest.mark.parametrize("source", ["input('name? ')", "import getpass\ngetpass.getpass()"])
def test_nobody_can_be_asked_for_input(run, source):
    assert "input() has nobody to ask here" in run.cell(source).problem


def test_a_traceback_is_plain_text_with_the_line(run):
    told = run.cell("def half(n):\n    return n / 0\nhalf(3)")
    text = "\n".join(told.outputs[0].traceback)
    assert "return n / 0" in text and "ZeroDivisionError: division by zero" in text
    assert "\x1b" not in text and told.problem == "ZeroDivisionError: division by zero"


def test_no_traceback_shows_where_the_grader_lies(run):
    asked = run.cell("input()")
    stopped = run.cell("def turn():\n    while True: pass\nturn()", seconds=0.3)
    for told in (asked, stopped):
        text = "\n".join(told.outputs[0].traceback)
        assert "student.py" not in text and "shell.py" not in text and "Cell In" in text
    assert "while True" in text


def test_random_numbers_are_not_the_same_in_each_submission(sandbox):
    draws = []
    for _ in range(2):
        with sandbox.submission({}, "01_sample") as run:
            source = "import random, numpy\n(random.random(), float(numpy.random.rand()))"
            draws.append(run.cell(source).outputs[0].data["text/plain"])
    ours, theirs = (draw.strip("()").split(", ") for draw in draws)
    assert ours[0] != theirs[0] and ours[1] != theirs[1]


def test_the_courses_widgets_and_clients_are_there(run):
    told = run.cell("from course import connect, fact, meter, quiz\nclient = connect()")
    assert told.ok and "simulator on this computer" in told.outputs[0].text
    asked = (
        "client.chat.completions.create(model='gpt-4o-mini', "
        "messages=[{'role': 'user', 'content': 'hello'}]).choices[0].message.role"
    )
    assert run.cell(asked).outputs[-1].data["text/plain"] == "'assistant'"
