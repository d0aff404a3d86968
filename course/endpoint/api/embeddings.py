"""POST /v1/embeddings: vectors computed by `vectors.py`, which says how, in OpenAI's shape.

Limits are those of OpenAI's API reference. Refusals have the words quoted in public bug reports;
where those leave the reason out, it follows in a sentence of our own.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import to_json

from course import tokens
from course.endpoint.api.chat_request import OPEN
from course.endpoint.api.vectors import vector
from course.endpoint.refusals import no_such_model, read_object, refusal, wrong_type
from course.endpoint.simulation import models
from course.endpoint.simulation.ask import Usage
from course.endpoint.wire import WireError
from course.errors import CourseError
from course.facts import fact

MODELS = ("text-embedding-3-small", "text-embedding-3-large", "text-embedding-ada-002")
SOURCE = "simulated"
"""The `source` in an answer's body: nobody shall take these vectors for a model's."""

_KINDS = "a string, an array of strings, an array of tokens or an array of token arrays"
_INVALID = (
    "'$.input' is invalid. Please check the API reference: "
    "https://platform.openai.com/docs/api-reference. ({why}.)"
)
_VOCABULARY = 100_277  # cl100k_base has that many token numbers, its special ones included


class _Body(BaseModel):
    model_config = OPEN

    model: str
    input: Any
    dimensions: Annotated[int, Field(ge=1)] | None = None
    encoding_format: Literal["float", "base64"] | None = None
    user: str | None = None


@dataclass(frozen=True, slots=True)
class EmbeddingRequest:
    """Texts to be turned into vectors of `dimensions` numbers; `tokens` is what all have.

    `coded` is whether the vectors are wanted as base64 of 4-byte floats instead of as numbers.
    """

    model: str
    texts: tuple[str, ...]
    tokens: int
    dimensions: int
    coded: bool


def read(data: bytes) -> EmbeddingRequest:
    """The request in a body; raises WireError, with OpenAI's status, where it is refused."""
    try:
        body = _Body.model_validate(read_object(data))
    except ValidationError as error:
        raise refusal(error) from None
    _check_model(body.model)
    dimensions = _dimensions(body)
    counted = [_counted(asked, body.model) for asked in _inputs(body.input)]
    total = _total([count for _, count in counted], body)
    return EmbeddingRequest(
        model=body.model,
        texts=tuple(text for text, _ in counted),
        tokens=total,
        dimensions=dimensions,
        coded=body.encoding_format == "base64",
    )


def answer(request: EmbeddingRequest) -> tuple[bytes, int]:
    """The body of the answer, and the prompt tokens it is billed for.

    In OpenAI's shape, and `"source": "simulated"` besides. The same text always has the same
    vector.
    """
    body = {
        "object": "list",
        "data": [_datum(request, number) for number in range(len(request.texts))],
        "model": request.model,
        "usage": {"prompt_tokens": request.tokens, "total_tokens": request.tokens},
        "source": SOURCE,
    }
    return to_json(body), request.tokens


MANY = 32
"""Texts: more are turned into vectors in a thread."""


class Reading:
    """A request for embeddings as `calls.py` takes it. It has no answer to be capped or streamed.

    The simulator of the models that write is taken as other readings take it, and not needed.
    """

    cap, stream = 0, False

    def __init__(self, data: bytes, key: str = "", *, simulator: object = None):
        self.request = request = read(data)
        self.model, self.prompt = request.model, request.tokens
        self.heavy = len(request.texts) > MANY

    def answer(self, owner: str = "", at_once: int = 1) -> "Writing":
        """The answer, ready to be sent."""
        data, billed = answer(self.request)
        return Writing(data, Usage(billed))


@dataclass(frozen=True, slots=True)
class Writing:
    """An answer that is sent as soon as it is computed: no published figure says how long the
    real service takes."""

    data: bytes
    usage: Usage
    first_s: float = 0.0
    end_s: float = 0.0
    right: bool | None = None

    def body(self) -> bytes:
        return self.data

    def events(self) -> Iterator[tuple[float, bytes]]:
        """All of it in one; embeddings are never streamed."""
        yield self.end_s, self.data


def _datum(request: EmbeddingRequest, number: int) -> dict:
    found = vector(request.texts[number], request.model, dimensions=request.dimensions)
    if request.coded:
        sent = base64.b64encode(found.astype("<f4").tobytes()).decode()
    else:
        sent = found.tolist()
    return {"object": "embedding", "index": number, "embedding": sent}


def _check_model(model: str) -> None:
    if model in MODELS:
        return
    if model in models.profiles():
        raise WireError(403, "You are not allowed to generate embeddings from this model")
    raise no_such_model(model)


def _dimensions(body: _Body) -> int:
    most = int(fact(f"{body.model}.dimensions"))
    if body.dimensions is None:
        return most
    if body.model == "text-embedding-ada-002":
        raise WireError(400, "This model does not support specifying dimensions.")
    if body.dimensions > most:
        shown = body.dimensions if body.dimensions < 10**9 else "a billion or more"
        told = f"Invalid value for 'dimensions' = {shown}. Must be less than or equal to {most}."
        raise WireError(400, told, param="dimensions")
    return body.dimensions


def _inputs(asked: object) -> list:
    """The inputs one by one, each a text or a list of token numbers."""
    if isinstance(asked, str):
        return [asked]
    if not isinstance(asked, list):
        raise wrong_type("input", _KINDS, asked)
    if asked and type(asked[0]) is int:
        return [asked]
    most = int(fact("api.embedding_inputs"))
    if not 0 < len(asked) <= most:
        raise _invalid(f"An array must have 1 to {most} inputs, but this one has {len(asked)}")
    return asked


def _counted(asked: object, model: str) -> tuple[str, int]:
    """The text of one input, and how many tokens it has."""
    if isinstance(asked, str):
        if not asked:
            raise _invalid("An input must not be an empty string")
        return asked, tokens.count(asked, model)
    if not isinstance(asked, list) or any(type(number) is not int for number in asked):
        raise _invalid(f"It must be {_KINDS}")
    if not asked:
        raise _invalid("An input must not be an empty array")
    return _text(asked, model), len(asked)


def _text(numbers: list[int], model: str) -> str:
    try:
        found = b"".join(tokens.token_bytes(numbers, model))
    except CourseError:
        found = None
    if found is None or max(numbers) >= _VOCABULARY:
        raise _invalid("There is a token that the model's vocabulary, cl100k_base, does not have")
    return found.decode("utf-8", errors="replace")


def _total(counts: list[int], body: _Body) -> int:
    longest = int(fact(f"{body.model}.max_input"))
    for number, count in enumerate(counts):
        if count > longest:
            name = "input" if isinstance(body.input, str) else f"input[{number}]"
            raise WireError(400, f"Invalid '{name}': maximum input length is {longest} tokens.")
    most, total = int(fact("api.embedding_request_tokens")), sum(counts)
    if total > most:
        kind = "max_tokens_per_request"
        told = f"Requested {total} tokens, max {most} tokens per request"
        raise WireError(400, told, code=kind, kind=kind)
    return total


def _invalid(why: str) -> WireError:
    return WireError(400, _INVALID.format(why=why))
