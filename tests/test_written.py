"""Which functions a notebook holds."""

import json

import pytest

from course.quiz.written import written

STUB = 'def share(right, count):\n    """Return the share."""\n    # Your code here\n    ...\n'


def notebook(*sources):
    cells = [{"cell_type": "code", "source": source} for source in sources]
    return json.dumps({"cells": cells}).encode()


@pytest.mark.parametrize(
    "source",
    [
        "def share(right, count):\n    return right / count",
        "async def share(right, count):\n    return right / count",
        "share = lambda right, count: right / count",
        "from operator import truediv as share",
        "%matplotlib inline\ndef share(right, count):\n    return right / count",
        "class share:\n    def __new__(cls, right, count):\n        return right / count",
    ],
)
def test_a_function_is_found_however_it_is_written(source):
    assert written(notebook("x = 1", source), ["share", "other"]) == {"share"}


@pytest.mark.parametrize(
    "source",
    [STUB, "def share(right, count):\n    pass", "# def share", "shares = 3", "print('share')"],
)
def test_a_stub_or_a_mention_is_no_answer(source):
    assert written(notebook(source), ["share"]) == frozenset()


def test_source_in_lines_is_read_too_and_prose_is_not():
    lines = [{"cell_type": "code", "source": ["def share():\n", "    return 1"]}]
    prose = [{"cell_type": "markdown", "source": "def share(): return 1"}]
    assert written(json.dumps({"cells": lines}).encode(), ["share"]) == {"share"}
    assert written(json.dumps({"cells": prose}).encode(), ["share"]) == frozenset()


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"cells": [1]}', b"[" * 100_000, b"\xff"])
def test_a_notebook_that_cannot_be_read_has_none(broken):
    assert written(broken, ["share"]) == frozenset()
