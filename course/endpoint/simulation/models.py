"""The models the endpoint plays: limits from the facts, speed from a source or called assumed."""

import contextlib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from course import facts

ASSUMPTION = "ASSUMPTION"
FIRST_TOKEN_S = 0.5
"""ASSUMPTION for every model: no published figure was found."""
SPREAD = 0.2
"""ASSUMPTION: the standard deviation of both latencies, as a share of the mean."""
REASONING_TOKENS = {"none": 0, "minimal": 0, "low": 100, "medium": 300, "high": 900, "xhigh": 2000}
"""ASSUMPTION: the reasoning tokens billed for a reply, by reasoning_effort."""
DEFAULT_EFFORT = "medium"
"""Of a model that reasons. In the facts for gpt-6-luna; ASSUMPTION for the others."""
OTHER_SNAPSHOTS = {"gpt-4o": ("gpt-4o-2024-11-20",)}
"""Served besides the snapshot in the facts (genai-prices 0.2.3)."""
FIRST = "gpt-4o-mini"
"""The model that the course began with: what it has figures for, others may be likened to."""
PREFILL_S = 0.00002
"""ASSUMPTION for every model: seconds that each prompt token, unless cached, adds to the first
token's wait. No published figure was found."""


@dataclass(frozen=True)
class Speed:
    """How fast replies come, in seconds; parameters named as in llm-d-inference-sim.

    The first token's wait is drawn for each reply, the other for each token; `source` says what
    the means rest on.
    """

    time_to_first_token_s: float
    time_to_first_token_std_dev_s: float
    inter_token_latency_s: float
    inter_token_latency_std_dev_s: float
    prefill_time_per_token_s: float
    source: str


@dataclass(frozen=True)
class Profile:
    """One model: its ids, its limits in tokens, when it leaves the API, whether it reasons.

    `max_input` is the longest prompt, `context_window` prompt and reply together.
    `reasoning_effort` is the default effort, None for a model that does not reason; with
    `tools_need_no_effort` chat completions take tools only with effort none.
    """

    id: str
    snapshots: tuple[str, ...]
    context_window: int
    max_input: int
    max_output: int
    shutdown: date | None
    replacement: str | None
    tools_need_no_effort: bool
    reasoning_effort: str | None
    speed: Speed

    def gone(self, day: date | None) -> bool:
        """Whether it has left the API on that day; without a day it is always there."""
        return day is not None and self.shutdown is not None and self.shutdown <= day

    @property
    def answers_as(self) -> str:
        """The id in a reply: the snapshot behind the name, as the real service tells it."""
        return self.snapshots[0] if self.snapshots else self.id


def profiles() -> dict[str, Profile]:
    """Every id that is served, snapshots too, with its profile, in the order of the facts."""
    served = {}
    for name in facts.models():
        profile = _profile(name)
        served |= dict.fromkeys((name, *profile.snapshots), profile)
    return served


def created(model_id: str, profile: Profile) -> int:
    """Unix seconds of the day in the id or its snapshot's; without one, of the facts' edition."""
    for name in (model_id, *profile.snapshots):
        with contextlib.suppress(ValueError):
            return _midnight(date.fromisoformat(name[-10:]))
    return _midnight(facts.edition())


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _profile(name: str) -> Profile:
    known = facts.facts()
    snapshot = known.get(f"{name}.snapshot")
    shutdown = known.get(f"{name}.shutdown")
    window = int(facts.fact(f"{name}.context_window"))
    return Profile(
        id=name,
        snapshots=((str(snapshot),) if snapshot else ()) + OTHER_SNAPSHOTS.get(name, ()),
        context_window=window,
        max_input=int(known.get(f"{name}.max_input", window)),
        max_output=int(facts.fact(f"{name}.max_output")),
        shutdown=shutdown.value if shutdown else None,
        replacement=str(known[f"{name}.replacement"]) if f"{name}.replacement" in known else None,
        tools_need_no_effort=f"{name}.tools_in_chat" in known,
        reasoning_effort=_effort(name),
        speed=_speed(name),
    )


def _effort(name: str) -> str | None:
    if not name.startswith(("gpt-5", "gpt-6")):
        return None
    return str(facts.facts().get(f"{name}.reasoning_effort", DEFAULT_EFFORT))


def _speed(name: str) -> Speed:
    known = facts.facts()
    like = name
    if f"{name}.output_speed" not in known:
        small = any(word in name for word in ("mini", "nano", "luna", "3.5"))
        like = "gpt-4o-mini" if small else "gpt-4o"
    tokens_per_second = known[f"{like}.output_speed"]
    basis = tokens_per_second.source if like == name else f"{ASSUMPTION}: as fast as {like}"
    per_token = float(1 / Decimal(tokens_per_second))
    return Speed(
        time_to_first_token_s=FIRST_TOKEN_S,
        time_to_first_token_std_dev_s=FIRST_TOKEN_S * SPREAD,
        inter_token_latency_s=per_token,
        inter_token_latency_std_dev_s=per_token * SPREAD,
        prefill_time_per_token_s=PREFILL_S,
        source=f"tokens a second: {basis}; first token, prompt length and spread: {ASSUMPTION}",
    )
