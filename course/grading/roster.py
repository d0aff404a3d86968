"""Who the students are elsewhere: a class list as CSV, such as Canvas's or Moodle's own export."""

import csv
import io
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from course.errors import CourseError

COLUMNS = {
    "student": ("student", "name", "full name"),
    "first": ("first name", "firstname", "given name"),
    "last": ("last name", "lastname", "surname", "family name"),
    "id": ("id",),
    "sis_user_id": ("sis user id",),
    "sis_login_id": ("sis login id",),
    "section": ("section",),
    "username": ("username", "login", "user name"),
    "id_number": ("id number", "idnumber", "student number"),
    "email": ("email address", "email", "e-mail"),
}
"""What is known of a person, and how such a column may be headed (in small letters)."""
_NAMES = ("student", "sis_login_id", "username", "sis_user_id", "id_number", "id", "email")
_POINTS = "points possible"
_MOST_BYTES = 20_000_000


@dataclass(frozen=True)
class Person:
    """One line of a class list; "" for what it does not tell."""

    known: Mapping[str, str] = field(default_factory=dict)

    def get(self, *columns: str) -> str:
        """The first of these columns that is filled."""
        return next((self.known[name] for name in columns if self.known.get(name)), "")

    @property
    def name(self) -> str:
        """As Canvas writes it: family name, given name; else whatever there is."""
        both = [self.known.get("last", ""), self.known.get("first", "")]
        return self.get("student") or ", ".join(filter(None, both))

    def calls(self) -> Iterator[str]:
        """All that the person may have handed in under."""
        yield from (self.known[name] for name in _NAMES if self.known.get(name))
        yield self.get("email").partition("@")[0]
        last, _, first = (part.strip() for part in self.name.partition(","))
        yield f"{first} {last}" if first else ""
        yield f"{self.get('first')} {self.get('last')}"


@dataclass(frozen=True)
class Roster:
    """A class list, to be asked who somebody is."""

    people: tuple[Person, ...]

    def find(self, students: Iterable[str]) -> tuple[dict[str, Person], list[str]]:
        """The people behind the names of hand-ins, and a sentence for each that is not clear."""
        index = defaultdict(set)
        for number, person in enumerate(self.people):
            for call in person.calls():
                index[_plain(call)].add(number)
        index.pop("", None)
        found, owners, remarks = {}, defaultdict(list), []
        for student in students:
            numbers = index.get(_plain(student), set())
            if len(numbers) == 1:
                owners[next(iter(numbers))].append(student)
            else:
                many = f"{len(numbers)} people are called {student}" if numbers else ""
                remarks.append(f"{many or f'{student} is not'} in the class list.")
        for number, names in owners.items():
            if len(names) == 1:
                found[names[0]] = self.people[number]
            else:
                remarks.append(f"{' and '.join(names)} are one person in the class list.")
        return found, remarks


def read(path: str | Path) -> Roster:
    """The class list in a CSV file (with commas, semicolons or tabs), or CourseError."""
    path = Path(path)
    try:
        content = path.read_bytes()[: _MOST_BYTES + 1]
        rows = list(csv.reader(io.StringIO(_decoded(content), newline=""), _Dialect(content)))
    except OSError as error:
        raise CourseError(f"{path} can't be read ({error.strerror}).") from None
    except (UnicodeDecodeError, csv.Error):
        raise CourseError(f"{path} is no CSV file in UTF-8: save the class list as one.") from None
    heads = {place: name for place, head in enumerate(rows[0] if rows else ())
             if (name := _column(head))}  # fmt: skip
    if not set(heads.values()) & {*_NAMES, "first", "last"}:
        raise CourseError(
            f"{path} has no column that names students: its first line must hold headings such as "
            "Student, SIS Login ID, Username or Email address."
        )
    people = [Person({name: row[place].strip() for place, name in heads.items()
                      if place < len(row) and row[place].strip()})
              for row in rows[1:]]  # fmt: skip
    return Roster(tuple(one for one in people if one.known and _POINTS not in one.name.lower()))


def _decoded(content: bytes) -> str:
    if len(content) > _MOST_BYTES:
        raise csv.Error
    return content.decode("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")


class _Dialect(csv.excel):
    """Excel's, with the separator that the first line has most of."""

    def __init__(self, content: bytes):
        first = content.split(b"\n", 1)[0].replace(b"\0", b"")
        self.delimiter = max(",;\t", key=lambda sign: first.count(sign.encode()))
        super().__init__()


def _column(head: str) -> str:
    plain = _plain(head)
    return next((name for name, spelt in COLUMNS.items() if plain in spelt), "")


def _plain(name: str) -> str:
    """The name as it is compared: one form of accents, small letters, single spaces."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
