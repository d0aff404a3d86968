"""What a student's code printed and a student's text, made safe to show. Pure.

The pages of formgrader and feedback show outputs and Markdown as they stand in the graded
notebook, so nothing that a browser would run may stand there, and no output without end.
"""

import base64
import binascii
import re
from html import escape

from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode

from course.grading import cells

MOST_CHARACTERS = 20_000
MOST_IMAGE_CHARACTERS = 2_000_000
MOST_OUTPUTS = 50

_TAGS = (
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em h1 h2 h3 h4 h5 "
    "h6 hr i ins kbd li ol p pre q s samp small span strong sub summary sup table tbody td tfoot "
    "th thead tr tt u ul var"
)
_ATTRIBUTES = {"*": ["title", "colspan", "rowspan", "scope", "start"], "a": ["href"]}
_SANITIZER = SanitizeHTML(tags=_TAGS.split(), attributes=_ATTRIBUTES, styles=[], strip=True)
_STYLE = re.compile(r"<style\b.*?</style\s*>", re.IGNORECASE | re.DOTALL)
_IMAGES = ("image/png", "image/jpeg")


def clean(cell: NotebookNode) -> None:
    """Make a code cell's outputs safe to show (in place); other cells have none."""
    if cell.cell_type == "code":
        cell.outputs = [out for raw in cell.outputs[:MOST_OUTPUTS] if (out := _output(raw))]
        cell.execution_count = _count(cell.get("execution_count"))


def as_text(markdown: str) -> str:
    """A student's Markdown as a page may show it: the plain text, not rendered.

    Rendered, it could hold any HTML, and links that run code however they are spelled.
    """
    return f"<pre>{escape(_text(markdown))}</pre>"


def html(text: str) -> str:
    """The text with the tags of a plain page only: no script, style, handler or frame."""
    return _SANITIZER.sanitize_html_tags(_STYLE.sub("", text))


def _output(raw: NotebookNode) -> NotebookNode | None:
    """A fresh output from the parts of `raw` that are safe; None when nothing is left."""
    kind = raw.get("output_type")
    if kind == "stream":
        name = "stderr" if raw.get("name") == "stderr" else "stdout"
        return cells.output("stream", name=name, text=_text(raw.get("text")))
    if kind == "error":
        lines = raw.get("traceback")
        lines = lines if isinstance(lines, list) else []
        return cells.output(
            "error",
            ename=_text(raw.get("ename")),
            evalue=_text(raw.get("evalue")),
            traceback=_text("\n".join(map(_text, lines))).split("\n"),
        )
    data = raw.get("data")
    data = _data(data) if isinstance(data, dict) else {}
    if not data or kind not in ("execute_result", "display_data"):
        return None
    count = {"execution_count": _count(raw.get("execution_count"))}
    count = count if kind == "execute_result" else {}
    return cells.output(kind, data=data, metadata={}, **count)


def _data(data: dict) -> dict[str, str]:
    safe = {}
    if "text/plain" in data:
        safe["text/plain"] = _text(data["text/plain"])
    if "text/html" in data:
        safe["text/html"] = html(_text(data["text/html"]))
    for kind in _IMAGES:
        if kind in data and (image := _image(data[kind])):
            safe[kind] = image
    return safe


def _text(value: object) -> str:
    text = "".join(map(str, value)) if isinstance(value, list) else str(value)
    text = text.encode("utf-8", "replace").decode()
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[:MOST_CHARACTERS]}\n… {len(text) - MOST_CHARACTERS:,} more characters"


def _image(value: object) -> str:
    """The base64 of an image, or "" for anything else."""
    text = value if isinstance(value, str) else ""
    try:
        base64.b64decode(text.replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return text if len(text) <= MOST_IMAGE_CHARACTERS else ""


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
