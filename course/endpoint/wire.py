"""What goes over the wire: the shapes of replies, chunks, models and refusals.

Shapes, status codes and error codes are those of OpenAI's API.
"""

import secrets
from dataclasses import dataclass

from pydantic_core import to_json

from course.endpoint.models import Profile, created

FINGERPRINT = "fp_simulated"
DONE = b"data: [DONE]\n\n"


class WireError(Exception):
    """A refusal in OpenAI's shape: HTTP status, message, code for programs, field at fault.

    `headers` are further pairs of bytes for the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        headers: tuple = (),
    ):
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param
        self.headers = headers

    def json(self) -> bytes:
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        told = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return to_json({"error": told})


@dataclass(frozen=True)
class Usage:
    """The tokens of one reply; cached ones are part of prompt, reasoning ones of completion."""

    prompt: int
    cached: int
    completion: int
    reasoning: int

    def json(self) -> dict:
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
            "prompt_tokens_details": {"cached_tokens": self.cached, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": self.reasoning,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }


@dataclass(frozen=True)
class Head:
    """What a reply and all its chunks have in common; `created` is in Unix seconds."""

    id: str
    created: int
    model: str

    def json(self, kind: str) -> dict:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "service_tier": "default",
            "system_fingerprint": FINGERPRINT,
        }


def new_id(kind: str) -> str:
    """An id that was never given before, such as chatcmpl-5f0c…"""
    return kind + secrets.token_hex(14)


def completion(head: Head, texts: list[str], *, finish_reason: str, usage: Usage) -> bytes:
    """A whole chat completion with one choice per text."""
    choices = [
        {
            "index": index,
            "message": {"role": "assistant", "content": text, "refusal": None, "annotations": []},
            "logprobs": None,
            "finish_reason": finish_reason,
        }
        for index, text in enumerate(texts)
    ]
    told = {"choices": choices, "usage": usage.json()}
    return to_json(head.json("chat.completion") | told)


class Chunks:
    """Writes the events of one streamed completion.

    Only the delta is turned into JSON for each chunk; what never changes is written once.
    """

    def __init__(self, head: Head, *, include_usage: bool):
        opened = to_json(head.json("chat.completion.chunk"))[:-1]
        self._head = b"data: " + opened + b',"choices":['
        self._tail = b',"usage":null}\n\n' if include_usage else b"}\n\n"

    def delta(self, index: int, delta: dict, *, finish_reason: str | None = None) -> bytes:
        choice = b'{"index":%d,"delta":%b,"logprobs":null,"finish_reason":%b}]'
        return self._head + choice % (index, to_json(delta), to_json(finish_reason)) + self._tail

    def usage(self, usage: Usage) -> bytes:
        return self._head + b'],"usage":' + to_json(usage.json()) + b"}\n\n"


def model_json(model_id: str, profile: Profile) -> dict:
    """A model as GET /v1/models lists it, with the day it leaves the API (or null)."""
    return {
        "id": model_id,
        "object": "model",
        "created": created(model_id, profile),
        "owned_by": "course-simulator",
        "shutdown_date": profile.shutdown.isoformat() if profile.shutdown else None,
    }
