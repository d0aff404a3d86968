"""What an answer has as items of the Responses API: reasoning, a message, calls of functions."""

from collections.abc import Sequence

from course.endpoint.simulation.ask import Answer, Choice, Piece, Usage
from course.endpoint.wire import new_id

ENCRYPTED = "c2ltdWxhdGVkOiB0aGVyZSBpcyBubyByZWFzb25pbmcgaW4gaGVyZQ=="
"""Stands where the real service has encrypted reasoning: "simulated: there is no reasoning in
here", in base64."""
WHY_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


class Output:
    """The items of an answer, each with the pieces of text that it is sent in.

    `reasons` says whether the model thinks first. `why_incomplete` is None for an answer that is
    complete; else its last item is not complete either.
    """

    def __init__(self, answer: Answer, *, reasons: bool):
        choice = answer.choices[0]
        self.why_incomplete = WHY_INCOMPLETE.get(choice.finish_reason)
        self.logprobs = [one.as_dict() for one in choice.logprobs or ()]
        self.items: list[dict] = []
        self.pieces: list[Sequence[Piece]] = []
        if reasons:
            self._add(_reasoning(), ())
        if choice.pieces or not (choice.calls or self.why_incomplete):
            self._add(self._message(choice), choice.pieces)
        for call in choice.calls:
            about = {"arguments": call.arguments, "call_id": call.id, "name": call.name}
            self._add(_item("fc_", "function_call") | about, call.pieces)
        if self.why_incomplete and self.items and "status" in self.items[-1]:
            self.items[-1]["status"] = "incomplete"

    def _add(self, item: dict, pieces: Sequence[Piece]) -> None:
        self.items.append(item)
        self.pieces.append(pieces)

    def _message(self, choice: Choice) -> dict:
        if choice.refusal:
            part = {"type": "refusal", "refusal": choice.text}
        else:
            part = {"type": "output_text", "annotations": [], "logprobs": self.logprobs}
            part["text"] = choice.text
        return _item("msg_", "message") | {"content": [part], "role": "assistant"}


def usage_json(usage: Usage) -> dict:
    """The usage in the shape of the Responses API. What is written to the cache is not billed."""
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": 0},
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.prompt + usage.completion,
    }


def _item(prefix: str, kind: str) -> dict:
    return {"id": new_id(prefix), "type": kind, "status": "completed"}


def _reasoning() -> dict:
    return {
        "id": new_id("rs_"),
        "type": "reasoning",
        "encrypted_content": ENCRYPTED,
        "summary": [],
    }
