"""POST /v1/moderations in OpenAI's shape, by the rule about words in `flagging.py`.

No model is behind it, and pictures are not looked at: `category_applied_input_types` never names
them.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import to_json

from course.endpoint.api.chat_request import OPEN
from course.endpoint.refusals import (
    empty,
    field,
    no_such_model,
    not_one_of,
    of_kind,
    read_object,
    refusal,
    wrong_type,
)
from course.endpoint.simulation.flagging import CATEGORIES, FLAGGED_FROM, flagged, scores
from course.endpoint.wire import WireError, new_id

__all__ = ["CATEGORIES", "MODELS", "ModerationRequest", "answer", "flagged", "read", "scores"]

SOURCE = "simulated"
MODELS = {
    "omni-moderation-latest": "omni-moderation-latest",
    "omni-moderation-2024-09-26": "omni-moderation-2024-09-26",
    "text-moderation-latest": "text-moderation-007",
    "text-moderation-stable": "text-moderation-007",
}
"""What is asked for, and what the answer names. The text-moderation ones are said to have left the
API on 2025-10-27 (weighmyprompt.com's list of retirements); they are played for older programs."""
DEFAULT = "omni-moderation-latest"

_KINDS = "a string, an array of strings or an array of typed parts"

_OLDER_CATEGORIES = tuple(name for name in CATEGORIES if not name.startswith("illicit"))


class _Body(BaseModel):
    model_config = OPEN

    model: str | None = None
    input: Any


@dataclass(frozen=True, slots=True)
class ModerationRequest:
    """What to look at: one text for each result, None for pictures without any text."""

    model: str
    texts: tuple[str | None, ...]


def read(data: bytes) -> ModerationRequest:
    """The request in a body; raises WireError where it is refused."""
    try:
        body = _Body.model_validate(read_object(data))
    except ValidationError as error:
        raise refusal(error) from None
    model = DEFAULT if body.model is None else body.model
    if model not in MODELS:
        raise no_such_model(model)
    return ModerationRequest(model, _texts(body.input, model))


def answer(request: ModerationRequest) -> bytes:
    """The body of the answer in OpenAI's shape, and `"source": "simulated"` besides."""
    body = {
        "id": new_id("modr-"),
        "model": MODELS[request.model],
        "results": [_result(text, request.model) for text in request.texts],
        "source": SOURCE,
    }
    return to_json(body)


def _result(text: str | None, model: str) -> dict:
    older = model.startswith("text-")
    names = _OLDER_CATEGORIES if older else CATEGORIES
    found = scores(text or "")
    flags = {name: found[name] >= FLAGGED_FROM for name in names}
    result = {
        "flagged": any(flags.values()),
        "categories": flags,
        "category_scores": {name: found[name] for name in names},
    }
    if not older:
        looked_at = [] if text is None else ["text"]
        result["category_applied_input_types"] = dict.fromkeys(names, looked_at)
    return result


def _texts(asked: object, model: str) -> tuple[str | None, ...]:
    if isinstance(asked, str):
        return (asked,)
    if not isinstance(asked, list):
        raise wrong_type("input", _KINDS, asked)
    if not asked:
        raise empty("input")
    if all(isinstance(one, str) for one in asked):
        return tuple(asked)
    if model.startswith("text-"):
        raise wrong_type("input", "a string or an array of strings", asked)
    return (_text_of_parts(asked),)


def _text_of_parts(parts: list) -> str | None:
    """The text of typed parts, which have one result together; None where all are pictures."""
    texts, pictures = [], 0
    for number, part in enumerate(parts):
        at = f"input[{number}]"
        kind = field(of_kind(part, dict, at), "type", at, str)
        if kind == "image_url":
            field(field(part, "image_url", at, dict), "url", f"{at}.image_url", str)
            pictures += 1
        elif kind == "text":
            texts.append(field(part, "text", at, str))
        else:
            raise not_one_of(f"{at}.type", kind, ("text", "image_url"))
    if pictures > 1:
        told = f"Number of images ({pictures}) exceeds maximum of 1"
        raise WireError(400, told, param="input", code="too_many_images")
    return "\n".join(texts) if texts else None
