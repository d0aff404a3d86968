"""The tools of a Responses request, which of them may be called, and the format of its answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from course.endpoint.api.responses_request import ResponsesRequest
from course.endpoint.refusals import field, missing, not_one_of, of_kind, optional, wrong_type
from course.endpoint.simulation import schema as schemas
from course.endpoint.simulation.ask import Format, Tool
from course.endpoint.simulation.tools import (
    CHOICES,
    LONGEST_NAME,
    check_name,
    check_number,
    check_type,
    find,
)
from course.endpoint.wire import WireError

LONGEST_FUNCTION_NAME = 128
"""Characters: chat completions take half as many (tried out by users of the API in 2026)."""
NO_PARAMETERS = {
    "type": "object",
    "properties": {},
    "required": [],
    "additionalProperties": False,
}
"""The schema of a function that is sent without one."""
Choice = str | Tool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request wants to be called and said: as an `Ask` has it, and as it is `told` again.

    `schema` is what of the format is billed as prompt.
    """

    tools: Sequence[Tool]
    choice: Choice
    format: Format | None
    schema: dict | None
    told: dict

    @classmethod
    def of(cls, request: ResponsesRequest) -> "Wanted":
        """Raises WireError 400 for what is wrong with tools, tool_choice or text.format."""
        known, text = read_tools(request.tools), request.text or {}
        tools, choice = read_choice(request.tool_choice, known)
        wanted, format_told = read_format(text.get("format"))
        told = {
            "text": {"format": format_told, "verbosity": text.get("verbosity") or "medium"},
            "tool_choice": request.tool_choice or "auto",
            "tools": [_tool_json(tool) for tool in known],
        }
        schema = format_told if wanted is not None and wanted.schema is not None else None
        return cls(tools, choice, wanted, schema, told)


def read_tools(given: Sequence | None) -> list[Tool]:
    """The functions of a request; raises WireError 400 for other tools and for wrong ones."""
    check_number(given or (), "tools")
    return [_tool(tool, f"tools[{number}]") for number, tool in enumerate(given or ())]


def read_choice(given: object, tools: Sequence[Tool]) -> tuple[Sequence[Tool], Choice]:
    """The functions that may be called and the choice among them, as an `Ask` has them."""
    if isinstance(given, Mapping):
        tools, choice = _read_object(given, tools)
    elif given is None or isinstance(given, str):
        choice = given or "auto"
    else:
        raise wrong_type("tool_choice", "one of an object or 'none', 'auto', or 'required'", given)
    if isinstance(choice, str) and choice not in CHOICES:
        raise not_one_of("tool_choice", choice, CHOICES)
    if choice == "required" and not tools:
        told = "Tool choice 'required' must be specified with 'tools' parameter."
        raise WireError(400, told, param="tool_choice")
    return tools, choice


def read_format(given: Mapping | None) -> tuple[Format | None, dict]:
    """The format of the answer, None for plain text, and as the answer repeats it."""
    if given is None:
        return None, {"type": "text"}
    kind = field(given, "type", "text.format", str)
    if kind == "text":
        return None, {"type": "text"}
    if kind == "json_object":
        return Format(), {"type": "json_object"}
    if kind != "json_schema":
        raise not_one_of("text.format.type", kind, ("json_object", "text", "json_schema"))
    name = check_name(given, "text.format", most=LONGEST_NAME)
    schema = optional(given, "schema", "text.format", dict)
    if schema is None:
        raise missing("text.format.schema")
    strict = bool(optional(given, "strict", "text.format", bool))
    description = optional(given, "description", "text.format", str)
    schemas.check(schema, name=name, param="text.format.schema", strict=strict)
    told = {"type": "json_schema", "description": description, "name": name}
    return Format(name, schema, strict), told | {"schema": schema, "strict": strict}


def _tool(tool: object, param: str) -> Tool:
    check_type(of_kind(tool, dict, param), param)
    name = check_name(tool, param, most=LONGEST_FUNCTION_NAME)
    description = optional(tool, "description", param, str)
    parameters = optional(tool, "parameters", param, dict)
    parameters = NO_PARAMETERS if parameters is None else parameters
    strict = optional(tool, "strict", param, bool)
    return Tool(
        name=name,
        description=description or "",
        parameters=parameters,
        strict=_strict(strict, parameters, name, f"{param}.parameters"),
    )


def _tool_json(tool: Tool) -> dict:
    told = {"type": "function", "description": tool.description or None, "name": tool.name}
    return told | {"parameters": tool.parameters, "strict": tool.strict}


def _strict(asked: bool | None, parameters: Mapping, name: str, param: str) -> bool:
    """Whether the schema is followed to the letter; where it isn't said, if the schema allows it.

    That is what OpenAI's guide to function calling says of this API.
    """
    if asked is None:
        try:
            schemas.check(parameters, name=name, param=param, strict=True)
        except WireError:
            asked = False
        else:
            return True
    schemas.check(parameters, name=name, param=param, strict=asked)
    return asked


def _read_object(given: Mapping, tools: Sequence[Tool]) -> tuple[Sequence[Tool], Choice]:
    kind = field(given, "type", "tool_choice", str)
    if kind == "function":
        return tools, find(field(given, "name", "tool_choice", str), tools)
    if kind != "allowed_tools":
        raise not_one_of("tool_choice.type", kind, ("function", "allowed_tools"))
    mode = field(given, "mode", "tool_choice", str)
    if mode not in ("auto", "required"):
        raise not_one_of("tool_choice.mode", mode, ("auto", "required"))
    allowed = []
    for number, tool in enumerate(field(given, "tools", "tool_choice", list)):
        at = f"tool_choice.tools[{number}]"
        allowed.append(find(field(of_kind(tool, dict, at), "name", at, str), tools))
    return allowed, mode
