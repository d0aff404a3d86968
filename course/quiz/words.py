"""Short texts as answers: when two count as the same, and when one matches a pattern.

Patterns are run by an engine whose time grows with the length of the text and no faster
(Rust's, which pydantic brings), so no pattern and no answer can stall a notebook or a grader.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from course.errors import CourseError

LONGEST = 2_000
"""Characters of an answer."""

_LONGEST_PATTERN = 1_000
_QUOTES = "\"'`´“”„‘’‚«»‹›"
_BRACKETS = {"(": ")", "[": "]", "{": "}", "<": ">"}


def fold(text: str) -> str:
    """The text without differences of case, white space and punctuation around it."""
    return trimmed(unicodedata.normalize("NFKC", text)).casefold()


def trimmed(text: str) -> str:
    """The text with single spaces, and without the punctuation around it."""
    text = _spaced(text)
    while (inner := _inner(text)) != text and inner:
        text = inner
    return text


def is_accepted(text: str, accept: Iterable[str], pattern: str = "") -> bool:
    """Whether the text is one of those accepted, or the whole of it matches the pattern."""
    if fold(text) in {fold(each) for each in accept}:
        return True
    return bool(pattern) and matches(pattern, text)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text, with or without punctuation around it, matches; case is no matter.

    Raises CourseError for what is no pattern.
    """
    from pydantic_core import ValidationError

    validator = compiled(pattern)
    for form in dict.fromkeys([_spaced(text), trimmed(text)]):
        try:
            validator.validate_python(form)
        except ValidationError:
            continue
        return True
    return False


@lru_cache(maxsize=256)
def compiled(pattern: str) -> object:
    """The pattern ready for use, or CourseError: look-arounds and back-references are not there."""
    from pydantic_core import SchemaError, SchemaValidator, core_schema

    if len(pattern) > _LONGEST_PATTERN:
        raise CourseError(f"a pattern has at most {_LONGEST_PATTERN:,} characters.")
    try:
        # By itself first: "a)(b" is no pattern, and must not become one inside the brackets.
        SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
        whole = rf"(?i)\A(?:{pattern})\z"
        schema = core_schema.str_schema(pattern=whole, regex_engine="rust-regex")
        return SchemaValidator(schema)
    except SchemaError as error:
        reason = str(error).strip().split("\n")[-1].removeprefix("error: ").strip()
        raise CourseError(f"this is no pattern that can be read ({reason}).") from None


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _inner(text: str) -> str:
    if len(text) > 1 and _BRACKETS.get(text[0]) == text[-1]:
        return text[1:-1].strip()
    return text.lstrip(_QUOTES + "¿¡").rstrip(_QUOTES + ".,;:!?…").strip()
