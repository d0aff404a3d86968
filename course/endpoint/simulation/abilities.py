"""How able each simulated model is at tasks with reference answers, and whether it gets one right.

The model of answers is Rasch's (one parameter per model, one per item, both in logits):

    P(right) = 1 / (1 + exp(-(ability - difficulty - lowered)))

A model's ability is the logit of its published share of right answers at the benchmark that
stands for the kind of task, so it gets an item of difficulty 0 right with just that probability.
That a benchmark stands for a kind is an ASSUMPTION, and so is taking DROP's F1 score for a share
of right answers. What has no published figure is an ASSUMPTION relative to a model that has one.

Nothing here judges writing, summaries or the wording of a prompt: they are not simulated.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from statistics import NormalDist
from typing import TYPE_CHECKING

from course import facts
from course.errors import CourseError

if TYPE_CHECKING:
    from course.endpoint.simulation.reference import Item

BENCHMARKS = {
    "classification": "mmlu",
    "extraction": "drop",
    "document": "drop",
    "arithmetic": "mgsm",
    "tools": "mmlu",
    "picture": "drop",
}
"""ASSUMPTION: which published figure stands for each kind; for the last two, the least near."""
HOW = {"worse": -0.5, "equal": 0.0, "better": 0.5}
"""ASSUMPTION: logits between a model without a figure and the model that it is compared with."""
RELATED = 0.5
"""ASSUMPTION: the correlation of two models' draws for one item; hard items are hard for all."""
WOBBLE = 0.15
"""ASSUMPTION: the part of chance in a draw that changes from run to run, where it may."""
PACKED = 0.1
"""ASSUMPTION: logits of ability lost with each doubling of the items in one request."""
INJECTED = 1.0
"""ASSUMPTION: logits of ability lost to an instruction hidden in the item's text."""
SLOPE = 1.5
"""ASSUMPTION: logits of confidence for one standard deviation between draw and threshold."""
NOISE = 1.5
"""ASSUMPTION: the standard deviation of the error in that distance, as the model sees it."""
_NORMAL = NormalDist()
_family = lru_cache(facts.family)


@dataclass(frozen=True, slots=True)
class Ability:
    """A model's ability at a kind of task in logits, and what the figure rests on."""

    value: float
    basis: str

    @property
    def share(self) -> float:
        """The probability of a right answer to an item of difficulty 0."""
        return _probability(self.value)


class Abilities:
    """The abilities of all models of the facts, and the seeded draws of what they get right.

    `assume` sets models without published figures: {"gpt-6-luna": "worse"}, or "equal" (which
    is the default) or "better". A model that is unknown, or whose figures are all published,
    and any other word, are CourseErrors. `seed` decides all draws.
    """

    def __init__(self, *, assume: Mapping[str, str] | None = None, seed: int = 0):
        self._assume, self._seed = dict(assume or {}), seed
        for model, how in self._assume.items():
            _check_assumed(model, how)
        self._known: dict[tuple[str, str], Ability] = {}

    def ability(self, model: str, kind: str) -> Ability:
        """The ability of a model (or snapshot) at a kind of task; CourseError for unknown ones."""
        key = _family(model), kind
        if key not in self._known:
            self._known[key] = self._ability(_checked(model), kind)
        return self._known[key]

    def probability(self, model: str, item: "Item", *, lowered: float = 0.0) -> float:
        """The probability that the model gets the item right, `lowered` by so many logits."""
        return _probability(self.ability(model, item.kind).value - item.difficulty - lowered)

    def attempt(
        self, model: str, item: "Item", *, lowered: float = 0.0, wobble: float | None = None
    ) -> tuple[bool, float]:
        """Whether the model gets the item right, and its `confidence` in the answer it gives."""
        margin = self.margin(model, item, lowered=lowered, wobble=wobble)
        seen = margin + NOISE * self._normal(item.id, _family(model), "confidence")
        return margin > 0, min(max(0.5 + 0.5 * _probability(SLOPE * seen), 0.5001), 0.9999)

    def right(
        self, model: str, item: "Item", *, lowered: float = 0.0, wobble: float | None = None
    ) -> bool:
        """Whether the model gets the item right: a draw that the seed, the model and the id decide.

        `wobble`, a number drawn evenly between 0 and 1 for this run, makes the draw differ a
        little from run to run; with None it never differs. Lowering can only turn right to wrong.
        """
        return self.margin(model, item, lowered=lowered, wobble=wobble) > 0

    def margin(
        self, model: str, item: "Item", *, lowered: float = 0.0, wobble: float | None = None
    ) -> float:
        """How far the draw is on the right side, in standard deviations; negative is wrong.

        The draw is standard normal: a part that all models share (RELATED), a part of the
        model's own, and WOBBLE. It is held against the normal quantile of P(right), so the
        chance to be right is P(right) exactly.
        """
        shared, own = self._normal(item.id), self._normal(item.id, _family(model))
        drawn = math.sqrt(RELATED) * shared + math.sqrt(1 - RELATED) * own
        if wobble is not None:
            fresh = _quantile(wobble)
            drawn = math.sqrt(1 - WOBBLE**2) * drawn + WOBBLE * fresh
        return _quantile(self.probability(model, item, lowered=lowered)) - drawn

    def confidence(
        self, model: str, item: "Item", *, lowered: float = 0.0, wobble: float | None = None
    ) -> float:
        """The probability that the model itself gives its answer: above 0.5 and below 1.

        0.5 + 0.5 / (1 + exp(-SLOPE * (margin + NOISE * e))) with a seeded normal e: the answer
        given is always the likeliest, wrong ones tend to be less sure, some are sure all the same.
        """
        return self.attempt(model, item, lowered=lowered, wobble=wobble)[1]

    def pick(self, model: str, item: "Item", count: int) -> int:
        """Which of so many wrong answers the model gives, from 0."""
        return int(self._even(item.id, _family(model), "wrong") * count)

    def _ability(self, model: str, kind: str) -> Ability:
        if kind not in BENCHMARKS:
            raise CourseError(f"There is no kind of task {kind!r}; there are {_list(BENCHMARKS)}.")
        share = facts.facts().get(f"{model}.{BENCHMARKS[kind]}")
        if share is None:
            return self._assumed(model, kind)
        told = f"published: {share} {share.unit} at {BENCHMARKS[kind].upper()} ({share.source}; "
        told += f"checked {share.checked}); that it stands for this kind: ASSUMPTION"
        part = float(share) / 100
        return Ability(math.log(part / (1 - part)), told)

    def _assumed(self, model: str, kind: str) -> Ability:
        like, how = compared_with(model), self._assume.get(model, "equal")
        base = self.ability(like, kind).value
        return Ability(
            base + HOW[how],
            f"ASSUMPTION: {how}, {HOW[how]:+g} logits from {like}'s {base:.2f}; no published "
            f"figure at {BENCHMARKS[kind].upper()}",
        )

    def _even(self, *names: str) -> float:
        told = "\0".join((str(self._seed), *names)).encode(errors="replace")
        # 52 bits and a half: a float between 0 and 1, and never either of them.
        return ((int.from_bytes(blake2b(told, digest_size=8).digest()) >> 12) + 0.5) / 2**52

    def _normal(self, *names: str) -> float:
        return _NORMAL.inv_cdf(self._even(*names))


def compared_with(model: str) -> str:
    """The model with published figures that one without is compared with (ASSUMPTION)."""
    small = any(word in model for word in ("mini", "nano", "luna", "3.5"))
    return "gpt-4o-mini" if small else "gpt-4o"


def lowered(items: int, *, injected: bool = False) -> float:
    """The logits lost where so many items are packed in one request, or the text is injected."""
    return PACKED * math.log2(items) + INJECTED * injected


def read_assume(told: Iterable[str]) -> dict[str, str]:
    """The `assume` of Abilities in words of a command line: ["gpt-6-luna=worse"]."""
    parted = [one.partition("=") for one in told]
    for model, sign, how in parted:
        if not sign:
            raise CourseError(f"--assume {model}: write it like gpt-6-luna=worse.")
        _check_assumed(model, how)
    return {model: how for model, _, how in parted}


def _check_assumed(model: str, how: str) -> None:
    if how not in HOW:
        raise CourseError(f"{model} can be assumed {_list(HOW)}, not {how!r}.")
    known = facts.facts()
    if all(f"{_checked(model)}.{name}" in known for name in BENCHMARKS.values()):
        raise CourseError(
            f"{model} has published figures, so nothing is assumed of it; leave it out."
        )


def _checked(model: str) -> str:
    if _family(model) in facts.models():
        return _family(model)
    raise CourseError(f"There is no model {model!r}; there are {_list(facts.models())}.")


def _list(names: Iterable[str]) -> str:
    *before, last = names
    return f"{', '.join(before)} and {last}"


def _probability(logits: float) -> float:
    return 1 / (1 + math.exp(-max(min(logits, 700.0), -700.0)))


def _quantile(share: float) -> float:
    return _NORMAL.inv_cdf(min(max(share, 1e-12), 1 - 1e-12))
