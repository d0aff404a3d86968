"""Values written as TOML that a person likes to read: long texts wrapped, as in our banks."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

_WIDTH = 98
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_SHORT = {"\b": "\\b", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def comment(text: str) -> str:
    """The text as one line of a comment."""
    shown = "".join(letter if letter.isprintable() else "�" for letter in " ".join(text.split()))
    return f"# {shown}".rstrip()


def pairs(table: Mapping[str, Any]) -> Iterator[str]:
    """`name = value`, a line each (more for long texts)."""
    for name, value in table.items():
        yield f"{_name(name)} = {value_of(value)}"


def value_of(value: Any) -> str:
    """One value: text, whole number, Decimal, true and false, an array or an inline table."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_name(name)} = {value_of(part)}" for name, part in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(value_of, value))}]"
    return _text(value)


def _number(value: int | float | Decimal) -> str:
    written = f"{Decimal(str(value)):f}"
    return written.rstrip("0").rstrip(".") if "." in written else written


def _name(name: str) -> str:
    return name if _BARE.fullmatch(name) else f'"{_escaped(name)}"'


def _text(text: str) -> str:
    if "\n" not in text and len(text) < _WIDTH - 16:
        return f'"{_escaped(text)}"'
    lines = "\n".join(_wrapped(_escaped_long(line)) for line in text.split("\n"))
    return f'"""\n{lines}"""'


def _wrapped(line: str) -> str:
    """Lines that end in a backslash go on; only single spaces can stand before one."""
    rows = [""]
    for word in re.split(r"(?<=[^ ] )(?=\S)", line):
        if len(rows[-1]) + len(word) > _WIDTH and rows[-1]:
            rows.append("")
        rows[-1] += word
    return "\\\n".join(rows)


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return _CONTROL.sub(lambda found: _SHORT.get(found[0], f"\\u{ord(found[0]):04x}"), text)


def _escaped_long(line: str) -> str:
    """Inside three quotes only quotes in a row, and one at the very end, need a backslash."""
    text = re.sub('"(?="|$)', '\\\\"', line.replace("\\", "\\\\"))
    return _CONTROL.sub(lambda found: _SHORT.get(found[0], f"\\u{ord(found[0]):04x}"), text)
