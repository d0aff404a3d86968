"""The files of the pages: those of live/page/, and the quiz's own widget beside them."""

import mimetypes
from dataclasses import dataclass
from pathlib import Path

from course import quiz

PAGES = Path(__file__).with_name("page")
QUIZ = Path(quiz.__file__).parent
ADDRESSES = {"/": "student.html", "/instructor": "instructor.html", "/screen": "screen.html"}
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
SAFE = (
    (b"content-security-policy", b"default-src 'self'; base-uri 'none'; form-action 'none'; "
     b"frame-ancestors 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent: its bytes and its kind."""

    content: bytes
    kind: bytes


def load(pages: Path = PAGES) -> dict[str, File]:
    """All that is served, by path: read once, so that no path can lead anywhere else.

    `/page/NAME` is a file of live/page/, `/quiz/NAME` one of the widget's; the addresses of
    `ADDRESSES` are pages of live/page/.
    """
    found = {f"/page/{path.name}": path for path in sorted(pages.glob("*")) if path.is_file()}
    widget = [path for path in sorted(QUIZ.glob("widget*.*")) if path.suffix in (".js", ".css")]
    found |= {f"/quiz/{path.name}": path for path in widget}
    found |= {at: pages / name for at, name in ADDRESSES.items() if (pages / name).is_file()}
    return {at: File(path.read_bytes(), _kind(path)) for at, path in found.items()}


def _kind(path: Path) -> bytes:
    known = _KINDS.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    return (known or "application/octet-stream").encode()
