"""A tree of the little Markdown, written as Markdown again: `markup.parse` undone."""

import itertools
import re
from collections.abc import Iterator

from course.quiz import markup

LONGEST = 20_000
"""Characters that one text may have; the rest is cut off, and told."""

NEWLINES = re.compile(r"[ \t]*[\r\n][ \t\r\n]*")
_EMPHASES = ("*", "_", "*_", "_*", "**_", "_**", "__*", "*__")
_WILD = re.compile("`{9,}")  # which takes long to be read, and says nothing
_MOST_TRIES = 2_000  # characters: longer lines are tried in two ways only
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BULLET = re.compile(r"(\d{1,3}(?=[.)] )|(?=[-+*] )|(?=`{3}))")


def clean(text: str) -> str:
    """The text with line ends as \\n, and with � for what no XML file can hold."""
    return _NO_XML.sub("�", text.replace("\r\n", "\n").replace("\r", "\n"))


def from_plain(text: str) -> tuple[str, list[str]]:
    """Text that has no marks, as Markdown that shows just this text; and what was lost."""
    text, lost = cut(text)
    parts = re.split(r"\n\s*\n", clean(text).strip("\n"))
    joined = (NEWLINES.sub(" ", part).strip() for part in parts)
    return to_markdown([["p", part] for part in joined if part]), lost


def from_markdown(text: str) -> tuple[str, list[str]]:
    """Markdown of others, which is read as our own; and what was lost."""
    text, lost = cut(clean(text).strip())
    if _WILD.search(text):
        lost.append("long rows of backticks mean nothing here and are shown as they are")
    return _WILD.sub(lambda row: "\\`" * len(row[0]), text), lost


def cut(text: str) -> tuple[str, list[str]]:
    """The text up to LONGEST, and whether it was longer."""
    lost = [f"a text is cut off after {LONGEST:,} characters"] if len(text) > LONGEST else []
    return text[:LONGEST], lost


def to_markdown(tree: list[markup.Node]) -> str:
    """Markdown that `markup.parse` reads as this tree, or as near to it as there is any."""
    return "\n\n".join(_block(node) for node in tree)


def merged(node: markup.Node) -> markup.Node:
    """A tree with neighbouring texts, and neighbours of one mark, joined: it looks the same."""
    if isinstance(node, str):
        return node
    out: list = node[:1]
    for child in node[1:]:
        if len(out) > 1 and _joins(out[-1], child):
            out[-1] = out[-1] + (child if isinstance(child, str) else child[1:])
        else:
            out.append(child)
    return [out[0], *map(merged, out[1:])]


def _joins(before: markup.Node, after: markup.Node) -> bool:
    if isinstance(before, str) or isinstance(after, str):
        return isinstance(before, str) and isinstance(after, str)
    return before[0] == after[0] and before[0] in ("em", "strong", "code")


def _block(node: markup.Node) -> str:
    if node[0] == "pre":
        return _fenced(node[1].expandtabs(4))
    if node[0] == "ul":
        return "\n".join(f"- {_line(entry)}" for entry in node[1:])
    if node[0] == "ol":
        rows = enumerate(node[1:], start=1)
        return "\n".join(f"{min(number, 999)}. {_line(entry)}" for number, entry in rows)
    return _line(node)


def _fenced(code: str) -> str:
    fence = "```"
    while any(line.strip().startswith(fence) for line in code.split("\n")):
        fence += "`"
    return f"{fence}\n{code}\n{fence}"


def _line(node: list) -> str:
    """The first way of writing that reads back as the node: bare, with escapes, without marks."""
    node = merged(node)
    emphases = _EMPHASES if len(letters(node)) < _MOST_TRIES else _EMPHASES[:1]
    for escape, emphasis in itertools.product((False, True), emphases):
        written = _inline(node[1:], itertools.cycle(emphasis), escape=escape)
        for line in (written, _started(written))[: 2 if node[0] == "p" else 1]:
            if _reads_as(node, line):
                return line
    return _started(_escaped(letters(node)))


def _reads_as(node: list, line: str) -> bool:
    if _WILD.search(line):
        return False
    if node[0] == "p":
        return [merged(block) for block in markup.parse(line)] == [node]
    return [merged(block) for block in markup.parse(f"- {line}")] == [["ul", node]]


def _inline(nodes: list, emphasis: Iterator[str], *, escape: bool) -> str:
    """`emphasis` gives the mark of the next emphasis: two of one mark can run into each other."""
    out = []
    for node in nodes:
        if isinstance(node, str):
            out.append(_escaped(node) if escape else node)
        elif node[0] == "code":
            out.append(_code(letters(node)))
        elif node[0] == "strong":
            out.append(f"**{_inline(node[1:], emphasis, escape=escape)}**")
        else:
            mark = next(emphasis)
            out.append(f"{mark}{_inline(node[1:], emphasis, escape=escape)}{mark}")
    return "".join(out)


def _code(text: str) -> str:
    runs = {len(run) for run in re.findall("`+", text)}
    ticks = "`" * next(size for size in itertools.count(1) if size not in runs)
    padded = text[:1] == "`" or text[-1:] == "`" or (text[:1] == text[-1:] == " " and text.strip())
    return f"{ticks} {text} {ticks}" if padded else f"{ticks}{text}{ticks}"


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_])", r"\\\1", text)


def _started(line: str) -> str:
    """A line that begins as a list or a fence would, with an escape before that mark."""
    if line.startswith("~~~"):  # the one mark that Markdown here cannot escape
        return f"\u200b{line}"
    found = _BULLET.match(line)
    return f"{found[1]}\\{line[found.end() :]}" if found else line


def letters(node: markup.Node) -> str:
    return node if isinstance(node, str) else "".join(map(letters, node[1:]))
