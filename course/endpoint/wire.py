"""What goes over the wire: the shapes of replies, chunks, models and refusals.

Shapes, status codes and error codes are those of OpenAI's API.
"""

import json
import random

from pydantic_core import to_json

from course.endpoint.simulation.models import Profile, created

_chance = random.Random(random.SystemRandom().getrandbits(256))
"""For ids: they need not be secret, only their own."""
FINGERPRINT = "fp_simulated"
DONE = b"data: [DONE]\n\n"


class WireError(Exception):
    """A refusal in OpenAI's shape: HTTP status, message, code for programs, field at fault.

    `kind` is the `type` in the answer, by default the one that goes with the status. `headers`
    are further pairs of bytes for the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str | None = None,
        headers: tuple = (),
    ):
        super().__init__(message)
        self.status, self.message, self.code, self.param = status, message, code, param
        self.kind = kind or ("server_error" if status >= 500 else "invalid_request_error")
        self.headers = headers

    def about(self) -> dict:
        """The `error` of the answer."""
        return {
            "message": self.message,
            "type": self.kind,
            "param": self.param,
            "code": self.code,
        }

    def json(self) -> bytes:
        return to_json({"error": self.about()})


def dumps(value: object) -> str:
    """The value as JSON text, letters as they are; what no JSON can hold becomes text."""
    return json.dumps(value, ensure_ascii=False, default=str)


def new_id(kind: str) -> str:
    """An id that was never given before, such as chatcmpl-5f0c…"""
    return f"{kind}{_chance.getrandbits(112):028x}"


def model_json(model_id: str, profile: Profile) -> dict:
    """A model as GET /v1/models lists it, with the day it leaves the API (or null)."""
    return {
        "id": model_id,
        "object": "model",
        "created": created(model_id, profile),
        "owned_by": "course-simulator",
        "shutdown_date": profile.shutdown.isoformat() if profile.shutdown else None,
    }
