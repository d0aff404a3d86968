"""Tools of a request: which are taken, which are refused.

Refusals are in OpenAI's words as users of the API quoted them from 2023 to 2026; those on tools of
the same name and on unplayed types are our own. Chat completions are read here; the responses API,
whose tools are flat, checks names, types and choices by the same functions.
"""

import re
from collections.abc import Mapping, Sequence

from course.endpoint.refusals import (
    empty,
    field,
    not_one_of,
    of_kind,
    optional,
    too_long,
    wrong_pattern,
)
from course.endpoint.simulation import schema
from course.endpoint.simulation.ask import Tool
from course.endpoint.wire import WireError

MOST = 128
LONGEST_NAME = 64
CHOICES = ("none", "auto", "required")

_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_NOTHING = {"type": "object", "properties": {}}


def read_tools(
    tools: object, tool_choice: object, *, parallel: object, param: str = "tools"
) -> tuple[tuple[Tool, ...], str | Tool]:
    """The tools of a chat completion and its choice of them; WireError 400 for what is refused.

    All three are as the body has them, None where it has not. With `param` "functions", the older
    `functions` and `function_call` are read.
    """
    older = param == "functions"
    choice_param = "function_call" if older else "tool_choice"
    if tools is None:
        given = {choice_param: tool_choice, "parallel_tool_calls": parallel}
        for name, value in given.items():
            if value is not None:
                told = f"'{name}' is only allowed when '{param}' are specified."
                raise WireError(400, f"Invalid value for '{name}': {told}", param=name)
        return (), "none"
    if parallel is not None:
        of_kind(parallel, bool, "parallel_tool_calls")
    if tools == []:
        raise empty(param)
    inner = "" if older else "function"
    read = _read_all(tools, param, inner=inner)
    return read, _read_choice(tool_choice, read, param=choice_param, inner=inner)


def check_number(tools: Sequence, param: str) -> None:
    """Raises WireError 400 for more tools than a request may have."""
    if len(tools) > MOST:
        raise too_long(param, tools, MOST)


def check_type(holder: Mapping, where: str) -> None:
    """Raises WireError 400 for a tool, or a call of one, that is no function."""
    kind = field(holder, "type", where, str)
    if kind != "function":
        told = f"The course's simulator does not play tools of type '{kind:.64}', only 'function'."
        raise WireError(400, told, param=f"{where}.type", code="unsupported_value")


def check_name(holder: Mapping, where: str, *, most: int) -> str:
    """The name of a function or format; raises WireError 400 for one that can't be a name."""
    name, param = field(holder, "name", where, str), f"{where}.name"
    if not name:
        raise empty(param, "string")
    if len(name) > most:
        raise too_long(param, name, most)
    if not _NAME.fullmatch(name):
        raise wrong_pattern(param, f"^{_NAME.pattern}$")
    return name


def find(name: str, tools: Sequence[Tool], *, param: str = "tool_choice") -> Tool:
    """The tool that a choice names; raises WireError 400 where there is none."""
    for tool in tools:
        if tool.name == name:
            return tool
    told = f"Tool choice '{name:.100}' not found in 'tools' parameter."
    raise WireError(400, told, param=param)


def _read_all(tools: object, param: str, *, inner: str) -> tuple[Tool, ...]:
    check_number(of_kind(tools, list, param), param)
    read = {}
    for number, tool in enumerate(tools):
        where = f"{param}[{number}]"
        of_kind(tool, dict, where)
        if inner:
            check_type(tool, where)
            tool, where = field(tool, inner, where, dict), f"{where}.{inner}"
        made = _read_one(tool, where)
        if made.name in read:
            told = f"Invalid '{where}.name': there is another function '{made.name}'."
            raise WireError(400, told, param=f"{where}.name", code="invalid_value")
        read[made.name] = made
    return tuple(read.values())


def _read_one(tool: Mapping, where: str) -> Tool:
    name = check_name(tool, where, most=LONGEST_NAME)
    description = optional(tool, "description", where, str) or ""
    strict = optional(tool, "strict", where, bool) is True
    parameters = tool.get("parameters")
    if parameters is None:
        return Tool(name, description, _NOTHING, strict)
    schema.check(parameters, name=name, param=f"{where}.parameters", strict=strict)
    return Tool(name, description, parameters, strict)


def _read_choice(choice: object, tools: Sequence[Tool], *, param: str, inner: str) -> str | Tool:
    if choice is None:
        return "auto" if tools else "none"
    if isinstance(choice, str):
        if choice not in CHOICES:
            raise not_one_of(param, choice, CHOICES)
        return choice
    holder, where = of_kind(choice, dict, param), param
    if inner:
        check_type(holder, param)
        holder, where = field(holder, inner, param, dict), f"{param}.{inner}"
    return find(field(holder, "name", where, str), tools, param=param)
