"""A form with a file in it, read piece by piece: the file goes to disk as it comes in."""

import logging
from pathlib import Path

from course.endpoint.wire import WireError

MOST_PARTS, MOST_HEADERS = 16, 8
HEADER_BYTES, FIELD_BYTES = 4096, 1024
FORM_BYTES = 64 * 1024
"""So much may a form have on top of the file: boundaries, headers, fields."""

# A client's broken form is told to the client; the library would print a line for it, too.
logging.getLogger("python_multipart").addHandler(logging.NullHandler())


class Form:
    """Reads multipart/form-data: `take` every piece of the body, then `end`.

    `fields` are the values by name, `filename` the name that the client gives the part called
    "file" (None without such a part), `size` how many bytes of it were written to `path`. At
    most one file, at most `most` bytes of it. Raises WireError for whatever is wrong.
    """

    def __init__(self, content_type: bytes, path: Path, *, most: int):
        # Imported for the first form: most endpoints never see one.
        from python_multipart.multipart import FormParserError, MultipartParser

        self._broken, self._most, self._path = FormParserError, most, path
        self.fields: dict[str, str] = {}
        self.filename: str | None = None
        self.size = self._seen = self._parts = 0
        self._file = None
        self._complete = False
        names = (
            "on_part_begin on_part_data on_part_end on_header_field on_header_value "
            "on_header_end on_headers_finished on_end"
        )
        callbacks = {name: getattr(self, name.replace("on_", "_")) for name in names.split()}
        limits = {"max_header_count": MOST_HEADERS, "max_header_size": HEADER_BYTES}
        try:
            self._parser = MultipartParser(_boundary(content_type), callbacks, **limits)
        except FormParserError as error:
            raise _unreadable(str(error)) from None

    def take(self, piece: bytes) -> None:
        """Read on. Blocks while it writes, so call it in a thread."""
        self._seen += len(piece)
        if self._seen > self._most + FORM_BYTES:
            raise too_large(self._most)
        try:
            self._parser.write(piece)
        except self._broken as error:
            raise _unreadable(str(error)) from None

    def end(self) -> None:
        """The body is over; WireError 400 if the form is not."""
        self.close()
        if not self._complete:
            raise _unreadable("it ends in the middle of a part")

    def close(self) -> None:
        """Let go of the file on disk."""
        if self._file is not None:
            self._file.close()

    def _part_begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise _unreadable(f"it has more than {MOST_PARTS} parts")
        self._headers: dict[bytes, bytes] = {}
        self._header, self._value, self._name = b"", b"", ""
        self._text, self._is_file = bytearray(), False

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def _headers_finished(self) -> None:
        from python_multipart.multipart import parse_options_header

        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        if self._name != "file" or b"filename" not in options:
            return
        if self.filename is not None:
            raise _unreadable("it has more than one file")
        self._is_file = True
        self.filename = plain_name(options[b"filename"].decode("utf-8", "replace"))
        self._file = self._path.open("wb")

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if not self._is_file:
            self._text += data[start:end]
            if len(self._text) > FIELD_BYTES:
                raise _unreadable(f"the field {self._name!r:.100} is over {FIELD_BYTES} bytes")
            return
        self.size += end - start
        if self.size > self._most:
            raise too_large(self._most)
        self._file.write(memoryview(data)[start:end])

    def _part_end(self) -> None:
        if not self._is_file:
            self.fields[self._name] = self._text.decode("utf-8", "replace")

    def _end(self) -> None:
        self._complete = True


def plain_name(name: str) -> str:
    """A client's file name, fit to be shown: no folders, no control characters, not too long."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:255] or "upload"


def too_large(most: int) -> WireError:
    told = f"File is too large: at most {most:,} bytes are accepted."
    return WireError(413, told, param="file", code="file_too_large")


def _boundary(content_type: bytes) -> bytes:
    from python_multipart.multipart import parse_options_header

    kind, options = parse_options_header(content_type[:HEADER_BYTES])
    if kind != b"multipart/form-data":
        sent = kind.decode("latin-1")
        told = f"Invalid Content-Type header ({sent:.100}), expected multipart/form-data."
        raise WireError(415, told, code="unsupported_content_type")
    if not options.get(b"boundary"):
        raise _unreadable("its Content-Type header names no boundary")
    return options[b"boundary"]


def _unreadable(why: str) -> WireError:
    return WireError(400, f"Could not parse multipart form: {why:.200}.", code="invalid_form")
