"""Files that are uploaded, and files that batches leave: on disk, per key, until they expire.

A file's times are Unix seconds of the real clock; it expires by the endpoint's own clock, so on
an endpoint whose clock is sixty times as fast, in a sixtieth of the time it names.
"""

import asyncio
import contextlib
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from course.endpoint.api.multipart import Form, plain_name, too_large
from course.endpoint.api.queries import expiry, newest_first, page
from course.endpoint.clock import Clock
from course.endpoint.wire import WireError, new_id

PURPOSES = ("fine-tune", "assistants", "batch", "user_data", "vision", "evals")
UNREADABLE = ("assistants", "user_data", "vision")
"""Files of these purposes can be uploaded and deleted, but not downloaded again."""
BATCH_BYTES, FILE_BYTES = 200 * 1024**2, 512 * 1024**2
"""The largest file for a batch, and for any other purpose, as in OpenAI's API."""
KEY_BYTES, MOST_FILES = 1024**3, 10_000
"""What a key may keep, by default."""
CROWD = 4
"""All keys together may keep this many times what one may keep."""
BATCH_FILE_S = 30 * 24 * 3600
"""Seconds after which a batch's file expires, unless its owner says otherwise."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file, as the API tells of it, where it is, and when it ends on the endpoint's clock."""

    about: Mapping
    path: Path
    ends: float | None


class Files:
    """The files of all keys, in a folder of their own (in `folder`) that `close` removes.

    `clock` gives simulated seconds, `now` Unix seconds; a key may keep `bound_bytes`. Whatever
    is refused is a WireError; a key sees nobody's files but its own.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        clock: Clock,
        bound_bytes: int = KEY_BYTES,
        now: Callable[[], float] = time.time,
    ):
        self._parent, self._made = folder, None
        self._clock, self._now, self._bound = clock, now, bound_bytes
        self._files: dict[str, dict[str, Stored]] = {}
        self._bytes: Counter[str] = Counter()

    def close(self) -> None:
        """Remove every file."""
        self._files.clear()
        if self._made is not None:
            self._made.cleanup()

    async def upload(self, key: str, content_type: bytes, pieces: AsyncIterator[bytes]) -> dict:
        """Keep the file of a form whose body comes in `pieces`; the API's file object."""
        path, counted = self.fresh(), 0
        form = Form(content_type, path, most=FILE_BYTES)
        try:
            async for piece in pieces:
                # In a thread: the disk may be slow, and others are being answered.
                await asyncio.to_thread(form.take, piece)
                self._count(key, form.size - counted)
                counted = form.size
            form.end()
            purpose, seconds = _check(form)
        except BaseException:
            form.close()
            path.unlink(missing_ok=True)
            self._bytes[key] -= counted
            raise
        return self._keep(key, path, filename=form.filename, purpose=purpose, seconds=seconds)

    def list(self, key: str, query: Mapping[str, str]) -> dict:
        """A page of the key's files, newest first; `query` is that of GET /v1/files."""
        newest, purpose = newest_first(query), query.get("purpose")
        rows = [stored.about for stored in self._of(key).values()]
        rows = [row for row in rows if purpose is None or row["purpose"] == purpose]
        rows = rows[::-1] if newest else rows
        return page(rows, query, most=10_000, usual=10_000, missing=_no_such_file)

    def get(self, key: str, file_id: str) -> dict:
        """The file object; WireError 404 if this key has no such file."""
        return dict(self._find(key, file_id).about)

    def content(self, key: str, file_id: str) -> Path:
        """Where the bytes of a file are; WireError 400 if its purpose forbids reading it."""
        stored = self._find(key, file_id)
        if stored.about["purpose"] in UNREADABLE:
            told = f"Not allowed to download files of purpose: {stored.about['purpose']}"
            raise WireError(400, told)
        return stored.path

    def delete(self, key: str, file_id: str) -> dict:
        self._forget(key, self._find(key, file_id))
        return {"id": file_id, "object": "file", "deleted": True}

    def fresh(self) -> Path:
        """A path in the folder that no file has yet."""
        if self._made is None:
            # Private to this user (0700), and gone with the process if nobody closes it.
            self._made = tempfile.TemporaryDirectory(
                prefix="course-files-", dir=self._parent, ignore_cleanup_errors=True
            )
        return Path(self._made.name, new_id("part-"))

    def keep(
        self, key: str, path: Path, *, filename: str, purpose: str, seconds: int | None
    ) -> dict:
        """Make what was written to a `fresh` path one of the key's files; the file object.

        It counts towards the key's bound, but is never refused: a batch is not undone.
        """
        self._bytes[key] += path.stat().st_size
        return self._keep(key, path, filename=filename, purpose=purpose, seconds=seconds)

    def _keep(self, key: str, path: Path, *, filename: str, purpose: str, seconds: int | None):
        created = int(self._now())
        about = {
            "id": new_id("file-"),
            "object": "file",
            "bytes": path.stat().st_size,
            "created_at": created,
            "expires_at": created + seconds if seconds else None,
            "filename": plain_name(filename),
            "purpose": purpose,
            "status": "processed",
            "status_details": None,
        }
        ends = self._clock() + seconds if seconds else None
        self._files.setdefault(key, {})[about["id"]] = Stored(about, path, ends)
        return dict(about)

    def _of(self, key: str) -> dict[str, Stored]:
        """The key's files, oldest first, without those that have expired."""
        now = self._clock()
        files = self._files.get(key, {})
        for stored in [one for one in files.values() if one.ends is not None and one.ends <= now]:
            self._forget(key, stored)
        return files

    def _find(self, key: str, file_id: str) -> Stored:
        stored = self._of(key).get(file_id)
        if stored is None:
            raise _no_such_file(file_id)
        return stored

    def _forget(self, key: str, stored: Stored) -> None:
        del self._files[key][stored.about["id"]]
        self._bytes[key] -= stored.about["bytes"]
        # Windows removes no file that is being read; it goes with the folder.
        with contextlib.suppress(PermissionError):
            stored.path.unlink(missing_ok=True)

    def _count(self, key: str, size: int) -> None:
        """Make room for `size` more bytes of the key's; WireError 413 where there is none."""
        for owner in list(self._files) if self._full(key, size) else ():
            self._of(owner)
        if why := self._full(key, size):
            told = f"{why} Delete some files first."
            raise WireError(413, told, param="file", code="storage_limit_exceeded")
        self._bytes[key] += size

    def _full(self, key: str, size: int) -> str:
        if len(self._files.get(key, ())) >= MOST_FILES:
            return f"You have {MOST_FILES:,} files."
        if self._bytes[key] + size > self._bound:
            return f"Your files would take more than {self._bound:,} bytes."
        if self._bytes.total() + size > CROWD * self._bound:
            return "The files of all keys together fill this endpoint."
        return ""


def _check(form: Form) -> tuple[str, int | None]:
    """The form's purpose and after how many seconds its file expires."""
    purpose = form.fields.get("purpose")
    for name, sent in (("purpose", purpose), ("file", form.filename)):
        if sent is None:
            raise WireError(400, f"'{name}' is a required property", param=name)
    if purpose not in PURPOSES:
        told = f"'{purpose:.100}' is not one of {list(PURPOSES)} - 'purpose'"
        raise WireError(400, told, param="purpose")
    if not form.size:
        raise WireError(400, "File is empty.", param="file")
    if purpose == "batch":
        if not form.filename.endswith(".jsonl"):
            raise WireError(400, "Invalid file format for Batch API. Must be .jsonl")
        if form.size > BATCH_BYTES:
            raise too_large(BATCH_BYTES)
    return purpose, _seconds(form.fields, purpose)


def _seconds(fields: Mapping[str, str], purpose: str) -> int | None:
    anchor, seconds = fields.get("expires_after[anchor]"), fields.get("expires_after[seconds]")
    if anchor is None and seconds is None:
        return BATCH_FILE_S if purpose == "batch" else None
    whole = seconds is not None and seconds.isdecimal() and len(seconds) < 10
    return expiry(anchor, int(seconds) if whole else seconds, param="expires_after")


def _no_such_file(file_id: str) -> WireError:
    return WireError(404, f"No such File object: {file_id:.100}", param="id")
