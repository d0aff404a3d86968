"""A request to a model and its answer, whichever of the APIs it came by.

What is made anew for each request is not frozen: freezing costs more than all its fields.
`chat.py` and `responses.py` read their bodies into an `Ask`, `mind.py` finds the `Answer`, and
the two write it down again in the shape of their API.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from course.endpoint.simulation.models import Profile


@dataclass(frozen=True, slots=True)
class Format:
    """The shape an answer must have: any JSON object (`schema` is None), or a schema's."""

    name: str = "json_object"
    schema: Mapping | None = None
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may ask to be called; `parameters` is a JSON schema."""

    name: str
    description: str = ""
    parameters: Mapping = field(default_factory=dict)
    strict: bool = False


@dataclass(slots=True)
class Ask:
    """What is wanted of a model.

    `messages` are in chat completions' shape, `prompt` is how many tokens they and the rest of
    the request have, `cap` the most tokens an answer may have, `stops` what ends it. `tool_choice`
    is "auto", "none", "required" or, as a Tool, the one that must be called. `logprobs` is how
    many alternatives are wanted for each token, None for no logprobs at all. `also` holds what else
    of the request is billed as prompt: tools and schemas, as they were sent. `ignored` names the
    fields that are not acted on.
    """

    model: str
    profile: Profile
    messages: Sequence[Mapping]
    prompt: int = 0
    choices: int = 1
    cap: int | None = None
    stops: Sequence[str] = ()
    temperature: float | None = None
    seed: int | None = None
    effort: str | None = None
    tools: Sequence[Tool] = ()
    tool_choice: str | Tool = "auto"
    parallel: bool = True
    format: Format | None = None
    logprobs: int | None = None
    stream: bool = False
    also: Sequence[object] = ()
    ignored: Sequence[str] = ()


@dataclass(slots=True)
class Piece:
    """A part of a reply that can be sent alone: valid text, of one token where possible.

    Letters that are spread over several tokens (many emoji) stay together.
    """

    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Logprob:
    """The natural logarithm of a token's probability, and the likeliest tokens in its place.

    Bytes of a token that are only a part of a letter are escaped, as by errors="surrogateescape".
    """

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()

    def as_dict(self) -> dict:
        """As both APIs write it down."""
        top = [_token(token, logprob) for token, logprob in self.top]
        return _token(self.token, self.logprob) | {"top_logprobs": top}


def _token(token: str, logprob: float) -> dict:
    raw = token.encode(errors="surrogateescape")
    return {"token": raw.decode(errors="replace"), "logprob": logprob, "bytes": list(raw)}


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asks for; `pieces` make up the JSON text of its arguments."""

    id: str
    name: str
    pieces: tuple[Piece, ...]

    @property
    def arguments(self) -> str:
        return "".join(piece.text for piece in self.pieces)


@dataclass(slots=True)
class Choice:
    """One of the answers: text (a refusal's, if `refusal`), or calls of tools, or both."""

    pieces: tuple[Piece, ...] = ()
    finish_reason: str = "stop"
    refusal: bool = False
    calls: tuple[ToolCall, ...] = ()
    logprobs: tuple[Logprob, ...] | None = None

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces)

    @property
    def tokens(self) -> int:
        """The tokens of all that is sent: text and arguments."""
        called = sum(piece.tokens for call in self.calls for piece in call.pieces)
        return called + sum(piece.tokens for piece in self.pieces)


@dataclass(slots=True)
class Usage:
    """The tokens of one reply; cached ones are part of prompt, reasoning ones of completion."""

    prompt: int
    cached: int = 0
    completion: int = 0
    reasoning: int = 0


@dataclass(slots=True)
class Answer:
    """What answers a request, and when.

    `first_s` is when the first token is due, in seconds after the request, and `waits` the drawn
    times from token to token after it: one for each where the answer is streamed, else their sum
    alone; empty where nothing waits. `right` says whether the reference answer was given, None
    where there is none.
    """

    choices: tuple[Choice, ...]
    usage: Usage
    first_s: float = 0.0
    waits: Sequence[float] = ()
    right: bool | None = None

    @property
    def tokens(self) -> int:
        """How many tokens the longest choice has; all choices are written side by side."""
        return max(choice.tokens for choice in self.choices)

    @property
    def end_s(self) -> float:
        """When the last token is due, in seconds after the request."""
        return self.first_s + sum(self.waits)

    def due(self) -> list[float]:
        """When each token of a choice is due, in seconds after the request."""
        return list(accumulate(self.waits, initial=self.first_s))
