"""openai-python, unchanged, with any of its three transports.

One text for the synchronous and the asynchronous client: what either returns is waited for if it
has to be.
"""

import inspect
import json
import time

import openai
from telling import (
    ASKED,
    BATCH_S,
    FORCED,
    FORMAT,
    batch_lines,
    batch_seen,
    failure,
    lengths,
    refusal,
)

HELLO = {"model": ASKED["model"], "messages": ASKED["messages"]}
WEATHER = {"model": ASKED["model"], "tools": [ASKED["tool"]]}


async def _now(value):
    return await value if inspect.isawaitable(value) else value


async def _all(stream) -> list:
    stream = await _now(stream)
    if hasattr(stream, "__aiter__"):
        return [event async for event in stream]
    return list(stream)


async def see(client: openai.OpenAI | openai.AsyncOpenAI) -> dict:
    """What each part saw, by name."""
    parts = (plain, stream, tool, schema, embeddings, responses, responses_stream, batch, error)
    seen = {"client": f"{type(client).__name__} {openai.__version__}"}
    for part in parts:
        try:
            seen[part.__name__] = await part(client)
        except Exception as caught:
            seen[part.__name__] = failure(caught)
    return seen


async def plain(client) -> dict:
    reply = await _now(client.chat.completions.create(**HELLO))
    return {
        "text": reply.choices[0].message.content,
        "finish_reason": reply.choices[0].finish_reason,
        "prompt_tokens": reply.usage.prompt_tokens,
        "completion_tokens": reply.usage.completion_tokens,
    }


async def stream(client) -> dict:
    options = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = await _all(client.chat.completions.create(**HELLO, **options))
    said = (chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    return {
        "text": "".join(said),
        "prompt_tokens": chunks[-1].usage.prompt_tokens,
        "completion_tokens": chunks[-1].usage.completion_tokens,
    }


async def tool(client) -> dict:
    asking = client.chat.completions.create
    first = await _now(asking(**WEATHER, messages=ASKED["weather"], tool_choice=FORCED))
    call = first.choices[0].message.tool_calls[0]
    result = {"role": "tool", "tool_call_id": call.id, "content": ASKED["tool_result"]}
    messages = [*ASKED["weather"], first.choices[0].message, result]
    second = await _now(asking(**WEATHER, messages=messages))
    return {
        "name": call.function.name,
        "arguments": json.loads(call.function.arguments),
        "text": second.choices[0].message.content,
    }


async def schema(client) -> dict:
    reply = await _now(
        client.chat.completions.create(
            model=ASKED["model"], messages=ASKED["event"], response_format=FORMAT
        )
    )
    return json.loads(reply.choices[0].message.content)


async def embeddings(client) -> dict:
    reply = await _now(
        client.embeddings.create(
            model=ASKED["embedding_model"], input=ASKED["texts"], dimensions=ASKED["dimensions"]
        )
    )
    vectors = [row.embedding for row in reply.data]
    return lengths(vectors) | {"prompt_tokens": reply.usage.prompt_tokens}


def _response() -> dict:
    system, user = (message["content"] for message in ASKED["messages"])
    return {"model": ASKED["model"], "instructions": system, "input": user}


async def responses(client) -> dict:
    reply = await _now(client.responses.create(**_response()))
    return {
        "text": reply.output_text,
        "status": reply.status,
        "input_tokens": reply.usage.input_tokens,
        "output_tokens": reply.usage.output_tokens,
    }


async def responses_stream(client) -> dict:
    events = await _all(client.responses.create(**_response(), stream=True))
    deltas = (event.delta for event in events if event.type == "response.output_text.delta")
    return {
        "text": "".join(deltas),
        "first": events[0].type,
        "last": events[-1].type,
        "input_tokens": events[-1].response.usage.input_tokens,
    }


async def batch(client) -> dict:
    file = await _now(client.files.create(file=("asked.jsonl", batch_lines()), purpose="batch"))
    made = await _now(
        client.batches.create(
            input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
        )
    )
    end = time.monotonic() + BATCH_S
    while made.status not in ("completed", "failed", "expired", "cancelled"):
        if time.monotonic() > end:
            raise TimeoutError(f"the batch is {made.status} after {BATCH_S:.0f} s")
        time.sleep(0.05)
        made = await _now(client.batches.retrieve(made.id))
    output = await _now(client.files.content(made.output_file_id))
    return batch_seen(made.status, output.text)


async def error(client) -> dict:
    try:
        await _now(client.chat.completions.create(**HELLO | {"model": ASKED["unknown_model"]}))
    except openai.NotFoundError as caught:
        return refusal(caught)
    return {}
