"""What the simulator answers: from the authored book, else an honest sentence about itself."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from course.errors import CourseError

BOOK_FILE = Path(__file__).with_name("replies.toml")
QUOTED = 200
"""So many characters of the last user message are quoted back."""
NOT_PLAYED = ("functions", "logit_bias", "modalities", "prediction", "web_search_options")
"""Fields of a request that the simulator accepts but does not act on; it says so."""


Words = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


def fold(text: str) -> str:
    """The text with every run of white space as one space: "a\\n  b " is "a b"."""
    return " ".join(text.split())


STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)


class Call(BaseModel):
    """A call of a tool that a reply asks for."""

    model_config = STRICT

    name: Words
    arguments: dict = {}


class Entry(BaseModel):
    """One [[reply]] of the book; `after` is None where any conversation may come before.

    `refusal` makes the text a refusal. `calls` are asked for where the request has these tools,
    and `then` is the answer once their results have come.
    """

    model_config = STRICT

    user: Words
    text: Words
    system: str | None = None
    after: list[str] | None = None
    by_model: dict[str, Words] = {}
    refusal: bool = False
    calls: list[Call] = []
    then: Words | None = None

    def words(self, models: Sequence[str]) -> str:
        """The text for a model, which is known by these names."""
        return next((self.by_model[name] for name in models if name in self.by_model), self.text)

    @property
    def condition(self) -> tuple:
        after = None if self.after is None else tuple(map(fold, self.after))
        return (None if self.system is None else fold(self.system)), after


@dataclass(frozen=True)
class Conversation:
    """The texts of a request by role: all system texts as one, the user's in order.

    `results` says whether it ends with what tools have answered.
    """

    system: str
    users: tuple[str, ...]
    messages: int
    results: bool = False

    @property
    def last(self) -> str:
        """The last user message, empty if there is none."""
        return self.users[-1] if self.users else ""

    @classmethod
    def of(cls, messages: Sequence[Mapping]) -> "Conversation":
        texts = [(message["role"], _text(message.get("content"))) for message in messages]
        return cls(
            system="\n".join(text for role, text in texts if role in ("system", "developer")),
            users=tuple(text for role, text in texts if role == "user"),
            messages=len(texts),
            results=texts[-1][0] == "tool",
        )


@dataclass(frozen=True)
class Book:
    """The authored replies, found by the last user message, most particular entry first."""

    entries: Mapping[str, list[Entry]] = field(default_factory=dict)

    def find(self, talk: Conversation) -> Entry | None:
        """The authored reply to a conversation, or None."""
        if not talk.users:
            return None
        *before, last = map(fold, talk.users)
        for entry in self.entries.get(last, ()):
            system, after = entry.condition
            if system in (None, fold(talk.system)) and after in (None, tuple(before)):
                return entry
        return None


def read_book(path: Path = BOOK_FILE) -> Book:
    """The book in a TOML file. A broken entry is a CourseError that names it."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CourseError(f"{path.name} can't be read: {error}; mend the file.") from None
    rows = raw.get("reply", [])
    if raw.keys() - {"reply"} or not isinstance(rows, list):
        raise CourseError(f"{path.name} may only hold [[reply]] entries; mend the file.")
    entries: dict[str, list[Entry]] = {}
    for number, row in enumerate(rows, 1):
        entry = _read_entry(row, f"{path.name}, reply {number}")
        alike = entries.setdefault(fold(entry.user), [])
        if any(entry.condition == other.condition for other in alike):
            raise CourseError(
                f"{path.name}, reply {number} ({_quote(entry.user, 60)}) has the same user, system "
                "and after as an earlier reply; remove one of the two."
            )
        alike.append(entry)
    for alike in entries.values():
        alike.sort(key=_particular, reverse=True)
    return Book(entries)


def fallback(talk: Conversation, *, model: str, prompt_tokens: int, fields: Sequence[str]) -> str:
    """The sentence for a request that the book does not know: who speaks, and what was received.

    `fields` are the names of the request's further fields; those not acted on are named.
    """
    messages = "1 message" if talk.messages == 1 else f"{talk.messages} messages"
    quoted = (
        f"the last user message was: {_quote(talk.users[-1])}"
        if talk.users
        else ("there was no user message.")
    )
    ignored = [name for name in NOT_PLAYED if name in fields]
    told = f" It does not act on {' or '.join(ignored)}." if ignored else ""
    return (
        f"This is the course's simulator in the place of {model}, not a language model, and no "
        f"answer was written for this request.{told} "
        f"It received {messages} ({prompt_tokens} prompt tokens); {quoted}"
    )


def _read_entry(row: object, where: str) -> Entry:
    try:
        return Entry.model_validate(row)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        user = row.get("user") if isinstance(row, dict) else None
        named = f" ({_quote(user, 60)})" if isinstance(user, str) and user else ""
        at = ".".join(map(str, found["loc"])) or "the entry"
        raise CourseError(f"{where}{named}: {at}: {found['msg']}; mend that entry.") from None


def _particular(entry: Entry) -> tuple[bool, bool]:
    return entry.after is not None, entry.system is not None


def _quote(text: str, length: int = QUOTED) -> str:
    folded = fold(text)
    return f"“{folded[:length]}…”" if len(folded) > length else f"“{folded}”"


def _text(content: object) -> str:
    """The text of a message's content: a string, or the text parts of a list."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(part["text"] for part in parts if part.get("type") == "text")
