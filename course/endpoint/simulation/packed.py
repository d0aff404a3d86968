"""Prompts that hold their texts as JSON: one line for each string, or one text for each number."""

import contextlib
import json
import re
from collections.abc import Iterator
from itertools import islice

JSON_OPENING = re.compile(r'[\[{](?=\s*["\[{])')
_NUMBER = re.compile(r"(?<!\d)\d{1,6}\Z")


def unpacked(text: str) -> tuple[str, list[tuple[int, str]]]:
    """The text with the first JSON array or object in it as one line per string, and its entries.

    Entries are what JSON tells apart by number, {"1": "…", "2": "…"} or a list of objects with a
    whole number and a string each; there are none where any string has no number of its own.
    """
    for opening in islice(JSON_OPENING.finditer(text), 8):
        with contextlib.suppress(ValueError, RecursionError):
            value, end = json.JSONDecoder().raw_decode(text, opening.start())
            lines = "\n".join((text[: opening.start()], *_lines(value), text[end:]))
            return lines, _numbered(value)
    return text, []


def _lines(value: object, label: str = "") -> Iterator[str]:
    if isinstance(value, str):
        yield label + value
    elif isinstance(value, list):
        for one in value:
            yield from _lines(one, label)
    elif isinstance(value, dict):
        number = next((one for one in value.values() if type(one) is int), None)
        for key, one in value.items():
            yield from _lines(one, f"{key}: " if number is None else f"{number}. ")


def _numbered(value: dict | list) -> list[tuple[int, str]]:
    if isinstance(value, dict):
        named = [(_NUMBER.search(key), one) for key, one in value.items()]
        entries = [(int(name[0]), one) for name, one in named if name and isinstance(one, str)]
    else:
        entries = [entry for one in value if isinstance(one, dict) for entry in _entry(one)]
    alone = len({number for number, _ in entries}) == len(value) == len(entries)
    return entries if alone else []


def _entry(fields: dict) -> list[tuple[int, str]]:
    """The number and the text of an object that has one of each."""
    numbers = [one for one in fields.values() if type(one) is int]
    texts = [one for one in fields.values() if isinstance(one, str)]
    return [(numbers[0], texts[0])] if len(numbers) == len(texts) == 1 else []
