"""What tokens cost, in US dollars: genai-prices' tables as they stood when the facts were checked.

Always Decimal, always at list price, never looked up on the network.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from decimal import Decimal
from functools import cache, lru_cache

from course import facts
from course.errors import CourseError

_MILLION = 1_000_000
_LONG_PROMPT = 128_000  # up to here, no model costs more per token for the length of its prompt


@dataclass(frozen=True)
class Usage:
    """The tokens of one call; cached and cache-writing ones are parts of the prompt tokens."""

    prompt_tokens: int
    cached_tokens: int = 0
    completion_tokens: int = 0
    cache_write_tokens: int = 0

    def __post_init__(self):
        for name, value in self.__dict__.items():
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise CourseError(f"{name} must be a whole number from 0 up, not {value!r}.")
        parts = self.cached_tokens + self.cache_write_tokens
        if parts > self.prompt_tokens:
            raise CourseError(
                f"{parts} cached tokens cannot be more than the "
                f"{self.prompt_tokens} prompt tokens they are a part of."
            )


def read_usage(usage: object) -> Usage:
    """The `Usage` in a reply's usage, be it an openai object, a dict or a Usage already.

    The names of chat completions (prompt_tokens …) and of responses (input_tokens …) both do.
    """
    if isinstance(usage, Usage):
        return usage
    prompt = _first(usage, "prompt_tokens", "input_tokens")
    completion = _first(usage, "completion_tokens", "output_tokens")
    if prompt is None and completion is None:
        raise CourseError(
            f"A usage with prompt_tokens and completion_tokens is needed, not {usage!r:.80}."
        )
    details = _first(usage, "prompt_tokens_details", "input_tokens_details")
    cached = _first(usage, "cached_tokens") or _first(details, "cached_tokens")
    used = Usage(prompt or 0, cached or 0, completion or 0)
    written = _first(details, "cache_write_tokens")
    if not isinstance(written, int):
        return used
    # A gateway may count the same tokens as written and as cached: they are billed once.
    return replace(used, cache_write_tokens=min(written, used.prompt_tokens - used.cached_tokens))


def cost(usage: object, model: str, *, batch: bool = False, tier: str | None = None) -> Decimal:
    """US dollars for one call's usage at list price; `batch` gives the price of the Batch API.

    `tier` "priority" gives that of priority processing, for models whose facts have it.

    `usage` is an openai CompletionUsage, a dict like it, or a Usage. Prices are those of the
    facts' edition: standard ones from genai-prices, batch ones from the facts. Price one call
    at a time: a long prompt can cost more per token, and only a single call shows its length.
    An unknown model is a CourseError.

    >>> cost({"prompt_tokens": 200, "completion_tokens": 3}, "gpt-4o-mini")
    Decimal('0.0000318')
    """
    used = read_usage(usage)
    kind = "batch" if batch else tier
    return _plain(_cost_of_kind(used, model, kind) if kind else _standard_cost(used, model))


def load() -> None:
    """Read the price tables now, so that no measured call waits for them."""
    cost(Usage(0), facts.models()[0])


def has_tier(model: str, tier: object) -> bool:
    """Whether the facts have prices for that service tier (only "priority" can) of the model."""
    return tier == "priority" and f"{facts.family(model)}.priority_input_price" in facts.facts()


def _standard_cost(used: Usage, model: str) -> Decimal:
    if used.prompt_tokens > _LONG_PROMPT:
        return _calculated(used, model)
    rate_in, rate_cached, rate_written, rate_out = _rates(str(model))
    fresh = used.prompt_tokens - used.cached_tokens - used.cache_write_tokens
    return (
        fresh * rate_in
        + used.cached_tokens * rate_cached
        + used.cache_write_tokens * rate_written
        + used.completion_tokens * rate_out
    )


@lru_cache(maxsize=256)
def _rates(model: str) -> list[Decimal]:
    # Asking genai-prices takes about half a millisecond, much when many calls run at once.
    kinds = (
        Usage(1000),
        Usage(1000, cached_tokens=1000),
        Usage(1000, cache_write_tokens=1000),
        Usage(0, completion_tokens=1000),
    )
    return [_calculated(kind, model) / 1000 for kind in kinds]


def _calculated(used: Usage, model: str) -> Decimal:
    from genai_prices import Usage as TokensUsed
    from genai_prices import calc_price

    counted = TokensUsed(
        input_tokens=used.prompt_tokens,
        cache_read_tokens=used.cached_tokens,
        cache_write_tokens=used.cache_write_tokens,
        output_tokens=used.completion_tokens,
    )
    try:
        priced = calc_price(
            counted, str(model), provider_id="openai", genai_request_timestamp=_priced_at()
        )
    except LookupError:
        raise CourseError(
            f"No price is known for the model {model!r}; "
            f"the course has prices for {', '.join(facts.models())}."
        ) from None
    return priced.total_price


@cache
def _priced_at() -> datetime:
    return datetime.combine(facts.edition(), time(12), UTC)


def _cost_of_kind(used: Usage, model: str, kind: str) -> Decimal:
    known = facts.facts()
    name = facts.family(model)
    if f"{name}.{kind}_input_price" not in known:
        raise CourseError(f"No {kind} price is known for the model {model!r}.")
    price_in = known[f"{name}.{kind}_input_price"]
    # Where the table of this kind has no cached rate, the standard one holds; models without
    # any cached rate pay the full one.
    cached_rates = (f"{name}.{kind}_cached_price", f"{name}.cached_price")
    price_cached = next((known[rate] for rate in cached_rates if rate in known), price_in)
    # Embeddings have no output, and no price of it.
    price_out = known.get(f"{name}.{kind}_output_price", 0)
    fresh = used.prompt_tokens - used.cached_tokens
    total = fresh * price_in + used.cached_tokens * price_cached
    return (total + used.completion_tokens * price_out) / _MILLION


def _plain(amount: Decimal) -> Decimal:
    # Without trailing zeros: 0.0000318, not 0.00003180; and 100, not 1E+2.
    short = amount.normalize()
    return short.quantize(Decimal(1)) if short == short.to_integral_value() else short


def _first(holder: object, *names: str) -> object:
    # openai's objects have every field as an attribute, replies as JSON have keys.
    read = holder.get if isinstance(holder, Mapping) else lambda name: getattr(holder, name, None)
    return next((read(name) for name in names if read(name) is not None), None)
