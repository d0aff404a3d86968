"""Replies kept on disk, so that a repeated identical call costs nothing: `connect(cache="…")`."""

import contextlib
import hashlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from course.errors import CourseError

_MARK = "course reply 1"


@dataclass(frozen=True, slots=True)
class Kept:
    """A reply as it came: its bytes and their content type."""

    content_type: str
    content: bytes


class Cache:
    """A folder of replies, each under the hash of what was asked.

    Identical is what asks the same service on the same path with the same JSON body, in any
    order of its fields; headers, and with them the key, never count and are never stored. Also
    calls that would be answered differently each time (any temperature above 0) are answered
    alike: for lessons and tests that is the point. What is stored can be private all the same,
    for it holds what the model answered: the files can be read by their owner alone. Delete the
    folder to begin anew. Any number of threads and processes can use one folder at once.
    """

    def __init__(self, folder: "str | os.PathLike"):
        self.folder = _opened(folder)

    def place(self, service: str, path: str, body: dict) -> Path:
        """The file for the reply to a request, there or not."""
        asked = json.dumps([service, "POST", path, body], sort_keys=True, separators=(",", ":"))
        return self.folder / f"{hashlib.sha256(asked.encode()).hexdigest()}.reply"

    def find(self, place: Path) -> Kept | None:
        """The reply that is kept there; None if there is none, or none that is whole."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            head, _, content = place.read_bytes().partition(b"\n")
            about = json.loads(head)
            kept = Kept(about["content_type"], content)
            if about == _about(place, kept):
                return kept
        return None

    def keep(self, place: Path, kept: Kept) -> None:
        """Store a reply, at once or not at all: where the disk is full, it is not."""
        fresh = None
        try:
            _make(self.folder)
            number, fresh = tempfile.mkstemp(dir=self.folder, suffix=".new")
            with os.fdopen(number, "wb") as file:
                file.write(json.dumps(_about(place, kept)).encode() + b"\n" + kept.content)
            Path(fresh).replace(place)
        except OSError:
            if fresh:
                with contextlib.suppress(OSError):
                    Path(fresh).unlink()


def _about(place: Path, kept: Kept) -> dict:
    return {
        "what": _MARK,
        "asked": place.stem,
        "content_type": kept.content_type,
        "sha256": hashlib.sha256(kept.content).hexdigest(),
    }


def _opened(folder: "str | os.PathLike") -> Path:
    try:
        path = Path(folder).expanduser().absolute()
    except (TypeError, RuntimeError):  # no path at all; a ~ without a home
        path = None
    if path is None or folder == "":
        raise CourseError(f"cache is {folder!r}; write the name of a folder, such as 'replies'.")
    try:
        _make(path)
        with tempfile.TemporaryFile(dir=path):
            return path
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise CourseError(
            f"cache is {str(folder)!r}, and nothing can be stored there ({why}); "
            "name a folder that you can write to."
        ) from None


def _make(folder: Path) -> None:
    """The folder, for its owner alone if it is new; one that was there stays as it was."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
