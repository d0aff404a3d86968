"""Every price, limit, date and model id that the course shows, with its source and its age.

    >>> price = fact("gpt-4o-mini.input_price")
    >>> print(price)
    0.15
    >>> price
    0.15 USD per 1M tokens (genai-prices 0.2.3; litellm 1.106.2 agrees; checked 2026-11-21)

A fact is its value: a text, a whole number, a Decimal or a date, to pass on and to reckon with.
What is worked out from facts is an ordinary value again.
"""

import difflib
import os
import re
import tomllib
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

from course.errors import CourseError

FACTS_FILE = Path(__file__).with_name("facts.toml")
_FIELDS = {"value", "unit", "source", "checked", "expires", "status"}
_STATUSES = ("read", "measured", "computed", "unconfirmed")


class Fact:
    """What all facts know about themselves: name, value, unit, source, checked, expires, status.

    `value` is the plain str, int, Decimal or date; `note` is a text or None; `expired` says
    whether `expires` is before `today()`.
    """

    name: str
    unit: str
    source: str
    checked: date
    expires: date
    status: str
    note: str | None

    @property
    def value(self) -> "str | int | Decimal | date":
        return self._plain()

    @property
    def expired(self) -> bool:
        return today() > self.expires

    def __repr__(self) -> str:
        doubt = "; unconfirmed" if self.status == "unconfirmed" else ""
        # The unit of a text or a date says what it is; only a number needs it to be read.
        unit = "" if isinstance(self, str | date) else f" {self.unit}"
        return f"{self}{unit} ({self.source}; checked {self.checked}{doubt})"

    # An instance is rebuilt from its parts: the value types' own ways would lose them.
    def __reduce_ex__(self, protocol):
        return _build, (type(self), self.value, dict(self.__dict__))

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


class TextFact(Fact, str):
    def _plain(self) -> str:
        return str.__str__(self)


class WholeFact(Fact, int):
    __str__ = int.__repr__

    def _plain(self) -> int:
        return int(self)


class NumberFact(Fact, Decimal):
    def _plain(self) -> Decimal:
        return Decimal(self)


class MoneyFact(NumberFact):
    """An amount of US dollars; the unit says for how much."""


class DateFact(Fact, date):
    def __new__(cls, *args) -> date:
        # date's own arithmetic calls this: a day reckoned from a fact is a plain date.
        return date(*args)

    def replace(self, *args, **changes) -> date:
        return self.value.replace(*args, **changes)

    def _plain(self) -> date:
        return date(self.year, self.month, self.day)


def _build(kind: type[Fact], value, about: dict) -> Fact:
    base = next(base for base in (str, int, Decimal, date) if issubclass(kind, base))
    if base is date:
        made = date.__new__(kind, value.year, value.month, value.day)
    else:
        made = base.__new__(kind, value)
    made.__dict__.update(about)
    return made


def _kind(value, unit: str) -> type[Fact] | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal) and unit.startswith("USD"):
        return MoneyFact
    kinds = {str: TextFact, int: WholeFact, Decimal: NumberFact, date: DateFact}
    return kinds.get(type(value))


def _read_row(name: str, row: object, path: Path) -> Fact:
    def broken(why: str) -> CourseError:
        return CourseError(f"{path.name}: the fact {name!r} {why}; mend that entry.")

    if not isinstance(row, dict):
        raise broken('is not a table like ["gpt-4o-mini.input_price"]')
    if missing := _FIELDS - row.keys():
        raise broken(f"has no {', '.join(sorted(missing))}")
    if unknown := row.keys() - _FIELDS - {"note"}:
        raise broken(f"has an unknown field {', '.join(sorted(unknown))}")
    for field in ("unit", "source"):
        if not isinstance(row[field], str) or not row[field]:
            raise broken(f"needs a text in {field}")
    for field in ("checked", "expires"):
        if type(row[field]) is not date:
            raise broken(f"needs a date such as 2026-11-21 in {field}")
    if row["status"] not in _STATUSES:
        raise broken(f"has the status {row['status']!r} instead of {', '.join(_STATUSES)}")
    kind = _kind(row["value"], row["unit"])
    if kind is None:
        raise broken("has a value that is no text, number or date")
    about = {"name": name, "note": None, **row}
    return _build(kind, about.pop("value"), about)


def read_facts(path: Path) -> dict[str, Fact]:
    """The facts in a TOML file, by name. A missing or garbled file is a CourseError."""
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise CourseError(
            f"The course's facts cannot be read from {path} ({error.strerror}); "
            "install the course again."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(f"{path.name} is not valid TOML: {error}; mend it there.") from None
    if not rows:
        raise CourseError(f"{path.name} holds no facts; install the course again.")
    return {name: _read_row(name, row, path) for name, row in rows.items()}


@cache
def _stored() -> dict[str, Fact]:
    return read_facts(FACTS_FILE)


def facts() -> dict[str, Fact]:
    """All facts by name; COURSE_SMALL_MODEL in the environment replaces course.small_model."""
    known = dict(_stored())
    if chosen := os.environ.get("COURSE_SMALL_MODEL", "").strip():
        about = dict(known["course.small_model"].__dict__, source="COURSE_SMALL_MODEL, set here")
        known["course.small_model"] = _build(TextFact, chosen, about)
    return known


def fact(name: str) -> Fact:
    """The fact of that name, such as "gpt-4o-mini.input_price"; CourseError if there is none."""
    known = facts()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5)
    hint = f"near it are {', '.join(near)}" if near else "course.facts.facts() lists them all"
    raise CourseError(f"There is no fact {name!r}; {hint}.")


def models() -> list[str]:
    """The ids of the models that write text and have a price, in the order of the file.

    A model that only makes embeddings has a price of input, but none of output.
    """
    ending = ".output_price"
    return [name.removesuffix(ending) for name in facts() if name.endswith(ending)]


def family(model: str) -> str:
    """The name without a snapshot's date: gpt-4o-mini-2024-07-18 is a gpt-4o-mini."""
    return re.sub(r"-(\d{4}-\d{2}-\d{2}|\d{4})$", "", model)


def today() -> date:
    """Today, or the day in COURSE_DATE (such as 2031-01-01): the course's one calendar."""
    pretended = os.environ.get("COURSE_DATE", "").strip()
    if not pretended:
        return date.today()
    try:
        return date.fromisoformat(pretended)
    except ValueError:
        raise CourseError(
            f"COURSE_DATE is {pretended!r}, which is no date; write it like 2031-01-01 or unset it."
        ) from None


def edition() -> date:
    """The newest day on which a fact was checked: what lessons show is pinned to it."""
    return max(known.checked for known in _stored().values())


def near_expiry(days: int = 30) -> list[Fact]:
    """The facts that have expired or will within so many days of `today()`; soonest first."""
    last = today() + timedelta(days=days)
    return sorted(
        (known for known in facts().values() if known.expires <= last),
        key=lambda known: (known.expires, known.name),
    )


def expired() -> list[Fact]:
    """The facts past their expiry on `today()`, the oldest first."""
    return [known for known in near_expiry(0) if known.expired]
