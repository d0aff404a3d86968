"""From HTML, and from text without marks, to the bank's little Markdown.

`from_html(markup.html(text))` says what `text` said: the same tree. HTML that the little
Markdown has no words for (tables, links, pictures) becomes text, and is told as a loss.
"""

import html
import re

from course.quiz import markup
from course.quiz.exchange.markdown import NEWLINES, clean, cut, letters, merged, to_markdown

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:]{0,30})((?:[\s/][^<>]*)?)>")
_ATTRIBUTE = re.compile(r"""([a-z]{1,20})\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""", re.IGNORECASE)
_MARKS = {"b": "strong", "strong": "strong", "i": "em", "em": "em", "code": "code"}
_MARKS |= dict.fromkeys(("tt", "kbd", "samp", "var"), "code")
_HEADINGS = {f"h{size}" for size in range(1, 7)}
_BLOCKS = {"p", "div", "section", "article", "blockquote", "dl", "dt", "dd", "tr", *_HEADINGS}
_LOST = {
    "a": "a link became text", "img": "a picture is left out", "table": "a table became text",
    "sub": "lowered letters became text", "sup": "raised letters became text",
    "u": "underlining is left out", "del": "struck-out text became text",
}  # fmt: skip
_LOST |= dict.fromkeys(
    ("script", "style", "iframe", "object", "embed", "video", "audio", "math", "svg", "form"),
    "a script, style or embedded thing is left out",
)
_DEEPEST = 4  # as in `markup`
_HIDDEN = {"script", "style"}


def from_html(text: str) -> tuple[str, list[str]]:
    """The text as the bank's Markdown, and what was lost, one phrase each."""
    text, lost = cut(text)
    reader = _Reader()
    reader.lost |= dict.fromkeys(lost)
    reader.read(text)
    written = to_markdown(reader.blocks)
    if [*map(merged, markup.parse(written))] != [*map(merged, reader.blocks)]:
        reader.lost["marks that cannot be written here became plain text"] = None
    return written, list(reader.lost)


class _Reader:
    """Builds the tree of `markup.parse` from the tags of an HTML text."""

    def __init__(self) -> None:
        self.blocks: list[markup.Node] = []
        self.lost: dict[str, None] = {}
        self.here: list | None = None  # the p or li that is open
        self.marks: list[list] = []  # the strong, em and code open in it
        self.list: list | None = None
        self.pre: list[str] | None = None
        self.hidden = ""

    def read(self, text: str) -> None:
        done = 0
        for found in _TAG.finditer(text := _without_comments(text)):
            self._text(text[done : found.start()])
            done = found.end()
            self._tag(found[2].lower(), bool(found[1]), found[3])
        self._text(text[done:])
        self._close_pre()
        self._close()

    def _tag(self, name: str, is_end: bool, attributes: str) -> None:
        if self.hidden:
            self.hidden = "" if is_end and name == self.hidden else self.hidden
            return
        if name in _LOST and not is_end:
            self.lost[_LOST[name]] = None
        if name == "pre":
            self._close_pre()
            self._close()
            self.pre = None if is_end else []
        elif self.pre is not None:
            self.pre.append("\n" * (name == "br"))
        elif name in _MARKS:
            self._mark(_MARKS[name], is_end)
        else:
            self._plain_tag(name, is_end, attributes)

    def _plain_tag(self, name: str, is_end: bool, attributes: str) -> None:
        if name in ("ul", "ol"):
            self._close()
            self.list = None
            if not is_end:
                self.list = [name]
                self.blocks.append(self.list)
        elif name == "li":
            self._close()
            if not is_end and self.list is not None:
                self._open("li", self.list)
        elif name in _BLOCKS and (self.list is None or self.here is None):
            self._close()
        elif name in _BLOCKS or name in ("td", "th", "br"):
            self._break(name)
        elif name in _HIDDEN and not is_end:
            self.hidden = name
        elif name in ("img", "a", "sub", "sup"):
            self._become_text(name, is_end, attributes)

    def _break(self, name: str) -> None:
        if name == "br" and self.list is None:
            self._close()
        else:
            self._text(" ")

    def _become_text(self, name: str, is_end: bool, attributes: str) -> None:
        values = {
            key.lower(): html.unescape(value.strip("\"'"))
            for key, value in _ATTRIBUTE.findall(attributes)
        }
        if name == "img" and values.get("alt"):
            self._add(values["alt"])
        if name == "a" and values.get("href", "").startswith(("http:", "https:")):
            self._add(f"({values['href']}) ")
        if name in ("sub", "sup") and not is_end:
            self._add("_" if name == "sub" else "^")

    def _mark(self, name: str, is_end: bool) -> None:
        if is_end:
            names = [mark[0] for mark in self.marks]
            if name in names:
                del self.marks[len(names) - 1 - names[::-1].index(name) :]
        elif len(self.marks) < _DEEPEST and not self._in_code():
            if self.here is None:
                self._open("p", self.blocks)
            self._top().append([name])
            self.marks.append(self._top()[-1])

    def _in_code(self) -> bool:
        return bool(self.marks) and self.marks[-1][0] == "code"

    def _text(self, written: str) -> None:
        if not written or self.hidden:
            return
        text = html.unescape(written)
        if self.pre is not None:
            self.pre.append(text)
        elif text.strip(" \t\r\n") or self.here is not None:
            self._add(NEWLINES.sub(" ", text).replace("\t", " "))

    def _add(self, text: str) -> None:
        if self.here is None:
            self.list = None
            self._open("p", self.blocks)
        self._top().append(clean(text))

    def _open(self, kind: str, among: list) -> None:
        self.here, self.marks = [kind], []
        among.append(self.here)

    def _top(self) -> list:
        return self.marks[-1] if self.marks else self.here

    def _close_pre(self) -> None:
        if self.pre is not None:
            self.blocks.append(["pre", clean("".join(self.pre))])
        self.pre = None

    def _close(self) -> None:
        if self.here is not None:
            self.here[1:] = trimmed(self.here)[1:]
            if self.here == ["p"]:
                self.blocks.pop()
        self.here, self.marks = None, []


def _without_comments(text: str) -> str:
    return re.sub(r"<!--(?:(?!<!--).)*?-->", "", text, flags=re.DOTALL)


def trimmed(node: list) -> list:
    """The node without white space at its ends, and without marks around nothing."""
    children = [child for child in merged(node)[1:] if letters(child)]
    if children and isinstance(children[0], str):
        children[0] = children[0].lstrip()
    if children and isinstance(children[-1], str):
        children[-1] = children[-1].rstrip()
    return [node[0], *(child for child in children if letters(child))]
