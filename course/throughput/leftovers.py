"""Answers that came late, to entries of packs that were kept without them: a file beside a run's.

One line and one write each; a line that was cut off is passed over, and its entry asked again.
"""

import errno
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from course.errors import CourseError
from course.throughput.answers import digest

ENDING = ".late"


class Leftovers:
    """The late answers beside the run's file at `path`; None keeps them for this call alone.

    An entry is known by its position, its text and the labels.
    """

    def __init__(self, path: str | os.PathLike | None, labels: Sequence[str] | None):
        self._path = None if path is None else Path(f"{os.fspath(path)}{ENDING}").absolute()
        self._labels, self._known = list(labels or ()), {}
        lines = self._path.read_bytes().split(b"\n") if self._path and self._path.is_file() else []
        for line in lines:
            try:
                told = json.loads(line)
                self._known[told["input"]] = str(told["answer"])
            except (ValueError, TypeError, KeyError):
                continue

    def answer(self, position: int, text: str) -> str | None:
        """What an entry was answered, if it was."""
        return self._known.get(self._name(position, text)) if self._known else None

    def keep(self, answered: Iterable[tuple[int, str, str]]) -> None:
        """Write down position, text and answer of entries; CourseError where that can't be."""
        for position, text, answer in answered:
            name = self._name(position, text)
            self._known[name] = answer
            about = {"position": position, "input": name, "answer": answer}
            # It begins with a line break, for the line before may have been cut off.
            self._write(f"\n{json.dumps(about)}\n".encode())

    def _write(self, line: bytes) -> None:
        if self._path is None:
            return
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
            try:
                if os.write(file, line) < len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            finally:
                os.close(file)
        except OSError as error:
            raise CourseError(
                f"{self._path} can't be written ({error.strerror}); mend that and call again."
            ) from None

    def _name(self, position: int, text: str) -> str:
        return f"{position}-{digest([text, self._labels], position)}"
