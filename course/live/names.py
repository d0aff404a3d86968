"""Codes to join with, and how people are called. Pure but for the draw of new codes."""

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Container

from course.errors import CourseError

LETTERS = "ABCDEFGHJKMNPQRSTWXYZ"
"""Without I, L, O (like 1 and 0), U and V (like each other)."""
CODE_LENGTH = 6
LONGEST_NAME = 40
TOKEN_LENGTHS = range(16, 129)
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def new_code() -> str:
    """Six letters: one of 86 million."""
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


def new_secret() -> str:
    """What proves that somebody is the instructor: 128 random bits."""
    return secrets.token_urlsafe(16)


def for_screen(secret: str) -> str:
    """What the projector says instead of the secret: whoever reads it there can only look on."""
    return hashlib.sha256(f"screen|{secret}".encode()).hexdigest()[:22]


def plain_code(written: str) -> str:
    """A code as somebody may type it ("abc def", "ABC-DEF"), in its plain form."""
    return "".join(written.split()).replace("-", "").upper()


def same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in a time that tells nothing about where they differ."""
    pair = (text.encode("utf-8", "surrogatepass") for text in (one, other))
    return hmac.compare_digest(*pair)


def who(meeting: str, token: str) -> str:
    """The id of the student who holds the token; nobody can work the token out from it."""
    told = f"{meeting}|{token}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(told).hexdigest()[:16]


def clean(written: str) -> str:
    """A name as it may stand on a screen: one line, no unseen signs; CourseError for none."""
    seen = (sign for sign in written if unicodedata.category(sign) not in _UNSEEN)
    name = " ".join(unicodedata.normalize("NFC", "".join(seen)).split())
    if not any(sign.isalnum() for sign in name):
        raise CourseError("Give a name with at least one letter or digit.")
    if len(name) > LONGEST_NAME or _stacked(name):
        raise CourseError(f"Give a shorter name: at most {LONGEST_NAME} signs.")
    return name


def free(name: str, taken: Container[str]) -> str:
    """The name, with a number behind it where somebody (`taken`, case-folded) has it already."""
    number, tried = 2, name
    while tried.casefold() in taken:
        tried, number = f"{name} ({number})", number + 1
    return tried


def _stacked(name: str) -> bool:
    """Whether many accents stand on one letter, which would cover the lines above."""
    marks = "".join("m" if unicodedata.combining(sign) else " " for sign in name)
    return max(map(len, marks.split()), default=0) > 3
