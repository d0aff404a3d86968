"""The body of a request to the Responses API: which fields are understood, which are refused.

As for chat completions, unknown fields are let through, but not those that a chat request has
and this one has not: whoever moves a request over must hear of them. What is played by no part
of the simulator (background mode, prompt templates, conversations) is refused by name.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from typing_extensions import TypedDict

from course.endpoint.api.metadata import check_metadata
from course.endpoint.refusals import only_with, read_object, refusal, wrong_type
from course.endpoint.simulation.models import REASONING_TOKENS, Profile
from course.endpoint.wire import WireError
from course.facts import facts

LOGPROBS = "message.output_text.logprobs"
MOVED = {
    "messages": "input",
    "response_format": "text.format",
    "reasoning_effort": "reasoning.effort",
    "max_completion_tokens": "max_output_tokens",
}
"""Fields of a chat request, and what they are called here."""
CHATS_OWN = ("max_tokens", "n", "stop", "seed", "logprobs", "logit_bias", "functions")
"""Fields of a chat request that have no counterpart of the same meaning here."""
NO_INPUT = (
    "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must be provided."
)
OPEN = ConfigDict(extra="allow", strict=True)


class TextOptions(TypedDict, total=False):
    __pydantic_config__ = OPEN

    format: dict | None
    verbosity: Literal["low", "medium", "high"] | None


class ReasoningOptions(TypedDict, total=False):
    __pydantic_config__ = OPEN

    effort: Literal[tuple(REASONING_TOKENS)] | None
    summary: Literal["concise", "detailed", "auto"] | None


class StreamOptions(TypedDict, total=False):
    __pydantic_config__ = OPEN

    include_obfuscation: bool | None


Include = Literal[
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
]


class ResponsesRequest(BaseModel):
    """The body of POST /v1/responses: the fields that the endpoint looks at."""

    model_config = OPEN | {"frozen": True}

    model: str
    input: Any
    instructions: str | None = None
    previous_response_id: str | None = None
    include: list[Include] | None = None
    tools: list | None = None
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    metadata: Annotated[Any, AfterValidator(check_metadata)] = None
    text: TextOptions | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    top_logprobs: Annotated[int, Field(ge=0, le=20)] | None = None
    truncation: Literal["auto", "disabled"] | None = None
    store: bool | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    background: bool | None = None
    max_output_tokens: Annotated[int, Field(ge=16)] | None = None
    max_tool_calls: Annotated[int, Field(ge=1)] | None = None
    reasoning: ReasoningOptions | None = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    service_tier: (
        Literal["auto", "default", "fast", "flex", "priority", "scale", "ultrafast"] | None
    ) = None
    conversation: Any = None
    prompt: dict | None = None

    @property
    def wants_logprobs(self) -> bool:
        return LOGPROBS in (self.include or ())

    def effort(self, profile: Profile) -> str | None:
        """How much the model is to reason; None for a model that does not."""
        return (self.reasoning or {}).get("effort") or profile.reasoning_effort


def read_responses(data: bytes) -> ResponsesRequest:
    """The request in a body; raises WireError that names the field at fault."""
    request = _read(read_object(data))
    if request.input in ("", []) and not request.previous_response_id:
        raise WireError(400, NO_INPUT, code="missing_required_parameter")
    return request


def read_count(data: bytes) -> ResponsesRequest:
    """The same of a body whose tokens are to be counted: there, every field may be left out."""
    body = {name: value for name, value in read_object(data).items() if value is not None}
    return _read({"model": str(facts()["course.small_model"]), "input": ""} | body)


def _read(body: dict) -> ResponsesRequest:
    _refuse_chat_fields(body)
    try:
        request = ResponsesRequest.model_validate(body)
    except ValidationError as error:
        raise refusal(error) from None
    _refuse_not_played(request)
    if request.stream_options is None:
        return request
    if "include_usage" in request.stream_options:
        raise _unknown("stream_options.include_usage")
    if not request.stream:
        raise only_with("stream_options", "stream")
    return request


def _refuse_chat_fields(body: Mapping) -> None:
    for name, moved in MOVED.items():
        if name in body:
            told = (
                f"Unsupported parameter: '{name}'. In the Responses API, this parameter has moved "
                f"to '{moved}'. Try again with the new parameter."
            )
            raise WireError(400, told, param=name, code="unsupported_parameter")
    for name in CHATS_OWN:
        if name in body:
            raise _unknown(name)


def _refuse_not_played(request: ResponsesRequest) -> None:
    if request.background:
        told = "This simulator plays no background mode: leave 'background' out."
        raise WireError(400, told, param="background", code="unsupported_parameter")
    for name in ("prompt", "conversation"):
        given = getattr(request, name)
        known_as = given.get("id") if isinstance(given, dict) else given
        if given is None:
            continue
        if not isinstance(known_as, str):
            raise wrong_type(
                f"{name}.id" if isinstance(given, dict) else name, "a string", known_as
            )
        told = f"{name.title()} with id '{known_as:.100}' not found. This simulator keeps none."
        raise WireError(404, told)


def _unknown(param: str) -> WireError:
    told = f"Unknown parameter: '{param}'."
    return WireError(400, told, param=param, code="unknown_parameter")
