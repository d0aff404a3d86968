"""`streamed`: a streamed call that costs this computer little, so that hundreds run at once."""

import json
from dataclasses import dataclass

import openai
from pydantic_core import from_json

from course.errors import CourseError


@dataclass(frozen=True, slots=True)
class Streamed:
    """What a stream brought: its text, why it ended ("stop", "length", …), its tokens.

    `usage` is the service's own account, as a dict; None if it told none.
    """

    text: str
    finish_reason: str | None
    usage: dict | None


async def streamed(client: openai.AsyncOpenAI, **request) -> Streamed:
    """Ask with stream=True and read to the end: chat.completions if there are `messages`, else
    responses.

    openai's client makes an object of every event, one for each token: about 0.15 ms. At 15,000
    tokens a second (256 streams of gpt-4o-mini) that is twice the time there is, and what is
    measured then is one's own computer. Here the bytes are only collected (openai's own
    `with_streaming_response`) and read once, when the stream is over.

    Returns a Streamed. Errors are openai's own; a stream that tells of an error in its midst is
    an openai.APIError. CourseError for a client that is not asynchronous.
    """
    if not isinstance(client, openai.AsyncOpenAI):
        raise CourseError(
            f"streamed wants a client from connect(asynchronous=True), not {type(client).__name__}."
        )
    chat = "messages" in request
    api = client.chat.completions if chat else client.responses
    if chat:
        request.setdefault("stream_options", {"include_usage": True})
    async with api.with_streaming_response.create(**request, stream=True) as reply:
        pieces = [piece async for piece in reply.iter_bytes()]
    return _read(b"".join(pieces))


def _read(content: bytes) -> Streamed:
    texts, reason, usage = [], None, None
    for event in _events(content):
        if event.get("error"):
            raise openai.APIError(_message(event), request=None, body=event["error"])
        if isinstance(event.get("response"), dict):  # how the responses API wraps its last event
            reason, usage = event["response"].get("status"), event["response"].get("usage")
        elif event.get("type") == "response.output_text.delta":
            texts.append(event["delta"])
        for choice in event.get("choices") or ():
            texts.append((choice.get("delta") or {}).get("content") or "")
            reason = choice.get("finish_reason") or reason
        usage = event.get("usage") or usage
    return Streamed("".join(texts), reason, usage)


def _events(content: bytes):
    for line in content.splitlines():
        data = line.removeprefix(b"data:").strip()
        if line.startswith(b"data:") and data != b"[DONE]":
            try:
                yield from_json(data)
            except ValueError:
                yield json.loads(data)


def _message(event: dict) -> str:
    told = event["error"]
    return str(told.get("message") if isinstance(told, dict) else told)
