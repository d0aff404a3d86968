"""Refusals of wrong values in the words of OpenAI, and the reading of bodies that can be wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from course.endpoint.wire import WireError

_EXPECTED = {
    "string_type": "a string",
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a decimal",
    "bool_type": "a boolean",
    "list_type": "an array",
    "dict_type": "an object",
}
_KINDS = {
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    str: "a string",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def read_object(data: bytes) -> dict:
    """The JSON object in a body; raises WireError 400 where there is none."""
    try:
        body = from_json(data, allow_inf_nan=False)
    except ValueError as error:
        told = f"We could not parse the JSON body of your request: {error}."
        raise WireError(400, told, code="invalid_json") from None
    return object_of(body)


def object_of(body: object) -> dict:
    """What was read of a body, which must be an object; raises WireError 400 otherwise."""
    if not isinstance(body, dict):
        raise WireError(400, f"The body must be a JSON object, but it is {kind_of(body)}.")
    return body


def field(holder: Mapping, name: str, at: str, kind: type) -> Any:
    """A field that must be there and of a type; WireError 400 names it where it is not.

    `at` is where its holder stands, such as "messages[0]", and "" for the body itself.
    """
    param = f"{at}.{name}" if at else name
    if name not in holder:
        raise missing(param)
    return of_kind(holder[name], kind, param)


def optional(holder: Mapping, name: str, at: str, kind: type) -> Any:
    """The same of a field that may be left out or null, which is None."""
    value = holder.get(name)
    return None if value is None else of_kind(value, kind, f"{at}.{name}" if at else name)


def of_kind(value: object, kind: type, param: str) -> Any:
    """The value, which must be of a type; raises WireError 400 where it is not."""
    if not isinstance(value, kind):
        raise wrong_type(param, _KINDS[kind], value)
    return value


def refusal(error: ValidationError) -> WireError:
    """The first finding of pydantic in OpenAI's words."""
    found = error.errors(include_url=False)[0]
    param, value, about = _path(found["loc"]), found["input"], found.get("ctx", {})
    kind = found["type"]
    if kind == "missing":
        return missing(param)
    if kind == "greater_than_equal":
        return out_of_bounds(param, value, least=about["ge"])
    if kind == "less_than_equal":
        return out_of_bounds(param, value, most=about["le"])
    if kind in ("too_short", "string_too_short"):
        return empty(param, "string" if isinstance(value, str) else "array")
    if kind in ("too_long", "string_too_long"):
        return too_long(param, value, about["max_length"])
    if kind == "string_pattern_mismatch":
        return wrong_pattern(param, about["pattern"])
    if kind == "literal_error" and isinstance(value, str):
        return not_one_of(param, value, _names(about["expected"]))
    expected = f"one of {about['expected']}" if kind == "literal_error" else found["msg"]
    return wrong_type(param, _EXPECTED.get(kind, expected), value)


def missing(param: str) -> WireError:
    told = f"Missing required parameter: '{param}'."
    return WireError(400, told, param=param, code="missing_required_parameter")


def wrong_type(param: str, expected: str, value: object) -> WireError:
    told = f"Invalid type for '{param}': expected {expected}, but got {kind_of(value)} instead."
    return WireError(400, told, param=param, code="invalid_type")


def not_one_of(param: str, value: object, allowed: Sequence[str]) -> WireError:
    quoted = [f"'{one}'" for one in allowed]
    names = " and ".join(quoted)
    if len(quoted) > 2:
        names = f"{', '.join(quoted[:-1])}, and {quoted[-1]}"
    told = f"Invalid value: '{value!s:.100}'. Supported values are: {names}."
    return WireError(400, told, param=param, code="invalid_value")


def out_of_bounds(
    param: str, value: object, *, least: float | None = None, most: float | None = None
) -> WireError:
    """The refusal of a number below the least or above the most that may be."""
    bound = least if most is None else most
    name, sign = ("below min", ">=") if most is None else ("above max", "<=")
    kind = "integer" if isinstance(bound, int) else "decimal"
    told = f"Invalid '{param}': {kind} {name}imum value. "
    told += f"Expected a value {sign} {bound}, but got {value!s:.40} instead."
    return WireError(400, told, param=param, code=f"{kind}_{name.replace(' ', '_')}_value")


def empty(param: str, kind: str = "array") -> WireError:
    """The refusal of an array or string that may not be empty."""
    article = "an" if kind == "array" else "a"
    told = f"Expected {article} {kind} with minimum length 1, but got an empty {kind} instead."
    told = f"Invalid '{param}': empty {kind}. {told}"
    return WireError(400, told, param=param, code=f"empty_{kind}")


def too_long(param: str, value: str | Sequence, most: int) -> WireError:
    """The refusal of a string or array that is longer than it may be."""
    kind, article = ("string", "a") if isinstance(value, str) else ("array", "an")
    told = f"Expected {article} {kind} with maximum length {most}, but got {article} {kind} with"
    told = f"Invalid '{param}': {kind} too long. {told} length {len(value)} instead."
    return WireError(400, told, param=param, code=f"{kind}_above_max_length")


def wrong_pattern(param: str, pattern: str) -> WireError:
    told = f"Expected a string that matches the pattern '{pattern}'."
    told = f"Invalid '{param}': string does not match pattern. {told}"
    return WireError(400, told, param=param, code="invalid_value")


def unsupported(
    param: str, more: str = "", *, code: str | None = "unsupported_parameter"
) -> WireError:
    """The refusal of a field that the model does not know; `more` says what to do instead."""
    told = f"Unsupported parameter: '{param}' is not supported with this model.{more}"
    return WireError(400, told, code=code, param=param)


def only_with(param: str, other: str) -> WireError:
    """The refusal of a field that means nothing without another."""
    told = f"The '{param}' parameter is only allowed when '{other}' is enabled."
    return WireError(400, told, param=param)


def no_such_model(model: str) -> WireError:
    told = f"The model `{model:.100}` does not exist or you do not have access to it."
    return WireError(404, told, code="model_not_found", param="model")


def kind_of(value: object) -> str:
    """What a JSON value is, to be read in a sentence."""
    return _KINDS.get(type(value), "something else")


def _names(expected: str) -> list[str]:
    """The values in pydantic's "'a', 'b' or 'c'"."""
    return [name.strip("'") for name in expected.replace(" or ", ", ").split(", ")]


def _path(steps: tuple) -> str:
    """("messages", 0, "role") as messages[0].role"""
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return path.removeprefix(".")
