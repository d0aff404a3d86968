"""Calls of tools in a request's messages: whether each is answered, and with what.

Refusals are in OpenAI's words as users of the API quoted them from 2023 to 2026.
"""

from collections.abc import Mapping, Sequence

from pydantic_core import from_json

from course.endpoint.refusals import empty, field, of_kind, optional
from course.endpoint.simulation.tools import LONGEST_NAME, MOST, check_name, check_type
from course.endpoint.wire import WireError


def check_history(messages: Sequence[Mapping]) -> None:
    """Raises WireError 400 unless each call in the messages is answered right after it."""
    asked, left = set(), []
    for number, message in enumerate(messages):
        where = f"messages[{number}]"
        role = f"messages.[{number}].role"
        if message.get("role") == "tool":
            if not asked:
                told = "messages with role 'tool' must be a response to a preceeding message with"
                raise WireError(400, f"Invalid parameter: {told} 'tool_calls'.", param=role)
            answered = field(message, "tool_call_id", where, str)
            if answered not in asked:
                told = f"'tool_call_id' of '{answered:.64}' not found in 'tool_calls' of previous"
                param = f"messages.[{number}].tool_call_id"
                raise WireError(400, f"Invalid parameter: {told} message.", param=param)
            left = [each for each in left if each != answered]
            continue
        _check_answered(left, role)
        left = _call_ids(message, where) if message.get("role") == "assistant" else []
        asked = set(left)
    _check_answered(left, "messages")


def _check_answered(left: Sequence[str], param: str) -> None:
    if left:
        told = "An assistant message with 'tool_calls' must be followed by tool messages responding"
        names = ", ".join(f"{each:.64}" for each in left[:MOST])
        told = f"{told} to each 'tool_call_id'. The following tool_call_ids did not have response"
        raise WireError(400, f"{told} messages: {names}", param=param)


def _call_ids(message: Mapping, where: str) -> list[str]:
    older = optional(message, "function_call", where, dict)
    if older is not None:
        _check_called(older, f"{where}.function_call")
    calls, where = optional(message, "tool_calls", where, list), f"{where}.tool_calls"
    if calls is None:
        return []
    if not calls:
        raise empty(where)
    for number, call in enumerate(calls):
        at = f"{where}[{number}]"
        field(of_kind(call, dict, at), "id", at, str)
        check_type(call, at)
        _check_called(field(call, "function", at, dict), f"{at}.function")
    return [call["id"] for call in calls]


def _check_called(function: Mapping, where: str) -> None:
    check_name(function, where, most=LONGEST_NAME)
    field(function, "arguments", where, str)


def results(messages: Sequence[Mapping]) -> list[tuple[str, dict, str]]:
    """What tools answered: the name of each, the arguments of the call, the text it gave back.

    In the order of the answers, of messages that passed `check_history`. Arguments that are no JSON
    object are {}.
    """
    calls, found = {}, []
    for message in messages:
        role = message.get("role")
        if role == "assistant":
            for call in message.get("tool_calls") or ():
                calls[call["id"]] = call["function"]
            calls[None] = message.get("function_call") or {}
        elif role in ("tool", "function"):
            call = calls.get(message["tool_call_id"] if role == "tool" else None, {})
            name = call.get("name") or message.get("name") or ""
            found.append((name, _arguments(call), _text(message.get("content"))))
    return found


def _arguments(call: Mapping) -> dict:
    try:
        told = from_json(call.get("arguments", ""), allow_inf_nan=False)
    except (ValueError, TypeError):
        return {}
    return told if isinstance(told, dict) else {}


def _text(content: object) -> str:
    parts = content if isinstance(content, list) else [{"type": "text", "text": content or ""}]
    return "\n".join(part["text"] for part in parts if part.get("type") == "text")
