"""What a picture is, from its first bytes: PNG, JPEG, GIF or WebP, so wide and so high.

Only headers are read, as their specifications lay them out (PNG 1.2, ITU T.81, GIF89a, the WebP
container and RFC 6386); no pixel is ever decoded.
"""

import base64
import binascii
import re

_HEAD = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w.+-]+=[^;,]*)*(;base64)?,", re.IGNORECASE)
_LONGEST_HEAD = 256
_FIRST_LOOK = 1024  # letters of base64: enough for every header but that of some JPEGs
_SEGMENTS = 1000  # a JPEG has a few; more are made to keep us busy
_MARKER = re.compile(rb"\xff+([^\xff\x00])", re.DOTALL)
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))
_ENDS = (0xD9, 0xDA)
_PNG_LARGEST = 2**31 - 1


def kind(data: bytes) -> str | None:
    """ "png", "jpeg", "gif" or "webp", or None for anything else; any bytes may be asked about."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    return "webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None


def size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels, or None where the bytes do not tell them.

    The start of a picture does; only a JPEG may need more than its first thirty bytes.
    """
    read = {"png": _png, "jpeg": _jpeg, "gif": _gif, "webp": _webp}.get(kind(data))
    found = read(data) if read else None
    return found if found and min(found) > 0 else None


def data_url_type(url: str) -> tuple[str, int] | None:
    """The media type that a base64 data URL declares, and where its base64 starts; or None."""
    head = _HEAD.match(url, 0, _LONGEST_HEAD)
    if not head or not head[2]:
        return None
    return (head[1] or "text/plain").lower(), head.end()


def data_url_start(url: str) -> bytes | None:
    """The first bytes of a base64 data URL, enough to tell the kind of picture; or None."""
    declared = data_url_type(url)
    return _decoded(url, declared[1], _FIRST_LOOK) if declared else None


def data_url_size(url: str) -> tuple[int, int] | None:
    """Width and height of the picture in a base64 data URL, whatever type it declares, or None.

    Decodes no more of it than the header needs.
    """
    declared = data_url_type(url)
    if not declared:
        return None
    start, letters = declared[1], _FIRST_LOOK
    while (data := _decoded(url, start, letters)) is not None:
        found = size(data)
        if found or kind(data) != "jpeg" or letters >= len(url) - start:
            return found
        letters *= 16
    return None


def _decoded(url: str, start: int, letters: int) -> bytes | None:
    part = url[start : start + letters]
    whole = start + letters >= len(url)
    try:
        return base64.b64decode(part if whole else part[: len(part) & ~3], validate=True)
    except (binascii.Error, ValueError):
        return None


def _png(data: bytes) -> tuple[int, int] | None:
    if data[12:16] != b"IHDR" or len(data) < 24:
        return None
    found = int.from_bytes(data[16:20]), int.from_bytes(data[20:24])
    return found if max(found) <= _PNG_LARGEST else None


def _gif(data: bytes) -> tuple[int, int] | None:
    if len(data) < 10:
        return None
    return int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")


def _webp(data: bytes) -> tuple[int, int] | None:
    if len(data) < 30:
        return None
    chunk = data[12:16]
    if chunk == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        # 14 bits each; the two above them say how to enlarge the picture when it is shown.
        across, down = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (26, 28))
        return across, down
    if chunk == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8X":
        across, down = (int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
        return 1 + across, 1 + down
    return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """From the frame header, the segment before which comments, colours and previews may stand."""
    at = 2
    for _ in range(_SEGMENTS):
        found = _MARKER.match(data, at)
        if not found or found[1][0] in _ENDS:
            return None
        marker, at = found[1][0], found.end()
        if marker in _ALONE:
            continue
        if marker in _FRAMES:
            frame = data[at + 3 : at + 7]
            ends = int.from_bytes(frame[2:4]), int.from_bytes(frame[:2])
            return ends if len(frame) == 4 else None
        length = int.from_bytes(data[at : at + 2])
        if length < 2:
            return None
        at += length
    return None
