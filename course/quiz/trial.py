"""Trying a student's function in the notebook on the examples that an item shows."""

import asyncio
import copy
import html
import inspect
import math
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from course.quiz import static
from course.quiz.judge import explain_case, is_right

_MOST_DEEP = 40
_MOST_MESSAGE = 300


@dataclass(frozen=True, repr=False)
class Trial:
    """What came of an item's visible cases: one outcome each, as `course.quiz.judge` has them.

    Without a function there are no outcomes at all.
    """

    item: Mapping[str, Any]
    outcomes: tuple[dict[str, Any], ...] | None

    @property
    def is_right(self) -> bool:
        """Whether there is a function, and each visible case gave what is expected."""
        return self.outcomes is not None and self._right() == len(self.item["cases"])

    def told(self) -> str:
        """The result in words, case by case."""
        return "\n".join([self._summary(), *self._cases()])

    def __repr__(self) -> str:
        return f"{static.text(self.item)}\n\n{self.told()}"

    def _repr_html_(self) -> str:
        cases = "".join(f"<pre>{html.escape(case)}</pre>" for case in self._cases())
        return (
            f'{static.page(self.item)}<div dir="auto" role="status">'
            f"<p><strong>{html.escape(self._summary())}</strong></p>{cases}</div>"
        )

    def _summary(self) -> str:
        name, cases = self.item["function"], self.item["cases"]
        if self.outcomes is None:
            return f"There is no function {name} yet: write it in a cell, run it, then run this."
        count = f"{self._right()} of {len(cases)} examples are right."
        said = count if cases else f"The function {name} is there."
        more = self.item.get("hidden") or self.item.get("bounds")
        return f"{said} More is tried when it is graded." if more else said

    def _cases(self) -> list[str]:
        pairs = zip(self.item["cases"], self.outcomes or (), strict=False)
        return [explain_case(*pair, function=self.item["function"]) for pair in pairs]

    def _right(self) -> int:
        return sum(map(is_right, self.item["cases"], self.outcomes or ()))


def find(name: str) -> Callable[..., Any] | None:
    """The function of that name in the running notebook; None where there is none."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    found = getattr(shell, "user_ns", {}).get(name)
    return found if callable(found) else None


def run(item: Mapping[str, Any], function: Callable[..., Any] | None) -> Trial:
    """Call the function with each visible case of an item."""
    if function is None:
        return Trial(item, None)
    return Trial(item, tuple(outcome(function, case) for case in item["cases"]))


def outcome(function: Callable[..., Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """What a call gives: `{"value": JSON}`, `{"raised": …}` or `{"refused": why}`.

    A coroutine is run to its end in a thread of its own, for a notebook's loop is running.
    """
    given = copy.deepcopy((case["arguments"], case["named"]))  # a function may change its lists
    try:
        value = function(*given[0], **given[1])
        value = _awaited(value) if inspect.iscoroutine(value) else value
    except (Exception, SystemExit) as error:
        return {"raised": raised(error)}
    return told(value)


def told(value: Any) -> dict[str, Any]:
    """The outcome for a value that came back, whatever it is: as plain JSON, or why not."""
    try:
        return {"value": plain(value)}
    except ValueError as why:
        return {"refused": str(why)}
    except Exception:  # a class of the student's own that only looks like a list
        return {"refused": f"a value of type {type(value).__name__} can't be saved."}


def raised(error: BaseException) -> str:
    """The type and the message of an exception, in one text."""
    try:
        said = str(error)[:_MOST_MESSAGE]
    except Exception:
        said = ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def plain(value: Any, deep: int = 0) -> Any:
    """The value in JSON's own types, or ValueError saying why it has none.

    A tuple is a list; a Decimal, and numpy's numbers that are Python's as well, are numbers.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float | Decimal):
        if not math.isfinite(value):
            raise ValueError(f"{float(value)!r} came back, which is no number to count with.")
        return float(value)
    if isinstance(value, str | int):
        return str(value) if isinstance(value, str) else int(value)
    if not isinstance(value, list | tuple | dict):
        name = type(value).__name__
        raise ValueError(f"a {name} came back; return numbers, texts, lists or dictionaries.")
    if deep > _MOST_DEEP:
        raise ValueError("what came back is nested too deeply.")
    if not isinstance(value, dict):
        return [plain(part, deep + 1) for part in value]
    if not all(type(key) is str for key in value):
        raise ValueError("a dictionary came back with keys that are no text.")
    return {key: plain(part, deep + 1) for key, part in value.items()}


def _awaited(coroutine: Any) -> Any:
    """The value of a coroutine, or what it raises."""
    found: dict[str, Any] = {}

    def work() -> None:
        try:
            found["value"] = asyncio.run(coroutine)
        except BaseException as error:
            found["error"] = error

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join()
    if "error" in found:
        raise found["error"]
    return found["value"]
