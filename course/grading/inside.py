"""Calls a student's function. The text of this file is sent to the student's process.

It knows nothing but the function's name and its arguments, and uses the standard library alone.
What leaves the process is one JSON text, in base64:

    {"value": …}       what the function returned, as plain JSON
    {"raised": "…"}    the type and message of what it raised
    {"refused": "…"}   why a value is no plain JSON
    {"missing": true}  there is no such function
"""

import asyncio
import base64
import contextlib
import inspect
import io
import json
import math
from decimal import Decimal

MOST_BASE64 = 40_000
MOST_MESSAGE = 300
MOST_DEEP = 40


class _Nowhere(io.TextIOBase):
    """Takes what a function prints, and keeps nothing."""

    def writable(self):
        return True

    def write(self, text):
        return len(text)


class _Refused(Exception):
    """A value holds something that is no plain JSON."""


_pending = []


def call(names, function, arguments):
    """The outcome of one call; `names` are the notebook's own.

    "" when the function is asynchronous: then `finish` has the outcome.
    """
    _pending.clear()
    found = names.get(function)
    if not callable(found):
        return _packed({"missing": True})
    given = json.loads(arguments)
    with _quiet():
        try:
            value = found(*given["arguments"], **given["named"])
        except KeyboardInterrupt:  # the grader's, when the time is up
            raise
        except BaseException as error:
            return _packed({"raised": _message(error)})
        if not inspect.isawaitable(value):
            return _told(value)
    _pending.append(value)
    return ""


async def finish(seconds):
    """The outcome of the call that was asynchronous; it is ended when the time is up."""
    with _quiet():
        try:
            value = await asyncio.wait_for(_pending.pop(), seconds)
        except (KeyboardInterrupt, asyncio.CancelledError):
            raise
        except BaseException as error:
            return _packed({"raised": _message(error)})
        return _told(value)


@contextlib.contextmanager
def _quiet():
    with contextlib.redirect_stdout(_Nowhere()), contextlib.redirect_stderr(_Nowhere()):
        yield


def _packed(outcome):
    return base64.b64encode(json.dumps(outcome, allow_nan=False).encode()).decode()


def _told(value):
    try:
        text = _packed({"value": _plain(value, 0)})
    except _Refused as refused:
        return _packed({"refused": str(refused)})
    except Exception:
        return _packed({"refused": f"a value of type {type(value).__name__} can't be saved."})
    if len(text) > MOST_BASE64:
        return _packed({"refused": f"the {type(value).__name__} that came back is too long."})
    return text


def _plain(value, deep):
    """The value in JSON's own types; a tuple is a list, numpy's float and a Decimal a float."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float | Decimal):
        return _number(value)
    if isinstance(value, str | int):
        return str(value) if isinstance(value, str) else int(value)
    if not isinstance(value, list | tuple | dict):
        name = type(value).__name__
        raise _Refused(f"a {name} came back; return numbers, texts, lists or dictionaries.")
    if deep > MOST_DEEP:
        raise _Refused("what came back is nested too deeply.")
    if not isinstance(value, dict):
        return [_plain(part, deep + 1) for part in value]
    if not all(type(key) is str for key in value):
        raise _Refused("a dictionary came back with keys that are no text.")
    return {key: _plain(part, deep + 1) for key, part in value.items()}


def _number(value):
    if not math.isfinite(value):
        raise _Refused(f"{float(value)!r} came back, which is no number to count with.")
    return float(value)


def _message(error):
    try:
        said = str(error)[:MOST_MESSAGE]
    except Exception:
        said = ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
