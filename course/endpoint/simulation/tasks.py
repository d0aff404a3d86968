"""Tasks with reference answers: found in a request, and answered right or wrong by a stated draw.

Kinds: classification, extraction (fields of a text), document (a question about one), arithmetic,
tools (which to call, how) and picture (fields of one). Whether a model is right is for
`abilities.py` to say; a wrong answer is one of the plausible ones that the reference names.
Writing, summaries and the wording of prompts are not scored: they have no reference answer.

How a text is found. It must be in the last message, the user's, white space aside. It may start
at a line, after a sentence, a bracket, a quotation mark or a colon, or be a string in JSON; it must
end where a line ends or before a quotation mark or a tag. The longest text that fits is taken, and
the search goes on behind it, so a packed prompt gives its items in order, each with the number
written before it, if all have one, or else counted from 1. Of a text that JSON gives a number of
its own, only the first item counts, so that none can pose as two. Texts without a reference are
passed over. Items with the same text are told apart by `when`, words parted by | of which one is
in the conversation or the schema; where all the answers that there are to the one without `when`
stand there too, it is asked for as well.
"""

import contextlib
import os
import re
from base64 import b64decode
from bisect import bisect
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import accumulate, pairwise
from pathlib import Path

from course.endpoint.simulation.mailbox import Mailbox
from course.endpoint.simulation.meant import known, parts
from course.endpoint.simulation.packed import unpacked
from course.endpoint.simulation.reading import read_items, task_files
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


class Tasks:
    """A book of items, which finds those that a request asks about."""

    def __init__(self, items: Sequence[Item], *, mailbox: Mailbox | None = None):
        self._mailbox = mailbox
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

    def find(
        self,
        messages: Sequence[Mapping],
        *,
        tools: Collection[str] = (),
        schema: Mapping | None = None,
    ) -> list[Found]:
        """The items asked about, in order; none unless the user (or a tool's result) comes last.

        Items about tools need theirs among the names in `tools`; the words of `schema`, which the
        answer must have, may tell which is meant. Where the book has nothing, the sums in the
        message are items too.
        """
        last = messages[-1].get("role") if messages else None
        if last not in ("user", "tool"):
            return []
        asked = _asked(messages)
        text = asked if isinstance(asked, str) else "\n".join(parts(asked, "text"))
        placed = [(alike, None) for alike in self._seen(asked)] if self._pictures else []
        if self._may_be_in(text):
            placed += self._placed(text)
        found = known(messages, placed, tools, schema) if placed else []
        if last == "tool":
            # What a tool brought can be asked about; that the tool was wanted is settled.
            return [one for one in found if one.item.kind == "document"]
        return found or _sums(text)

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
        for image in parts(content, "image_url") if self._pictures else ():
            url = image.get("url") if isinstance(image, Mapping) else image
            if isinstance(url, str) and url.startswith("data:"):
                with contextlib.suppress(ValueError):
                    data = b64decode(url.partition(",")[2])
                    yield self._pictures.get(sha256(data).hexdigest(), [])

    def _may_be_in(self, text: str) -> bool:
        """Whether a text of the book can be in there; most are ruled out in a microsecond.

        The second and third word of one stand alone in whatever holds it, unless escaped in JSON.
        """
        if self._short or "\\" in text or (self._mailbox and self._mailbox.may_be_in(text)):
            return True
        words = text.split()
        return not self._pairs.isdisjoint(pairwise(words))

    def _placed(self, text: str) -> list[tuple[list[Item], int | None]]:
        if alone := self._alone(text):
            return [(alone, None)]
        lines, entries = unpacked(text)
        in_entries = ((self._first(entry), number) for number, entry in entries)
        if found := [(alike, number) for alike, number in in_entries if alike]:
            return found
        # A text may itself hold JSON: then it is whole only in what was not unpacked.
        tried = [self._searched(lines)] + ([] if lines == text else [self._searched(text)])
        return max(tried, key=len)

    def _alone(self, text: str) -> list[Item] | None:
        """The items of a text that is one of the book's."""
        folded = fold(text)
        return self._texts.get(folded) or (self._mailbox and self._mailbox.alone(folded))

    def _first(self, entry: str) -> list[Item] | None:
        """What an entry of a pack is about: itself, or the first text in it."""
        if alone := self._alone(entry):
            return alone
        found = self._searched(entry) if self._may_be_in(entry) else []
        return found[0][0] if found else None

    def _searched(self, text: str) -> list[tuple[list[Item], int | None]]:
        lines = [folded for line in text.splitlines() if (folded := fold(line))]
        whole = " ".join(lines)
        starts = [0, *accumulate(len(line) + 1 for line in lines)][: len(lines)]
        ends = {start - 1 for start in starts[1:]} | {len(whole)}
        found, behind = [], 0
        for start in sorted({*starts, *(opening.end() for opening in OPENING.finditer(whole))}):
            if start >= behind and (match := self._known_at(whole, start, ends)):
                line = bisect(starts, start) - 1
                label = whole[max(starts[line], start - 12) : start]
                if not label and line and len(lines[line - 1]) <= 20:
                    label = lines[line - 1]
                number = LABEL.search(label)
                found.append((match[0], int(number[1]) if number else None))
                behind = start + match[1]
        return found

    def _known_at(
        self, whole: str, start: int, ends: Collection[int]
    ) -> tuple[list[Item], int] | None:
        """The items of the longest text that stands at `start`, and the text's length."""
        if text := self._at(whole, start, ends):
            return self._texts[text], len(text)
        if self._mailbox is None:
            return None
        return self._mailbox.at(whole, start, lambda end: end in ends or CLOSING.match(whole, end))

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
    """The course's own items, its mailbox, and those of further files or folders (.toml, .jsonl).

    Further paths are also taken from COURSE_TASKS. A TOML file has a `kind` and [[item]] tables,
    a JSONL file an item with its kind per line. What is missing or broken is a CourseError.
    """
    told = [Path(path) for path in os.environ.get(MORE, "").split(os.pathsep) if path]
    files = [file for path in (REFERENCES, *paths, *told) for file in task_files(Path(path))]
    items = [item for file in files for item in read_items(file)]
    return Tasks(items, mailbox=Mailbox())


def _asked(messages: Sequence[Mapping]) -> object:
    """The content of the last of the user's messages."""
    for message in reversed(messages):
        if message.get("role") == "user":
            return message.get("content")
    return ""


def _sums(text: str) -> list[Found]:
    """The sums in a text, by the numbers that JSON gives to the texts they are in, if it does."""
    found = list(enumerate(sums(text), 1))
    entries = unpacked(text)[1] if len(found) > 1 else []
    in_entries = [(number, one) for number, entry in entries for one in sums(entry)[:1]]
    return [Found(one, number) for number, one in in_entries or found]
