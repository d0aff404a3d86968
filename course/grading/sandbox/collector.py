"""What a cell shows, collected: its streams, values and pictures, up to a size."""

import base64
import os
from typing import Any

from course.grading.sandbox.outputs import MOST_OUTPUTS, TYPES

CUT = "\n… the rest of the output was too long and is left out.\n"


class Collector:
    """The outputs of the running cell, as nbformat has them; `most` is in characters."""

    def __init__(self, most: int, most_together: int):
        self._most, self._together = most, most_together
        self.outputs: list[dict[str, Any]] = []
        self._used, self._clear, self._is_cut = 0, False, False

    def begin(self) -> None:
        self._together = max(self._together - self._used, 0)
        self._used, self._clear, self._is_cut, self.outputs = 0, False, False, []

    def stream(self, name: str, text: str) -> None:
        """Text to stdout or stderr; what follows more of the same is one output with it."""
        if text and (text := self._room(text)):
            last = self.outputs[-1] if self.outputs and not self._clear else {}
            if last.get("name") == name and last["output_type"] == "stream":
                last["parts"].append(text)
            else:
                self._add({"output_type": "stream", "name": name, "parts": [text]})

    def rich(self, kind: str, data: dict[str, Any], **more: Any) -> None:
        """An execute_result or a display_data with those of its forms that are shown."""
        texts = {name: _text(data[name]) for name in TYPES if name in data}
        if texts and self._fits(sum(map(len, texts.values()))):
            self._add({"output_type": kind, "data": texts} | more)

    def update(self, display_id: str, data: dict[str, Any]) -> None:
        """Replace what stands under that id."""
        texts = {name: _text(data[name]) for name in TYPES if name in data}
        for output in self.outputs:
            if output.get("id") == display_id and self._fits(sum(map(len, texts.values()))):
                output["data"] = texts

    def error(self, name: str, said: str, lines: list[str]) -> None:
        text = self._room("\n".join(lines)) or said[:200]
        error = {"ename": name, "evalue": said, "traceback": text.split("\n")}
        self._add({"output_type": "error"} | error)

    def clear(self, wait: bool) -> None:
        if wait:
            self._clear = True
        else:
            self.outputs = []

    def done(self) -> list[dict[str, Any]]:
        """The cell's outputs, each stream in one text."""
        for output in self.outputs:
            if "parts" in output:
                output["text"] = "".join(output.pop("parts"))
        return self.outputs

    def _add(self, output: dict[str, Any]) -> None:
        if self._clear:
            self.outputs, self._clear = [], False
        if len(self.outputs) < MOST_OUTPUTS or output["output_type"] == "error":
            self.outputs = [*self.outputs[: MOST_OUTPUTS - 1], output]

    def _fits(self, size: int) -> bool:
        if self._used + size > min(self._most, self._together):
            self._cut()
            return False
        self._used += size
        return True

    def _room(self, text: str) -> str:
        left = max(min(self._most, self._together) - self._used, 0)
        self._used += min(len(text), left)
        if len(text) > left:
            kept = text[:left]
            return "" if self._is_cut else f"{kept}{self._cut()}"
        return text

    def _cut(self) -> str:
        self._is_cut = True
        return CUT


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value if isinstance(value, str) else str(value)


class Stream:
    """stdout or stderr of the cells; a process that they fork writes into the file `fd`."""

    encoding, errors, closed = "utf-8", "replace", False

    def __init__(self, name: str, shell: Any, fd: int):
        self.name, self._shell, self._fd = f"<{name}>", shell, fd
        self._which, self._owner = name, os.getpid()

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if os.getpid() != self._owner:
            os.write(self._fd, text.encode("utf-8", "replace"))
        else:
            self._shell.drain()
            self._shell.collector.stream(self._which, text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """As little as a notebook's can be closed."""

    def isatty(self) -> bool:
        return False

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def fileno(self) -> int:
        return self._fd

    @property
    def buffer(self) -> "Stream":
        return _Bytes(self)


class _Bytes:
    """sys.stdout.buffer."""

    def __init__(self, stream: Stream):
        self._stream = stream

    def write(self, data: bytes) -> int:
        self._stream.write(bytes(data).decode("utf-8", "replace"))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""
