"""The body of a chat request: which fields are understood, and what is wrong with one.

Unknown fields are let through, for new ones appear in the API every month; known fields with a
wrong value are refused by name, in OpenAI's words as far as they are known.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Required

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError, from_json
from typing_extensions import TypedDict

from course.endpoint.models import REASONING_TOKENS
from course.endpoint.wire import WireError

CONTENT = "a string or an array of typed parts"


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

    @property
    def include_usage(self) -> bool:
        return bool(self.stream_options and self.stream_options.get("include_usage"))


def read_chat(data: bytes) -> ChatRequest:
    """The request in a body; raises WireError 400 that names the field at fault."""
    try:
        body = from_json(data, allow_inf_nan=False)
    except ValueError as error:
        told = f"We could not parse the JSON body of your request: {error}."
        raise WireError(400, told, code="invalid_json") from None
    if not isinstance(body, dict):
        raise WireError(400, f"The body must be a JSON object, but it is {_kind(body)}.")
    try:
        request = ChatRequest.model_validate(body)
    except ValidationError as error:
        raise _refusal(error) from None
    _check_together(request)
    return request


def _check_together(request: ChatRequest) -> None:
    for number, message in enumerate(request.messages):
        _check_has_content(message, f"messages[{number}].content")
    if request.stream_options is not None and not request.stream:
        told = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise WireError(400, told, param="stream_options")
    if request.max_tokens and request.max_completion_tokens:
        told = "Setting 'max_tokens' and 'max_completion_tokens' together is not supported."
        raise WireError(400, told, param="max_tokens", code="invalid_parameter_combination")


def _check_has_content(message: Message, param: str) -> None:
    calls_tools = message.get("tool_calls") or message.get("function_call")
    if message.get("content") is not None or (message["role"] == "assistant" and calls_tools):
        return
    raise _wrong_type(param, CONTENT, None) if "content" in message else _missing(param)


_EXPECTED = {
    "string_type": "a string",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a decimal",
    "bool_type": "a boolean",
    "list_type": "an array",
    "dict_type": "an object",
}
_BOUNDS = {
    "greater_than_equal": ("ge", ">=", "below_min_value"),
    "less_than_equal": ("le", "<=", "above_max_value"),
}


def _refusal(error: ValidationError) -> WireError:
    """The first finding of pydantic in OpenAI's words."""
    found = error.errors(include_url=False)[0]
    param, value, about = _param(found["loc"]), found["input"], found.get("ctx", {})
    kind = found["type"]
    if kind == "missing":
        return _missing(param)
    if kind in _BOUNDS:
        name, sign, code = _BOUNDS[kind]
        number = "integer" if isinstance(about[name], int) else "decimal"
        told = f"Invalid '{param}': expected a value {sign} {about[name]:g}, but got {value!s:.40}."
        return WireError(400, told, param=param, code=f"{number}_{code}")
    if kind in ("too_short", "string_too_short"):
        what = "string" if isinstance(value, str) else "array"
        return WireError(
            400, f"Invalid '{param}': empty {what}.", param=param, code=f"empty_{what}"
        )
    if kind == "too_long":
        told = f"Invalid '{param}': array too long. At most {about['max_length']} are allowed."
        return WireError(400, told, param=param, code="array_above_max_length")
    if kind == "literal_error" and isinstance(value, str):
        told = f"Invalid value: {value!r:.100}. Supported values are: {about['expected']}."
        return WireError(400, told, param=param, code="invalid_value")
    expected = f"one of {about['expected']}" if kind == "literal_error" else found["msg"]
    return _wrong_type(param, _EXPECTED.get(kind, expected), value)


def _missing(param: str) -> WireError:
    told = f"Missing required parameter: '{param}'."
    return WireError(400, told, param=param, code="missing_required_parameter")


def _wrong_type(param: str, expected: str, value: object) -> WireError:
    told = f"Invalid type for '{param}': expected {expected}, but got {_kind(value)} instead."
    return WireError(400, told, param=param, code="invalid_type")


def _kind(value: object) -> str:
    names = {bool: "a boolean", int: "an integer", float: "a decimal", str: "a string"}
    names |= {list: "an array", dict: "an object", type(None): "null"}
    return names.get(type(value), "something else")


def _param(steps: tuple) -> str:
    """("messages", 0, "role") as messages[0].role"""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return path.removeprefix(".")
