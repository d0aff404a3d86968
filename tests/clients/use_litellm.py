"""litellm, unchanged, against an address: python use_litellm.py http://127.0.0.1:8010/v1"""

import json
import sys
from importlib.metadata import version

import litellm
from telling import (
    ASKED,
    FORCED,
    FORMAT,
    KEY,
    batch_lines,
    batch_seen,
    lengths,
    refusal,
    tell,
    until_ended,
)

litellm.telemetry, litellm.suppress_debug_info = False, True
MODEL = "openai/" + ASKED["model"]
WHERE = {"api_base": sys.argv[1], "api_key": KEY}
HELLO = {"model": MODEL, "messages": ASKED["messages"], **WHERE}


def plain() -> dict:
    reply = litellm.completion(**HELLO)
    return {
        "text": reply.choices[0].message.content,
        "finish_reason": reply.choices[0].finish_reason,
        "prompt_tokens": reply.usage.prompt_tokens,
        "completion_tokens": reply.usage.completion_tokens,
    }


def stream() -> dict:
    chunks = list(litellm.completion(**HELLO, stream=True, stream_options={"include_usage": True}))
    usage = next(chunk.usage for chunk in reversed(chunks) if getattr(chunk, "usage", None))
    said = (chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    return {
        "text": "".join(said),
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
    }


def tool() -> dict:
    asked = {"model": MODEL, "tools": [ASKED["tool"]], **WHERE}
    first = litellm.completion(messages=ASKED["weather"], tool_choice=FORCED, **asked)
    call = first.choices[0].message.tool_calls[0]
    result = {"role": "tool", "tool_call_id": call.id, "content": ASKED["tool_result"]}
    messages = [*ASKED["weather"], first.choices[0].message.model_dump(), result]
    second = litellm.completion(messages=messages, **asked)
    return {
        "name": call.function.name,
        "arguments": json.loads(call.function.arguments),
        "text": second.choices[0].message.content,
    }


def schema() -> dict:
    reply = litellm.completion(
        model=MODEL, messages=ASKED["event"], response_format=FORMAT, **WHERE
    )
    return json.loads(reply.choices[0].message.content)


def embeddings() -> dict:
    reply = litellm.embedding(
        model="openai/" + ASKED["embedding_model"],
        input=ASKED["texts"],
        dimensions=ASKED["dimensions"],
        **WHERE,
    )
    vectors = [row["embedding"] for row in reply.data]
    return lengths(vectors) | {"prompt_tokens": reply.usage.prompt_tokens}


def _response() -> dict:
    system, user = (message["content"] for message in ASKED["messages"])
    return {"model": MODEL, "instructions": system, "input": user, **WHERE}


def responses() -> dict:
    reply = litellm.responses(**_response())
    parts = [part.text for item in reply.output for part in item.content]
    return {
        "text": "".join(parts),
        "status": reply.status,
        "input_tokens": reply.usage.input_tokens,
        "output_tokens": reply.usage.output_tokens,
    }


def responses_stream() -> dict:
    events = list(litellm.responses(**_response(), stream=True))
    deltas = (event.delta for event in events if event.type == "response.output_text.delta")
    return {
        "text": "".join(deltas),
        "first": str(events[0].type.value),
        "last": str(events[-1].type.value),
        "input_tokens": events[-1].response.usage.input_tokens,
    }


def batch() -> dict:
    at = {"custom_llm_provider": "openai", **WHERE}
    file = litellm.create_file(file=("asked.jsonl", batch_lines()), purpose="batch", **at)
    made = litellm.create_batch(
        completion_window="24h", endpoint="/v1/chat/completions", input_file_id=file.id, **at
    )
    ended = until_ended(lambda: litellm.retrieve_batch(batch_id=made.id, **at))
    return batch_seen(ended.status, litellm.file_content(file_id=ended.output_file_id, **at).text)


def error() -> dict:
    try:
        litellm.completion(**HELLO | {"model": "openai/" + ASKED["unknown_model"]})
    except litellm.NotFoundError as caught:
        return refusal(caught)
    return {}


if __name__ == "__main__":
    parts = (plain, stream, tool, schema, embeddings, responses, responses_stream, batch, error)
    tell(f"litellm {version('litellm')}", {part.__name__: part for part in parts})
