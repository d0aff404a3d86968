"""Reading items.json, which lies in a student's folder and may be damaged."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StrictStr,
    Tag,
    ValidationError,
    model_validator,
)

from course.errors import CourseError

MOST_BYTES = 5_000_000


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="allow")


class _Option(_Lenient):
    id: StrictStr
    text: StrictStr


class _Asked(_Lenient):
    id: StrictStr
    type: StrictStr
    options: list[_Option]
    unit: StrictStr = ""
    units: list[StrictStr] = []


class _Case(_Lenient):
    arguments: list[Any]
    named: dict[str, Any]
    expected: Any


class _Item(_Asked):
    stem: StrictStr
    prompts: list[_Option] = []
    gaps: list[_Asked] = []
    function: StrictStr = ""
    cases: list[_Case] = []
    policy: dict[str, Any] = {}

    @model_validator(mode="after")
    def _has_its_parts(self) -> "_Item":
        needed = {"match": "prompts", "cloze": "gaps", "code": "function", "measured": "function"}
        if self.type in needed and not getattr(self, needed[self.type]):
            raise ValueError(f"{needed[self.type]} missing")
        return self


class _Variants(_Lenient):
    id: StrictStr
    type: StrictStr
    variants: Annotated[list[_Item], Field(min_length=1)]


def _kind(item: Any) -> str:
    return "drawn" if isinstance(item, dict) and "variants" in item else "plain"


_TAGS = ("drawn", "plain")
_Released = Annotated[
    Annotated[_Item, Tag("plain")] | Annotated[_Variants, Tag("drawn")], Discriminator(_kind)
]


class _Items(_Lenient):
    v: Literal[1]
    quiz: StrictStr
    title: StrictStr
    bank: StrictStr
    policy: dict[str, Any] = {}
    items: list[_Released]


def content(path: Path) -> dict[str, Any]:
    """What items.json holds, or CourseError for one that is damaged."""
    try:
        with path.open("rb") as stream:
            written = stream.read(MOST_BYTES + 1)
        if len(written) > MOST_BYTES:
            raise ValueError("it is too big")
        found = json.loads(written)
        _Items.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        place = [part for part in first["loc"] if part not in _TAGS]
        reason = ".".join(map(str, place)) or "the whole of it"
        raise CourseError(_damaged(path, f"{reason} is not as it should be")) from None
    except OSError as error:
        raise CourseError(_damaged(path, error.strerror or "no access")) from None
    except (ValueError, RecursionError):
        raise CourseError(_damaged(path, "it is not whole")) from None
    return found


def _damaged(path: Path, reason: str) -> str:
    return (
        f"{path} can't be read ({reason}): get that file again from where the quiz came from, "
        f"or run `course release {path.parent.name}`; your answers beside it are not touched."
    )
