"""The folder of a batch: what was asked, what was sent, and what came back.

    state.json              the parts, and how far each has got
    part-001.jsonl          what is uploaded
    part-001.output.jsonl   what was answered, part-001.error.jsonl what was not

The state is replaced as a whole, so that it is never half-written, and before each step that
must not happen twice it says that the step is about to be taken.
"""

import json
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from course.errors import CourseError
from course.throughput.batch_lines import Line

ENDED = ("completed", "failed", "expired", "cancelled")
_NAME = re.compile(r"part-\d{3,}")
_MARK = "course-batch"


@dataclass(slots=True)
class Part:
    """One file of requests and its batch.

    `status` is planned, submitting (it may have been sent, and its `mark` tells), or the batch's;
    `fetched`: what came back is in the folder. `why` is why a batch failed.
    """

    name: str
    endpoint: str
    lines: int
    tokens: int = 0
    mark: str = ""
    status: str = "planned"
    batch_id: str = ""
    done: int = 0
    fetched: bool = False
    why: str = ""
    source: str = "live"

    @property
    def over(self) -> bool:
        return self.status in ENDED and self.fetched

    @property
    def waits(self) -> bool:
        """Whether it is yet to be sent, or it is not known to have been."""
        return self.status in ("planned", "submitting")


class Folder:
    """The folder as one program has it; a second one at the same time is a CourseError."""

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CourseError(
                f"{path} can't be a folder ({error.strerror}); name another."
            ) from None
        self._lock = FileLock(self.path / ".lock")
        self.parts: list[Part] = []

    def __enter__(self) -> "Folder":
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            told = f"Another program is at work in {self.path}; wait for its end, or name another."
            raise CourseError(told) from None
        except OSError as error:
            raise CourseError(f"{self.path} can't be written to ({error}); name another.") from None
        try:
            self.parts = self._read()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *_) -> None:
        self._lock.release()

    @property
    def _state(self) -> Path:
        return self.path / "state.json"

    def _read(self) -> list[Part]:
        if not self._state.exists():
            if any(self.path.glob("part-*.jsonl")):
                raise CourseError(f"{self.path} has files of something else; name another folder.")
            self.save()  # from here on, the part files in it are ours
            return []
        try:
            told = json.loads(self._state.read_text(encoding="utf-8"))
            parts = [Part(**part) for part in told[_MARK]]
        except (OSError, ValueError, TypeError, KeyError):
            parts = None
        if parts is None or not all(_NAME.fullmatch(str(part.name)) for part in parts):
            raise CourseError(
                f"{self._state} is not a batch's state any more; take the file back from a copy, "
                "or name another folder (its batches are then asked for again, and paid again)."
            )
        return parts

    def save(self) -> None:
        """Write the state down; only then is the next step taken."""
        state = {_MARK: [asdict(part) for part in self.parts]}
        self._write(self._state, json.dumps(state, indent=1).encode())

    def add(self, lines: Sequence[Line], endpoint: str, *, tokens: int) -> None:
        """One more part; it counts once the state is saved."""
        part = Part(
            name=f"part-{len(self.parts) + 1:03}",
            endpoint=endpoint,
            lines=len(lines),
            tokens=tokens,
            mark=secrets.token_hex(16),
        )
        self._write(self.file(part), b"".join(line.data + b"\n" for line in lines))
        self.parts.append(part)

    def file(self, part: Part, kind: str = "") -> Path:
        """Where a part's requests are, or its "output" or "error"."""
        return self.path / f"{part.name}{'.' * bool(kind)}{kind}.jsonl"

    def keep(self, part: Part, kind: str, content: bytes) -> None:
        """Put away what came back."""
        self._write(self.file(part, kind), content)

    def sent(self, part: Part) -> Iterator[tuple[str, bytes]]:
        """The custom_ids of a part's requests, with their lines."""
        for line, told in self._lines(self.file(part), needed=True):
            yield told["custom_id"], line

    def back(self, part: Part, kind: str) -> Iterator[dict]:
        """The lines of what came back."""
        for _, told in self._lines(self.file(part, kind), needed=False):
            yield told

    def _lines(self, path: Path, *, needed: bool) -> Iterator[tuple[bytes, dict]]:
        if not (needed or path.exists()):
            return
        try:
            lines = path.read_bytes().splitlines()
            told = [json.loads(line) for line in lines]
            named = all(isinstance(one["custom_id"], str) for one in told)
        except (OSError, ValueError, TypeError, KeyError):
            named = False
        if not named:
            raise CourseError(
                f"{path} is damaged; take it back from a copy, or name another folder (its "
                "batches are then asked for again, and paid again)."
            )
        yield from zip(lines, told, strict=True)

    def _write(self, path: Path, content: bytes) -> None:
        new = path.with_suffix(".new")
        try:
            with new.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
        except OSError as error:
            raise CourseError(
                f"{path} can't be written ({error.strerror}); make room, then call batch again: "
                "nothing that was sent is sent twice."
            ) from None
