"""The input of the Responses API: its items, checked, and as messages of a chat request.

A message, a call of a function, its output and a piece of reasoning are items of their own
here; a chat request has the calls inside a message. Reasoning of earlier turns is no part of the
prompt: it is neither counted nor seen.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from course.endpoint.api.images import check_picture
from course.endpoint.refusals import field, missing, not_one_of, of_kind, wrong_type
from course.endpoint.wire import WireError, new_id

ROLES = ("assistant", "system", "developer", "user")
Find = Callable[[str], Mapping]
"""Finds a stored item by its id; raises WireError 404 for one that is not known."""


def read_items(given: object, find: Find) -> list[dict]:
    """The items of an input, complete and with an id each; raises WireError where one is wrong."""
    if isinstance(given, str):
        return [_whole_message("user", [{"type": "input_text", "text": given}])] if given else []
    if not isinstance(given, list):
        expected = "a string" if given is None else "one of a string or array of input items"
        raise wrong_type("input", expected, given)
    items = [_item(item, f"input[{number}]", find) for number, item in enumerate(given)]
    _check_reasoning_is_followed(items)
    return items


def check_calls(items: Iterable[Mapping]) -> None:
    """Raises WireError 400 where a call has no output, or an output no call before it."""
    calls: dict[str, bool] = {}
    for item in items:
        if item["type"] == "function_call":
            calls.setdefault(item["call_id"], False)
        elif item["type"] == "function_call_output":
            if item["call_id"] not in calls:
                told = "No tool call found for function call output with call_id {:.100}."
                raise WireError(400, told.format(item["call_id"]), param="input")
            calls[item["call_id"]] = True
    for call_id, answered in calls.items():
        if not answered:
            told = f"No tool output found for function call {call_id:.100}."
            raise WireError(400, told, param="input")


def to_messages(items: Iterable[Mapping]) -> list[dict]:
    """The items as messages of a chat request; calls go into the assistant's message."""
    messages: list[dict] = []
    for item in items:
        if item["type"] == "message":
            messages.append({"role": item["role"], "content": _chat_content(item["content"])})
        elif item["type"] == "function_call_output":
            output = item["output"]
            content = output if isinstance(output, str) else _chat_content(output)
            told = {"role": "tool", "tool_call_id": item["call_id"], "content": content}
            messages.append(told)
        elif item["type"] == "function_call":
            if not messages or messages[-1]["role"] != "assistant":
                messages.append({"role": "assistant", "content": None})
            messages[-1].setdefault("tool_calls", []).append(_chat_call(item))
    return messages


def says_json(messages: Sequence[Mapping]) -> bool:
    """Whether the word JSON is in the text of a message."""
    for message in messages:
        content = message["content"]
        parts = content if isinstance(content, list) else [{"text": content}]
        if any("json" in (part.get("text") or "").lower() for part in parts):
            return True
    return False


def _chat_content(parts: Sequence[Mapping]) -> str | list[dict]:
    if all(part["type"] == "output_text" for part in parts):
        return "".join(part["text"] for part in parts)
    if len(parts) == 1 and parts[0]["type"] == "input_text":
        return parts[0]["text"]
    return [_chat_part(part) for part in parts]


def _chat_part(part: Mapping) -> dict:
    if part["type"] == "refusal":
        return {"type": "refusal", "refusal": part["refusal"]}
    if part["type"] == "input_image":
        picture = {"url": part["image_url"], "detail": part["detail"]}
        return {"type": "image_url", "image_url": picture}
    return {"type": "text", "text": part["text"]}


def _chat_call(item: Mapping) -> dict:
    function = {"name": item["name"], "arguments": item["arguments"]}
    return {"id": item["call_id"], "type": "function", "function": function}


def _item(item: object, param: str, find: Find) -> dict:
    if not isinstance(item, Mapping):
        raise wrong_type(param, "an input item", item)
    kind = item.get("type")
    if kind is None:
        kind = "item_reference" if "id" in item and "role" not in item else "message"
    if kind == "item_reference":
        return dict(find(field(item, "id", param, str)))
    read = _READERS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise _not_known(kind, (*_READERS, "item_reference"), param)
    if kind == "reasoning" and not item.get("encrypted_content"):
        find(field(item, "id", param, str))
    return read(item, param)


def _message(item: Mapping, param: str) -> dict:
    role = item.get("role")
    if role not in ROLES:
        raise _not_known(role, ROLES, param)
    content, inside = item.get("content"), f"{param}.content"
    if "content" not in item:
        raise missing(inside)
    if isinstance(content, str):
        content = [
            {"type": "output_text" if role == "assistant" else "input_text", "text": content}
        ]
    if not isinstance(content, list):
        raise wrong_type(inside, "one of an array of objects or string", content)
    parts = _ASSISTANT_PARTS if role == "assistant" else _INPUT_PARTS
    told = [_part(part, f"{inside}[{at}]", parts) for at, part in enumerate(content)]
    return _whole_message(role, told, known_as=_own_id(item, param, "msg"))


def _whole_message(role: str, content: list[dict], *, known_as: str | None = None) -> dict:
    told = {"id": known_as or new_id("msg_"), "type": "message", "status": "completed"}
    return told | {"role": role, "content": content}


def _function_call(item: Mapping, param: str) -> dict:
    texts = {name: field(item, name, param, str) for name in ("arguments", "call_id", "name")}
    known_as = _own_id(item, param, "fc") or new_id("fc_")
    return {"id": known_as, "type": "function_call", "status": "completed"} | texts


def _function_call_output(item: Mapping, param: str) -> dict:
    told = {"id": _own_id(item, param, "") or new_id("fco_"), "type": "function_call_output"}
    told |= {"status": "completed", "call_id": field(item, "call_id", param, str)}
    output, inside = item.get("output"), f"{param}.output"
    if "output" not in item:
        raise missing(inside)
    if isinstance(output, list):
        parts = [_part(part, f"{inside}[{at}]", _INPUT_PARTS) for at, part in enumerate(output)]
        return told | {"output": parts}
    if not isinstance(output, str):
        raise wrong_type(inside, "one of an array of objects or string", output)
    return told | {"output": output}


def _reasoning(item: Mapping, param: str) -> dict:
    told = {"id": _own_id(item, param, "rs") or new_id("rs_"), "type": "reasoning"}
    if "summary" not in item:
        raise missing(f"{param}.summary")
    if not isinstance(item["summary"], list):
        raise wrong_type(f"{param}.summary", "an array of objects", item["summary"])
    for at, part in enumerate(item["summary"]):
        _part(part, f"{param}.summary[{at}]", {"summary_text": _plain("text")})
    if item.get("encrypted_content") is not None:
        told["encrypted_content"] = field(item, "encrypted_content", param, str)
    return told | {"summary": item["summary"]}


_READERS = {
    "function_call": _function_call,
    "function_call_output": _function_call_output,
    "message": _message,
    "reasoning": _reasoning,
}


def _part(part: object, param: str, known: Mapping[str, Callable]) -> dict:
    if "type" not in of_kind(part, dict, param):
        raise missing(f"{param}.type")
    kind = part["type"]
    if not isinstance(kind, str) or kind not in known:
        raise _not_known(kind, tuple(known), f"{param}.type")
    return {"type": kind} | known[kind](part, param)


def _plain(name: str, **also: object) -> Callable[[Mapping, str], dict]:
    return lambda part, param: also | {name: field(part, name, param, str)}


def _image(part: Mapping, param: str) -> dict:
    if part.get("image_url") is None and part.get("file_id") is not None:
        told = "This simulator reads no pictures by file_id: send the picture itself as image_url."
        raise WireError(400, told, param=f"{param}.file_id", code="unsupported_parameter")
    check_picture(part, param)
    return {"detail": part.get("detail") or "auto", "image_url": part["image_url"]}


_INPUT_PARTS = {"input_text": _plain("text"), "input_image": _image}
_ASSISTANT_PARTS = {
    "output_text": _plain("text", annotations=[], logprobs=[]),
    "refusal": _plain("refusal"),
}


def _check_reasoning_is_followed(items: Sequence[Mapping]) -> None:
    for item, after in zip(items, [*items[1:], {}], strict=True):
        follows = after.get("type") in ("reasoning", "function_call")
        if item["type"] == "reasoning" and not follows and after.get("role") != "assistant":
            told = f"Item '{item['id']:.100}' of type 'reasoning' was provided without its required"
            raise WireError(400, f"{told} following item.", param="input")


def _own_id(item: Mapping, param: str, prefix: str) -> str | None:
    if item.get("id") is None:
        return None
    known_as = field(item, "id", param, str)
    if not known_as.startswith(prefix):
        told = (
            f"Invalid '{param}.id': '{known_as:.100}'. Expected an ID that begins with '{prefix}'."
        )
        raise WireError(400, told, param=f"{param}.id", code="invalid_value")
    return known_as


def _not_known(value: object, known: Sequence[str], param: str) -> WireError:
    """The API tells of a missing value, and of one that is no text, as of an empty one."""
    return not_one_of(param, value if isinstance(value, str) else "", known)
