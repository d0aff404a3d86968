"""How an endpoint is to behave: every option, in one table, with what it does.

`course endpoint`, `python -m course.endpoint` and connect(simulate={…}) all take these.
"""

import argparse
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from course.errors import CourseError

TASK_LINE = (
    'a .jsonl file with lines {"id": "1", "kind": "classification", "text": "…", "answer": "…", '
    '"wrong": ["…"]}'
)
_CAN_BE_WRITTEN = (str, int, float, Decimal, date, os.PathLike)


@dataclass(frozen=True)
class Options:
    """What can be set of an endpoint; times in seconds of the simulated clock.

    The names of the latencies are those of llm-d-inference-sim; one that is None is the model's
    own. `key` holds the keys that are let in, each with its tier (empty: any key, with `tier`).
    """

    speed: float = 1.0
    clock: float = 1.0
    seed: int = 0
    tier: str = "5"
    key: tuple[str, ...] = ()
    quota: Decimal | None = None
    fault: tuple[str, ...] = ()
    script: str = ""
    outage: str = ""
    assume: tuple[str, ...] = ()
    as_of: date | None = None
    tasks: tuple[Path, ...] = ()
    log: Path | None = None
    time_to_first_token: float | None = None
    time_to_first_token_std_dev: float | None = None
    inter_token_latency: float | None = None
    inter_token_latency_std_dev: float | None = None
    prefill_time_per_token: float | None = None
    time_factor_under_load: float = 1.0
    max_num_seqs: int = 256

    def told(self) -> dict[str, str]:
        """The options that are not the usual ones, as texts; keys are not told."""
        shown = {field.name: getattr(self, field.name) for field in fields(self)}
        usual = {field.name: field.default for field in fields(self)}
        hidden = {"key": f"{len(self.key)} of its own", "log": "yes"}
        changed = {name: value for name, value in shown.items() if value != usual[name]}
        return {name: hidden.get(name) or _shown(value) for name, value in changed.items()}


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


class _Reader(argparse.ArgumentParser):
    def error(self, message: str):
        raise CourseError(f"course endpoint: {message}; course endpoint --help lists the options.")


def _number(*, least: float = 0.0, above: bool = False) -> Callable[[str], float]:
    def read(text: str) -> float:
        number = float(text)
        if not math.isfinite(number) or number < least or (above and number == least):
            bound = "above" if above else "from"
            raise argparse.ArgumentTypeError(f"{text} is not a number {bound} {least:g}")
        return number

    read.__name__ = "number"
    return read


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1")
    return int(text)


def port(text: str) -> int:
    """A port's number, 0 for any."""
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port: a whole number from 0 to 65535")
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no date such as 2027-01-31") from None


def _dollars(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise argparse.ArgumentTypeError(f"{text} is no amount of US dollars such as 0.25")
    return amount


def add_to(reader: argparse.ArgumentParser) -> None:
    """Add all options of an endpoint's behaviour to a reader of command lines."""
    add, many = reader.add_argument, {"action": "append", "default": []}
    add("--speed", type=_number(), help="waiting: 2 is twice as fast, 0 never waits")
    add("--clock", type=_number(above=True), help="60: all its time, limits too, runs 60 times")
    add("--seed", type=int, help="decides all draws: waiting times, faults, right answers")
    add("--tier", help="rate limits of keys: 1, 2, 3, 5, or none (no limits)")
    add("--key", metavar="KEY[=TIER]", help="let in only this key; may be repeated", **many)
    add("--quota", type=_dollars, metavar="USD", help="what each key may spend, then 429")
    add("--fault", metavar="KIND:SHARE", help="429, 500, 503, stall or cut, as 429:0.1", **many)
    add("--script", metavar="LIST", help="what the first requests get, as 429,429,200")
    add("--outage", metavar="FROM:TO", help="503 between these seconds after the start")
    add("--assume", metavar="MODEL=HOW", help="quality: worse, equal or better", **many)
    add("--as-of", type=_day, metavar="DATE", help="models that have left by then are gone")
    add("--tasks", type=Path, metavar="FILE", help=f"more tasks with answers: {TASK_LINE}", **many)
    add("--log", type=Path, metavar="FILE", help="write the truth about each call, as JSON lines")
    for name, what in (
        ("time-to-first-token", "mean"),
        ("time-to-first-token-std-dev", "spread"),
        ("inter-token-latency", "mean"),
        ("inter-token-latency-std-dev", "spread"),
        ("prefill-time-per-token", "by the prompt's length"),
    ):
        add(f"--{name}", type=_number(), metavar="S", help=f"{what}, for all models")
    add("--time-factor-under-load", type=_number(least=1), help="latency at the most calls at once")
    add("--max-num-seqs", type=_whole, help="the most calls at once, for the factor under load")


def reader(program: str, description: str) -> argparse.ArgumentParser:
    """A reader of command lines for all the options; its mistakes are CourseErrors."""
    made = _Reader(prog=program, description=description, allow_abbrev=False)
    add_to(made)
    return made


def options(given: argparse.Namespace) -> Options:
    """The options out of what was read from a command line."""
    names = {field.name for field in fields(Options)}
    told = {name: value for name, value in vars(given).items() if name in names}
    told = {name: value for name, value in told.items() if value is not None}
    return Options(**{k: tuple(v) if isinstance(v, list) else v for k, v in told.items()})


def arguments(wanted: Mapping[str, object]) -> list[str]:
    """The command line for options by name: {"tier": 1} is ["--tier", "1"].

    Lists repeat an option. An unknown name and a value that can't be are CourseErrors.
    """
    line = []
    for name, value in wanted.items():
        if str(name).replace("-", "_") not in {field.name for field in fields(Options)}:
            known = ", ".join(field.name for field in fields(Options))
            raise CourseError(f"simulate has no option {name!r}; it has {known}.")
        for one in value if isinstance(value, list | tuple) else [value]:
            if not isinstance(one, _CAN_BE_WRITTEN):
                raise _not_written(name, one)
            line += [f"--{str(name).replace('_', '-')}={one}"]
    read(line)
    return line


def _not_written(name: str, value: object) -> CourseError:
    wanted = "a text or a number"
    if name == "tasks":
        wanted = f"the name of {TASK_LINE}"
    return CourseError(f"simulate's {name} is of type {type(value).__name__}; give {wanted}.")


def read(line: Sequence[str]) -> Options:
    """The options in a command line that holds nothing else."""
    return options(reader("course endpoint", "").parse_args(line))
