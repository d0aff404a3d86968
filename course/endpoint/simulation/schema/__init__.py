"""JSON schemas of requests: what is refused, in OpenAI's words, and an instance of any other.

With `strict` the rules of Structured Outputs hold; without it any JSON schema of draft 2020-12 is
taken, if its references stay within it. Refusals are worded as users of the API quoted them from
2024 to 2026.

Its files in reading order: kinds (the types of values), keywords (what each is followed by),
patterns, formats, values (numbers and strings), sizes (of the smallest values), reading (of a
whole schema), validity (of a value), search (for a value), strict (OpenAI's own rules), errors.
"""

import random
from collections.abc import Mapping
from types import MappingProxyType

from pydantic_core import from_json

from course.endpoint.simulation.schema.errors import NoInstance, Refused
from course.endpoint.simulation.schema.reading import read, to_data
from course.endpoint.simulation.schema.search import find, sample
from course.endpoint.simulation.schema.strict import follow
from course.endpoint.wire import WireError

__all__ = ["check", "instance"]


def check(schema: object, *, name: str, param: str, strict: bool) -> None:
    """Raises WireError 400 for a schema that OpenAI's API refuses or, if strict, has no instance.

    `param` is the field: "response_format" (chat completions), "text.format.schema" (responses) or
    that of a tool's parameters, "tools[0].function.parameters"; `name` that of format or function.
    """
    tool = param.startswith(("tools", "functions"))
    code = "invalid_function_parameters" if tool else None
    code = "invalid_json_schema" if param.startswith("text.") else code
    try:
        follow(to_data(schema), strict, tool)
    except Refused as error:
        if error.whole:
            raise WireError(400, str(error), code="invalid_json_schema", param=param) from None
        what = "function" if tool else "response_format"
        told = f"Invalid schema for {what} '{name:.64}': {error}"
        raise WireError(400, told, code=code, param=param) from None


def instance(
    schema: object, *, values: Mapping[str, object] = MappingProxyType({}), draw: random.Random
) -> object:
    """A value that is valid under a schema; the same for the same state of `draw`.

    Valid for every schema that `check` lets through with `strict`; for others as far as a simple
    search goes. Texts that may say anything say "simulated"; `values` fill the properties of their
    names, at any depth, where they are valid. Raises WireError 400 for what is no schema.
    """
    try:
        data = to_data(schema)
        shape, sure = read(data)
    except Refused as error:
        raise WireError(400, f"Invalid schema: {error}") from None
    try:
        return find(shape, sure, values, draw)
    except NoInstance:
        pass
    try:
        return from_json(sample(data))
    except Refused:
        return {}
