"""Tasks with reference answers: found in a request, and answered right or wrong by a stated draw.

Kinds: classification, extraction (fields of a text), document (a question about one), arithmetic,
tools (which to call, how) and picture (fields of one). Whether a model is right is for
`abilities.py` to say; a wrong answer is one of the plausible ones that the reference names.
Writing, summaries and the wording of prompts are not scored: they have no reference answer.

How a text is found. It must be in the last message, the user's, white space aside. It may start
at a line, after a sentence, a bracket, a quotation mark or a colon, or be a string in JSON; it must
end where a line ends or before a quotation mark or a tag. The longest text that fits is taken, and
the search goes on behind it, so a packed prompt gives its items in order, each with the number
written before it, if all have one, or else counted from 1. Texts without a reference are passed
over. Items with the same text are told apart by `when`, a word of the instructions.
"""

import contextlib
import json
import os
import re
import tomllib
from base64 import b64decode
from bisect import bisect
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import sha256
from itertools import accumulate, islice, pairwise
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from course.endpoint.simulation.reference import LABEL, LEAST, Found, Item
from course.endpoint.simulation.replies import fold
from course.endpoint.simulation.sums import sums
from course.errors import CourseError

REFERENCES = Path(__file__).with_name("references")
MORE = "COURSE_TASKS"
"""In the environment: further files or folders of tasks, parted like those of PATH."""
OPENING = re.compile(r"[:：.!?)\]>\"“”„«`'|] ?|(?<![^ ])[-*•–] ")
"""Behind this, a text may start within a line; the starts of lines always count."""
CLOSING = re.compile(r" ?[\"”“»`'<|]")
"""Before this, a text may end within a line."""
JSON_OPENING = re.compile(r'[\[{](?=\s*["\[{])')


class Tasks:
    """A book of items, which finds those that a request asks about."""

    def __init__(self, items: Sequence[Item]):
        self.items = {item.id: item for item in items}
        self._texts: dict[str, list[Item]] = {}
        self._pictures: dict[str, list[Item]] = {}
        self._starts: dict[str, list[str]] = {}
        self._longest = 0
        for item in items:
            self._add(item)
        for text in self._texts:
            self._starts.setdefault(text[:LEAST], []).append(text)
            self._longest = max(self._longest, len(text))
        for texts in self._starts.values():
            texts.sort()
        words = [text.split(" ") for text in self._texts]
        self._pairs = {(two, three) for _, two, three, *more in words if more}
        self._short = any(len(each) < 4 for each in words)
        if len(self.items) < len(items):
            ids = [item.id for item in items]
            twice = next(name for name in ids if ids.count(name) > 1)
            raise CourseError(f"Two tasks have the id {twice}; rename one of them.")

    def find(self, messages: Sequence[Mapping], *, tools: Collection[str] = ()) -> list[Found]:
        """The items asked about, in order; none unless the user (or a tool's result) comes last.

        Items about tools need theirs among the names in `tools`. Where the book has nothing, the
        sums in the message are items too.
        """
        last = messages[-1].get("role") if messages else None
        if last not in ("user", "tool"):
            return []
        asked = _asked(messages)
        text = asked if isinstance(asked, str) else "\n".join(_parts(asked, "text"))
        placed = [(alike, None) for alike in self._seen(asked)] if self._pictures else []
        if self._may_be_in(text):
            placed += self._placed(text)
        found = _known(messages, placed, tools) if placed else []
        if last == "tool":
            # What a tool brought can be asked about; that the tool was wanted is settled.
            return [one for one in found if one.item.kind == "document"]
        return found or [Found(item, number) for number, item in enumerate(sums(text), 1)]

    def _add(self, item: Item) -> None:
        book, key = self._pictures, item.picture
        if not key:
            book, key = self._texts, fold(item.text)
            if len(key) < LEAST:
                raise CourseError(
                    f"The text of the task {item.id} needs {LEAST} characters or more."
                )
        alike = book.setdefault(key, [])
        for other in alike:
            if other.when.casefold() == item.when.casefold():
                raise CourseError(
                    f"The tasks {other.id} and {item.id} have the same text or picture; give one "
                    "of them a `when`, a word of its instructions."
                )
        # Those with a `when` are more particular and come first.
        alike.insert(0 if item.when else len(alike), item)

    def _seen(self, content: object) -> Iterator[list[Item]]:
        for image in _parts(content, "image_url") if self._pictures else ():
            url = image.get("url") if isinstance(image, Mapping) else image
            if isinstance(url, str) and url.startswith("data:"):
                with contextlib.suppress(ValueError):
                    data = b64decode(url.partition(",")[2])
                    yield self._pictures.get(sha256(data).hexdigest(), [])

    def _may_be_in(self, text: str) -> bool:
        """Whether a text of the book can be in there; most are ruled out in a microsecond.

        The second and third word of one stand alone in whatever holds it, unless escaped in JSON.
        """
        if self._short or "\\" in text:
            return True
        words = text.split()
        return not self._pairs.isdisjoint(pairwise(words))

    def _placed(self, text: str) -> list[tuple[list[Item], int | None]]:
        if alone := self._texts.get(fold(text)):
            return [(alone, None)]
        lines = [folded for line in _unpacked(text).splitlines() if (folded := fold(line))]
        whole = " ".join(lines)
        starts = [0, *accumulate(len(line) + 1 for line in lines)][: len(lines)]
        ends = {start - 1 for start in starts[1:]} | {len(whole)}
        found, behind = [], 0
        for start in sorted({*starts, *(opening.end() for opening in OPENING.finditer(whole))}):
            if start >= behind and (match := self._at(whole, start, ends)):
                line = bisect(starts, start) - 1
                label = whole[max(starts[line], start - 12) : start]
                if not label and line and len(lines[line - 1]) <= 20:
                    label = lines[line - 1]
                number = LABEL.search(label)
                found.append((self._texts[match], int(number[1]) if number else None))
                behind = start + len(match)
        return found

    def _at(self, whole: str, start: int, ends: Collection[int]) -> str | None:
        """The longest text that stands at `start` and ends where a text may end."""
        texts = self._starts.get(whole[start : start + LEAST], ())
        window = whole[start : start + self._longest]
        while place := bisect(texts, window):
            # Of the texts that the window begins with, the longest sorts last before the window.
            text = texts[place - 1]
            end = start + len(text)
            if not window.startswith(text):
                both = zip(text, window, strict=False)
                window = text[: next(at for at, (one, two) in enumerate(both) if one != two)]
            elif end in ends or CLOSING.match(whole, end):
                return text
            else:
                window = text[:-1]
        return None


def read_tasks(paths: Iterable[Path] = ()) -> Tasks:
    """The course's own items and those of further files or folders (.toml, .jsonl).

    Further paths are also taken from COURSE_TASKS. A TOML file has a `kind` and [[item]] tables,
    a JSONL file an item with its kind per line. What is missing or broken is a CourseError.
    """
    told = [Path(path) for path in os.environ.get(MORE, "").split(os.pathsep) if path]
    files = [file for path in (REFERENCES, *paths, *told) for file in _files(Path(path))]
    return Tasks([item for file in files for item in _read(file)])


def _files(path: Path) -> list[Path]:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    files = [file for file in files if file.suffix in (".toml", ".jsonl")]
    if not files or not path.exists():
        raise CourseError(f"There are no tasks at {path}; name a .toml or .jsonl file or a folder.")
    return files


@cache
def _reader() -> TypeAdapter:
    return TypeAdapter(list[Item])


def _read(path: Path) -> list[Item]:
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".jsonl":
            lines = [line for line in text.splitlines() if line.strip()]
            return _reader().validate_json(f"[{','.join(lines)}]")
        book = tomllib.loads(text)
        rows = [{"kind": book.get("kind")} | row for row in book.get("item", [])]
        return _reader().validate_python(rows)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        number, *at = found["loc"] or ("?",)
        where = f"item {number + 1}" if isinstance(number, int) else "a line"
        field = f" {at[0]}:" if at else ""
        raise CourseError(f"{path.name}, {where}:{field} {found['msg']}; mend it there.") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, TypeError) as error:
        raise CourseError(f"{path.name} can't be read: {error}; mend the file.") from None


def _parts(content: object, kind: str) -> list:
    """The texts or images of a message's content that is a list of parts."""
    parts = content if isinstance(content, list) else []
    return [part[kind] for part in parts if isinstance(part, Mapping) and part.get(kind)]


def _conversation(messages: Sequence[Mapping]) -> str:
    contents = [message.get("content") for message in messages]
    texts = (one if isinstance(one, str) else " ".join(_parts(one, "text")) for one in contents)
    return fold(" ".join(texts))


def _asked(messages: Sequence[Mapping]) -> object:
    """The content of the last of the user's messages."""
    for message in reversed(messages):
        if message.get("role") == "user":
            return message.get("content")
    return ""


def _known(
    messages: Sequence[Mapping],
    placed: Sequence[tuple[list[Item], int | None]],
    tools: Collection[str],
) -> list[Found]:
    """Of the items with the same text the one that is meant, where one is."""
    wanted = any(item.when or item.needs for alike, _ in placed for item in alike)
    said = _conversation(messages) if wanted else ""
    found = [(_chosen(alike, said, tools), number) for alike, number in placed]
    return [
        Found(item, number, all(fold(passage) in said for passage in item.needs))
        for item, number in _numbered([(item, number) for item, number in found if item])
    ]


def _chosen(alike: Sequence[Item], said: str, tools: Collection[str]) -> Item | None:
    for item in alike:
        offered = item.kind != "tools" or item.answer["tool"] in (*tools, *(tools and ["none"]))
        if offered and (not item.when or item.when.casefold() in said.casefold()):
            return item
    return None


def _numbered(found: Sequence[tuple[Item, int | None]]) -> list[tuple[Item, int]]:
    """With the numbers in the prompt where all have one and they differ, else counted from 1."""
    numbers = [number for _, number in found]
    if None in numbers or len(set(numbers)) < len(numbers):
        numbers = range(1, len(found) + 1)
    return [(item, number) for (item, _), number in zip(found, numbers, strict=True)]


def _unpacked(text: str) -> str:
    """The text with the first JSON array or object in it as one line per string."""
    for opening in islice(JSON_OPENING.finditer(text), 8):
        with contextlib.suppress(ValueError, RecursionError):
            value, end = json.JSONDecoder().raw_decode(text, opening.start())
            return "\n".join((text[: opening.start()], *_entries(value), text[end:]))
    return text


def _entries(value: object, label: str = "") -> Iterator[str]:
    if isinstance(value, str):
        yield label + value
    elif isinstance(value, list):
        for one in value:
            yield from _entries(one, label)
    elif isinstance(value, dict):
        number = next((one for one in value.values() if type(one) is int), None)
        for key, one in value.items():
            yield from _entries(one, f"{key}: " if number is None else f"{number}. ")
