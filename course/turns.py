"""Whose turn it is: what `connect(pacer=…)` takes, and what a rate limit counts for a request."""

from collections.abc import Mapping
from typing import Protocol

from course.worst_case import prompt_tokens

_CAPS = ("max_completion_tokens", "max_tokens", "max_output_tokens")


class Pacer(Protocol):
    """Lets each request to a model, retries among them, wait for its turn.

    `tokens` is what a limit counts for the request. `after` gets the status and the headers of
    the reply, when they come; 0 and none where no reply came.
    """

    async def before(self, tokens: int, model: str) -> None: ...
    def before_sync(self, tokens: int, model: str) -> None: ...
    def after(self, status: int, headers: Mapping[str, str], tokens: int, model: str) -> None: ...


def is_pacer(given: object) -> bool:
    return all(callable(getattr(given, name, None)) for name in ("before", "before_sync", "after"))


def counted(body: Mapping, api: str) -> int:
    """How many tokens a limit per minute counts for a request.

    The larger of its prompt and its cap on the answer, times `n`; its prompt where it sets no cap
    (OpenAI's guide to rate limits has the maximum of the two).
    """
    cap = next((body[name] for name in _CAPS if isinstance(body.get(name), int)), 0)
    answers = body.get("n")
    answers = answers if isinstance(answers, int) and answers > 0 else 1
    return max(prompt_tokens(body, api), cap * answers)
