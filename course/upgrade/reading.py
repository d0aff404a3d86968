"""A table of results from a CSV file, as spreadsheets and pandas write them: every cell a text."""

import csv
import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from course.errors import CourseError

if TYPE_CHECKING:
    from pandas import DataFrame

_NUMBERS = ("cost_usd", "latency_s", "confidence")
_OTHER_KINDS = {
    b"PK\x03\x04": "a spreadsheet or a zip",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "a compressed file",
    b"%PDF": "a PDF",
    b"{": "JSON",
    b"[": "JSON",
}


def read_results(path: str | Path) -> "DataFrame":
    """The rows of a CSV file, columns named in lower case, every value the text that stands there.

    Commas, semicolons or tabs between values, a byte-order mark, a line `sep=;` and, where commas
    do not separate, decimal commas are understood. A file that is no such table is a CourseError.
    """
    path = Path(path)
    text = _decoded(_bytes(path), path.name).lstrip("\r\n")
    if not text.strip():
        raise CourseError(f"{path.name} is empty; it needs a line of column names and rows.")
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) <= 5:
        text = rest  # a line that Excel reads and hides
    separator = max(",;\t", key=text.partition("\n")[0].count)
    frame = _parsed(text, separator, path.name)
    if separator != ",":
        for name in set(_NUMBERS) & set(frame.columns):
            frame[name] = frame[name].str.replace(",", ".", regex=False)
    return frame


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise CourseError(f"{path.name or path} is a folder; name the CSV file with the results.")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path} can't be read ({error.strerror}); name a CSV file.") from None
    for start, kind in _OTHER_KINDS.items():
        if data.lstrip(b"\xef\xbb\xbf \r\n").startswith(start):
            raise CourseError(f"{path.name} looks like {kind}; save the results as CSV.")
    return data


def _decoded(data: bytes, name: str) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")  # what older spreadsheets write
    if "\0" in text:
        raise CourseError(f"{name} is not a text file; save the results as CSV.")
    return text


def _parsed(text: str, separator: str, name: str) -> "DataFrame":
    import pandas as pd

    try:
        head = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise CourseError(f"The first line of {name} can't be read ({error}).") from None
    columns = [column.strip().lower() for column in head]
    named = [column for column in columns if column]
    if doubled := sorted({column for column in named if named.count(column) > 1}):
        raise CourseError(f"{name} has two columns {doubled[0]!r}; keep one of them.")
    # A column without a name is an index that was written with the table, or a trailing comma.
    columns = [column or f" {place}" for place, column in enumerate(columns)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            frame = pd.read_csv(
                io.StringIO(text, newline=""),
                sep=separator,
                header=0,
                names=columns,
                index_col=False,
                dtype="str",
                keep_default_na=False,
                skipinitialspace=True,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as error:
        why = " ".join(str(error).removeprefix("Error tokenizing data. C error: ").split())
        raise CourseError(
            f"{name} is not a table with as many values in each row as in its first ({why}); "
            "write it anew with pandas' to_csv."
        ) from None
    frame = frame[named].fillna("")
    return frame[frame.ne("").any(axis=1)]
