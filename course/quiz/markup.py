"""The little Markdown of stems, options and feedback: paragraphs, code, bold, emphasis, lists.

`parse` gives a tree of plain lists and strings, `["p", "Send ", ["code", "x"]]`, that the widget
builds the page from. Whatever is not in the subset stays the text it is: no tags, no links.
"""

import html as escaping
import re

Node = str | list
"""A text, or a list of a tag's name followed by its children."""

_INLINE = re.compile(
    r"\\(?P<escaped>[\\`*_{}\[\]()#+.!-])"
    r"|(?P<ticks>(?<!`)`{1,8}+(?!`))(?P<code>.{1,1999}?)(?<!`)(?P=ticks)(?!`)"
    r"|\*\*(?P<strong>[^\s*](?:.{0,999}?[^\s])?)\*\*(?!\*)"
    r"|\*(?P<em>[^\s*](?:.{0,999}?[^\s*])?)\*"
    r"|(?<!\w)_(?P<emphasis>[^\s_](?:.{0,999}?[^\s_])?)_(?!\w)",
    re.DOTALL,
)
_ITEM = re.compile(r" {0,3}(?:(?P<bullet>[-*+])|(?P<number>\d{1,3})[.)]) +(?P<text>.*)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_DEEPEST = 4


def parse(text: str) -> list[Node]:
    """The blocks of a text: p, pre, ul and ol (of li), each with its inline children."""
    blocks: list[Node] = []
    lines = text.strip("\n").expandtabs(4).split("\n")
    while lines:
        if _FENCE.match(lines[0]):
            blocks.append(_fenced(lines))
        elif _ITEM.match(lines[0]):
            blocks.append(_list(lines))
        elif lines[0].strip():
            blocks.append(["p", *_inline(_until(lines, _FENCE, _ITEM))])
        else:
            lines.pop(0)
    return blocks


def plain(text: str) -> str:
    """The text without its marks, blocks on lines of their own."""
    return "\n".join(_plain_block(block) for block in parse(text))


def html(text: str) -> str:
    """The text as escaped HTML."""
    return "".join(map(_html, parse(text)))


def _fenced(lines: list[str]) -> Node:
    fence = _FENCE.match(lines.pop(0))[1]
    code = []
    while lines and not lines[0].strip().startswith(fence):
        code.append(lines.pop(0))
    del lines[:1]
    return ["pre", "\n".join(code)]


def _list(lines: list[str]) -> Node:
    kind = "ul" if _ITEM.match(lines[0])["bullet"] else "ol"
    entries = []
    while lines and (found := _ITEM.match(lines[0])) and bool(found["bullet"]) == (kind == "ul"):
        lines[0] = found["text"]
        entries.append(["li", *_inline(_until(lines, _FENCE, _ITEM))])
    return [kind, *entries]


def _until(lines: list[str], *ends: re.Pattern) -> str:
    """The first line and those that go on with it, joined; they are taken from `lines`."""
    taken = [lines.pop(0).strip()]
    while lines and lines[0].strip() and not any(end.match(lines[0]) for end in ends):
        taken.append(lines.pop(0).strip())
    return " ".join(taken)


def _inline(text: str, deep: int = 0) -> list[Node]:
    nodes, done = [], 0
    for found in _INLINE.finditer(text) if deep < _DEEPEST else ():
        nodes += [text[done : found.start()]] * (found.start() > done)
        nodes.append(_marked(found, deep + 1))
        done = found.end()
    return nodes + [text[done:]] * (done < len(text))


def _marked(found: re.Match, deep: int) -> Node:
    if found["escaped"]:
        return found["escaped"]
    if found["code"]:
        code = found["code"]
        return ["code", code[1:-1] if code[0] == code[-1] == " " and code.strip() else code]
    if found["strong"]:
        return ["strong", *_inline(found["strong"], deep)]
    return ["em", *_inline(found["em"] or found["emphasis"], deep)]


def _plain_block(block: Node) -> str:
    if block[0] == "ul":
        return "\n".join("- " + _letters(entry) for entry in block[1:])
    if block[0] == "ol":
        rows = enumerate(block[1:], start=1)
        return "\n".join(f"{number}. {_letters(entry)}" for number, entry in rows)
    return _letters(block)


def _letters(node: Node) -> str:
    return node if isinstance(node, str) else "".join(map(_letters, node[1:]))


def _html(node: Node) -> str:
    if isinstance(node, str):
        return escaping.escape(node)
    return f"<{node[0]}>{''.join(map(_html, node[1:]))}</{node[0]}>"
