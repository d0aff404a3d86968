"""A piece of GIFT: its letters, and a mask that tells which of them mean something."""

import re
from dataclasses import dataclass

from course.quiz.exchange import markdown, richtext

_LETTERS = re.compile(r"\\([\\~=#{}:n])|(.)", re.DOTALL)
_FORMAT = re.compile(r"\[(html|markdown|plain|moodle)\]")
_HIDDEN = "\0"


@dataclass(frozen=True)
class Text:
    """Letters with escapes undone; in `mask`, of the same length, escaped letters are hidden."""

    letters: str
    mask: str

    @classmethod
    def read(cls, written: str) -> "Text":
        letters, mask = [], []
        for escaped, plain in _LETTERS.findall(written):
            letters.append("\n" if escaped == "n" else escaped or plain)
            mask.append(_HIDDEN if escaped else plain)
        return cls("".join(letters), "".join(mask))

    def __getitem__(self, part: slice) -> "Text":
        return Text(self.letters[part], self.mask[part])

    def __str__(self) -> str:
        return self.letters

    def find(self, mark: str, start: int = 0) -> int:
        """Where the mark stands that is no escaped letter; -1 if nowhere."""
        return self.mask.find(mark, start)

    def rfind(self, mark: str) -> int:
        return self.mask.rfind(mark)

    def starts(self, mark: str) -> bool:
        return self.mask.startswith(mark)

    def strip(self) -> "Text":
        """Without white space at the ends, unless it is escaped."""
        start = len(self.mask) - len(self.mask.lstrip())
        return self[start : max(start, len(self.mask.rstrip()))]


def formatted(text: Text, default: str, lost: list[str]) -> tuple[str, str]:
    """A text as the bank's Markdown, and the format it was in: its own, else `default`."""
    text = text.strip()
    found = _FORMAT.match(text.mask)
    kind = found[1] if found else default
    letters = text.letters[found.end() :] if found else text.letters
    if kind == "moodle":  # plain text with tags in it: a new line is a line
        letters = letters.replace("\n", "<br>")
    read = {"markdown": markdown.from_markdown, "plain": markdown.from_plain}
    said, losses = read.get(kind, richtext.from_html)(letters)
    lost += losses
    return said, kind


def typed(text: Text) -> str:
    """A text that is plain in every format."""
    return markdown.clean(str(text)).strip()
