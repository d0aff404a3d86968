"""The `metadata` that users put on what is kept: pairs of short texts, with the API's bounds."""

from course.endpoint.refusals import of_kind, too_long, wrong_type
from course.endpoint.wire import WireError

MOST_PAIRS, NAME_LETTERS, VALUE_LETTERS = 16, 64, 512


def check_metadata(pairs: object) -> dict | None:
    """The pairs, None for none; raises WireError 400 in the words that the API was seen to use."""
    if pairs is None:
        return None
    if not isinstance(pairs, dict):
        raise wrong_type("metadata", "a metadata object", pairs)
    if len(pairs) > MOST_PAIRS:
        told = (
            f"Invalid 'metadata': too many properties. Expected an object with at most {MOST_PAIRS}"
            f" properties, but got an object with {len(pairs)} properties instead."
        )
        raise WireError(400, told, param="metadata", code="object_above_max_properties")
    for name, text in pairs.items():
        param = f"metadata.{name:.100}"
        if len(name) > NAME_LETTERS:
            raise _long_name(name, param)
        if len(of_kind(text, str, param)) > VALUE_LETTERS:
            raise too_long(param, text, VALUE_LETTERS)
    return pairs


def _long_name(name: str, param: str) -> WireError:
    told = (
        f"Invalid property name in 'metadata': '{name[:3]}...{name[-3:]}' is too long. Expected a "
        f"string with maximum length {NAME_LETTERS}, but got a string with length {len(name)} "
        "instead."
    )
    return WireError(400, told, param=param, code="property_name_above_max_length")
