"""langchain-openai, unchanged, against an address: python use_langchain.py http://127.0.0.1:8010/v1

It has no files and no batches of its own.
"""

import sys
from importlib.metadata import version

import openai
from langchain_core.messages import ToolMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from telling import ASKED, KEY, lengths, refusal, tell

WHERE = {"base_url": sys.argv[1], "api_key": KEY, "max_retries": 0}
CHAT = ChatOpenAI(model=ASKED["model"], stream_usage=True, **WHERE)
RESPONSES = ChatOpenAI(model=ASKED["model"], use_responses_api=True, **WHERE)


def plain() -> dict:
    reply = CHAT.invoke(ASKED["messages"])
    return {
        "text": reply.content,
        "finish_reason": reply.response_metadata["finish_reason"],
        "prompt_tokens": reply.usage_metadata["input_tokens"],
        "completion_tokens": reply.usage_metadata["output_tokens"],
    }


def _streamed(model: ChatOpenAI):
    chunks = list(model.stream(ASKED["messages"]))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    return whole


def stream() -> dict:
    whole = _streamed(CHAT)
    return {
        "text": whole.content,
        "prompt_tokens": whole.usage_metadata["input_tokens"],
        "completion_tokens": whole.usage_metadata["output_tokens"],
    }


def tool() -> dict:
    first = CHAT.bind_tools([ASKED["tool"]], tool_choice="get_weather").invoke(ASKED["weather"])
    call = first.tool_calls[0]
    result = ToolMessage(ASKED["tool_result"], tool_call_id=call["id"])
    second = CHAT.bind_tools([ASKED["tool"]]).invoke([*ASKED["weather"], first, result])
    return {"name": call["name"], "arguments": call["args"], "text": second.content}


def schema() -> dict:
    named = ASKED["schema"] | {"title": "event"}
    asked = CHAT.with_structured_output(named, method="json_schema", strict=True)
    return asked.invoke(ASKED["event"])


def embeddings() -> dict:
    # It sends token numbers instead of texts, by a vocabulary from TIKTOKEN_CACHE_DIR.
    embedder = OpenAIEmbeddings(
        model=ASKED["embedding_model"], dimensions=ASKED["dimensions"], **WHERE
    )
    return lengths(embedder.embed_documents(ASKED["texts"]))


def responses() -> dict:
    reply = RESPONSES.invoke(ASKED["messages"])
    return {
        "text": reply.text,
        "status": reply.response_metadata["status"],
        "input_tokens": reply.usage_metadata["input_tokens"],
        "output_tokens": reply.usage_metadata["output_tokens"],
    }


def responses_stream() -> dict:
    whole = _streamed(RESPONSES)
    return {"text": whole.text, "input_tokens": whole.usage_metadata["input_tokens"]}


def error() -> dict:
    try:
        ChatOpenAI(model=ASKED["unknown_model"], **WHERE).invoke("Hello!")
    except openai.NotFoundError as caught:
        return refusal(caught)
    return {}


if __name__ == "__main__":
    parts = (plain, stream, tool, schema, embeddings, responses, responses_stream, error)
    tell(f"langchain-openai {version('langchain-openai')}", {part.__name__: part for part in parts})
