"""Chat completions: their bodies read into an `Ask`."""

from collections.abc import Mapping

from pydantic_core import to_json

from course.endpoint.api import images
from course.endpoint.api.chat_request import ChatRequest, read_chat
from course.endpoint.api.chat_shape import Writing
from course.endpoint.refusals import missing, unsupported
from course.endpoint.simulation import history, schema, tools
from course.endpoint.simulation.ask import Ask, Format
from course.endpoint.simulation.models import Profile
from course.endpoint.simulation.replies import NOT_PLAYED
from course.endpoint.simulation.simulator import Simulator
from course.endpoint.wire import WireError


class Reading:
    """A chat request that was understood: what is asked, and how its answer is written."""

    heavy = False

    def __init__(self, data: bytes, key: str = "", *, simulator: Simulator):
        request = read_chat(data)
        profile = simulator.profile(request.model)
        _check_parameters(request, profile)
        self.ask = ask = _ask(request, profile, simulator)
        simulator.check_room(ask)
        self.model, self.prompt, self.stream = profile.id, ask.prompt, ask.stream
        self.cap = ask.cap and ask.cap * ask.choices
        self._simulator, self._include_usage = simulator, request.include_usage

    def answer(self, owner: str, at_once: int) -> Writing:
        """The answer, ready to be sent, for the owner of a key."""
        found = self._simulator.answer(self.ask, owner=owner, at_once=at_once)
        return Writing(self.ask, found, include_usage=self._include_usage)


def _ask(request: ChatRequest, profile: Profile, simulator: Simulator) -> Ask:
    extras = request.model_extra
    also = [extras[name] for name in ("functions",) if extras.get(name)]
    more = {}
    if request.tools or request.tool_choice:
        parallel = request.parallel_tool_calls is not False
        known, choice = tools.read_tools(request.tools, request.tool_choice, parallel=parallel)
        more |= {"tools": known, "tool_choice": choice, "parallel": parallel}
        also += [request.tools] if request.tools else []
    if request.response_format and request.response_format["type"] != "text":
        more["format"] = _format(request)
        if more["format"].schema is not None:
            also.append(request.response_format["json_schema"])
    _check_messages(request)
    return Ask(
        model=request.model,
        profile=profile,
        messages=request.messages,
        prompt=simulator.count(request.messages, also, profile.id),
        choices=request.n or 1,
        cap=_cap(request),
        stops=request.stop or (),
        temperature=request.temperature,
        seed=request.seed,
        effort=request.reasoning_effort,
        logprobs=(request.top_logprobs or 0) if request.logprobs else None,
        stream=bool(request.stream),
        also=also,
        ignored=[name for name in NOT_PLAYED if extras.get(name)],
        **more,
    )


def _format(request: ChatRequest) -> Format:
    wanted = request.response_format
    if wanted["type"] == "json_object":
        if "json" not in to_json(request.messages).decode().lower():
            told = (
                "'messages' must contain the word 'json' in some form, to use 'response_format' "
                "of type 'json_object'."
            )
            raise WireError(400, told, param="messages")
        return Format()
    about = wanted.get("json_schema")
    if about is None:
        raise missing("response_format.json_schema")
    strict = about.get("strict") is True
    if about.get("schema") is None:
        raise missing("response_format.json_schema.schema")
    schema.check(about["schema"], name=about["name"], param="response_format", strict=strict)
    return Format(about["name"], about["schema"], strict)


def _check_messages(request: ChatRequest) -> None:
    calls = False
    for number, message in enumerate(request.messages):
        content = message.get("content")
        if isinstance(content, list):
            for at, part in enumerate(content):
                if part.get("type") == "image_url":
                    _check_picture(part, message["role"], f"messages[{number}].content[{at}]")
        calls |= message["role"] == "tool" or bool(message.get("tool_calls"))
    if calls:
        history.check_history(request.messages)


def _check_picture(part: Mapping, role: str, param: str) -> None:
    if role != "user":
        told = f"Invalid '{param}'. Image URLs are only allowed for messages with role 'user', "
        told += f"but this message with role '{role}' contains an image URL."
        raise WireError(400, told, param=param, code="invalid_value")
    images.check_picture(part, param)


def _check_parameters(request: ChatRequest, profile: Profile) -> None:
    if profile.reasoning_effort:
        _check_reasoning(request, profile)
    elif request.reasoning_effort:
        raise unsupported("reasoning_effort")
    cap = _cap(request) or 0
    if cap > profile.max_output:
        name = "max_tokens" if request.max_tokens else "max_completion_tokens"
        told = (
            f"{name} is too large: {cap}. This model supports at most {profile.max_output} "
            f"completion tokens, whereas you provided {cap}."
        )
        raise WireError(400, told, code="invalid_value", param=name)


def _check_reasoning(request: ChatRequest, profile: Profile) -> None:
    if request.max_tokens:
        raise unsupported("max_tokens", " Use 'max_completion_tokens' instead.")
    effort = request.reasoning_effort or profile.reasoning_effort
    if request.tools and effort != "none" and profile.tools_need_no_effort:
        told = (
            f"Function tools with reasoning_effort are not supported for {profile.id} in "
            "/v1/chat/completions. Please use /v1/responses instead, or set reasoning_effort to "
            "'none'."
        )
        raise WireError(400, told, param="reasoning_effort")
    if effort != "none":
        _check_sampling(request)


def _check_sampling(request: ChatRequest) -> None:
    """A model that thinks first takes no say in how its tokens are drawn."""
    if request.logprobs:
        raise unsupported("logprobs")
    for name in ("temperature", "top_p"):
        value = getattr(request, name)
        if value not in (None, 1):
            told = (
                f"Unsupported value: '{name}' does not support {value:g} with this model. "
                "Only the default (1) value is supported."
            )
            raise WireError(400, told, code="unsupported_value", param=name)


def _cap(request: ChatRequest) -> int | None:
    return request.max_completion_tokens or request.max_tokens
