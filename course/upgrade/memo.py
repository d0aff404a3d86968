"""A decision on one page, for whoever has to sign it: Markdown, or HTML that stands alone."""

import re
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from course.errors import CourseError
from course.upgrade.page import Grid, Section, dateline, sections

if TYPE_CHECKING:
    from course.upgrade.decide import Decision

_PAGE = Path(__file__).with_suffix(".html")
_KINDS = {".md": "md", ".markdown": "md", ".html": "html", ".htm": "html"}


def memo(d: "Decision", kind: str = "md") -> str:
    """The page as text, `kind` "md" or "html"; both say the same."""
    if kind == "md":
        return _markdown(d)
    if kind == "html":
        return _html(d)
    raise CourseError(f"A memo is md or html, not {kind!r}.")


def kind_of(path: Path) -> str:
    """Which kind of memo a file of that name is; CourseError for other endings."""
    if path.suffix.lower() not in _KINDS:
        raise CourseError(f"A memo is a file that ends in .md or .html, not {path.name!r}.")
    return _KINDS[path.suffix.lower()]


def _markdown(d: "Decision") -> str:
    parts = [f"# {_plain(d.headline)}", _plain(dateline(d))]
    for section in sections(d):
        parts += [f"## {section.title}", _markdown_body(section)]
    return "\n\n".join(parts) + "\n"


def _markdown_body(section: Section) -> str:
    if isinstance(section.body, str):
        return _plain(section.body)
    if isinstance(section.body, Grid):
        head, rows = section.body.head, section.body.rows
        lines = [head, ("---",) * len(head), *rows]
        return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)
    return "\n".join(f"- {_plain(sentence)}" for sentence in section.body)


def _plain(text: str) -> str:
    """Text in which no letter is taken for a mark of Markdown's, nor $ for a formula's."""
    return re.sub(r"([\\`*\[\]<>$|]|\b_|_\b)", r"\\\1", text)


def _cell(text: str) -> str:
    return text if text == "---" else _plain(text)


def _html(d: "Decision") -> str:
    body = "\n".join(
        f"<section><h2>{escape(section.title)}</h2>{_html_body(section)}</section>"
        for section in sections(d)
    )
    page = Template(_PAGE.read_text(encoding="utf-8"))
    return page.substitute(
        title=escape(d.headline), verdict=d.verdict, dateline=escape(dateline(d)), body=body
    )


def _html_body(section: Section) -> str:
    if isinstance(section.body, str):
        return f"<p>{_written(section.body)}</p>"
    if isinstance(section.body, Grid):
        return _html_grid(section.body, section.title)
    return "<ul>" + "".join(f"<li>{_written(one)}</li>" for one in section.body) + "</ul>"


def _written(text: str) -> str:
    """Escaped, and no line ends between a number and its unit."""
    return re.sub(r"(?<=\d) (?=(?:%|s|points)(?!\w))", "\N{NO-BREAK SPACE}", escape(text))


def _html_grid(grid: Grid, title: str) -> str:
    head = "".join(
        f'<th scope="col">{escape(cell)}</th>' if cell else "<td></td>" for cell in grid.head
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{_written(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in grid.rows
    )
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(title)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
