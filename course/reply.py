"""What a reply says about its own use of tokens, read whole or in pieces as they pass."""

import json

from pydantic_core import from_json

from course import tokens

_SIMULATED = "fp_simulated"
_LAST = ("response.completed", "response.incomplete", "response.failed")
_OUT_OF_SHAPE = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
_WAITING = ("queued", "in_progress")


class Reply:
    """A reply of chat completions, responses or embeddings, as far as it has been read.

    `ended`: its last event has passed. `broken`: it tells of an error. `waiting`: it is still to be
    written. `simulated`: it says that it is the course's simulator's, behind whatever address.
    """

    def __init__(self):
        self.usage: dict | None = None
        self.id = self.tier = self.output = None
        self.simulated = self.ended = self.broken = self.waiting = False
        self._texts: dict[object, list[str]] = {}
        self._rest = b""
        self._has_content = False

    def take_bytes(self, piece: bytes) -> list[bool]:
        """Read on in a stream of server-sent events.

        For each event that ends in this piece: whether it has content, a part of the answer.
        """
        ended = []
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                self._take_event(line[5:].strip())
            elif line in (b"", b"\r"):
                ended.append(self._has_content)
                self._has_content = False
        return ended

    def _take_event(self, data: bytes) -> None:
        if data == b"[DONE]":
            self.ended = True
        else:
            self.take(data)

    def take(self, text: bytes) -> bool:
        """Read a whole reply, or an event of a stream; False if it is in no shape known here."""
        try:
            self._take(_read(text))
        except _OUT_OF_SHAPE:
            return False
        return True

    def _take(self, data: dict) -> None:
        kind = data.get("type")
        self.ended = self.ended or kind in _LAST
        if data.get("error") or kind in ("error", "response.failed"):
            self.broken = True
        if isinstance(kind, str) and kind.startswith("response."):
            self._take_response_event(kind, data)
        if isinstance(data.get("response"), dict):  # how the responses API wraps its events
            self._take_about(data["response"])
            return
        self._take_about(data)
        self.waiting = data.get("status") in _WAITING
        for choice in data.get("choices") or ():
            self._take_choice(choice)
        for place, item in enumerate(data.get("output") or ()):
            self._take_item(place, item)

    def _take_about(self, data: dict) -> None:
        if isinstance(data.get("usage"), dict):
            self.usage = data["usage"]
        self.id = data.get("id") or self.id
        self.output = data.get("output")
        marks = (data.get("system_fingerprint"), data.get("source"))
        self.simulated = self.simulated or marks[0] == _SIMULATED or marks[1] == "simulated"
        self.tier = data.get("service_tier") or self.tier

    def _take_choice(self, choice: dict) -> None:
        said = choice.get("delta") or choice.get("message") or {}
        texts = self._texts.setdefault(choice.get("index") or 0, [])
        fresh = [text for key in ("content", "refusal") if (text := said.get(key))]
        for tool_call in said.get("tool_calls") or ():
            function = tool_call.get("function") or {}
            fresh += [function.get("name") or "", function.get("arguments") or ""]
        texts += fresh
        self._has_content = self._has_content or any(fresh)

    def _take_response_event(self, kind: str, data: dict) -> None:
        place = (data.get("output_index"), data.get("content_index"), data.get("summary_index"))
        texts = self._texts.setdefault(place, [])
        # Sound comes in deltas too, but is not text.
        if kind.endswith(".delta") and "audio" not in kind and isinstance(data.get("delta"), str):
            texts.append(data["delta"])
            self._has_content = True
        if kind == "response.output_item.added":
            texts.append(data["item"].get("name") or "")

    def _take_item(self, place: int, item: dict) -> None:
        texts = self._texts.setdefault(place, [])
        for part in item.get("content") or ():
            texts += [part[key] for key in ("text", "refusal") if isinstance(part.get(key), str)]
        texts += [item.get("name") or "", item.get("arguments") or ""]

    def count_completion(self, model: str) -> int:
        """Our own count of what was written, for replies that do not tell."""
        said = ("".join(filter(_is_text, texts)) for texts in self._texts.values())
        return sum(tokens.count(text, model) for text in said)

    @property
    def reasoning_tokens(self) -> int:
        for name in ("completion_tokens_details", "output_tokens_details"):
            details = (self.usage or {}).get(name)
            if isinstance(details, dict) and isinstance(details.get("reasoning_tokens"), int):
                return details["reasoning_tokens"]
        return 0


def _read(text: bytes) -> dict:
    try:
        return from_json(text)  # three times as fast, and a stream has an event for each token
    except ValueError:  # such as half of a surrogate pair, which json takes
        return json.loads(text)


def _is_text(said: object) -> bool:
    return isinstance(said, str)
