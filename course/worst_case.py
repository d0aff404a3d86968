"""The most that a request can cost, in US dollars, before it is sent: what a budget holds back."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal

from course import facts, prices, tokens
from course.errors import CourseError

APIS = {
    "/chat/completions": "chat",
    "/responses": "responses",
    "/embeddings": "embeddings",
    "/moderations": "moderations",
}
"""How the paths of the APIs that are priced here end."""

_CAPS = {
    "chat": ("max_completion_tokens", "max_tokens"),
    "responses": ("max_output_tokens",),
}
_COUNTED_PARTS = ("text", "input_text", "output_text", "refusal", "image_url", "input_image")
_FREE_TOOLS = ("function", "custom")
_TIERS = (None, "auto", "default")

_histories: dict[str, int] = {}


def api_of(path: str) -> str:
    """The API that a path belongs to; for any other path its last word.

    >>> api_of("/v1/chat/completions"), api_of("/v1/images/edits")
    ('chat', 'edits')
    """
    known = (api for ending, api in APIS.items() if path.endswith(ending))
    return next(known, path.rpartition("/")[2])


def worst_case(body: Mapping, api: str = "chat", *, batch: bool = False) -> Decimal:
    """The most that a request can cost, in US dollars; `batch` at the price of the Batch API.

    Nothing read from the cache, all of it written there (dearer with some models), and as many
    output tokens as the request allows: max_completion_tokens (max_output_tokens for responses),
    else the largest output of the model, for each of `n` answers. A `previous_response_id` counts
    with the tokens of that response, if it passed by here; a prompt that cannot be seen from here
    (another response's, a file's) as the longest that the model takes.
    CourseError for what has no price here: an unknown model, a tier, a tool that costs extra.
    """
    if api == "moderations":
        return Decimal(0)
    model = body.get("model")
    if not isinstance(model, str):
        raise CourseError("The request names no model, so its price is unknown; pass model=….")
    if api == "embeddings":
        return prices.cost(prices.Usage(prompt_tokens(body, api)), model, batch=batch)
    _refuse_extras(body)
    answers = _answers(body) * _longest_answer(body, model, api)
    prompt = _largest_prompt(body, api)
    used = prices.Usage(prompt, 0, answers, cache_write_tokens=prompt)
    return prices.cost(used, model, batch=batch, tier=_tier(body, model))


def remember(response_id: str, used: prices.Usage, output: list, *, model: str) -> None:
    """Keep in mind how long a prompt gets that goes on from a response that passed by."""
    said = prompt_tokens({"model": model, "input": output}, "responses")
    # What it wrote counts twice: as text with what is around it, and for the reasoning, of which
    # nothing is to be seen.
    _histories[response_id] = used.prompt_tokens + used.completion_tokens + said


def prompt_tokens(body: Mapping, api: str) -> int:
    """Our own count of a request's prompt; what cannot be seen from here counts nothing."""
    if api == "embeddings":
        return _count_texts(body.get("input"), body["model"])
    if api == "responses":
        return tokens.count_request(_as_chat(body))
    return tokens.count_request(body)


def _as_chat(body: Mapping) -> dict:
    """A request for a response in the shape of chat completions, as far as its tokens go."""
    asked = body.get("input")
    items = [{"role": "user", "content": asked}] if isinstance(asked, str) else asked
    items = items if isinstance(items, list) else []
    first = [{"role": "system", "content": body["instructions"]}] if _is_text(body) else []
    text = body.get("text")
    wanted = text.get("format") if isinstance(text, Mapping) else None
    return {
        "model": body["model"],
        "messages": first + [_as_message(item) for item in items if isinstance(item, Mapping)],
        "tools": body.get("tools"),
        "response_format": {"json_schema": wanted} if _has_schema(wanted) else None,
    }


def _is_text(body: Mapping) -> bool:
    return isinstance(body.get("instructions"), str)


def _has_schema(wanted: object) -> bool:
    return isinstance(wanted, Mapping) and wanted.get("type") == "json_schema"


def _as_message(item: Mapping) -> dict:
    kind = item.get("type")
    if kind in ("function_call", "custom_tool_call"):
        said = {"name": item.get("name"), "arguments": item.get("arguments") or item.get("input")}
        call = {"id": item.get("call_id"), "type": "function", "function": said}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    if kind in ("function_call_output", "custom_tool_call_output"):
        return {"role": "tool", "content": _as_parts(item.get("output"))}
    if kind == "reasoning":
        return {"role": "assistant", "content": item.get("encrypted_content")}
    return {"role": item.get("role"), "content": _as_parts(item.get("content"))}


def _as_parts(content: object) -> object:
    if not isinstance(content, list):
        return content
    return [_as_picture(part) if _is_picture(part) else part for part in content]


def _is_picture(part: object) -> bool:
    return isinstance(part, Mapping) and part.get("type") == "input_image"


def _as_picture(part: Mapping) -> dict:
    return {"image_url": {"url": part.get("image_url"), "detail": part.get("detail")}}


def _count_texts(asked: object, model: str) -> int:
    """Tokens of an embedding's input: texts, or tokens already, one or many."""
    if isinstance(asked, str):
        return tokens.count(asked, model)
    if isinstance(asked, list):
        return sum(_count_texts(one, model) for one in asked)
    return 1 if isinstance(asked, int) else 0


def _largest_prompt(body: Mapping, api: str) -> int:
    previous = body.get("previous_response_id")
    history = _histories.get(previous) if isinstance(previous, str) else 0
    if history is None or not _is_seen(body, api):
        return _longest_prompt(body["model"])
    return history + prompt_tokens(body, api)


def _is_seen(body: Mapping, api: str) -> bool:
    """Whether all of the prompt is in the request itself, but for the previous response."""
    if api == "chat":
        messages = body.get("messages")
        return all(_is_counted(part) for part in _parts(messages, "content"))
    if body.get("conversation") or body.get("prompt"):
        return False
    asked = body.get("input")
    if isinstance(asked, list) and any(map(_is_elsewhere, asked)):
        return False
    return all(_is_counted(part) for name in ("content", "output") for part in _parts(asked, name))


def _is_elsewhere(item: object) -> bool:
    """Whether an item of an input only names what the service has kept."""
    if not isinstance(item, Mapping):
        return False
    kind = item.get("type") or ("message" if "role" in item else "item_reference")
    is_kept = kind == "reasoning" and not item.get("encrypted_content")
    return is_kept or kind == "item_reference"


def _parts(messages: object, field: str) -> Iterator[object]:
    for message in messages if isinstance(messages, list) else ():
        content = message.get(field) if isinstance(message, Mapping) else None
        yield from content if isinstance(content, list) else ()


def _is_counted(part: object) -> bool:
    return not isinstance(part, Mapping) or part.get("type", "text") in _COUNTED_PARTS


def _refuse_extras(body: Mapping) -> None:
    tools = body.get("tools")
    tools = tools if isinstance(tools, list) else []
    kinds = [tool.get("type") for tool in tools if isinstance(tool, Mapping)]
    kinds += ["web_search"] if body.get("web_search_options") else []
    kinds += ["audio"] if body.get("audio") else []
    for kind in kinds:
        if kind not in _FREE_TOOLS:
            raise CourseError(
                f"What {json.dumps(kind)} costs on top of the tokens is unknown here; leave it "
                "out, or use a client from connect() without budget_usd."
            )


def _tier(body: Mapping, model: str) -> str | None:
    tier = body.get("service_tier")
    if tier in _TIERS:
        return None
    if not prices.has_tier(model, tier):
        raise CourseError(
            f"What {model} costs with service_tier {tier!r} is unknown here; leave it out."
        )
    return tier


def _answers(body: Mapping) -> int:
    wanted = body.get("n")
    return wanted if isinstance(wanted, int) and wanted > 0 else 1


def _longest_answer(body: Mapping, model: str, api: str) -> int:
    caps = _CAPS.get(api, _CAPS["chat"])
    for field in caps:
        allowed = body.get(field)
        if isinstance(allowed, int) and not isinstance(allowed, bool) and allowed >= 0:
            return int(allowed)
    longest = _fact(model, "max_output")
    if longest is None:
        raise CourseError(
            f"How long an answer of {model} can get is not in the facts; set {caps[0]}."
        )
    return longest


def _longest_prompt(model: str) -> int:
    longest = _fact(model, "max_input") or _fact(model, "context_window")
    if longest is None:
        raise CourseError(
            f"How long a prompt of {model} can get is not in the facts, and this one cannot be "
            "seen from here; send all of it in the request."
        )
    return longest


def _fact(model: str, what: str) -> int | None:
    known = facts.facts()
    names = (f"{name}.{what}" for name in (model, facts.family(model)))
    return next((int(known[name]) for name in names if name in known), None)
