"""What the facts say about two models: prices, limits, dates, parameters, benchmarks."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from course.budget import dollars
from course.facts import Fact, facts, family
from course.upgrade.migrate_usage import default_effort, least_effort
from course.upgrade.words import points

UNKNOWN = "not known"
_PRICES = {
    "input_price": "input",
    "cached_price": "cached input",
    "cache_write_price": "input written to the cache",
    "output_price": "output",
    "batch_input_price": "batch input",
    "batch_cached_price": "batch cached input",
    "batch_output_price": "batch output",
    "priority_input_price": "priority input",
    "priority_output_price": "priority output",
}
_LIMITS = {
    "context_window": "prompt and answer together (tokens)",
    "max_input": "longest prompt (tokens)",
    "max_output": "longest answer (tokens)",
    "long_prompt_starts": "dearer from a prompt of (tokens)",
    "image_base_tokens": "tokens of every picture",
    "image_tile_tokens": "tokens of each tile of a picture",
    "knowledge_cutoff": "knows of things up to",
}
_TIER = {
    "requests_per_minute": "requests a minute",
    "tokens_per_minute": "tokens a minute",
    "requests_per_day": "requests a day",
    "batch_queue": "tokens in the batch queue",
}


_BENCHMARKS = {
    "mmlu": "MMLU",
    "gpqa": "GPQA",
    "math": "MATH",
    "humaneval": "HumanEval",
    "mgsm": "MGSM",
    "drop": "DROP",
    "simpleqa": "SimpleQA",
}
_LOOK_UP = "look it up: the replies' x-ratelimit headers say it"


@dataclass(frozen=True, slots=True)
class Row:
    """Something with the old model, with the new one, and what changes or is to be done."""

    what: str
    old: str
    new: str
    change: str


@dataclass(frozen=True, slots=True)
class Dates:
    """When the old model leaves, seen from the day `on`; `days_left` is 0 on the day itself.

    None stands for what no fact says. `replacement` is the one that OpenAI names;
    `new_leaves` the day on which the new model leaves, too.
    """

    on: date
    announced: date | None
    leaves: date | None
    days_left: int | None
    replacement: str | None
    sure_of_replacement: bool
    new_leaves: date | None

    @property
    def gone(self) -> bool:
        """Whether the old model has left the API."""
        return self.days_left is not None and self.days_left <= 0


def dates(old: str, new: str, on: date) -> Dates:
    """The dates of both models in the facts."""
    leaves, replacement = known(old, "shutdown"), known(old, "replacement")
    announced, new_leaves = known(old, "announced"), known(new, "shutdown")
    return Dates(
        on=on,
        announced=announced.value if announced else None,
        leaves=leaves.value if leaves else None,
        days_left=(leaves.value - on).days if leaves else None,
        replacement=str(replacement) if replacement else None,
        sure_of_replacement=replacement is not None and replacement.status != "unconfirmed",
        new_leaves=new_leaves.value if new_leaves else None,
    )


def known(model: str, field: str) -> Fact | None:
    """The fact of a model, or None; a snapshot has those of its family."""
    return facts().get(f"{family(model)}.{field}")


def prices(old: str, new: str) -> tuple[Row, ...]:
    """List prices in US dollars per 1M tokens, of each kind that either model has."""
    rows = []
    for field, what in _PRICES.items():
        was, comes = known(old, field), known(new, field)
        if was is not None or comes is not None:
            shown = [UNKNOWN if one is None else dollars(one) for one in (was, comes)]
            rows.append(Row(what, *shown, _price_change(was, comes)))
    return tuple(rows)


def _price_change(was: Decimal | None, comes: Decimal | None) -> str:
    if was is None or comes is None:
        return "look it up before you count on it"
    ratio = comes / was
    if ratio == 1:
        return "the same"
    if ratio >= 2:
        return f"{ratio:.3g} times as much"
    return f"{abs(100 * (ratio - 1)):.0f} % {'more' if ratio > 1 else 'less'}"


def limits(old: str, new: str, tier: str) -> tuple[Row, ...]:
    """Sizes, and the rates of that usage tier; what neither model has is left out."""
    fields = _LIMITS | {f"tier_{tier}_{name}": f"tier {tier}: {t}" for name, t in _TIER.items()}
    rows = []
    for field, what in fields.items():
        was, comes = known(old, field), known(new, field)
        if was is not None or comes is not None:
            rows.append(Row(what, _size(was), _size(comes), _size_change(was, comes, field)))
    if not any(row.what.startswith(f"tier {tier}:") for row in rows):
        rows.append(Row(f"tier {tier}: all limits", UNKNOWN, UNKNOWN, _LOOK_UP))
    return tuple(rows)


def _size(one: Fact | None) -> str:
    if one is None:
        return UNKNOWN
    return f"{one:,}" if isinstance(one, int) else str(one)


def _size_change(was: Fact | None, comes: Fact | None, field: str) -> str:
    if field in ("max_input", "long_prompt_starts") and was is None:
        return "no such limit known of the old model"
    if comes is None:
        return _LOOK_UP if field.startswith("tier") else UNKNOWN
    if was is None:
        return UNKNOWN
    if not isinstance(was, int) or not isinstance(comes, int):
        return "" if str(was) != str(comes) else "the same"
    return "the same" if was == comes else "more" if comes > was else "less"


def benchmarks(old: str, new: str) -> tuple[Row, ...]:
    """Published shares of right answers, where both models have them."""
    rows = []
    for field, what in _BENCHMARKS.items():
        was, comes = known(old, field), known(new, field)
        if was is not None and comes is not None:
            rows.append(Row(what, f"{was} %", f"{comes} %", points(float(comes - was) / 100)))
    return tuple(rows)


def parameters(old: str, new: str) -> tuple[Row, ...]:
    """What requests must do otherwise, each with what to do; none where both behave alike."""
    effort, had = default_effort(new), default_effort(old)
    rows = [] if effort == had else [_effort(had, effort, new)]
    if effort and not had:
        rows += _of_reasoning(new)
    rows += _only_without_reasoning(old, new)
    tuning = known(new, "fine_tuning")
    if tuning is not None and known(old, "fine_tuned_input_price") is not None:
        row = Row("fine-tuning", "possible", str(tuning), "put examples into the prompt, measure")
        rows.append(row)
    return tuple(rows)


def _effort(had: str | None, effort: str | None, new: str) -> Row:
    shown = [
        "does not reason" if one is None else f"reasons, effort {one}" for one in (had, effort)
    ]
    if effort is None:
        return Row("reasoning_effort", *shown, "take reasoning_effort out of your requests")
    efforts = known(new, "reasoning_efforts")
    choice = f"choose one of {efforts}" if efforts else "choose an effort"
    return Row("reasoning_effort", *shown, f"{choice}; measure with the one you choose")


def _of_reasoning(new: str) -> list[Row]:
    told = facts()
    room = f"leave room to reason, or set reasoning_effort {least_effort(new)}"
    return [
        Row(
            "reasoning tokens",
            "none",
            f"billed {told['api.reasoning_billed']}",
            "read reasoning_tokens in the usage of each reply",
        ),
        Row("max_completion_tokens", "limits the answer", str(told["api.reasoning_room"]), room),
        Row("max_tokens", "taken", str(told["api.max_tokens"]), "write max_completion_tokens"),
    ]


def _only_without_reasoning(old: str, new: str) -> list[Row]:
    names = {"tools_in_chat": "tools", "sampling_parameters": "temperature, top_p, logprobs"}
    return [
        Row(what, "taken", str(known(new, field)), "set none, or take them out")
        for field, what in names.items()
        if known(new, field) is not None and known(old, field) is None
    ]
