"""The tables of an item report's page: captioned, with heads of rows and columns."""

import re
from collections.abc import Iterable, Sequence
from html import escape

Cell = str | int | float | None


def link(item: str) -> str:
    """A link to what the page says of an item."""
    return f'<a href="#item-{escape(item)}">{escape(item)}</a>'


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]], *, linked: bool = False
) -> str:
    """A table that scrolls by itself; heads that begin with # are of columns of numbers."""
    name = "table-" + re.sub(r"[^a-z0-9]+", "-", caption.casefold())
    kinds = ["number" if head.startswith("#") else "words" for head in heads]
    top = "".join(
        f'<th scope="col" class="{kind}">{escape(head.removeprefix("#"))}</th>'
        for head, kind in zip(heads, kinds, strict=True)
    )
    lines = []
    for first, *others in rows:
        named = link(str(first)) if linked else escape(str(first))
        cells = "".join(
            f'<td class="{kind}">{escape(str(cell))}</td>'
            for cell, kind in zip(others, kinds[1:], strict=True)
        )
        lines.append(f'<tr><th scope="row">{named}</th>{cells}</tr>')
    return (
        f'<div class="wide" role="region" aria-labelledby="{name}" tabindex="0"><table>'
        f'<caption id="{name}">{escape(caption)}</caption><thead><tr>{top}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )
