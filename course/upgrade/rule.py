"""The rule of a decision, written down before anything is measured: a TOML file, a dict, a Rule.

baseline = "gpt-4o-mini"        # the model in use
candidate = "gpt-4o"            # the one that might replace it
error_worth_usd = 0.05          # what one avoided error is worth, in US dollars
min_accuracy = 0.9              # and, if wanted: the smallest share of right answers,
max_p95_s = 2.5                 # the seconds within which 95 of 100 answers must be there,
monthly_items = 50_000          # how many items a month,
monthly_budget_usd = 100        # the most they may cost,
confidence = 0.95               # how sure the intervals are
"""

import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path

from course.errors import CourseError

_A_MODEL = 'a model as the table names it, in quotation marks, such as "gpt-4o-mini"'
_A_SHARE = "a share from 0 to 1, such as 0.9 for 90 %"

_WANTED = {
    "baseline": _A_MODEL,
    "candidate": _A_MODEL,
    "error_worth_usd": "US dollars from 0 up, such as 0.05",
    "min_accuracy": _A_SHARE,
    "max_p95_s": "seconds above 0, such as 2.5",
    "monthly_items": "a whole number from 1 up, such as 50000",
    "monthly_budget_usd": "US dollars above 0, such as 100",
    "confidence": "a share from 0.5 up to, but not, 1, such as 0.95",
}
_REQUIRED = ("baseline", "candidate", "error_worth_usd")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What would decide, in the fields of the file; a CourseError names a wrong one.

    `min_accuracy` and `confidence` are shares, `max_p95_s` seconds, what ends in `_usd` US
    dollars. Amounts become Decimals as they are written, other numbers floats.
    """

    baseline: str
    candidate: str
    error_worth_usd: Decimal
    min_accuracy: float | None = None
    max_p95_s: float | None = None
    monthly_items: int | None = None
    monthly_budget_usd: Decimal | None = None
    confidence: float = 0.95

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            optional = field.name not in (*_REQUIRED, "confidence")
            if value is not None or not optional:
                object.__setattr__(self, field.name, _checked(field.name, value))
        if self.baseline == self.candidate:
            raise CourseError(
                f"baseline and candidate are both {self.baseline!r}; name two different models."
            )
        if self.monthly_budget_usd is not None and self.monthly_items is None:
            raise CourseError(
                "monthly_budget_usd needs monthly_items: "
                "without a volume nobody can say what a month costs."
            )

    def as_dict(self) -> dict[str, object]:
        """The fields that are set, amounts as floats, for JSON."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: float(value) if isinstance(value, Decimal) else value
            for name, value in values.items()
            if value is not None
        }


def read_rule(rule: "Rule | Mapping | str | Path") -> Rule:
    """The rule in a TOML file, or in a mapping with the same keys; a Rule is returned as it is.

    A file that can't be read, a missing or unknown key, a value of the wrong kind: CourseError.
    """
    if isinstance(rule, Rule):
        return rule
    if isinstance(rule, Mapping):
        return _made(rule)
    if not isinstance(rule, str | Path):
        raise CourseError(f"A rule is a TOML file, a dict or a Rule, not {type(rule).__name__}.")
    path = Path(rule)
    try:
        return _made(_parsed(path))
    except CourseError as error:
        raise CourseError(f"{path.name}: {error}") from None


def _parsed(path: Path) -> dict:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"), parse_float=Decimal)
    except OSError as error:
        raise CourseError(f"the rule can't be read ({error.strerror}); name a TOML file.") from None
    except UnicodeDecodeError:
        raise CourseError("this is not UTF-8 text; save the rule as plain text.") from None
    except tomllib.TOMLDecodeError as error:
        raise CourseError(
            f'this is not TOML: {error}; write a line a key, such as baseline = "gpt-4o-mini" or '
            "error_worth_usd = 0.05, with names in quotation marks and numbers without."
        ) from None


def _made(given: Mapping) -> Rule:
    for key in given:
        if key not in _WANTED:
            near = difflib.get_close_matches(str(key), _WANTED, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(_WANTED)}."
            raise CourseError(f"the rule has no key {str(key)!r}; {hint}")
    for key in _REQUIRED:
        if given.get(key) is None:
            raise CourseError(f"the rule has no {key}; write {_WANTED[key]}.")
    return Rule(**given)


def _checked(name: str, value: object) -> object:
    if name in ("baseline", "candidate"):
        if isinstance(value, str) and value.strip():
            return value.strip()
        raise _wrong(name, value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        # Numbers of numpy are numbers too, but no int or float of Python's.
        value = _plain_number(name, value)
    if not _is_finite(value) or not _ALLOWED[name](value):
        raise _wrong(name, value)
    if name == "monthly_items":
        return int(value)
    return Decimal(str(value)) if name.endswith("_usd") else float(value)


_ALLOWED = {
    "error_worth_usd": lambda value: value >= 0,
    "min_accuracy": lambda value: 0 <= value <= 1,
    "max_p95_s": lambda value: value > 0,
    "monthly_items": lambda value: value >= 1 and value == int(value),
    "monthly_budget_usd": lambda value: value > 0,
    "confidence": lambda value: 0.5 <= value < 1,
}


def _is_finite(value: int | float | Decimal) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


def _plain_number(name: str, value: object) -> int | float:
    number = value.item() if hasattr(value, "item") else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise _wrong(name, value)
    return number


def _wrong(name: str, value: object) -> CourseError:
    shown = str(value) if isinstance(value, Decimal) else repr(value)[:60]
    if isinstance(value, bool):
        shown = str(value).lower()
    advice = f"write {_WANTED[name]}"
    if isinstance(value, str) and name not in ("baseline", "candidate"):
        advice = f"write {_WANTED[name]}, without quotation marks"
    return CourseError(f"{name} is {shown}; {advice}.")
