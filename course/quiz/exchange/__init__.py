"""Question banks in the formats of others: GIFT, Moodle XML and QTI.

`export` writes a bank as GIFT, Moodle XML or QTI 2.1, `read` makes a draft of bank.toml from
GIFT, Moodle XML or QTI 1.2. Both tell every loss in a sentence. A file that is read comes from
a stranger: nothing in it is run, fetched or unpacked to the disk, and its size is bounded.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course.errors import CourseError
from course.quiz.exchange import gift, losses, moodle, qti21
from course.quiz.exchange.reading import read_draft
from course.quiz.items import Bank

_WRITERS = {
    "gift": (gift.write, ".gift.txt", ()),
    "moodle-xml": (moodle.write, ".moodle.xml", ("shuffle",)),
    "qti21": (qti21.write, ".qti21.zip", ("shuffle", "attempts", "feedback")),
}
FORMATS = tuple(_WRITERS)


@dataclass(frozen=True)
class Exported:
    """A file's content and a name for it; `losses` says what it could not hold."""

    content: bytes
    filename: str
    losses: list[str]


@dataclass(frozen=True)
class Imported:
    """The text of a draft bank.toml; `losses` says what of the file is not in it."""

    bank_toml: str
    losses: list[str]


def export(bank: Bank, to: str, *, facts: Mapping[str, Any] | None = None) -> Exported:
    """The bank as a file `to` one of FORMATS.

    `facts` (as `course.facts.facts()` gives them) let the losses tell the values written out.
    Raises CourseError for another format, and for a bank of which nothing can go over.
    """
    if to not in FORMATS:
        raise CourseError(f"{to!r} is no format to export to; use {', '.join(FORMATS)}.")
    write, ending, held = _WRITERS[to]
    told = losses.Losses()
    items = losses.of_bank(bank, facts or {}, told, held=held)
    if not items:
        raise CourseError(f"The quiz {bank.quiz} has no item that {to} could hold.")
    return Exported(write(bank, items, told), f"{bank.quiz}{ending}", told.told())


def read(path: str | Path) -> Imported:
    """A draft bank from a file in GIFT, Moodle XML or QTI 1.2 (also zipped).

    Raises CourseError, with the line where there is one, for what cannot be read.
    """
    return Imported(*read_draft(Path(path)))
