"""What goes into a batch's file: a line for each request, in files that the Batch API takes."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from course.errors import CourseError
from course.worst_case import api_of, prompt_tokens

MOST_LINES = 50_000
MOST_BYTES = 200 * 1000**2
"""Up to 50,000 requests and 200 MB in a file: so openai 3.52's own batches.create says.

Whether its MB are 1000 or 1024 kB, it does not say; these fit either way."""
ENDPOINTS = ("/v1/chat/completions", "/v1/responses", "/v1/embeddings")
LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Line:
    """One request of a batch. `inputs` counts its texts: one, or as many as an embedding has."""

    custom_id: str
    model: str
    data: bytes
    inputs: int = 1

    def tokens(self) -> int:
        """The prompt's tokens, which count for the limit of what may wait in batches."""
        request = json.loads(self.data)
        return prompt_tokens(request["body"], api_of(request["url"]))


def lines_of(requests: object, endpoint: str) -> dict[str, Line]:
    """A line for each request, by custom_id; CourseError for the first that can't be one."""
    if endpoint not in ENDPOINTS:
        raise CourseError(f"endpoint is {endpoint!r}; batches are for {', '.join(ENDPOINTS)}.")
    lines = {}
    for custom_id, body in _named(requests):
        if custom_id in lines:
            raise CourseError(f"Two requests are named {custom_id!r}; name each differently.")
        lines[custom_id] = _line(custom_id, body, endpoint)
    if not lines:
        raise CourseError("There are no requests for a batch; give at least one.")
    return lines


def _named(requests: object) -> Iterator[tuple[str, object]]:
    if isinstance(requests, Mapping):
        yield from requests.items()
    elif isinstance(requests, Iterable) and not isinstance(requests, str | bytes):
        yield from ((f"request-{place}", body) for place, body in enumerate(requests))
    else:
        raise CourseError(
            f"requests is {type(requests).__name__}; give a list of requests, each a dict with "
            "model and messages, or a dict of them by name."
        )


def _line(custom_id: object, body: object, endpoint: str) -> Line:
    if not isinstance(custom_id, str) or not 0 < len(custom_id) <= LONGEST_NAME:
        raise CourseError(
            f"A request is named {custom_id!r:.80}; names are texts of 1 to {LONGEST_NAME} letters."
        )
    needed = "messages" if endpoint.endswith("completions") else "input"
    if not isinstance(body, Mapping) or not {"model", needed} <= body.keys():
        raise CourseError(f"Request {custom_id!r} is no dict with model and {needed}.")
    model, texts = body["model"], body.get("input")
    if not isinstance(model, str):
        raise CourseError(f"Request {custom_id!r} names no model but {model!r:.40}.")
    if body.get("stream"):
        raise CourseError(f"Request {custom_id!r} asks for a stream; batches have none.")
    request = {"custom_id": custom_id, "method": "POST", "url": endpoint, "body": dict(body)}
    try:
        data = json.dumps(request, ensure_ascii=True, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        told = f"Request {custom_id!r} can't be written as JSON ({error}); give plain values."
        raise CourseError(told) from None
    many = endpoint == "/v1/embeddings" and isinstance(texts, list)
    inputs = len(texts) if many and texts and not isinstance(texts[0], int) else 1
    return Line(custom_id, model, data, inputs)


def split(lines: Iterable[Line], queue_tokens: int | None = None) -> list[list[Line]]:
    """The lines in files that a batch takes: of one model, within the bounds on lines and bytes.

    With `queue_tokens`, the prompts in a file also have at most so many tokens, unless one has
    more alone.
    """
    by_model: dict[str, list[Line]] = {}
    for line in lines:
        by_model.setdefault(line.model, []).append(line)
    return [part for same in by_model.values() for part in _parts(same, queue_tokens)]


def _parts(lines: Sequence[Line], queue_tokens: int | None) -> Iterator[list[Line]]:
    most = (MOST_LINES, MOST_BYTES, queue_tokens or 0)
    part, held = [], (0, 0, 0)
    for line in lines:
        size = (line.inputs, len(line.data) + 1, line.tokens() if queue_tokens else 0)
        total = tuple(map(sum, zip(held, size, strict=True)))
        if part and any(one > bound for one, bound in zip(total, most, strict=True)):
            yield part
            part, total = [], size
        part.append(line)
        held = total
    if part:
        yield part
