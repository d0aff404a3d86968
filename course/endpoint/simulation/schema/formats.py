"""The formats of strings that Structured Outputs have."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

HONEST = "simulated"
"""What a string says that may say anything."""


@dataclass(frozen=True, slots=True)
class Format:
    """One `format` of strings: the expression of a whole text, and how one is drawn."""

    expression: re.Pattern
    make: Callable[[random.Random], str]

    def fits(self, text: str) -> bool:
        return self.expression.fullmatch(text) is not None


def _format(expression: str, make: Callable[[random.Random], str]) -> Format:
    return Format(re.compile(expression, re.ASCII), make)


_DAY = (
    r"\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"
    r"|02-(?:0[1-9]|1\d|2[0-8]))"
)
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_BYTE = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
FORMATS = {
    "date": _format(_DAY, lambda draw: f"2025-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"),
    "time": _format(_CLOCK, lambda draw: f"{draw.randint(0, 23):02}:{draw.randint(0, 59):02}:00Z"),
    "date-time": _format(
        f"{_DAY}T{_CLOCK}",
        lambda draw: f"{FORMATS['date'].make(draw)}T{FORMATS['time'].make(draw)}",
    ),
    "duration": _format(
        r"P(?:\d+W|(?=\d|T\d)(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?)",
        lambda draw: f"P{draw.randint(1, 9)}D",
    ),
    "email": _format(rf"[\w.+-]+@{_LABEL}(?:\.{_LABEL})+", lambda _: f"{HONEST}@example.com"),
    "hostname": _format(
        rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*", lambda _: f"{HONEST}.example.com"
    ),
    "ipv4": _format(rf"{_BYTE}(?:\.{_BYTE}){{3}}", lambda draw: f"192.0.2.{draw.randint(1, 254)}"),
    "ipv6": _format(
        r"(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|2001:db8::[0-9a-f]{1,4}",
        lambda draw: f"2001:db8::{draw.randint(1, 65535):x}",
    ),
    "uuid": _format(
        "-".join(f"[0-9A-Fa-f]{{{count}}}" for count in (8, 4, 4, 4, 12)),
        lambda draw: str(UUID(int=draw.getrandbits(128), version=4)),
    ),
}
"""The formats of Structured Outputs; what is drawn is of the ranges kept for examples."""
