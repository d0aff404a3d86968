"""The body of a chat request: which fields are understood, and what is wrong with one.

Unknown fields are let through, for new ones appear in the API every month; known fields with a
wrong value are refused by name, in OpenAI's words as far as they are known.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Required

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from course.endpoint.refusals import missing, only_with, read_object, refusal, wrong_type
from course.endpoint.simulation.models import REASONING_TOKENS
from course.endpoint.wire import WireError

CONTENT = "a string or an array of typed parts"
NAME = "^[a-zA-Z0-9_-]+$"


def _check_content(value: Any) -> Any:
    parts = value if isinstance(value, list) else []
    good = value is None or isinstance(value, str | list)
    for part in parts:
        good &= isinstance(part, Mapping) and isinstance(part.get("type"), str)
        good = good and (part["type"] != "text" or isinstance(part.get("text"), str))
    if not good:
        raise PydanticCustomError("content", CONTENT)
    return value


def _one_or_many(value: Any) -> Any:
    if value is not None and not isinstance(value, str | list):
        raise PydanticCustomError("stop", "a string or an array of strings")
    return [value] if isinstance(value, str) else value


OPEN = ConfigDict(extra="allow", strict=True)


class Message(TypedDict, total=False):
    __pydantic_config__ = OPEN

    role: Required[Literal["system", "developer", "user", "assistant", "tool", "function"]]
    content: Annotated[Any, BeforeValidator(_check_content)]
    name: str | None


class StreamOptions(TypedDict, total=False):
    __pydantic_config__ = OPEN

    include_usage: bool | None


class JsonSchema(TypedDict, total=False):
    __pydantic_config__ = OPEN

    name: Required[Annotated[str, Field(pattern=NAME, min_length=1, max_length=64)]]
    description: str | None
    schema: dict | None
    strict: bool | None


class AnswerFormat(TypedDict, total=False):
    __pydantic_config__ = OPEN

    type: Required[Literal["text", "json_object", "json_schema"]]
    json_schema: JsonSchema


class ChatRequest(BaseModel):
    """The body of POST /v1/chat/completions: the fields that the endpoint looks at."""

    model_config = OPEN | {"frozen": True}

    model: str
    messages: Annotated[list[Message], Field(min_length=1)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    n: Annotated[int, Field(ge=1, le=128)] | None = None
    stop: Annotated[
        Annotated[list[Annotated[str, Field(min_length=1)]], Field(max_length=4)] | None,
        BeforeValidator(_one_or_many),
    ] = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    seed: int | None = None
    user: str | None = None
    reasoning_effort: Literal[tuple(REASONING_TOKENS)] | None = None
    tools: Any = None
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    response_format: AnswerFormat | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None

    @property
    def include_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.get("include_usage"))


def read_chat(data: bytes) -> ChatRequest:
    """The request in a body; raises WireError 400 that names the field at fault."""
    try:
        request = ChatRequest.model_validate(read_object(data))
    except ValidationError as error:
        raise refusal(error) from None
    _check_together(request)
    return request


def _check_together(request: ChatRequest) -> None:
    for number, message in enumerate(request.messages):
        _check_has_content(message, f"messages[{number}].content")
    if request.stream_options is not None and not request.stream:
        raise only_with("stream_options", "stream")
    if request.top_logprobs is not None and not request.logprobs:
        raise only_with("top_logprobs", "logprobs")
    if request.max_tokens and request.max_completion_tokens:
        told = "Setting 'max_tokens' and 'max_completion_tokens' together is not supported."
        raise WireError(400, told, param="max_tokens", code="invalid_parameter_combination")


def _check_has_content(message: Message, param: str) -> None:
    calls_tools = message.get("tool_calls") or message.get("function_call")
    if message.get("content") is not None or (message["role"] == "assistant" and calls_tools):
        return
    raise wrong_type(param, CONTENT, None) if "content" in message else missing(param)
